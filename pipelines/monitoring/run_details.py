"""One run as the ledger tells it, team by team and stream by stream: what an operator looks at."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines import warehouse
from pipelines.foundation.paths import LOADER_SQL, read_sql
from pipelines.monitoring.status import freshness

Row = dict[str, Any]


@dataclass(frozen=True)
class RunDetails:
    """Rows of dictionaries. `run` is the row of `ops.runs`; `streams` has one row per team and
    stream, whose `read_at` is when it was last read without an error. Times are UTC.
    """

    run: Row
    resources: list[Row]
    rejects: list[Row]  # by team, stream, reason and field, with how many
    drift: list[Row]
    differences: list[Row]
    tables: list[Row]


def read_run_details(data_dir: Path, run_id: str) -> RunDetails:
    """Read the ledger without changing anything.

    Errors: WarehouseError when there is no warehouse, or another process holds it.
    """
    with warehouse.connect(data_dir, read_only=True) as connection:
        connection.execute("set variable run_id = $run", {"run": run_id})
        query = read_sql(LOADER_SQL / "run_details.sql")
        of_run = "where run_id = getvariable('run_id')"
        (run,) = warehouse.rows_of(connection, f"select * from ops.runs {of_run}")
        return RunDetails(
            run,
            warehouse.rows_of(connection, query),
            warehouse.rows_of(
                connection,
                "select team_id, stream, reason, field, count(*) as records "
                f"from ops.rejects {of_run} group by all order by all",
            ),
            warehouse.rows_of(
                connection,
                "select stream, path, kind, example, occurrences from ops.drift "
                f"where last_seen_at = (select started_at from ops.runs {of_run}) order by all",
            ),
            warehouse.rows_of(
                connection,
                "select team_id, stream, measure, api_value, warehouse_value, difference "
                f"from ops.reconciliation {of_run} and difference <> 0 order by all",
            ),
            freshness(connection),
        )
