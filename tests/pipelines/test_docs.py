"""What README.md names exists, and what exists is named in it."""

import re
from dataclasses import fields
from functools import cache
from pathlib import Path

import typer.main

from pipelines.cli.app import app
from pipelines.gigstack.endpoints import ENTITIES, RESOURCES
from pipelines.gigstack.settings import Settings
from tests.pipelines.loads import TABLES

ROOT = Path(__file__).parents[2]
KEYS = {field.name for field in fields(Settings)}
VARIABLES = {"GIGSTACK_API_KEY", "GIGSTACK_API_BASE_URL", "GIGSTACK_DATA_DIR"}


@cache
def readme() -> str:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert text.strip(), "README.md is empty"
    return text


def commands() -> dict[str, set[str]]:
    """The options of every command."""
    group = typer.main.get_command(app)
    found = getattr(group, "commands", {})
    return {
        name: {option for parameter in command.params for option in parameter.opts} | {"--help"}
        for name, command in found.items()
    }


def columns_headed(*words: str) -> list[str]:
    """The cells below a table's headings that contain one of these words."""
    cells: list[str] = []
    wanted: list[int] = []
    for line in readme().splitlines():
        if not line.startswith("|"):
            wanted = []
            continue
        row = [cell.strip() for cell in line.strip("|").split("|")]
        if not wanted:
            wanted = [n for n, cell in enumerate(row) if any(w in cell.lower() for w in words)]
            wanted = wanted or [-1]
        elif wanted != [-1] and not set(row[0]) <= set("-: "):
            cells += [row[number] for number in wanted if number < len(row)]
    return cells


def named(cells: list[str]) -> set[str]:
    """What stands in backticks."""
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


def known_tables() -> set[str]:
    """`schema.table` of the normalized tables, the ledger, and every model and seed."""
    ledger = (ROOT / "sql/loader/run_log.sql").read_text(encoding="utf-8")
    ops = set(re.findall(r"create table if not exists (ops\.\w+)", ledger))
    models = {
        f"{path.parent.name}.{path.stem}"
        for folder in ("models", "seeds")
        for path in (ROOT / "sql" / folder).rglob("*.*")
        if path.suffix in (".sql", ".csv")
    }
    return {f"gigstack.{name}" for name in TABLES} | ops | models


def test_it_is_short_enough_to_be_read() -> None:
    assert len(readme().splitlines()) <= 150


def test_every_command_it_names_exists() -> None:
    mentioned = set(re.findall(r"gigstack-etl ([a-z]+)\b", readme()))
    assert mentioned - commands().keys() == set()


def test_every_command_is_named() -> None:
    mentioned = set(re.findall(r"gigstack-etl ([a-z]+)\b", readme()))
    assert commands().keys() - mentioned == set()


def test_every_option_it_names_exists() -> None:
    for command, rest in re.findall(r"gigstack-etl ([a-z]+)([^`\n|]*)", readme()):
        options = set(re.findall(r"--[a-z][a-z-]*", rest))
        assert options - commands()[command] == set(), command
    every = {option for options in commands().values() for option in options}
    others = set(re.findall(r"`(--[a-z][a-z-]*)", readme()))
    assert others - every == set()


def test_every_resource_it_names_exists() -> None:
    resources = set(re.findall(r"--resource ([a-z_]+)", readme()))
    assert resources - (RESOURCES.keys() | ENTITIES.keys()) == set()


def test_every_configuration_key_is_named() -> None:
    assert {key for key in KEYS if f"`{key}`" not in readme()} == set()


def test_every_configuration_key_it_names_exists() -> None:
    """Keys stand in columns headed key or setting, and after SOURCES__GIGSTACK__."""
    listed = {name for name in named(columns_headed("key", "setting")) if name.islower()}
    listed = {name for name in listed if re.fullmatch(r"[a-z_]+", name)}
    assert listed, "no table of README.md has a column headed key or setting"
    assert listed - KEYS == set()
    variables = re.findall(r"SOURCES__GIGSTACK__([A-Z_]+)", readme())
    assert {name.lower() for name in variables} - KEYS == set()


def test_every_environment_variable_it_names_exists() -> None:
    found = set(re.findall(r"\bGIGSTACK_[A-Z_]+\b", re.sub(r"SOURCES__\w+", "", readme())))
    assert found - VARIABLES == set()
    assert VARIABLES - found == set()


def test_every_table_it_names_exists() -> None:
    """Tables stand as `schema.table` anywhere, and by their name in columns headed table."""
    known = known_tables()
    schemas = {name.partition(".")[0] for name in known}
    qualified = {
        name
        for name in re.findall(r"`([a-z_]+\.[a-z_]+)`", readme())
        if name.partition(".")[0] in schemas
    }
    assert qualified - known == set()
    listed = {name for name in named(columns_headed("table")) if re.fullmatch(r"[a-z_.]+", name)}
    bare = known | {name.partition(".")[2] for name in known} | schemas
    assert listed - bare == set()
    assert qualified or listed, "README.md names no table"


def test_every_verb_of_make_that_it_names_exists() -> None:
    verbs = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    mentioned = set(re.findall(r"(?:^|`)make ([a-z]+)", readme(), re.MULTILINE))
    assert mentioned, "README.md names no verb of make"
    assert mentioned - verbs == set()
