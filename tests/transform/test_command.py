"""`gigstack-etl transform` and `docs`: what they print, and what they say when it goes wrong."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines import warehouse
from pipelines.foundation.errors import ConfigurationError, WarehouseError
from pipelines.foundation.lock import exclusive_run
from pipelines.transform.build import transform
from pipelines.transform.selection import unmatched
from tests.pipelines.commands import cli
from tests.pipelines.loads import query
from tests.transform.conftest import SETTINGS, Built


@pytest.fixture
def copied(built: Built, tmp_path: Path) -> Path:
    shutil.copytree(built.data_dir, tmp_path / "data")
    return tmp_path / "data"


@contextmanager
def changed(data_dir: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with warehouse.connect(data_dir) as connection:
        yield connection


def notes(data_dir: Path) -> list[dict[str, Any]]:
    return query(data_dir, "select * from ops.transforms order by started_at")


def columns_of_clients(data_dir: Path) -> set[str]:
    found = query(data_dir, "select column_name from (describe core.dim_client)")
    return {row["column_name"] for row in found}


def test_a_part_is_built_with_its_tests_and_nothing_else(copied: Path) -> None:
    """What was built whole stays so: the next build has no reason to begin anew."""
    with changed(copied) as connection:
        connection.execute("alter table core.dim_client add column stale integer")
        connection.execute("alter table core.dim_team add column stale integer")
    done = cli(
        copied.parent, "transform", "--select", "dim_client", "--select", "mx_holidays", "--json"
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["models"], found["is_full_refresh"]) == (1, False)
    assert found["tests"] > 3
    assert "stale" not in columns_of_clients(copied)
    assert query(copied, "select stale from core.dim_team limit 1")
    assert not transform(copied, settings=SETTINGS, select=["dim_team"]).is_full_refresh
    whole, first, second = notes(copied)
    assert (first["models"], second["models"]) == (1, 1)
    assert (whole["fingerprint"], first["fingerprint"]) == ("", "")
    assert second["fingerprint"]


def test_a_part_of_a_changed_project_is_not_the_whole(copied: Path) -> None:
    """With other settings the project is another one, of which only a part is built."""
    others = replace(SETTINGS, terms_days=7)
    assert transform(copied, settings=others, select=["dim_client"]).is_full_refresh
    assert [note["fingerprint"] for note in notes(copied)] == ["", ""]


def test_what_selects_nothing_is_refused_before_anything_is_built(copied: Path) -> None:
    before = notes(copied)
    done = cli(copied.parent, "transform", "--select", "dim_team", "--select", "+dim_clien+")
    assert done.returncode == 2
    message = done.stderr.splitlines()[-1]
    assert message.startswith("Error: --select '+dim_clien+' matches no model, seed or test. ")
    assert "Did you mean dim_client" in message
    assert notes(copied) == before


def test_figures_that_rest_on_no_payment_terms_say_so(copied: Path) -> None:
    """The account of the tests has none; where nothing is due, nothing is said."""
    done = cli(copied.parent, "transform", "--select", "dim_currency")
    assert done.returncode == 0, done.stderr
    (note,) = [line for line in done.stdout.splitlines() if line.startswith("note: ")]
    assert "No payment terms are set" in note
    assert "docs/settings.md" in note
    with changed(copied) as connection:
        connection.execute("drop table core.fct_cfdi cascade")
    assert "note: " not in cli(copied.parent, "transform", "--select", "dim_currency").stdout


def test_an_empty_selector_is_no_wish_for_everything(copied: Path) -> None:
    with pytest.raises(ConfigurationError, match="--select ' ' matches no model, seed or test"):
        transform(copied, settings=SETTINGS, select=[" "])


@pytest.mark.parametrize(
    ("selector", "hint"),
    [
        ("1+fct_cfd+2", "Did you mean fct_cfdi"),
        ("fct_cfdi,dim_clients", "Did you mean dim_client"),
        ("c_FormaPag", "Did you mean c_FormaPago"),
        ("tag:nothing", "`gigstack-etl docs` lists the models."),
    ],
)
def test_a_selector_is_answered_with_names_that_resemble_it(selector: str, hint: str) -> None:
    assert hint in str(unmatched(selector))


def test_without_a_warehouse_it_says_what_to_do_first(tmp_path: Path) -> None:
    done = cli(tmp_path, "transform")
    assert done.returncode == 1
    assert "Run `gigstack-etl load` first" in done.stderr
    assert not list(tmp_path.glob("data/warehouse.duckdb"))


def test_tables_that_were_never_loaded_are_named(copied: Path) -> None:
    with changed(copied) as connection:
        connection.execute("drop table gigstack.users cascade")
    with pytest.raises(WarehouseError, match=r"1 tables have never been loaded, e\.g\. users"):
        transform(copied, settings=SETTINGS)


def test_it_waits_for_no_load_but_says_who_is_there(copied: Path) -> None:
    with exclusive_run(copied), pytest.raises(WarehouseError, match="Another load is running"):
        transform(copied, settings=SETTINGS)


def test_a_day_that_is_none_is_refused(tmp_path: Path) -> None:
    done = cli(tmp_path, "transform", "--as-of", "yesterday")
    assert done.returncode == 2
    assert "yesterday" in done.stderr


def test_the_documentation_is_one_page(copied: Path) -> None:
    done = cli(copied.parent, "docs", "--json")
    assert done.returncode == 0, done.stderr
    page = copied.parent / json.loads(done.stdout)["page"]
    text = page.read_text(encoding="utf-8")
    assert text.lstrip().lower().startswith(("<!doctype html", "<!DOCTYPE html"))
    assert "One row per CFDI that the team issued" in text
