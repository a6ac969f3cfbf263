"""Pages are data: all of their words are there, and a new one is a file and its queries."""

import csv
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import msgspec
import pytest
import yaml  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser, expect

from pipelines.foundation.paths import REPORT_SQL, SQL
from pipelines.gigstack.endpoints import RESOURCES
from pipelines.report.answers import Answers, published_answers
from pipelines.report.cells import cell, number
from pipelines.report.declared import ROOT, Page, pages, words
from pipelines.report.document import document
from tests.report.seeing import Reported, drawn
from tests.report.trouble import ATTACK

NEW_PAGE = """
name = "collections"
order = 10
title = { es = "Cobranza", en = "Collections" }

[[sections]]
name = "owed"
title = { es = "Quién debe", en = "Who owes" }

[[sections.parts]]
kind = "chart"
form = "ranking"
query = "clients"
x = "rows"
y = ["team"]
title = { es = "Clientes", en = "Clients" }
definition = { es = "Una definición.", en = "A definition." }
empty = { es = "Nadie.", en = "Nobody." }

[[sections.parts]]
kind = "chart"
form = "bars"
query = "by_month"
x = "run_date"
y = ["rows", "differences"]
title = { es = "Facturado", en = "Invoiced" }
definition = { es = "Una definición.", en = "A definition." }
empty = { es = "Nada.", en = "Nothing." }
"""
NEW_REPORT_SQL = {
    "clients": "select name as team, count(*) as rows from gigstack.clients group by all",
    "by_month": "select unnest([date '2026-10-01', date '2026-11-01']) as run_date, 5 as rows, "
    "116.25::decimal(18, 6) as differences",
}


def test_every_column_of_every_query_has_a_label(modelled: Reported) -> None:
    labels = words().columns
    with published_answers(modelled.data_dir) as answers:
        for page in pages():
            for part in page.parts():
                columns = answers.ask(f"{page.name}/{part.query}").columns
                assert set(columns) - labels.keys() == set(), part.query


def test_every_query_is_shown(calm: Reported) -> None:
    assert calm
    shown = {f"{page.name}/{part.query}" for page in pages() for part in page.parts()}
    assert {
        str(file.relative_to(REPORT_SQL).with_suffix("")) for file in REPORT_SQL.glob("*/*.sql")
    } == shown


def test_every_code_has_words_in_both_languages() -> None:
    values = words().values
    assert values["stream"].keys() == RESOURCES.keys()
    assert all(text.es and text.en for text in values["stream"].values())
    findings = set(re.findall(r"'(\w+)' as finding", (REPORT_SQL / "findings.sql").read_text()))
    assert values["finding"].keys() == values["way_out"].keys() == findings
    verdicts = set(re.findall(r"(?:then|else) '(\w+)'", (REPORT_SQL / "verdict.sql").read_text()))
    assert words().verdict.keys() == verdicts


def test_alerts_and_the_reasons_of_a_risk_have_words_in_both_languages() -> None:
    values = words().values
    declared = yaml.safe_load((SQL / "models/marts/_alerts.yml").read_text(encoding="utf-8"))
    (test,) = declared["models"][0]["data_tests"]
    for column, codes in test["sound_rows"]["arguments"]["accepted_values"].items():
        assert set(codes) - values[column].keys() == set()
    with (SQL / "seeds/client_risk_flag.csv").open(encoding="utf-8", newline="") as lines:
        flags = {row["flag"]: row["description_es"] for row in csv.DictReader(lines)}
    assert {flag: text.es for flag, text in values["reasons"].items()} == flags


def test_several_codes_are_shown_as_the_words_of_each() -> None:
    shown = cell(["missing_zip", "something_new"], "reasons", words())
    assert shown.es == "Falta el código postal fiscal; something_new"
    assert shown.en == "The fiscal postal code is missing; something_new"
    assert shown.hover == "missing_zip, something_new"


def test_every_text_of_the_frame_is_used_and_there() -> None:
    frame = (ROOT / "page.html.jinja").read_text(encoding="utf-8")
    code = (ROOT / "cells.py").read_text(encoding="utf-8")
    used = set(re.findall(r"words\.page\.(\w+)", frame)) | {"nothing", "yes", "no"}
    assert used == words().page.keys()
    assert 'words.page["nothing"]' in code


@pytest.fixture
def with_a_new_page(troubled: Reported, tmp_path: Path) -> Iterator[Reported]:
    """The report with one page more, made of nothing but a declaration and a query."""
    queries = tmp_path / "report"
    shutil.copytree(REPORT_SQL, queries)
    (queries / "collections").mkdir()
    for name, query in NEW_REPORT_SQL.items():
        (queries / f"collections/{name}.sql").write_text(query)
    page = msgspec.toml.decode(NEW_PAGE, type=Page)
    path = tmp_path / "two pages.html"
    snapshot = troubled.published / "analytics.duckdb"
    with duckdb.connect(snapshot, read_only=True) as connection:
        answers = Answers(connection, troubled.published / "manifest.json", queries)
        text = document(answers, [page, *pages()[-1:]], datetime(2026, 11, 20, tzinfo=UTC))
    path.write_text(text, encoding="utf-8")
    yield Reported(troubled.data_dir, path)


def test_a_new_page_is_a_declaration_and_its_queries(
    browser: Browser, with_a_new_page: Reported
) -> None:
    with browser.new_page() as page:
        page.goto(with_a_new_page.url.partition("#")[0])  # the first page
        links = page.get_by_role("navigation", name="Páginas").get_by_role("link")
        expect(links).to_have_text(["Cobranza", "Operación"], use_inner_text=True)
        drawn(page)
        clients, by_month = (page.locator(f"[data-part={name}]") for name in NEW_REPORT_SQL)
        expect(clients.locator(".bars .point")).to_have_count(1)
        expect(clients.locator(".ytick text")).to_contain_text("onerror")
        expect(by_month.locator(".bars .point")).to_have_count(4)
        expect(by_month.locator(".legendtext")).to_have_text(["Filas", "Diferencias"])
        clients.locator("summary").first.click()
        assert page.locator("#collections td.team").inner_text() == ATTACK
        expect(page.locator("[data-part=runs]")).to_be_hidden()
        links.last.click()
        expect(page.locator("[data-part=runs]")).to_be_visible()
        expect(clients).to_be_hidden()
        drawn(page)
        page.locator("#verdict a").click()
        expect(page.locator("[data-part=attention]")).to_be_visible()
        assert page.evaluate("window.attacked === undefined")


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=6))
def test_money_is_shown_to_the_last_decimal(amount: Decimal) -> None:
    shown = number(amount, "total")
    assert Decimal(shown.replace(",", "")) == amount
    assert re.fullmatch(r"-?\d{1,3}(,\d{3})*\.\d{2,6}", shown)


@pytest.mark.parametrize(
    ("value", "column", "shown"),
    [
        (1234567, "rows", "1,234,567"),
        (1234567, "bytes", "1.2 MB"),
        (Decimal("0.16"), "rate_pct", "16.0 %"),
        (Decimal("8.06"), "seconds", "8.1 s"),
        (Decimal("59.96"), "seconds", "1 min 00 s"),
        (Decimal("61.9"), "seconds", "1 min 02 s"),
        (Decimal("3725"), "seconds", "1 h 02 min"),
    ],
)
def test_a_number_is_shown_in_its_unit(value: int | Decimal, column: str, shown: str) -> None:
    assert number(value, column) == shown
