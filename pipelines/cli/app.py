"""The command line `gigstack-etl`: each command reads its options, calls a function, prints.

Exit codes: 0 success; 1 failure; 2 wrong usage or configuration; 3 finished, but something needs
attention. API: https://typer.tiangolo.com
"""

import os
import sys
from typing import Annotated

import typer

from pipelines.cli import (
    demo_command,
    diagnose_command,
    inspect_commands,
    load_commands,
    publish_commands,
    run_command,
    safety_commands,
    sandbox_command,
    transform_commands,
)
from pipelines.foundation.privacy import keep_private
from pipelines.foundation.signals import end_when_asked, signal_behind

INTERRUPTED = (
    "Interrupted. What was loaded, built and published before is kept, and so is what was fetched: "
    "the same command goes on from there.\n"
)

app = typer.Typer(
    name="gigstack-etl",
    help="Load a whole gigstack account into DuckDB.\n\nTry it without a key: gigstack-etl demo",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for module in (
    demo_command,
    inspect_commands,
    diagnose_command,
    run_command,
    load_commands,
    transform_commands,
    publish_commands,
    safety_commands,
    sandbox_command,
):
    app.add_typer(module.commands)


def _show_version(is_requested: bool) -> None:
    if is_requested:
        from importlib.metadata import version

        typer.echo(version("gigstack-etl"))
        raise typer.Exit


@app.callback(help=app.info.help)
def options(
    _: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Take the options that come before a command."""


def main() -> None:
    """Run a command; an error becomes one line and an exit code."""
    keep_private()
    end_when_asked()
    os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")  # fiscal data: report nothing
    debug = "--debug" in sys.argv
    try:
        app()
    except BaseException as error:
        if number := signal_behind(error):
            sys.stderr.write(INTERRUPTED)
            sys.exit(128 + number)
        if debug or not isinstance(error, Exception):
            raise
        sys.stderr.write(f"Error: {error}\n")
        sys.exit(_error_code(error))


def _error_code(error: Exception) -> int:
    from pipelines.foundation.errors import ConfigurationError

    return 2 if isinstance(error, ConfigurationError) else 1
