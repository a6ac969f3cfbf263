"""How the records of a page are chosen by their content."""

from pipelines.sandbox.storage.store import Record, Store, decode

CHUNK = 500  # rows read at a time while looking for matches


def matching(
    store: Store, low: int, high: int, limit: int, filters: dict[str, str], *, ascending: bool
) -> list[tuple[int, bytes]]:
    """Like `Store.page`, of the records that match; both spellings of cancelled are one."""
    if not filters:
        return store.page(low, high, limit, ascending=ascending)
    found: list[tuple[int, bytes]] = []
    while len(found) < limit:
        rows = store.page(low, high, CHUNK, ascending=ascending)
        found += [row for row in rows if _matches(decode(row[1]), filters)]
        if len(rows) < CHUNK:
            break
        low, high = (rows[-1][0] + 1, high) if ascending else (low, rows[-1][0])
    return found[:limit]


def _matches(record: Record, filters: dict[str, str]) -> bool:
    return all(value in _values(record, name) for name, value in filters.items())


def _values(record: Record, name: str) -> tuple[object, ...]:
    if name == "status":
        status = str(record["status"])
        return status, status.replace("canceled", "cancelled"), status.replace("elled", "eled")
    if name == "invoice_id":
        return tuple(record["invoices"])
    if name == "client_id":
        return ((record.get("client") or {}).get("id"),)
    if name.endswith("_rfc"):
        return ((record.get(name.removesuffix("_rfc")) or {}).get("rfc"),)
    return (record.get(name),)
