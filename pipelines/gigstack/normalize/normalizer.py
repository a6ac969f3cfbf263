"""Turns pages into typed Arrow tables, by running an entity's SQL in an in-memory DuckDB.

`sql/loader/normalize/<entity>.sql` declares the shape of the entity's records and makes one
temporary view per warehouse table from the relation `records` (see `page_reader`). This module does
what all entities have in common: it reads the JSON, drops what the warehouse already holds, and
sets the columns of the run. API: https://duckdb.org/docs/stable/data/json/overview
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby, zip_longest
from operator import itemgetter

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.foundation.paths import NORMALIZE_SQL, read_sql
from pipelines.gigstack.api.records import split_records
from pipelines.gigstack.endpoint_types import Entity, Scope, Table
from pipelines.gigstack.normalize.accepted_values import accepted_values, find_unaccepted_values
from pipelines.gigstack.normalize.arrow import UTC_TIME, accept_copied_results, fetch_table, repeat
from pipelines.gigstack.normalize.batch import Batch, CheckedPage, Page, Reject
from pipelines.gigstack.normalize.change_detection import MONEY, ChangeDetector, key_columns
from pipelines.gigstack.normalize.drift import DriftDetector, DriftFinding, Owner
from pipelines.gigstack.normalize.page_reader import ORIGINS_PER_PAGE, PageReader, place_of
from pipelines.gigstack.normalize.repeated_names import with_last_values
from pipelines.gigstack.normalize.schema import declared_shape
from pipelines.gigstack.normalize.time_bounds import times_can_be

TOMBSTONE = "is_tombstone"  # true in rows that make the loader delete a parent's children

MEMORY_LIMIT = "300MB"
RUN_COLUMNS = {  # of every root table, in addition to those of its view
    "deleted_at": "TIMESTAMP WITH TIME ZONE",
    "loaded_at": "TIMESTAMP WITH TIME ZONE",
    "run_id": "VARCHAR",
}


def normalizing_database() -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB with the macros, shared by the normalizers of one run."""
    accept_copied_results()
    database = duckdb.connect(config={"memory_limit": MEMORY_LIMIT, "threads": "1"})
    database.execute(read_sql(NORMALIZE_SQL / "_macros.sql"))
    return database


