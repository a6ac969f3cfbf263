"""Batches are loaded in chunks: the new tables come first, and the last chunk says that it is."""

import pyarrow as pa
import pytest

from pipelines.gigstack.normalize.batch import Batch
from pipelines.load import dlt_loader
from pipelines.load.dlt_loader import Chunk, collect_chunks


def rows(number: int) -> pa.Table:
    return pa.table({"id": list(range(number))})


def sizes(chunk: Chunk) -> dict[str, int]:
    return {name: table.num_rows for name, table in chunk.tables.items()}


def test_without_rows_there_is_one_empty_chunk() -> None:
    (chunk,) = collect_chunks([Batch(tables={"clients": rows(0)})], {})
    assert (chunk.is_last, chunk.tables) == (True, {})


def test_new_tables_come_with_the_first_chunk() -> None:
    (chunk,) = collect_chunks([Batch(tables={"clients": rows(2)})], {"users": rows(0)})
    assert (chunk.is_last, sizes(chunk)) == (True, {"clients": 2, "users": 0})


def test_a_chunk_is_full_when_all_tables_together_have_enough_rows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dlt_loader, "CHUNK_ROWS", 5)
    batches = [
        Batch(tables={"clients": rows(2)}),
        Batch(tables={"clients": rows(1), "users": rows(2)}),
        Batch(tables={"users": rows(1)}),
    ]
    first, last = collect_chunks(batches, {})
    assert (first.is_last, sizes(first)) == (False, {"clients": 3, "users": 2})
    assert (last.is_last, sizes(last)) == (True, {"users": 1})
