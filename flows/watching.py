"""What can be seen of a load while it works: a log line for every list, and a progress artifact.

The loader calls its watcher in the thread that fetches, which must never wait for Prefect's API.
So the artifact is kept up to date by a thread of its own.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import copy_context
from typing import Any
from uuid import UUID

from prefect.artifacts import create_progress_artifact, update_progress_artifact

from pipelines.gigstack.extract.stats import ResourceStats

SECONDS_BETWEEN_UPDATES = 5.0

Logger = logging.Logger | logging.LoggerAdapter[logging.Logger]


class ProgressLogger:
    """A watcher that logs each list of each team when it is read, and counts how many are."""

    def __init__(self, logger: Logger) -> None:
        self._logger = logger
        self._is_read: dict[tuple[str, str], bool] = {}

    def __call__(self, report: ResourceStats) -> None:
        key = (report.team_id, report.resource)
        if report.is_done and not self._is_read.get(key):
            level = logging.WARNING if report.status == "failed" else logging.INFO
            why = f" ({report.error})" if report.error else ""
            self._logger.log(
                level,
                "%s %s: %s, %d pages in %d requests, %.1f s%s",
                *key,
                report.status,
                report.pages,
                report.request_stats.requests,
                report.seconds,
                why,
            )
        self._is_read[key] = report.is_done

    @property
    def percent(self) -> float:
        """Lists that are read of those that are known by now; 100 is left to the end."""
        states = list(self._is_read.values())
        return min(99.0, 100 * sum(states) / len(states)) if states else 0.0


@contextmanager
def watched(logger: Logger, key: str) -> Iterator[ProgressLogger]:
    """A watcher with a progress artifact that follows it."""
    on_progress = ProgressLogger(logger)
    artifact: Any = create_progress_artifact(0.0, key=key, description="Lists read")
    stop = threading.Event()
    arguments = (_follow, artifact, on_progress, stop)
    thread = threading.Thread(target=copy_context().run, args=arguments, daemon=True)
    thread.start()
    try:
        yield on_progress
    finally:
        stop.set()
        thread.join()
    update_progress_artifact(artifact, 100.0)


def _follow(artifact: UUID, on_progress: ProgressLogger, stop: threading.Event) -> None:
    while not stop.wait(SECONDS_BETWEEN_UPDATES):
        update_progress_artifact(artifact, on_progress.percent)
