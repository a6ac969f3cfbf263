"""The commands `check` and `status`, which look at the account and at the warehouse."""

from dataclasses import asdict
from pathlib import Path

import typer

from pipelines.cli.console import NEEDS_ATTENTION, consoles, print_json
from pipelines.cli.options import (
    AsJson,
    DataDir,
    Debug,
    Resources,
    Teams,
    command_group,
    examples,
    read_settings_for,
    selected_resources,
)

commands = command_group()


@commands.command(epilog=examples("check", "check --team all --json"))
def check(
    resource: Resources = None,
    team: Teams = None,
    data_dir: DataDir = Path("data"),
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Find out how the API answers to this key, and what a load will do. Loads nothing."""
    import asyncio

    from pipelines.cli.inspect_output import print_check
    from pipelines.gigstack.api.findings import write_findings
    from pipelines.gigstack.check.account import check_account

    settings = read_settings_for(team)
    result = asyncio.run(check_account(settings, selected_resources(resource, settings)))
    write_findings(data_dir, result.kept)
    if as_json:
        print_json(asdict(result))
    else:
        print_check(consoles()[0], settings.base_url, result)
    has_failed = any(finding.status == "failed" for finding in result.findings)
    raise typer.Exit(NEEDS_ATTENTION if has_failed or result.unreachable else 0)


@commands.command(epilog=examples("status", "status --json"))
def status(data_dir: DataDir = Path("data"), as_json: AsJson = False, debug: Debug = False) -> None:
    """Show the last runs, how fresh each table is, and open problems."""
    from pipelines.cli.inspect_output import print_status
    from pipelines.monitoring.status import read_status

    result = read_status(data_dir)
    if as_json:
        print_json(asdict(result))
    else:
        print_status(consoles()[0], result)
    raise typer.Exit(NEEDS_ATTENTION if result.needs_attention else 0)
