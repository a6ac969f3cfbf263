"""The oracle's figures of a whole account hold together, and with what the API itself tells."""

from collections import defaultdict
from datetime import date
from decimal import Decimal

import pytest

from pipelines.sandbox.simulation.account import Account

from . import days, iva, owed, receivables, reconciliation, revenue, taxes
from .allocation import note_shares
from .amounts import rounded
from .books import Books
from .complement_links import effective
from .complements import paid_by
from .evidence import tier
from .matching import paying
from .reading import read
from .tables import rolled_up

AS_OF = date(2026, 11, 20)
D = Decimal


@pytest.fixture(scope="session")
def teams(account: Account) -> list[Books]:
    return read(account, AS_OF)


def test_the_api_tells_what_complements_and_notes_leave(teams: list[Books]) -> None:
    """Ours is also less the money that has no complement, and more what was given back."""
    checked = 0
    for books in teams:
        for invoice in books.valid("I"):
            told = invoice.amount("last_balance")
            payments = [one for one, _ in paying(books).get(invoice.key, [])]
            is_own_money = all(one.currency == invoice.currency for one in payments)
            by_itself = tier(books, invoice) == 4  # nothing but that balance is known
            if invoice.is_ppd and told is not None and is_own_money and not by_itself:
                reps = effective(books, invoice)
                paid = (one.amount for rep in reps for one in paid_by(books, rep, invoice))
                notes = (
                    share.amount
                    for key, shares in note_shares(books).items()
                    for share in shares
                    if share.invoice is invoice and books.cfdis[key].is_valid_at(AS_OF)
                )
                assert invoice.total - sum(paid, D(0)) - sum(notes, D(0)) == told
                checked += 1
    assert checked > 100


def test_every_month_closes_with_its_open_items(teams: list[Books]) -> None:
    for books in teams:
        for (team, currency, month), row in receivables.rollforward(books).items():
            cut = min(days.month_end(month), AS_OF)
            open_items = [
                item
                for item in receivables.open_items(books, cut).values()
                if item.invoice.currency == currency
            ]
            assert team == books.team
            assert row["closing"] == sum((one.open_balance for one in open_items), D(0))
            pesos = (one.open_balance_mxn or D(0) for one in open_items)
            assert row["closing_mxn"] == sum(pesos, D(0))


def test_ageing_adds_up_to_the_open_items(teams: list[Books]) -> None:
    cuts = receivables.month_ends(teams[0], 3)
    assert cuts == [date(2026, 8, 31), date(2026, 9, 30), date(2026, 10, 31)]
    for books in teams:
        for is_gigstack in (False, True):
            table = receivables.ageing(books, cuts, is_gigstack=is_gigstack)
            for (_, cut), row in rolled_up(table, 0, 3).items():
                assert row["open_balance_mxn"] == receivables.receivable(books, cut)


def test_pending_iva_closes_with_what_the_open_items_have_left(teams: list[Books]) -> None:
    for books in teams:
        found: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for item in receivables.open_items(books, AS_OF).values():
            for label, part in taxes.iva(item.invoice).items():
                settled = item.paid_to_invoice + item.credit_notes_allocated
                held = max(min(settled, item.invoice.total), D(0))
                done = part.amount * held / item.invoice.total
                left = part.amount - rounded(done, item.invoice.unit)
                found[label, item.invoice.currency] += left
        for (_, month, label, currency), row in iva.iva_pending(books).items():
            if month == days.month(AS_OF):
                assert row["closing"] == found[label, currency]


def test_collected_money_is_the_sum_of_its_classes(teams: list[Books]) -> None:
    for books in teams:
        for row in reconciliation.reconciliation(books).values():
            assert row["collected"] == sum((row[name] for name in reconciliation.CLASSES), D(0))


def test_what_is_owed_is_what_was_paid_and_has_no_complement(teams: list[Books]) -> None:
    for books in teams:
        for row in owed.rep_owed(books).values():
            assert row.owed_amount == row.paid_amount - row.rep_amount >= 0


def test_revenue_of_all_clients_is_the_header_of_all_documents(teams: list[Books]) -> None:
    for books in teams:
        told = rolled_up(revenue.revenue(books), 0)[(books.team,)]
        documents = [*books.valid("I"), *books.valid("E")]
        nets = (cfdi.sign * cfdi.net for cfdi in documents)
        assert told["invoiced_revenue"] == sum(nets, D(0))
        assert told["invoices_count"] + told["credit_notes_count"] == len(documents)
