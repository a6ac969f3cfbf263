"""What only tells of runs long past is removed; what loads rely on stays, however old."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipelines import warehouse
from pipelines.foundation.errors import ConfigurationError
from pipelines.sandbox.expected.contents import expected
from pipelines.sandbox.simulation.account import Account
from pipelines.warehouse.retention import remove_old_rows
from pipelines.warehouse.run_log import is_first_load, lists_that_answered, open_rejects
from pipelines.warehouse.settings import Retention, read_retention
from tests.pipelines.loads import differences, query, run, settings_for, watermarks

DAY = timedelta(days=1)
RETENTION = Retention(700 * DAY, 90 * DAY, 7 * DAY)


def age(data_dir: Path, days: int, copies: int) -> None:
    """Move the only run into the past, with copies of it on the days before."""
    with warehouse.connect(data_dir) as connection:
        connection.execute(
            "update ops.runs set started_at = started_at - to_days($days)", {"days": days}
        )
        for number in range(1, copies + 1):
            past = f"'past' || {number} as run_id"
            started = f"started_at - to_days({number}) as started_at"
            for table, changes in (
                ("runs", f"{past}, {started}"),
                ("run_streams", past),
                ("reconciliation", past),
            ):
                connection.execute(
                    f"insert into ops.{table} select * replace ({changes}) from ops.{table} "
                    "where run_id not like 'past%'"
                )


def sweep(data_dir: Path, now: datetime | None = None) -> None:
    with warehouse.connect(data_dir) as connection:
        remove_old_rows(connection, RETENTION, now or datetime.now(UTC))


def counts(data_dir: Path) -> dict[str, int]:
    return {
        name: query(data_dir, f"select count(*) as n from ops.{name}")[0]["n"]
        for name in ("runs", "run_streams", "reconciliation")
    }


def test_nothing_is_removed_before_its_time(loaded_copy: Path) -> None:
    age(loaded_copy, days=0, copies=80)
    before = counts(loaded_copy)
    sweep(loaded_copy)
    assert counts(loaded_copy) == before


def test_of_old_details_the_newest_read_of_each_list_stays(loaded_copy: Path) -> None:
    """That run's rows prove the last sweep, and say how many pages a list had."""
    only = counts(loaded_copy)
    proofs = query(loaded_copy, "from ops.run_streams where status = 'ok' order by all")
    age(loaded_copy, days=100, copies=50)
    assert counts(loaded_copy)["run_streams"] == 51 * only["run_streams"]
    sweep(loaded_copy)
    kept = query(loaded_copy, "from ops.run_streams where status = 'ok' order by all")
    assert kept == proofs
    assert counts(loaded_copy) == {"runs": 51, "run_streams": len(proofs), "reconciliation": 0}


def test_of_old_runs_those_that_something_relies_on_stay(
    account: Account, base_url: str, loaded_copy: Path
) -> None:
    marks = watermarks(loaded_copy)
    with warehouse.connect(loaded_copy, read_only=True) as connection:
        answered = lists_that_answered(connection, datetime(2000, 1, 1, tzinfo=UTC))
    age(loaded_copy, days=1000, copies=50)
    sweep(loaded_copy)
    assert counts(loaded_copy)["runs"] == 1
    assert watermarks(loaded_copy) == marks
    with warehouse.connect(loaded_copy, read_only=True) as connection:
        assert not is_first_load(connection)
        assert lists_that_answered(connection, datetime(2000, 1, 1, tzinfo=UTC)) == answered
    report = run(settings_for(account, base_url), loaded_copy)
    assert (report.status, report.total("rows_changed")) == ("ok", 0)
    assert differences(loaded_copy, expected(account)) == {}


def test_a_rejected_record_stays_once(loaded_copy: Path) -> None:
    with warehouse.connect(loaded_copy) as connection:
        connection.execute(
            "insert into ops.rejects select 'run' || range, 'team', 'clients', 'reason', null, "
            "'{}', now() - to_days(range::int + 100), null from range(5)"
        )
        before = open_rejects(connection)
        remove_old_rows(connection, RETENTION, datetime.now(UTC))
        assert open_rejects(connection) == before
        assert warehouse.count(connection, "ops.rejects") == 1


def test_of_the_states_of_dlt_the_newest_stay(loaded_copy: Path) -> None:
    """Without its own files, dlt takes the watermarks from there."""
    with warehouse.connect(loaded_copy) as connection:
        for table, moment, key in (
            ("_dlt_pipeline_state", "created_at", "_dlt_load_id"),
            ("_dlt_loads", "inserted_at", "load_id"),
        ):
            connection.execute(
                f"insert into gigstack.{table} select s.* replace ("
                f"s.{moment} - to_days(i::int + 100) as {moment}, "
                f"(s.{key}::double - i - 1)::varchar as {key}) "
                f"from gigstack.{table} as s, range(30) as r(i)"
            )
        newest = "select max(load_id) from gigstack._dlt_loads"
        before = connection.execute(newest).fetchall()
        remove_old_rows(connection, RETENTION, datetime.now(UTC))
        assert connection.execute(newest).fetchall() == before
        assert warehouse.count(connection, "gigstack._dlt_pipeline_state") == 10
        assert warehouse.count(connection, "gigstack._dlt_loads") == 10


def test_answers_are_kept_as_long_as_is_set(
    account: Account, base_url: str, loaded_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETENTION__JOURNAL_DAYS", "3")
    assert read_retention().journal == 3 * DAY
    assert run(settings_for(account, base_url), loaded_copy).status == "ok"


@pytest.mark.parametrize("name", ["RUNS_DAYS", "DETAILS_DAYS", "JOURNAL_DAYS"])
@pytest.mark.parametrize("value", ["0", "-3", "for ever", "100000"])
def test_a_time_that_makes_no_sense_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"RETENTION__{name}", value)
    with pytest.raises(ConfigurationError, match=name.lower()):
        read_retention()
