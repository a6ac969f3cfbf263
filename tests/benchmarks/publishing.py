"""Publishing against bare copies of the same tables, each in a process of its own.

`python -m tests.benchmarks.publishing NAME DIRECTORY` prints one JSON line with the seconds and
the largest resident memory in MB. The warehouse is a loaded one, repeated by SQL until it is large.
"""

import json
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from pipelines.foundation.paths import warehouse_path
from pipelines.publish.publication import publish
from pipelines.publish.relations import relations

ALONE = ("teams", "team_", "user", "webhook", "cfdi_errors", "sat_lists")  # not repeated
IDS = ("_id", "uuid")
SHARED = ("team_id", "run_id", "tax_id", "user_id")


def grow(loaded: Path, large: Path, times: int) -> None:
    """Write a warehouse with every document of another one so many times, under other ids."""
    with duckdb.connect(config={"memory_limit": "4GB"}) as connection:
        connection.execute("set enable_progress_bar = false")
        connection.execute(f"attach '{warehouse_path(loaded)}' as small (read_only)")
        large.mkdir(parents=True)
        connection.execute(f"attach '{warehouse_path(large)}' as large")
        for table in relations(connection, "small"):
            connection.execute(f"create schema if not exists large.{table.schema}")
            is_repeated = table.schema == "gigstack" and not table.name.startswith(ALONE)
            columns = ", ".join(
                f"{c.name} || right(md5(n::varchar), 6) as {c.name}"
                if is_repeated and c.name.endswith(IDS) and not c.name.endswith(SHARED)
                else c.name
                for c in table.columns
            )
            connection.execute(
                f"create table large.{table.path} as select {columns} from small.{table.path}, "
                f"range({times if is_repeated else 1}) as repeated (n) order by n"
            )


def bare(data_dir: Path) -> None:
    """`COPY FROM DATABASE`, and each table to one Parquet file: unsorted, unchecked."""
    with tempfile.TemporaryDirectory(dir=data_dir) as out, duckdb.connect() as connection:
        path = warehouse_path(data_dir)
        connection.execute(f"attach '{path}' as warehouse (read_only)")
        connection.execute(f"attach '{out}/copy.duckdb' as copy")
        connection.execute("copy from database warehouse to copy")
        connection.execute("checkpoint copy")
        for table in relations(connection, "warehouse"):
            file = f"{out}/{table.schema}.{table.name}.parquet"
            options = "format parquet, compression zstd"
            connection.execute(f"copy warehouse.{table.path} to '{file}' ({options})")


def ours(data_dir: Path) -> None:
    """`gigstack-etl publish`: sorted, compared, months, manifest, dictionary."""
    publish(data_dir, pii="keep")


CONTENDERS = {"bare": bare, "ours": ours}

if __name__ == "__main__":
    name, directory = sys.argv[1:]
    started = time.perf_counter()
    CONTENDERS[name](Path(directory))
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    shutil.rmtree(Path(directory) / "published", ignore_errors=True)
    sys.stdout.write(json.dumps({"seconds": seconds, "peak_mb": peak}) + "\n")
