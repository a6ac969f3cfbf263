"""The examples of every rule, which stand in the project beside the models."""

import pytest

from pipelines.transform.dbt_runner import dbt
from tests.transform.conftest import SETTINGS, Built


@pytest.mark.usefixtures("built")
def test_every_rule_gives_what_its_example_says(built: Built) -> None:
    outcomes = dbt(built.data_dir, ["test", "--select", "test_type:unit"], SETTINGS.variables)
    assert len(outcomes) >= 19
    assert [f"{o.name}: {o.message}" for o in outcomes if o.status != "pass"] == []
