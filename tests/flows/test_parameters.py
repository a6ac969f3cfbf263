"""Parameters that are wrong are refused, with words that say what to do."""

from datetime import date, timedelta
from typing import Any

import pytest
from prefect.exceptions import ParameterTypeError

from flows.backfill import backfill
from flows.deployments import DEPLOYMENTS
from flows.nightly import nightly
from flows.parameters import today
from flows.publish import publish

TOMORROW = today() + timedelta(days=1)


@pytest.mark.usefixtures("prefect")
@pytest.mark.parametrize(
    ("flow", "parameters", "told"),
    [
        (nightly, {"teams": "team_1"}, r"it must be a list, such as \[\"team_1\"\]"),
        (nightly, {"teams": ["../etc"]}, "letters, digits, _ and - only"),
        (nightly, {"wait_minutes": -1}, "greater than or equal to 0"),
        (backfill, {"since": TOMORROW}, "is in the future"),
        (backfill, {"since": "yesterday"}, "valid date"),
        (backfill, {"since": date(2026, 1, 1), "slice_days": 0}, "greater than or equal to 1"),
        (backfill, {"since": date(2026, 1, 1), "resources": ["invoces"]}, "no resource 'invoces'"),
        (publish, {"pii": "blur"}, "'keep', 'hash' or 'drop'"),
    ],
    ids=["text", "path", "negative", "future", "word", "zero", "resource", "policy"],
)
def test_a_wrong_parameter_is_refused(flow: Any, parameters: dict[str, Any], told: str) -> None:
    with pytest.raises(ParameterTypeError, match=told):
        flow(**parameters)


def test_no_parameter_takes_the_key() -> None:
    names = {name for one in DEPLOYMENTS for name in one.load().parameters.properties}
    assert "teams" in names
    assert not any("key" in name or "secret" in name or "token" in name for name in names)


def test_the_form_of_the_ui_explains_each_parameter() -> None:
    for deployment in DEPLOYMENTS:
        for name, schema in deployment.load().parameters.properties.items():
            assert schema.get("description"), (deployment, name)
