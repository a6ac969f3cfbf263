"""Payment complements (REP, CFDI of type P): one for each instalment of a PPD invoice."""

from decimal import Decimal

from pipelines.sandbox.simulation import cancellation, cfdi
from pipelines.sandbox.simulation.account_list import AccountList
from pipelines.sandbox.simulation.day import Day
from pipelines.sandbox.simulation.local_time import local_text
from pipelines.sandbox.storage import positions
from pipelines.sandbox.storage.store import Record


def add_complement(
    day: Day, second: int, invoice: Record, payment: Record, paid: Decimal
) -> Record:
    """The CFDI of type P of a payment that the invoice's balance does not show yet.

    As in the API's own example its total is the amount paid.
    """
    dice = day.dice("complements", positions.place_of(payment["id"]) or 0)
    place, record = cfdi.new_cfdi(
        dice,
        second,
        invoice["client"],
        [],
        currency=invoice["currency"],
        exchange_rate=payment["exchange_rate"],
        total=paid,
        use="CP01",
        payment_form=None,
        payment_method=None,
        payments=[payment["id"]],
        invoices=[cfdi.invoice_id(invoice)],
        complements=[
            {"type": "pago", "data": _node(second, invoice, payment["payment_form"], paid)}
        ],
        namespaces=[{"prefix": "pago20", "uri": "http://www.sat.gob.mx/Pagos20"}],
    )
    cfdi.issue(dice, place, record)
    if dice.chance(0.02):
        day.store.plan(dice.later(0, 15), place, "cancel_complement")
    return record


def _node(second: int, invoice: Record, form: str, paid: Decimal) -> str:
    """The XML of the complement."""
    balance = Decimal(invoice["last_balance"])
    return (
        '<pago20:Pagos Version="2.0"><pago20:Pago '
        f'FechaPago="{local_text(second)}" FormaDePagoP="{form}" '
        f'MonedaP="{invoice["currency"]}" Monto="{paid}"><pago20:DoctoRelacionado '
        f'IdDocumento="{invoice["uuid"]}" NumParcialidad="{invoice["installments"] + 1}" '
        f'ImpSaldoAnt="{balance}" ImpPagado="{paid}" ImpSaldoInsoluto="{balance - paid}"/>'
        "</pago20:Pago></pago20:Pagos>"
    )


def cancel_complement(day: Day, place: int, _: str) -> None:
    """A complement was wrong: cancel it, and what it paid is owed again."""
    complement = day.store.get(place)
    if not complement or complement["status"] != "valid":
        return
    invoice_place = positions.place_of(complement["invoices"][0])
    if invoice_place is None:
        return
    invoice = day.store.get(invoice_place)
    if not invoice or invoice["status"] != "valid":
        return
    dice = day.dice("complements", place)
    second = dice.moment()
    complement["cancellation"] = {
        "cancellation_status": "accepted",
        "requested_at": second,
        "cancelled_at": second,
        "motive": "02",
        "requested_by": day.team.owner,
        "cancellation_type": "with_acceptance",
        "last_checked": second,
    }
    cancellation.close(day, place, complement, second)
    amount = Decimal(complement["total"])
    invoice["last_balance"] = Decimal(invoice["last_balance"]) + amount
    invoice["payment_complements"] = Decimal(invoice["payment_complements"]) - amount
    day.store.put(invoice_place, invoice)
    day.store.plan(dice.later(0, 5), invoice_place, "collect")


LISTS = (
    AccountList(
        "complements",
        "/invoices/payment",
        is_single=True,
        filters=(*cfdi.FILTERS, "invoice_id"),
        quirks=cfdi.QUIRKS,
        events={"cancel_complement": cancel_complement},
    ),
)
