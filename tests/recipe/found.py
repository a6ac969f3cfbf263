"""`python -m tests.recipe.found FOLDER TABLE…`: what a load and a build make of these tables.

Prints as JSON: the tables that differ from what the account must come to, the failures of dbt, and
of each table its rows, those of its staging view, and the columns that dbt's documentation has.
"""

import json
import sys
from pathlib import Path
from typing import Any

from pipelines.foundation.paths import dbt_dir
from pipelines.sandbox.expected.contents import expected
from pipelines.transform.dbt_runner import FAILED, dbt
from pipelines.transform.settings import TransformSettings
from tests.accounts import create_account
from tests.pipelines.loads import differences, query
from tests.transform.conftest import load_account


def found(folder: Path, tables: list[str]) -> dict[str, Any]:
    data_dir = folder / "data"
    with create_account(folder / "account.sqlite", clients=4, months=2, teams=2) as account:
        load_account(account, data_dir)
        wrong = differences(data_dir, expected(account))
    views = [f"stg_{table}" for table in tables]
    # tests of what is selected alone, not those that compare it with other models
    verb = ["build", "--indirect-selection", "cautious", "--select", *views, "+mart_freshness"]
    built = dbt(data_dir, verb, TransformSettings().variables)
    failures = [f"{one.name}: {one.message}" for one in built if one.status in FAILED]
    return {
        "differences": wrong,
        "failures": failures,
        "tables": {table: _table(data_dir, table) for table in tables} if not failures else {},
    }


def _table(data_dir: Path, table: str) -> dict[str, Any]:
    view = f"stg_{table}"
    manifest = json.loads((dbt_dir(data_dir) / "target" / "manifest.json").read_bytes())
    node = manifest["nodes"][f"model.gigstack.{view}"]
    return {
        "loaded": query(data_dir, f"select count(*) as n from gigstack.{table}")[0]["n"],
        "staged": query(data_dir, f"select count(*) as n from staging.{view}")[0]["n"],
        "columns": list(query(data_dir, f"from staging.{view} limit 1")[0]),
        "described": [name for name, c in node["columns"].items() if c["description"]],
        "grain": node["description"],
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(found(Path(sys.argv[1]), sys.argv[2:])))
