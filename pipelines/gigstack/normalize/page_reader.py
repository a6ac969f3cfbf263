"""Reads pages into two relations of a normalizer's DuckDB.

`pages` has one row per page: `page` (its number in the batch, from 0), `team_id`, `kind`,
`parent_id`, `body` (a JSON array) and `hashes` (one per element of the array, null for null).

`records` has one row per record: `origin` (its place in the batch, see `place_of`), `team_id`,
`kind`, `parent_id`, `o` (the typed record) and `row_hash`. The views of an entity's SQL read it.
API: https://duckdb.org/docs/stable/data/json/overview
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.gigstack.normalize.arrow import array_of
from pipelines.gigstack.normalize.batch import CheckedPage
from pipelines.gigstack.normalize.schema import Shape, structure

ORIGINS_PER_PAGE = 1_000_000  # more than a page has records

_FIELDS: list[pa.Field[Any]] = [
    pa.field("page", pa.int64()),
    pa.field("team_id", pa.string()),
    pa.field("kind", pa.string()),
    pa.field("parent_id", pa.string()),
    pa.field("body", pa.string()),
    pa.field("hashes", pa.list_(pa.string())),
]
_SCHEMA = pa.schema(_FIELDS)


def place_of(origin: int) -> tuple[int, int]:
    """The number of a record's page (from 0), and the record's position on it (from 1)."""
    return divmod(origin, ORIGINS_PER_PAGE)


class PageReader:
    """Makes `pages` and `records` in one normalizer's DuckDB; both exist from the start, empty."""

    def __init__(self, db: duckdb.DuckDBPyConnection, shape: Shape) -> None:
        self._db = db
        self._db.execute("set variable structure = $s", {"s": json.dumps([structure(shape)])})
        self.register([])
        self.read_records()

    def register(self, pages: Iterable[CheckedPage]) -> None:
        """Replace `pages` by these."""
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
        columns = zip(*rows, strict=True) if rows else [[]] * len(_SCHEMA)
        arrays = [array_of(c, f.type) for c, f in zip(columns, _SCHEMA, strict=True)]
        self._db.register("pages", pa.table(arrays, schema=_SCHEMA))

    def read_records(self) -> None:
        """Replace `records` by the records on `pages`."""
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
            select page * {ORIGINS_PER_PAGE} + position as origin,
                team_id, kind, parent_id, o, row_hash
            from elements
            where o is not null
            """
        )
