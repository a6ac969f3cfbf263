"""The warehouse file by itself."""

from pathlib import Path

import pytest

from pipelines import warehouse
from pipelines.gigstack.errors import WarehouseError


def test_rows_that_a_dead_run_loaded_twice_are_dropped(tmp_path: Path) -> None:
    with warehouse.opened(tmp_path) as connection:
        connection.execute(
            """
            create schema gigstack;
            create table gigstack.services (team_id text, service_id text, unit_price decimal);
            create table gigstack.service_taxes (team_id text, service_id text, tax_number bigint);
            insert into gigstack.services values ('t', 'a', 1.5), ('t', 'b', 2), ('t', 'a', 1.5);
            insert into gigstack.service_taxes values ('t', 'a', 1), ('t', 'a', 2), ('t', 'a', 1);
            """
        )
        warehouse.drop_repeated_rows(connection)
        services = connection.sql("from gigstack.services order by all").fetchall()
        taxes = connection.sql("from gigstack.service_taxes order by all").fetchall()
    assert [row[:2] for row in services] == [("t", "a"), ("t", "b")]
    assert taxes == [("t", "a", 1), ("t", "a", 2)]


def test_a_disk_with_too_little_room_is_refused_before_anything_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warehouse, "LEAST_FREE_BYTES", 2**62)
    with pytest.raises(WarehouseError, match=r"only \d+ MB are free"), warehouse.opened(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told_from_other_failures() -> None:
    full = OSError(28, "No space left on device")
    wrapped = RuntimeError("the pipeline failed")
    wrapped.__cause__ = full
    assert warehouse.is_disk_full(wrapped)
    assert not warehouse.is_disk_full(RuntimeError("another reason"))
