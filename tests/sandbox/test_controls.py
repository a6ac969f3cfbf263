"""The controls below /_sandbox, the counters, and the server around it."""

import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from pipelines.sandbox.api.auth import key_for
from pipelines.sandbox.api.server import create_app
from pipelines.sandbox.api.serving import serving
from pipelines.sandbox.api.traffic import template
from pipelines.sandbox.expected.contents import expected
from pipelines.sandbox.simulation.account import Account
from tests.accounts import create_account


@pytest.fixture
def control(own_account: Account) -> httpx.Client:
    return httpx.Client(headers={"Authorization": f"Bearer {key_for(own_account)}"}, timeout=10)


def root(url: str) -> str:
    return url.removesuffix("/v2") + "/_sandbox"


def test_time_goes_on_at_a_word(own_account: Account, control: httpx.Client) -> None:
    with serving(create_app(own_account)) as url, control:
        before = control.get(f"{url}/payments").json()["data"]
        answer = control.post(f"{root(url)}/advance", params={"days": 2})
        assert answer.json() == {"now": "2026-11-22T12:00:00+00:00"}
        assert control.get(f"{url}/payments").json()["data"] != before


def test_requests_are_counted_per_path_and_status(
    own_account: Account, control: httpx.Client
) -> None:
    with serving(create_app(own_account)) as url, control:
        for path in ("/clients", "/clients/none", "/clients/nobody", "/teams/x/onboarding-url"):
            control.get(url + path)
        stats = control.get(f"{root(url)}/stats").json()
        control.post(f"{root(url)}/reset-stats")
        empty = control.get(f"{root(url)}/stats").json()
    assert stats["requests"] == {"/clients": 1, "/clients/{id}": 2, "/teams/{id}/onboarding-url": 1}
    assert stats["statuses"] == {"200": 1, "404": 3}
    assert (stats["max_in_flight"], stats["connections"]) == (1, 1)
    assert stats["forbidden_calls"] == 1
    assert (empty["total_requests"], empty["forbidden_calls"]) == (0, 0)


def test_faults_can_be_switched_on_and_off(own_account: Account, control: httpx.Client) -> None:
    with serving(create_app(own_account)) as url, control:
        faults = f"{root(url)}/faults"
        control.post(faults, json={"names": ["html_error"], "rate": 1})
        struck = control.get(f"{url}/clients").status_code
        control.post(faults, json={"names": []})
        assert (struck, control.get(f"{url}/clients").status_code) == (502, 200)
        assert control.post(faults, json={"names": ["gremlins"]}).status_code == 400


def test_what_is_expected_can_be_asked_for(own_account: Account, control: httpx.Client) -> None:
    with serving(create_app(own_account)) as url, control:
        shown = control.get(f"{root(url)}/expected").json()
    wanted = expected(own_account)
    assert {name: table["rows"] for name, table in shown.items()} == {
        name: table.rows for name, table in wanted.items()
    }


def test_latency_is_waited_for(own_account: Account, control: httpx.Client) -> None:
    with serving(create_app(own_account, latency_ms=60)) as url, control:
        control.get(f"{url}/clients")
        assert control.get(f"{url}/clients").elapsed.total_seconds() >= 0.06


def test_any_app_can_be_served() -> None:
    async def hello(_: object) -> PlainTextResponse:
        return PlainTextResponse("hola")

    with serving(Starlette(routes=[Route("/v2/x", hello)])) as url:
        assert httpx.get(f"{url}/x", timeout=10).text == "hola"
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/x", timeout=10)


SERVE = """
import sys
from pipelines.sandbox.simulation.account import Account
from pipelines.sandbox.api.server import serve_forever
with Account.open(sys.argv[1]) as account:
    serve_forever(account, port=0, on_ready=lambda url: print(url, flush=True))
"""


def test_it_serves_until_stopped(own_account: Account, tmp_path: Path) -> None:
    command = [sys.executable, "-c", SERVE, str(tmp_path / "own.sqlite")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            url = server.stdout.readline().strip()
            headers = {"Authorization": f"Bearer {key_for(own_account)}"}
            assert httpx.get(f"{url}/clients", headers=headers, timeout=10).status_code == 200
        finally:
            server.terminate()
            server.wait(10)


def test_paths_are_counted_without_their_ids() -> None:
    assert template("/v2/invoices/income/inv_1") == "/invoices/income/{id}"
    assert template("/v2/teams/team_1/series") == "/teams/{id}/series"
    assert template("/v2/invoices/download/invoice/abc") == "/invoices/download/invoice/{id}"


def test_an_account_needs_a_sensible_number_of_teams(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="teams is 0"):
        create_account(tmp_path / "x.sqlite", teams=0)
