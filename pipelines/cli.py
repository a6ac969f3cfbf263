"""The command line, thin: reads options, calls one function, prints what it returns.

Exit codes: 0 all went well; 1 failed; 2 wrong usage or configuration; 3 finished, but something
needs a look. API: https://typer.tiangolo.com
"""

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from pipelines.gigstack.catalogue import Stream
    from pipelines.gigstack.probe import Checkup
    from pipelines.gigstack.settings import Settings
    from pipelines.ledger import RunReport

NEEDS_A_LOOK = 3

app = typer.Typer(
    name="gigstack-etl",
    help="Load a whole gigstack account into DuckDB.\n\nTry it without a key: gigstack-etl demo",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show tracebacks.")]
DataDir = Annotated[
    Path,
    typer.Option(envvar="GIGSTACK_DATA_DIR", help="Where everything is written."),
]
Resources = Annotated[
    list[str] | None,
    typer.Option("--resource", help="Only this stream or table; repeatable.", metavar="NAME"),
]
Teams = Annotated[
    list[str] | None,
    typer.Option("--team", help="Only this team, or 'all'; repeatable.", metavar="ID"),
]


def example(*lines: str) -> str:
    return "Example:\n\n" + "\n\n".join(f"  gigstack-etl {line}" for line in lines)


@app.command(epilog=example("demo", "demo --data-dir /tmp/demo"))
def demo(
    data_dir: DataDir = Path("data/demo"), as_json: AsJson = False, debug: Debug = False
) -> None:
    """Load an invented account, with no key and no network, and show what came."""
    from pipelines import demo as example_account
    from pipelines.display import progress
    from pipelines.load import load, select_streams

    out, err = _consoles()
    data_dir.mkdir(parents=True, exist_ok=True)
    err.print("Inventing an account and serving it on loopback …", style="dim")
    with example_account.playground(data_dir) as playground, progress(err) as watch:
        err.print(f"Loading {playground.description} from {playground.settings.base_url}")
        run = load(playground.settings, data_dir, select_streams((), ("clients",)), watch)
    answer = _answer(data_dir, example_account.QUERY)
    if as_json:
        _print_json(_run_json(run, data_dir) | {"query": example_account.QUERY, "rows": answer})
    else:
        _print_run(out, run)
        _print_answer(out, example_account.QUESTION, example_account.QUERY, answer)
        _print_next_steps(out, data_dir)
    raise typer.Exit(_exit_code(run))


@app.command(epilog=example("check", "check --team all --json"))
def check(
    resource: Resources = None, team: Teams = None, as_json: AsJson = False, debug: Debug = False
) -> None:
    """Test the key, every stream and every team against the API. Changes nothing."""
    import asyncio

    from pipelines.gigstack.probe import check_account

    settings = _settings(team)
    checkup = asyncio.run(check_account(settings, _streams(resource, settings)))
    if as_json:
        _print_json(asdict(checkup))
    else:
        _print_checkup(_consoles()[0], settings, checkup)
    failed = any(finding.status == "failed" for finding in checkup.findings)
    raise typer.Exit(NEEDS_A_LOOK if failed else 0)


@app.command(epilog=example("load", "load --team all", "load --resource invoices --dry-run"))
def load(
    resource: Resources = None,
    team: Teams = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the plan only.")] = False,
    data_dir: DataDir = Path("data"),
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Extract and load: every stream of every team, new and changed rows only."""
    from pipelines.display import progress
    from pipelines.load import load as run_load

    settings = _settings(team)
    streams = _streams(resource, settings)
    if dry_run:
        return _plan(settings, streams, as_json)
    out, err = _consoles()
    with progress(err) as watch:
        run = run_load(settings, data_dir, streams, watch)
    if as_json:
        _print_json(_run_json(run, data_dir))
    else:
        _print_run(out, run)
    raise typer.Exit(_exit_code(run))


@app.command(epilog=example("status", "status --json"))
def status(data_dir: DataDir = Path("data"), as_json: AsJson = False, debug: Debug = False) -> None:
    """Show the last runs, how fresh each table is, and what is open."""
    from pipelines.display import print_table
    from pipelines.status import read_status

    found = read_status(data_dir)
    if as_json:
        _print_json(asdict(found))
        raise typer.Exit(NEEDS_A_LOOK if found.needs_a_look else 0)
    out, _ = _consoles()
    columns = ["run_id", "mode", "status", "started_at", "requests", "rows_seen", "rows_changed"]
    columns += ["rejects", "drift", "message"]
    print_table(
        out, "Last runs (UTC)", columns, [[_short(r[c]) for c in columns] for r in found.runs]
    )
    columns = ["table_name", "rows", "updated_at", "loaded_at"]
    print_table(
        out, "Freshness (UTC)", columns, [[_short(r[c]) for c in columns] for r in found.tables]
    )
    for title, open_items in (("Not ok", found.streams), ("Schema drift", found.drift)):
        if open_items:
            rows = [[_short(value) for value in item.values()] for item in open_items]
            print_table(out, title, list(open_items[0]), rows)
    out.print(
        f"Rejected records in the last run: {found.rejects}. "
        f"Pending load packages: {found.pending_packages}."
    )
    raise typer.Exit(NEEDS_A_LOOK if found.needs_a_look else 0)


@app.command(epilog=example("sandbox --port 8700", "sandbox --teams 3 --faults throttle"))
def sandbox(
    port: Annotated[int, typer.Option(help="0 takes a free one.")] = 8700,
    seed: Annotated[int, typer.Option(help="The same seed gives the same account.")] = 7,
    clients: Annotated[int, typer.Option(min=1)] = 60,
    months: Annotated[int, typer.Option(min=1)] = 6,
    teams: Annotated[int, typer.Option(min=1)] = 2,
    invoices: Annotated[
        int | None,
        typer.Option(min=1, help="Roughly; by default 4 a client and month."),
    ] = None,
    latency_ms: Annotated[float, typer.Option(min=0, help="Added to every answer.")] = 0,
    faults: Annotated[
        list[str] | None, typer.Option("--faults", metavar="NAME", help="Inject; repeatable.")
    ] = None,
    fault_rate: Annotated[float, typer.Option(min=0, max=1)] = 0.05,
    account: Annotated[
        Path | None, typer.Option(help="Keep the account in this file, and reuse it.")
    ] = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Serve the embedded API on loopback until stopped."""
    from pipelines.sandbox.command import serve_account

    def ready(url: str, key: str) -> None:
        if as_json:
            _print_json({"base_url": url, "api_key": key})
            return
        out, _ = _consoles()
        out.print(f"The sandbox answers at {url}. Stop it with Ctrl-C. In another terminal:\n")
        out.print(f"  export GIGSTACK_API_BASE_URL={url}", highlight=False, soft_wrap=True)
        out.print(f"  export GIGSTACK_API_KEY={key}", highlight=False, soft_wrap=True)
        out.print("  gigstack-etl check")

    serve_account(
        account,
        {"seed": seed, "clients": clients, "months": months, "teams": teams, "invoices": invoices},
        {"latency_ms": latency_ms, "faults": tuple(faults or ()), "fault_rate": fault_rate},
        port,
        ready,
    )


def main() -> None:
    """Run the command; errors of ours become one line and an exit code."""
    os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")  # fiscal data: nothing is reported
    debug = "--debug" in sys.argv
    try:
        app()
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted. Run the same command again; nothing is lost.\n")
        sys.exit(130)
    except Exception as error:
        if debug:
            raise
        sys.stderr.write(f"Error: {error}\n")
        sys.exit(_code_of(error))


def _code_of(error: Exception) -> int:
    from pipelines.gigstack.errors import ConfigurationError

    return 2 if isinstance(error, ConfigurationError) else 1


def _consoles() -> "tuple[Console, Console]":
    from rich.console import Console

    return Console(), Console(stderr=True)


def _settings(team: list[str] | None) -> "Settings":
    from dataclasses import replace

    from pipelines.gigstack.settings import read_settings

    settings = read_settings()
    return replace(settings, teams=tuple(team)) if team else settings


def _streams(resource: list[str] | None, settings: "Settings") -> "list[Stream]":
    from pipelines.load import select_streams

    return select_streams(resource or (), settings.documents)


def _exit_code(run: "RunReport") -> int:
    return {"ok": 0, "failed": 1}.get(run.status, NEEDS_A_LOOK)


def _print_json(document: object) -> None:
    sys.stdout.write(json.dumps(document, default=str, ensure_ascii=False, indent=2) + "\n")
    sys.stdout.flush()


def _run_json(run: "RunReport", data_dir: Path) -> dict[str, Any]:
    from pipelines.warehouse import warehouse_path

    return {
        "run_id": run.run_id,
        "status": run.status,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "teams": run.teams,
        "requests": run.requests,
        "retries": run.retries,
        "rows_seen": run.total("rows_seen"),
        "rows_changed": run.total("rows_changed"),
        "rejects": len(run.rejects),
        "drift": [
            {"stream": s, "path": p, "kind": k, "example": run.examples[s, p, k], "occurrences": n}
            for (s, p, k), n in run.drift.items()
        ],
        "streams": [
            {
                "stream": s.stream,
                "team_id": s.team_id,
                "status": s.status,
                "pages": s.pages,
                "rows_seen": s.rows_seen,
                "rows_changed": s.rows_changed,
                "error": s.error,
            }
            for s in run.streams
        ],
        "tables": dict(run.table_rows),
        "warehouse": str(warehouse_path(data_dir)),
    }


def _print_run(out: "Console", run: "RunReport") -> None:
    from pipelines.display import print_table

    rows = [
        [table, count, round(run.table_seconds.get(table, 0.0), 2)]
        for table, count in sorted(run.table_rows.items())
        if count
    ]
    print_table(out, "Loaded", ["table", "rows written", "seconds to load"], rows)
    deviations = [
        [s.stream, s.team_id, s.status, s.error or ""]
        for s in run.streams
        if s.status != "ok" or s.error
    ]
    if deviations:
        print_table(out, "Not ok", ["stream", "team", "status", "why"], deviations)
    if run.drift:
        drift = [[*key, count, run.examples[key]] for key, count in run.drift.items()]
        columns = ["stream", "path", "kind", "times", "example"]
        print_table(out, "Schema drift (kept in `extra`)", columns, drift)
    if run.rejects:
        out.print(f"{len(run.rejects)} records were rejected; see ops.rejects.", style="yellow")
    if postponed := run.total("postponed"):
        out.print(f"Documents of {postponed:,} parents wait for the next run (request budget).")
    seconds = (run.finished_at - run.started_at).total_seconds() if run.finished_at else 0.0
    out.print(
        f"{run.status}: {run.total('rows_seen'):,} records read in {run.requests:,} requests "
        f"({run.retries} repeated), {run.total('rows_changed'):,} new or changed, "
        f"{len(run.teams)} teams, {seconds:.1f} s."
    )


def _answer(data_dir: Path, query: str) -> list[dict[str, Any]]:
    from pipelines.warehouse import opened

    with opened(data_dir, read_only=True) as connection:
        result = connection.execute(query)
        names = [column[0] for column in result.description or ()]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _print_answer(out: "Console", question: str, query: str, rows: list[dict[str, Any]]) -> None:
    from pipelines.display import print_table

    out.print(f"\n{question}:\n", style="bold")
    out.print(query, highlight=False, style="dim")
    out.print()
    print_table(out, "", list(rows[0]) if rows else ["nothing"], [list(r.values()) for r in rows])


def _print_next_steps(out: "Console", data_dir: Path) -> None:
    from pipelines.warehouse import warehouse_path

    out.print(f"Warehouse: {warehouse_path(data_dir)}", soft_wrap=True)
    out.print(
        "Next: look around with `duckdb` or any notebook; "
        f"`gigstack-etl status --data-dir {data_dir}`; then your own account: "
        "set GIGSTACK_API_KEY, `gigstack-etl check`, `gigstack-etl load`.",
        soft_wrap=True,
    )


def _print_checkup(out: "Console", settings: "Settings", checkup: "Checkup") -> None:
    from pipelines.display import print_table

    columns = ["team", "stream", "status", "rows", "paging", "creation filter", "note"]
    rows = [
        [f.team_id, f.stream, f.status, f.rows, f.paging, f.date_filter, f.note]
        for f in checkup.findings
    ]
    print_table(out, f"{settings.base_url}: key of {checkup.key_team}", columns, rows)
    skew = checkup.clock_skew_seconds
    if skew is not None:
        out.print(f"Clock skew: {skew:+.0f} s (the API's clock against this machine's).")
    out.print(f"{checkup.requests} requests; nothing was changed.")


def _plan(settings: "Settings", streams: "list[Stream]", as_json: bool) -> None:
    import asyncio

    from pipelines.display import print_table
    from pipelines.plan import make_plan

    plan = asyncio.run(make_plan(settings, streams))
    if as_json:
        return _print_json([asdict(step) for step in plan])
    out, _ = _consoles()
    columns = ["team", "stream", "window", "expected requests", "note"]
    rows = [[s.team_id, s.stream, s.window, s.expected_requests, s.note] for s in plan]
    print_table(out, "Plan: nothing is loaded", columns, rows)
    out.print(f"{sum(s.expected_requests or 0 for s in plan):,} requests expected.")
    return None


def _short(value: object) -> object:
    """A time to the second, in UTC; anything else as it is."""
    return f"{value:%Y-%m-%d %H:%M:%S}" if hasattr(value, "strftime") else value
