"""The command `run`: load, transform and publish, one after the other."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from pipelines.cli.console import consoles, exit_code, print_json
from pipelines.cli.options import (
    AsJson,
    DataDir,
    Debug,
    Teams,
    command_group,
    examples,
    read_settings_for,
    selected_resources,
)

if TYPE_CHECKING:
    from rich.console import Console

    from pipelines.gigstack.settings import Settings
    from pipelines.monitoring.result import RunResult

commands = command_group()


@commands.command(epilog=examples("run", "run --team all", "run --json"))
def run(
    team: Teams = None,
    data_dir: DataDir = Path("data"),
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Load what may have changed, build the models, publish.

    The nightly flow does the same.
    """
    from pipelines.cli.documents import run_json

    out, err = consoles()
    out.quiet = as_json  # then one document follows at the end
    result = _run(read_settings_for(team), data_dir, out, err)
    if as_json:
        print_json(run_json(result, data_dir))
    raise typer.Exit(exit_code(result))


def _run(settings: "Settings", data_dir: Path, out: "Console", err: "Console") -> "RunResult":
    """Run the steps, and print the result of each as soon as it is there."""
    from pipelines.cli.list_output import print_first_load
    from pipelines.cli.output import (
        print_alerts,
        print_load,
        print_publication,
        print_transformation,
    )
    from pipelines.cli.progress import progress
    from pipelines.load.run import load
    from pipelines.monitoring.alerts import record_alerts
    from pipelines.monitoring.result import RunResult
    from pipelines.publish.publication import publish
    from pipelines.transform.build import transform

    resources = selected_resources(None, settings)
    result = RunResult()
    with progress(err) as on_progress:
        result.loads.append(load(settings, data_dir, resources, on_progress))
    print_load(out, result.loads[0])
    print_first_load(out, result.loads[0], data_dir)
    err.print("Building the models …", style="dim")
    result.transformation = transform(data_dir)
    print_transformation(out, result.transformation)
    result.publication = publish(data_dir)
    print_publication(out, result.publication)
    result.alerts = record_alerts(data_dir)
    print_alerts(out, result.alerts)
    return result
