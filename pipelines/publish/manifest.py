"""`manifest.json` and `data_dictionary.csv`: the contents of a version.

The figures of the manifest are read back from the finished files, so they prove what was written.
"""

import csv
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from pipelines.foundation.sql_text import literal
from pipelines.publish.relations import Relation
from pipelines.publish.versions import DICTIONARY, MANIFEST, SNAPSHOT

HEADINGS = ("schema", "table", "column", "type", "description", "personal")


def snapshot_entry(
    version: Path, tables: Sequence[Relation], figures: Mapping[str, list[Any]]
) -> dict[str, Any]:
    """The entry of the snapshot; its sums are named schema.table.column."""
    sums = {
        f"{table.schema}.{table.name}.{column}": amount
        for table in tables
        for column, amount in zip(table.decimals, figures[table.path][1:], strict=True)
    }
    columns = [
        f"{table.schema}.{table.name}.{column.name} {column.type}"
        for table in tables
        for column in table.columns
    ]
    rows = sum(rows for rows, *_ in figures.values())
    return _entry(version / SNAPSHOT, version, rows, columns, sums)


def parquet_source(path: Path) -> str:
    """A Parquet file as SQL reads it, after FROM."""
    return f"read_parquet({literal(str(path))}, hive_partitioning = false)"


def parquet_entry(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    version: Path,
    table: Relation,
    figures: list[Any],
) -> dict[str, Any]:
    """The entry of a Parquet file; `figures` were read from the file itself."""
    rows, *amounts = figures
    described = connection.execute(f"describe from {parquet_source(path)}").fetchall()
    columns = [f"{name} {kind}" for name, kind, *_ in described]
    sums = dict(zip(table.decimals, amounts, strict=True))
    entry = _entry(path, version, rows, columns, sums)
    return {"path": entry.pop("path"), "schema": table.schema, "table": table.name} | entry


def _entry(
    path: Path, version: Path, rows: int, columns: list[str], sums: dict[str, Decimal | None]
) -> dict[str, Any]:
    return {
        "path": str(path.relative_to(version)),
        "rows": rows,
        "bytes": path.stat().st_size,
        "schema_hash": hashlib.sha256("\n".join(columns).encode()).hexdigest()[:16],
        "sums": {column: f"{amount or Decimal(0):f}" for column, amount in sums.items()},
    }


def write_manifest(version: Path, header: dict[str, Any], files: list[dict[str, Any]]) -> None:
    document = json.dumps(header | {"files": files}, default=_as_text, ensure_ascii=False, indent=1)
    (version / MANIFEST).write_text(document + "\n", encoding="utf-8")


def read_manifest(version: Path) -> dict[str, Any]:
    return json.loads((version / MANIFEST).read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def write_dictionary(version: Path, relations: Sequence[Relation]) -> None:
    """Write one line for each column of every published table and view."""
    with (version / DICTIONARY).open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(HEADINGS)
        for relation in relations:
            for column in relation.columns:
                personal = "yes" if column.is_personal else "no"
                place = (relation.schema, relation.name, column.name)
                lines.writerow((*place, column.type, column.description, personal))


def _as_text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
