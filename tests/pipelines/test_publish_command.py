"""`gigstack-etl publish` as a user runs it, and what `status` says of it."""

import json
from pathlib import Path

import pytest

from tests.pipelines.commands import cli
from tests.pipelines.published import add_small_warehouse


@pytest.fixture
def where(tmp_path: Path) -> Path:
    """A working directory with a small warehouse below `data`."""
    add_small_warehouse(tmp_path / "data")
    return tmp_path


def test_it_tells_what_was_published_and_where(where: Path) -> None:
    done = cli(where, "publish")
    assert done.returncode == 0, done.stderr
    assert "Published run run_1 as of " in done.stdout
    assert "personal data: keep" in done.stdout
    assert "data/published/analytics.duckdb" in done.stdout
    assert (where / "data/published/analytics.duckdb").is_file()
    assert (where / "data/published/parquet/gigstack/invoices.parquet").is_file()


def test_it_prints_one_document(where: Path) -> None:
    found = json.loads(cli(where, "publish", "--json").stdout)
    assert (found["number"], found["run_id"], found["pii"]) == (1, "run_1", "keep")
    assert found["path"] == "data/published"
    assert {"as_of", "published_at", "tables", "files", "rows", "bytes", "seconds"} <= found.keys()


def test_it_goes_back(where: Path) -> None:
    assert json.loads(cli(where, "publish", "--json").stdout)["number"] == 1
    assert json.loads(cli(where, "publish", "--json").stdout)["number"] == 2
    assert json.loads(cli(where, "publish", "--rollback", "--json").stdout)["number"] == 1
    done = cli(where, "publish", "--rollback")
    assert done.returncode == 1
    assert done.stderr == "Error: data/published has no earlier version to go back to.\n"


def test_the_policy_comes_from_the_option_the_environment_or_the_file(where: Path) -> None:
    (where / ".dlt").mkdir()
    (where / ".dlt/config.toml").write_text('[publish]\npii = "drop"\n')
    hashed = {"PUBLISH__PII": "hash"}
    assert json.loads(cli(where, "publish", "--json").stdout)["pii"] == "drop"
    assert json.loads(cli(where, "publish", "--json", env=hashed).stdout)["pii"] == "hash"
    named = cli(where, "publish", "--pii", "keep", "--json", env=hashed)
    assert json.loads(named.stdout)["pii"] == "keep"


def test_wrong_usage_ends_with_two(where: Path) -> None:
    done = cli(where, "publish", "--pii", "mask")
    assert done.returncode == 2
    assert done.stderr == "Error: pii is 'mask'; it must be one of keep, hash, drop.\n"
    done = cli(where, "publish", "--pii", "hash", "--rollback")
    assert done.returncode == 2
    assert "--rollback and --pii exclude one another" in done.stderr


def test_without_a_warehouse_it_says_what_to_do(tmp_path: Path) -> None:
    done = cli(tmp_path, "publish")
    assert done.returncode == 1
    assert done.stderr == (
        "Error: data/warehouse.duckdb does not exist yet. Run `gigstack-etl load` first.\n"
    )


def test_status_shows_the_last_publication(where: Path) -> None:
    assert json.loads(cli(where, "status", "--json").stdout)["published"] is None
    assert "Nothing is published yet" in cli(where, "status").stdout
    published = json.loads(cli(where, "publish", "--json").stdout)
    assert json.loads(cli(where, "status", "--json").stdout)["published"] == published
    said = cli(where, "status").stdout
    assert f"Published: run run_1 as of {published['as_of'][:19]} UTC, 0.0 hours ago" in said
