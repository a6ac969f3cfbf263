"""A warehouse that holds alerts and nothing else, as a build of the models leaves them."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipelines import warehouse
from pipelines.warehouse.migrations import migrate
from tests.pipelines.loads import Row, query

PERSON = "ZOE MÁRQUEZ"  # whom the titles name


def an_alert(alert_id: str, severity: str = "medium", **more: Any) -> Row:
    return {
        "alert_id": alert_id,
        "severity": severity,
        "alert_type": "document_expires",
        "title": f"Documento por vencer: contrato de {PERSON}",
        "entity_type": "document",
        "entity_id": f"doc_{alert_id}",
        "team_id": "team_1",
        "due_date": date(2026, 12, 1),
        "amount_mxn": Decimal("1234.50"),
    } | more


def build(data_dir: Path, *alerts: Row) -> Path:
    """Make `marts.mart_alerts` anew, of these."""
    with warehouse.connect(data_dir) as connection:
        migrate(connection)
        connection.execute(
            "create schema if not exists marts; create or replace table marts.mart_alerts ("
            "alert_id varchar, severity varchar, alert_type varchar, title varchar, "
            "entity_type varchar, entity_id varchar, team_id varchar, due_date date, "
            "amount_mxn decimal(18, 2))"
        )
        for alert in alerts:
            names, marks = ", ".join(alert), ", ".join("?" * len(alert))
            statement = f"insert into marts.mart_alerts ({names}) values ({marks})"
            connection.execute(statement, list(alert.values()))
    return data_dir


def told(data_dir: Path, column: str) -> set[str]:
    """The alerts of which this is noted: `reported_at`, `queued_at`, `sent_at`, `cleared_at`."""
    rows = query(data_dir, f"select alert_id from ops.alerts where {column} is not null")
    return {row["alert_id"] for row in rows}
