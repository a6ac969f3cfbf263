"""What the API's spellings of a moment mean, and when a list may be left unread from there on."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipelines.gigstack.api.timestamps import WindowEndDetector, parse_timestamp, times_in
from pipelines.gigstack.normalize.normalizer import normalizing_database

MIDNIGHT = datetime(2025, 10, 1, tzinfo=UTC)  # 1759276800
START = datetime(2025, 10, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)

SPELLINGS: list[tuple[Any, datetime | None]] = [
    (1759276800, MIDNIGHT),
    (1759276800000, MIDNIGHT),
    (1759276800.5, MIDNIGHT + timedelta(milliseconds=500)),
    (1759276800123, MIDNIGHT + timedelta(milliseconds=123)),
    (1759276800123.4565, MIDNIGHT + timedelta(microseconds=123457)),
    ("1759276800", MIDNIGHT),
    ("1759276800000", MIDNIGHT),
    ("1759276800.1235", MIDNIGHT + timedelta(milliseconds=124)),
    ("1.7592768e9", MIDNIGHT),
    (" 1759276800 ", MIDNIGHT),
    ("20251001", datetime(1970, 8, 23, 9, 16, 41, tzinfo=UTC)),
    (99999999999, datetime(5138, 11, 16, 9, 46, 39, tzinfo=UTC)),
    (100000000000, datetime(1973, 3, 3, 9, 46, 40, tzinfo=UTC)),
    (9999999999999, datetime(2286, 11, 20, 17, 46, 39, 999000, tzinfo=UTC)),
    (-5, datetime(1969, 12, 31, 23, 59, 55, tzinfo=UTC)),
    ("2025-10-01T00:00:00Z", MIDNIGHT),
    ("2025-10-01T00:00Z", MIDNIGHT),
    ("2025-10-01T00:00:00.123456789Z", MIDNIGHT + timedelta(microseconds=123456)),
    ("2025-09-30T18:00:00-06:00", MIDNIGHT),
    ("2025-09-30 18:00:00-0600", MIDNIGHT),
    ("2025-10-01T02:00:00+02", MIDNIGHT),
    ("2025-09-30T18:00:00", MIDNIGHT),
    ("2025-09-30 18:00", MIDNIGHT),
    ("2025-10-01", MIDNIGHT + 6 * HOUR),
    ("1970-01-01T00:00:00Z", datetime(1970, 1, 1, tzinfo=UTC)),
    ("2020-07-01T12:00:00", datetime(2020, 7, 1, 17, tzinfo=UTC)),  # summer time, until 2022
    ("2022-04-03T02:30:00", datetime(2022, 4, 3, 8, 30, tzinfo=UTC)),  # an hour left out
    ("2022-10-30T01:30:00", datetime(2022, 10, 30, 7, 30, tzinfo=UTC)),  # an hour that came twice
    ("2026-07-01T12:00:00", datetime(2026, 7, 1, 18, tzinfo=UTC)),
    ({"_seconds": 1759276800, "_nanoseconds": 500000000}, MIDNIGHT),
    ({"nanoseconds": 5, "seconds": 1759276800}, MIDNIGHT),
    ({"_seconds": None, "seconds": 1759276800.7}, MIDNIGHT),
    *(
        (nothing, None)
        for nothing in (
            *(None, 0, 0.0, 0.0004, 10000000000000, 1e20, True, False, [], [1759276800], {}),
            *("", "0", "0.0", "nonsense", "nan", "1e400", "12:00", "٣", "10000000000000", "1,5"),
            *("2025-02-30", "2025-10", "2025-W40-3", "20251001T000000", "2025-10-01T00"),
            *("2025-10-01Z", "2025-10-01x00:00:00", "2025-10-01T00:00:60"),
            *("2025-10-01T00:00:00 -06:00", "2025-10-01T00:00:00z"),
            *(
                {"_seconds": 0},
                {"_seconds": "1759276800"},
                {"_seconds": -5},
                {"_seconds": True},
                {"id": 7},
            ),
        )
    ),
]


@pytest.mark.parametrize(("spelling", "meant"), SPELLINGS, ids=lambda value: repr(value)[:40])
def test_a_spelling_means_its_moment(spelling: Any, meant: datetime | None) -> None:
    assert parse_timestamp(spelling) == meant
    assert meant is None or parse_timestamp(spelling).tzinfo is UTC  # type: ignore[union-attr]


def test_the_sql_understands_every_spelling_alike() -> None:
    records = json.dumps([{"created_at": spelling} for spelling, _ in SPELLINGS])
    rows = normalizing_database().execute(
        "select as_time(unnest(from_json($records, $structure)).created_at)",
        {"records": records, "structure": '[{"created_at": "VARCHAR"}]'},
    )
    assert [row[0] for row in rows.fetchall()] == [meant for _, meant in SPELLINGS]
    assert times_in(records.encode()) == [meant for _, meant in SPELLINGS]


def test_a_moment_beyond_the_calendar_is_none() -> None:
    beyond = (
        {"_seconds": 1759276800123},
        -9999999999999,
        "0001-01-01T00:00:00+06:00",
        float("inf"),
    )
    assert [parse_timestamp(value) for value in beyond] == [None] * 4


def test_the_first_field_that_is_a_moment_counts() -> None:
    records = (
        b' [{"id": "a", "created_at": 1759276800, "created": 5}, null,'
        b' {"created": "1759276800000"}, {"created": 1759276800, "created_at": ""},'
        b' {"id": "b"}, "text", 7, 1.5, true, [1]] '
    )
    assert times_in(records) == [MIDNIGHT, MIDNIGHT, MIDNIGHT, *[None] * 6]
    assert times_in(b"[]") == []


def test_other_fields_may_be_named() -> None:
    records = b'[{"created_at": 5, "issue_date": "2025-09-30T18:00:00"}]'
    assert times_in(records, ["issue_date"]) == [MIDNIGHT]
    assert WindowEndDetector(MIDNIGHT + 25 * HOUR).is_past(records, ("issue_date",))


def end_detector(*pages: list[int | None]) -> list[bool]:
    """What is said after each page, of records so many hours before the window; None has none."""
    watching = WindowEndDetector(START)
    return [watching.is_past(page_of(hours)) for hours in pages]


def page_of(hours_before: list[int | None]) -> bytes:
    return json.dumps(
        [
            {} if hours is None else {"created_at": (START - hours * HOUR).timestamp()}
            for hours in hours_before
        ]
    ).encode()


def test_a_list_is_past_when_a_whole_page_lies_a_day_before_the_window() -> None:
    assert end_detector([-9, 5], [5, 23], [24, 25], [25, 25], [26]) == [
        False,
        False,
        False,
        True,
        True,
    ]


def test_a_list_that_begins_before_the_window_is_past_at_once() -> None:
    assert end_detector([25, 30]) == [True]


def test_a_page_that_is_partly_within_the_margin_is_not_past() -> None:
    assert end_detector([23, 90], [91]) == [False, True]


def test_an_order_once_broken_is_never_trusted_again() -> None:
    assert end_detector([2, 1], [50, 60], [70]) == [False, False, False]
    assert end_detector([50, 60], [59, 61], [70]) == [True, False, False]


def test_the_oldest_first_is_read_to_the_end() -> None:
    assert end_detector([90, 80], [70, 60], [50, 40]) == [False, False, False]


def test_a_record_without_its_moment_is_read_to_the_end() -> None:
    assert end_detector([1, None], [50, 60]) == [False, False]
    assert end_detector([None], [50, 60]) == [False, False]


@pytest.mark.parametrize("empty", [b"[]", b"[null, null]"])
def test_an_empty_page_is_not_past_and_breaks_nothing(empty: bytes) -> None:
    watching = WindowEndDetector(START)
    pages = (empty, page_of([50, 60]), empty, page_of([60]), page_of([59]))
    assert [watching.is_past(page) for page in pages] == [False, True, False, True, False]


def test_nulls_among_the_records_are_left_out() -> None:
    assert WindowEndDetector(START).is_past(b'[null, {"created_at": 1759000000}, null]')
