"""Notes in `ops.model_builds` which models a build built, and why it did not build the others.

A model that cannot be built keeps its last good table.
"""

from collections.abc import Sequence
from datetime import datetime

import duckdb

from pipelines.transform.dbt_runner import NodeResult
from pipelines.warehouse.model_builds import AFTER_ANOTHER

_NOTE = """
    merge into ops.model_builds as noted
    using built on (noted.schema_name, noted.model_name) = (built.schema_name, built.model_name)
    when matched then update set
        built_at = if(built.error is null, $at, noted.built_at),
        failed_at = if(built.error is not null, coalesce(noted.failed_at, $at), null),
        error = built.error
    when not matched then insert values (
        built.schema_name,
        built.model_name,
        if(built.error is null, $at, null),
        if(built.error is not null, $at, null),
        built.error
    )
"""


def note_builds(
    connection: duckdb.DuckDBPyConnection,
    results: Sequence[NodeResult],
    built_at: datetime,
    *,
    is_everything: bool,
) -> None:
    """Note which models were built, and why others were not. What was not selected stays; what a
    build of everything does not have is no model any more.
    """
    by_id = {result.unique_id: result for result in results}
    connection.execute(
        "create or replace temp table built as "
        "select schema_name, model_name, error from ops.model_builds limit 0"
    )
    for result in results:
        if result.kind in ("model", "seed"):
            row = [result.schema, result.name, _error(result, by_id)]
            connection.execute("insert into built values ($1, $2, $3)", row)
    connection.execute(_NOTE, {"at": built_at})
    if is_everything:
        connection.execute(
            "delete from ops.model_builds where (schema_name, model_name) not in "
            "(select schema_name, model_name from built)"
        )


def _error(result: NodeResult, by_id: dict[str, NodeResult]) -> str | None:
    """Why a node was not built: its own error, or the nodes before it that failed."""
    if result.is_failed:
        return result.message
    if result.status != "skipped":
        return None
    causes = sorted({by_id[cause].name for cause in _failed_before(result, by_id)})
    return f"{', '.join(causes)} {AFTER_ANOTHER}" if causes else "it was not reached"


def _failed_before(result: NodeResult, by_id: dict[str, NodeResult]) -> set[str]:
    """The failed nodes that a skipped one reads, directly or through others."""
    failed: set[str] = set()
    for unique_id in result.reads:
        if read := by_id.get(unique_id):
            failed |= {unique_id} if read.is_failed else _failed_before(read, by_id)
    return failed
