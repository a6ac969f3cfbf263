"""The commands `transform` and `docs`, which run dbt on the warehouse."""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.console import NEEDS_ATTENTION, consoles, print_json, print_path
from pipelines.cli.options import AsJson, DataDir, Debug, command_group, examples

commands = command_group()


@commands.command(
    epilog=examples(
        "transform",
        "transform --as-of 2026-01-31",
        "transform --select +mart_ar_open_items",
        "transform --full-refresh",
    )
)
def transform(
    as_of: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Show everything as of this day; default: today."),
    ] = None,
    full_refresh: Annotated[
        bool, typer.Option("--full-refresh", help="Rebuild everything, even if it is unchanged.")
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

    out, err = consoles()
    err.print("Building the models …", style="dim")
    result = build(
        data_dir,
        as_of=as_of.date() if as_of else None,
        full_refresh=full_refresh,
        select=select or (),
    )
    if as_json:
        print_json(asdict(result))
    else:
        print_transformation(out, result)
    raise typer.Exit(NEEDS_ATTENTION if result.needs_attention else 0)


@commands.command(epilog=examples("docs", "docs --data-dir elsewhere --json"))
def docs(data_dir: DataDir = Path("data"), as_json: AsJson = False, debug: Debug = False) -> None:
    """Write the documentation of every model and column to one page."""
    from pipelines.transform.build import write_docs

    page = write_docs(data_dir)
    if as_json:
        print_json({"page": page})
    else:
        print_path("Documentation", page)
