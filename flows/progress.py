"""Progress of a load in Prefect: a log line for every list, and a progress artifact.

The loader calls back in the thread that fetches, which must never wait for Prefect's API. So a
thread of its own updates the artifact. API: https://docs.prefect.io/v3/concepts/artifacts
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import copy_context
from typing import Any
from uuid import UUID

from prefect.artifacts import create_progress_artifact, update_progress_artifact

from pipelines.foundation.wording import plural
from pipelines.gigstack.extract.stats import ResourceStats

SECONDS_BETWEEN_UPDATES = 5.0

Logger = logging.Logger | logging.LoggerAdapter[logging.Logger]


class ProgressLogger:
    """A progress callback that logs each list of each team once it is read, and counts them."""

    def __init__(self, logger: Logger) -> None:
        self._logger = logger
        self._is_read: dict[tuple[str, str], bool] = {}

    def __call__(self, stats: ResourceStats) -> None:
        key = (stats.team_id, stats.resource)
        if stats.is_done and not self._is_read.get(key):
            level = logging.WARNING if stats.status == "failed" else logging.INFO
            self._logger.log(level, "%s", _describe(stats))
        self._is_read[key] = stats.is_done

    @property
    def percent(self) -> float:
        """The share of the lists known so far that are read; 100 is left to the end."""
        states = list(self._is_read.values())
        return min(99.0, 100 * sum(states) / len(states)) if states else 0.0


def _describe(stats: ResourceStats) -> str:
    error = f" ({stats.error})" if stats.error else ""
    return (
        f"{stats.team_id} {stats.resource}: {stats.status}, {plural(stats.pages, 'page')} "
        f"in {plural(stats.request_stats.requests, 'request')}, {stats.seconds:.1f} s{error}"
    )


@contextmanager
def progress(logger: Logger, key: str) -> Iterator[ProgressLogger]:
    """A progress callback, and an artifact that follows it."""
    on_progress = ProgressLogger(logger)
    artifact: Any = create_progress_artifact(0.0, key=key, description="Lists read")
    stop = threading.Event()
    arguments = (_update, artifact, on_progress, stop)
    thread = threading.Thread(target=copy_context().run, args=arguments, daemon=True)
    thread.start()
    try:
        yield on_progress
    finally:
        stop.set()
        thread.join()
    update_progress_artifact(artifact, 100.0)


def _update(artifact: UUID, on_progress: ProgressLogger, stop: threading.Event) -> None:
    while not stop.wait(SECONDS_BETWEEN_UPDATES):
        update_progress_artifact(artifact, on_progress.percent)
