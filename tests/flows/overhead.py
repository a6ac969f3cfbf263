"""`python -m tests.flows.overhead BASE_URL KEY DIRECTORY`: what a flow costs beyond its steps.

A Prefect server runs; the same night is done by the steps alone and by the flow, in turns, over a
warehouse that is loaded and built. Prints one JSON line with the fewest seconds of each.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.flows.server import server

NIGHTS = 3


def main() -> None:
    """Measure, and print."""
    base_url, key, name = sys.argv[1:]
    os.environ |= {"GIGSTACK_API_BASE_URL": base_url, "GIGSTACK_API_KEY": key}
    os.environ["SOURCES__GIGSTACK__REQUESTS_PER_SECOND"] = "10000"
    directory = Path(name)
    home = directory / "prefect"
    home.mkdir()
    with server(home):
        from flows.nightly import nightly

        data_dir = directory / "data"
        _steps(data_dir)
        alone, flow = [], []
        for _ in range(NIGHTS):
            alone.append(_seconds(lambda: _steps(data_dir)))
            flow.append(_seconds(lambda: nightly(data_dir=data_dir)))
    sys.stdout.write(json.dumps({"alone": min(alone), "flow": min(flow)}) + "\n")


def _steps(data_dir: Path) -> None:
    from pipelines.gigstack.settings import read_settings
    from pipelines.load.run import load
    from pipelines.load.select import select_resources
    from pipelines.monitoring.alerts import record_alerts
    from pipelines.publish.publication import publish
    from pipelines.transform.build import transform

    settings = read_settings()
    load(settings, data_dir, select_resources((), settings.documents), lambda _: None)
    transform(data_dir)
    publish(data_dir)
    record_alerts(data_dir)


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
