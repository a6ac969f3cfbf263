"""Build and test the SQL models on the loaded tables: `gigstack-etl transform` and `docs`.

API: https://docs.getdbt.com/reference/commands/build
"""

import hashlib
import json
import shutil
import time
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

from pipelines import warehouse
from pipelines.foundation.errors import TransformError, WarehouseError
from pipelines.foundation.lock import exclusive_run
from pipelines.foundation.paths import SQL, dbt_dir, docs_path
from pipelines.gigstack.endpoints import ENTITIES
from pipelines.transform.dbt_runner import FAILED, NodeResult, dbt
from pipelines.transform.settings import TransformSettings, read_transform_settings
from pipelines.warehouse.migrations import migrate

PROJECT = ("dbt_project.yml", "profiles.yml", "models", "macros", "seeds", "tests")
NOT_NIGHTLY = ("--exclude-resource-type", "unit_test")  # they test the program, not the data
UNCHANGED = ("--exclude", "resource_type:seed", "path:models/staging")
CODES = ("known_codes", "accepted_values")  # tests that find codes and how often they occur
NAMED = 3  # failures in a message, or codes in a warning; the others are counted


@dataclass(frozen=True)
class Transformation:
    """What was built and tested. `as_of` is None for each team's own today."""

    as_of: date | None
    models: int
    tests: int
    seconds: float
    is_full_refresh: bool
    warnings: list[str] = field(default_factory=list)

    @property
    def needs_attention(self) -> bool:
        return bool(self.warnings)


def transform(
    data_dir: Path,
    *,
    as_of: date | None = None,
    full_refresh: bool = False,
    settings: TransformSettings | None = None,
) -> Transformation:
    """Build the models as of a day, incrementally unless the project or its settings changed.

    Errors: TransformError with the models and tests that failed; WarehouseError when there is
    nothing loaded or another run holds the data directory; ConfigurationError.
    """
    variables = (settings or read_transform_settings()).variables
    fingerprint = _fingerprint(variables)
    started_at, began = datetime.now(UTC), time.monotonic()
    with exclusive_run(data_dir):
        is_unchanged = _prepare(data_dir) == fingerprint and not full_refresh
        options = UNCHANGED if is_unchanged else ("--full-refresh",)
        as_of_variable = {"as_of_date": as_of.isoformat()} if as_of else {}
        outcomes = dbt(data_dir, ["build", *NOT_NIGHTLY, *options], variables | as_of_variable)
        failures = [outcome for outcome in outcomes if outcome.status in FAILED]
        message = _message(failures)
        with warehouse.connect(data_dir) as connection:
            done = Transformation(
                as_of,
                sum(outcome.kind == "model" for outcome in outcomes),
                sum(outcome.kind == "test" for outcome in outcomes),
                round(time.monotonic() - began, 1),
                not is_unchanged,
                [_warning(connection, o) for o in outcomes if o.status == "warn"],
            )
            _record(connection, started_at, done, fingerprint, message)
    if failures:
        raise TransformError(message)
    return done


def write_docs(data_dir: Path) -> Path:
    """The project's documentation as one page that needs no server; returns its path.

    Errors: as `transform`.
    """
    page = docs_path(data_dir)
    with exclusive_run(data_dir):
        _prepare(data_dir)
        verb = ["docs", "generate", "--static"]
        outcomes = dbt(data_dir, verb, read_transform_settings().variables)
        if failures := [outcome for outcome in outcomes if outcome.status in FAILED]:
            raise TransformError(_message(failures))
        page.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(dbt_dir(data_dir) / "target" / "static_index.html", page)
    return page


def _prepare(data_dir: Path) -> str | None:
    """The fingerprint of the last good build, of a warehouse that has every table."""
    path = warehouse.warehouse_path(data_dir)
    if not path.exists():
        raise WarehouseError(f"{path} does not exist yet. Run `gigstack-etl load` first.")
    with warehouse.connect(data_dir) as connection:
        migrate(connection)
        held = warehouse.table_names(connection)
        missing = {t.name for e in ENTITIES.values() for t in e.tables} - held
        if missing:
            raise WarehouseError(
                f"{len(missing)} tables have never been loaded, e.g. {min(missing)}. "
                "Run `gigstack-etl load` without --resource once; it makes all of them."
            )
        last = connection.execute(
            "select fingerprint, message from ops.transforms order by started_at desc limit 1"
        ).fetchone()
    return last[0] if last and last[1] is None else None


def _record(
    connection: duckdb.DuckDBPyConnection,
    started_at: datetime,
    done: Transformation,
    fingerprint: str,
    message: str | None,
) -> None:
    connection.execute(
        "insert into ops.transforms by name select $started_at as started_at, "
        "now() as finished_at, $as_of::date as as_of_date, $models as models, $tests as tests, "
        "$warnings as warnings, $fingerprint as fingerprint, $message as message",
        {
            "started_at": started_at,
            "as_of": done.as_of,
            "models": done.models,
            "tests": done.tests,
            "warnings": len(done.warnings),
            "fingerprint": fingerprint,
            "message": message or None,
        },
    )


def _fingerprint(variables: dict[str, Any]) -> str:
    """Of all that decides on what the models are made of, but not of the data."""
    found = hashlib.sha256(json.dumps(variables, sort_keys=True).encode())
    for name in PROJECT:
        path = SQL / name
        for file in sorted(path.rglob("*")) if path.is_dir() else (path,):
            if file.is_file():
                found.update(file.relative_to(SQL).as_posix().encode())
                found.update(file.read_bytes())
    return found.hexdigest()


def _warning(connection: duckdb.DuckDBPyConnection, outcome: NodeResult) -> str:
    """What a test that warns found; the codes themselves where it is about codes."""
    if not outcome.query or not outcome.name.endswith(CODES):
        return f"{outcome.name}: {outcome.message}"
    found = connection.execute(outcome.query).fetchall()
    named = ", ".join(" ".join(str(value) for value in row[:-1]) for row in found[:NAMED])
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    return f"{outcome.name}: {named}{more} in {sum(row[-1] for row in found)} rows"


def _message(failures: list[NodeResult]) -> str:
    named = "; ".join(f"{o.name} ({o.message})" for o in failures[:NAMED])
    more = f"; and {len(failures) - NAMED} more" if len(failures) > NAMED else ""
    return f"{len(failures)} models or tests failed: {named}{more}." if failures else ""
