"""CFDI that the team issues: income, credit notes, global invoices, transfers, drafts."""

from decimal import Decimal
from typing import Any

from pipelines.sandbox.simulation import documents, money, sat_mirror, vocabulary
from pipelines.sandbox.simulation.day import Client, Day, Service
from pipelines.sandbox.storage import positions
from pipelines.sandbox.storage.store import Record

PREFIX = "inv_"
STREAM_OF_TYPE = {"I": "income", "E": "egress", "P": "complements", "T": "transfers"}
SERIES_OF_TYPE = {"I": "F", "E": "NC", "P": "CP", "T": "T"}
_FORMS = ("03", "03", "03", "04", "28", "01", "02", "06")
_NO_FILES = {"pdf": None, "xml": None}
_PPD_AUTOMATIONS = [
    {"type": "ppd_invoice_and_complement", "from": "payment", "ref": None, "action": "complement"}
]


def line(service: Service, quantity: Decimal, price: Decimal, discount: Decimal) -> Record:
    """A concept: amounts exact, at most six decimals, and the tax base after discount."""
    item: Record = {
        **service.quoted,
        "quantity": quantity,
        "unit_price": price,
        "discount": discount,
    }
    if service.taxes:
        base = quantity * price - discount
        item["taxes"] = [{**tax, "base": base} for tax in service.taxes]
    return item


def lines(day: Day, currency: str, services: list[Service] | None = None) -> list[Record]:
    """One to six concepts, two and a half on average, of the team's services unless given."""
    found = []
    random = day.random
    services = services or day.team.services
    unit = money.quantum(currency)
    rate = vocabulary.EXCHANGE_RATES[currency]
    for _ in range(1 + int(random() * random() * 7)):
        service = services[int(random() * len(services))]
        die = random()
        quantity = Decimal(1 + int(die * 8))
        if die > 0.9:
            quantity += Decimal("0.25")
        price = service.price
        if currency != "MXN":
            price = max((price / rate).quantize(unit), unit)
        discount = money.ZERO
        if random() < 0.1:
            discount = (quantity * price / 10).quantize(unit)
        found.append(line(service, quantity, price, discount))
    return found


def priced(items: list[Record]) -> list[Record]:
    """Lines read back from the file: amounts that JSON kept as whole numbers become Decimal."""
    for item in items:
        for name in ("quantity", "unit_price", "discount"):
            item[name] = Decimal(item[name])
        for tax in item.get("taxes", ()):
            tax["rate"], tax["base"] = Decimal(tax["rate"]), Decimal(tax["base"])
    return items


def cfdi(
    day: Day, kind: str, second: int, client: Any, items: list[Record], **more: Any
) -> tuple[int, Record]:
    """A stamped CFDI of type I, E, P or T with its amounts worked out; `more` has the last word."""
    team = day.team
    place = day.place(STREAM_OF_TYPE[kind], second)
    currency: str = more.get("currency", "MXN")
    sums = money.totals(items, currency)
    uuid = positions.uuid(place)
    series = SERIES_OF_TYPE[kind]
    rate = vocabulary.EXCHANGE_RATES[currency]
    record: Record = {
        "id": positions.object_id(PREFIX, place),
        "uuid": uuid,
        "team": team.id,
        "livemode": True,
        "files": _NO_FILES,
        "client": client,
        "created_at": second,
        "date": second * 1000,
        "currency": currency,
        "exchange_rate": 1 if currency == "MXN" else day.exchange_rate(rate),
        "total": sums.total,
        "subtotal": sums.subtotal,
        "taxes": sums.taxes,
        "discount": sums.discount,
        "withholding_taxes": sums.withheld,
        "series": series,
        "folio_number": team.next_folio(series),
        "invoice_type": kind,
        "use": "G03",
        "payment_form": "03",
        "payment_method": "PUE",
        "status": "valid",
        "payments": [],
        "invoices": [],
        "stamp": {"sello": uuid[24:] + "==", "stamp_at": second + 5, "provider": "Prodigia"},
        "cancellation": None,
        "verification_url": f"https://sat.example/?id={uuid}",
        "exports": "01",
        "global": None,
        "related_documents": [],
        "complements": [],
        "items": items,
        "automations": [],
        "metadata": day.metadata(),
        "emails": [],
        "issuer_info": team.issuer,
        "owner": team.owner,
        "from": "api",
    }
    record.update(more)
    return place, record


def quote(day: Day, client: Client) -> Any:
    """The client as documents embed it: mostly the fiscal part, sometimes three fields or all."""
    die = day.random()
    return client.brief if die < 0.02 else client.full if die < 0.03 else client.quoted


def issue(day: Day, place: int, record: Record, client: Client | None = None) -> None:
    """Store a new invoice, show it in the SAT mirror and now and then attach proof to it."""
    day.store.add(place, record)
    sat_mirror.show_issued(day, place, record, client)
    if record["invoice_type"] == "I" and day.chance(0.02):
        documents.add_to_invoice(day, place, record)


def issue_income(day: Day, client: Client, second: int, **more: Any) -> tuple[int, Record]:
    """An income invoice paid at once (PUE) unless `more` says otherwise."""
    items = more.pop("items", None) or lines(day, client.currency)
    place, record = cfdi(
        day,
        "I",
        second,
        quote(day, client),
        items,
        **{
            "currency": client.currency,
            "payment_form": day.pick(_FORMS),
            "use": client.record["use"],
            **more,
        },
    )
    if record["payment_method"] == "PPD":
        record |= {
            "payment_form": "99",
            "payment_complements": money.ZERO,
            "last_balance": record["total"],
            "installments": 0,
            "automations": _PPD_AUTOMATIONS if day.chance(0.5) else [],
        }
    issue(day, place, record, client)
    return place, record


def issue_transfer(day: Day, second: int) -> None:
    """A CFDI of type T: goods on the move, no money."""
    client = day.pick(day.team.clients)
    service = day.pick(day.team.services)
    item = line(service, Decimal(day.between(1, 20)), money.ZERO, money.ZERO)
    item.pop("taxes", None)
    more = {"use": "S01", "payment_form": None, "payment_method": None}
    place, record = cfdi(day, "T", second, quote(day, client), [item], **more)
    issue(day, place, record, client)


def invoice_id(invoice: Record) -> str:
    """The id, or the UUID of the few invoices that the API lists without one."""
    name: str = invoice.get("id") or invoice["uuid"]
    return name


def add_pending(day: Day, client: Client, second: int) -> None:
    """An invoice that SAT has not stamped yet: no UUID, no stamp."""
    items = lines(day, client.currency)
    quoted = quote(day, client)
    more = {"currency": client.currency, "status": "pending", "uuid": None, "stamp": None}
    place, record = cfdi(day, "I", second, quoted, items, **more)
    day.store.add(place, record | {"verification_url": None})
    day.store.plan(day.later(0, 25), place, "stamp")


def stamp(day: Day, place: int) -> None:
    invoice = day.store.get(place)
    if invoice and invoice["status"] == "pending":
        uuid = positions.uuid(place)
        stamp = {"sello": uuid[24:] + "==", "stamp_at": day.moment(), "provider": "Prodigia"}
        invoice |= {"status": "valid", "uuid": uuid, "stamp": stamp}
        day.store.put(place, invoice)
        sat_mirror.show_issued(day, place, invoice, None)
