"""The warehouse file by itself."""

from pathlib import Path

import duckdb
import pytest

from pipelines import warehouse
from pipelines.foundation.errors import WarehouseError
from pipelines.foundation.paths import warehouse_path


def test_rows_that_a_dead_run_loaded_twice_are_dropped(tmp_path: Path) -> None:
    with warehouse.connect(tmp_path) as connection:
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


def test_a_file_with_row_groups_of_another_size_is_gone_on_with(tmp_path: Path) -> None:
    groups = "select count(distinct row_group_id) from pragma_storage_info('numbers')"
    with duckdb.connect(warehouse_path(tmp_path)) as connection:
        connection.execute("create table numbers as from range(122_880) as numbers(n)")
        assert connection.execute(groups).fetchall() == [(1,)]
    with warehouse.connect(tmp_path) as connection:
        connection.execute("insert into numbers from range(122_880, 245_760)")
    with duckdb.connect(warehouse_path(tmp_path), read_only=True) as connection:
        assert connection.execute(groups).fetchall() == [(5,)]
        sums = connection.execute("select count(*), count(distinct n), sum(n) from numbers")
        assert sums.fetchall() == [(245_760, 245_760, 245_760 * 245_759 // 2)]


def test_a_file_that_this_process_holds_open_is_told_as_such(tmp_path: Path) -> None:
    with (
        duckdb.connect(warehouse_path(tmp_path)),
        pytest.raises(WarehouseError, match=r"warehouse\.duckdb is held open by this process"),
        warehouse.connect(tmp_path),
    ):
        pass


def test_what_does_not_fit_into_memory_is_spilled_beside_the_file(tmp_path: Path) -> None:
    with warehouse.connect(tmp_path) as connection:
        (where,) = connection.execute("select current_setting('temp_directory')").fetchone() or ()
    assert Path(where).parent == tmp_path


def test_a_disk_with_too_little_room_is_refused_before_anything_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.warehouse.connection.MIN_FREE_BYTES", 2**62)
    with pytest.raises(WarehouseError, match=r"only \d+ MB are free"), warehouse.connect(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told_from_other_failures() -> None:
    full = OSError(28, "No space left on device")
    wrapped = RuntimeError("the pipeline failed")
    wrapped.__cause__ = full
    assert warehouse.is_disk_full(wrapped)
    assert not warehouse.is_disk_full(RuntimeError("another reason"))
