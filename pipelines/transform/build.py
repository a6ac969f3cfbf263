"""Build and test the SQL models on the loaded tables: `gigstack-etl transform` and `docs`.

API: https://docs.getdbt.com/reference/commands/build
"""

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Sequence
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
from pipelines.transform.dbt_runner import NodeResult, dbt
from pipelines.transform.findings import keep_findings, tell_findings
from pipelines.transform.model_builds import note_builds
from pipelines.transform.selection import select_options
from pipelines.transform.settings import TransformSettings, read_transform_settings
from pipelines.warehouse.migrations import migrate
from pipelines.warehouse.model_builds import OlderTable, older_tables

PROJECT = ("dbt_project.yml", "profiles.yml", "models", "macros", "seeds", "tests")
NOT_NIGHTLY = ("--exclude-resource-type", "unit_test")  # they test the program, not the data
# what follows from the data, without the views, which are as they were
CHANGING = (
    *("--select", "source:gigstack+", "source:ops+"),
    *("--exclude", "path:models/staging", "path:models/reportes"),
)
NOT_WHOLE = ""  # the fingerprint of a build after which the next one builds everything
NO_TERMS = (
    "No payment terms are set, so every PPD invoice is due on the day of its issue: "
    "`terms_days` in [transform], see docs/settings.md."
)
NAMED = 3  # failures in a message; the others are counted


@dataclass(frozen=True)
class Transformation:
    """What was built and tested. `as_of` is None for each team's own today.

    `older` names the tables that could not be built and are as they were before, or missing;
    `warnings` tell what the data tests find; `notes` what the figures rest on and nobody has set.
    """

    as_of: date | None
    models: int
    tests: int
    seconds: float
    is_full_refresh: bool
    warnings: list[str] = field(default_factory=list)
    older: list[OlderTable] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def needs_attention(self) -> bool:
        return bool(self.warnings or self.older)


def transform(
    data_dir: Path,
    *,
    as_of: date | None = None,
    full_refresh: bool = False,
    select: Sequence[str] = (),
    settings: TransformSettings | None = None,
) -> Transformation:
    """Build the models as of a day, all of them or those that dbt's selectors choose.

    The build is incremental unless the project or its settings changed since the last whole build.
    What data tests find stops nothing. A model that the data keep from being built stays as it was,
    with those that read it; the others are built.

    Raises:
        TransformError: The project is wrong, or nothing could be built; the message names models.
        WarehouseError: Nothing is loaded, or another run holds the data directory.
        ConfigurationError: A setting is wrong, or a selector matches nothing.
    """
    variables = (settings or read_transform_settings()).variables
    fingerprint = _fingerprint(variables)
    as_of_variable = {"as_of_date": as_of.isoformat()} if as_of else {}
    started_at = datetime.now(UTC)
    with exclusive_run(data_dir):
        is_current = _prepare(data_dir) == fingerprint
        is_full_refresh = full_refresh or not is_current
        options = _options(select, is_full_refresh)
        results = dbt(data_dir, ["build", *NOT_NIGHTLY, *options], variables | as_of_variable)
        message = _message(results)
        with warehouse.connect(data_dir) as connection:
            is_everything = is_full_refresh and not select
            note_builds(connection, results, started_at, is_everything=is_everything)
            keep_findings(connection, results, started_at, is_everything=is_everything)
            done = _transformation(connection, results, as_of, is_full_refresh, started_at)
            # a part of a project that changed leaves the rest as it was: no whole build
            is_whole = not select and not any(result.is_failed for result in results)
            built = fingerprint if is_current or is_whole else NOT_WHOLE
            _record(connection, started_at, done, built, message)
    if message:
        raise TransformError(message)
    return done


def write_docs(data_dir: Path) -> Path:
    """Write the project's documentation as one page that needs no server; return its path.

    Raises:
        TransformError, WarehouseError, ConfigurationError: As `transform`.
    """
    page = docs_path(data_dir)
    with exclusive_run(data_dir):
        _prepare(data_dir)
        verb = ["docs", "generate", "--static"]
        results = dbt(data_dir, verb, read_transform_settings().variables)
        if failures := [result for result in results if result.is_failed]:
            raise TransformError(_named(failures))
        page.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(dbt_dir(data_dir) / "target" / "static_index.html", page)
    return page


def _options(select: Sequence[str], is_full_refresh: bool) -> list[str]:
    """What to build: seeds, what follows from them alone, and views only when the project changed
    or somebody asks for them.
    """
    refresh = ["--full-refresh"] if is_full_refresh else []
    if select:
        return [*select_options(select), *refresh]
    return refresh or [*CHANGING]


def _transformation(
    connection: duckdb.DuckDBPyConnection,
    results: list[NodeResult],
    as_of: date | None,
    is_full_refresh: bool,
    started_at: datetime,
) -> Transformation:
    kinds = Counter(result.kind for result in results if result.status != "skipped")
    seconds = (datetime.now(UTC) - started_at).total_seconds()
    return Transformation(
        as_of,
        kinds["model"],
        kinds["test"],
        round(seconds, 1),
        is_full_refresh,
        tell_findings(connection),
        older_tables(connection, warehouse.NAME),
        _notes(connection),
    )


def _notes(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """What the figures rest on and nobody has set: when PPD invoices are due."""
    try:
        bases = connection.execute(
            "select distinct due_date_basis from core.fct_cfdi where payment_method_code = 'PPD'"
        ).fetchall()
    except duckdb.CatalogException:  # a part of the project was built, without this one
        return []
    return [NO_TERMS] if bases == [("issue",)] else []


def _prepare(data_dir: Path) -> str | None:
    """Check that every table was loaded; return the fingerprint of what is built.

    Without one, if the last build was no whole one, or something else built models since.

    Raises:
        WarehouseError: Tables are missing, or all of them.
    """
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
    """A hash of everything that the models depend on, except the data."""
    found = hashlib.sha256(json.dumps(variables, sort_keys=True).encode())
    for name in PROJECT:
        path = SQL / name
        for file in sorted(path.rglob("*")) if path.is_dir() else (path,):
            if file.is_file():
                found.update(file.relative_to(SQL).as_posix().encode())
                found.update(file.read_bytes())
    return found.hexdigest()


def _message(results: list[NodeResult]) -> str:
    """Why this is no build at all; empty if it is one, even if not of every model."""
    failures = [result for result in results if result.is_failed]
    is_built = any(result.kind == "model" and result.status == "success" for result in results)
    wrong = [result for result in failures if result.is_project_error]
    return _named(wrong or failures) if wrong or (failures and not is_built) else ""


def _named(failures: list[NodeResult]) -> str:
    named = "; ".join(f"{one.table} ({one.message})" for one in failures[:NAMED])
    more = f"; and {len(failures) - NAMED} more" if len(failures) > NAMED else ""
    return f"{len(failures)} models or tests failed: {named}{more}."
