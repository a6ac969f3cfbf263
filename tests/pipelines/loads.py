"""Loads into a directory, and what its warehouse then says."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipelines import warehouse
from pipelines.gigstack.catalogue import ENTITIES, Table
from pipelines.gigstack.known import key_columns
from pipelines.gigstack.settings import Settings
from pipelines.ledger import RunReport
from pipelines.load import load
from pipelines.sandbox.account import Account
from pipelines.sandbox.server import key_for
from pipelines.sandbox.truth import TableTruth
from pipelines.selection import select_streams

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


def run(settings: Settings, data_dir: Path, *names: str) -> RunReport:
    """Load these streams or tables; all of them when none is named."""
    streams = select_streams(names, settings.documents)
    return load(settings, data_dir, streams, lambda _: None)


def query(data_dir: Path, sql: str) -> list[Row]:
    with warehouse.opened(data_dir, read_only=True) as connection:
        return warehouse.rows_of(connection, sql)


def tables_in(data_dir: Path, schema: str = warehouse.SCHEMA) -> set[str]:
    """The tables, without those that dlt keeps for itself."""
    with warehouse.opened(data_dir, read_only=True) as connection:
        names = warehouse.table_names(connection, schema)
    return {name for name in names if not name.startswith("_dlt")}


def contents(
    data_dir: Path, tables: Sequence[str] = (), leave_out: str = ""
) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, in the order of all columns but those that are left out."""
    names = sorted(tables or tables_in(data_dir))
    columns = f"columns(lambda c: not regexp_matches(c, '^({leave_out})$'))" if leave_out else "*"
    with warehouse.opened(data_dir, read_only=True) as connection:
        return {
            name: connection.execute(
                f"select {columns} from {warehouse.SCHEMA}.{name} order by all"
            ).fetchall()
            for name in names
        }


def differences(
    data_dir: Path, truth: Mapping[str, TableTruth], *, may_be_more: bool = False
) -> dict[str, str]:
    """Tables whose keys or sums of money are not those of the truth, and how they differ.

    `may_be_more`: rows beyond the truth are left alone, in the sums as well.
    """
    found = {}
    with warehouse.opened(data_dir, read_only=True) as connection:
        for name, expected in truth.items():
            table = f"{warehouse.SCHEMA}.{name}"
            sums = "".join(f", coalesce({column}, 0)" for column in expected.money)
            keys = key_columns(TABLES[name])
            rows = connection.execute(f"select {', '.join(keys)}{sums} from {table}").fetchall()
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
