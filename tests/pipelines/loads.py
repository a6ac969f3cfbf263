"""Loads into a directory, and what its warehouse then says."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipelines import warehouse
from pipelines.foundation.time_zone import MEXICO_CITY
from pipelines.gigstack.endpoint_types import Table
from pipelines.gigstack.endpoints import ENTITIES
from pipelines.gigstack.normalize.change_detection import key_columns
from pipelines.gigstack.settings import Settings
from pipelines.gigstack.source import Watermarks
from pipelines.load.dlt_loader import open_loader
from pipelines.load.incremental import SAFETY_MARGIN
from pipelines.load.run import DEFAULT_OPTIONS, LoadOptions, load
from pipelines.load.select import select_resources
from pipelines.sandbox.api.auth import key_for
from pipelines.sandbox.expected.contents import ExpectedTable
from pipelines.sandbox.simulation.account import Account
from pipelines.warehouse.run_log import LoadResult

Row = dict[str, Any]

TABLES: dict[str, Table] = {
    table.name: table for entity in ENTITIES.values() for table in entity.tables
}


def settings_for(account: Account, url: str, **changes: Any) -> Settings:
    """Settings that reach all teams of a served account, as fast as it answers."""
    defaults: dict[str, Any] = {
        "api_key": key_for(account),
        "teams": ("all",),
        "requests_per_second": 100_000,
        "max_concurrency": 16,
    }
    return Settings(base_url=url, **(defaults | changes))


def run(
    settings: Settings, data_dir: Path, *names: str, options: LoadOptions = DEFAULT_OPTIONS
) -> LoadResult:
    """Load these streams or tables; all of them when none is named."""
    resources = select_resources(names, settings.documents)
    return load(settings, data_dir, resources, lambda _: None, options)


def lookback(account: Account, days: int) -> int:
    """The look-back, from now on, whose window begins so many days before the account's today."""
    moments = (datetime.now(UTC) - SAFETY_MARGIN, account.now)
    mark, today = (moment.astimezone(MEXICO_CITY).date() for moment in moments)
    return days + (mark - today).days


def watermarks(data_dir: Path) -> Watermarks:
    """What dlt's state says."""
    with warehouse.connect(data_dir, read_only=True) as connection:
        return open_loader(data_dir, connection).read_watermarks()


def query(data_dir: Path, sql: str) -> list[Row]:
    with warehouse.connect(data_dir, read_only=True) as connection:
        return warehouse.rows_of(connection, sql)


def tables_in(data_dir: Path, schema: str = warehouse.SCHEMA) -> set[str]:
    """The tables, without those that dlt keeps for itself."""
    with warehouse.connect(data_dir, read_only=True) as connection:
        names = warehouse.table_names(connection, schema)
    return {name for name in names if not name.startswith("_dlt")}


def contents(
    data_dir: Path, tables: Sequence[str] = (), leave_out: str = ""
) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, in the order of all columns but those that are left out."""
    names = sorted(tables or tables_in(data_dir))
    columns = f"columns(lambda c: not regexp_matches(c, '^({leave_out})$'))" if leave_out else "*"
    with warehouse.connect(data_dir, read_only=True) as connection:
        return {
            name: connection.execute(
                f"select {columns} from {warehouse.SCHEMA}.{name} order by all"
            ).fetchall()
            for name in names
        }


def lasting(data_dir: Path, tables: Sequence[str] = ()) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table without what tells its run: `deleted_at` and an observed
    `updated_at` are that there is one.
    """
    names = tables or sorted(tables_in(data_dir))
    found = contents(data_dir, names, leave_out="loaded_at|run_id|deleted_at|updated_at")
    with warehouse.connect(data_dir, read_only=True) as connection:
        for table in (entity.root for entity in ENTITIES.values() if entity.root.name in names):
            found[f"{table.name}: hashes and times"] = connection.execute(
                f"select {', '.join(key_columns(table))}, row_hash, updated_at_basis, "
                "if(updated_at_basis = 'observed', null, updated_at), deleted_at is not null "
                f"from {warehouse.SCHEMA}.{table.name} order by all"
            ).fetchall()
    return found


def repeated_keys(data_dir: Path) -> list[str]:
    """The tables that have two rows of one key, or a key with a null in it."""
    found = []
    with warehouse.connect(data_dir, read_only=True) as connection:
        for name in sorted(tables_in(data_dir)):
            keys = key_columns(TABLES[name])
            missing = " or ".join(f"{column} is null" for column in keys)
            rows = connection.execute(
                f"select 1 from {warehouse.SCHEMA}.{name} "
                f"group by {', '.join(keys)} having count(*) > 1 or any_value({missing})"
            ).fetchall()
            found += [name] if rows else []
    return found


def live(table: Table) -> str:
    """Its rows, without those that are deleted or whose root is: what follows FROM."""
    name = f"{warehouse.SCHEMA}.{table.name}"
    root = next((e.root for e in ENTITIES.values() if table in (e.root, *e.children)), None)
    if root is None:  # links are removed, not marked
        return name
    keys = ", ".join(key_columns(root))
    alive = f"select {keys} from {warehouse.SCHEMA}.{root.name} where deleted_at is null"
    return f"{name} where ({keys}) in ({alive})"


def live_contents(data_dir: Path, leave_out: str) -> dict[str, list[tuple[Any, ...]]]:
    """Like `contents`, of every table, without what is deleted."""
    columns = f"columns(lambda c: not regexp_matches(c, '^({leave_out})$'))"
    with warehouse.connect(data_dir, read_only=True) as connection:
        return {
            name: connection.execute(f"select {columns} from {live(table)} order by all").fetchall()
            for name, table in TABLES.items()
        }


def differences(
    data_dir: Path, truth: Mapping[str, ExpectedTable], *, may_be_more: bool = False
) -> dict[str, str]:
    """Tables whose live rows have not the keys or sums of money of the truth, and how they differ.

    `may_be_more`: rows beyond the truth are left alone, in the sums as well.
    """
    found = {}
    with warehouse.connect(data_dir, read_only=True) as connection:
        for name, expected in truth.items():
            sums = "".join(f", coalesce({column}, 0)" for column in expected.money)
            keys = key_columns(TABLES[name])
            source = live(TABLES[name])
            rows = connection.execute(f"select {', '.join(keys)}{sums} from {source}").fetchall()
            amounts = {row[: len(keys)]: row[len(keys) :] for row in rows}
            missing = expected.keys - amounts.keys()
            more = amounts.keys() - expected.keys
            if missing or (more and not may_be_more) or len(rows) != len(amounts):
                found[name] = (
                    f"{len(missing)} rows missing, {len(more)} too many, "
                    f"{len(rows) - len(amounts)} twice, e.g. {[*missing, *more][:2]}"
                )
                continue
            for number, (column, amount) in enumerate(expected.money.items()):
                total = sum(amounts[key][number] for key in expected.keys)
                if total != amount:
                    found[f"{name}.{column}"] = f"{total} instead of {amount}"
    return found
