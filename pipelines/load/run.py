"""Extract and load: one run from the API to the warehouse and its log of runs."""

import asyncio
import gc
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from pipelines import warehouse
from pipelines.foundation.errors import GigstackError, NothingReadError
from pipelines.foundation.lock import exclusive_run
from pipelines.foundation.paths import response_logs_dir
from pipelines.gigstack.api import response_log
from pipelines.gigstack.api.client import open_client
from pipelines.gigstack.api.findings import read_findings
from pipelines.gigstack.api.response_log import Header, ResponseLog
from pipelines.gigstack.api.teams import find_teams
from pipelines.gigstack.endpoint_types import Resource
from pipelines.gigstack.endpoints import RESOURCES
from pipelines.gigstack.extract.read_window import ReadWindows
from pipelines.gigstack.extract.runner import Extraction, ExtractionPlan, lists_of
from pipelines.gigstack.extract.stats import ProgressCallback
from pipelines.gigstack.normalize.batch import Batch
from pipelines.gigstack.normalize.normalizer import Normalizers
from pipelines.gigstack.settings import Settings
from pipelines.gigstack.source import Watermarks, empty_tables
from pipelines.load.dlt_loader import DltLoader, open_loader
from pipelines.load.incremental import SAFETY_MARGIN, WindowPlanner, urgent_parents
from pipelines.load.mode import check_mode
from pipelines.load.normalizers import create_normalizers
from pipelines.load.reconcile import fail_incomplete_lists, reconcile
from pipelines.warehouse.lost_tables import complete_tables, rebuilt_at
from pipelines.warehouse.retention import kept_small
from pipelines.warehouse.run_log import (
    LoadResult,
    checked_parents,
    is_first_load,
    known_drift,
    lists_that_answered,
)
from pipelines.warehouse.run_log_writer import record, recorded
from pipelines.warehouse.settings import read_retention


@dataclass(frozen=True)
class LoadOptions:
    """How a load reads its resources."""

    mode: str = "incremental"  # or full, or backfill
    since: datetime | None = None  # replaces watermarks and look-backs
    allow_mass_delete: bool = False
    until: datetime | None = None  # with `since`: the end of the window, inclusive


DEFAULT_OPTIONS = LoadOptions()
REMEMBERED_FOR = timedelta(days=30)  # a list that answered since then must still answer


@dataclass(frozen=True)
class LoadRequest:
    """Everything that decides what a load reads from the API."""

    settings: Settings
    resources: Sequence[Resource]
    options: LoadOptions
    key_team: str
    teams: tuple[str, ...]
    rebuilt_at: Mapping[str, datetime] = field(default_factory=dict)  # tables, by entity

    def as_json(self) -> dict[str, Any]:
        """The request as the response log stores it; an equal one resumes an interrupted run."""
        options = self.options
        return {
            "mode": options.mode,
            "since": options.since and options.since.isoformat(),
            "until": options.until and options.until.isoformat(),
            "streams": [resource.name for resource in self.resources],
            "teams": list(self.teams),
            "key_team": self.key_team,
            "base_url": self.settings.base_url,
            "page_size": self.settings.page_size,
            "read_singles": [r.name for r in self.resources if self.settings.reads_singles(r)],
            "rebuilt_at": {name: at.isoformat() for name, at in self.rebuilt_at.items()},
        }


def load(
    settings: Settings,
    data_dir: Path,
    resources: Sequence[Resource],
    on_progress: ProgressCallback,
    options: LoadOptions = DEFAULT_OPTIONS,
) -> LoadResult:
    """Read the resources of every team and merge new and changed rows into the warehouse.

    An interrupted run with the same request resumes: it requests nothing that it already has. The
    failure of a single resource is part of the result, and not raised.

    Raises:
        AuthenticationError: The API rejects the key.
        ConfigurationError: The key does not name its team, and no team is configured. Or it is a
            live key and the warehouse holds test data, or the other way round.
        NothingReadError: Every resource failed.
        WarehouseError: The warehouse cannot be written, or another run holds it.
    """
    retention = read_retention()
    with exclusive_run(data_dir), kept_small(data_dir, retention) as connection:
        complete_tables(connection)
        livemode = check_mode(connection, settings)
        result = LoadResult("", options.mode, datetime.now(UTC))
        result.known_drift = known_drift(connection)
        result.is_first = is_first_load(connection)
        key_team = _discover_teams(connection, settings, result)
        rebuilt = rebuilt_at(connection)
        request = LoadRequest(settings, resources, options, key_team, result.teams, rebuilt)
        log = _open_response_log(data_dir, request, result.started_at, retention.journal)
        result.run_id, result.started_at = log.header.run_id, log.header.started_at
        loader = open_loader(data_dir, connection)
        with recorded(connection, result), _imports_not_collected(), _closed_on_error(log):
            _LoadRun(data_dir, request, result, connection, loader, log, livemode).run(on_progress)
        log.finish()
    return result


def new_run_id(started_at: datetime) -> str:
    return f"{started_at:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def _discover_teams(
    connection: duckdb.DuckDBPyConnection, settings: Settings, result: LoadResult
) -> str:
    """Find the teams to read, and return the key's own. A failure is recorded as a run."""
    try:
        key_team, result.teams = asyncio.run(find_teams(settings, result.team_discovery))
    except GigstackError as error:
        result.run_id, result.message = new_run_id(result.started_at), str(error)
        record(connection, result)
        raise
    return key_team


