"""What every model of the project keeps to, whoever adds one."""

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest

from pipelines.foundation.paths import NORMALIZE_SQL, SQL, STILL_OPEN_SQL
from pipelines.gigstack.endpoints import ENTITIES
from pipelines.publish.columns import Column
from tests.pipelines.loads import query
from tests.pipelines.published import undeclared
from tests.transform.conftest import Built

MODELS = sorted((SQL / "models").rglob("*.sql"))
LEDGER = {
    "stg_run_streams",
    "stg_list_rows",
    "stg_findings",
}  # views of what was read, not of one table
BESIDE_FACTS = {  # answers that read more than facts in scope, and what
    "mart_freshness": LEDGER,
    "mart_data_quality": LEDGER,
    "gigstack__line_item_enhanced": {"stg_clients"},
}
ANSWERS = [path for path in MODELS if path.parent.name in ("marts", "reportes")]


def named(paths: list[Path]) -> list[Any]:
    return [pytest.param(path, id=path.stem) for path in paths]


def manifest(built: Built) -> dict[str, Any]:
    path = built.data_dir / "dbt" / "target" / "manifest.json"
    found: dict[str, Any] = json.loads(path.read_bytes())
    return found


def words(entity: str, **properties: str) -> set[str]:
    """What seed gigstack_status lists of an object, where its columns have these values."""
    with (SQL / "seeds" / "gigstack_status.csv").open(encoding="utf-8") as file:
        return {
            row["status"]
            for row in csv.DictReader(file)
            if row["entity"] == entity and properties.items() <= row.items()
        }


@pytest.mark.parametrize("path", named(MODELS))
def test_a_model_says_its_grain_first(path: Path) -> None:
    assert path.read_text(encoding="utf-8").startswith("-- One row per ")


@pytest.mark.parametrize("path", named(ANSWERS))
def test_an_answer_reads_facts_in_scope_only(path: Path) -> None:
    """`live('fct_x')`, which leaves out tests, deleted rows and what was not there yet."""
    text = path.read_text(encoding="utf-8")
    read = re.findall(r"ref\(\s*['\"]((?:fct|stg)_\w+)", text)
    assert set(read) <= BESIDE_FACTS.get(path.stem, set())
    assert "source(" not in text


def test_every_normalized_table_has_a_staging_view() -> None:
    tables = {table.name for entity in ENTITIES.values() for table in entity.tables}
    views = {path.stem for path in MODELS if path.parent.name == "staging"}
    assert views == {f"stg_{name}" for name in tables} | LEDGER


def test_every_seed_is_read_by_a_model(built: Built) -> None:
    """`sat_cfdi_status` waits for the rules that it changes; see DECISIONS.md."""
    nodes, children = manifest(built)["nodes"], manifest(built)["child_map"]
    read = {
        node["name"]: any(child.startswith("model.") for child in children[name])
        for name, node in nodes.items()
        if node["resource_type"] == "seed"
    }
    assert {name for name, is_read in read.items() if not is_read} == {"sat_cfdi_status"}


def test_every_seed_says_where_it_comes_from() -> None:
    page = (SQL / "seeds" / "README.md").read_text(encoding="utf-8")
    seeds = {path.stem for path in (SQL / "seeds").glob("*.csv")}
    listed = "".join(line.split("|")[1] for line in page.splitlines() if line.startswith("|"))
    assert set(re.findall(r"`(\w+)`", listed)) == seeds


@pytest.mark.parametrize(
    ("entity", "file"), [("invoice", "invoices"), ("payment", "payments"), ("receipt", "receipts")]
)
def test_the_loader_knows_the_words_of_the_seed(entity: str, file: str) -> None:
    accepted = json.loads((NORMALIZE_SQL / "accepted_values.json").read_bytes())
    assert words(entity) == set(accepted[file]["status_raw"])


@pytest.mark.parametrize(("entity", "file"), [("payment", "payments"), ("receipt", "receipts")])
def test_the_loader_reads_again_what_the_seed_calls_open(entity: str, file: str) -> None:
    """Normalizing leaves one spelling of each word: no `canceled`, no `succeeded_`."""
    text = (STILL_OPEN_SQL / f"{file}.sql").read_text(encoding="utf-8")
    (final,) = re.findall(r"not in \(([^)]*)\)", text)
    closed = {
        word.rstrip("_").replace("canceled", "cancelled") for word in words(entity, is_open="false")
    }
    assert set(re.findall(r"'(\w+)'", final)) == closed


def test_every_model_and_column_is_described(built: Built) -> None:
    columns: dict[str, set[str]] = {}
    for row in query(
        built.data_dir,
        "select table_name, column_name from duckdb_columns() "
        "where schema_name in ('seeds', 'staging', 'core', 'marts', 'reportes')",
    ):
        columns.setdefault(row["table_name"], set()).add(row["column_name"])
    nodes = [
        n for n in manifest(built)["nodes"].values() if n["resource_type"] in ("model", "seed")
    ]
    assert len(nodes) == len(columns)
    for node in nodes:
        described = {name for name, c in node["columns"].items() if c["description"]}
        assert node["description"], node["name"]
        assert columns[node["name"]] - described == set(), node["name"]
        assert described - columns[node["name"]] == set(), node["name"]


def test_every_text_column_of_the_models_is_declared(built: Built) -> None:
    """Views for people read tables, whose columns are hidden already."""
    rows = query(
        built.data_dir,
        "select schema_name, table_name, column_name, data_type from duckdb_columns() "
        "where schema_name in ('seeds', 'core', 'marts')",
    )
    assert undeclared(Column(*row.values()) for row in rows) == ""


def test_every_table_has_a_tested_key(built: Built) -> None:
    found = manifest(built)
    tested = {
        node["attached_node"]
        for node in found["nodes"].values()
        if (node.get("test_metadata") or {}).get("name") == "sound_rows"
    }
    tables = {
        name
        for name, node in found["nodes"].items()
        if node["resource_type"] == "model" and node["schema"] in ("core", "marts")
    }
    assert tables - tested == set()
