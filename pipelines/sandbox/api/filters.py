"""How the records of a page are chosen by their content, and by when they changed.

The API itself has no filter on changes: the names that begin with an underscore are known to
variants alone.
"""

from collections.abc import Callable, Iterable

from starlette.datastructures import QueryParams

from pipelines.sandbox.api.paging import Window, second_in
from pipelines.sandbox.storage import positions
from pipelines.sandbox.storage.store import Record, Store, decode

CHUNK = 500  # rows read at a time while looking for matches
SHOW_UPDATED, UPDATED_SINCE, UPDATED_UNTIL = "_show_updated", "_updated_since", "_updated_until"
_METADATA = ("metadata.", "metadata_")
_SEARCHED = ("code", "description", "explanation", "solution")

Row = tuple[int, bytes]
Test = Callable[[int, bytes], bool]


def matching(
    store: Store, window: Window, limit: int, tests: Iterable[Test], *, ascending: bool
) -> list[Row]:
    """Like `Store.page`, of the records that pass every test."""
    low, high = window
    tests = tuple(tests)
    if not tests:
        return store.page(low, high, limit, ascending=ascending)
    found: list[Row] = []
    while limit < 0 or len(found) < limit:
        rows = store.page(low, high, CHUNK, ascending=ascending)
        found += [row for row in rows if all(test(*row) for test in tests)]
        if len(rows) < CHUNK:
            break
        low, high = (rows[-1][0] + 1, high) if ascending else (low, rows[-1][0])
    return found if limit < 0 else found[:limit]


def tests_of(
    query: QueryParams, known: tuple[str, ...], store: Store, window: Window
) -> list[Test]:
    """What a query asks of the records of a list that filters by the known names."""
    wanted = {name: query[name] for name in known if name in query} | metadata_in(query)
    tests = [_content(wanted)] if wanted else []
    return tests + _updated(query, store, window)


def metadata_in(query: QueryParams) -> dict[str, str]:
    """The filters by metadata: `metadata.key` or `metadata_key`."""
    return {name: value for name, value in query.items() if name.startswith(_METADATA)}


def with_updated_at(store: Store, rows: list[Row]) -> list[Row]:
    """The rows with `updated_at`, where they have none of their own."""
    if not rows:
        return rows
    places = [place for place, _ in rows]
    changes = store.changes(min(places), max(places) + 1)
    return [
        (place, body if b'"updated_at"' in body else _dated(body, _changed(changes, place)))
        for place, body in rows
    ]


def _dated(body: bytes, second: int) -> bytes:
    return b'{"updated_at":%d,' % second + body[1:]


def _changed(changes: dict[int, int], place: int) -> int:
    return max(changes.get(place, 0), positions.second_of(place))


def _updated(query: QueryParams, store: Store, window: Window) -> list[Test]:
    since, until = query.get(UPDATED_SINCE), query.get(UPDATED_UNTIL)
    if since is None and until is None:
        return []
    low = second_in(since) if since else 0
    high = second_in(until) if until else 1 << positions.SECOND_BITS
    changes = store.changes(*window)
    return [lambda place, _: low <= _changed(changes, place) <= high]


def _content(wanted: dict[str, str]) -> Test:
    def test(_: int, body: bytes) -> bool:
        record = decode(body)
        return all(_is(record, name, value) for name, value in wanted.items())

    return test


def _is(record: Record, name: str, value: str) -> bool:
    if name == "q":
        return any(value.lower() in str(record.get(field)).lower() for field in _SEARCHED)
    if name.startswith(_METADATA):
        found = (record.get("metadata") or {}).get(name[len(_METADATA[0]) :])
        return found is not None and str(found) == value
    return value in _values(record, name)


def _values(record: Record, name: str) -> tuple[object, ...]:
    """What a record has under a filter's name; both spellings of cancelled are one."""
    client = record.get("client") or {}
    if name == "status":
        status = str(record["status"])
        return status, status.replace("canceled", "cancelled"), status.replace("elled", "eled")
    if name == "invoice_id":
        return tuple(record["invoices"])
    if name == "client_id":
        return (client.get("id"),)
    if name == "tax_id":
        return (client.get("tax_id"),)
    if name == "email":
        return client.get("email"), *(record.get("emails") or ())
    if name.endswith("_rfc"):
        return ((record.get(name.removesuffix("_rfc")) or {}).get("rfc"),)
    return (record.get(name),)
