"""The page as a person sees it, in a real browser."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.report.conftest import Reported
from tests.report.trouble import ATTACK

Open = Callable[..., Page]
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}


class Watched:
    """What a page said and asked for."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.requests: list[str] = []

    def watch(self, page: Page) -> None:
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("dialog", lambda dialog: self.said.append(dialog.message))
        page.on("request", lambda request: self.requests.append(request.url))


@pytest.fixture
def watched() -> Watched:
    return Watched()


@pytest.fixture
def show(browser: Browser, watched: Watched) -> Iterator[Open]:
    """Opens a report; nothing that it says or asks for goes unseen."""
    contexts = []

    def opened(reported: Reported, size: dict[str, int] = DESKTOP, **options: Any) -> Page:
        context = browser.new_context(viewport=size, **options)  # type: ignore[arg-type]
        context.set_default_timeout(30_000)
        contexts.append(context)
        page = context.new_page()
        watched.watch(page)
        page.goto(reported.url)
        return page

    yield opened
    for context in contexts:
        context.close()


def drawn(page: Page) -> Page:
    """The page, once all its plots are there."""
    for plot in page.locator(".plot:visible").all():
        expect(plot.locator("svg.main-svg").first).to_be_visible()
    return page


def expect_verdict(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text, use_inner_text=True)


