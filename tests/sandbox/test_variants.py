"""Every variant answers as its description says, and the account stays what it is."""

from email.utils import parsedate_to_datetime

import httpx
import pytest
from typer.testing import CliRunner

from pipelines.cli.app import app as command_line
from pipelines.sandbox.api.auth import key_for
from pipelines.sandbox.api.server import create_app
from pipelines.sandbox.api.serving import serving
from pipelines.sandbox.api.variants.access import key_with
from pipelines.sandbox.api.variants.catalogue import CATALOGUE
from pipelines.sandbox.simulation.account import Account
from tests.sandbox.pages import Answering, ids, page


@pytest.mark.parametrize("name", ["opaque-key", "other-claim-key", "test-mode"])
def test_other_keys_are_taken(answering: Answering, small: Account, name: str) -> None:
    api = answering(name)
    key = key_with(small, (name,), small.teams[1])
    rows = api.get("/receipts", headers={"Authorization": f"Bearer {key}"}).json()["data"]
    assert {row["team"] for row in rows if row} == {small.teams[1]}
    assert (key.count(".") == 0) == (name == "opaque-key")


def test_team_may_be_ignored(answering: Answering, small: Account) -> None:
    api = answering("ignored-team")
    other = small.teams[1]
    assert page(api, "/clients", team=other) == page(api, "/clients")
    assert {row["team"] for row in page(api, "/payments", team=other)["data"] if row} == {other}


def test_the_own_team_may_be_missing_or_listed(answering: Answering, small: Account) -> None:
    assert answering("own-team-missing").get(f"/teams/{small.teams[0]}").status_code == 404
    assert set(ids(page(answering("own-team-listed"), "/teams")["data"])) == set(small.teams)


@pytest.mark.parametrize(
    ("name", "path", "status"),
    [
        ("list-gone", "/retentions", 404),
        ("list-forbidden", "/receipts", 403),
        ("list-401", "/payments", 401),
    ],
)
def test_one_list_may_be_refused(answering: Answering, name: str, path: str, status: int) -> None:
    api = answering(name)
    assert api.get(path).status_code == status
    assert api.get("/clients").status_code == 200


def test_401_may_be_for_one_team_one_client_or_once(answering: Answering, small: Account) -> None:
    api = answering("team-401")
    asked = [api.get("/clients", params={"team": team}).status_code for team in small.teams]
    assert asked == [200, 401]
    api = answering("documents-401")
    newest, *_, oldest = ids(page(api, "/clients", limit=100)["data"])
    asked = [api.get(f"/clients/{one}/support-documents").status_code for one in (newest, oldest)]
    assert asked == [200, 401]
    api = answering("once-401")
    assert [api.get("/payments").status_code for _ in range(3)] == [401, 200, 200]


@pytest.mark.parametrize("name", ["throttle-hard", "throttle-announced", "retry-after-date"])
def test_too_many_requests_are_refused(answering: Answering, name: str) -> None:
    api = answering(name, throttle=(3, 30))
    answers = [api.get("/clients") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    waits = answers[3].headers.get("retry-after")
    left = [answer.headers.get("x-ratelimit-remaining") for answer in answers]
    assert (waits is not None) == (name == "retry-after-date")
    assert (left == ["2", "1", "0", "0", "0"]) == (name == "throttle-announced")
    if waits:
        wait = parsedate_to_datetime(waits) - parsedate_to_datetime(answers[3].headers["date"])
        assert 20 < wait.total_seconds() <= 32


def test_the_window_of_the_throttle_moves_on(answering: Answering) -> None:
    api = answering("throttle-hard", throttle=(1, 0.05))
    asked = [api.get("/clients").status_code]
    while asked[-1] != 429 or len(asked) < 2:
        asked.append(api.get("/clients").status_code)
    while asked[-1] == 429:
        asked.append(api.get("/clients").status_code)
    assert asked[0] == asked[-1] == 200


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_variant_changes_answers_and_not_the_account(
    answering: Answering, small: Account, name: str
) -> None:
    """None of them breaks the server, and what is expected stays."""
    api = answering(name)
    for path in ("/clients", "/teams", f"/teams/{small.teams[0]}/series", "/invoices/cfdi-errors"):
        assert api.get(path).status_code < 500 or name == "candidate-500"


def test_what_is_expected_is_the_same_with_every_variant(answering: Answering) -> None:
    control = str(answering().base_url).replace("/v2/", "/_sandbox/expected")
    plain = httpx.get(control, timeout=10).json()
    assert answering(*CATALOGUE) and httpx.get(control, timeout=10).json() == plain


def test_variants_are_set_when_the_app_is_made(small: Account) -> None:
    headers = {"Authorization": f"Bearer {key_for(small)}"}
    with serving(create_app(small, variants=("bare-array",))) as url:
        assert isinstance(httpx.get(f"{url}/clients", headers=headers, timeout=10).json(), list)
    with pytest.raises(ValueError, match="no variant gremlins"):
        create_app(small, variants=("gremlins",))


def test_an_unknown_variant_is_refused(answering: Answering) -> None:
    control = str(answering().base_url).replace("/v2/", "/_sandbox/variants")
    answer = httpx.post(control, json={"names": ["gremlins"]}, timeout=10)
    assert (answer.status_code, "gremlins" in answer.json()["error"]) == (400, True)


def test_the_help_of_the_command_lists_every_variant() -> None:
    shown = CliRunner().invoke(command_line, ["sandbox", "--help"]).stdout
    words = shown.split()
    assert set(CATALOGUE) <= set(words)
    refused = CliRunner().invoke(command_line, ["sandbox", "--variant", "gremlins"])
    assert (refused.exit_code, "bare-array" in refused.output) == (2, True)


def test_variants_can_be_combined(answering: Answering, small: Account) -> None:
    api = answering("odd-types", "camel-case-paging", "nested-paging", "new-fields")
    first = page(api, "/services", limit=3)
    assert (first["pagination"]["hasMore"], type(first["pagination"]["nextCursor"])) == (1, int)
    second = page(api, "/services", limit=3, next=first["pagination"]["nextCursor"])
    assert not set(ids(first["data"])) & set(ids(second["data"]))
    api = answering("other-shapes", "new-fields", "bom")
    assert api.get(f"/teams/{small.teams[1]}/series").status_code == 200
