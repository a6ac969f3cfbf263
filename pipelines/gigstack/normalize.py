"""Page bodies to typed Arrow tables: runs `sql/normalize/<entity>.sql` in an in-memory DuckDB.

Each file declares its entity's shape and creates one temporary table per warehouse table from the
relation `records` (one row per record: `origin` = its place in the batch, `team_id`,
`kind`, `parent_id`, the typed record `o`, and `row_hash`). Around them this module does what is the
same for all: reads the JSON, hashes, drops what the warehouse already has, and settles
`updated_at`. API: https://duckdb.org/docs/stable/data/json/overview
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.gigstack.catalogue import Entity, Stream, Table
from pipelines.gigstack.drift import DriftDetector, Finding, Repair, split_records
from pipelines.gigstack.shape import NORMALIZE, Shape, resolve, shared_shapes, structure

TOMBSTONE = "is_tombstone"  # set only on rows that tell the loader to remove a parent's children

_INPUT_FIELDS: list[pa.Field[Any]] = [
    pa.field("page", pa.int64()),
    pa.field("team_id", pa.string()),
    pa.field("kind", pa.string()),
    pa.field("parent_id", pa.string()),
    pa.field("body", pa.string()),
    pa.field("hashes", pa.list_(pa.string())),
]
INPUT = pa.schema(_INPUT_FIELDS)


@dataclass(frozen=True)
class Page:
    """The records of one answer, as a JSON array, and where they came from."""

    stream: Stream
    team_id: str
    records: bytes
    parent_id: str | None = None


@dataclass(frozen=True)
class Inspected:
    """A page, its records as they can be loaded, and what was found in them."""

    page: Page
    repair: Repair


@dataclass(frozen=True)
class Reject:
    """A record that cannot be loaded, with its own text."""

    stream: str
    team_id: str
    reason: str
    field: str | None
    raw: str


@dataclass
class Batch:
    """What some pages of one entity came to."""

    tables: dict[str, pa.Table] = field(default_factory=dict)
    seen: Counter[tuple[str, str]] = field(default_factory=Counter)  # by stream, team_id
    changed: Counter[tuple[str, str]] = field(default_factory=Counter)
    documents: Counter[tuple[str, str, str]] = field(default_factory=Counter)  # of a parent
    rejects: list[Reject] = field(default_factory=list)
    findings: list[tuple[str, Finding]] = field(default_factory=list)  # stream, finding


def key_columns(table: Table) -> tuple[str, ...]:
    return ("team_id", *table.key)


def _key_hash(table: Table) -> str:
    parts = ", ".join(f"'{column}': {column}" for column in key_columns(table))
    return f"md5_number(to_json({{{parts}}})::varchar)"


class EntityNormalizer:
    """Normalizes the pages of one entity; holds the hashes of what the warehouse has."""

    def __init__(self, entity: Entity, run_id: str, started_at: datetime) -> None:
        self.entity = entity
        self._db = duckdb.connect(config={"memory_limit": "400MB", "threads": "1"})
        self._db.execute((NORMALIZE / "_macros.sql").read_text(encoding="utf-8"))
        self._statements = self._db.extract_statements(
            (NORMALIZE / f"{entity.name}.sql").read_text(encoding="utf-8")
        )
        self._db.execute(self._statements[0])
        self.shape = self._declared_shape()
        self._detector = DriftDetector(self.shape)
        self._db.execute("set variable run_id = $run_id", {"run_id": run_id})
        self._db.execute("set variable started_at = $at", {"at": started_at})
        self._db.execute("set variable structure = $s", {"s": json.dumps([structure(self.shape)])})
        self._db.execute(
            "create temp table known (key uhugeint, row_hash varchar, updated_at timestamptz);"
            "create temp table seen (key uhugeint);"
            "create temp table linked (key uhugeint)"
        )
        self._read([], Batch())
        for statement in self._statements[1:]:
            self._db.execute(statement)
        self._choose()

    def _declared_shape(self) -> Shape:
        (declared,) = self._db.execute("select getvariable('shape')").fetchone() or ("",)
        return resolve(json.loads(declared), shared_shapes())  # type: ignore[no-any-return]

    def remember(self, warehouse: pa.Table, links: dict[str, pa.Table]) -> None:
        """Take in what the warehouse holds: keys, hashes and times of the root, keys of links."""
        self._db.register("warehouse", warehouse)
        self._db.execute(
            f"insert into known select {_key_hash(self.entity.root)}, row_hash, updated_at "
            "from warehouse"
        )
        for table in self.entity.links:
            self._db.register("warehouse", links[table.name])
            self._db.execute(f"insert into linked select {_key_hash(table)} from warehouse")
        self._db.unregister("warehouse")

    def columns(self, table: Table) -> dict[str, str]:
        """Column names and DuckDB types of a warehouse table, known before any row is."""
        rows = self._db.sql(f"describe {self._output(table)}").fetchall()
        return {name: str(kind) for name, kind, *_ in rows}

    def inspect(self, page: Page) -> Inspected:
        """Compare a page with the shape; may run while another batch is being normalized."""
        return Inspected(page, self._detector.repair(page.records))

    def normalize(self, pages: Sequence[Inspected]) -> Batch:
        """The new and changed rows of these pages, per table, parents and children together."""
        batch = Batch()
        self._read(pages, batch)
        self._choose()
        self._count(pages, batch)
        for link in self.entity.links:
            batch.tables[link.name] = self._new_links(link)
        self._db.execute("delete from records where origin not in (select origin from chosen)")
        for table in (self.entity.root, *self.entity.children):
            batch.tables[table.name] = self._table(table)
        return batch

    def _new_links(self, link: Table) -> pa.Table:
        rows = self._table(link)
        self._db.register("written", rows)
        self._db.execute(f"insert into linked select {_key_hash(link)} from written")
        return rows

    def _read(self, pages: Iterable[Inspected], batch: Batch) -> None:
        rows = []
        for number, inspected in enumerate(pages):
            page, repair = inspected.page, inspected.repair
            batch.findings += [(page.stream.name, finding) for finding in repair.findings]
            batch.rejects += [
                Reject(page.stream.name, page.team_id, "not an object", None, raw.decode())
                for raw in repair.rejected
            ]
            origin = (number, page.team_id, page.stream.kind, page.parent_id)
            rows.append((*origin, repair.records, repair.hashes))
        columns = zip(*rows, strict=True) if rows else [[]] * len(INPUT)
        arrays = [pa.array(c, f.type) for c, f in zip(columns, INPUT, strict=True)]
        self._db.register("pages", pa.table(arrays, schema=INPUT))
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
        missing = " or ".join(f"{column} is null" for column in key_columns(root))
        self._db.execute(
            f"""
            create or replace temp table roots as from {root.name};

            create or replace temp table keyed as
            select origin, {columns}, {_key_hash(root)} as key, {missing} as is_keyless, row_hash,
                updated_at, updated_at_basis
            from roots;

            create or replace temp table chosen as
            select new.origin, {columns},
                known.key is not null as is_known,
                case
                    when known.key is null then coalesce(new.updated_at, {_STARTED_AT})
                    when new.updated_at > known.updated_at then new.updated_at
                    else greatest({_STARTED_AT}, known.updated_at)
                end as updated_at,
                case
                    when known.key is null and new.updated_at is not null
                        or new.updated_at > known.updated_at then new.updated_at_basis
                    else 'observed'
                end as updated_at_basis
            from keyed as new
            left join known on known.key = new.key
            where not new.is_keyless
                and new.key not in (from seen)
                and known.row_hash is distinct from new.row_hash
            qualify row_number() over (partition by new.key order by new.origin) = 1;

            insert into seen
            select distinct key from keyed where not is_keyless and key not in (from seen)
            """
        )

    def _output(self, table: Table) -> str:
        """The rows of a table out of the records that are left, which are the chosen ones."""
        if table == self.entity.root:
            return f"""
                select * exclude (origin),
                    null::timestamptz as deleted_at,
                    {_STARTED_AT} as loaded_at,
                    getvariable('run_id')::varchar as run_id
                from roots
                where origin in (select origin from chosen)
                """
        if table.parent is None:
            new = f"{_key_hash(table)} not in (from linked)"
            return f"select distinct * exclude (origin) from {table.name} where {new}"
        parent = ", ".join(key_columns(self.entity.root))
        return f"""
            select * exclude (origin), null::boolean as {TOMBSTONE} from {table.name}
            union all by name
            select {parent}, true as {TOMBSTONE} from chosen where is_known
            """

    def _table(self, table: Table) -> pa.Table:
        rows = _in_utc(self._db.sql(self._output(table)).to_arrow_table())
        if table != self.entity.root:
            return rows
        settled = self._db.sql("select updated_at, updated_at_basis from chosen order by origin")
        for name, column in zip(
            settled.columns, _in_utc(settled.to_arrow_table()).columns, strict=True
        ):
            rows = rows.set_column(rows.column_names.index(name), name, column)
        return rows

    def _count(self, pages: Sequence[Inspected], batch: Batch) -> None:
        """Records seen and changed by stream and team; records without a key become rejects."""
        for table, counted in (("records", batch.seen), ("chosen", batch.changed)):
            for number, count in self._rows(
                f"select origin // {_ORIGIN_PAGE}, count(*) from {table} group by 1"
            ):
                page = pages[number].page
                counted[page.stream.name, page.team_id] += count
                if table == "records" and page.parent_id and page.stream.kind:
                    batch.documents[page.team_id, page.stream.kind, page.parent_id] += count
        keyless = self._rows(
            f"select origin // {_ORIGIN_PAGE}, origin % {_ORIGIN_PAGE} from keyed "
            "where is_keyless order by origin"
        )
        for number, position in keyless:
            page, records = pages[number].page, pages[number].repair.records
            raw = bytes(split_records(records)[position - 1]).decode()
            name = ", ".join(self.entity.root.key)
            batch.rejects.append(Reject(page.stream.name, page.team_id, "no key", name, raw))

    def _rows(self, query: str) -> list[tuple[int, int]]:
        return self._db.sql(query).fetchall()


def _in_utc(table: pa.Table) -> pa.Table:
    """The same instants named in UTC; DuckDB names them in the zone it reads local times in."""
    utc = pa.timestamp("us", "UTC")
    fields = [f.with_type(utc) if pa.types.is_timestamp(f.type) else f for f in table.schema]
    return table.cast(pa.schema(fields))


_ORIGIN_PAGE = 1_000_000  # origin = page in the batch times this, plus position in the page
_STARTED_AT = "getvariable('started_at')::timestamptz"
