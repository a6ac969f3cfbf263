"""Extract and load: one run from the API to the warehouse and its ledger."""

import asyncio
import gc
import secrets
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from pipelines import warehouse
from pipelines.foundation.errors import (
    GigstackError,
    NothingReadError,
)
from pipelines.foundation.lock import exclusive_run
from pipelines.foundation.paths import response_logs_dir
from pipelines.gigstack.api import response_log
from pipelines.gigstack.api.client import RequestStats, open_client
from pipelines.gigstack.api.response_log import Header, ResponseLog
from pipelines.gigstack.api.teams import find_teams
from pipelines.gigstack.endpoints import RESOURCES, Resource
from pipelines.gigstack.extract.read_window import ReadWindows
from pipelines.gigstack.extract.runner import Extraction, ExtractionPlan
from pipelines.gigstack.extract.stats import ProgressCallback
from pipelines.gigstack.normalize.normalizer import Normalizers
from pipelines.gigstack.settings import Settings
from pipelines.gigstack.source import Watermarks, empty_tables
from pipelines.load import incremental
from pipelines.load.dlt_loader import (
    chunks,
    load_pending_packages,
    normalizers_for,
    pipeline_in,
    watermarks_of,
    write,
)
from pipelines.load.reconcile import reconcile
from pipelines.warehouse import run_log
from pipelines.warehouse.run_log import LoadResult


@dataclass(frozen=True)
class LoadOptions:
    """What a load is asked for, beside its streams."""

    mode: str = "incremental"  # or full, or backfill
    since: datetime | None = None  # takes the place of watermarks and look-backs
    allow_mass_delete: bool = False
    until: datetime | None = None  # with `since`: the end of the window, which belongs to it


DEFAULT_OPTIONS = LoadOptions()


def load(
    settings: Settings,
    data_dir: Path,
    resources: Sequence[Resource],
    on_progress: ProgressCallback,
    options: LoadOptions = DEFAULT_OPTIONS,
) -> LoadResult:
    """Read the streams of every team and merge what is new or changed into the warehouse.

    A run of the same order that died is gone on with: what it had fetched is not fetched again.
    Errors: AuthenticationError, ConfigurationError, WarehouseError. What a stream fails at is in
    the report, not raised.
    """
    with exclusive_run(data_dir), warehouse.connect(data_dir) as connection:
        run_log.prepare(connection)
        team_discovery = RequestStats()
        started_at = datetime.now(UTC)
        try:
            key_team, teams = asyncio.run(find_teams(settings, team_discovery))
        except GigstackError as error:
            run = LoadResult(new_run_id(started_at), options.mode, started_at, message=str(error))
            run_log.record(connection, run)
            raise
        question = _question(settings, resources, options, key_team, teams)
        response_log = _response_log(data_dir, question, started_at)
        run = LoadResult(
            response_log.header.run_id,
            options.mode,
            response_log.header.started_at,
            teams,
            team_discovery,
        )
        with run_log.recorded(connection, run), _lasting_objects_left_alone():
            try:
                _load(
                    run,
                    settings,
                    data_dir,
                    resources,
                    on_progress,
                    connection,
                    key_team,
                    options,
                    response_log,
                )
            except BaseException:
                response_log.close()
                raise
        response_log.finish()
    return run


@contextmanager
def _lasting_objects_left_alone() -> Iterator[None]:
    """Spare the garbage collector what is imported: records make it run all the time, and looking
    at some 100,000 modules and functions each time takes a tenth of a load.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def new_run_id(started_at: datetime) -> str:
    return f"{started_at:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def _question(
    settings: Settings,
    resources: Sequence[Resource],
    options: LoadOptions,
    key_team: str,
    teams: Sequence[str],
) -> dict[str, Any]:
    """All that decides on what a run asks the API for."""
    return {
        "mode": options.mode,
        "since": options.since and options.since.isoformat(),
        "until": options.until and options.until.isoformat(),
        "streams": [resource.name for resource in resources],
        "teams": list(teams),
        "key_team": key_team,
        "base_url": settings.base_url,
        "page_size": settings.page_size,
    }


def _response_log(data_dir: Path, question: dict[str, Any], now: datetime) -> ResponseLog:
    """The journal of a run that died on the way to the same, or a new one."""
    directory = response_logs_dir(data_dir)
    response_log.prune(directory, now)
    found = response_log.resumable(directory, question, now)
    return found or response_log.begin(directory, Header(new_run_id(now), now, question))


def _load(
    run: LoadResult,
    settings: Settings,
    data_dir: Path,
    resources: Sequence[Resource],
    on_progress: ProgressCallback,
    connection: duckdb.DuckDBPyConnection,
    key_team: str,
    options: LoadOptions,
    response_log: ResponseLog,
) -> None:
    load_pending_packages(data_dir, connection)
    existing = warehouse.table_names(connection)
    plan = ExtractionPlan(
        resources,
        run.teams,
        key_team,
        settings.page_size,
        settings.max_concurrency,
        settings.documents_request_budget,
        run.started_at,
        checked=run_log.checked_parents(connection),
    )
    moved: Watermarks = {}
    if existing:
        moved = watermarks_of(pipeline_in(data_dir, connection))
        plan = replace(plan, urgent=incremental.urgent_parents(connection, existing))
    if options.mode != "full":
        lists = plan.lists
        windows = partial(
            incremental.read_windows,
            connection,
            existing,
            lists,
            moved,
            settings,
            options.since,
            options.until,
        )
        plan = replace(plan, read_windows=_planned(response_log, windows))
    ready: Future[Normalizers] = Future()
    connect = partial(open_client, settings, response_log)
    extraction = Extraction(connect, plan, ready, on_progress)
    extraction.start()  # the first answers come in while all else gets ready
    try:
        normalizers = normalizers_for(run, resources, connection, existing)
        ready.set_result(normalizers)
        missing = empty_tables(normalizers, existing)

        def watermarks() -> Watermarks:
            return _moved(moved, run, extraction) if options.since is None else moved

        parts = chunks(run, extraction.batches(), missing)
        write(run, data_dir, connection, parts, normalizers, watermarks)
    finally:
        ready.cancel()  # for who waits for it in vain
        extraction.stop()
        run.resources = list(extraction.stats.values())
    if run.resources and all(resource.status == "failed" for resource in run.resources):
        raise NothingReadError(f"Nothing could be read. {run.resources[0].error}")
    reconcile(connection, run, normalizers, allow_mass_delete=options.allow_mass_delete)


def _planned(response_log: ResponseLog, windows: Callable[[], ReadWindows]) -> ReadWindows:
    """The windows with which the run began: what it loaded before it died has moved them since."""
    if response_log.plan is not None:
        return msgspec.msgpack.decode(response_log.plan, type=ReadWindows)
    found = windows()
    response_log.save_plan(msgspec.msgpack.encode(found))
    return found


def _moved(moved: Watermarks, run: LoadResult, extraction: Extraction) -> Watermarks:
    """The watermarks after this run: those of the lists that were read without an error move."""
    result = {team: dict(resources) for team, resources in moved.items()}
    mark = (run.started_at - incremental.SAFETY_MARGIN).isoformat()
    for report in extraction.stats.values():
        if report.status == "ok" and RESOURCES[report.resource].window:
            result.setdefault(report.team_id, {})[report.resource] = mark
    return result
