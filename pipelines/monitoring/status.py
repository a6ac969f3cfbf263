"""What the warehouse and its ledger say of themselves: the `status` command."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from pipelines import warehouse
from pipelines.gigstack.endpoints import ENTITIES
from pipelines.load import dlt_cleanup
from pipelines.publish.publication import Publication, last_publication
from pipelines.warehouse import run_log

LAST_RUNS = 5


@dataclass(frozen=True)
class Status:
    """Rows of dictionaries: the last runs, freshness by root table, and what is open."""

    runs: list[dict[str, Any]]
    streams: list[dict[str, Any]]
    tables: list[dict[str, Any]]
    drift: list[dict[str, Any]]
    differences: list[dict[str, Any]]
    rejects: int  # of the last run
    rejects_kept: int  # of all runs, each record once; `load --retry-rejects` tries them again
    pending_packages: int
    published: Publication | None  # what readers see

    @property
    def needs_attention(self) -> bool:
        return bool((self.runs and self.runs[0]["status"] != "ok") or self.pending_packages)


def read_status(data_dir: Path) -> Status:
    """Read the ledger without changing anything. Times are UTC.

    Errors: WarehouseError when there is no warehouse yet, or another process holds it.
    """
    with warehouse.connect(data_dir, read_only=True) as connection:
        return Status(
            warehouse.rows_of(
                connection,
                f"select * from ops.runs order by started_at desc, run_id limit {LAST_RUNS}",
            ),
            warehouse.rows_of(
                connection,
                """
                select team_id, stream, status, error from ops.run_streams
                where run_id = (select run_id from ops.runs order by started_at desc limit 1)
                    and (status <> 'ok' or error is not null)
                order by all
                """,
            ),
            freshness(connection),
            warehouse.rows_of(
                connection, "select * from ops.drift order by last_seen_at desc, stream, path"
            ),
            warehouse.rows_of(
                connection,
                """
                select team_id, stream, measure, api_value, warehouse_value
                from ops.reconciliation
                where run_id = (select run_id from ops.runs order by started_at desc limit 1)
                    and difference <> 0
                order by all
                """,
            ),
            _rejects_of_last_run(connection),
            len(run_log.open_rejects(connection)),
            dlt_cleanup.pending(data_dir),
            last_publication(data_dir),
        )


def freshness(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """For each root table: rows, when they last changed and when they were last written."""
    existing = warehouse.table_names(connection)
    roots = [entity.root.name for entity in ENTITIES.values() if entity.root.name in existing]
    if not roots:
        return []
    return warehouse.rows_of(
        connection,
        " union all ".join(
            f"select '{name}' as table_name, count(*) as rows, max(updated_at) as updated_at, "
            f"max(loaded_at) as loaded_at from {warehouse.SCHEMA}.{name}"
            for name in roots
        )
        + " order by table_name",
    )


def _rejects_of_last_run(connection: duckdb.DuckDBPyConnection) -> int:
    (count,) = connection.execute(
        "select count(*) from ops.rejects "
        "where run_id = (select run_id from ops.runs order by started_at desc limit 1)"
    ).fetchone() or (0,)
    return int(count)
