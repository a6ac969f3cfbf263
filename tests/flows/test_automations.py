"""The alarms: created once, brought up to date after, and heard by who is to hear them."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from queue import Empty, Queue
from typing import Any
from uuid import UUID

import pytest
from prefect.automations import Automation
from prefect.blocks.core import Block
from prefect.blocks.notifications import SendgridEmail
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import State
from prefect.events.schemas.automations import Posture
from prefect.states import Completed, Failed
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from flows import automations
from flows.flow_run import WITH_WARNINGS
from pipelines.foundation.errors import ConfigurationError
from pipelines.sandbox.api.serving import serving
from tests.flows.runs import PATIENCE, Prefect

NAMES = ["gigstack: nightly failed", "gigstack: nightly did not run"]


def test_the_command_creates_both_and_then_brings_them_up_to_date(
    prefect: Prefect, tmp_path: Path
) -> None:
    first, second = (_command(prefect, tmp_path) for _ in range(2))
    for name in NAMES:
        assert f"{name}: created" in first
        assert f"{name}: updated" in second
    assert "The alarms notify nobody. Set GIGSTACK_NOTIFY_URL" in first
    failed, overdue = (_saved(name).trigger for name in NAMES)
    assert failed.posture is Posture.Reactive
    assert failed.expect == {f"prefect.flow-run.{x}" for x in ("Failed", "Crashed", "TimedOut")}
    assert overdue.posture is Posture.Proactive
    assert overdue.after == overdue.expect
    assert f"prefect.flow-run.{WITH_WARNINGS}" in overdue.expect
    assert overdue.within.total_seconds() == 26 * 3600


def test_a_nightly_that_failed_and_one_that_did_not_run_are_told_to_the_webhook(
    client: SyncPrefectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = client.create_deployment(client.create_flow_from_name("some-nightly"), "north")
    with listening() as (url, heard):
        monkeypatch.setenv("GIGSTACK_NOTIFY_URL", f"{url}/hook?token=secret")
        alarms = automations.automations(
            automations.notification(), "some-nightly", timedelta(seconds=10)
        )
        for alarm in alarms:
            alarm.name = f"some {alarm.name}"
            automations.save(alarm)
        try:
            _end_as(client, deployment, Completed(name=WITH_WARNINGS))
            assert heard(PATIENCE)["text"].startswith("some gigstack: nightly did not run")
            _end_as(client, deployment, Failed())
            assert heard(PATIENCE)["text"].startswith("some gigstack: nightly failed")
        finally:
            for alarm in alarms:
                alarm.delete()
    block: Any = Block.load(f"custom-webhook/{automations.BLOCK}")
    assert "secret" not in block.url


def test_mail_goes_by_sendgrid(monkeypatch: pytest.MonkeyPatch, client: SyncPrefectClient) -> None:
    monkeypatch.setenv("GIGSTACK_NOTIFY_EMAIL", "ana@example.com,luis@example.com")
    with pytest.raises(ConfigurationError, match="SENDGRID_API_KEY"):
        automations.notification()
    monkeypatch.setenv("SENDGRID_API_KEY", "SG.secret")
    monkeypatch.setenv("SENDGRID_SENDER", "alarm@example.com")
    action: Any = automations.notification()
    document = client.read_block_document(action.block_document_id, include_secrets=False)
    assert document.data["to_emails"] == ["ana@example.com", "luis@example.com"]
    assert isinstance(Block.load(f"sendgrid-email/{automations.BLOCK}"), SendgridEmail)
    assert "SG.secret" not in str(document.data)


def _end_as(client: SyncPrefectClient, deployment: UUID, state: State[Any]) -> None:
    """A run of a deployment that ends in a state; the server tells of it as of any other."""
    run = client.create_flow_run_from_deployment(deployment)
    client.set_flow_run_state(run.id, state, force=True)


def _saved(name: str) -> Any:
    return Automation.read(name=name)


def _command(prefect: Prefect, where: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "flows.automations"],
        cwd=where,
        env=prefect.env,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def listening() -> Iterator[tuple[str, Any]]:
    """A webhook on loopback; yields its address, and what hands out one message after the other."""
    messages: Queue[Any] = Queue()

    async def take(request: Request) -> Response:
        messages.put(json.loads(await request.body()))
        return Response()

    def heard(patience: float) -> Any:
        try:
            return messages.get(timeout=patience)
        except Empty as error:
            raise TimeoutError(f"nothing was heard within {patience:.0f} s") from error

    with serving(Starlette(routes=[Route("/v2/hook", take, methods=["POST"])])) as url:
        yield url, heard
