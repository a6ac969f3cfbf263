"""The details of one run, from the log of runs: by team and resource, for an operator to read."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines import warehouse
from pipelines.foundation.paths import LOADER_SQL, read_sql
from pipelines.monitoring.status import drift_of, freshness

Row = dict[str, Any]

OF_RUN = "where run_id = getvariable('run_id')"
REJECTS = f"""
    select team_id, stream, reason, field, count(*) as records
    from ops.rejects {OF_RUN} group by all order by all
"""
DRIFT = f"""
    select stream, path, kind, example, occurrences from ops.drift
    where last_seen_at = (select started_at from ops.runs {OF_RUN}) order by all
"""
DIFFERENCES = f"""
    select team_id, stream, measure, api_value, warehouse_value, difference
    from ops.reconciliation {OF_RUN} and difference <> 0 order by all
"""


@dataclass(frozen=True)
class RunDetails:
    """Rows as dictionaries, named as the columns of `ops`. Times are UTC.

    `resources` has one row per team and resource, with `read_at`: when it was last read without an
    error. `rejects` are counted by team, resource, reason and field.
    """

    run: Row
    resources: list[Row]
    rejects: list[Row]
    drift: list[Row]
    differences: list[Row]
    tables: list[Row]


def read_run_details(data_dir: Path, run_id: str) -> RunDetails:
    """Read the log of runs; changes nothing.

    Raises:
        WarehouseError: There is no warehouse, or another process holds it.
    """
    with warehouse.connect(data_dir, read_only=True) as connection:
        connection.execute("set variable run_id = $run", {"run": run_id})
        (run,) = warehouse.rows_of(connection, f"select * from ops.runs {OF_RUN}")
        resources = read_sql(LOADER_SQL / "run_details.sql")
        return RunDetails(
            run=run,
            resources=warehouse.rows_of(connection, resources),
            rejects=warehouse.rows_of(connection, REJECTS),
            drift=drift_of(connection, DRIFT),
            differences=warehouse.rows_of(connection, DIFFERENCES),
            tables=freshness(connection),
        )
