"""Drafts, retentions and SAT download requests."""

from decimal import Decimal

from pipelines.sandbox.simulation import invoicing, money, people, rfc, vocabulary
from pipelines.sandbox.simulation.day import DAY, Client, Day
from pipelines.sandbox.simulation.sat_mirror import local_text
from pipelines.sandbox.storage import positions
from pipelines.sandbox.storage.store import Record

_RETENTION_KEYS = ("16", "14", "25", "06")


def add_draft(day: Day, client: Client) -> None:
    """An invoice in the making: it will be changed, stamped or thrown away."""
    second = day.moment()
    place = day.place("drafts", second)
    items = invoicing.lines(day, client.currency)
    sums = money.totals(items, client.currency)
    rate = vocabulary.EXCHANGE_RATES[client.currency]
    day.store.add(
        place,
        {
            "id": positions.object_id("drf_", place),
            "draft": True,
            "invoice_type": "I",
            "client": invoicing.quote(day, client),
            "created_at": second * 1000,
            "updated_at": second * 1000,
            "currency": client.currency,
            "exchange_rate": 1 if client.currency == "MXN" else day.exchange_rate(rate),
            "total": sums.total,
            "subtotal": sums.subtotal,
            "taxes": sums.taxes,
            "discount": sums.discount,
            "withholding_taxes": sums.withheld,
            "series": "F",
            "folio_number": 0,
            "use": "G03",
            "payment_form": "03",
            "payment_method": "PUE",
            "date": 0,
            "status": "draft",
            "items": items,
            "related_documents": [],
            "metadata": day.metadata(),
            "emails": ["ventas@cliente.example"] if day.chance(0.3) else [],
            "livemode": True,
            "owner": day.team.owner,
            "from": "api",
            "team": day.team.id,
        },
    )
    fate = day.pick(("change_draft", "stamp_draft", "stamp_draft", "delete_draft"))
    day.store.plan(day.later(0, 30), place, fate, client.id)


def change_draft(day: Day, place: int, client_id: str) -> None:
    draft = day.store.get(place)
    if draft:
        draft["updated_at"] = day.moment() * 1000
        draft["payment_form"] = "28"
        day.store.put(place, draft)
        day.store.plan(day.later(0, 10), place, "stamp_draft", client_id)


def delete_draft(day: Day, place: int) -> None:
    if day.store.get(place):
        day.store.remove(place)


def stamp_draft(day: Day, place: int, client_id: str) -> None:
    """The draft disappears and is an income invoice from then on."""
    draft = day.store.get(place)
    client = day.team.client_by_id.get(client_id)
    if not draft or not client or client.currency != draft["currency"]:
        return
    day.store.remove(place)
    items = invoicing.priced(draft["items"])
    invoicing.issue_income(
        day, client, day.moment(), items=items, payment_form=draft["payment_form"]
    )


def add_retention(day: Day) -> None:
    """Tax that the team withheld from somebody else (CFDI Retenciones 2.0)."""
    second = day.moment()
    place = day.place("retentions", second)
    uuid = positions.uuid(place)
    name = people.person_name(day).upper()
    base = Decimal(day.between(100_000, 3_000_000)) / 100
    retained = [_retained("001", base, "0.10")]
    if day.chance(0.4):
        retained.append(_retained("002", base, "0.106667"))
    month = int(local_text(second)[5:7])
    record: Record = {
        "id": uuid if day.chance(0.5) else positions.object_id("ret_", place),
        "uuid": uuid,
        "status": "valid",
        "document_type": "retenciones",
        "retention_key": day.pick(_RETENTION_KEYS),
        "folio_number": str(day.team.next_folio("R")),
        "series": "R",
        "issuer": {name: day.team.record[name] for name in ("legal_name", "tax_id", "tax_system")},
        "receiver": {
            "legal_name": name,
            "tax_id": rfc.invent(day.rng, name, is_person=True),
            "nationality": "Nacional",
        },
        "period": {"start": month, "end": month, "year": int(local_text(second)[:4])},
        "totals": {
            "total_operation": base,
            "total_taxable": base,
            "total_exempt": money.ZERO,
            "total_retained": sum((tax["amount"] for tax in retained), money.ZERO),
            "tax_retained": retained,
        },
        "stamp": {"uuid": uuid, "stamped_at": _stamped_at(day, second), "provider": "prodigia"},
        "livemode": True,
        "created_at": second * 1000,
    }
    if day.chance(0.1):
        del record["issuer"]
    day.store.add(place, record)
    if day.chance(0.08):
        day.store.plan(day.later(1, 40), place, "cancel_retention")


def cancel_retention(day: Day, place: int) -> None:
    record = day.store.get(place)
    if record:
        day.store.put(place, record | {"status": "canceled"})


def request_download(day: Day) -> None:
    """Ask SAT for a week of CFDI; the answer comes the next day."""
    second = day.moment()
    place = day.place("downloads", second)
    day.store.add(
        place,
        {
            "id": positions.object_id("req_", place),
            "rfcType": day.pick(("issued", "received")),
            "startDate": local_text(second - 7 * DAY)[:10],
            "endDate": local_text(second)[:10],
            "status": "pending",
            "invoiceCount": 0,
            "processedCount": 0,
            "statusMessage": None,
            "source": "manual",
            "owner": day.team.owner,
            "createdAt": second * 1000,
            "completedAt": None,
        },
    )
    day.store.plan(day.later(0, 1), place, "complete_download")


def complete_download(day: Day, place: int) -> None:
    record = day.store.get(place)
    if not record:
        return
    count = day.between(0, 40)
    is_complete = day.chance(0.9)
    record |= {
        "status": "completed" if is_complete else "failed",
        "statusMessage": None if is_complete else "SAT no respondió",
        "invoiceCount": count,
        "processedCount": count if is_complete else 0,
        "completedAt": day.moment() * 1000,
    }
    day.store.put(place, record)


def _retained(tax: str, base: Decimal, rate: str) -> Record:
    amount = money.rounded(base * Decimal(rate))
    return {"tax": tax, "base": base, "amount": amount, "payment_type": "03"}


def _stamped_at(day: Day, second: int) -> str:
    return local_text(second) + (".000Z" if day.chance(0.5) else "")
