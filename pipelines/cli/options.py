"""Options that several commands share, and what follows from them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.foundation.paths import check_data_dir

if TYPE_CHECKING:
    from pipelines.gigstack.endpoint_types import Resource
    from pipelines.gigstack.settings import Settings

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show tracebacks.")]
DataDir = Annotated[
    Path,
    typer.Option(
        envvar="GIGSTACK_DATA_DIR", help="The directory for all files.", callback=check_data_dir
    ),
]
Resources = Annotated[
    list[str] | None,
    typer.Option(
        "--resource", help="Only this resource, or those of this table; repeatable.", metavar="NAME"
    ),
]
Teams = Annotated[
    list[str] | None,
    typer.Option("--team", help="Only this team, or 'all'; repeatable.", metavar="ID"),
]


def command_group() -> typer.Typer:
    """A group of commands that `app` adds to its own."""
    return typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)


def examples(*lines: str) -> str:
    """The epilogue of a command's help."""
    return "Example:\n\n" + "\n\n".join(f"  gigstack-etl {line}" for line in lines)


def read_settings_for(teams: list[str] | None) -> "Settings":
    """The configured settings, for these teams if some are given."""
    from dataclasses import replace

    from pipelines.gigstack.settings import read_settings

    settings = read_settings()
    return replace(settings, teams=tuple(teams)) if teams else settings


def selected_resources(names: list[str] | None, settings: "Settings") -> "list[Resource]":
    from pipelines.load.select import select_resources

    return select_resources(names or (), settings.documents)


def refuse_together(**options: bool) -> None:
    """Refuse options that exclude one another.

    Raises:
        BadParameter: More than one of them is given.
    """
    given = [f"--{name.replace('_', '-')}" for name, is_given in options.items() if is_given]
    if len(given) > 1:
        raise typer.BadParameter(f"{' and '.join(given)} exclude one another")
