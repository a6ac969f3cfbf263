"""One row per team and series."""

from collections.abc import Callable

from tests.sql.rows import WRITTEN, Tables, at

Load = Callable[[str], Tables]


def test_a_series_has_a_folio_counter_for_each_mode(load: Load) -> None:
    assert load("team_series")["team_series"] == [
        WRITTEN
        | {
            "series": "F",
            "live_folio": 812,
            "test_folio": 35,
            "updated_at": at("2026-12-01T00:00:00"),
            "updated_at_basis": "observed",
        },
        WRITTEN
        | {
            "series": "G",
            "updated_at": at("2026-12-01T00:00:00"),
            "updated_at_basis": "observed",
            "extra": '{"live":1.5}',
        },
        WRITTEN
        | {
            "series": "Ñ",
            "live_folio": 7,
            "updated_at": at("2026-12-01T00:00:00"),
            "updated_at_basis": "observed",
            "extra": '{"color":"#fff"}',
        },
    ]