def asked(reported: Reported, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(reported.version / "analytics.duckdb", read_only=True) as connection:
        return connection.execute(query).fetchall()


def numbers(page: Page, query: str) -> list[dict[str, Decimal]]:
    """The numbers of a table, by the column's class, as a program reads them."""
    rows = (
        page.locator(f"table[data-query={query}]")
        .first.locator("tbody tr")
        .evaluate_all(
            "rows => rows.map(row => [...row.querySelectorAll('td[data-value]')]"
            ".map(cell => [cell.classList[1], cell.dataset.value]))"
        )
    )
    return [{column: Decimal(value) for column, value in row} for row in rows]


def test_it_opens_without_errors_and_asks_for_nothing(
    show: Open, troubled: Reported, watched: Watched
) -> None:
    page = drawn(show(troubled))
    page.get_by_role("button", name="English").click()
    for summary in page.locator("summary:visible").all():
        summary.click()
    page.locator(".plot").first.hover()
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    drawn(page)
    assert watched.said == []
    assert watched.requests == [troubled.url]


def test_the_first_line_says_that_all_is_well_and_as_of_when(show: Open, calm: Reported) -> None:
    page = show(calm)
    expect_verdict(page, "Todo está en orden")
    ((as_of,),) = asked(calm, "select (as_of at time zone 'UTC')::varchar from ops.publication")
    moment = page.locator("#verdict time")
    assert moment.get_attribute("title") == f"{as_of[:19]} UTC"
    ((day, year_and_time),) = asked(
        calm,
        "with here as (select as_of at time zone 'America/Mexico_City' as at from ops.publication) "
        "select day(at), strftime(at, ' de %Y, %H:%M') from here",
    )
    assert f" {day} de " in moment.inner_text()
    assert moment.inner_text().endswith(year_and_time)
    expect(page.locator("#operation-attention .empty").first).to_be_visible()


def test_the_first_line_says_that_data_is_missing(show: Open, troubled: Reported) -> None:
    page = show(troubled)
    expect_verdict(page, "Faltan datos o algo no coincide")
    found = page.locator("#operation-attention [data-query=attention] > li")
    kinds = set(found.locator("strong").all_inner_texts())
    assert {
        "No coincide con lo entregado",
        "Una lista no se pudo leer",
        "Registros rechazados",
        "Campos o palabras desconocidos",
    } <= kinds
    grave = found.locator(".badge.bad")
    assert f"Graves: {grave.count()}." in page.locator("#verdict").inner_text()
    assert all("Qué hacer" in text for text in found.all_inner_texts())


def test_an_old_page_says_so(show: Open, calm: Reported) -> None:
    page = show(calm)
    ((as_of,),) = asked(calm, "select as_of from ops.publication")
    for hours, is_old in ((25, False), (27, True)):
        page.clock.set_fixed_time(as_of + timedelta(hours=hours))
        page.reload()
        expect(page.locator("#stale")).to_be_visible(visible=is_old)


def test_the_runs_are_those_of_the_ledger(show: Open, troubled: Reported) -> None:
    page = show(troubled)
    columns = "requests, retries, rows_seen, rows_changed, rows_deleted, rejects, drift"
    expected = asked(
        troubled,
        f"select {columns}, epoch(finished_at)::decimal(18, 3) - epoch(started_at)::decimal(18, 3) "
        "from ops.runs where started_at > (select max(started_at) from ops.runs) - interval 30 day "
        "order by started_at desc",
    )
    shown = numbers(page, "runs")
    assert len(shown) == 29  # the newest, and thirty nights but the fifth and the thirtieth
    names = (*columns.split(", "), "seconds")
    for row, values in zip(shown, expected, strict=True):
        for name, value in zip(names, values, strict=True):
            assert abs(row[name] - Decimal(value)) <= Decimal("0.001"), name
    first = page.locator("table[data-query=runs] tbody tr").first.locator("time")
    ((local, utc),) = asked(
        troubled,
        "select strftime(max(started_at) at time zone 'America/Mexico_City', '%Y-%m-%d %H:%M'), "
        "strftime(max(started_at) at time zone 'UTC', '%Y-%m-%d %H:%M:%S UTC') from ops.runs",
    )
    assert (first.inner_text(), first.get_attribute("title")) == (local, utc)


def test_the_newest_run_is_told_in_figures(show: Open, troubled: Reported) -> None:
    page = show(troubled)
    ((*expected,),) = asked(
        troubled,
        """
        select requests, rows_seen, rows_changed, rows_deleted,
            (select count(distinct (stream, team_id, raw, parent_id)) from ops.rejects),
            (select count(*) from ops.drift),
            (select count(*) from ops.reconciliation),
            (select count(*) from ops.reconciliation where difference <> 0)
        from ops.runs order by started_at desc limit 1
        """,
    )
    figures = page.locator("#operation-last_run dd[data-value]")
    shown = [Decimal(v) for v in figures.evaluate_all("all => all.map(one => one.dataset.value)")]
    assert shown[1:] == expected  # the first is the duration


def test_tables_have_the_rows_of_the_snapshot_and_the_bytes_of_their_files(
    show: Open, calm: Reported
) -> None:
    page = show(calm)
    rows = page.locator("table[data-query=tables] tbody tr")
    names = [".".join(row.locator("td").all_inner_texts()[:2]) for row in rows.all()]
    shown = dict(zip(names, numbers(page, "tables"), strict=True))
    assert {"gigstack.invoices", "gigstack.invoice_items", "ops.runs"} <= shown.keys()
    parquet = calm.version / "parquet"
    for name, values in shown.items():
        schema, _, table = name.partition(".")
        ((count,),) = asked(calm, f"select count(*) from {name}")
        files = [
            parquet / schema / f"{table}.parquet",
            *(parquet / schema / table).rglob("*.parq*"),
        ]
        assert values["rows"] == count, name
        assert values["bytes"] == sum(file.stat().st_size for file in files), name
        assert values["files"] == len(files), name


def test_freshness_is_that_of_the_newest_row(show: Open, calm: Reported) -> None:
    page = show(calm)
    row = page.locator("table[data-query=tables] tbody tr").filter(
        has=page.get_by_role("cell", name="invoices", exact=True)
    )
    ((utc,),) = asked(
        calm,
        "select strftime(max(updated_at) at time zone 'UTC', '%Y-%m-%d %H:%M:%S UTC') "
        "from gigstack.invoices",
    )
    assert row.locator("td.updated_at time").get_attribute("title") == utc


def test_differences_are_shown_to_the_last_decimal(show: Open, troubled: Reported) -> None:
    page = show(troubled)
    expected = asked(
        troubled,
        "select api_value, warehouse_value, difference from ops.reconciliation "
        "where difference <> 0 order by stream, team_id, measure",
    )
    shown = [tuple(row.values()) for row in numbers(page, "differences")]
    assert sorted(shown) == sorted(expected)
    assert "-116.25" in page.locator("table[data-query=differences]").inner_text()


def test_rejects_and_drift_are_all_there(show: Open, troubled: Reported) -> None:
    page = show(troubled)
    ((rejects, drift, times),) = asked(
        troubled,
        "select (select count(distinct (stream, team_id, raw, parent_id)) from ops.rejects), "
        "(select count(*) from ops.drift), (select sum(occurrences) from ops.drift)",
    )
    assert sum(row["rejects"] for row in numbers(page, "rejects")) == rejects
    assert len(numbers(page, "drift")) == drift
    assert sum(row["occurrences"] for row in numbers(page, "drift")) == times


def test_the_language_changes_without_a_reload_and_is_remembered(
    show: Open, calm: Reported
) -> None:
    page = drawn(show(calm))
    expect(page.get_by_role("heading", name="Corridas de los últimos 30 días")).to_be_visible()
    expect(page.get_by_text("Runs of the last 30 days")).to_have_count(2)
    expect(page.get_by_text("Runs of the last 30 days").first).to_be_hidden()
    page.evaluate("window.still = 'here'")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="Runs of the last 30 days")).to_be_visible()
    expect_verdict(page, "Everything is all right")
    expect(page.locator("#operation-rows_by_day .legendtext").first).to_have_text("Records read")
    assert page.evaluate("[window.still, document.documentElement.lang, document.title]") == [
        "here",
        "en",
        "gigstack report",
    ]
    page.reload()
    expect_verdict(page, "Everything is all right")


