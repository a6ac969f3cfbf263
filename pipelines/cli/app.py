"""The command line, thin: reads options, calls one function, prints what it returns.

Exit codes: 0 all went well; 1 failed; 2 wrong usage or configuration; 3 finished, but something
needs a look. API: https://typer.tiangolo.com
"""

import json
import os
import sys
from dataclasses import asdict
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from pipelines.gigstack.endpoints import Resource
    from pipelines.gigstack.settings import Settings
    from pipelines.load.run import LoadOptions
    from pipelines.monitoring.result import RunResult
    from pipelines.warehouse.run_log import LoadResult

NEEDS_ATTENTION = 3


class Mode(Enum):
    """What a load reads."""

    INCREMENTAL = "incremental"
    FULL = "full"


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


def _show_version(is_asked: bool) -> None:
    if is_asked:
        from importlib.metadata import version

        typer.echo(version("gigstack-etl"))
        raise typer.Exit


@app.callback(help=app.info.help)
def options(
    _: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Tell the version."),
    ] = False,
) -> None:
    """What stands before a command."""


def example(*lines: str) -> str:
    return "Example:\n\n" + "\n\n".join(f"  gigstack-etl {line}" for line in lines)


@app.command(epilog=example("demo", "demo --data-dir elsewhere"))
def demo(
    data_dir: DataDir = Path("data/demo"), as_json: AsJson = False, debug: Debug = False
) -> None:
    """Load an invented account, with no key and no network, build the models, publish, report."""
    from pipelines.cli import demo as example_account
    from pipelines.cli.output import (
        print_answer,
        print_next_steps,
        print_publication,
        print_run,
        print_transformation,
        run_json,
    )
    from pipelines.cli.progress import progress
    from pipelines.load.run import load
    from pipelines.load.select import select_resources
    from pipelines.publish.publication import publish as publish_warehouse
    from pipelines.report import write_report
    from pipelines.transform.build import transform as build

    out, err = _consoles()
    data_dir.mkdir(parents=True, exist_ok=True)
    resources = select_resources((), ("clients",))
    err.print("Inventing an account and serving it on loopback …", style="dim")
    with example_account.demo_environment(data_dir) as demo_environment:
        settings = demo_environment.settings
        err.print(f"Loading {demo_environment.description} from {settings.base_url}")
        with progress(err) as on_progress:
            run = load(settings, data_dir, resources, on_progress)
        answer = example_account.answer(data_dir, example_account.QUERY)
        if not as_json:
            print_run(out, run)
            print_answer(out, example_account.QUESTION, example_account.QUERY, answer)
        err.print("\nThe second night: a day has passed in the account. Loading what changed …")
        demo_environment.next_day()
        with progress(err) as on_progress:
            second = load(settings, data_dir, resources, on_progress)
        changes = example_account.answer(data_dir, example_account.CHANGES)
    err.print("Building the models …", style="dim")
    built = build(data_dir)
    published = publish_warehouse(data_dir)
    page = write_report(data_dir)
    if as_json:
        asked = {"query": example_account.QUERY, "rows": answer}
        result = run_json(second, data_dir) | {"query": example_account.CHANGES, "rows": changes}
        files = {"transform": asdict(built), "published": asdict(published), "report": page}
        _print_json(run_json(run, data_dir) | asked | {"second_night": result} | files)
    else:
        print_run(out, second)
        print_answer(out, "What changed in the invoices", example_account.CHANGES, changes)
        print_transformation(out, built)
        print_publication(out, published)
        print_next_steps(out, data_dir, page)
    raise typer.Exit(max(_exit_code(run), _exit_code(second)))


@app.command(epilog=example("check", "check --team all --json"))
def check(
    resource: Resources = None, team: Teams = None, as_json: AsJson = False, debug: Debug = False
) -> None:
    """Test the key, every stream and every team against the API. Changes nothing."""
    import asyncio

    from pipelines.cli.output import print_check_result
    from pipelines.gigstack.check import check_account

    settings = _settings(team)
    result = asyncio.run(check_account(settings, _resources(resource, settings)))
    if as_json:
        _print_json(asdict(result))
    else:
        print_check_result(_consoles()[0], settings.base_url, result)
    failed = any(finding.status == "failed" for finding in result.findings)
    raise typer.Exit(NEEDS_ATTENTION if failed else 0)


