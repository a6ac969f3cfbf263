"""The commands `repair`, `backup` and `restore`, which keep a data directory healthy."""

import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.console import NEEDS_ATTENTION, consoles, print_json
from pipelines.cli.options import AsJson, DataDir, Debug, command_group, examples

if TYPE_CHECKING:
    from rich.console import Console

    from pipelines.monitoring.repair import Repair
    from pipelines.warehouse.restore import Restoration

commands = command_group()


@commands.command(epilog=examples("repair", "repair --yes"))
def repair(
    yes: Annotated[
        bool, typer.Option("--yes", help="Remove what killed processes left, without asking.")
    ] = False,
    data_dir: DataDir = Path("data"),
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Mend the data directory, and say what was found.

    It asks before it removes anything. Without a terminal and without --yes it removes nothing.
    """
    from pipelines.monitoring.repair import repair as mend

    def may_remove(paths: Sequence[Path]) -> bool:
        return yes or (not as_json and _agrees(paths))

    result = mend(data_dir, may_remove)
    if as_json:
        print_json(asdict(result))
    else:
        _print_repair(consoles()[0], result)
    raise typer.Exit(NEEDS_ATTENTION if result.left else 0)


def _agrees(paths: Sequence[Path]) -> bool:
    """Ask whoever sits at the terminal; without one, no."""
    if not sys.stdin.isatty():
        return False
    for path in paths:
        typer.echo(f"  {path}")
    return typer.confirm("Remove these? Killed processes left them.")


def _print_repair(out: "Console", result: "Repair") -> None:
    for line in result.mended:
        out.print(line, highlight=False, soft_wrap=True)
    for line in result.left:
        out.print(line, style="yellow", highlight=False, soft_wrap=True)
    for path in result.set_aside:
        out.print(f"Kept aside: {path}. Remove it when all is well.", soft_wrap=True)
    if not result.mended and not result.left:
        out.print("Nothing to mend.")


@commands.command(epilog=examples("backup --to /backups/gigstack"))
def backup(
    to: Annotated[Path, typer.Option(metavar="DIR", help="Where backups lie side by side.")],
    data_dir: DataDir = Path("data"),
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Make a backup of the warehouse, and remove the oldest ones there.

    It is checked before it counts. `[backup] keep` says how many stay.
    """
    from pipelines.warehouse.backup import back_up

    result = back_up(data_dir, to)
    if as_json:
        print_json(asdict(result))
    else:
        consoles()[0].print(
            f"Backup: {result.path} ({result.tables:,} tables, {result.rows:,} rows, "
            f"{result.bytes / 2**20:,.1f} MB)",
            highlight=False,
            soft_wrap=True,
        )


@commands.command(
    epilog=examples(
        "restore --from /backups/gigstack", "restore --from /backups/gigstack/20261201T083000Z"
    )
)
def restore(
    source: Annotated[
        Path,
        typer.Option("--from", metavar="DIR", help="A backup, or where backups lie: the newest."),
    ],
    data_dir: DataDir = Path("data"),
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Bring back a backup. What was there is kept beside it.

    Published files stay as they are until the next `publish`.
    """
    from pipelines.warehouse.restore import restore as bring_back

    result = bring_back(data_dir, source)
    if as_json:
        print_json(asdict(result))
    else:
        _print_restoration(consoles()[0], result)


def _print_restoration(out: "Console", result: "Restoration") -> None:
    backup = result.backup
    kept = f" What was there lies in {result.aside}." if result.aside else ""
    out.print(
        f"Restored: {backup.path} of {backup.made_at:%Y-%m-%d %H:%M} UTC "
        f"({backup.tables:,} tables, {backup.rows:,} rows).{kept} "
        "`gigstack-etl run` goes on from there.",
        highlight=False,
        soft_wrap=True,
    )
