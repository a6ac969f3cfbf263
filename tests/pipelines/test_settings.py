"""Where settings come from, and which values they may have."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.foundation.errors import ConfigurationError
from pipelines.gigstack.settings import BASE_URL, Claims, Settings, decode_jwt, read_settings
from tests.pipelines.commands import OURS, environment
from tests.pipelines.scripted import key

PREFIX = "SOURCES__GIGSTACK__"


@pytest.fixture(autouse=True)
def _only_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in [name for name in os.environ if name.startswith(OURS)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIGSTACK_API_KEY", "sk_test_1")


def test_only_a_key_is_needed() -> None:
    found = read_settings()
    assert found == Settings(api_key="sk_test_1")
    assert found == Settings(
        api_key="sk_test_1",
        base_url="https://api.gigstack.io/v2",
        teams=None,
        page_size=100,
        max_concurrency=8,
        requests_per_second=10,
        timeout_seconds=30,
        documents=("clients",),
        documents_request_budget=5000,
    )


def test_without_a_key_it_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GIGSTACK_API_KEY")
    with pytest.raises(ConfigurationError, match=r"GIGSTACK_API_KEY.*secrets\.toml.*demo"):
        read_settings()


def test_every_setting_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {
        "API_KEY": "sk_test_2",
        "BASE_URL": "http://127.0.0.1:8700/v2/",
        "TEAMS": "team_1, team_2",
        "PAGE_SIZE": "50",
        "MAX_CONCURRENCY": "4",
        "REQUESTS_PER_SECOND": "2.5",
        "TIMEOUT_SECONDS": "12.5",
        "DOCUMENTS": "clients,payments",
        "DOCUMENTS_REQUEST_BUDGET": "10",
    }
    for name, value in values.items():
        monkeypatch.setenv(PREFIX + name, value)
    assert read_settings() == Settings(
        api_key="sk_test_2",
        base_url="http://127.0.0.1:8700/v2",
        teams=("team_1", "team_2"),
        page_size=50,
        max_concurrency=4,
        requests_per_second=2.5,
        timeout_seconds=12.5,
        documents=("clients", "payments"),
        documents_request_budget=10,
    )


def test_the_names_of_the_vendor_are_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_settings().base_url == BASE_URL
    monkeypatch.setenv("GIGSTACK_API_BASE_URL", "http://127.0.0.1:1/v2/")
    assert read_settings().base_url == "http://127.0.0.1:1/v2"
    monkeypatch.setenv(PREFIX + "BASE_URL", "http://127.0.0.1:2/v2")
    assert read_settings().base_url == "http://127.0.0.1:2/v2"


def test_files_of_dlt_are_read_where_the_command_runs(tmp_path: Path) -> None:
    (tmp_path / ".dlt").mkdir()
    (tmp_path / ".dlt/config.toml").write_text(
        '[sources.gigstack]\nteams = ["team_1", "team_2"]\npage_size = 20\n'
        'documents = ["invoices"]\nrequests_per_second = 3\n'
    )
    (tmp_path / ".dlt/secrets.toml").write_text('[sources.gigstack]\napi_key = "sk_test_file"\n')
    code = (
        "import json, dataclasses; from pipelines.gigstack.settings import read_settings; "
        "print(json.dumps(dataclasses.asdict(read_settings())))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    found = json.loads(done.stdout)
    assert found["api_key"] == "sk_test_file"
    assert found["teams"] == ["team_1", "team_2"]
    assert (found["page_size"], found["requests_per_second"]) == (20, 3)
    assert found["documents"] == ["invoices"]


@pytest.mark.parametrize(
    ("text", "teams"),
    [
        ("all", ("all",)),
        ("team_1", ("team_1",)),
        ("team_1,team_2", ("team_1", "team_2")),
        (" team_1 , team_2 ", ("team_1", "team_2")),
        ('["team_1", "team_2"]', ("team_1", "team_2")),
        ("['team_1', 'team_2']", ("team_1", "team_2")),
        ("[]", None),
        ("", None),
    ],
)
def test_teams_are_text_or_a_list(
    text: str, teams: tuple[str, ...] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PREFIX + "TEAMS", text)
    assert read_settings().teams == teams


def test_documents_may_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PREFIX + "DOCUMENTS", "[]")
    assert read_settings().documents == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("page_size", "0"),
        ("page_size", "101"),
        ("page_size", "many"),
        ("max_concurrency", "0"),
        ("max_concurrency", "257"),
        ("requests_per_second", "0"),
        ("requests_per_second", "-1"),
        ("timeout_seconds", "0"),
        ("timeout_seconds", "601"),
        ("documents_request_budget", "-1"),
        ("documents", "clients,receipts"),
        ("base_url", "api.gigstack.io/v2"),
        ("base_url", "ftp://api.gigstack.io/v2"),
    ],
)
def test_a_value_out_of_its_range_is_named(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PREFIX + name.upper(), value)
    with pytest.raises(ConfigurationError, match=name) as raised:
        read_settings()
    assert value.split(",")[-1] in str(raised.value)
    assert "sk_test_1" not in str(raised.value)


def test_a_password_in_the_address_is_refused_and_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(PREFIX + "BASE_URL", "https://somebody:secret-word@api.example/v2")
    with pytest.raises(ConfigurationError, match="base_url holds a user name") as raised:
        read_settings()
    assert "secret-word" not in str(raised.value)


@pytest.mark.parametrize("blanks", ["\n", " ", "\r\n", "\t"])
def test_blanks_around_a_key_are_no_part_of_it(
    blanks: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIGSTACK_API_KEY", f"sk_test_1{blanks}")
    assert read_settings().api_key == "sk_test_1"


@pytest.mark.parametrize("wrong", ["sk_ñandú", "sk test", "sk\x07test"])
def test_a_key_that_no_header_can_carry_is_refused_and_not_shown(
    wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIGSTACK_API_KEY", wrong)
    with pytest.raises(ConfigurationError) as raised:
        read_settings()
    assert wrong not in str(raised.value)


def test_a_jwt_says_its_team_and_mode() -> None:
    assert decode_jwt(key(team="team_7", livemode=False)) == Claims("team_7", False)
    assert decode_jwt(key(team=None)) == Claims(None, True)


@pytest.mark.parametrize(
    "other",
    [
        "",
        "sk_test_1",
        "a.b",
        "a.b.c",
        "a.!!.c",
        "a.W10.c",
        "a.eyJ0ZWFtIjo3fQ.c",
        "ñ.ñ.ñ",
        "a.b.c.d",
    ],
)
def test_any_other_key_says_nothing(other: str) -> None:
    assert decode_jwt(other) == Claims()
