"""What a complete load of an account must contain: keys, row counts and sums of money per table.

Worked out from the clean objects with nothing but Python and Decimal, so that it can be held
against a loader. `team_id` is the first element of every key.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from pipelines.sandbox.expected.columns import MONEY, OTHERS
from pipelines.sandbox.expected.rows import ROWS, Add, Key, document, invoice_id, one_team
from pipelines.sandbox.simulation.account import Account
from pipelines.sandbox.storage import positions
from pipelines.sandbox.storage.store import Record

DOCUMENT_PARENTS = {
    "clients": ("client", ("clients",)),
    "invoices": ("invoice", ("income", "egress", "complements", "transfers")),
    "payments": ("payment", ("payments",)),
}


@dataclass
class TableTruth:
    """One table: the set of its keys and the sum of each money column (absent counts as 0)."""

    keys: set[Key] = field(default_factory=set)
    money: dict[str, Decimal] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return len(self.keys)


def expected(
    account: Account,
    teams: list[str] | None = None,
    *,
    document_parents: Iterable[str] = ("clients",),
) -> dict[str, TableTruth]:
    """The truth per table for these teams (all unless given), in one pass over the account."""
    tables = {name: TableTruth() for name in (*MONEY, *OTHERS)}
    for name, columns in MONEY.items():
        tables[name].money = dict.fromkeys(columns, Decimal(0))

    def add(table: str, key: Key, row: Record) -> None:
        truth = tables[table]
        if key in truth.keys:
            return
        truth.keys.add(key)
        for column in truth.money:
            truth.money[column] += Decimal(row.get(column) or 0)

    for team in account.roster:
        if teams is None or team.id in teams:
            _team(account, team.number, add)
            for parents in document_parents:
                _documents(account, team.number, parents, add)
    _reference(account, add)
    return tables


def _team(account: Account, number: int, add: Add) -> None:
    team = account.roster[number]
    one_team(team.id, team.record, add)
    for series in team.folios:
        add("team_series", (team.id, series), {})
    for stream, rows_of in ROWS.items():
        for _, record in account.store.walk(number, stream):
            rows_of(team.id, record, add)


def _reference(account: Account, add: Add) -> None:
    """What is read once, with the key's own team on it."""
    own = account.teams[0]
    for table, key in (("cfdi_errors", "code"), ("sat_lists", "id")):
        for _, record in account.store.walk(positions.SHARED_TEAM, table):
            add(table, (own, record[key]), {})


def _documents(account: Account, number: int, parents: str, add: Add) -> None:
    """Documents as the parents' lists show them: an object's own, and its client's."""
    team_id = account.teams[number]
    parent_type, streams = DOCUMENT_PARENTS[parents]
    for stream in streams:
        for place, record in account.store.walk(number, stream):
            client = (record.get("client") or {}).get("id")
            inherited = positions.place_of(client) if client else None
            places = [place] if inherited is None else [place, inherited]
            for document_place in account.store.documents_of(places):
                found = account.store.get(document_place)
                if found:
                    document(team_id, found, add)
                    parent = (parent_type, invoice_id(record))
                    add("support_document_parents", (team_id, found["id"], *parent), {})
