"""One row per team and provider."""

from collections.abc import Callable

from tests.sql.rows import WRITTEN, Tables, at

Load = Callable[[str], Tables]


def test_what_a_provider_tells_beyond_completed_is_extra(load: Load) -> None:
    assert load("team_integrations")["team_integrations"] == [
        WRITTEN
        | {
            "provider": "bank",
            "updated_at": at("2026-12-01T00:00:00"),
            "updated_at_basis": "observed",
            "extra": '{"completed":"pending"}',
        },
        WRITTEN
        | {
            "provider": "openpay",
            "completed": False,
            "updated_at": at("2026-12-01T00:00:00"),
            "updated_at_basis": "observed",
        },
        WRITTEN
        | {
            "provider": "stripe",
            "completed": True,
            "updated_at": at("2026-12-01T00:00:00"),
            "updated_at_basis": "observed",
            "extra": '{"account":"acct_1"}',
        },
    ]
