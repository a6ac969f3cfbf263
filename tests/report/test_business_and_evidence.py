"""The pages of the business and of evidence, in a browser, against marts that are asked apart."""

import re
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from pipelines.publish.publication import publish
from pipelines.report import write_report
from pipelines.report.declared import ROOT, words
from tests.report.seeing import DESKTOP, PHONE, Reported, asked, drawn, numbers

PAGES = ("business", "compliance")
SUMS = {  # part and column: the same of the marts
    (
        "revenue",
        "invoiced_revenue_mxn",
    ): "sum(invoiced_revenue_mxn) from marts.mart_revenue_monthly",
    (
        "revenue_by_team",
        "cancelled_net_mxn",
    ): "sum(cancelled_net_mxn) from marts.mart_revenue_monthly",
    ("aging", "open_balance_mxn"): "sum(open_balance_mxn) from marts.mart_ar_open_items",
    ("aging", "invoices_count"): "count(*) from marts.mart_ar_open_items",
    ("aging_history", "open_balance_mxn"): "sum(open_balance_mxn) from marts.mart_ar_aging_monthly",
    ("aging_history", "due_31_60_mxn"): (
        "sum(open_balance_mxn) from marts.mart_ar_aging_monthly where aging_bucket = '2 31-60'"
    ),
    ("collected", "collected_mxn"): "sum(collected_mxn) from marts.mart_reconciliation_monthly",
    ("collections_by_team", "credit_sales_mxn"): (
        "sum(credit_sales_mxn) from marts.mart_collections_monthly"
    ),
    ("iva", "iva_collected_mxn"): (
        "sum(iva_collected_mxn) from marts.mart_iva_monthly where basis = 'cash'"
    ),
    ("iva_by_team", "iva_collected_mxn"): "sum(iva_collected_mxn) from marts.mart_iva_monthly",
    ("complements", "owed_amount_mxn"): (
        "sum(owed_amount_mxn) from marts.mart_rep_owed where rep_status in ('overdue', "
        "'pending_in_term')"
    ),
    ("complements_owed", "owed_amount"): (
        "sum(owed_amount) from marts.mart_rep_owed where owed_amount > 0.01"
    ),
    ("alerts_by_severity", "alerts_count"): "count(*) from marts.mart_alerts",
    ("alerts_by_severity", "amount_mxn"): "sum(amount_mxn) from marts.mart_alerts",
    ("coverage", "uncovered_amount_mxn"): (
        "sum(uncovered_amount_mxn) from marts.mart_materiality_invoice"
    ),
    ("coverage", "complete_count"): (
        "count(*) from marts.mart_materiality_invoice where is_evidence_complete"
    ),
    ("expiring", "amount_depending_mxn"): (
        "sum(amount_depending_mxn) from marts.mart_documents_expiring"
    ),
    ("audits", "audits_count"): "count(*) from marts.mart_document_audits",
    ("risk_levels", "clients_count"): "count(*) from marts.mart_client_risk",
    ("risk", "exposure_mxn"): (
        "sum(exposure_mxn) from marts.mart_client_risk where risk_level in ('high', 'medium')"
    ),
}


@pytest.fixture(scope="module")
def shown(browser: Browser, modelled: Reported) -> Iterator[Page]:
    """Shared: read it, change nothing."""
    with browser.new_page(viewport=DESKTOP) as page:
        page.goto(modelled.of("business"))
        yield drawn(page)


@pytest.mark.parametrize(("part", "column"), SUMS)
def test_what_is_shown_adds_up_to_the_marts(
    shown: Page, modelled: Reported, part: str, column: str
) -> None:
    ((expected,),) = asked(modelled, f"select {SUMS[part, column]}")
    assert sum(row.get(column, Decimal(0)) for row in numbers(shown, part)) == (expected or 0)
    assert expected, "the account has none: nothing is tested"


def test_money_has_thousands_and_cents(shown: Page, modelled: Reported) -> None:
    ((expected,),) = asked(
        modelled,
        "select format('{:t,}', sum(open_balance_mxn)) from marts.mart_ar_open_items",
    )
    figure = shown.locator("[data-part=summary] [data-column=open_balance_mxn]")
    assert figure.inner_text() == expected
    assert re.fullmatch(r"\d{1,3}(,\d{3})*\.\d\d", figure.inner_text())


def test_the_shares_of_evidence_make_up_the_balance(shown: Page) -> None:
    shares = ("tier_1_2_pct", "tier_3_pct", "tier_4_pct", "unpaid_pct")
    for part in ("aging", "aging_history", "top_clients"):
        for row in numbers(shown, part):
            total = sum((row[share] for share in shares), Decimal(0))
            assert abs(total - 1) <= Decimal("0.0002"), part


