"""The command `diagnose`: a file about an account that can be shown to anybody."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.console import NEEDS_ATTENTION, consoles
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

if TYPE_CHECKING:
    from pipelines.gigstack.diagnosis.account import DiagnosisResult

commands = command_group()


@commands.command(epilog=examples("diagnose", "diagnose --resource invoices --output api.json"))
def diagnose(
    resource: Resources = None,
    team: Teams = None,
    output: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The file.  [default: diagnosis.json in --data-dir]"),
    ] = None,
    data_dir: DataDir = Path("data"),
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Write a file about how the API answers, without personal data, to send to a developer."""
    import asyncio

    from pipelines.foundation.atomic_write import write_atomically
    from pipelines.foundation.errors import NothingReadError
    from pipelines.foundation.paths import diagnosis_path
    from pipelines.gigstack.diagnosis.account import diagnose_account
    from pipelines.gigstack.diagnosis.document import format_diagnosis

    settings = read_settings_for(team)
    resources = selected_resources(resource, settings)
    result = asyncio.run(diagnose_account(settings, resources, is_for_all_teams=team is not None))
    text = format_diagnosis(result.diagnosis, settings.api_key)
    path = write_atomically(output or diagnosis_path(data_dir), text.encode(), mode=0o600)
    if result.is_nothing_read:
        reason = next(iter(result.reasons.values()))
        raise NothingReadError(f"Nothing could be read, as {path} says. {reason}")
    if as_json:
        typer.echo(text, nl=False)
    else:
        _print_result(path, result)
    raise typer.Exit(NEEDS_ATTENTION if result.reasons else 0)


def _print_result(path: Path, result: "DiagnosisResult") -> None:
    """Print where the file is, what is in it, and what failed."""
    from pipelines.foundation.wording import plural

    out, errors = consoles()
    found = result.diagnosis
    fields = sum(len(one.fields) for one in found.resources)
    undeclared = sum(len(one.undeclared) for one in found.resources)
    lines = (
        str(path),
        f"How {plural(len(found.resources), 'list')} answered to "
        f"{plural(found.requests, 'request')}: status, headers, envelope, paging.",
        f"What their records are made of: {plural(fields, 'field')} with types, lengths and "
        f"shapes; {undeclared} of them {'is' if undeclared == 1 else 'are'} undeclared.",
        "This program's version, the mode of the key and its days until expiry, and how many "
        "teams there are.",
        "It holds no personal data, no ids, no amounts and no key. Look at it before you send it.",
    )
    for line in lines:
        out.print(line, highlight=False, soft_wrap=True)
    for name, reason in result.reasons.items():
        errors.print(f"{name}: {reason}", style="yellow", highlight=False, soft_wrap=True)
