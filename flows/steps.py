"""The steps of a night as Prefect tasks, and the way through them.

A load reads all its teams at once and writes them in one go, so it is one task; what a team then
still lacks is read again by a task of that team. Retries belong to tasks: a retry goes on from the
journal of the try before it, and asks for nothing twice.
API: https://docs.prefect.io/v3/how-to-guides/workflows/retries
"""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.exceptions import MissingResult
from prefect.tasks import Task, exponential_backoff

from flows.access import settings_of
from flows.messages import min_severity, send
from flows.naming import teams_named
from flows.watching import watched
from pipelines import publish as publishing
from pipelines.foundation.errors import (
    AuthenticationError,
    ConfigurationError,
    GigstackError,
    WarehouseError,
)
from pipelines.gigstack.endpoints import Resource
from pipelines.load import run as loading
from pipelines.load.run import LoadOptions
from pipelines.load.select import select_resources
from pipelines.monitoring.alerts import AlertUpdate, mark_sent
from pipelines.monitoring.alerts import note_alerts as noting
from pipelines.monitoring.result import RunResult
from pipelines.publish.publication import Publication
from pipelines.transform import build as transforming
from pipelines.transform.build import Transformation
from pipelines.warehouse.run_log import LoadResult

NON_RETRYABLE = (AuthenticationError, ConfigurationError)
JITTER = 0.5  # of a delay, at most
LOAD_TIMEOUT = timedelta(hours=6)
MAX_STEP_TIME = timedelta(hours=1)  # of any other


def _may_pass(_task: Task[..., object], _run: TaskRun, state: State[object]) -> bool:
    """Whether another try may do better."""
    return not isinstance(_error_in(state), NON_RETRYABLE)


def _is_about_the_warehouse(_task: Task[..., object], _run: TaskRun, state: State[object]) -> bool:
    """Whether somebody else held the file, or the disk was full: all else stays as it is."""
    return isinstance(_error_in(state), WarehouseError | TimeoutError)


def _error_in(state: State[object]) -> object:
    try:
        return state.result(raise_on_failure=False, _sync=True)  # type: ignore[call-overload]
    except MissingResult:
        return None


@task(
    cache_policy=NO_CACHE,
    persist_result=False,
    task_run_name="load {label}",
    retries=3,
    retry_delay_seconds=exponential_backoff(10),
    retry_jitter_factor=JITTER,
    retry_condition_fn=_may_pass,
    timeout_seconds=LOAD_TIMEOUT.total_seconds(),
)
def load(
    label: str,  # for people: it stands in the name of the task
    teams: Sequence[str] | None,
    data_dir: Path,
    resources: Sequence[Resource],
    options: LoadOptions,
) -> LoadResult:
    """Extract and load these streams of a group of teams."""
    with watched(get_run_logger(), "gigstack-load") as on_progress:
        return loading.load(settings_of(teams), data_dir, resources, on_progress, options)


load_again = load.with_options(
    task_run_name="load again {label}", retries=1, retry_delay_seconds=60
)


@task(
    cache_policy=NO_CACHE,
    persist_result=False,
    task_run_name="transform",
    retries=2,
    retry_delay_seconds=exponential_backoff(30),
    retry_jitter_factor=JITTER,
    retry_condition_fn=_is_about_the_warehouse,
    timeout_seconds=MAX_STEP_TIME.total_seconds(),
)
def transform(data_dir: Path) -> Transformation:
    """Build and test the models."""
    return transforming.transform(data_dir)


@task(
    cache_policy=NO_CACHE,
    persist_result=False,
    task_run_name="publish",
    retries=2,
    retry_delay_seconds=exponential_backoff(30),
    retry_jitter_factor=JITTER,
    retry_condition_fn=_is_about_the_warehouse,
    timeout_seconds=MAX_STEP_TIME.total_seconds(),
)
def publish(data_dir: Path, pii: str | None = None) -> Publication:
    """Write the snapshot and the Parquet files that BI reads."""
    return publishing.publish(data_dir, pii)


@task(
    cache_policy=NO_CACHE,
    persist_result=False,
    task_run_name="note alerts",
    retries=2,
    retry_delay_seconds=exponential_backoff(30),
    retry_jitter_factor=JITTER,
    retry_condition_fn=_is_about_the_warehouse,
    timeout_seconds=MAX_STEP_TIME.total_seconds(),
)
def note_alerts(data_dir: Path, least: str | None) -> AlertUpdate:
    """Note which alerts are there, which are new, and which are to be sent."""
    return noting(data_dir, least)


def load_group(
    result: RunResult,
    teams: Sequence[str] | None,
    data_dir: Path,
    options: LoadOptions,
    names: Sequence[str] = (),
) -> None:
    """Load a group of teams, and once more what one of them then lacks."""
    resources = select_resources(names, settings_of(teams).documents)
    run = load(teams_named(teams), teams, data_dir, resources, options)
    result.runs.append(run)
    for team, lacking in _lacking(run, resources).items():
        label = f"{team}: {', '.join(resource.name for resource in lacking)}"
        try:
            result.repeats.append(load_again(label, [team], data_dir, lacking, options))
        except GigstackError as error:
            get_run_logger().warning("%s is still missing: %s", label, error)


def _lacking(run: LoadResult, resources: Sequence[Resource]) -> dict[str, list[Resource]]:
    """By team, the streams that failed while others came through."""
    failed = {
        (report.team_id, report.resource) for report in run.resources if report.status == "failed"
    }
    return {
        team: [resource for resource in resources if (team, resource.name) in failed]
        for team in sorted({team for team, _ in failed})
    }


def build_and_publish(result: RunResult, data_dir: Path) -> None:
    """Build the models from what is loaded, publish them, and tell which alerts are new."""
    result.transformation = transform(data_dir)
    result.publication = publish(data_dir)
    send_alerts(result, data_dir)


def send_alerts(result: RunResult, data_dir: Path) -> None:
    """Note the alerts, and send those that are to be sent. What cannot be sent is a warning, and
    goes with the next night; the artifact has them all.
    """
    least = None
    try:
        least = min_severity()
    except ConfigurationError as error:
        result.not_sent = str(error)
    result.alerts = note_alerts(data_dir, least)
    if least and result.alerts.unsent:
        result.not_sent = send(result.alerts.unsent)
        if not result.not_sent:
            mark_sent(data_dir, result.alerts.unsent)


def publish_changes(result: RunResult, data_dir: Path) -> None:
    """Build and publish, where a load has changed anything."""
    if any(run.total("rows_changed") + run.total("rows_deleted") for run in result.runs):
        build_and_publish(result, data_dir)
    else:
        get_run_logger().info("Nothing changed: models and published files stay as they are.")
