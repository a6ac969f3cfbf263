"""Every measure of `sql/semantic/metrics.yml` runs, by its dimensions, on marts of two teams."""

from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from pipelines.foundation.paths import SQL

from .conftest import AS_OF, Audited

METRICS = yaml.safe_load((SQL / "semantic" / "metrics.yml").read_text("utf-8"))["metrics"]
ADDITIVITY = {"additive", "semi-additive", "non-additive"}
UNITS = {"MXN", "days", "hours", "count", "fraction"}


def test_names_are_unique_and_words_known() -> None:
    assert len({metric["name"] for metric in METRICS}) == len(METRICS)
    assert {metric["additivity"] for metric in METRICS} <= ADDITIVITY
    assert {metric["unit"] for metric in METRICS} <= UNITS


@pytest.mark.parametrize("metric", METRICS, ids=[metric["name"] for metric in METRICS])
def test_a_measure_runs(metric: dict[str, Any], audit: Any) -> None:
    by = ", ".join(metric["dimensions"])
    audited: Audited = audit(AS_OF[0])
    rows = audited.connection.execute(
        f"select {by}, {metric['expression']} as {metric['name']} from {metric['table']} "
        f"where {metric.get('filter', 'true')} group by {by}"
    ).fetchall()
    assert {row[0] for row in rows} <= {books.team for books in audited.teams}
    assert any(row[-1] is not None for row in rows) or metric.get("filter")


def test_dimensions_tell_whose_it_is() -> None:
    assert all(metric["dimensions"][0] == "team_id" for metric in METRICS)
