"""`python -m tests.benchmarks [INVOICES [LARGE]]`: prints the table of ratios.

The sandbox serves from a process of its own on loopback; every contender runs in one too, so that
its memory is its own. Figures are wall seconds and peak resident memory.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from rich.console import Console

from pipelines.cli.tables import print_table
from pipelines.transform.build import transform
from pipelines.transform.dbt_runner import dbt
from pipelines.transform.settings import read_transform_settings
from tests.benchmarks.publishing import grow

INVOICES = 100_000
SLOW_ONES = 20_000  # what dlt's defaults are measured on
LARGE = 1_000_000
CLIENTS_WITH_DOCUMENTS = 2_000
CLIENTS_IN_MODELS = 10_000  # with 20,000 documents
# what is left out where the models of money are measured alone
COMPLIANCE = (
    *(
        "fct_support_document",
        "fct_document_*",
        "bridge_document_entity",
        "bridge_invoice_document",
    ),
    *("fct_cancellation", "fct_stamping_failure", "fct_client_sat_hit", "dim_cfdi_error"),
    *("mart_materiality_*", "mart_document*", "mart_cancellation*", "mart_client_risk"),
    *("mart_receipts_open", "mart_global_invoice_*", "mart_stamping_*", "mart_alerts"),
)
NIGHT_LATENCY = 50  # ms
PAIRS = 3  # of ours and the floor, one after the other: a machine's speed moves within minutes
PATIENCE = 3600  # seconds a contender may take
TO_STDERR = Console(stderr=True)


@dataclass(frozen=True)
class Result:
    """What one contender took."""

    invoices: int
    seconds: float
    peak_mb: float

    @property
    def rate(self) -> float:
        return self.invoices / self.seconds


@contextmanager
def sandbox(directory: Path, *options: str) -> Iterator[tuple[str, str]]:
    """A sandbox in a process of its own; yields its base URL and key."""
    command = [sys.executable, "-m", "pipelines", "sandbox", "--port", "0", "--json", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=directory) as process:
        try:
            yield _announced(process)
        finally:
            process.terminate()


def _announced(process: "subprocess.Popen[str]") -> tuple[str, str]:
    assert process.stdout is not None
    text = ""
    while not text.rstrip().endswith("}"):
        line = process.stdout.readline()
        if not line:
            raise SystemExit("the sandbox ended before it answered")
        text += line
    ready = json.loads(text)
    return ready["base_url"], ready["api_key"]


def measure(name: str, server: tuple[str, str], kept: Path | None = None) -> Result:
    """Run one contender in an empty directory, or in one that is kept for others."""
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as empty:
        directory = str(kept or empty)
        done = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.contenders", name, *server, directory],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr[-3000:]}")
    result = Result(**json.loads(done.stdout.splitlines()[-1]))
    TO_STDERR.print(f"{name}: {result} (whole process {time.perf_counter() - started:.1f} s)")
    return result


def help_seconds() -> float:
    """The median time of `gigstack-etl --help`, whole process, of five."""
    times = []
    for _ in range(5):
        started = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "pipelines", "--help"], capture_output=True, check=True
        )
        times.append(time.perf_counter() - started)
    return sorted(times)[2]


def account(directory: Path, invoices: int, clients: int = 1000) -> list[str]:
    """Options of a sandbox with one team; its file is kept for the next server."""
    file = directory / f"account-{invoices}-{clients}.sqlite"
    size = ["--invoices", str(invoices), "--clients", str(clients), "--months", "12"]
    return ["--teams", "1", *size, "--account", str(file)]


def main() -> None:
    """Measure everything and print the tables."""
    invoices = int(sys.argv[1]) if len(sys.argv) > 1 else INVOICES
    large = int(sys.argv[2]) if len(sys.argv) > 2 else LARGE
    with tempfile.TemporaryDirectory() as name:
        directory = Path(os.environ.get("BENCH_ACCOUNTS", name))
        directory.mkdir(parents=True, exist_ok=True)
        rows = [*_speed(directory, invoices), *_memory(directory, invoices, large)]
        rows += [*_documents(directory), *_second_night(directory, invoices)]
        rows += [*_models(directory, invoices), *_publishing(directory, large)]
        rows += [_flow_overhead(directory), _help()]
    versions = ", ".join(
        f"{name} {version(name)}" for name in ("dlt", "duckdb", "httpx", "pyarrow")
    )
    out = Console(width=120)
    title = f"Python {platform.python_version()}, {os.cpu_count()} cores; {versions}"
    print_table(out, title, ["measure", "figure", "bar", "met"], rows)


def _speed(directory: Path, invoices: int) -> Iterator[list[object]]:
    with sandbox(directory, *account(directory, SLOW_ONES)) as server:
        defaults = measure("rest_api", server)
    with sandbox(directory, *account(directory, invoices)) as server:
        parquet = measure("rest_api_parquet", server)
        pairs = [(measure("ours", server), measure("floor", server)) for _ in range(PAIRS)]
    ours, floor = (min(taken, key=lambda one: one.seconds) for taken in zip(*pairs, strict=True))
    yield _row("our invoices/s", f"{ours.rate:,.0f}", "", None)
    yield _row("rest_api, defaults: invoices/s", f"{defaults.rate:,.0f}", "", None)
    yield _row("rest_api, Parquet: invoices/s", f"{parquet.rate:,.0f}", "", None)
    yield _row("floor: invoices/s", f"{floor.rate:,.0f}", "", None)
    times = ours.rate / defaults.rate
    yield _row("times rest_api, defaults", f"{times:.1f}", "at least 12", times >= 12)
    share = ours.peak_mb / defaults.peak_mb
    memory = f"{share:.2f} ({ours.peak_mb:,.0f} MB of {defaults.peak_mb:,.0f})"
    yield _row("memory of rest_api, defaults", memory, "at most 0.20", share <= 0.2)
    times = ours.rate / parquet.rate
    yield _row("times rest_api, Parquet", f"{times:.1f}", "at least 2.5", times >= 2.5)
    times = ours.seconds / floor.seconds
    taken = f"{ours.seconds:.1f} s to {floor.seconds:.1f} s, the best of {PAIRS} each"
    yield _row(f"time of the floor, {taken}", f"{times:.2f}", "at most 2", times <= 2)


def _memory(directory: Path, invoices: int, large: int) -> Iterator[list[object]]:
    with sandbox(directory, *account(directory, invoices)) as server:
        small_load = measure("ours", server)
    with (
        sandbox(directory, *account(directory, large)) as server,
        tempfile.TemporaryDirectory() as warehouse,
    ):
        large_load = measure("ours", server, Path(warehouse))
        again = measure("ours", server, Path(warehouse))
    yield _row(f"{large:,} invoices: invoices/s", f"{large_load.rate:,.0f}", "", None)
    peak = large_load.peak_mb
    yield _row(f"{large:,} invoices: peak MB", f"{peak:,.0f}", "at most 1,000", peak <= 1000)
    times = peak / small_load.peak_mb
    yield _row(f"its ratio to {invoices:,}", f"{times:.2f}", "at most 1.5", times <= 1.5)
    times = again.peak_mb / peak
    label = f"incremental load over {large:,}: memory of the full load"
    figure = f"{times:.2f} ({again.peak_mb:,.0f} MB)"
    yield _row(label, figure, "at most 1.2", times <= 1.2)


def _documents(directory: Path) -> Iterator[list[object]]:
    options = account(directory, 2_000, CLIENTS_WITH_DOCUMENTS)
    with sandbox(directory, *options, "--latency-ms", "50") as server:
        result = measure("ours_documents", server)
    ideal = result.invoices / 16 * 0.05
    times = result.seconds / ideal
    label = (
        f"documents, {result.invoices:,} requests: {result.seconds:.1f} s to {ideal:.1f} s ideal"
    )
    yield _row(label, f"{times:.2f}", "at most 1.3", times <= 1.3)


def _second_night(directory: Path, invoices: int) -> Iterator[list[object]]:
    """Everything is loaded; then nothing has changed, over a network with some latency."""
    with tempfile.TemporaryDirectory() as name:
        warehouse = Path(name)
        with sandbox(directory, *account(directory, invoices)) as server:
            measure("ours_all", server, warehouse)
        slow = (*account(directory, invoices), "--latency-ms", str(NIGHT_LATENCY))
        with sandbox(directory, *slow) as server:
            again = measure("ours_all", server, warehouse)
            alone = measure("fetch_alone", server, warehouse)
    times = again.seconds / alone.seconds
    label = (
        f"nothing changed, {again.invoices:,} requests at {NIGHT_LATENCY} ms: "
        f"{again.seconds:.1f} s to {alone.seconds:.1f} s for fetching alone"
    )
    yield _row(label, f"{times:.2f}", "below 1.2", times < 1.2)


def _models(directory: Path, invoices: int) -> Iterator[list[object]]:
    """dbt's own seconds for tables and views, over a warehouse in which they were built before."""
    with tempfile.TemporaryDirectory() as name:
        data_dir = Path(name)
        with sandbox(directory, *account(directory, invoices, CLIENTS_IN_MODELS)) as server:
            measure("ours_all", server, data_dir)
        transform(data_dir)
        everything = _dbt_seconds(data_dir)
        money = _dbt_seconds(data_dir, "--exclude", *COMPLIANCE)
    label = f"models on {invoices:,} invoices, {CLIENTS_IN_MODELS:,} clients: seconds of dbt"
    yield _row(label, f"{everything:.1f}", "at most 45", everything <= 45)
    yield _row("the same without those of compliance", f"{money:.1f}", "at most 30", money <= 30)


