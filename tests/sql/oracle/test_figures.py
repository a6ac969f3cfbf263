"""Figures that were wrong once, each as it is right, worked out by hand."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from .books import Books
from .evidence import Kind, events_now
from .hand import END_OF_2026, Record, books
from .iva import iva_collected
from .owed import rep_owed
from .receivables import open_items
from .settlement_cases import chains, currencies, evidence_of_each, refunds

D = Decimal


@pytest.fixture(scope="module")
def told() -> Iterator[Books]:
    records: list[Record] = [*refunds(), *evidence_of_each(), *chains(), *currencies()]
    yield books(*records)


def balance(told: Books, key: str) -> Decimal:
    found = open_items(told, END_OF_2026).get((told.team, key))
    return found.open_balance if found else D(0)


def paid(told: Books, key: str) -> Decimal:
    """Of an invoice, less what was given back."""
    events = events_now(told, told.cfdis[key])
    return sum((one.amount for one in events if one.kind != Kind.NOTE), D(0))


OPEN = [
    ("ra3", "1160.00", "19,720 pesos of a payment of dollars at 17 are 1,160: all of it went back"),
    ("ra4", "30.00", "one refund, listed twice"),
    ("ra6", "0", "paid, complemented, noted and given back"),
    ("ra8", "116.00", "a refund of 30, and one that says nothing: all that is left"),
    ("ra9", "0", "a refund of which nothing is known takes nothing back"),
    ("rb0", "-4.00", "a complement of all that was paid tells the client's credit once"),
    ("rbz", "-4.00", "so does one that names no payment"),
    ("rb1", "0", "half with its complement, half without it yet"),
    ("rb2", "0", "paid by a complement that names no payment"),
    ("rb3", "58.00", "so all of the note is the other's"),
    ("rb4", "0", "200 paid it and the next"),
    ("rb5", "0", ""),
    ("rb6", "0", "so 100 for it and one that was paid are its own"),
    ("rb7", "0", "as its complement says"),
    ("rb8", "82.00", "as its complement says: 34 of 116"),
    ("rb9", "-4.00", "the client's credit"),
    ("rba", "132.00", "what the API tells, since its complement says no amount"),
    ("rbd", "0", "cash stays cash when its complement is cancelled"),
    ("rbe", "86.00", "what no known payment explains went with its complement"),
    ("rc4", "0", "the payment of the invoice that it replaced"),
    ("rc5", "928.00", "the note that replaces another has its relation"),
    ("rc8", "0", "A, B, C: half paid on A, half a note on B"),
    (
        "rca",
        "58.00",
        "replaced by its cancellation's word; a complement of 10 is within the payment",
    ),
    ("rd1", "0", "1,914 pesos for 116 dollars that the API says are paid"),
    ("rd2", "0", ""),
    ("rd3", "0", "2,030 pesos are left for 116 dollars"),
    ("rd4", "3.41", "nobody says that 112.59 were all"),
]


@pytest.mark.parametrize(("key", "right", "why"), OPEN, ids=[one[0] for one in OPEN])
def test_what_is_open(told: Books, key: str, right: str, why: str) -> None:
    assert balance(told, key) == D(right), why


def test_a_note_beyond_what_is_open_is_the_clients_credit(told: Books) -> None:
    assert balance(told, "rbb") + balance(told, "rbc") == D("-42.00")


def test_money_that_was_given_back(told: Books) -> None:
    assert [paid(told, key) for key in ("ra1", "ra2", "ra5")] == [D(0), D("580.00"), D(0)]


COLLECTED: list[tuple[str, dict[str, str]]] = [
    ("ra1", {"2026-08": "16.00", "2026-09": "-16.00"}),
    ("ra5", {"2026-08": "16.00", "2026-09": "-16.00"}),  # a note and its refund: one restitution
    ("ra6", {"2026-08": "16.00", "2026-09": "-16.00"}),
    ("ra7", {"2026-08": "16.00", "2026-09": "-8.00", "2026-10": "-8.00"}),  # half, then the rest
    ("rb1", {"2026-08": "80.00", "2026-10": "80.00"}),
    ("rc2", {"2026-08": "16.00"}),  # paid before the invoice that stands
]


@pytest.mark.parametrize(("key", "right"), COLLECTED, ids=[one[0] for one in COLLECTED])
def test_iva_on_a_cash_basis(key: str, right: dict[str, str]) -> None:
    records = [*refunds(), *evidence_of_each(), *chains()]
    alone = books(*(one for one in records if of_case(one, key)))
    found: dict[str, Decimal] = {}
    for (_, month, _, _), row in iva_collected(alone, "cash").items():
        found[f"{month:%Y-%m}"] = row["iva_collected"]
    assert {month: str(amount) for month, amount in found.items() if amount} == right


def of_case(record: dict[str, Any], key: str) -> bool:
    case = {"rc2": "rc1"}.get(key, key)
    return str(record["id"]).startswith((key, case))


def test_iva_at_the_rate_that_a_payment_implies() -> None:
    alone = books(*(one for one in currencies() if str(one["id"]).startswith("rd1")))
    (row,) = iva_collected(alone, "cash").values()
    assert (row["iva_collected"], row["iva_collected_mxn"]) == (D("16.00"), D("264.00"))


def test_complements_that_name_a_payment_and_one_invoice_each_owe_nothing(told: Books) -> None:
    owed = {key[1:]: row.owed_amount for key, row in rep_owed(told).items()}
    assert (owed["rb7p", "rb7"], owed["rb7p", "rb8"], owed["rb9p", "rb9"]) == (D(0), D(0), D(0))
    assert owed["rbdp", "rbd"] == D("116.00")  # a new complement is owed
