"""Whoever follows CONTRIBUTING.md word by word has a new endpoint, and breaks nothing else."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.recipe.steps import steps

ROOT = Path(__file__).parents[2]
MOST_FILES = 7
TABLES = ("contracts", "contract_milestones")
NOT_COPIED = (".*", "data", "dist", "target", "logs", "__pycache__")
UNRELATED = (  # what a new endpoint has broken before, and whatever else holds for every table
    "tests/test_generate.py",
    "tests/sql/test_every_entity.py",
    "tests/sandbox/test_account.py",
    "tests/sandbox/test_independence.py",
    "tests/pipelines/test_docs.py",
    "tests/pipelines/test_published_columns.py",
    "tests/transform/test_project.py::test_a_model_says_its_grain_first",
    "tests/transform/test_project.py::test_an_answer_reads_facts_in_scope_only",
    "tests/transform/test_project.py::test_every_normalized_table_has_a_staging_view",
    "tests/report/test_declared.py::test_every_code_has_words_in_both_languages",
)


class Copy:
    """A copy of the repository, whose own modules are what Python finds there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        shutil.copytree(ROOT, path, ignore=shutil.ignore_patterns(*NOT_COPIED))
        shutil.copytree(ROOT / ".dlt", path / ".dlt")

    def python(self, *arguments: str) -> str:
        """Run a module; its output."""
        done = subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=self.path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """The copy after all steps of the recipe."""
    copy = Copy(tmp_path_factory.mktemp("recipe") / "repository")
    for step in steps((copy.path / "CONTRIBUTING.md").read_text(encoding="utf-8")):
        step.do(copy.path)
    copy.python("tests.generate")
    return copy


@pytest.fixture(scope="module")
def found(followed: Copy, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a load from the sandbox and a build of the models make of the new list."""
    folder = tmp_path_factory.mktemp("found")
    answer: dict[str, Any] = json.loads(followed.python("tests.recipe.found", str(folder), *TABLES))
    return answer


def test_the_recipe_takes_at_most_seven_files_by_hand() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert 0 < len({step.path for step in steps(text)}) <= MOST_FILES


def test_its_rows_are_in_the_warehouse_and_in_staging(found: dict[str, Any]) -> None:
    assert found["differences"] == {}
    assert found["failures"] == []
    for table in TABLES:
        assert found["tables"][table]["loaded"] == found["tables"][table]["staged"] > 0


def test_its_tables_and_columns_are_described(followed: Copy, found: dict[str, Any]) -> None:
    for table in TABLES:
        assert found["tables"][table]["described"] == found["tables"][table]["columns"]
    assert found["tables"]["contracts"]["grain"] == "One row per contract of a team."
    assert {"contract_kind", "signed_date"} <= set(found["tables"]["contracts"]["columns"])
    page = (followed.path / "docs" / "tables.md").read_text(encoding="utf-8")
    assert "## Agreed, and until when\n" in page
    for table in TABLES:
        assert f"| `{table}` |" in page


def test_its_own_test_and_the_unrelated_ones_pass(followed: Copy) -> None:
    followed.python(
        "pytest", "-q", "-p", "no:cacheprovider", "tests/sql/test_contracts.py", *UNRELATED
    )


def test_it_keeps_to_the_style(followed: Copy) -> None:
    made = {step.path for step in steps((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))}
    python = [path for path in made if path.endswith(".py")]
    followed.python("ruff", "format", "--check", *python)
    followed.python("ruff", "check", *python)
    sql = [path for path in made if path.endswith(".sql")]
    sql += [f"sql/models/staging/stg_{table}.sql" for table in TABLES]
    followed.python("sqlfluff", "lint", "--disable-progress-bar", *sql)
