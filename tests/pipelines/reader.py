"""`python -m tests.pipelines.reader PUBLISHED`: reads published files over and over, as BI does.

One JSON line an answer, until its standard input is closed. An answer is the way it was asked, the
run that what was read names, and the rows, sum and newest run of the invoices in it.
"""

import json
import select
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.compute as pc
import pyarrow.parquet as pq

FIGURES = "count(*), sum(total)::varchar, max(run_id)"
Answer = tuple[str, Any, Any, Any, Any]


def snapshot(published: Path) -> Answer:
    """A new connection to the file, and two queries."""
    with duckdb.connect(published / "analytics.duckdb", read_only=True) as connection:
        (run,) = connection.execute("select run_id from ops.publication").fetchone() or (None,)
        figures = connection.execute(f"select {FIGURES} from gigstack.invoices").fetchone() or ()
    return ("snapshot", run, *figures)


def pyarrow(published: Path) -> Answer:
    """One Parquet file; its metadata name the run."""
    path = (published / "current").resolve() / "parquet/gigstack/invoices.parquet"
    run = (pq.ParquetFile(path).metadata.metadata or {})[b"run_id"].decode()
    read = pq.read_table(path, columns=["total", "run_id"])
    total = pc.sum(read["total"]).as_py()
    return ("pyarrow", run, read.num_rows, str(total), pc.max(read["run_id"]).as_py())


def two_files(published: Path) -> Answer:
    """Two Parquet files in one query, which finds them by SQL alone."""
    with duckdb.connect() as connection:
        connection.execute(
            "set variable files = (select format('{}/{}/parquet', $published, directory) "
            "from read_json($published || '/manifest.json'))",
            {"published": str(published)},
        )
        found = connection.execute(
            f"select any_value(published.run_id), {FIGURES.replace('run_id', 'invoices.run_id')} "
            "from read_parquet(getvariable('files') || '/gigstack/invoices.parquet') as invoices, "
            "read_parquet(getvariable('files') || '/ops/publication.parquet') as published"
        ).fetchone()
    return ("two files", *(found or ()))


def all_months(published: Path) -> Answer:
    """Many files, of one directory."""
    version = (published / "current").resolve()
    run = json.loads((version / "manifest.json").read_text(encoding="utf-8"))["run_id"]
    months = version / "parquet/gigstack/invoices/*/*.parquet"
    answer = duckdb.execute(f"select {FIGURES} from read_parquet('{months}')").fetchone() or ()
    return ("all months", run, *answer)


def answers(published: Path) -> Iterator[Answer]:
    """All ways in turn; and a connection that stays open, as a dashboard's does."""
    with duckdb.connect(published / "analytics.duckdb", read_only=True) as lasting:
        while not select.select([sys.stdin], [], [], 0)[0]:
            for ask in (snapshot, pyarrow, two_files, all_months):
                yield ask(published)
            run, *figures = lasting.execute(
                f"select (select run_id from ops.publication), {FIGURES} from gigstack.invoices"
            ).fetchone() or (None,)
            yield ("lasting", run, *figures)


if __name__ == "__main__":
    for answer in answers(Path(sys.argv[1])):
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
