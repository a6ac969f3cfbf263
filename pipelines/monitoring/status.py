"""The state of the warehouse and its last runs: the `status` command."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from pipelines import warehouse
from pipelines.gigstack.endpoints import ENTITIES
from pipelines.load import dlt_cleanup
from pipelines.monitoring.list_report import lists_of_last_run
from pipelines.publish.personal import shown
from pipelines.publish.publication import Publication, last_publication
from pipelines.warehouse.backup import Backup, last_backup
from pipelines.warehouse.run_log import open_rejects

Row = dict[str, Any]

LAST_RUNS = 5
OF_LAST_RUN = "where run_id = (select run_id from ops.runs order by started_at desc limit 1)"
RUNS = f"select * from ops.runs order by started_at desc, run_id limit {LAST_RUNS}"
DEVIATING_RESOURCES = f"""
    select team_id, stream, status, error from ops.run_streams
    {OF_LAST_RUN} and (status <> 'ok' or error is not null) order by all
"""
DRIFT = "select * from ops.drift order by last_seen_at desc, stream, path"
DIFFERENCES = f"""
    select team_id, stream, measure, api_value, warehouse_value from ops.reconciliation
    {OF_LAST_RUN} and difference <> 0 order by all
"""


@dataclass(frozen=True)
class Status:
    """Rows as dictionaries. It is printed as JSON, which names things as the columns of `ops`."""

    runs: list[Row]
    streams: list[Row]  # resources of the last run that are not ok
    lists: list[Row]  # what each resource of the last load delivered, and whether it is whole
    tables: list[Row]  # how fresh each root table is
    drift: list[Row]
    differences: list[Row]  # of the last run
    rejects: int  # of the last run
    rejects_kept: int  # of all runs, each record once; `load --retry-rejects` tries them again
    pending_packages: int
    published: Publication | None
    backup: Backup | None  # the last one

    @property
    def needs_attention(self) -> bool:
        return bool((self.runs and self.runs[0]["status"] != "ok") or self.pending_packages)


def read_status(data_dir: Path) -> Status:
    """Read the log of runs; changes nothing. Times are UTC.

    Raises:
        WarehouseError: There is no warehouse yet, or another process holds it.
    """
    with warehouse.connect(data_dir, read_only=True) as connection:
        return Status(
            runs=warehouse.rows_of(connection, RUNS),
            streams=warehouse.rows_of(connection, DEVIATING_RESOURCES),
            lists=lists_of_last_run(connection),
            tables=freshness(connection),
            drift=drift_of(connection, DRIFT),
            differences=warehouse.rows_of(connection, DIFFERENCES),
            rejects=warehouse.count(connection, f"ops.rejects {OF_LAST_RUN}"),
            rejects_kept=len(open_rejects(connection)),
            pending_packages=dlt_cleanup.pending(data_dir),
            published=last_publication(data_dir),
            backup=last_backup(data_dir),
        )


def drift_of(connection: duckdb.DuckDBPyConnection, query: str) -> list[Row]:
    """Findings of drift, without their examples where personal data is not to be shown."""
    rows = warehouse.rows_of(connection, query)
    examples = shown(row["example"] for row in rows)
    return [row | {"example": example} for row, example in zip(rows, examples, strict=True)]


def freshness(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """For each root table: its rows, when they last changed and when they were last written."""
    existing = warehouse.table_names(connection)
    roots = [entity.root.name for entity in ENTITIES.values() if entity.root.name in existing]
    if not roots:
        return []
    queries = (
        f"select '{name}' as table_name, count(*) as rows, max(updated_at) as updated_at, "
        f"max(loaded_at) as loaded_at from {warehouse.SCHEMA}.{name}"
        for name in roots
    )
    return warehouse.rows_of(connection, " union all ".join(queries) + " order by table_name")
