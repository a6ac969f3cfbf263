"""How a flow run works: it locks the warehouse, does its work, leaves artifacts, ends in a state.

`Failed` means that data is missing or wrong. A run that is complete but needs attention ends as
completed, under a name of its own that automations can recognise.
API: https://docs.prefect.io/v3/concepts/states
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from flows.artifacts import create_artifacts
from flows.locking import locked
from flows.parameters import resolve_data_dir
from pipelines.foundation.errors import GigstackError
from pipelines.foundation.privacy import keep_private
from pipelines.foundation.wording import shorten
from pipelines.monitoring.alerts import mark_reported
from pipelines.monitoring.result import RunResult

WITH_WARNINGS = "CompletedWithWarnings"
MAX_REASONS = 5  # in the message of a state

Work = Callable[[RunResult, Path], None]


def _nothing(_result: RunResult, _data_dir: Path) -> None:
    """The default for work that comes first."""


def run_flow(
    flow: str,
    data_dir: Path | None,
    wait_minutes: float,
    work: Work,
    unlocked_work: Work = _nothing,
) -> State[Any]:
    """Do the work of a flow with the warehouse locked, create its artifacts, return its state.

    `unlocked_work` comes first, and locks the warehouse itself as often as it needs. An error of
    this program becomes the state `Failed`; any other is raised, so that its traceback is logged.
    """
    keep_private()
    directory = resolve_data_dir(data_dir)
    result = RunResult()
    error = _run_and_catch(unlocked_work, result, directory)
    try:
        with locked(directory, wait_minutes):
            error = error or _run_and_catch(work, result, directory)
            create_artifacts(flow, result, directory, error)
            if result.alerts:
                mark_reported(directory, result.alerts)
    except GigstackError as lock_error:
        return Failed(message=str(lock_error))
    return state_of(result, error)


def _run_and_catch(work: Work, result: RunResult, data_dir: Path) -> Exception | None:
    """Do the work, and return its error, which the artifact shows first."""
    try:
        work(result, data_dir)
    except Exception as error:
        return error
    return None


def state_of(result: RunResult, error: Exception | None = None) -> State[Any]:
    """`Failed`, `CompletedWithWarnings` or `Completed`, with the reasons in its message."""
    if error and not isinstance(error, GigstackError):
        raise error
    if errors := [*([str(error)] if error else []), *result.errors()]:
        return Failed(message=shorten(errors, MAX_REASONS, "; "))
    if warnings := list(result.warnings()):
        return Completed(name=WITH_WARNINGS, message=shorten(warnings, MAX_REASONS, "; "))
    return Completed(message="Everything is loaded as the API delivered it.")
