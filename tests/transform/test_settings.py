"""Zones and terms, from the environment as from `.dlt/config.toml`; and what dbt is given."""

from pathlib import Path

import pytest

from pipelines.foundation.errors import ConfigurationError
from pipelines.transform.dbt_runner import _environment
from pipelines.transform.settings import TransformSettings, read_transform_settings


def test_without_settings_days_are_those_of_mexico_city() -> None:
    assert read_transform_settings() == TransformSettings()
    assert TransformSettings().variables["zone"] == "America/Mexico_City"


def test_teams_may_have_zones_and_terms_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRANSFORM__TEAM_ZONES", '{"team_1": "America/Tijuana"}')
    monkeypatch.setenv("TRANSFORM__TERMS_DAYS", "30")
    monkeypatch.setenv("TRANSFORM__TEAM_TERMS_DAYS", '{"team_1": 15}')
    settings = read_transform_settings()
    assert settings.team_zones == {"team_1": "America/Tijuana"}
    assert settings.terms_days == 30
    assert settings.team_terms_days == {"team_1": 15}


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("ZONE", "Mexico/Nowhere", "Mexico/Nowhere"),
        ("ZONE", "-06:00", "-06:00"),
        ("TEAM_ZONES", "America/Tijuana", "team_zones"),
        ("TEAM_ZONES", '{"x\' or 1": "America/Tijuana"}', "x' or 1"),
        ("TEAM_TERMS_DAYS", '{"team_1": "soon"}', "team_terms_days"),
        ("TERMS_DAYS", "-1", "-1"),
    ],
)
def test_a_wrong_setting_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    monkeypatch.setenv(f"TRANSFORM__{name}", value)
    with pytest.raises(ConfigurationError) as caught:
        read_transform_settings()
    assert says in str(caught.value)
    assert len(str(caught.value).splitlines()) <= 2


def test_dbt_is_not_given_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GIGSTACK_API_KEY", "SOURCES__GIGSTACK__API_KEY", "SENDGRID_API_KEY"):
        monkeypatch.setenv(name, "top-secret")
    assert "top-secret" not in set(_environment(tmp_path).values())