def test_each_run_is_a_point_and_each_table_a_bar(show: Open, troubled: Reported) -> None:
    page = drawn(show(troubled))
    expect(page.locator("#operation-durations path.point")).to_have_count(29)
    expect(page.locator("#operation-durations .legendtext")).to_have_text(
        ["fallida", "en orden", "parcial", "con avisos"]
    )
    expect(page.locator("#operation-sizes .bars .point")).to_have_count(15)
    days = numbers(page, "rows_by_day")
    assert len(days) == 30
    assert [day["runs"] for day in days].count(Decimal(0)) == 1  # the night nobody ran it


@pytest.mark.parametrize("language", ["Español", "English"])
@pytest.mark.parametrize("width", [1280, 390, 320])
def test_nothing_sticks_out_of_the_window(
    show: Open, troubled: Reported, width: int, language: str
) -> None:
    page = drawn(show(troubled, {"width": width, "height": 800}))
    page.get_by_role("button", name=language).click()
    for summary in page.locator("summary:visible").all():
        summary.click()
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_what_the_account_says_is_text_and_never_runs(
    show: Open, troubled: Reported, watched: Watched
) -> None:
    page = drawn(show(troubled))
    page.locator("#operation-durations path.point").first.hover(force=True)
    page.get_by_role("button", name="English").click()
    drawn(page)
    drift = page.locator("table[data-query=drift] tbody tr").filter(has_text="onerror")
    assert drift.locator("td.path").inner_text() == ATTACK
    assert drift.locator("td.example").inner_text() == ATTACK
    rejects = page.locator("table[data-query=rejects] td.reason").filter(has_text="onerror")
    assert rejects.inner_text() == ATTACK
    expect(page.locator("img")).to_have_count(0)
    assert page.evaluate("window.attacked === undefined")
    assert watched.said == []


def test_only_its_own_scripts_run(show: Open, calm: Reported, watched: Watched) -> None:
    page = show(calm)
    page.evaluate(
        "() => { const script = document.createElement('script'); "
        "script.textContent = 'window.attacked = 1'; document.body.append(script); }"
    )
    assert page.evaluate("window.attacked === undefined")
    assert "Content Security Policy" in watched.said[0]


def test_without_scripts_all_numbers_are_there(show: Open, calm: Reported) -> None:
    page = show(calm, java_script_enabled=False)
    expect_verdict(page, "Todo está en orden")
    expect(page.locator("table[data-query=runs] tbody tr")).to_have_count(1)
    expect(page.locator("noscript p")).to_be_visible()
    page.locator("#operation-rows_by_day summary").first.click()
    expect(page.locator("#operation-rows_by_day table")).to_be_visible()
