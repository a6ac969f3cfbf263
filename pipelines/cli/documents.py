"""The results of commands as JSON documents. Their keys are named as the columns of `ops`."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipelines.foundation.paths import warehouse_path
from pipelines.gigstack.extract.stats import ResourceStats
from pipelines.monitoring.alerts import AlertUpdate, count_by_severity
from pipelines.monitoring.result import RunResult
from pipelines.publish.personal import shown
from pipelines.warehouse.run_log import Comparison, LoadResult


def load_json(result: LoadResult, data_dir: Path) -> dict[str, Any]:
    """A load as one document; times are UTC."""
    return {
        "run_id": result.run_id,
        "mode": result.mode,
        "status": result.status,
        "started_at": result.started_at,
        "finished_at": result.finished_at,
        "teams": result.teams,
        "requests": result.requests,
        "retries": result.retries,
        "rows_seen": result.total("rows_seen"),
        "rows_changed": result.total("rows_changed"),
        "rows_deleted": result.total("rows_deleted"),
        "rejects": len(result.rejects),
        "held_back": result.skipped_deletions,
        "differences": [_difference(difference) for difference in result.differences],
        "drift": _drift(result),
        "streams": [_resource(stats) for stats in result.resources],
        "tables": dict(sorted(result.table_rows.items())),
        "warehouse": str(warehouse_path(data_dir)),
    }


def _difference(difference: Comparison) -> dict[str, Any]:
    return {
        "team_id": difference.team_id,
        "stream": difference.resource,
        "measure": difference.measure,
        "api": str(difference.api_value),
        "warehouse": str(difference.warehouse_value),
    }


def _drift(result: LoadResult) -> list[dict[str, Any]]:
    return [
        {
            "stream": resource,
            "path": path,
            "kind": kind,
            "example": example,
            "occurrences": occurrences,
        }
        for ((resource, path, kind), occurrences), example in zip(
            result.drift.items(), shown(result.examples[key] for key in result.drift), strict=True
        )
    ]


def _resource(stats: ResourceStats) -> dict[str, Any]:
    return {
        "stream": stats.resource,
        "team_id": stats.team_id,
        "status": stats.status,
        "pages": stats.pages,
        "requests": stats.request_stats.requests,
        "rows_seen": stats.rows_seen,
        "rows_changed": stats.rows_changed,
        "rows_deleted": stats.rows_deleted,
        "window_start": stats.window_start,
        "complete_sweep": stats.complete_sweep,
        "api_total": stats.api_total,
        "date_filter": stats.date_filter,
        "unseen_fields": list(stats.unseen_fields) if stats.rows_seen else None,
        "error": stats.error,
    }


def run_json(result: RunResult, data_dir: Path) -> dict[str, Any]:
    """Load, transformation, publication and the number of alerts as one document; times are UTC."""
    return {
        "status": result.status,
        "missing": list(result.errors()),
        "to_look_at": list(result.warnings()),
        "load": [load_json(load, data_dir) for load in result.loads],
        "transform": result.transformation and asdict(result.transformation),
        "publish": result.publication and asdict(result.publication),
        "alerts": result.alerts and _alerts(result.alerts),
    }


def _alerts(update: AlertUpdate) -> dict[str, dict[str, int]]:
    return {"new": count_by_severity(update.new), "open": count_by_severity(update.alerts)}
