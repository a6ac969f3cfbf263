"""What the warehouse has of an entity, and what a run is delivered of it.

Records that are delivered as the warehouse has them are told by their hash, and need no SQL of
their entity. Everything lives in the DuckDB of the entity's normalizer: `known` and `linked` are
what the warehouse has, `seen` and `links_seen` what was delivered, all by a hash of their keys.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

from pipelines.gigstack.api.records import split_records
from pipelines.gigstack.endpoints import Entity, Table
from pipelines.gigstack.normalize.batch import CheckedPage

MONEY = ("status", "currency", "total")  # a root with all three is added up


_HALF = 2**64 - 1


class GroupKey(NamedTuple):
    """What is added up together. `kind` is the stream's, `status` and `currency` a record's."""

    team_id: str
    kind: str | None
    status: str | None = None
    currency: str | None = None


def key_columns(table: Table) -> tuple[str, ...]:
    return ("team_id", *table.key)


def key_hash(table: Table) -> str:
    """The SQL of a key as one number, the same in any DuckDB."""
    parts = ", ".join(f"'{column}': {column}" for column in key_columns(table))
    return f"md5_number(to_json({{{parts}}})::varchar)"


class ChangeDetector:
    """Belongs to one normalizer. `rows` and `totals` are what was delivered, each key once."""

    def __init__(self, db: duckdb.DuckDBPyConnection, entity: Entity) -> None:
        self._db = db
        self._entity = entity
        self.size = 0
        self.rows: Counter[GroupKey] = Counter()
        self.totals: dict[GroupKey, Decimal] = defaultdict(Decimal)
        self._db.execute(
            "create temp table known (key uhugeint, team_id varchar, row_hash varchar, "
            "updated_at timestamptz, updated_at_basis varchar, is_deleted boolean, "
            "is_rewritten boolean, is_odd boolean);"
            "create temp table seen (key uhugeint);"
            "create temp table linked (key uhugeint);"
            "create temp table links_seen (key uhugeint)"
        )

    def remember(self, rows: pa.Table, links: dict[str, pa.Table]) -> None:
        """Take in what the warehouse holds (see `warehouse.known_rows`)."""
        self._db.register("held", rows)
        self._db.execute(
            f"insert into known select {key_hash(self._entity.root)}, team_id, row_hash, "
            "updated_at, updated_at_basis, is_deleted, is_rewritten, is_odd from held;"
            f"insert into seen select {key_hash(self._entity.root)} from held where is_newer"
        )
        for table in self._entity.links:
            self._db.register("held", links[table.name])
            self._db.execute(f"insert into linked select {key_hash(table)} from held")
        self._db.unregister("held")
        self.size = rows.num_rows

    def fresh(self, pages: Sequence[CheckedPage], money: Sequence[str]) -> list[CheckedPage]:
        """The pages with only those records that the warehouse has not, or not like this.

        The others are counted as delivered, and their `money` columns added up. What an entity
        links is looked into on every page. Expects the relation `pages`.
        """
        if not self.size or self._entity.links:
            return list(pages)
        self._db.execute(
            """
            create or replace temp table delivered as
            select page, position, key
            from (
                select page, team_id, unnest(hashes) as row_hash,
                    generate_subscripts(hashes, 1) as position
                from pages
            )
            left join known using (team_id, row_hash)
            where row_hash is not null
                and (known.key is null or not (is_deleted or is_rewritten or is_odd));

            create or replace temp table unchanged as
            select page, position, key from delivered
            where key is not null and key not in (from seen)
            qualify row_number() over (partition by key) = 1
            """
        )
        self._add_up_unchanged(money)
        self._db.execute("insert into seen select key from unchanged")
        fresh = self._db.execute(
            """
            select page, list(position)
            from (
                select page, unnest(hashes) as row_hash,
                    generate_subscripts(hashes, 1) as position
                from pages
            )
            anti join (from delivered where key is not null) using (page, position)
            where row_hash is not null
            group by page order by page
            """
        ).fetchall()
        return [_only(pages[page], positions) for page, positions in fresh]

    def _add_up_unchanged(self, money: Sequence[str]) -> None:
        """Read nothing but the money of the records that are as the warehouse has them."""
        if not money:
            counts = "select team_id, kind, null, null, count(*), 0 from unchanged join pages "
            self._add(f"{counts} using (page) group by all")
            return
        fields = ", ".join(
            f'"{name}": "{"DECIMAL(18,6)" if name == "total" else "VARCHAR"}"' for name in money
        )
        self._add(
            f"""
            with elements as (
                select page, team_id, kind, unnest(from_json(body, '[{{{fields}}}]')) as o,
                    generate_subscripts(hashes, 1) as position
                from pages
                where page in (select page from unchanged)
            )
            select team_id, kind, as_status(o.status), as_text(o.currency), count(*),
                coalesce(sum(o.total), 0)
            from elements semi join unchanged using (page, position)
            group by all
            """
        )

    def add_up(self, money: Sequence[str]) -> None:
        """Count the first deliveries of the relations `firsts` and `records`, with their money."""
        sums = "status, currency, count(*), coalesce(sum(total), 0)"
        self._add(
            f"""
            select records.team_id, records.kind,
                {sums if money else "null, null, count(*), 0"}
            from firsts
            join records using (origin)
            {"join roots using (origin)" if money else ""}
            group by all
            """
        )

    def _add(self, query: str) -> None:
        for team, kind, status, currency, count, total in self._db.execute(query).fetchall():
            self.rows[GroupKey(team, kind)] += count
            if total:
                self.totals[GroupKey(team, kind, status, currency)] += total

    def keys(self, table: str) -> pa.Table:
        """The hashes in `seen` or `links_seen`, in halves: Arrow has no integers of 128 bits."""
        keys: pa.Table = self._db.sql(
            f"select (key >> 64)::ubigint as high, (key & {_HALF})::ubigint as low from {table}"
        ).to_arrow_table()
        return keys


def _only(checked: CheckedPage, positions: list[int]) -> CheckedPage:
    """A page with some of its records; positions count from 1."""
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
