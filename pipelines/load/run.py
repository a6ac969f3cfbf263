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
from pipelines.gigstack.api.client import Meter, connected
from pipelines.gigstack.api.response_log import Header, Journal
from pipelines.gigstack.api.teams import find_teams
from pipelines.gigstack.endpoints import STREAMS, Stream
from pipelines.gigstack.extract.read_window import Readings
from pipelines.gigstack.extract.runner import Assignment, Extraction
from pipelines.gigstack.extract.stats import Watcher
from pipelines.gigstack.normalize.normalizer import Normalizers
from pipelines.gigstack.settings import Settings
from pipelines.gigstack.source import Watermarks, empty_tables
from pipelines.load import incremental
from pipelines.load.dlt_loader import (
    chunks,
    drain,
    normalizers_for,
    pipeline_in,
    watermarks_of,
    write,
)
from pipelines.load.reconcile import settle
from pipelines.warehouse import run_log
from pipelines.warehouse.run_log import RunReport


@dataclass(frozen=True)
class Order:
    """What a load is asked for, beside its streams."""

    mode: str = "incremental"  # or full, or backfill
    since: datetime | None = None  # takes the place of watermarks and look-backs
    allow_mass_delete: bool = False
    until: datetime | None = None  # with `since`: the end of the window, which belongs to it


DEFAULT = Order()


def load(
    settings: Settings,
    data_dir: Path,
    streams: Sequence[Stream],
    watch: Watcher,
    order: Order = DEFAULT,
) -> RunReport:
    """Read the streams of every team and merge what is new or changed into the warehouse.

    A run of the same order that died is gone on with: what it had fetched is not fetched again.
    Errors: AuthenticationError, ConfigurationError, WarehouseError. What a stream fails at is in
    the report, not raised.
    """
    with exclusive_run(data_dir), warehouse.opened(data_dir) as connection:
        run_log.prepare(connection)
        finding_teams = Meter()
        started_at = datetime.now(UTC)
        try:
            key_team, teams = asyncio.run(find_teams(settings, finding_teams))
        except GigstackError as error:
            run = RunReport(new_run_id(started_at), order.mode, started_at, message=str(error))
            run_log.record(connection, run)
            raise
        question = _question(settings, streams, order, key_team, teams)
        journal = _journal(data_dir, question, started_at)
        run = RunReport(
            journal.header.run_id, order.mode, journal.header.started_at, teams, finding_teams
        )
        with run_log.recorded(connection, run), _lasting_objects_left_alone():
            try:
                _load(run, settings, data_dir, streams, watch, connection, key_team, order, journal)
            except BaseException:
                journal.close()
                raise
        journal.finish()
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
    settings: Settings, streams: Sequence[Stream], order: Order, key_team: str, teams: Sequence[str]
) -> dict[str, Any]:
    """All that decides on what a run asks the API for."""
    return {
        "mode": order.mode,
        "since": order.since and order.since.isoformat(),
        "until": order.until and order.until.isoformat(),
        "streams": [stream.name for stream in streams],
        "teams": list(teams),
        "key_team": key_team,
        "base_url": settings.base_url,
        "page_size": settings.page_size,
    }


def _journal(data_dir: Path, question: dict[str, Any], now: datetime) -> Journal:
    """The journal of a run that died on the way to the same, or a new one."""
    directory = response_logs_dir(data_dir)
    response_log.prune(directory, now)
    found = response_log.resumable(directory, question, now)
    return found or response_log.begin(directory, Header(new_run_id(now), now, question))


def _load(
    run: RunReport,
    settings: Settings,
    data_dir: Path,
    streams: Sequence[Stream],
    watch: Watcher,
    connection: duckdb.DuckDBPyConnection,
    key_team: str,
    order: Order,
    journal: Journal,
) -> None:
    drain(data_dir, connection)
    existing = warehouse.table_names(connection)
    assignment = Assignment(
        streams,
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
        assignment = replace(assignment, urgent=incremental.urgent_parents(connection, existing))
    if order.mode != "full":
        lists = assignment.lists
        windows = partial(
            incremental.readings,
            connection,
            existing,
            lists,
            moved,
            settings,
            order.since,
            order.until,
        )
        assignment = replace(assignment, readings=_planned(journal, windows))
    ready: Future[Normalizers] = Future()
    connect = partial(connected, settings, journal)
    extraction = Extraction(connect, assignment, ready, watch)
    extraction.start()  # the first answers come in while all else gets ready
    try:
        normalizers = normalizers_for(run, streams, connection, existing)
        ready.set_result(normalizers)
        missing = empty_tables(normalizers, existing)

        def watermarks() -> Watermarks:
            return _moved(moved, run, extraction) if order.since is None else moved

        parts = chunks(run, extraction.batches(), missing)
        write(run, data_dir, connection, parts, normalizers, watermarks)
    finally:
        ready.cancel()  # for who waits for it in vain
        extraction.stop()
        run.streams = list(extraction.reports.values())
    if run.streams and all(stream.status == "failed" for stream in run.streams):
        raise NothingReadError(f"Nothing could be read. {run.streams[0].error}")
    settle(connection, run, normalizers, allow_mass_delete=order.allow_mass_delete)


def _planned(journal: Journal, windows: Callable[[], Readings]) -> Readings:
    """The windows with which the run began: what it loaded before it died has moved them since."""
    if journal.plan is not None:
        return msgspec.msgpack.decode(journal.plan, type=Readings)
    found = windows()
    journal.note(msgspec.msgpack.encode(found))
    return found


def _moved(moved: Watermarks, run: RunReport, extraction: Extraction) -> Watermarks:
    """The watermarks after this run: those of the lists that were read without an error move."""
    result = {team: dict(streams) for team, streams in moved.items()}
    mark = (run.started_at - incremental.SAFETY_MARGIN).isoformat()
    for report in extraction.reports.values():
        if report.status == "ok" and STREAMS[report.stream].window:
            result.setdefault(report.team_id, {})[report.stream] = mark
    return result
