"""The command `load`, also as a dry run, a replay, or a retry of rejected records."""

from dataclasses import asdict
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.console import consoles, exit_code, print_json
from pipelines.cli.options import (
    AsJson,
    DataDir,
    Debug,
    Resources,
    Teams,
    command_group,
    examples,
    read_settings_for,
    refuse_together,
    selected_resources,
)

if TYPE_CHECKING:
    from pipelines.gigstack.settings import Settings
    from pipelines.load.run import LoadOptions

commands = command_group()


class Mode(Enum):
    """What a load reads."""

    INCREMENTAL = "incremental"
    FULL = "full"


@commands.command(
    epilog=examples(
        "load",
        "load --mode full --team all",
        "load --resource invoices --dry-run",
        "load --replay 20261122T060000Z-1a2b3c",
    )
)
def load(
    mode: Annotated[
        Mode,
        typer.Option(
            help="incremental: what may have changed; full: everything, which finds deletions."
        ),
    ] = Mode.INCREMENTAL,
    resource: Resources = None,
    team: Teams = None,
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Read from this day on (Mexico City)."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print the plan.")] = False,
    allow_mass_delete: Annotated[
        bool,
        typer.Option(
            "--allow-mass-delete", help="Allow marking more than 20 % of a table as deleted."
        ),
    ] = False,
    replay: Annotated[
        str | None,
        typer.Option(metavar="RUN_ID", help="Load the answers of this run again; no requests."),
    ] = None,
    retry_rejects: Annotated[
        bool, typer.Option("--retry-rejects", help="Try rejected records again; no requests.")
    ] = False,
    data_dir: DataDir = Path("data"),
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Read new and changed records and load them. An interrupted run resumes."""
    is_full = mode is Mode.FULL
    request_options = {
        "dry_run": dry_run,
        "since": since is not None,
        "mode full": is_full,
        "resource": bool(resource),
        "team": bool(team),
        "allow_mass_delete": allow_mass_delete,
    }
    for name, is_given in request_options.items():
        refuse_together(replay=bool(replay), retry_rejects=retry_rejects, **{name: is_given})
    refuse_together(since=since is not None, **{"mode full": is_full})
    if replay or retry_rejects:
        return _replay(data_dir, replay, as_json)
    options = _load_options(mode, since, allow_mass_delete)
    settings = read_settings_for(team)
    if dry_run:
        return _print_plan(settings, resource, options, data_dir, as_json)
    return _load(settings, resource, options, data_dir, as_json)


def _load_options(mode: Mode, since: datetime | None, allow_mass_delete: bool) -> "LoadOptions":
    from pipelines.foundation.time_zone import midnight
    from pipelines.load.run import LoadOptions

    start = midnight(since.date()) if since else None
    return LoadOptions(mode.value, start, allow_mass_delete)


def _load(
    settings: "Settings",
    names: list[str] | None,
    options: "LoadOptions",
    data_dir: Path,
    as_json: bool,
) -> None:
    from pipelines.cli.documents import load_json
    from pipelines.cli.list_output import print_first_load
    from pipelines.cli.output import print_load
    from pipelines.cli.progress import progress
    from pipelines.load.run import load as run_load

    out, err = consoles()
    resources = selected_resources(names, settings)
    with progress(err) as on_progress:
        result = run_load(settings, data_dir, resources, on_progress, options)
    if as_json:
        print_json(load_json(result, data_dir))
    else:
        print_load(out, result)
        print_first_load(out, result, data_dir)
    raise typer.Exit(exit_code(result))


def _replay(data_dir: Path, run_id: str | None, as_json: bool) -> None:
    """Load the answers of a run again, or without one every rejected record."""
    from pipelines.cli.documents import load_json
    from pipelines.cli.output import print_load
    from pipelines.cli.progress import progress
    from pipelines.load.replay import replay, retry_rejects

    out, err = consoles()
    with progress(err) as on_progress:
        result = (
            replay(data_dir, run_id, on_progress)
            if run_id
            else retry_rejects(data_dir, on_progress)
        )
    if as_json:
        print_json(load_json(result, data_dir))
    else:
        print_load(out, result)
    raise typer.Exit(exit_code(result))


def _print_plan(
    settings: "Settings",
    names: list[str] | None,
    options: "LoadOptions",
    data_dir: Path,
    as_json: bool,
) -> None:
    from pipelines.cli.output import print_plan
    from pipelines.load.plan import make_plan

    plan = make_plan(settings, data_dir, selected_resources(names, settings), options)
    if as_json:
        print_json([asdict(step) for step in plan])
    else:
        print_plan(consoles()[0], plan)
