"""`python -m flows.automations`: creates the alarms, or brings them up to date.

Two automations, each with a notification where one is configured: the nightly failed, and no
nightly has come to its end for longer than a day, told apart by deployment.
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

from flows.outcome import WITH_WARNINGS
from pipelines.foundation.errors import ConfigurationError, GigstackError

FLOW = "nightly"
BLOCK = "gigstack-alarm"
FAILED_ALARM = "gigstack: nightly failed"
OVERDUE_AFTER = timedelta(hours=26)  # a day, and two hours to run in
ENDED = {f"prefect.flow-run.{name}" for name in ("Completed", WITH_WARNINGS, "Failed", "TimedOut")}
FAILED = {f"prefect.flow-run.{name}" for name in ("Failed", "Crashed", "TimedOut")}
EACH_DEPLOYMENT = {"related:deployment:prefect.resource.id"}


def automations(
    action: ActionTypes | None = None, flow: str = FLOW, overdue_after: timedelta = OVERDUE_AFTER
) -> list[Automation]:
    """Both alarms, not yet created. `action` is what they do; without one they are seen only in
    the UI.
    """
    of_flow: dict[str, str | list[str]] = {
        "prefect.resource.role": "flow",
        "prefect.resource.name": flow,
    }
    failed = EventTrigger(
        posture=Posture.Reactive, expect=FAILED, match_related=of_flow, threshold=1
    )
    overdue = EventTrigger(  # from the end of one run on, the next has so much time to end
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
            description="Data is missing or wrong. The run's artifact says what.",
            trigger=failed,
            actions=actions,
        ),
        Automation(
            name="gigstack: nightly did not run",
            description=f"No nightly has ended for {overdue_after}. Is something serving it?",
            trigger=overdue,
            actions=actions,
        ),
    ]


def notification() -> ActionTypes | None:
    """The notification that the environment configures, its block saved; None without one.

    Errors: ConfigurationError when its settings are incomplete.
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
            url="{{url}}",  # which often is a secret by itself
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


def save(wanted: Automation) -> str:
    """Create an automation, or bring the one of its name up to date; says which."""
    try:
        found: Any = Automation.read(name=wanted.name)
    except ValueError:
        wanted.create()
        return "created"
    wanted.id = found.id
    wanted.update()
    return "brought up to date"


def main() -> None:
    """Save all automations at the server that PREFECT_API_URL names."""
    try:
        action = notification()
        for automation in automations(action):
            sys.stdout.write(f"{automation.name}: {save(automation)}\n")
    except GigstackError as error:
        sys.exit(f"Error: {error}")
    if action is None:
        sys.stdout.write(
            "Nobody is notified. Set GIGSTACK_NOTIFY_URL or GIGSTACK_NOTIFY_EMAIL and run this "
            "again.\n"
        )


if __name__ == "__main__":
    main()
