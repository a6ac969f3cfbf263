"""Which alerts of `marts.mart_alerts` are new, and which were already reported or sent.

An alert is new when it was not open the last time; one that closed and opens again is new again.
It is first recorded in `ops.alerts`, then reported or sent, and only then marked as such. If a run
is killed in between, the next one reports or sends it.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipelines import warehouse
from pipelines.foundation.lock import exclusive_run
from pipelines.foundation.paths import ALERTS_SQL, read_sql
from pipelines.publish.columns import Policy
from pipelines.publish.personal import pii_policy

Row = dict[str, Any]

SEVERITIES = ("high", "medium", "low")


@dataclass(frozen=True)
class AlertUpdate:
    """The alerts that were open at a moment, the most severe first. `title` is null unless personal
    data is published in clear text.
    """

    recorded_at: datetime
    alerts: list[Row]

    @property
    def new(self) -> list[Row]:
        """Those that were not open at the last update."""
        return [alert for alert in self.alerts if alert["is_new"]]

    @property
    def unreported(self) -> list[Row]:
        """Those that no artifact shows yet."""
        return [alert for alert in self.alerts if alert["is_unreported"]]

    @property
    def unsent(self) -> list[Row]:
        """Those that are still to be sent."""
        return [alert for alert in self.alerts if alert["is_unsent"]]


def record_alerts(data_dir: Path, min_severity: str | None = None) -> AlertUpdate:
    """Record which alerts are open. New ones of at least `min_severity` are also to be sent.

    Raises:
        ConfigurationError: The policy for personal data is unknown.
        WarehouseError: Another run holds the warehouse.
    """
    recorded_at = datetime.now(UTC)
    variables = {
        "noted_at": recorded_at,
        "least": min_severity,
        "shows_titles": pii_policy() is Policy.KEEP,
    }
    return AlertUpdate(recorded_at, _run_sql(data_dir, variables, "note", "open"))


def mark_reported(data_dir: Path, update: AlertUpdate) -> None:
    """Mark the alerts of this update as shown in an artifact."""
    _run_sql(data_dir, {"noted_at": update.recorded_at}, "reported")


def mark_sent(data_dir: Path, alerts: Iterable[Row]) -> None:
    """Mark these alerts as sent."""
    _run_sql(data_dir, {"alert_ids": [alert["alert_id"] for alert in alerts]}, "sent")


def count_by_severity(alerts: Iterable[Row]) -> dict[str, int]:
    """How many alerts there are of each severity, the most severe first."""
    counts = Counter(alert["severity"] for alert in alerts)
    return {severity: counts[severity] for severity in SEVERITIES if counts[severity]}


def format_counts(alerts: Sequence[Row]) -> str:
    """As `12 (3 high, 9 medium)`."""
    counts = ", ".join(
        f"{count:,} {severity}" for severity, count in count_by_severity(alerts).items()
    )
    return f"{len(alerts):,}" + (f" ({counts})" if counts else "")


def _run_sql(data_dir: Path, variables: dict[str, Any], *names: str) -> list[Row]:
    """Run files of `sql/loader/alerts` in one transaction; returns the rows of the last."""
    with exclusive_run(data_dir), warehouse.connect(data_dir) as connection:
        connection.begin()
        for name, value in variables.items():
            connection.execute(f"set variable {name} = $1", [value])
        *changes, query = (read_sql(ALERTS_SQL / f"{name}.sql") for name in names)
        for change in changes:
            connection.execute(change)
        rows = warehouse.rows_of(connection, query)
        connection.commit()
    return rows
