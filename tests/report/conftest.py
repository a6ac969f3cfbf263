"""Published accounts, their reports, and a browser to see them: one calm, one in trouble, and one
with its models built.

The browser is real and sees the files as a person does. Playwright keeps an event loop running in
its thread, so it starts after the loads and ends with this package.
API: https://playwright.dev/python/docs/api/class-page
"""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from pipelines.sandbox.api.server import create_app
from pipelines.sandbox.api.serving import serving
from tests.accounts import create_account
from tests.pipelines.loads import run, settings_for
from tests.report.seeing import DESKTOP, Reported, drawn, reported
from tests.report.trouble import make_trouble
from tests.transform.conftest import Built

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="package")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Reported:
    """Loaded once, all of it well."""
    where = tmp_path_factory.mktemp("calm")
    with (
        create_account(
            where / "account.sqlite", clients=6, months=1, teams=2, invoices=80
        ) as account,
        serving(create_app(account)) as url,
    ):
        run(settings_for(account, url), where / "data")
    return reported(where / "data")


@pytest.fixture(scope="package")
def troubled(calm: Reported, tmp_path_factory: pytest.TempPathFactory) -> Reported:
    """The same after forty nights that brought what should not be."""
    data_dir = tmp_path_factory.mktemp("troubled") / "data"
    shutil.copytree(calm.data_dir, data_dir, ignore=shutil.ignore_patterns("published", "*.html"))
    make_trouble(data_dir)
    return reported(data_dir)


@pytest.fixture(scope="package")
def modelled(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Reported:
    """Loaded and transformed."""
    data_dir = tmp_path_factory.mktemp("modelled") / "data"
    shutil.copytree(built.data_dir, data_dir, ignore=shutil.ignore_patterns("published"))
    return reported(data_dir)


@pytest.fixture(scope="package")
def browser(calm: Reported, troubled: Reported, modelled: Reported) -> Iterator[Browser]:
    """One Chromium for all tests of the page."""
    assert all((calm, troubled, modelled))
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if not found:
        reason = f"no Chromium is installed (looked for {', '.join(CHROMIUM)})"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture(scope="package")
def calm_page(browser: Browser, calm: Reported) -> Iterator[Page]:
    """Shared: read it, change nothing."""
    with browser.new_page(viewport=DESKTOP) as page:
        page.goto(calm.url)
        yield drawn(page)


@pytest.fixture(scope="package")
def troubled_page(browser: Browser, troubled: Reported) -> Iterator[Page]:
    """Shared: read it, change nothing."""
    with browser.new_page(viewport=DESKTOP) as page:
        page.goto(troubled.url)
        yield drawn(page)
