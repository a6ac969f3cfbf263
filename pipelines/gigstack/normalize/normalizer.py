"""Page bodies to typed Arrow tables: runs `sql/loader/normalize/<entity>.sql` in an in-memory DuckDB.

Each file declares its entity's shape and creates one temporary table per warehouse table from the
relation `records` (one row per record: `origin` = its place in the batch, `team_id`,
`kind`, `parent_id`, the typed record `o`, and `row_hash`). Around them this module does what is the
same for all: reads the JSON, hashes, drops what the warehouse already has, and settles
`updated_at`. API: https://duckdb.org/docs/stable/data/json/overview
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.foundation.paths import NORMALIZE_SQL, read_sql
from pipelines.gigstack.endpoints import Entity, Table
from pipelines.gigstack.normalize.accepted_values import accepted_values, find_unaccepted_values
from pipelines.gigstack.normalize.batch import Batch, CheckedPage, Page, Reject
from pipelines.gigstack.normalize.change_detection import (
    MONEY,
    ChangeDetector,
    key_columns,
    key_hash,
)
from pipelines.gigstack.normalize.drift import DriftDetector, DriftFinding
from pipelines.gigstack.normalize.schema import Shape, resolve, shared_shapes, structure

TOMBSTONE = "is_tombstone"  # set only on rows that tell the loader to remove a parent's children

MEMORY_LIMIT = "300MB"
UTC_TIME = pa.timestamp("us", "UTC")
RUN_COLUMNS = {  # of every root, beside those that its file selects
    "deleted_at": "TIMESTAMP WITH TIME ZONE",
    "loaded_at": "TIMESTAMP WITH TIME ZONE",
    "run_id": "VARCHAR",
}

# the copy it warns of is cheaper than a relation, which is bound when named and again when read:
# 0.54 s for 12,000 invoices instead of 0.57 s
warnings.filterwarnings("ignore", "Arrow output on a DB-API result", UserWarning)

_INPUT_FIELDS: list[pa.Field[Any]] = [
    pa.field("page", pa.int64()),
    pa.field("team_id", pa.string()),
    pa.field("kind", pa.string()),
    pa.field("parent_id", pa.string()),
    pa.field("body", pa.string()),
    pa.field("hashes", pa.list_(pa.string())),
]
INPUT = pa.schema(_INPUT_FIELDS)


def normalizing_database() -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB with the macros, for the normalizers of one run to share."""
    database = duckdb.connect(config={"memory_limit": MEMORY_LIMIT, "threads": "1"})
    database.execute(read_sql(NORMALIZE_SQL / "_macros.sql"))
    return database


