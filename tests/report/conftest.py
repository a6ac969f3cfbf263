"""Two published accounts, one calm and one in trouble, their reports, and a browser to see them.

The browser is real and sees the files as a person does. Playwright keeps an event loop running in
its thread, so it starts after the loads and ends with this package.
API: https://playwright.dev/python/docs/api/class-page
"""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from pipelines.publish import publish, published_dir
from pipelines.report import write_report
from pipelines.sandbox.account import Account
from pipelines.sandbox.server import create_app, serving
from tests.pipelines.loads import run, settings_for
from tests.report.trouble import make_trouble

FAULTS = ("unknown_fields", "bad_records", "forbidden_stream")
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


@dataclass(frozen=True)
class Reported:
    """A published data directory and the page that was written about it."""

    data_dir: Path
    page: Path

    @property
    def url(self) -> str:
        return self.page.as_uri()

    @property
    def version(self) -> Path:
        """The published files."""
        return published_dir(self.data_dir)


@pytest.fixture(scope="package")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    path = tmp_path_factory.mktemp("account") / "account.sqlite"
    with Account.create(path, clients=6, months=1, teams=2, invoices=80) as made:
        yield made


@pytest.fixture(scope="package")
def calm(account: Account, tmp_path_factory: pytest.TempPathFactory) -> Reported:
    """Loaded once, all of it well."""
    data_dir = tmp_path_factory.mktemp("calm") / "data"
    with serving(create_app(account)) as url:
        run(settings_for(account, url), data_dir)
    publish(data_dir)
    return Reported(data_dir, write_report(data_dir))


@pytest.fixture(scope="package")
def troubled(account: Account, tmp_path_factory: pytest.TempPathFactory) -> Reported:
    """Loaded from an API in trouble, after forty nights, with names that are attacks."""
    data_dir = tmp_path_factory.mktemp("troubled") / "data"
    with serving(create_app(account, faults=FAULTS, fault_rate=1)) as url:
        run(settings_for(account, url), data_dir)
    make_trouble(data_dir)
    publish(data_dir)
    return Reported(data_dir, write_report(data_dir))


@pytest.fixture(scope="package")
def browser(calm: Reported, troubled: Reported) -> Iterator[Browser]:
    """One Chromium for all tests of the page."""
    assert calm, troubled
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
