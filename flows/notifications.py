"""Sends one message with the new alerts, where that is switched on.

It goes to the recipient of the alarms (`flows/automations.py`). It names nobody: instead of titles
it has the ids of what the alerts are about. API: https://docs.prefect.io/v3/concepts/blocks
"""

import asyncio
import os
from collections.abc import Iterator, Sequence
from typing import Any

import httpx
from prefect.automations import Automation
from prefect.blocks.core import Block
from prefect.events.actions import SendNotification

from flows.automations import FAILED_ALARM
from pipelines.foundation.errors import ConfigurationError
from pipelines.monitoring.alerts import SEVERITIES, Row, format_counts

MIN_SEVERITY_VARIABLE = "GIGSTACK_NOTIFY_ALERTS"  # unset: no alert is sent
OFF = ("", "0", "false")
MAX_NAMED = 20  # alerts in a message; the others are counted
SEND_TIMEOUT_SECONDS = 60.0


def read_min_severity() -> str | None:
    """The lowest severity that is sent; None where alerts are not sent.

    Raises:
        ConfigurationError: The variable holds no severity.
    """
    value = os.environ.get(MIN_SEVERITY_VARIABLE, "").strip().lower()
    if value in OFF:
        return None
    if value not in SEVERITIES:
        known = ", ".join(SEVERITIES)
        raise ConfigurationError(
            f"{MIN_SEVERITY_VARIABLE} is {value!r}; it must be one of {known}. Nothing was sent."
        )
    return value


def send(alerts: Sequence[Row]) -> str | None:
    """Send one message. Returns None, or why it could not be sent.

    The reason leaves out the text of the error, which may hold the address or the key.
    """
    subject = f"gigstack: {_count(alerts)}"
    try:
        block = _alarm_block()
        if block is None:
            return _not_sent(alerts, "the alarms notify nobody; run python -m flows.automations")
        asyncio.run(_notify(block, _body(alerts), subject))
    except httpx.HTTPStatusError as error:
        return _not_sent(alerts, f"the recipient answered {error.response.status_code}")
    except Exception as error:  # a message must never fail the run
        return _not_sent(alerts, type(error).__name__)
    return None


def _count(alerts: Sequence[Row]) -> str:
    return f"{format_counts(alerts)} new {'alert' if len(alerts) == 1 else 'alerts'}"


def _not_sent(alerts: Sequence[Row], reason: str) -> str:
    verb = "was" if len(alerts) == 1 else "were"
    return f"{_count(alerts)} {verb} not sent ({reason}); the next run tries again"


async def _notify(block: Any, body: str, subject: str) -> None:
    with block.raise_on_failure():
        await asyncio.wait_for(block.anotify(body, subject), SEND_TIMEOUT_SECONDS)


def _alarm_block() -> Any:
    """The notification block of the alarm for failed runs; None if it notifies nobody."""
    try:
        alarm: Any = Automation.read(name=FAILED_ALARM)
    except ValueError:  # there is none
        return None
    for action in alarm.actions:
        if isinstance(action, SendNotification):
            return Block.load_from_ref(action.block_document_id)
    return None


def _body(alerts: Sequence[Row]) -> str:
    lines = [", ".join(_facts(alert)) for alert in alerts[:MAX_NAMED]]
    more = len(alerts) - MAX_NAMED
    return "\n".join([*lines, *([f"and {more:,} more"] if more > 0 else [])])


def _facts(alert: Row) -> Iterator[str]:
    yield alert["severity"]
    yield alert["alert_type"].replace("_", " ")
    yield f"{alert['entity_type']} {alert['entity_id']}"
    yield f"team {alert['team_id']}"
    if alert["due_date"]:
        yield f"date {alert['due_date']}"
    if alert["amount_mxn"] is not None:
        yield f"MXN {alert['amount_mxn']:,}"
