"""`python -m flows.automations`: creates the alarms, or updates them.

There are two automations: a nightly run failed, and no nightly run of a deployment has ended for
more than a day. Each sends a notification where one is configured.
API: https://docs.prefect.io/v3/concepts/automations
"""

import os
import sys
from datetime import timedelta
from typing import Any

from prefect.automations import Automation
from prefect.blocks.core import Block
from prefect.blocks.notifications import CustomWebhookNotificationBlock, SendgridEmail
from prefect.events.actions import ActionTypes, DoNothing, SendNotification
from prefect.events.schemas.automations import EventTrigger, Posture
from prefect.types import SecretDict
from pydantic import SecretStr

from flows.flow_run import WITH_WARNINGS
from pipelines.foundation.errors import ConfigurationError, GigstackError

FLOW = "nightly"
BLOCK = "gigstack-alarm"
FAILED_ALARM = "gigstack: nightly failed"
OVERDUE_AFTER = timedelta(hours=26)  # a day, and two hours for the run
ENDED = {f"prefect.flow-run.{name}" for name in ("Completed", WITH_WARNINGS, "Failed", "TimedOut")}
FAILED = {f"prefect.flow-run.{name}" for name in ("Failed", "Crashed", "TimedOut")}
EACH_DEPLOYMENT = {"related:deployment:prefect.resource.id"}


def automations(
    action: ActionTypes | None = None, flow: str = FLOW, overdue_after: timedelta = OVERDUE_AFTER
) -> list[Automation]:
    """Both alarms, not yet saved. Without an `action` only the UI shows them."""
    of_flow: dict[str, str | list[str]] = {
        "prefect.resource.role": "flow",
        "prefect.resource.name": flow,
    }
    failed = EventTrigger(
        posture=Posture.Reactive, expect=FAILED, match_related=of_flow, threshold=1
    )
    overdue = EventTrigger(  # counts from the end of one run to the end of the next
        posture=Posture.Proactive,
        after=ENDED,
        expect=ENDED,
        match_related=of_flow,
        for_each=EACH_DEPLOYMENT,
        threshold=1,
        within=overdue_after,
    )
    actions = [action or DoNothing()]
    return [
        Automation(
            name=FAILED_ALARM,
            description="Data is missing or wrong. The artifact of the run says what.",
            trigger=failed,
            actions=actions,
        ),
        Automation(
            name="gigstack: nightly did not run",
            description=f"No nightly run has ended for {overdue_after}. Is something serving it?",
            trigger=overdue,
            actions=actions,
        ),
    ]


def notification() -> ActionTypes | None:
    """The notification that the environment configures; None without one. Saves its block.

    Raises:
        ConfigurationError: Its settings are incomplete.
    """
    block = _configured_block()
    if block is None:
        return None
    document: Any = block.save(BLOCK, overwrite=True)
    return SendNotification(
        block_document_id=document,
        subject="{{ automation.name }}",
        body="{{ automation.name }}: {{ automation.description }}",
    )


def _configured_block() -> Block | None:
    if url := os.environ.get("GIGSTACK_NOTIFY_URL"):
        return CustomWebhookNotificationBlock(
            name=BLOCK,
            headers=None,
            cookies=None,
            url="{{url}}",  # the address itself is often a secret
            json_data={"text": "{{subject}}\n{{body}}"},
            secrets=SecretDict({"url": url}),
        )
    if recipients := os.environ.get("GIGSTACK_NOTIFY_EMAIL"):
        key, sender = (os.environ.get(f"SENDGRID_{name}") for name in ("API_KEY", "SENDER"))
        if not key or not sender:
            raise ConfigurationError(
                "GIGSTACK_NOTIFY_EMAIL needs SENDGRID_API_KEY and SENDGRID_SENDER as well."
            )
        return SendgridEmail(
            api_key=SecretStr(key), sender_email=sender, to_emails=recipients.split(",")
        )
    return None


def save(automation: Automation) -> str:
    """Create an automation, or update the one with its name; returns which of both it did."""
    try:
        existing: Any = Automation.read(name=automation.name)
    except ValueError:
        automation.create()
        return "created"
    automation.id = existing.id
    automation.update()
    return "updated"


def main() -> None:
    """Save all automations on the server that PREFECT_API_URL names."""
    try:
        action = notification()
        for automation in automations(action):
            sys.stdout.write(f"{automation.name}: {save(automation)}\n")
    except GigstackError as error:
        sys.exit(f"Error: {error}")
    if action is None:
        sys.stdout.write(
            "The alarms notify nobody. Set GIGSTACK_NOTIFY_URL or GIGSTACK_NOTIFY_EMAIL and run "
            "this again.\n"
        )


if __name__ == "__main__":
    main()