def test_both_teams_are_told_apart(shown: Page, modelled: Reported) -> None:
    teams = {
        name
        for (name,) in asked(
            modelled, "select coalesce(brand_alias, legal_name) from gigstack.teams"
        )
    }
    assert len(teams) == 2
    for part in ("revenue_by_team", "collections_by_team", "iva_by_team", "coverage"):
        cells = shown.locator(f"table[data-query={part}] td.team").all_text_contents()
        assert set(cells) == teams, part


def test_complements_owed_come_largest_first(shown: Page) -> None:
    owed = [row["owed_amount_mxn"] for row in numbers(shown, "complements_owed")]
    assert owed == sorted(owed, reverse=True)


def test_a_definition_is_that_of_the_model(shown: Page, modelled: Reported) -> None:
    ((comment,),) = asked(
        modelled,
        "select comment from duckdb_columns() where schema_name = 'marts' "
        "and table_name = 'mart_revenue_monthly' and column_name = 'invoiced_revenue_mxn'",
    )
    definition = shown.locator("[data-part=revenue_by_team] .definition")
    expect(definition.get_by_text(comment, exact=True)).to_be_hidden()
    definition.locator("summary").click()
    expect(definition.get_by_text(comment, exact=True)).to_be_visible()


def test_alerts_and_reasons_are_in_the_language_that_the_reader_chose(
    browser: Browser, modelled: Reported
) -> None:
    spanish = {text.es for text in words().values["reasons"].values()}
    english = {text.en for text in words().values["reasons"].values()}
    with browser.new_page(viewport=DESKTOP) as page:
        page.goto(modelled.of("compliance"))
        for language, expected in (("Español", spanish), ("English", english)):
            page.get_by_role("button", name=language).click()
            said = page.locator("table[data-query=risk] td.reasons").all_inner_texts()
            assert said
            assert {one for text in said for one in text.split("; ")} - expected == set()
            kinds = page.locator("table[data-query=alerts] td.alert_type").all_inner_texts()
            severities = page.locator("table[data-query=alerts] td.severity").all_inner_texts()
            of = "es" if language == "Español" else "en"
            for column, texts in (("alert_type", kinds), ("severity", severities)):
                known = {getattr(text, of) for text in words().values[column].values()}
                assert texts
                assert set(texts) - known == set()


@pytest.mark.parametrize("name", PAGES)
def test_it_fits_both_languages_and_a_phone_and_asks_for_nothing(
    browser: Browser, modelled: Reported, name: str
) -> None:
    heard: list[str] = []
    with browser.new_page(viewport=PHONE) as page:
        page.on("console", lambda message: heard.append(message.text))
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.on("request", lambda request: heard.append(request.url.partition("#")[0]))
        page.goto(modelled.of(name))
        for language in ("Español", "English"):
            page.get_by_role("button", name=language).click()
            drawn(page)
            page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")
            for width in (1280, 390):
                page.set_viewport_size({"width": width, "height": 800})
                assert page.evaluate("document.documentElement.scrollWidth") == width
    assert heard == [modelled.page.as_uri()]


@pytest.mark.parametrize("name", PAGES)
def test_before_the_models_are_built_it_names_the_command(
    browser: Browser, calm: Reported, name: str
) -> None:
    with browser.new_page() as page:
        page.goto(calm.of(name))
        notice = page.locator(f"#{name} .not-built")
        expect(notice).to_contain_text("gigstack-etl transform")
        expect(page.locator(f"#{name} .part")).to_have_count(0)


@pytest.mark.parametrize("policy", ["hash", "drop"])
def test_without_personal_data_it_shows_what_the_snapshot_has(
    modelled: Reported, tmp_path: Path, policy: str
) -> None:
    names = {
        name
        for (name,) in asked(modelled, "select distinct client_name from marts.mart_ar_open_items")
        if name
    }
    assert any(name in modelled.page.read_text(encoding="utf-8") for name in names)
    data_dir = tmp_path / "data"
    shutil.copytree(modelled.data_dir, data_dir, ignore=shutil.ignore_patterns("published"))
    publish(data_dir, policy)
    text = write_report(data_dir).read_text(encoding="utf-8")
    assert {name for name in names if name in text} == set()
    assert 'data-query="aging"' in text
    assert codes_in(text) == codes_in(modelled.page.read_text(encoding="utf-8"))


def codes_in(page: str) -> set[tuple[str, str]]:
    """Columns and their codes, which are shown as words and are no personal data."""
    found = set(re.findall(r'<td class="word (\w+)[^"]*"><span[^>]* title="([^"]*)"', page))
    assert {"severity", "alert_type", "audit_result", "risk_level"} <= {name for name, _ in found}
    return found


def test_nothing_says_that_somebody_complies_with_the_law() -> None:
    for file in (*(ROOT / "pages").glob("*.toml"), ROOT / "words.toml"):
        text = file.read_text(encoding="utf-8").lower()
        assert not re.search(r"\b(cumplen?|incumplen?|incumplimiento|compl(y|ies|iant))\b", text)
