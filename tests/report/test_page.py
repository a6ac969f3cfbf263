"""The page as a person sees it, in a real browser."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.report.seeing import DESKTOP, PHONE, Reported, asked, drawn, expect_verdict
from tests.report.trouble import ATTACK

Open = Callable[..., Page]


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

    def opened(reported: Reported, size: ViewportSize = DESKTOP, **options: Any) -> Page:
        context = browser.new_context(viewport=size, **options)
        context.set_default_timeout(30_000)
        contexts.append(context)
        page = context.new_page()
        watched.watch(page)
        page.goto(reported.url)
        return page

    yield opened
    for context in contexts:
        context.close()


def test_it_opens_without_errors_and_asks_for_nothing(
    show: Open, troubled: Reported, watched: Watched
) -> None:
    page = drawn(show(troubled))
    page.get_by_role("button", name="English").click()
    for summary in page.locator("summary:visible").all():
        summary.click()
    page.locator(".plot").first.hover()
    page.set_viewport_size(PHONE)
    drawn(page)
    assert watched.said == []
    assert [url.partition("#")[0] for url in watched.requests] == [troubled.page.as_uri()]


def test_an_old_page_says_so(show: Open, calm: Reported) -> None:
    page = show(calm)
    ((as_of,),) = asked(calm, "select as_of from ops.publication")
    for hours, is_old in ((25, False), (27, True)):
        page.clock.set_fixed_time(as_of + timedelta(hours=hours))
        page.reload()
        expect(page.locator("#stale")).to_be_visible(visible=is_old)


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
    expect(page.locator("[data-part=rows_by_day] .legendtext").first).to_have_text("Records read")
    assert page.evaluate("[window.still, document.documentElement.lang, document.title]") == [
        "here",
        "en",
        "gigstack report",
    ]
    page.reload()
    expect_verdict(page, "Everything is all right")


@pytest.mark.parametrize("language", ["Español", "English"])
def test_nothing_sticks_out_of_the_window(show: Open, troubled: Reported, language: str) -> None:
    page = drawn(show(troubled, PHONE))
    page.get_by_role("button", name=language).click()
    for summary in page.locator("summary:visible").all():
        summary.click()
    for width in (1280, 390, 320):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_what_the_account_says_is_text_and_never_runs(
    show: Open, troubled: Reported, watched: Watched
) -> None:
    page = drawn(show(troubled))
    page.locator("[data-part=durations] path.point").first.hover(force=True)
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


def test_every_anchor_is_one_place(troubled_page: Page) -> None:
    ids = troubled_page.locator("[id]:not(svg *)").evaluate_all("all => all.map(one => one.id)")
    assert len(ids) == len(set(ids))
    targets = troubled_page.locator("a[href^='#']").evaluate_all("all => all.map(one => one.hash)")
    assert {target[1:] for target in targets} <= set(ids)


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
    page.locator("[data-part=rows_by_day] summary").first.click()
    expect(page.locator("[data-part=rows_by_day] table")).to_be_visible()
