"""The command `demo`: loads an invented account twice, builds, publishes, reports."""

from pathlib import Path

import typer

from pipelines.cli.console import consoles, exit_code, print_json
from pipelines.cli.options import AsJson, DataDir, Debug, command_group, examples

commands = command_group()


@commands.command(epilog=examples("demo", "demo --data-dir elsewhere"))
def demo(
    data_dir: DataDir = Path("data/demo"), as_json: AsJson = False, debug: Debug = False
) -> None:
    """Load an invented account, build the models, publish, report. No key or network needed."""
    from pipelines.cli.demo import demo_environment, demo_json, print_files, run_demo

    out, err = consoles()
    out.quiet = as_json  # then one document follows at the end
    err.print("Inventing an account and serving it on loopback …", style="dim")
    with demo_environment(data_dir) as environment:
        result = run_demo(environment, data_dir, out, err)
    print_files(out, data_dir, result.report)
    if as_json:
        print_json(demo_json(result, data_dir))
    raise typer.Exit(max(exit_code(result.first), exit_code(result.second)))
