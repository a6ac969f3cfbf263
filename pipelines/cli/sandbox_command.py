"""The command `sandbox`, which serves the embedded API."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from pipelines.cli.console import consoles, print_json
from pipelines.cli.options import AsJson, Debug, command_group, examples

commands = command_group()


class SandboxCommand(TyperCommand):
    """Lists the variants at the end of its help; they are imported only then."""

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        from pipelines.sandbox.api.variants.catalogue import CATALOGUE

        with formatter.section("Variants"):
            formatter.write_dl([(name, one.about) for name, one in CATALOGUE.items()])
        super().format_epilog(ctx, formatter)


@commands.command(
    cls=SandboxCommand,
    epilog=examples("sandbox --port 8700", "sandbox --teams 3 --faults throttle"),
)
def sandbox(
    port: Annotated[int, typer.Option(help="0 picks a free port.")] = 8700,
    seed: Annotated[int, typer.Option(help="The same seed gives the same account.")] = 7,
    clients: Annotated[int, typer.Option(min=1)] = 60,
    months: Annotated[int, typer.Option(min=1)] = 6,
    teams: Annotated[int, typer.Option(min=1, max=62)] = 2,
    invoices: Annotated[
        int | None,
        typer.Option(min=1, help="Approximate number; default: 4 per client and month."),
    ] = None,
    latency_ms: Annotated[float, typer.Option(min=0, help="Added to every answer.")] = 0,
    faults: Annotated[
        list[str] | None,
        typer.Option("--faults", metavar="NAME", help="A fault to inject; repeatable."),
    ] = None,
    fault_rate: Annotated[
        float, typer.Option(min=0, max=1, help="The share of answers with a fault.")
    ] = 0.05,
    variant: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Another way to answer, of those below; repeatable."),
    ] = None,
    account: Annotated[
        Path | None, typer.Option(help="Keep the account in this file, and reuse it.")
    ] = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Serve the embedded API on loopback until interrupted."""
    from pipelines.sandbox.api.faults import NAMES
    from pipelines.sandbox.api.variants.catalogue import CATALOGUE
    from pipelines.sandbox.command import serve_account

    _check("fault", faults, NAMES)
    _check("variant", variant, CATALOGUE)
    serve_account(
        account,
        {"seed": seed, "clients": clients, "months": months, "teams": teams, "invoices": invoices},
        {
            "latency_ms": latency_ms,
            "faults": tuple(faults or ()),
            "fault_rate": fault_rate,
            "variants": tuple(variant or ()),
        },
        port,
        _print_json_access if as_json else _print_access,
    )


def _check(kind: str, names: list[str] | None, known: Iterable[str]) -> None:
    if unknown := set(names or ()) - set(known):
        raise typer.BadParameter(f"no {kind} {min(unknown)!r}; there are {', '.join(known)}")


def _print_json_access(url: str, key: str) -> None:
    print_json({"base_url": url, "api_key": key})


def _print_access(url: str, key: str) -> None:
    out, _ = consoles()
    out.print(f"The sandbox listens at {url}. Stop it with Ctrl-C. In another terminal:\n")
    out.print(f"  export GIGSTACK_API_BASE_URL={url}", highlight=False, soft_wrap=True)
    out.print(f"  export GIGSTACK_API_KEY={key}", highlight=False, soft_wrap=True)
    out.print("  gigstack-etl check")
