"""The commands `publish` and `report`: files for BI, and a page about them."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.console import NEEDS_ATTENTION, consoles, print_json, print_path
from pipelines.cli.options import (
    AsJson,
    DataDir,
    Debug,
    command_group,
    examples,
    refuse_together,
)

commands = command_group()


@commands.command(epilog=examples("publish", "publish --pii hash", "publish --rollback"))
def publish(
    pii: Annotated[
        str | None,
        typer.Option(
            metavar="keep|hash|drop",
            help="What to do with personal data.  [default: PUBLISH__PII, or keep]",
        ),
    ] = None,
    rollback: Annotated[
        bool, typer.Option("--rollback", help="Make the previous version current again.")
    ] = False,
    data_dir: DataDir = Path("data"),
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Write the snapshot and the Parquet files that BI reads.

    They replace the previous version in one step.
    """
    from pipelines.cli.output import print_publication
    from pipelines.publish import publication

    refuse_together(rollback=rollback, pii=pii is not None)
    result = publication.rollback(data_dir) if rollback else publication.publish(data_dir, pii)
    if as_json:
        print_json(asdict(result))
    else:
        print_publication(consoles()[0], result)
    raise typer.Exit(NEEDS_ATTENTION if result.older else 0)


@commands.command(epilog=examples("report", "report --to monday.html"))
def report(
    to: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="The file to write.  [default: report.html in the data directory]"
        ),
    ] = None,
    data_dir: DataDir = Path("data"),
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Write an HTML page about the published data.

    It shows whether all is well, as of when, and what needs attention.
    """
    from pipelines.report import write_report

    page = write_report(data_dir, to)
    if as_json:
        print_json({"report": page})
    else:
        print_path("Report", page)