@app.command(
    epilog=example(
        "load",
        "load --mode full --team all",
        "load --resource invoices --dry-run",
        "load --replay 20261122T060000Z-1a2b3c",
    )
)
def load(
    mode: Annotated[
        Mode,
        typer.Option(help="incremental: what may have changed; full: everything, and deletions."),
    ] = Mode.INCREMENTAL,
    resource: Resources = None,
    team: Teams = None,
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Read from this day on (Mexico City)."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the plan only.")] = False,
    allow_mass_delete: Annotated[
        bool,
        typer.Option("--allow-mass-delete", help="Mark also more than a fifth of a table."),
    ] = False,
    replay: Annotated[
        str | None,
        typer.Option(metavar="RUN_ID", help="Normalize the pages of that run again; no request."),
    ] = None,
    retry_rejects: Annotated[
        bool, typer.Option("--retry-rejects", help="Try rejected records again; no request.")
    ] = False,
    data_dir: DataDir = Path("data"),
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Extract and load: new and changed rows only."""
    from pipelines.cli.output import print_run, run_json
    from pipelines.cli.progress import progress

    about_requests = {
        "dry_run": dry_run,
        "since": since is not None,
        "mode full": mode is Mode.FULL,
        "resource": bool(resource),
        "team": bool(team),
        "allow_mass_delete": allow_mass_delete,
    }
    for name, is_given in about_requests.items():
        _refuse_together(replay=bool(replay), retry_rejects=retry_rejects, **{name: is_given})
    _refuse_together(since=since is not None, **{"mode full": mode is Mode.FULL})
    out, err = _consoles()
    options = _load_options(mode, since, allow_mass_delete)
    if dry_run:
        return _plan(_settings(team), resource, options, data_dir, as_json)
    with progress(err) as on_progress:
        if replay or retry_rejects:
            from pipelines.load import replay as again

            run = (
                again.replay(data_dir, replay, on_progress)
                if replay
                else again.retry_rejects(data_dir, on_progress)
            )
        else:
            from pipelines.load.run import load as run_load

            settings = _settings(team)
            run = run_load(settings, data_dir, _resources(resource, settings), on_progress, options)
    if as_json:
        _print_json(run_json(run, data_dir))
    else:
        print_run(out, run)
    raise typer.Exit(_exit_code(run))


@app.command(
    epilog=example(
        "transform",
        "transform --as-of 2026-01-31",
        "transform --select +mart_ar_open_items",
        "transform --full-refresh",
    )
)
def transform(
    as_of: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Tell everything as of this day; default: today."),
    ] = None,
    full_refresh: Annotated[
        bool, typer.Option("--full-refresh", help="Build everything anew, also what is unchanged.")
    ] = False,
    select: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MODEL",
            help="Build only this model and its tests, in dbt's selection syntax "
            "(+MODEL: also what it reads; MODEL+: also what reads it); repeatable.",
        ),
    ] = None,
    data_dir: DataDir = Path("data"),
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Build and test the SQL models: core, marts and reportes."""
    from pipelines.cli.output import print_transformation
    from pipelines.transform.build import transform as build

    out, err = _consoles()
    err.print("Building the models …", style="dim")
    done = build(
        data_dir,
        as_of=as_of.date() if as_of else None,
        full_refresh=full_refresh,
        select=select or (),
    )
    if as_json:
        _print_json(asdict(done))
    else:
        print_transformation(out, done)
    raise typer.Exit(NEEDS_ATTENTION if done.needs_attention else 0)


@app.command(epilog=example("docs", "docs --data-dir elsewhere --json"))
def docs(data_dir: DataDir = Path("data"), as_json: AsJson = False, debug: Debug = False) -> None:
    """Write the documentation of every model and column as one page."""
    from pipelines.transform.build import write_docs

    page = write_docs(data_dir)
    if as_json:
        _print_json({"page": page})
    else:
        _consoles()[0].print(f"Documentation: {page}", highlight=False, soft_wrap=True)


