"""Detects which records of an entity are new or have changed since the warehouse got them.

A record in the same form is recognized by its hash alone, without the SQL of its entity. The
statements are in `sql/loader/change_detection/`. They use these relations in the DuckDB of the
entity's normalizer; `key` is always the hash of the key columns, see `key_hash`:

| relation | holds | columns | made by |
|---|---|---|---|
| pages, records | the batch | see `page_reader` | PageReader |
| known | root rows in the warehouse | key, and those of `warehouse.known_rows` | remember |
| seen | roots that the run has delivered | key | remember, unmatched, choose |
| matched | records of the batch with a known hash | page, record_position, key | unmatched |
| unchanged | of these, the first per new key | page, record_position, key | unmatched |
| roots | root rows of the other records | those of the entity's root view | choose |
| keyed | the same, with their key | origin, key columns, key, is_keyless, … | choose |
| first_seen | of these, the first per new key | origin, key, … | choose |
| changed | of these, the rows to write | origin, is_known, updated_at, updated_at_basis | choose |
| links_known | links in the warehouse | key | remember, new_links |
| links_seen | links that the run has delivered | key | new_links |

The normalizer reads `keyed` and `changed`; nothing else leaves this module.
API: https://duckdb.org/docs/stable/sql/statements/create_table
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

from pipelines.foundation.paths import CHANGE_DETECTION_SQL, read_sql
from pipelines.gigstack.api.records import split_records
from pipelines.gigstack.endpoint_types import Entity, Table
from pipelines.gigstack.normalize.arrow import fetch_table
from pipelines.gigstack.normalize.batch import CheckedPage

MONEY = ("status", "currency", "total")  # totals are summed for a root with all three

_LOW_HALF = 2**64 - 1


class GroupKey(NamedTuple):
    """What rows and money are counted by; `kind` is the resource's, the rest is the record's."""

    team_id: str
    kind: str | None
    status: str | None = None
    currency: str | None = None


def key_columns(table: Table) -> tuple[str, ...]:
    return ("team_id", *table.key)


def key_hash(table: Table) -> str:
    """The SQL expression of a row's key as one number, equal in every DuckDB."""
    fields = ", ".join(f"'{column}': {column}" for column in key_columns(table))
    return f"md5_number(to_json({{{fields}}})::varchar)"


@cache
def _statements(name: str) -> str:
    return read_sql(CHANGE_DETECTION_SQL / f"{name}.sql")


class ChangeDetector:
    """Belongs to one normalizer. `rows` and `totals` count what was delivered, each key once.

    `size` is the number of root rows that the warehouse holds. With `has_money`, the root has all
    columns of `MONEY`, and totals are summed too.
    """

    def __init__(self, db: duckdb.DuckDBPyConnection, entity: Entity, *, has_money: bool) -> None:
        self._db = db
        self._entity = entity
        self._has_money = has_money
        self.size = 0
        self.rows: Counter[GroupKey] = Counter()
        self.totals: dict[GroupKey, Decimal] = defaultdict(Decimal)
        self._db.execute(_statements("tables"))

    def remember(self, rows: pa.Table, links: dict[str, pa.Table]) -> None:
        """Store what the warehouse holds (see `warehouse.known_rows`), before the first batch."""
        key = key_hash(self._entity.root)
        self._db.register("held", rows)
        self._db.execute(
            f"insert into known select {key}, team_id, row_hash, updated_at, updated_at_basis, "
            "is_deleted, is_rewritten, is_odd from held;"
            f"insert into seen select {key} from held where is_newer"
        )
        for link in self._entity.links:
            self._db.register("held", links[link.name])
            self._db.execute(f"insert into links_known select {key_hash(link)} from held")
        self._db.unregister("held")
        self.size = rows.num_rows

    def unmatched(self, pages: Sequence[CheckedPage]) -> list[CheckedPage]:
        """The pages with only those records that the warehouse does not hold in the same form.

        `pages` must be registered. The other records are counted as delivered. Pages of an entity
        with links are never reduced, since every record's links must be compared.
        """
        if not self.size or self._entity.links:
            return list(pages)
        self._db.execute(_statements("match_unchanged"))
        self._count("sum_unchanged" if self._has_money else "count_unchanged")
        self._db.execute("insert into seen select key from unchanged")
        unmatched = self._db.execute(_statements("unmatched_positions")).fetchall()
        return [_select(pages[page], positions) for page, positions in unmatched]

    def choose(self, roots: pa.Table) -> None:
        """Decide which root rows are written, and as of when; count all of them as delivered."""
        root = self._entity.root
        columns = ", ".join(key_columns(root))
        is_keyless = " or ".join(f"{column} is null" for column in key_columns(root))
        self._db.register("roots", roots)
        self._db.execute(
            f"create or replace temp table keyed as select origin, {columns}, "
            f"{key_hash(root)} as key, {is_keyless} as is_keyless, "
            "row_hash, updated_at, updated_at_basis from roots"
        )
        self._db.execute(_statements("choose_changed"))
        self._count("sum_first_seen" if self._has_money else "count_first_seen")
        self._db.execute("insert into seen select key from first_seen")

    def new_links(self, link: Table) -> pa.Table:
        """The rows of a link view that the warehouse does not hold."""
        key = key_hash(link)
        self._db.execute(
            f"insert into links_seen select distinct {key} from {link.name} "
            f"where {key} not in (from links_seen)"
        )
        is_new = f"{key} not in (from links_known)"
        query = f"select distinct * exclude (origin) from {link.name} where {is_new}"
        rows = fetch_table(self._db, query)
        self._db.register("new_links", rows)
        self._db.execute(f"insert into links_known select {key} from new_links")
        return rows

    def _count(self, name: str) -> None:
        """Add the rows and totals that a statement returns."""
        counted = self._db.execute(_statements(name)).fetchall()
        for team, kind, status, currency, count, total in counted:
            self.rows[GroupKey(team, kind)] += count
            if total:
                self.totals[GroupKey(team, kind, status, currency)] += total

    def keys(self, table: str) -> pa.Table:
        """The keys in `seen` or `links_seen`, in two halves: Arrow has no 128-bit integers."""
        keys: pa.Table = self._db.sql(
            f"select (key >> 64)::ubigint as high, (key & {_LOW_HALF})::ubigint as low from {table}"
        ).to_arrow_table()
        return keys


def _select(checked: CheckedPage, positions: list[int]) -> CheckedPage:
    """A page with only the records at these positions (from 1)."""
    drift = checked.drift
    if len(positions) == len(drift.hashes):
        return checked
    texts: Any = split_records(drift.records)
    return replace(
        checked,
        positions=tuple(positions),
        drift=replace(
            drift,
            records=b"[" + b",".join(bytes(texts[p - 1]) for p in positions) + b"]",
            hashes=[drift.hashes[p - 1] for p in positions],
        ),
    )
