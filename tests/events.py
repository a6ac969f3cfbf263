"""Events for tests that need them: what an account of some seed may lack, made with the sandbox's
own simulation on a day that has gone by.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pipelines.sandbox.simulation import cfdi
from pipelines.sandbox.simulation.account import Account
from pipelines.sandbox.simulation.day import Day, DayDice
from pipelines.sandbox.simulation.lists import complements, documents, egress, payments
from pipelines.sandbox.simulation.local_time import DAY
from pipelines.sandbox.storage import positions
from pipelines.sandbox.storage.store import Record

ADDED = 1000  # the number of the first object that is added to a list; chance makes far fewer a day
HIT = {
    "list": "69-B",
    "label": "Operaciones inexistentes",
    "source": "SAT",
    "is_risky": False,
    "detail": {"oficio": "500-05-2026-1"},
}
MILLISECONDS = 1000


@contextmanager
def earlier_day(account: Account, team: int, days: int = 0) -> Iterator[Day]:
    """A team's last day, or the one so many days before; what is added to it is written at the
    end.
    """
    store, start = account.store, int(account.now.timestamp()) - (days + 1) * DAY
    store.begin()
    day = Day(store, account.roster, team, start, account.seed)
    yield day
    store.flush()
    day.team.read_people(store)
    store.save(f"team {team}", day.team.state())
    store.commit()


def one_more(day: Day, name: str, number: int = 0) -> DayDice:
    """The dice of an object that is added to a list."""
    return day.dice(name, ADDED + number)


def newest(day: Day, name: str, is_wanted: Callable[[Record], bool]) -> tuple[int, Record]:
    """The place and the record of the newest such object from before the day."""
    *_, found = (
        (place, record)
        for place, record in day.store.objects(day.team.number, name)
        if positions.second_of(place) < day.start and is_wanted(record)
    )
    return found


def credit_an_invoice(day: Day) -> None:
    """A note for the newest invoice that was paid at once, so it is never above a balance."""
    place, _ = newest(day, "income", lambda one: _is_valid(one) and one["payment_method"] == "PUE")
    egress.credit(day, place, "")


def cancel_a_complement(day: Day) -> int:
    """The place of an invoice with a payment that has lost its complement, and is owed again."""

    def has_whole_payment(complement: Record) -> bool:
        invoice = _named(day, complement["invoices"][0])
        payment = _named(day, complement["payments"][0])
        return (
            all(one and one["status"] in ("valid", "succeeded") for one in (invoice, payment))
            and _is_valid(complement)
            and "total" in payment
        )

    place, complement = newest(day, "complements", has_whole_payment)
    complements.cancel_complement(day, place, "")
    invoice = positions.place_of(complement["invoices"][0])
    assert invoice
    return invoice


def is_refundable(payment: Record) -> bool:
    """Whether it can be refunded: it has succeeded, and its total is told."""
    return payment["status"] == "succeeded" and "total" in payment


def replaceable(day: Day) -> int:
    """The place of an invoice that can be cancelled and issued again."""

    def is_replaceable(invoice: Record) -> bool:
        is_known = invoice["client"]["id"] in day.team.client_by_id
        is_paid = invoice["payment_method"] == "PUE"
        return is_known and is_paid and _is_valid(invoice) and not invoice["invoices"]

    place, _ = newest(day, "income", is_replaceable)
    return place


def sell_in_dollars(day: Day, number: int) -> None:
    """So many invoices."""
    for one in range(number):
        dice = one_more(day, "income", one)
        client, items = day.team.clients[0], cfdi.lines(dice, "USD")
        cfdi.issue_income(dice, client, dice.moment(), items=items, currency="USD")


def prove_an_invoice(day: Day) -> None:
    """A contract with the newest known buyer that holds since before the invoice, for a month."""

    def has_known_client(invoice: Record) -> bool:
        return _is_valid(invoice) and invoice["client"]["id"] in day.team.client_by_id

    _, invoice = newest(day, "income", has_known_client)
    client = day.team.client_by_id[invoice["client"]["id"]]
    documents.add(one_more(day, "documents"), client.place, "client", client.id, day.start)
    place = max(day.store.documents_of([client.place]))
    holds = {
        "document_type": "contract",
        "compliance_status": "valid",
        "valid_from": (invoice["created_at"] - DAY) * MILLISECONDS,
        "valid_until": (day.end + 30 * DAY) * MILLISECONDS,
    }
    day.store.put(place, (day.store.get(place) or {}) | holds)


def pay_twice(day: Day) -> None:
    """A payment that follows another one of the same invoice."""
    payments.collect(day, cancel_a_complement(day), "")


def find_on_a_list(day: Day) -> None:
    """SAT lists the first client."""
    client = day.team.clients.pop(0)  # read again with what the day adds
    status = {"is_risky": False, "efos": {"is_valid": True}, "hits": [HIT], "checked_at": day.start}
    day.store.put(client.place, client.record | {"sat_status": status})


def _named(day: Day, name: str) -> Record:
    place = positions.place_of(name)
    return (place and day.store.get(place)) or {}


def _is_valid(invoice: Record) -> bool:
    return invoice["status"] == "valid" and not invoice["cancellation"]