@app.command(epilog=example("publish", "publish --pii hash", "publish --rollback"))
def publish(
    pii: Annotated[
        str | None,
        typer.Option(
            metavar="keep|hash|drop",
            help="What becomes of personal data.  [default: PUBLISH__PII, or keep]",
        ),
    ] = None,
    rollback: Annotated[
        bool, typer.Option("--rollback", help="Make the version before this one current again.")
    ] = False,
    data_dir: DataDir = Path("data"),
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Write the read-only snapshot and the Parquet files for BI, and swap them in."""
    from pipelines import publish as publishing
    from pipelines.cli.output import print_publication

    _refuse_together(rollback=rollback, pii=pii is not None)
    published = publishing.rollback(data_dir) if rollback else publishing.publish(data_dir, pii)
    if as_json:
        _print_json(asdict(published))
    else:
        print_publication(_consoles()[0], published)


@app.command(epilog=example("run", "run --team all", "run --json"))
def run(
    team: Teams = None,
    data_dir: DataDir = Path("data"),
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Load what may have changed, build the models, publish: what a night does."""
    from pipelines import publish as publishing
    from pipelines.cli.output import (
        print_alerts,
        print_publication,
        print_run,
        print_transformation,
        run_result_json,
    )
    from pipelines.cli.progress import progress
    from pipelines.load.run import load as run_load
    from pipelines.monitoring.alerts import note_alerts
    from pipelines.monitoring.result import RunResult
    from pipelines.transform.build import transform as build

    settings = _settings(team)
    resources = _resources(None, settings)
    out, err = _consoles()
    out.quiet = as_json  # then there is one document, at the end
    result = RunResult()
    with progress(err) as on_progress:
        result.runs.append(run_load(settings, data_dir, resources, on_progress))
    print_run(out, result.runs[0])
    err.print("Building the models …", style="dim")
    result.transformation = build(data_dir)
    print_transformation(out, result.transformation)
    result.publication = publishing.publish(data_dir)
    print_publication(out, result.publication)
    result.alerts = note_alerts(data_dir)
    print_alerts(out, result.alerts)
    if as_json:
        _print_json(run_result_json(result, data_dir))
    raise typer.Exit(_exit_code(result))


@app.command(epilog=example("report", "report --to night.html"))
def report(
    to: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="What to write.  [default: report.html below the data]"),
    ] = None,
    data_dir: DataDir = Path("data"),
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Write one HTML page about what is published: is all well, as of when, what needs a look."""
    from pipelines.report import write_report

    page = write_report(data_dir, to)
    if as_json:
        _print_json({"report": page})
    else:
        _consoles()[0].print(f"Report: {page}", highlight=False, soft_wrap=True)


@app.command(epilog=example("status", "status --json"))
def status(data_dir: DataDir = Path("data"), as_json: AsJson = False, debug: Debug = False) -> None:
    """Show the last runs, how fresh each table is, and what is open."""
    from pipelines.cli.output import print_status
    from pipelines.monitoring.status import read_status

    found = read_status(data_dir)
    if as_json:
        _print_json(asdict(found))
    else:
        print_status(_consoles()[0], found)
    raise typer.Exit(NEEDS_ATTENTION if found.needs_attention else 0)


@app.command(epilog=example("sandbox --port 8700", "sandbox --teams 3 --faults throttle"))
def sandbox(
    port: Annotated[int, typer.Option(help="0 takes a free one.")] = 8700,
    seed: Annotated[int, typer.Option(help="The same seed gives the same account.")] = 7,
    clients: Annotated[int, typer.Option(min=1)] = 60,
    months: Annotated[int, typer.Option(min=1)] = 6,
    teams: Annotated[int, typer.Option(min=1, max=62)] = 2,
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
    from pipelines.sandbox.api.faults import NAMES
    from pipelines.sandbox.command import serve_account

    if unknown := set(faults or ()) - set(NAMES):
        raise typer.BadParameter(f"no fault {min(unknown)!r}; there are {', '.join(NAMES)}")

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
    from pipelines.foundation.errors import ConfigurationError

    return 2 if isinstance(error, ConfigurationError) else 1


def _consoles() -> "tuple[Console, Console]":
    from rich.console import Console

    return Console(), Console(stderr=True)


def _settings(team: list[str] | None) -> "Settings":
    from dataclasses import replace

    from pipelines.gigstack.settings import read_settings

    settings = read_settings()
    return replace(settings, teams=tuple(team)) if team else settings


def _resources(resource: list[str] | None, settings: "Settings") -> "list[Resource]":
    from pipelines.load.select import select_resources

    return select_resources(resource or (), settings.documents)


def _load_options(mode: Mode, since: datetime | None, allow_mass_delete: bool) -> "LoadOptions":
    from pipelines.foundation.time_zone import midnight
    from pipelines.load.run import LoadOptions

    day = midnight(since.date()) if since else None
    return LoadOptions(mode.value, day, allow_mass_delete)


def _refuse_together(**options: bool) -> None:
    """Errors: BadParameter when more than one of these options is given."""
    given = [f"--{name.replace('_', '-')}" for name, is_given in options.items() if is_given]
    if len(given) > 1:
        raise typer.BadParameter(f"{' and '.join(given)} exclude one another")


def _exit_code(run: "LoadResult | RunResult") -> int:
    return {"ok": 0, "failed": 1}.get(run.status, NEEDS_ATTENTION)


def _print_json(document: object) -> None:
    sys.stdout.write(json.dumps(document, default=str, ensure_ascii=False, indent=2) + "\n")
    sys.stdout.flush()


def _plan(
    settings: "Settings",
    resource: list[str] | None,
    options: "LoadOptions",
    data_dir: Path,
    as_json: bool,
) -> None:
    from pipelines.cli.output import print_plan
    from pipelines.load.plan import make_plan

    plan = make_plan(settings, data_dir, _resources(resource, settings), options)
    if as_json:
        _print_json([asdict(step) for step in plan])
    else:
        print_plan(_consoles()[0], plan)
