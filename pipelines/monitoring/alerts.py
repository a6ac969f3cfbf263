"""What needs a person and is new: `marts.mart_alerts` beside `ops.alerts`, what was told of each.

An alert is new when it was not there before; one that went away and is back is new again. It is
noted first, told, and marked as told after that: what dies in between is made up for by the next.
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

SEVERITIES = ("high", "medium", "low")  # the gravest first


@dataclass(frozen=True)
class AlertUpdate:
    """The open alerts of a moment, the gravest first. `title` is null unless personal data is kept
    in the clear.
    """

    noted_at: datetime
    alerts: list[Row]

    @property
    def new(self) -> list[Row]:
        """Not there when they were last noted."""
        return [alert for alert in self.alerts if alert["is_new"]]

    @property
    def unreported(self) -> list[Row]:
        """In no artifact yet."""
        return [alert for alert in self.alerts if alert["is_unreported"]]

    @property
    def unsent(self) -> list[Row]:
        """To be sent, and not sent yet."""
        return [alert for alert in self.alerts if alert["is_unsent"]]


def note_alerts(data_dir: Path, least: str | None = None) -> AlertUpdate:
    """Note which alerts are there. New ones from the severity `least` on are to be sent as well.

    Errors: ConfigurationError; WarehouseError when a load holds the warehouse.
    """
    noted_at = datetime.now(UTC)
    variables = {
        "noted_at": noted_at,
        "least": least,
        "shows_titles": pii_policy() is Policy.KEEP,
    }
    return AlertUpdate(noted_at, _run(data_dir, variables, "note", "open"))


def mark_reported(data_dir: Path, update: AlertUpdate) -> None:
    """The alerts of this moment stand in an artifact."""
    _run(data_dir, {"noted_at": update.noted_at}, "reported")


def mark_sent(data_dir: Path, alerts: Iterable[Row]) -> None:
    """These were sent."""
    _run(data_dir, {"alert_ids": [alert["alert_id"] for alert in alerts]}, "sent")


def counted(alerts: Iterable[Row]) -> dict[str, int]:
    """How many there are of each severity, the gravest first."""
    found = Counter(alert["severity"] for alert in alerts)
    return {severity: found[severity] for severity in SEVERITIES if found[severity]}


def format_counts(alerts: Sequence[Row]) -> str:
    """As `12 (3 high, 9 medium)`."""
    by_severity = ", ".join(f"{count:,} {word}" for word, count in counted(alerts).items())
    return f"{len(alerts):,}" + (f" ({by_severity})" if by_severity else "")


def _run(data_dir: Path, variables: dict[str, Any], *names: str) -> list[Row]:
    """Run the files of `sql/loader/alerts`, all of them or none; returns the rows of the last."""
    with exclusive_run(data_dir), warehouse.connect(data_dir) as connection:
        connection.begin()
        for variable, value in variables.items():
            connection.execute(f"set variable {variable} = $1", [value])
        *changes, last = (read_sql(ALERTS_SQL / f"{name}.sql") for name in names)
        for change in changes:
            connection.execute(change)
        rows = warehouse.rows_of(connection, last)
        connection.commit()
    return rows
