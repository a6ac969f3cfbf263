"""One row per SAT list."""

from collections.abc import Callable

from tests.sql.rows import WRITTEN, Tables, at

Load = Callable[[str], Tables]


def test_a_list_goes_by_its_id_its_key_or_its_name(load: Load) -> None:
    assert load("sat_lists")["sat_lists"] == [
        WRITTEN
        | {
            "list_id": "49-BIS",
            "name": "49-BIS",
            "updated_at": at("2026-12-01T00:00:00"),
            "updated_at_basis": "observed",
            "extra": '{"records":"muchos"}',
        },
        WRITTEN
        | {
            "list_id": "69",
            "label": "No localizados",
            "description": "Créditos",
            "record_count": 42,
            "last_synced_at": at("2026-02-28T17:33:20"),
            "updated_at": at("2026-02-28T18:33:20"),
            "updated_at_basis": "api",
            "extra": '{"checksum":"ff"}',
        },
        WRITTEN
        | {
            "list_id": "69-B",
            "name": "Operaciones presuntamente inexistentes",
            "source": "https://sat.example/listados",
            "status": "synced",
            "status_raw": "synced",
            "record_count": 11000,
            "last_synced_at": at("2026-02-28T17:33:20"),
            "updated_at": at("2026-02-28T17:33:20"),
            "updated_at_basis": "lifecycle",
        },
    ]
