"""The demo: an invented account, served on loopback, loaded, built and published. No key needed."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from pipelines import warehouse
from pipelines.cli.documents import load_json
from pipelines.cli.output import print_load, print_publication, print_transformation
from pipelines.cli.progress import progress
from pipelines.cli.tables import print_table
from pipelines.foundation.paths import (
    dbt_dir,
    dlt_dir,
    published_dir,
    report_path,
    response_logs_dir,
    sandbox_account_path,
    warehouse_path,
)
from pipelines.foundation.wording import plural
from pipelines.gigstack.settings import Settings
from pipelines.load.run import load
from pipelines.load.select import select_resources
from pipelines.publish.publication import Publication, publish
from pipelines.publish.versions import SNAPSHOT
from pipelines.report import write_report
from pipelines.report.declared import pages
from pipelines.transform.build import Transformation, transform
from pipelines.warehouse.run_log import LoadResult

CLIENTS, MONTHS, TEAMS = 60, 6, 2

CHANGES_QUESTION = "What changed in the invoices"
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

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class DemoEnvironment:
    """A served sandbox account: the settings that reach it, and how to start its next day."""

    settings: Settings
    description: str
    next_day: Callable[[], None]


@dataclass(frozen=True)
class DemoResult:
    """Both loads, each with the answer to a question, and what was made of them."""

    first: LoadResult
    owed: Rows
    second: LoadResult
    changes: Rows
    transformation: Transformation
    publication: Publication
    report: Path


@contextmanager
def demo_environment(data_dir: Path) -> Iterator[DemoEnvironment]:
    """Invent an account and serve it while the block runs; removes the files of earlier demos."""
    from pipelines.sandbox.api.auth import key_for
    from pipelines.sandbox.api.server import create_app
    from pipelines.sandbox.api.serving import serving
    from pipelines.sandbox.simulation.account import Account

    _remove_earlier_demo(data_dir)
    path = sandbox_account_path(data_dir)
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
        description = f"{plural(len(account.teams), 'team')}, {plural(MONTHS, 'month')}"
        yield DemoEnvironment(settings, description, account.advance)


def run_demo(
    environment: DemoEnvironment, data_dir: Path, out: Console, err: Console
) -> DemoResult:
    """Load the account, load it again a day later, build, publish and report."""
    err.print(f"Loading {environment.description} from {environment.settings.base_url}")
    first = _load(environment, data_dir, out, err)
    owed = _print_answer(out, data_dir, QUESTION, QUERY)
    err.print("\nThe second night: a day has passed in the account. Loading what changed …")
    environment.next_day()
    second = _load(environment, data_dir, out, err)
    changes = _print_answer(out, data_dir, CHANGES_QUESTION, CHANGES)
    err.print("Building the models …", style="dim")
    transformation = transform(data_dir)
    print_transformation(out, transformation)
    publication = publish(data_dir)
    print_publication(out, publication)
    report = write_report(data_dir)
    return DemoResult(first, owed, second, changes, transformation, publication, report)


def _load(environment: DemoEnvironment, data_dir: Path, out: Console, err: Console) -> LoadResult:
    with progress(err) as on_progress:
        resources = select_resources((), ("clients",))
        result = load(environment.settings, data_dir, resources, on_progress)
    print_load(out, result)
    return result


def _print_answer(out: Console, data_dir: Path, question: str, query: str) -> Rows:
    """Print a question, its query and the rows of the warehouse; returns the rows."""
    with warehouse.connect(data_dir, read_only=True) as connection:
        rows = warehouse.rows_of(connection, query)
    out.print(f"\n{question}:\n", style="bold")
    out.print(query, highlight=False, style="dim")
    out.print()
    columns = list(rows[0]) if rows else ["nothing"]
    print_table(out, "", columns, [list(row.values()) for row in rows])
    return rows


def print_files(out: Console, data_dir: Path, report: Path) -> None:
    """Print where the demo left its files, and what to try next."""
    page_names = ", ".join(page.title.en for page in pages())
    for line in (
        f"Warehouse: {warehouse_path(data_dir)} (gigstack, core, marts, reportes, ops)",
        f"For BI:    {published_dir(data_dir) / SNAPSHOT}, and Parquet beside it",
        f"Report:    {report} (open it in a browser; pages: {page_names})",
        "Next:",
        f"  gigstack-etl status --data-dir {data_dir}",
        "  gigstack-etl check     your own account, with GIGSTACK_API_KEY set; changes nothing",
        "  gigstack-etl load      into data/warehouse.duckdb",
    ):
        out.print(line, highlight=False, soft_wrap=True)


def demo_json(result: DemoResult, data_dir: Path) -> dict[str, Any]:
    """The first load with its answer; the second below `second_night`; the files."""
    first = {"query": QUERY, "rows": result.owed}
    second = {"query": CHANGES, "rows": result.changes}
    return (
        load_json(result.first, data_dir)
        | first
        | {
            "second_night": load_json(result.second, data_dir) | second,
            "transform": asdict(result.transformation),
            "published": asdict(result.publication),
            "report": result.report,
        }
    )


def _remove_earlier_demo(data_dir: Path) -> None:
    """Remove the files of an earlier demo, and nothing else that lies in its directory."""
    database = warehouse_path(data_dir)
    log = database.with_name(f"{database.name}.wal")
    for path in (database, log, sandbox_account_path(data_dir), report_path(data_dir)):
        path.unlink(missing_ok=True)
    for directory in (
        dlt_dir(data_dir),
        response_logs_dir(data_dir),
        dbt_dir(data_dir),
        published_dir(data_dir),
    ):
        shutil.rmtree(directory, ignore_errors=True)
    data_dir.mkdir(parents=True, exist_ok=True)
