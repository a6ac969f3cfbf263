"""Keys, teams (gigstack Connect), and what the API refuses."""

from base64 import urlsafe_b64decode

import httpx
import msgspec
import pytest

from pipelines.sandbox.api.auth import key_for
from pipelines.sandbox.simulation.account import Account


def test_a_key_is_shaped_like_a_jwt_with_the_teams_claims(account: Account) -> None:
    _, claims, _ = key_for(account, account.teams[1]).split(".")
    read = msgspec.json.decode(urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    assert read["team"] == account.teams[1]
    assert read["livemode"] is True
    assert read["key_id"].startswith("sk_live_")


@pytest.mark.parametrize("header", [None, "Bearer wrong", "Basic abc", "Bearer a.b.c", "Bearer ñ"])
def test_without_a_key_of_the_account_everything_is_401(base_url: str, header: str | None) -> None:
    headers = {b"Authorization": header.encode()} if header else {}
    answer = httpx.get(f"{base_url}/clients", headers=headers, timeout=10)
    assert answer.status_code == 401
    assert answer.json() == {"message": "Invalid or missing API key", "error": "unauthorized"}


def test_a_tampered_key_is_refused(account: Account, base_url: str) -> None:
    head, _, signature = key_for(account).split(".")
    other = key_for(account, account.teams[1]).split(".")[1]
    headers = {"Authorization": f"Bearer {head}.{other}.{signature}"}
    assert httpx.get(f"{base_url}/clients", headers=headers, timeout=10).status_code == 401


def test_team_reads_another_team_of_the_account(api: httpx.Client, account: Account) -> None:
    rows = api.get("/invoices/income", params={"team": account.teams[2], "limit": 50}).json()
    assert {row["team"] for row in rows["data"] if row} == {account.teams[2]}


def test_a_key_of_another_team_reads_that_team(account: Account, base_url: str) -> None:
    headers = {"Authorization": f"Bearer {key_for(account, account.teams[1])}"}
    rows = httpx.get(f"{base_url}/payments", headers=headers, timeout=10).json()["data"]
    assert {row["team"] for row in rows if row} == {account.teams[1]}


def test_a_foreign_team_is_403_in_the_nested_envelope(api: httpx.Client) -> None:
    answer = api.get("/clients", params={"team": "team_of_somebody_else"})
    assert answer.status_code == 403
    assert answer.json()["success"] is False
    assert answer.json()["error"]["code"] == "forbidden"


@pytest.mark.parametrize("path", ["/nothing", "/clients/none", "/invoices/income/none"])
def test_what_does_not_exist_is_404_in_the_nested_envelope(api: httpx.Client, path: str) -> None:
    answer = api.get(path)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "resource_not_found"


def test_complements_are_not_where_one_would_look(api: httpx.Client) -> None:
    assert api.get("/invoices/complements").status_code == 405


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_only_get_is_allowed(api: httpx.Client, method: str) -> None:
    assert api.request(method, "/clients").status_code == 405
