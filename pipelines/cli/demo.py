"""The demo: an invented account, served on loopback, loaded whole and built. No key, no network."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines import warehouse
from pipelines.foundation.paths import dbt_dir, dlt_dir, published_dir, response_logs_dir
from pipelines.gigstack.settings import Settings

CLIENTS, MONTHS, TEAMS = 60, 6, 2

CHANGES = """\
select
    document_kind as kind,
    status,
    updated_at_basis as known_by,
    count(*) as cfdi,
    count(*) filter (created_at < now() - interval 30 days) as over_30_days,
    sum(total)::decimal(18, 2) as total
from gigstack.invoices
where run_id = (select run_id from ops.runs order by started_at desc limit 1)
group by all
order by all"""

QUESTION = "Who owes the most? Open PPD invoices by client, in MXN"
QUERY = """\
select
    client_legal_name as client,
    count(*) as invoices,
    sum(total)::decimal(18, 2) as invoiced,
    sum(last_balance)::decimal(18, 2) as owed,
    min(issued_at at time zone 'America/Mexico_City')::date as oldest
from gigstack.invoices
where document_kind = 'income'
    and payment_method = 'PPD'
    and status = 'valid'
    and currency = 'MXN'
    and last_balance > 0
group by client_legal_name
order by owed desc
limit 5"""


@dataclass(frozen=True)
class DemoEnvironment:
    """A served sandbox account, the settings that reach it, and what makes its next day happen."""

    settings: Settings
    description: str
    next_day: Callable[[], None]


@contextmanager
def demo_environment(data_dir: Path) -> Iterator[DemoEnvironment]:
    """Invent the account, serve it while the block runs, and start from an empty warehouse."""
    from pipelines.sandbox.api.auth import key_for
    from pipelines.sandbox.api.server import create_app
    from pipelines.sandbox.api.serving import serving
    from pipelines.sandbox.simulation.account import Account

    _start_afresh(data_dir)
    path = data_dir / "sandbox.sqlite"
    with (
        Account.create(path, clients=CLIENTS, months=MONTHS, teams=TEAMS) as account,
        serving(create_app(account)) as url,
    ):
        settings = Settings(
            api_key=key_for(account),
            base_url=url,
            teams=("all",),
            requests_per_second=10_000,
            max_concurrency=16,
        )
        yield DemoEnvironment(
            settings, f"{len(account.teams)} teams, {MONTHS} months", account.advance
        )


def answer(data_dir: Path, query: str) -> list[dict[str, Any]]:
    """The rows of a query, by column name."""
    with warehouse.connect(data_dir, read_only=True) as connection:
        return warehouse.rows_of(connection, query)


def _start_afresh(data_dir: Path) -> None:
    """Remove what an earlier demo left; nothing else is in its directory."""
    for name in ("warehouse.duckdb", "warehouse.duckdb.wal", "sandbox.sqlite", "report.html"):
        (data_dir / name).unlink(missing_ok=True)
    of_ours = (dlt_dir(data_dir), response_logs_dir(data_dir), dbt_dir(data_dir))
    for path in (*of_ours, published_dir(data_dir)):
        shutil.rmtree(path, ignore_errors=True)
    data_dir.mkdir(parents=True, exist_ok=True)
