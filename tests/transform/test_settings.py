"""Zones and terms, from the environment as from `.dlt/config.toml`; and what dbt is given."""

from dataclasses import asdict, fields
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

from pipelines.foundation.errors import ConfigurationError
from pipelines.foundation.paths import SQL
from pipelines.transform.dbt_runner import _environment
from pipelines.transform.settings import (
    TransformConfiguration,
    TransformSettings,
    read_transform_settings,
)


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


def test_every_variable_of_the_dbt_project_is_a_setting_with_the_same_default() -> None:
    project = yaml.safe_load((SQL / "dbt_project.yml").read_text(encoding="utf-8"))
    defaults = asdict(TransformSettings()) | {"terms_days": ""}
    assert project["vars"] == {"as_of_date": ""} | defaults
    assert {one.name for one in fields(TransformSettings)} == set(
        TransformConfiguration.get_resolvable_fields()
    )


def test_the_page_of_settings_names_each_with_its_default() -> None:
    page = (SQL.parent / "docs" / "settings.md").read_text(encoding="utf-8")
    cells = [[cell.strip() for cell in line.split("|")[1:3]] for line in page.splitlines()]
    told = {row[0].strip("`"): row[1].strip("`") for row in cells if len(row) == 2}
    for name, value in asdict(TransformSettings()).items():
        assert told[name] == ("none" if value in ("", None, {}) else str(value)), name


def test_what_a_business_decides_reaches_dbt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRANSFORM__COMPLEMENT_ALERT_DAYS", "3")
    monkeypatch.setenv("TRANSFORM__OPINION_DOCUMENT_TYPE", "tax_opinion")
    variables = read_transform_settings().variables
    assert variables["complement_alert_days"] == 3
    assert variables["opinion_document_type"] == "tax_opinion"


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("ZONE", "Mexico/Nowhere", "Mexico/Nowhere"),
        ("ZONE", "-06:00", "-06:00"),
        ("TEAM_ZONES", "America/Tijuana", "team_zones"),
        ("TEAM_ZONES", '{"x\' or 1": "America/Tijuana"}', "x' or 1"),
        ("TEAM_TERMS_DAYS", '{"team_1": "soon"}', "team_terms_days"),
        ("TERMS_DAYS", "-1", "-1"),
        ("TERMS_DAYS", "soon", "terms_days"),
        ("STALE_AFTER_DAYS", "3651", "stale_after_days is 3651"),
        ("MATERIALITY_POLICY", "strict", "seed materiality_policy has standard"),
        ("CSF_DOCUMENT_TYPE", "csf' or '1", "csf' or '1"),
        ("RISK_MEDIUM_FROM", "51", "is above risk_high_from 50"),
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