def _open_response_log(
    data_dir: Path, request: LoadRequest, now: datetime, max_age: timedelta
) -> ResponseLog:
    """The log of an interrupted run with the same request, or a new one."""
    directory, question = response_logs_dir(data_dir), request.as_json()
    response_log.prune(directory, now, max_age=max_age)
    interrupted = response_log.resumable(directory, question, now)
    return interrupted or response_log.begin(directory, Header(new_run_id(now), now, question))


@contextmanager
def _closed_on_error(log: ResponseLog) -> Iterator[None]:
    try:
        yield
    except BaseException:
        log.close()
        raise


@contextmanager
def _imports_not_collected() -> Iterator[None]:
    """Exclude what is imported from garbage collection. Records trigger collections all the time,
    and scanning some 100,000 modules and functions each time takes a tenth of a load.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


@dataclass
class _LoadRun:
    data_dir: Path
    request: LoadRequest
    result: LoadResult
    connection: duckdb.DuckDBPyConnection
    loader: DltLoader
    log: ResponseLog
    livemode: bool | None = None

    def run(self, on_progress: ProgressCallback) -> None:
        """Extract, load and reconcile."""
        self.loader.load_pending_packages()
        existing = warehouse.table_names(self.connection)
        watermarks = self.loader.read_watermarks() if existing else {}
        plan = self._plan(existing, watermarks)
        ready: Future[Normalizers] = Future()
        findings = read_findings(self.data_dir, self.request.settings.base_url)
        client = partial(open_client, self.request.settings, self.log, findings)
        extraction = Extraction(client, plan, ready, on_progress)
        extraction.start()  # fetches the first pages while everything else gets ready
        try:
            normalizers = create_normalizers(
                self.result,
                self.request.resources,
                self.connection,
                existing,
                livemode=self.livemode,
            )
            with suppress(InvalidStateError):  # the extraction has ended, with an error to come
                ready.set_result(normalizers)
            self._write(extraction, normalizers, existing, watermarks)
        finally:
            ready.cancel()  # after an error the extraction still waits for it
            extraction.stop()
            self.result.resources = list(extraction.stats.values())
        self._check_something_was_read()
        reconcile(
            self.connection,
            self.result,
            normalizers,
            allow_mass_delete=self.request.options.allow_mass_delete,
        )

    def _plan(self, existing: set[str], watermarks: Watermarks) -> ExtractionPlan:
        request, settings = self.request, self.request.settings
        is_full = request.options.mode == "full"
        return ExtractionPlan(
            request.resources,
            request.teams,
            request.key_team,
            settings.page_size,
            settings.max_concurrency,
            settings.documents_request_budget,
            self.result.started_at,
            read_windows={} if is_full else self._read_windows(existing, watermarks),
            checked=checked_parents(self.connection),
            urgent=urgent_parents(self.connection, existing),
            read_alone=[r for r in request.resources if settings.reads_singles(r)],
            answered=lists_that_answered(self.connection, self.result.started_at - REMEMBERED_FOR),
        )

    def _read_windows(self, existing: set[str], watermarks: Watermarks) -> ReadWindows:
        """The windows with which the run began. A resumed run takes them from its log, since what
        it had loaded has changed them in the warehouse.
        """
        if self.log.plan is not None:
            return msgspec.msgpack.decode(self.log.plan, type=ReadWindows)
        request = self.request
        planner = WindowPlanner(self.connection, existing, watermarks, request.settings)
        lists = lists_of(request.resources, request.teams, request.key_team)
        windows = planner.windows(lists, request.options.since, request.options.until)
        self.log.save_plan(msgspec.msgpack.encode(windows))
        return windows

    def _write(
        self,
        extraction: Extraction,
        normalizers: Normalizers,
        existing: set[str],
        watermarks: Watermarks,
    ) -> None:
        def new_watermarks() -> Watermarks:
            fail_incomplete_lists(extraction.stats.values(), normalizers)
            for stats in extraction.stats.values():
                normalizer = normalizers[RESOURCES[stats.resource].entity]
                stats.unseen_fields = normalizer.unseen_fields(stats.resource, stats.team_id)
            is_regular = self.request.options.since is None
            return self._advanced(watermarks, extraction) if is_regular else watermarks

        self.result.table_seconds = self.loader.load(
            counted(self.result, extraction.batches()),
            empty_tables(normalizers, existing),
            normalizers,
            new_watermarks,
        )

    def _advanced(self, watermarks: Watermarks, extraction: Extraction) -> Watermarks:
        """The watermarks after this run: they advance for lists that were read without an error."""
        advanced = {team: dict(resources) for team, resources in watermarks.items()}
        watermark = (self.result.started_at - SAFETY_MARGIN).isoformat()
        for stats in extraction.stats.values():
            if stats.status == "ok" and RESOURCES[stats.resource].window:
                advanced.setdefault(stats.team_id, {})[stats.resource] = watermark
        return advanced

    def _check_something_was_read(self) -> None:
        resources = self.result.resources
        if resources and all(resource.status == "failed" for resource in resources):
            raise NothingReadError(f"Nothing could be read. {resources[0].error}")


def counted(result: LoadResult, batches: Iterable[Batch]) -> Iterator[Batch]:
    """The batches, each added to the result as it passes."""
    for batch in batches:
        result.add(batch)
        yield batch
