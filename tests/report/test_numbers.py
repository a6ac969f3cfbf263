"""What the page shows is what the snapshot holds, worked out apart."""

from decimal import Decimal

from playwright.sync_api import Page, expect

from tests.report.seeing import Reported, asked, expect_verdict, numbers


def test_the_first_line_says_that_all_is_well_and_as_of_when(
    calm_page: Page, calm: Reported
) -> None:
    expect_verdict(calm_page, "Todo está en orden")
    ((as_of,),) = asked(calm, "select (as_of at time zone 'UTC')::varchar from ops.publication")
    moment = calm_page.locator("#verdict time")
    assert moment.get_attribute("title") == f"{as_of[:19]} UTC"
    ((day, year_and_time),) = asked(
        calm,
        "with here as (select as_of at time zone 'America/Mexico_City' as t from ops.publication) "
        "select day(t), strftime(t, ' de %Y, %H:%M') from here",
    )
    assert f" {day} de " in moment.inner_text()
    assert moment.inner_text().endswith(year_and_time)
    expect(calm_page.locator("[data-part=attention] .empty").first).to_be_visible()


def test_the_first_line_says_that_data_is_missing(troubled_page: Page) -> None:
    expect_verdict(troubled_page, "Faltan datos o algo no coincide")
    found = troubled_page.locator("[data-part=attention] [data-query=attention] > li")
    kinds = set(found.locator("strong").all_inner_texts())
    assert {
        "No coincide con lo entregado",
        "Una lista no se pudo leer",
        "Registros rechazados",
        "Campos o palabras desconocidos",
    } <= kinds
    grave = found.locator(".badge.bad")
    assert f"Graves: {grave.count()}." in troubled_page.locator("#verdict").inner_text()
    assert all("Qué hacer" in text for text in found.all_inner_texts())


def test_the_runs_are_those_of_the_ledger(troubled_page: Page, troubled: Reported) -> None:
    columns = "requests, retries, rows_seen, rows_changed, rows_deleted, rejects, drift"
    expected = asked(
        troubled,
        f"select {columns}, (epoch_ms(finished_at) - epoch_ms(started_at)) * 0.001 "
        "from ops.runs where started_at > (select max(started_at) from ops.runs) - interval 30 day "
        "order by started_at desc",
    )
    shown = numbers(troubled_page, "runs")
    assert len(shown) == 29  # the newest, and thirty nights but the fifth and the thirtieth
    names = (*columns.split(", "), "seconds")
    for row, values in zip(shown, expected, strict=True):
        for name, value in zip(names, values, strict=True):
            assert row[name] == value, name
    first = troubled_page.locator("table[data-query=runs] tbody tr").first.locator("time")
    ((local, utc),) = asked(
        troubled,
        "select strftime(max(started_at) at time zone 'America/Mexico_City', '%Y-%m-%d %H:%M'), "
        "strftime(max(started_at) at time zone 'UTC', '%Y-%m-%d %H:%M:%S UTC') from ops.runs",
    )
    assert (first.inner_text(), first.get_attribute("title")) == (local, utc)


def test_the_newest_run_is_told_in_figures(troubled_page: Page, troubled: Reported) -> None:
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
    figures = troubled_page.locator("[data-part=last_run] dd[data-value]")
    shown = [Decimal(v) for v in figures.evaluate_all("all => all.map(one => one.dataset.value)")]
    assert shown[1:] == expected  # the first is the duration


def test_tables_have_the_rows_of_the_snapshot_and_the_bytes_of_their_files(
    calm_page: Page, calm: Reported
) -> None:
    rows = calm_page.locator("table[data-query=tables] tbody tr")
    names = [".".join(row.locator("td").all_inner_texts()[:2]) for row in rows.all()]
    shown = dict(zip(names, numbers(calm_page, "tables"), strict=True))
    assert {"gigstack.invoices", "gigstack.invoice_items", "ops.runs"} <= shown.keys()
    counts = " union all ".join(f"select '{name}', count(*) from {name}" for name in shown)
    assert dict(asked(calm, counts)) == {name: values["rows"] for name, values in shown.items()}
    for name, values in shown.items():
        whole = calm.published / "parquet" / f"{name.replace('.', '/')}.parquet"
        files = [whole, *whole.with_suffix("").rglob("*.parquet")]
        assert values["bytes"] == sum(file.stat().st_size for file in files), name
        assert values["files"] == len(files), name


def test_freshness_is_that_of_the_newest_row(calm_page: Page, calm: Reported) -> None:
    row = calm_page.locator("table[data-query=tables] tbody tr").filter(
        has=calm_page.get_by_role("cell", name="invoices", exact=True)
    )
    ((utc,),) = asked(
        calm,
        "select strftime(max(updated_at) at time zone 'UTC', '%Y-%m-%d %H:%M:%S UTC') "
        "from gigstack.invoices",
    )
    assert row.locator("td.updated_at time").get_attribute("title") == utc


def test_differences_are_shown_to_the_last_decimal(troubled_page: Page, troubled: Reported) -> None:
    expected = asked(
        troubled,
        "select api_value, warehouse_value, difference from ops.reconciliation "
        "where difference <> 0 order by stream, team_id, measure",
    )
    shown = [tuple(row.values()) for row in numbers(troubled_page, "differences")]
    assert sorted(shown) == sorted(expected)
    assert "-116.25" in troubled_page.locator("table[data-query=differences]").inner_text()


def test_rejects_and_drift_are_all_there(troubled_page: Page, troubled: Reported) -> None:
    ((rejects, drift, times),) = asked(
        troubled,
        "select (select count(distinct (stream, team_id, raw, parent_id)) from ops.rejects), "
        "(select count(*) from ops.drift), (select sum(occurrences) from ops.drift)",
    )
    assert sum(row["rejects"] for row in numbers(troubled_page, "rejects")) == rejects
    assert len(numbers(troubled_page, "drift")) == drift
    assert sum(row["occurrences"] for row in numbers(troubled_page, "drift")) == times


def test_each_run_is_a_point_and_each_table_a_bar(troubled_page: Page) -> None:
    expect(troubled_page.locator("[data-part=durations] path.point")).to_have_count(29)
    expect(troubled_page.locator("[data-part=durations] .legendtext")).to_have_text(
        ["fallida", "en orden", "parcial", "con avisos"]
    )
    expect(troubled_page.locator("[data-part=sizes] .bars .point")).to_have_count(15)
    days = numbers(troubled_page, "rows_by_day")
    assert len(days) == 30
    assert [day["runs"] for day in days].count(Decimal(0)) == 1  # the night nobody ran it
