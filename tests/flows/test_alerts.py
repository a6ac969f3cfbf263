"""What a night tells of alerts: those that are new in its artifact, and by message where asked."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
from prefect import flow
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import State
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from flows import automations, notifications, steps
from flows.flow_run import run_flow
from pipelines.foundation.errors import WarehouseError
from pipelines.monitoring.result import RunResult
from pipelines.sandbox.api.serving import serving
from tests.flows.runs import artifacts, logs
from tests.pipelines.alerted import PERSON, an_alert, build, told

HIDDEN = "part-of-the-address"


class Receiver:
    """A webhook on loopback: what it heard, and what it answers."""

    def __init__(self) -> None:
        self.heard: Queue[Any] = Queue()
        self.answers = 200
        self.waits = 0.0

    async def take(self, request: Request) -> Response:
        self.heard.put(json.loads(await request.body()))
        await asyncio.sleep(self.waits)
        return Response(status_code=self.answers)

    def texts(self) -> list[str]:
        return [self.heard.get_nowait()["text"] for _ in range(self.heard.qsize())]


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch, client: SyncPrefectClient) -> Iterator[Receiver]:
    """Whom the alarms notify, as `python -m flows.automations` leaves them."""
    assert client
    receiver = Receiver()
    routes = [Route("/v2/hook", receiver.take, methods=["POST"])]
    with serving(Starlette(routes=routes)) as url:
        notify(monkeypatch, f"{url}/hook")
        alarms = automations.automations(automations.notification())
        for alarm in alarms:
            automations.save(alarm)
        yield receiver
        for alarm in alarms:
            alarm.delete()


def notify(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("GIGSTACK_NOTIFY_URL", f"{address}?key={HIDDEN}")
    automations.notification()  # which saves the address


@flow(persist_result=False)
def some_night(data_dir: Path) -> State[Any]:
    """The end of a night: its models are built."""
    return run_flow("some_night", data_dir, 1, steps.send_alerts)


@flow(persist_result=False)
def night_that_cannot_publish(data_dir: Path) -> State[Any]:
    def work(night: RunResult, where: Path) -> None:
        steps.send_alerts(night, where)
        raise WarehouseError("the disk is full")

    return run_flow("some_night", data_dir, 1, work)


def report(client: SyncPrefectClient, state: State[Any]) -> str:
    return str(artifacts(client, state.state_details.flow_run_id)["gigstack-some-night"])


def test_an_artifact_has_the_new_alerts_counted_and_named(
    client: SyncPrefectClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(notifications.MIN_SEVERITY_VARIABLE, raising=False)
    more = [an_alert(f"m{n:02}", "low", alert_type="audit_failed") for n in range(60)]
    build(tmp_path, an_alert("a", "high", title="Contrato | [x](http://evil)"), *more)
    state = some_night(tmp_path, return_state=True)
    assert state.name == "Completed", state.message
    text = report(client, state)
    assert "61 (1 high, 60 low) of 61 (1 high, 60 low) open" in text
    assert "| audit failed | 0 | 0 | 60 |" in text
    assert (
        "| high | document expires | 2026-12-01 | 1,234.50 | Contrato \\| \\[x\\](http://evil) "
        "| document doc_a | team_1 |"
    ) in text
    assert text.count("| low | audit failed |") == 49
    assert "And 11 more." in text
    build(tmp_path, *more, an_alert("b"))
    text = report(client, some_night(tmp_path, return_state=True))
    assert "1 (1 medium) of 61 (1 medium, 60 low) open" in text
    assert "doc_b" in text
    assert "doc_m00" not in text


def test_where_personal_data_is_hidden_no_title_is_shown(
    client: SyncPrefectClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBLISH__PII", "hash")
    build(tmp_path, an_alert("a"))
    text = report(client, some_night(tmp_path, return_state=True))
    assert "| medium | document expires | 2026-12-01 | 1,234.50 | document doc_a |" in text
    assert PERSON not in text
    assert "title" not in text


def test_a_night_that_fails_afterwards_reports_them_all_the_same(
    client: SyncPrefectClient, tmp_path: Path
) -> None:
    build(tmp_path, an_alert("a"))
    state = night_that_cannot_publish(tmp_path, return_state=True)
    assert state.name == "Failed"
    assert "doc_a" in report(client, state)
    assert "doc_a" not in report(client, some_night(tmp_path, return_state=True))


def test_new_alerts_are_sent_once_and_name_nobody(
    client: SyncPrefectClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, receiver: Receiver
) -> None:
    monkeypatch.setenv(notifications.MIN_SEVERITY_VARIABLE, "medium")
    build(tmp_path, an_alert("a", "high"), an_alert("b"), an_alert("c", "low"))
    state = some_night(tmp_path, return_state=True)
    assert state.name == "Completed", state.message
    (text,) = receiver.texts()
    assert text.splitlines() == [
        "gigstack: 2 (1 high, 1 medium) new alerts",
        "high, document expires, document doc_a, team team_1, date 2026-12-01, MXN 1,234.50",
        "medium, document expires, document doc_b, team team_1, date 2026-12-01, MXN 1,234.50",
    ]
    assert told(tmp_path, "sent_at") == {"a", "b"}
    some_night(tmp_path)
    assert receiver.texts() == []
    assert "doc_c" in report(client, state), "the artifact has them all"


def test_nothing_is_sent_unless_it_is_switched_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, receiver: Receiver
) -> None:
    monkeypatch.delenv(notifications.MIN_SEVERITY_VARIABLE, raising=False)
    build(tmp_path, an_alert("a", "high"))
    some_night(tmp_path)
    monkeypatch.setenv(notifications.MIN_SEVERITY_VARIABLE, "low")
    some_night(tmp_path)
    assert receiver.texts() == [], "what was reported before is not new"


def test_many_alerts_are_one_message_that_counts_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, receiver: Receiver
) -> None:
    monkeypatch.setenv(notifications.MIN_SEVERITY_VARIABLE, "low")
    build(tmp_path, *(an_alert(f"m{n:02}") for n in range(45)))
    some_night(tmp_path)
    (text,) = receiver.texts()
    assert len(text.splitlines()) == 1 + notifications.MAX_NAMED + 1
    assert text.endswith("and 25 more")
    assert len(told(tmp_path, "sent_at")) == 45


@pytest.mark.parametrize("trouble", ["refused", "slow", "away"])
def test_a_message_that_cannot_be_sent_is_a_warning_and_goes_with_the_next_night(
    client: SyncPrefectClient,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    receiver: Receiver,
    trouble: str,
) -> None:
    monkeypatch.setenv(notifications.MIN_SEVERITY_VARIABLE, "high")
    build(tmp_path, an_alert("a", "high"))
    if trouble == "away":
        notify(monkeypatch, "http://127.0.0.1:9/hook")
    receiver.answers = 500 if trouble == "refused" else 200
    receiver.waits = 20.0 if trouble == "slow" else 0.0
    if trouble == "slow":
        monkeypatch.setattr(notifications, "SEND_TIMEOUT_SECONDS", 0.2)
    state = some_night(tmp_path, return_state=True)
    assert (state.type.value, state.name) == ("COMPLETED", "CompletedWithWarnings")
    assert "1 (1 high) new alert was not sent (" in str(state.message)
    assert "was not sent" in report(client, state)
    assert told(tmp_path, "reported_at") == {"a"}
    assert told(tmp_path, "sent_at") == set()
    run_id = state.state_details.flow_run_id
    assert run_id
    shown = [*logs(client, run_id), report(client, state), str(state.message)]
    assert not any(HIDDEN in text for text in shown)


def test_they_are_sent_by_the_next_night_that_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, receiver: Receiver
) -> None:
    monkeypatch.setenv(notifications.MIN_SEVERITY_VARIABLE, "high")
    build(tmp_path, an_alert("a", "high"))
    receiver.answers = 503
    some_night(tmp_path)
    build(tmp_path, an_alert("a", "high"), an_alert("b", "high"))
    receiver.answers = 200
    some_night(tmp_path)
    first, second = receiver.texts()
    assert "doc_b" not in first
    assert "doc_a" in second
    assert "doc_b" in second


def test_where_the_alarms_notify_nobody_the_run_says_so(
    client: SyncPrefectClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert client
    monkeypatch.setenv(notifications.MIN_SEVERITY_VARIABLE, "high")
    build(tmp_path, an_alert("a", "high"))
    state = some_night(tmp_path, return_state=True)
    assert state.name == "CompletedWithWarnings"
    assert "the alarms notify nobody" in str(state.message)


def test_a_word_that_is_no_severity_is_a_warning(
    client: SyncPrefectClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert client
    monkeypatch.setenv(notifications.MIN_SEVERITY_VARIABLE, "urgent")
    build(tmp_path, an_alert("a", "high"))
    state = some_night(tmp_path, return_state=True)
    assert state.name == "CompletedWithWarnings"
    assert "GIGSTACK_NOTIFY_ALERTS is 'urgent'; it must be one of high, medium, low" in str(
        state.message
    )
