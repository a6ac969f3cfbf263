"""Times that cannot be: each is kept aside and told, and costs nothing else."""

import json
from datetime import UTC, datetime
from typing import Any

import duckdb
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.foundation.paths import NORMALIZE_SQL, read_sql
from pipelines.gigstack.normalize.time_bounds import FIRST_YEAR, YEARS_AHEAD, bounds_of
from tests.sql.rows import normalize

THIS_YEAR = datetime.now(UTC).year
FIRST = int(datetime(FIRST_YEAR, 1, 1, tzinfo=UTC).timestamp())
END = int(datetime(THIS_YEAR + YEARS_AHEAD + 1, 1, 1, tzinfo=UTC).timestamp())
GOOD = int(datetime(2026, 5, 1, 6, tzinfo=UTC).timestamp())

CANNOT_BE: dict[str, Any] = {
    "the year 0": "0000-01-01T00:00:00Z",
    "the year 1": "0001-01-01",
    "before gigstack": "2009-12-31T23:59:59Z",
    "centuries ahead": "2226-01-01",
    "the year 9999": "9999-12-31T23:59:59Z",
    "no such day": "2026-02-29",
    "no such day with a time": "2026-02-29T10:00:00Z",
    "the 30th of February": "2026-02-30",
    "one second": 1,
    "one second before": FIRST - 1,
    "one millisecond before": FIRST * 1000 - 1,
    "one second late": END,
    "one millisecond late": END * 1000,
    "seconds as text": str(FIRST - 1),
    "a fraction": FIRST - 0.5,
    "between seconds and milliseconds": 99_999_999_999,
    "a fraction of few digits": "1767225.00",
    "an object": {"_seconds": END},
}
CAN_BE: dict[str, Any] = {
    "the first second": FIRST,
    "the first millisecond": FIRST * 1000,
    "the last second": END - 1,
    "the last millisecond": END * 1000 - 1,
    "a day": "2026-05-01",
    "a leap day": "2024-02-29",
    "a moment": "2026-05-01T10:00:00.123Z",
    "text": str(GOOD),
    "text with a fraction": f"{GOOD}.25",
    "an offset": "2026-05-01T10:00:00-06:00",
    "no zone": "2026-05-01T10:00:00",
    "an object": {"_seconds": GOOD, "_nanoseconds": 5},
}
BLANK: dict[str, Any] = {
    "null": None,
    "zero": 0,
    "an empty text": "",
    "zero as text": "0",
    "zeros": "00",
}


def payments(value: Any) -> Any:
    """Three payments, of which the second has this time."""
    records = [{"id": f"payment_{n}", "created_at": GOOD, "total": n} for n in (1, 2, 3)]
    records[1]["succeeded_at"] = value
    return normalize("payments", records)


@pytest.mark.parametrize("value", CANNOT_BE.values(), ids=CANNOT_BE)
def test_a_time_that_cannot_be_is_kept_aside_and_told(value: Any) -> None:
    batch = payments(value)
    first, second, third = batch.tables["payments"].to_pylist()
    assert second["succeeded_at"] is None
    assert json.loads(second["extra"]) == {"succeeded_at": value}
    assert (first["extra"], third["extra"]) == (None, None)
    assert [row["total"] for row in (first, second, third)] == [1, 2, 3]
    ((name, finding),) = batch.findings
    assert (name, finding.path, finding.kind) == ("payments", "succeeded_at", "type_mismatch")


@pytest.mark.parametrize("value", CAN_BE.values(), ids=CAN_BE)
def test_a_time_that_can_be_is_stored(value: Any) -> None:
    batch = payments(value)
    _, second, _ = batch.tables["payments"].to_pylist()
    assert second["succeeded_at"] is not None
    assert (second["extra"], batch.findings) == (None, [])


@pytest.mark.parametrize("value", BLANK.values(), ids=BLANK)
def test_a_blank_time_is_null_and_nothing_to_tell(value: Any) -> None:
    batch = payments(value)
    _, second, _ = batch.tables["payments"].to_pylist()
    assert (second["succeeded_at"], second["extra"], batch.findings) == (None, None, [])


def test_a_time_in_an_object_or_a_list_is_kept_in_the_extra_of_its_row() -> None:
    stamp = {"provider": "pac", "stamped_at": 1}
    batch = normalize("invoices", [{"id": "invoice_1", "created_at": GOOD, "stamp": stamp}])
    (root,) = batch.tables["invoices"].to_pylist()
    assert (root["stamp_provider"], root["stamp_stamped_at"]) == ("pac", None)
    assert json.loads(root["extra"]) == {"stamp": {"stamped_at": 1}}
    assert [finding.path for _, finding in batch.findings] == ["stamp.stamped_at"]
    items = [{"description": "a", "created_at": GOOD}, {"description": "b", "created_at": 1}]
    batch = normalize("payments", [{"id": "payment_1", "created_at": GOOD, "items": items}])
    first, second = batch.tables["payment_items"].to_pylist()
    assert (first["extra"], json.loads(second["extra"])) == (None, {"created_at": 1})
    assert [finding.path for _, finding in batch.findings] == ["items[].created_at"]


@pytest.mark.parametrize("day", ["1985-03-01", "2099-12-31"])
def test_a_paper_may_be_old_and_its_term_long(day: str) -> None:
    document = {"id": "document_1", "created_at": GOOD, "valid_from": day, "valid_until": day}
    batch = normalize("support_documents", [document])
    (row,) = batch.tables["support_documents"].to_pylist()
    assert f"{row['valid_from']:%Y}" == f"{row['valid_until']:%Y}" == day[:4]
    assert batch.findings == []


@pytest.mark.parametrize("at", ["2009-12-31T20:00:00", 0.0])
def test_what_only_one_of_the_two_finds_odd_changes_nothing(at: Any) -> None:
    """The hour at the border, in a record that drifts elsewhere too."""
    record = {"id": "payment_1", "created_at": GOOD, "succeeded_at": at, "zz": 1}
    batch = normalize("payments", [record])
    (row,) = batch.tables["payments"].to_pylist()
    assert json.loads(row["extra"]) == {"zz": 1}
    assert [finding.path for _, finding in batch.findings] == ["zz"]


VALUES = st.one_of(
    st.integers(min_value=0, max_value=10**13 - 1),
    st.integers(min_value=0, max_value=10**11).map(str),
    st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)).map(lambda at: f"{at.isoformat()}Z"),
    st.dates(datetime(1, 1, 2).date()).map(str),
    st.builds(lambda n: {"_seconds": n}, st.integers(min_value=0, max_value=10**11)),
    st.sampled_from([*CANNOT_BE.values(), *CAN_BE.values(), *BLANK.values()]),
).filter(lambda value: value != "2026-02-30")  # whose type lets it not pass


@pytest.fixture(scope="module")
def database() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    connection.execute(read_sql(NORMALIZE_SQL / "_macros.sql"))
    return connection


@pytest.mark.parametrize("kind", ["TIME", "ANY_TIME"])
@given(value=VALUES)
def test_sql_and_python_agree(database: duckdb.DuckDBPyConnection, kind: str, value: Any) -> None:
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    (can_be,) = database.execute(
        f"select {bounds_of(kind).condition('v')} from (select nullif($1, 'null') as v)", [text]
    ).fetchone() or (None,)
    assert can_be == bounds_of(kind).admit(value)
