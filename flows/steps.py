"""The steps of a flow as Prefect tasks, and their order.

A load reads all teams at once and writes them together, so it is one task. What failed for a team
is then read again by a task for that team. Retries belong to tasks: a retry resumes from the
response log of the attempt before it, and requests nothing twice.
API: https://docs.prefect.io/v3/how-to-guides/workflows/retries
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import ParamSpec, TypeVar

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.exceptions import MissingResult
from prefect.tasks import Task, exponential_backoff

from flows.naming import format_teams
from flows.notifications import read_min_severity, send
from flows.progress import progress
from flows.settings import read_settings_for
from pipelines.foundation.errors import (
    AuthenticationError,
    ConfigurationError,
    GigstackError,
    WarehouseError,
)
from pipelines.gigstack.endpoint_types import Resource
from pipelines.load import LoadResult
from pipelines.load import run as load_run
from pipelines.load.run import LoadOptions
from pipelines.load.select import select_resources
from pipelines.monitoring import alerts
from pipelines.monitoring.alerts import AlertUpdate
from pipelines.monitoring.result import RunResult
from pipelines.publish import publication
from pipelines.publish.publication import Publication
from pipelines.transform import build
from pipelines.transform.build import Transformation

P = ParamSpec("P")
R = TypeVar("R")

NON_RETRYABLE = (AuthenticationError, ConfigurationError)
JITTER = 0.5  # share of a delay
LOAD_TIMEOUT = timedelta(hours=6)
STEP_TIMEOUT = timedelta(hours=1)  # of any other step


def _is_retryable(_task: Task[..., object], _run: TaskRun, state: State[object]) -> bool:
    """Whether another attempt may succeed."""
    return not isinstance(_error_of(state), NON_RETRYABLE)


def _is_warehouse_error(_task: Task[..., object], _run: TaskRun, state: State[object]) -> bool:
    """Whether another process held the file or the disk was full; any other error would repeat."""
    return isinstance(_error_of(state), WarehouseError | TimeoutError)


def _error_of(state: State[object]) -> object:
    try:
        return state.result(raise_on_failure=False, _sync=True)  # type: ignore[call-overload]
    except MissingResult:
        return None


def _warehouse_step(name: str) -> Callable[[Callable[P, R]], Task[P, R]]:
    """A task that is tried again when another process holds the warehouse."""
    return task(
        cache_policy=NO_CACHE,
        persist_result=False,
        task_run_name=name,
        retries=2,
        retry_delay_seconds=exponential_backoff(30),
        retry_jitter_factor=JITTER,
        retry_condition_fn=_is_warehouse_error,
        timeout_seconds=STEP_TIMEOUT.total_seconds(),
    )


@task(
    cache_policy=NO_CACHE,
    persist_result=False,
    task_run_name="load {label}",
    retries=3,
    retry_delay_seconds=exponential_backoff(10),
    retry_jitter_factor=JITTER,
    retry_condition_fn=_is_retryable,
    timeout_seconds=LOAD_TIMEOUT.total_seconds(),
)
def load(
    label: str,  # part of the name of the task run
    teams: Sequence[str] | None,
    data_dir: Path,
    resources: Sequence[Resource],
    options: LoadOptions,
) -> LoadResult:
    """Extract and load these resources of a group of teams."""
    settings = read_settings_for(teams)
    with progress(get_run_logger(), "gigstack-load") as on_progress:
        return load_run.load(settings, data_dir, resources, on_progress, options)


reload = load.with_options(task_run_name="reload {label}", retries=1, retry_delay_seconds=60)


@_warehouse_step("transform")
def transform(data_dir: Path) -> Transformation:
    """Build and test the models."""
    return build.transform(data_dir)


@_warehouse_step("publish")
def publish(data_dir: Path, pii: str | None = None) -> Publication:
    """Write the snapshot and the Parquet files that BI reads."""
    return publication.publish(data_dir, pii)


@_warehouse_step("record alerts")
def record_alerts(data_dir: Path, min_severity: str | None) -> AlertUpdate:
    """Record which alerts are open, which are new, and which are to be sent."""
    return alerts.record_alerts(data_dir, min_severity)


def load_teams(
    result: RunResult,
    teams: Sequence[str] | None,
    data_dir: Path,
    options: LoadOptions,
    names: Sequence[str] = (),
) -> None:
    """Load a group of teams, and read once more what failed for one of them."""
    resources = select_resources(names, read_settings_for(teams).documents)
    loaded = load(format_teams(teams), teams, data_dir, resources, options)
    result.loads.append(loaded)
    for team, failed in _failed_resources(loaded, resources).items():
        label = f"{team}: {', '.join(resource.name for resource in failed)}"
        try:
            result.reloads.append(reload(label, [team], data_dir, failed, options))
        except GigstackError as error:
            get_run_logger().warning("%s failed again: %s", label, error)


def _failed_resources(
    loaded: LoadResult, resources: Sequence[Resource]
) -> dict[str, list[Resource]]:
    """The resources that failed, by team."""
    failed = {(s.team_id, s.resource) for s in loaded.resources if s.status == "failed"}
    return {
        team: [resource for resource in resources if (team, resource.name) in failed]
        for team in sorted({team for team, _ in failed})
    }


def build_and_publish(result: RunResult, data_dir: Path) -> None:
    """Build the models, publish, record the alerts and send the new ones."""
    result.transformation = transform(data_dir)
    result.publication = publish(data_dir)
    send_alerts(result, data_dir)


def send_alerts(result: RunResult, data_dir: Path) -> None:
    """Record the alerts, and send those that are to be sent. What cannot be sent becomes a warning
    and is sent by the next run; the artifact shows all of them.
    """
    min_severity = None
    try:
        min_severity = read_min_severity()
    except ConfigurationError as error:
        result.send_error = str(error)
    result.alerts = record_alerts(data_dir, min_severity)
    if min_severity and result.alerts.unsent:
        result.send_error = send(result.alerts.unsent)
        if not result.send_error:
            alerts.mark_sent(data_dir, result.alerts.unsent)


def publish_changes(result: RunResult, data_dir: Path) -> None:
    """Build and publish, if a load has changed anything."""
    if any(load.total("rows_changed") + load.total("rows_deleted") for load in result.loads):
        build_and_publish(result, data_dir)
    else:
        get_run_logger().info("Nothing changed: models and published files stay as they are.")
