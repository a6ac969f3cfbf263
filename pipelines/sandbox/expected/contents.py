"""What a complete load of an account must contain: keys, row counts and sums of money per table.

Worked out from the clean objects with nothing but Python and Decimal, so that it can be held
against a loader. `team_id` is the first element of every key.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from pipelines.sandbox.expected.rows import Add, Key, expected_rows, invoice_id, rows_by_list
from pipelines.sandbox.expected.tables.support_documents import document
from pipelines.sandbox.expected.tables.teams import team as rows_of_team
from pipelines.sandbox.simulation.account import Account
from pipelines.sandbox.storage import positions
from pipelines.sandbox.storage.store import Record

DOCUMENT_PARENTS = {
    "clients": ("client", ("clients",)),
    "invoices": ("invoice", ("income", "egress", "complements", "transfers")),
    "payments": ("payment", ("payments",)),
}


@dataclass
class ExpectedTable:
    """One table: the set of its keys and the sum of each money column (absent counts as 0)."""

    keys: set[Key] = field(default_factory=set)
    money: dict[str, Decimal] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return len(self.keys)

    def add(self, key: Key, row: Record) -> None:
        if key in self.keys:
            return
        self.keys.add(key)
        for column in self.money:
            self.money[column] += Decimal(row.get(column) or 0)


def expected(
    account: Account,
    teams: list[str] | None = None,
    *,
    document_parents: Iterable[str] = ("clients",),
) -> dict[str, ExpectedTable]:
    """What is expected of each table for these teams (all unless given), in one pass."""
    tables = {
        name: ExpectedTable(money=dict.fromkeys(columns, Decimal(0)))
        for one in expected_rows()
        for name, columns in one.tables.items()
    }

    def add(table: str, key: Key, row: Record) -> None:
        tables[table].add(key, row)

    for team in account.roster:
        if teams is None or team.id in teams:
            rows_of_team(team.id, team.record, team.folios, add)
            _lists(account, team.number, add)
            for parents in document_parents:
                _documents(account, team.number, parents, add)
    _lists(account, positions.SHARED_TEAM, add)
    return tables


def _lists(account: Account, number: int, add: Add) -> None:
    """The lists of a team, or those of no team with the id of the key's own."""
    is_shared = number == positions.SHARED_TEAM
    team_id = account.teams[0 if is_shared else number]
    rows_of = rows_by_list()
    for one in account.lists:
        if one.name in rows_of and one.is_shared == is_shared:
            for _, record in account.store.objects(number, one.name):
                rows_of[one.name](team_id, record, add)


def _documents(account: Account, number: int, parents: str, add: Add) -> None:
    """Documents as the parents' lists show them: an object's own, and its client's."""
    team_id = account.teams[number]
    parent_type, names = DOCUMENT_PARENTS[parents]
    for name in names:
        for place, record in account.store.objects(number, name):
            client = (record.get("client") or {}).get("id")
            inherited = positions.place_of(client) if client else None
            places = [place] if inherited is None else [place, inherited]
            for document_place in account.store.documents_of(places):
                found = account.store.get(document_place)
                if found:
                    document(team_id, found, add)
                    parent = (parent_type, invoice_id(record))
                    add("support_document_parents", (team_id, found["id"], *parent), {})
