"""`sql/` is a dbt project like any other: `cd sql && dbt build`, with no setting and no litter."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipelines.foundation.paths import SQL
from tests.pipelines.commands import PATIENCE
from tests.pipelines.loads import query
from tests.transform.conftest import Built

COMMANDS = (
    ("parse",),
    ("ls", "--select", "dim_client"),
    ("build",),
    ("test", "-s", "dim_client"),
    ("docs", "generate"),
)


@dataclass(frozen=True)
class Checkout:
    """A copy of the project beside a data directory, as in a clone of the repository."""

    where: Path

    @property
    def project(self) -> Path:
        return self.where / "sql"

    @property
    def data_dir(self) -> Path:
        return self.where / "data"

    def dbt(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        plain = {k: v for k, v in os.environ.items() if not k.startswith(("DBT_", "GIGSTACK_"))}
        return subprocess.run(
            [Path(sys.executable).with_name("dbt"), *arguments],
            cwd=self.project,
            env=plain | {"HOME": str(self.where / "home")} | env,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def files(self) -> set[str]:
        """Everything in the checkout, except what dbt wrote to its target."""
        found = {path.relative_to(self.where).as_posix() for path in self.where.rglob("*")}
        return {name for name in found if not name.startswith("sql/target")}


@dataclass(frozen=True)
class Used:
    """The files before and after every command, and the status of all that `dbt build` ran."""

    before: set[str]
    after: set[str]
    build: dict[str, str]

    def of_kind(self, kind: str) -> dict[str, str]:
        return {name: status for name, status in self.build.items() if name.startswith(f"{kind}.")}


@pytest.fixture(scope="module")
def checkout(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Loaded and never built by dbt itself. Shared: dbt's commands leave the project alone."""
    where = tmp_path_factory.mktemp("checkout")
    shutil.copytree(SQL, where / "sql", ignore=shutil.ignore_patterns("target"))
    for name in ("data", "home"):
        (where / name).mkdir()
    shutil.copy(built.data_dir / "warehouse.duckdb", where / "data")
    return Checkout(where)


@pytest.fixture(scope="module")
def used(checkout: Checkout) -> Used:
    before, build = checkout.files(), {}
    for command in COMMANDS:
        done = checkout.dbt(*command)
        assert done.returncode == 0, f"dbt {' '.join(command)}: {done.stdout[-3000:]}{done.stderr}"
        assert "WARN" not in done.stdout.replace("WARN=0", ""), done.stdout
        if command == ("build",):
            path = checkout.project / "target" / "run_results.json"
            results = json.loads(path.read_bytes())["results"]
            build = {result["unique_id"]: result["status"] for result in results}
    return Used(before, checkout.files(), build)


def test_every_command_leaves_the_folder_as_it_was(used: Used) -> None:
    assert "data/warehouse.duckdb" in used.before
    assert used.after == used.before


def test_every_rule_gives_what_its_example_says(used: Used) -> None:
    """The examples stand beside the models, as dbt's unit tests; a bare build runs them too."""
    examples = used.of_kind("unit_test")
    assert len(examples) >= 19
    assert {name for name, status in examples.items() if status != "pass"} == set()


def test_it_builds_what_transform_builds(used: Used, built: Built) -> None:
    assert len(used.of_kind("model")) == built.done.models
    assert len(used.of_kind("test")) == built.done.tests


@pytest.mark.usefixtures("used")
def test_sql_of_the_loader_and_the_report_is_no_part_of_it(checkout: Checkout) -> None:
    manifest = json.loads((checkout.project / "target" / "manifest.json").read_bytes())
    paths = {Path(node["original_file_path"]).parts[0] for node in manifest["nodes"].values()}
    assert paths == {"models", "seeds", "tests", "dbt_project.yml"}


@pytest.mark.usefixtures("used")
def test_the_next_transform_builds_everything(checkout: Checkout) -> None:
    """Nothing tells it what was built, and of which state of the project."""
    found = query(checkout.data_dir, "select fingerprint from ops.transforms")
    assert found
    assert {row["fingerprint"] for row in found} == {""}


def test_without_a_load_it_says_what_to_do(checkout: Checkout, tmp_path: Path) -> None:
    done = checkout.dbt("run", "-s", "dim_team", GIGSTACK_WAREHOUSE=str(tmp_path / "none.duckdb"))
    assert done.returncode != 0
    assert "Nothing is loaded in " in done.stdout
    assert "Run `gigstack-etl load` first" in done.stdout