class EntityNormalizer:
    """Normalizes the pages of one entity.

    `columns` maps each of its tables to the names and DuckDB types of its columns. With
    `livemode`, records of the other mode are rejected.
    """

    def __init__(
        self,
        entity: Entity,
        run_id: str,
        started_at: datetime,
        database: duckdb.DuckDBPyConnection,
        *,
        livemode: bool | None = None,
    ) -> None:
        self.entity = entity
        self._livemode = None if entity.is_in_both_modes else livemode
        self._run_id, self._started_at = run_id, started_at
        self._db = database.cursor()  # each cursor has temporary tables and variables of its own
        self._db.execute("set variable started_at = $at", {"at": started_at})
        sql = read_sql(NORMALIZE_SQL / f"{entity.name}.sql")
        declaration, *views = self._db.extract_statements(sql)
        self._db.execute(declaration)
        self.shape = declared_shape(self._db)
        self._drift_detector = DriftDetector(self.shape)
        self._times_can_be = times_can_be(self.shape)
        self._unseen: dict[tuple[str, str], dict[str, str]] = {}  # by resource and team
        self._page_reader = PageReader(self._db, self.shape)
        for view in views:
            self._db.execute(view)
        self.columns = {table.name: self._columns(table) for table in entity.tables}
        has_money = set(MONEY) <= self.columns[entity.root.name].keys()
        self.change_detector = ChangeDetector(self._db, entity, has_money=has_money)
        self._accepted_values = accepted_values(entity.name)

    def _columns(self, table: Table) -> dict[str, str]:
        """Column names and DuckDB types of a warehouse table."""
        rows = self._db.execute(
            "select column_name, data_type from duckdb_columns() where table_name = $table "
            "order by column_index",
            {"table": table.name},
        ).fetchall()
        columns = {name: kind for name, kind in rows if name != "origin"}
        if table.parent:
            return columns | {TOMBSTONE: "BOOLEAN"}
        return columns | (RUN_COLUMNS if table == self.entity.root else {})

    def check_page(self, page: Page) -> CheckedPage:
        """Compare a page with the shape; safe while another thread normalizes a batch."""
        is_of_team = page.resource.scope is not Scope.KEY
        owner = Owner(page.team_id if is_of_team else None, self._livemode)
        key = (page.resource.name, page.team_id)
        if key not in self._unseen:
            self._unseen[key] = self._drift_detector.fields()
        needed = page.resource.needed_field
        drift = self._drift_detector.detect(page.records, owner, needed, self._unseen[key])
        return CheckedPage(page, drift)

    def unseen_fields(self, resource: str, team: str) -> list[str]:
        """The declared fields that no record of a list had; all of them without a record."""
        return [*self._unseen.get((resource, team), self._drift_detector.fields()).values()]

    def normalize(self, pages: Sequence[CheckedPage]) -> Batch:
        """The new and changed rows of these pages, with all their children, by table."""
        batch = Batch()
        for checked in pages:
            _count_delivered(checked, batch)
        self._page_reader.register(pages)
        unmatched = self.change_detector.unmatched(pages)
        if not unmatched:
            return batch
        clean = [with_last_values(checked) for checked in unmatched]
        if any(one is not other for one, other in zip_longest(clean, pages)):
            self._page_reader.register(clean)
        self._page_reader.read_records()
        if self._set_times_aside(clean, batch):
            self._page_reader.register(clean)
            self._page_reader.read_records()
        roots = fetch_table(self._db, f"from {self.entity.root.name}")
        self.change_detector.choose(roots)
        self._count_changed(unmatched, batch)
        self._note_unaccepted_values(roots, unmatched, batch)
        self._reject_keyless(unmatched, batch)
        batch.tables |= self._tables(roots)
        return batch

    def _set_times_aside(self, pages: list[CheckedPage], batch: Batch) -> bool:
        """Replace the records with a time that cannot be; the time is kept in their `extra`."""
        if not self._times_can_be:
            return False
        query = f"select origin from records where not {self._times_can_be} order by origin"
        origins = [origin for (origin,) in self._db.execute(query).fetchall()]
        for number, group in groupby(map(place_of, origins), itemgetter(0)):
            texts = list(map(bytes, split_records(pages[number].drift.records)))
            for _, position in group:
                texts[position - 1], found = self._drift_detector.repair(texts[position - 1])
                name = pages[number].page.resource.name
                batch.findings += [(name, finding) for finding in found]
            drift = replace(pages[number].drift, records=b"[" + b",".join(texts) + b"]")
            pages[number] = replace(pages[number], drift=drift)
        return bool(origins)

    def _tables(self, roots: pa.Table) -> dict[str, pa.Table]:
        """The new links, then the changed roots and their children."""
        tables = {link.name: self.change_detector.new_links(link) for link in self.entity.links}
        self._db.execute("delete from records where origin not in (select origin from changed)")
        tables[self.entity.root.name] = self._changed_roots(roots)
        return tables | {
            child.name: self._changed_children(child) for child in self.entity.children
        }

    def _changed_roots(self, roots: pa.Table) -> pa.Table:
        """The changed root rows, with the times that change detection chose for them."""
        times = fetch_table(
            self._db, "select updated_at, updated_at_basis from changed order by origin"
        )
        rows = roots
        if len(times) < len(rows):
            origins = fetch_table(self._db, "select origin from changed")["origin"]
            rows = rows.filter(pc.is_in(rows["origin"], origins.combine_chunks()))
        rows = rows.drop_columns(["origin"])
        for name in times.column_names:
            rows = rows.set_column(rows.column_names.index(name), name, times[name])
        rows = rows.append_column("deleted_at", pa.nulls(len(rows), UTC_TIME))
        rows = rows.append_column("loaded_at", repeat(self._started_at, UTC_TIME, len(rows)))
        return rows.append_column("run_id", repeat(self._run_id, pa.string(), len(rows)))

    def _changed_children(self, child: Table) -> pa.Table:
        """The children of the changed roots, and a tombstone for every root that is replaced."""
        parent = ", ".join(key_columns(self.entity.root))
        return fetch_table(
            self._db,
            f"""
            select * exclude (origin), null::boolean as {TOMBSTONE} from {child.name}
            union all by name
            select {parent}, true as {TOMBSTONE}
            from changed
            join keyed using (origin)
            where is_known
            """,
        )

    def _count_changed(self, pages: Sequence[CheckedPage], batch: Batch) -> None:
        query = f"select origin // {ORIGINS_PER_PAGE}, count(*) from changed group by 1"
        for number, count in self._db.sql(query).fetchall():
            page = pages[number].page
            batch.changed[page.resource.name, page.team_id] += count

    def _note_unaccepted_values(
        self, roots: pa.Table, pages: Sequence[CheckedPage], batch: Batch
    ) -> None:
        for origin, column, value in find_unaccepted_values(roots, self._accepted_values):
            number, _ = place_of(origin)
            finding = DriftFinding(column, "unknown_value", value)
            batch.findings.append((pages[number].page.resource.name, finding))

    def _reject_keyless(self, pages: Sequence[CheckedPage], batch: Batch) -> None:
        """Reject the records without a value in one of their key columns."""
        query = "select origin from keyed where is_keyless order by origin"
        key = ", ".join(self.entity.root.key)
        for (origin,) in self._db.sql(query).fetchall():
            number, position = place_of(origin)
            raw = pages[number].raw(position)
            batch.rejects.append(_reject(pages[number].page, "no key", key, raw))


Normalizers = dict[str, EntityNormalizer]  # by entity


def _count_delivered(checked: CheckedPage, batch: Batch) -> None:
    """Count the records of a page, and note its findings and rejects."""
    page, drift = checked.page, checked.drift
    delivered = sum(row_hash is not None for row_hash in drift.hashes)
    batch.seen[page.resource.name, page.team_id] += delivered
    if page.parent_id and page.resource.kind:
        batch.documents[page.team_id, page.resource.kind, page.parent_id] += delivered
    batch.findings += [(page.resource.name, finding) for finding in drift.findings]
    batch.rejects += [
        _reject(page, rejection.reason, rejection.field, rejection.raw.decode())
        for rejection in drift.rejected
    ]


def _reject(page: Page, reason: str, field: str | None, raw: str) -> Reject:
    return Reject(page.resource.name, page.team_id, reason, field, raw, page.parent_id)