class EntityNormalizer:
    """Normalizes the pages of one entity; holds the hashes of what the warehouse has.

    `columns` are the names and DuckDB types of each of its tables, by table.
    """

    def __init__(
        self,
        entity: Entity,
        run_id: str,
        started_at: datetime,
        database: duckdb.DuckDBPyConnection,
    ) -> None:
        self.entity = entity
        self._db = database.cursor()  # temporary tables and variables are each cursor's own
        self._statements = self._db.extract_statements(
            read_sql(NORMALIZE_SQL / f"{entity.name}.sql")
        )
        self._db.execute(self._statements[0])
        self.shape = self._declared_shape()
        self._drift_detector = DriftDetector(self.shape)
        self._run_id, self._started_at = run_id, started_at
        self._db.execute("set variable started_at = $at", {"at": started_at})
        self._db.execute("set variable structure = $s", {"s": json.dumps([structure(self.shape)])})
        self.change_detector = ChangeDetector(self._db, entity)
        self._register([])
        self._read()
        for statement in self._statements[1:]:
            self._db.execute(statement)
        self.columns = {table.name: self._columns(table) for table in entity.tables}
        self._money = MONEY if set(MONEY) <= self.columns[entity.root.name].keys() else ()
        self._words = accepted_values(entity.name)

    def _declared_shape(self) -> Shape:
        (declared,) = self._db.execute("select getvariable('shape')").fetchone() or ("",)
        return resolve(json.loads(declared), shared_shapes())  # type: ignore[no-any-return]

    def _columns(self, table: Table) -> dict[str, str]:
        """Column names and DuckDB types of a warehouse table, known before any row is."""
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
        """Compare a page with the shape; may run while another batch is being normalized."""
        return CheckedPage(page, self._drift_detector.drift(page.records))

    def normalize(self, pages: Sequence[CheckedPage]) -> Batch:
        """The new and changed rows of these pages, per table, parents and children together."""
        batch = Batch()
        self._report(pages, batch)
        self._register(pages)
        fresh = self.change_detector.fresh(pages, self._money)
        if not fresh:
            return batch
        if len(fresh) < len(pages) or any(one.positions for one in fresh):
            self._register(fresh)
        self._read()
        self._choose()
        self._count(fresh, batch)
        for link in self.entity.links:
            batch.tables[link.name] = self._new_links(link)
        self._db.execute("delete from records where origin not in (select origin from chosen)")
        batch.tables[self.entity.root.name] = self._chosen_roots()
        for child in self.entity.children:
            batch.tables[child.name] = self._chosen_children(child)
        return batch

    def _report(self, pages: Sequence[CheckedPage], batch: Batch) -> None:
        """What was delivered, and what is wrong with it."""
        for checked in pages:
            page, drift = checked.page, checked.drift
            delivered = sum(row_hash is not None for row_hash in drift.hashes)
            batch.seen[page.resource.name, page.team_id] += delivered
            if page.parent_id and page.resource.kind:
                batch.documents[page.team_id, page.resource.kind, page.parent_id] += delivered
            batch.findings += [(page.resource.name, finding) for finding in drift.findings]
            batch.rejects += [
                Reject(
                    page.resource.name,
                    page.team_id,
                    "not an object",
                    None,
                    raw.decode(),
                    page.parent_id,
                )
                for raw in drift.rejected
            ]

    def _new_links(self, link: Table) -> pa.Table:
        key = key_hash(link)
        self._db.execute(
            f"insert into links_seen select distinct {key} from {link.name} "
            f"where {key} not in (from links_seen)"
        )
        new = f"{key} not in (from linked)"
        rows = self._rows(f"select distinct * exclude (origin) from {link.name} where {new}")
        self._db.register("written", rows)
        self._db.execute(f"insert into linked select {key} from written")
        return rows

    def _chosen_roots(self) -> pa.Table:
        """The chosen rows of the root, with the times that were settled for them."""
        settled = self._rows("select updated_at, updated_at_basis from chosen order by origin")
        rows = self._roots
        if len(settled) < len(rows):
            origins = self._rows("select origin from chosen")["origin"]
            rows = rows.filter(pc.is_in(rows["origin"], origins.combine_chunks()))
        rows = rows.drop_columns(["origin"])
        for name in settled.column_names:
            rows = rows.set_column(rows.column_names.index(name), name, settled[name])
        rows = rows.append_column("deleted_at", pa.nulls(len(rows), UTC_TIME))
        rows = rows.append_column("loaded_at", _repeated(self._started_at, UTC_TIME, len(rows)))
        return rows.append_column("run_id", _repeated(self._run_id, pa.string(), len(rows)))

    def _chosen_children(self, child: Table) -> pa.Table:
        """The children of the chosen roots, and a tombstone for every root that is replaced."""
        parent = ", ".join(key_columns(self.entity.root))
        return self._rows(
            f"""
            select * exclude (origin), null::boolean as {TOMBSTONE} from {child.name}
            union all by name
            select {parent}, true as {TOMBSTONE} from chosen where is_known
            """
        )

    def _register(self, pages: Iterable[CheckedPage]) -> None:
        """Make pages the relation `pages`, numbered from 0."""
        rows = [
            (
                number,
                checked.page.team_id,
                checked.page.resource.kind,
                checked.page.parent_id,
                checked.drift.records,
                checked.drift.hashes,
            )
            for number, checked in enumerate(pages)
        ]
        columns = zip(*rows, strict=True) if rows else [[]] * len(INPUT)
        arrays = [_array(c, f.type) for c, f in zip(columns, INPUT, strict=True)]
        self._db.register("pages", pa.table(arrays, schema=INPUT))

    def _read(self) -> None:
        """Make the records on the relation `pages` the relation `records`."""
        self._db.execute(
            f"""
            create or replace temp table records as
            with elements as (
                select page, team_id, kind, parent_id,
                    unnest(from_json(body, getvariable('structure'))) as o,
                    unnest(hashes) as row_hash,
                    generate_subscripts(hashes, 1) as position
                from pages
            )
            select page * {_ORIGIN_PAGE} + position as origin,
                team_id, kind, parent_id, o, row_hash
            from elements
            where o is not null
            """
        )

    def _choose(self) -> None:
        """Decide which records are written, and as of when: new ones and those that changed."""
        root = self.entity.root
        columns = ", ".join(key_columns(root))
        new_columns = ", ".join(f"new.{column}" for column in key_columns(root))
        missing = " or ".join(f"{column} is null" for column in key_columns(root))
        self._roots = self._rows(f"from {root.name}")
        self._db.register("roots", self._roots)
        self._db.execute(
            f"""
            create or replace temp table keyed as
            select origin, {columns}, {key_hash(root)} as key, {missing} as is_keyless, row_hash,
                updated_at, updated_at_basis
            from roots;

            create or replace temp table firsts as
            select * from keyed
            where not is_keyless and key not in (from seen)
            qualify row_number() over (partition by key order by origin) = 1;

            create or replace temp table chosen as
            select new.origin, {new_columns},
                known.key is not null as is_known,
                case
                    when known.key is null then coalesce(new.updated_at, {_STARTED_AT})
                    when known.row_hash = new.row_hash and not known.is_deleted
                        then known.updated_at
                    when new.updated_at > known.updated_at then new.updated_at
                    else greatest({_STARTED_AT}, known.updated_at)
                end as updated_at,
                case
                    when known.row_hash = new.row_hash and not known.is_deleted
                        then known.updated_at_basis
                    when known.key is null and new.updated_at is not null
                        or new.updated_at > known.updated_at then new.updated_at_basis
                    else 'observed'
                end as updated_at_basis
            from firsts as new
            left join known on known.key = new.key
            where known.row_hash is distinct from new.row_hash
                or known.is_deleted or known.is_rewritten
            """
        )
        self.change_detector.add_up(self._money)
        self._db.execute("insert into seen select key from firsts")

    def _count(self, pages: Sequence[CheckedPage], batch: Batch) -> None:
        """Records changed, by stream and team; unknown words; records without a key: rejects."""
        pages_of = f"select origin // {_ORIGIN_PAGE}, count(*) from chosen group by 1"
        for number, count in self._db.sql(pages_of).fetchall():
            page = pages[number].page
            batch.changed[page.resource.name, page.team_id] += count
        for origin, column, word in find_unaccepted_values(self._roots, self._words):
            resource = pages[origin // _ORIGIN_PAGE].page.resource.name
            batch.findings.append((resource, DriftFinding(column, "unknown_value", word)))
        keyless = (
            f"select origin // {_ORIGIN_PAGE}, origin % {_ORIGIN_PAGE} from keyed "
            "where is_keyless order by origin"
        )
        for number, position in self._db.sql(keyless).fetchall():
            page, raw = pages[number].page, pages[number].raw(position)
            name = ", ".join(self.entity.root.key)
            batch.rejects.append(
                Reject(page.resource.name, page.team_id, "no key", name, raw, page.parent_id)
            )

    def _rows(self, query: str) -> pa.Table:
        """A query's rows. Their instants are named in UTC; DuckDB names them in the zone in which
        it reads local times.
        """
        rows: Any = self._db.execute(query).to_arrow_table()
        times = [f.with_type(UTC_TIME) if pa.types.is_timestamp(f.type) else f for f in rows.schema]
        cast: pa.Table = rows.cast(pa.schema(times))
        return cast


Normalizers = dict[str, EntityNormalizer]  # by entity


def _array(values: Any, kind: pa.DataType) -> pa.Array[Any]:
    """An Arrow array. Texts are bytes which the client has seen to be UTF-8: no second check."""
    if values and isinstance(values[0], bytes):
        return pa.array(values, pa.binary()).view(pa.string())
    return pa.array(values, kind)


def _repeated(value: Any, kind: pa.DataType, times: int) -> pa.Array[Any]:
    scalar: Any = pa.scalar(value, kind)
    repeated: pa.Array[Any] = pa.repeat(scalar, times)
    return repeated


_ORIGIN_PAGE = 1_000_000  # origin = page in the batch times this, plus position in the page
_STARTED_AT = "getvariable('started_at')::timestamptz"