def _dbt_seconds(data_dir: Path, *options: str) -> float:
    dbt(data_dir, ["run", *options], read_transform_settings().variables)
    found = json.loads((data_dir / "dbt" / "target" / "run_results.json").read_bytes())
    seconds: float = found["elapsed_time"]
    TO_STDERR.print(f"dbt run: {len(found['results'])} models, {seconds:.1f} s")
    return seconds


def _publishing(directory: Path, invoices: int) -> Iterator[list[object]]:
    """Publishing, and bare copies of the same warehouse; the better of two each."""
    with tempfile.TemporaryDirectory() as name:
        loaded, large = Path(name, "loaded"), Path(name, "large")
        with sandbox(directory, *account(directory, SLOW_ONES)) as server:
            measure("ours_all", server, loaded)
        grow(loaded, large, invoices // SLOW_ONES)
        taken = {name: [_published(name, large) for _ in range(2)] for name in ("bare", "ours")}
    bare, ours = (min(times, key=lambda one: one["seconds"]) for times in taken.values())
    times = ours["seconds"] / bare["seconds"]
    label = (
        f"publishing {invoices:,} invoices: {ours['seconds']:.1f} s to {bare['seconds']:.1f} s "
        "for bare copies"
    )
    yield _row(label, f"{times:.2f}", "at most 1.5", times <= 1.5)
    yield _row("its peak MB", f"{ours['peak_mb']:,.0f} (bare {bare['peak_mb']:,.0f})", "", None)


def _published(name: str, data_dir: Path) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.publishing", name, str(data_dir)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"publishing, {name}, failed:\n{done.stderr[-3000:]}")
    result: dict[str, float] = json.loads(done.stdout)
    TO_STDERR.print(f"publishing, {name}: {result}")
    return result


def _help() -> list[object]:
    seconds = help_seconds()
    return _row("gigstack-etl --help, seconds", f"{seconds:.2f}", "under 1", seconds < 1)


def _flow_overhead(directory: Path) -> list[object]:
    """A night as a flow and by its steps alone, a Prefect server running."""
    with (
        sandbox(directory, *account(directory, 2_000, 100)) as server,
        tempfile.TemporaryDirectory() as empty,
    ):
        done = subprocess.run(
            [sys.executable, "-m", "tests.flows.overhead", *server, empty],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    if done.returncode:
        raise SystemExit(f"the flow failed:\n{done.stderr[-3000:]}")
    took = json.loads(done.stdout.splitlines()[-1])
    more = took["flow"] - took["alone"]
    label = f"a night as a flow, {took['flow']:.1f} s to {took['alone']:.1f} s: seconds more"
    return _row(label, f"{more:.1f}", "under 5", more < 5)


def _row(measure: str, figure: str, bar: str, met: bool | None) -> list[object]:
    return [measure, figure, bar, "" if met is None else met]


if __name__ == "__main__":
    main()
