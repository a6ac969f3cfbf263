"""Which alerts are new: none is lost by a night that dies, and none is told twice."""

from pathlib import Path

import pytest
from rich.console import Console

from pipelines.cli.output import print_alerts
from pipelines.foundation.errors import WarehouseBusyError
from pipelines.foundation.lock import exclusive_run
from pipelines.monitoring.alerts import (
    AlertUpdate,
    Row,
    format_counts,
    mark_reported,
    mark_sent,
    record_alerts,
)
from tests.pipelines.alerted import PERSON, an_alert, build, told
from tests.pipelines.loads import query


def ids(alerts: list[Row]) -> list[str]:
    return [alert["alert_id"] for alert in alerts]


def a_night(data_dir: Path, least: str | None = None) -> AlertUpdate:
    """All of it: noted, reported, sent."""
    news = record_alerts(data_dir, least)
    mark_sent(data_dir, news.unsent)
    mark_reported(data_dir, news)
    return news


def test_an_alert_is_new_once(tmp_path: Path) -> None:
    build(tmp_path, an_alert("a"), an_alert("b", "high"))
    assert ids(a_night(tmp_path).unreported) == ["b", "a"], "the gravest comes first"
    build(tmp_path, an_alert("a"), an_alert("b", "high"), an_alert("c"))
    again = a_night(tmp_path)
    assert (ids(again.new), ids(again.unreported)) == (["c"], ["c"])
    assert format_counts(again.alerts) == "3 (1 high, 2 medium)"
    assert a_night(tmp_path).unreported == []


def test_one_that_went_away_and_is_back_is_new_again(tmp_path: Path) -> None:
    build(tmp_path, an_alert("a"))
    first = a_night(tmp_path, "low")
    build(tmp_path)
    assert a_night(tmp_path, "low").alerts == []
    assert told(tmp_path, "cleared_at") == {"a"}
    build(tmp_path, an_alert("a"))
    back = record_alerts(tmp_path, "low")
    assert (ids(back.new), ids(back.unreported), ids(back.unsent)) == (["a"], ["a"], ["a"])
    (row,) = query(tmp_path, "select first_seen_at, cleared_at from ops.alerts")
    assert row["first_seen_at"] == back.recorded_at > first.recorded_at
    assert row["cleared_at"] is None


def test_a_night_that_dies_before_it_reports_loses_none(tmp_path: Path) -> None:
    build(tmp_path, an_alert("a"))
    dead = record_alerts(tmp_path, "medium")
    build(tmp_path, an_alert("a"), an_alert("b"))
    after = a_night(tmp_path, "medium")
    assert ids(dead.unreported) == ["a"]
    assert ids(after.unreported) == ids(after.unsent) == ["a", "b"]
    assert a_night(tmp_path, "medium").unreported == []


def test_what_comes_while_a_night_reports_is_left_to_the_next(tmp_path: Path) -> None:
    build(tmp_path, an_alert("a"))
    night = record_alerts(tmp_path)
    build(tmp_path, an_alert("a"), an_alert("b"))
    record_alerts(tmp_path)  # a night of the command line, which reports to nobody
    mark_reported(tmp_path, night)
    assert ids(record_alerts(tmp_path).unreported) == ["b"]


def test_only_what_is_new_and_grave_enough_is_sent(tmp_path: Path) -> None:
    build(tmp_path, an_alert("old", "high"))
    assert a_night(tmp_path, None).unsent == [], "sending was off"
    build(tmp_path, an_alert("old", "high"), an_alert("a", "high"), an_alert("b", "low"))
    assert ids(a_night(tmp_path, "medium").unsent) == ["a"]
    assert ids(a_night(tmp_path, "low").unsent) == []


def test_what_could_not_be_sent_goes_with_the_next_night(tmp_path: Path) -> None:
    build(tmp_path, an_alert("a"), an_alert("gone"))
    mark_reported(tmp_path, record_alerts(tmp_path, "low"))  # and not sent
    build(tmp_path, an_alert("a"), an_alert("b"))
    assert ids(a_night(tmp_path, "low").unsent) == ["a", "b"]
    assert ids(a_night(tmp_path, "low").unsent) == []


def test_one_that_becomes_graver_is_sent_then_and_not_reported_again(tmp_path: Path) -> None:
    build(tmp_path, an_alert("a", "low"))
    assert a_night(tmp_path, "high").unsent == []
    build(tmp_path, an_alert("a", "high"))
    record_alerts(tmp_path)  # a night of the command line, which sends nothing
    graver = a_night(tmp_path, "high")
    assert (graver.unreported, ids(graver.unsent)) == ([], ["a"])
    assert a_night(tmp_path, "high").unsent == []


def test_one_that_became_graver_while_nothing_was_sent_is_no_news(tmp_path: Path) -> None:
    for severity in ("low", "high"):
        build(tmp_path, an_alert("a", severity))
        a_night(tmp_path)
    assert a_night(tmp_path, "high").unsent == []


@pytest.mark.parametrize(("policy", "is_shown"), [("keep", True), ("hash", False), ("drop", False)])
def test_titles_are_shown_only_where_personal_data_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, policy: str, is_shown: bool
) -> None:
    monkeypatch.setenv("PUBLISH__PII", policy)
    build(tmp_path, an_alert("a"))
    (alert,) = record_alerts(tmp_path).alerts
    assert (PERSON in str(alert)) is is_shown
    assert alert["entity_id"] == "doc_a"


def test_it_waits_for_no_load_but_says_who_is_there(tmp_path: Path) -> None:
    build(tmp_path, an_alert("a"))
    with exclusive_run(tmp_path), pytest.raises(WarehouseBusyError):
        record_alerts(tmp_path)
    assert ids(record_alerts(tmp_path).new) == ["a"]


def test_the_command_line_says_how_many_are_new(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = Console(width=200)
    print_alerts(out, record_alerts(build(tmp_path, an_alert("a", "high"), an_alert("b"))))
    print_alerts(out, record_alerts(tmp_path))
    assert capsys.readouterr().out.splitlines() == [
        "Alerts: 2 (1 high, 1 medium) new of 2 (1 high, 1 medium) open; see marts.mart_alerts.",
        "Alerts: 0 new of 2 (1 high, 1 medium) open; see marts.mart_alerts.",
    ]
