"""The ways to load income invoices that are compared; each runs in a process of its own.

`python -m tests.benchmarks.contenders NAME BASE_URL KEY DIRECTORY` prints one JSON line with the
invoices loaded, the seconds it took from the first request to the last commit (imports are not
counted for anybody), and the largest resident memory of the process and its children in MB.
"""

import importlib
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipelines.foundation.paths import response_logs_dir

PAGE_SIZE = 100
# what httpx, dlt and pyarrow import only when they are first used; no contender pays for imports
IMPORTED_LATE = (
    "anyio._backends._asyncio",
    "httpcore",
    "httpcore._backends.anyio",
    "dlt._workspace._plugins",
    "dlt._workspace.cli._plugins",
    "dlt.common.libs.pyarrow",
    "dlt.common.libs.sql_alchemy_compat",
    "dlt.destinations.impl.duckdb.duck",
    "dlt.sources.helpers.requests",
    "pandas",  # which pyarrow imports where it is installed
    "pendulum.locales.en.locale",
    "pyarrow.pandas_compat",
)


def ours(base_url: str, key: str, directory: Path) -> Callable[[], int]:
    """This project: `load --resource invoices_income`."""
    return _loading(base_url, key, directory, "invoices_income", concurrency=8)


def ours_documents(base_url: str, key: str, directory: Path) -> Callable[[], int]:
    """This project: the support documents of every client, concurrency 16."""
    return _loading(base_url, key, directory, "support_documents", concurrency=16)


def ours_all(base_url: str, key: str, directory: Path) -> Callable[[], int]:
    """This project: every list, and the documents of every client; returns the requests."""
    return _loading(base_url, key, directory, None, concurrency=8)


def fetch_alone(base_url: str, key: str, directory: Path) -> Callable[[], int]:
    """Bare httpx asks what the last load here asked: lists at once, each page after the other."""
    import asyncio

    import httpx

    chains = _requests_of_last_load(directory)

    async def fetch() -> None:
        places = asyncio.Semaphore(8)
        limits = httpx.Limits(max_connections=8, max_keepalive_connections=8)
        headers = {"Authorization": f"Bearer {key}"}
        async with httpx.AsyncClient(headers=headers, limits=limits) as http:

            async def walk(requests: list[str]) -> None:
                for request in requests:
                    async with places:
                        (await http.get(base_url + request)).raise_for_status()

            await asyncio.gather(*map(walk, chains))

    def run() -> int:
        asyncio.run(fetch())
        return sum(map(len, chains))

    return run


def _requests_of_last_load(directory: Path) -> list[list[str]]:
    """The journalled requests, those of one list and parent in their order."""
    from pipelines.gigstack.api import response_log

    chains: dict[response_log.Origin, list[str]] = {}
    for origin, request in response_log.requests(max((response_logs_dir(directory)).iterdir())):
        chains.setdefault(origin, []).append(request)
    return list(chains.values())


def _loading(
    base_url: str, key: str, directory: Path, resource_name: str | None, concurrency: int
) -> Callable[[], int]:
    from pipelines.gigstack.settings import Settings
    from pipelines.load.run import load
    from pipelines.load.select import select_resources

    settings = Settings(
        api_key=key,
        base_url=base_url,
        requests_per_second=100_000,
        max_concurrency=concurrency,
        documents_request_budget=1_000_000,
    )
    streams = select_resources([resource_name] if resource_name else [], ["clients"])

    def run() -> int:
        report = load(settings, directory, streams, lambda _: None)
        if report.status != "ok":
            raise SystemExit(f"the load ended as {report.status}: {report.resources}")
        return (
            report.table_rows["invoices"] if resource_name == "invoices_income" else report.requests
        )

    return run


def floor(base_url: str, key: str, directory: Path) -> Callable[[], int]:
    """Bare httpx, then DuckDB `read_json` and `unnest`; money as floats, no dlt, no merge."""
    import duckdb
    import httpx

    pages = directory / "pages.ndjson"

    def fetch() -> None:
        headers = {"Authorization": f"Bearer {key}"}
        params: dict[str, Any] = {"limit": PAGE_SIZE}
        with httpx.Client(base_url=base_url, headers=headers) as http, pages.open("wb") as file:
            while True:
                body = http.get("/invoices/income", params=params).content
                file.write(body + b"\n")
                envelope = json.loads(body[body.rindex(b"]") + 1 :].replace(b",", b"{", 1))
                if not envelope["has_more"]:
                    return
                params["next"] = envelope["next"]

    def run() -> int:
        fetch()
        with duckdb.connect(directory / "floor.duckdb") as connection:
            connection.execute("set memory_limit = '8GB'")
            connection.execute(f"set variable pages = '{pages}'")
            connection.execute((Path(__file__).parent / "floor.sql").read_text())
            (count,) = connection.execute("select count(*) from invoices").fetchone() or (0,)
        return int(count)

    return run


def rest_api(base_url: str, key: str, directory: Path) -> Callable[[], int]:
    """dlt's `rest_api` source with its defaults."""
    return _rest_api(base_url, key, directory, None)


def rest_api_parquet(base_url: str, key: str, directory: Path) -> Callable[[], int]:
    """dlt's `rest_api` source with Parquet and children normalized by two processes."""
    os.environ |= {
        "NORMALIZE__WORKERS": "2",
        "SOURCES__DATA_WRITER__FILE_MAX_ITEMS": "10000",
        "NORMALIZE__DATA_WRITER__FILE_MAX_ITEMS": "50000",
    }
    return _rest_api(base_url, key, directory, "parquet")


def _rest_api(base_url: str, key: str, directory: Path, file_format: Any) -> Callable[[], int]:
    import dlt
    from dlt.sources.rest_api import rest_api_source

    source = rest_api_source(
        {
            "client": {
                "base_url": base_url + "/",
                "auth": {"type": "bearer", "token": key},
                "paginator": {"type": "cursor", "cursor_path": "next", "cursor_param": "next"},
            },
            "resources": [
                {
                    "name": "invoices",
                    "endpoint": {
                        "path": "invoices/income",
                        "params": {"limit": PAGE_SIZE},
                        "data_selector": "data[?@]",
                    },
                }
            ],
        }
    )
    pipeline = dlt.pipeline(
        "rest_api",
        destination=dlt.destinations.duckdb(str(directory / "rest_api.duckdb")),
        dataset_name="gigstack",
        pipelines_dir=str(directory / "pipelines"),
    )

    def run() -> int:
        pipeline.run(source, loader_file_format=file_format)
        with pipeline.sql_client() as client:
            rows = client.execute_sql("select count(*) from invoices")
        return int(rows[0][0]) if rows else 0

    return run


CONTENDERS = {
    contender.__name__: contender
    for contender in (
        ours,
        ours_all,
        ours_documents,
        fetch_alone,
        floor,
        rest_api,
        rest_api_parquet,
    )
}


def main() -> None:
    """Run one contender and print what it took."""
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    os.environ["RUNTIME__LOG_LEVEL"] = "CRITICAL"
    name, base_url, key, directory = sys.argv[1:]
    for module in IMPORTED_LATE:
        importlib.import_module(module)
    run = CONTENDERS[name](base_url, key, Path(directory))
    started = time.perf_counter()
    invoices = run()
    seconds = time.perf_counter() - started
    own, children = (
        resource.getrusage(who).ru_maxrss / 1024
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    print(  # noqa: T201 - its output is its result
        json.dumps({"invoices": invoices, "seconds": seconds, "peak_mb": max(own, children)})
    )


if __name__ == "__main__":
    main()
