"""How a flow run ends: its turn on the warehouse, its artifacts, and its state.

`Failed` says that data is missing or wrong. What is all there but wants a look ends as completed,
under a name of its own that automations can tell apart.
API: https://docs.prefect.io/v3/concepts/states
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from flows.artifacts import record
from flows.parameters import data_dir_of
from flows.turns import turn
from pipelines.foundation.errors import GigstackError
from pipelines.monitoring.alerts import mark_reported
from pipelines.monitoring.result import RunResult

WITH_WARNINGS = "CompletedWithWarnings"
MAX_REASONS = 5

Work = Callable[[RunResult, Path], None]


def run_flow(
    flow: str,
    data_dir: Path | None,
    wait_minutes: float,
    work: Work,
    before: Work = lambda _night, _where: None,
) -> State[Any]:
    """Do the work of a flow in its turn, leave its artifacts, and say how it ended.

    What is to be done `before` takes turns of its own. An error of ours becomes the state `Failed`;
    any other is raised, for its traceback.
    """
    where = data_dir_of(data_dir)
    result = RunResult()
    error = _run_and_catch(before, result, where)
    try:
        with turn(where, wait_minutes):
            error = error or _run_and_catch(work, result, where)
            record(flow, result, where, error)
            if result.alerts:
                mark_reported(where, result.alerts)
    except GigstackError as busy:
        return Failed(message=str(busy))
    return state_of(result, error)


def _run_and_catch(work: Work, result: RunResult, where: Path) -> Exception | None:
    try:
        work(result, where)
    except Exception as error:  # told in the artifact first
        return error
    return None


def state_of(result: RunResult, error: Exception | None = None) -> State[Any]:
    """`Failed`, `CompletedWithWarnings` or `Completed`, with the reasons in its message."""
    if error and not isinstance(error, GigstackError):
        raise error
    if missing := [*([str(error)] if error else []), *result.missing()]:
        return Failed(message=_told(missing))
    if warnings := list(result.warnings()):
        return Completed(name=WITH_WARNINGS, message=_told(warnings))
    return Completed(message="All is loaded and as the API delivered it.")


def _told(reasons: Sequence[str]) -> str:
    more = len(reasons) - MAX_REASONS
    told = [*reasons[:MAX_REASONS], *([f"and {more} more"] if more > 0 else [])]
    return "; ".join(told)
