"""CFDI that the team issues: their lines and amounts, the record, the stamp."""

from decimal import Decimal
from typing import Any

from pipelines.sandbox.simulation import money, vocabulary
from pipelines.sandbox.simulation.day import Client, DayDice, Service
from pipelines.sandbox.simulation.lists import documents, sat_invoices
from pipelines.sandbox.storage import positions, quirks
from pipelines.sandbox.storage.store import Record

PREFIX = "inv_"
TYPE_OF_LIST = {"income": "I", "egress": "E", "complements": "P", "transfers": "T"}
SERIES_OF_TYPE = {"I": "F", "E": "NC", "P": "CP", "T": "T"}
FILTERS = ("status", "client_id")
QUIRKS = quirks.OF_CFDI
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


def lines(dice: DayDice, currency: str, services: list[Service] | None = None) -> list[Record]:
    """One to six concepts, two and a half on average, of the team's services unless given."""
    found = []
    random = dice.random
    services = services or dice.day.team.services
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


def new_cfdi(
    dice: DayDice, second: int, client: Any, items: list[Record], **more: Any
) -> tuple[int, Record]:
    """A stamped CFDI of the dice's list with its amounts worked out; `more` has the last word."""
    day, team = dice.day, dice.day.team
    kind = TYPE_OF_LIST[dice.name]
    place = dice.place(second, mirrored_in="sat_invoices")
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
        "stamp": stamp_of(uuid, second + 5),
        "cancellation": None,
        "verification_url": f"https://sat.example/?id={uuid}",
        "exports": "01",
        "global": None,
        "related_documents": [],
        "complements": [],
        "items": items,
        "automations": [],
        "metadata": dice.metadata(),
        "emails": [],
        "issuer_info": team.issuer,
        "owner": team.owner,
        "from": "api",
    }
    record.update(more)
    return place, record


def stamp_of(uuid: str, second: int) -> Record:
    return {"sello": uuid[24:] + "==", "stamp_at": second, "provider": "Prodigia"}


def quote(dice: DayDice, client: Client) -> Any:
    """The client as documents embed it: mostly the fiscal part, sometimes three fields or all."""
    die = dice.random()
    return client.brief if die < 0.02 else client.full if die < 0.03 else client.quoted


def issue(dice: DayDice, place: int, record: Record, client: Client | None = None) -> None:
    """Store a new CFDI and show it in the SAT mirror; an income invoice may come with proof."""
    dice.day.store.add(place, record)
    sat_invoices.show_issued(dice.day, place, record, client)
    if record["invoice_type"] == "I":
        documents.add_to_invoice(dice.day, place, record)


def issue_income(dice: DayDice, client: Client, second: int, **more: Any) -> tuple[int, Record]:
    """An income invoice paid at once (PUE) unless `more` says otherwise. `dice` are income's."""
    items = more.pop("items", None) or lines(dice, client.currency)
    usual = {
        "currency": client.currency,
        "payment_form": dice.pick(_FORMS),
        "use": client.record["use"],
    }
    place, record = new_cfdi(dice, second, quote(dice, client), items, **usual | more)
    if record["payment_method"] == "PPD":
        record |= {
            "payment_form": "99",
            "payment_complements": money.ZERO,
            "last_balance": record["total"],
            "installments": 0,
            "automations": _PPD_AUTOMATIONS if dice.chance(0.5) else [],
        }
    issue(dice, place, record, client)
    return place, record


def invoice_id(invoice: Record) -> str:
    """The id, or the UUID of the few invoices that the API lists without one."""
    name: str = invoice.get("id") or invoice["uuid"]
    return name
