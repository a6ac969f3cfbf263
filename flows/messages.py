"""One message with the alerts that are new, where that is switched on.

It goes to whom the alarms go (`flows/automations.py`). It names no person: no title, only what the
alert is about by its id. API: https://docs.prefect.io/v3/concepts/blocks
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

MIN_SEVERITY_VARIABLE = (
    "GIGSTACK_NOTIFY_ALERTS"  # the least severity that is sent; nothing: none is
)
OFF = ("", "0", "false")
MAX_NAMED = 20  # in a message; the others are counted
SEND_TIMEOUT_SECONDS = 60.0  # seconds


def min_severity() -> str | None:
    """The severity from which on alerts are sent; None where they are not.

    Errors: ConfigurationError for a word that is no severity.
    """
    word = os.environ.get(MIN_SEVERITY_VARIABLE, "").strip().lower()
    if word in OFF:
        return None
    if word not in SEVERITIES:
        known = ", ".join(SEVERITIES)
        raise ConfigurationError(
            f"{MIN_SEVERITY_VARIABLE} is {word!r}; it takes one of {known}. Nothing was sent."
        )
    return word


def send(alerts: Sequence[Row]) -> str | None:
    """Send one message; returns why that was not possible, else None.

    The reason is told without the error's own words, which may hold the address or the key.
    """
    waiting = f"{format_counts(alerts)} new alerts were not sent, and go with the next night"
    try:
        block = _receiver()
        if block is None:
            return f"{waiting}: the alarms notify nobody (python -m flows.automations)"
        asyncio.run(_notify(block, _body(alerts), f"gigstack: {format_counts(alerts)} new alerts"))
    except httpx.HTTPStatusError as error:
        return f"{waiting}: the receiver answered {error.response.status_code}"
    except Exception as error:  # whatever it is, the night is not to fail for it
        return f"{waiting}: {type(error).__name__}"
    return None


async def _notify(block: Any, body: str, subject: str) -> None:
    """Errors: whatever the block fails with; TimeoutError."""
    with block.raise_on_failure():
        await asyncio.wait_for(block.anotify(body, subject), SEND_TIMEOUT_SECONDS)


def _receiver() -> Any:
    """The block that the alarm of a failed nightly notifies by; None where it notifies nobody."""
    try:
        alarm: Any = Automation.read(name=FAILED_ALARM)
    except ValueError:  # there is none
        return None
    for action in alarm.actions:
        if isinstance(action, SendNotification):
            return Block.load_from_ref(action.block_document_id)
    return None


def _body(alerts: Sequence[Row]) -> str:
    lines = [", ".join(_told(alert)) for alert in alerts[:MAX_NAMED]]
    more = len(alerts) - MAX_NAMED
    return "\n".join([*lines, *([f"and {more:,} more"] if more > 0 else [])])


def _told(alert: Row) -> Iterator[str]:
    yield alert["severity"]
    yield alert["alert_type"].replace("_", " ")
    yield f"{alert['entity_type']} {alert['entity_id']}"
    yield f"team {alert['team_id']}"
    if alert["due_date"]:
        yield f"date {alert['due_date']}"
    if alert["amount_mxn"] is not None:
        yield f"MXN {alert['amount_mxn']:,}"
