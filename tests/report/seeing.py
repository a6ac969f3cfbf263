"""A report, what its browser shows, and what the published snapshot says of the same."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
from playwright.sync_api import Page, ViewportSize, expect

from pipelines.foundation.paths import published_dir
from pipelines.publish.publication import publish
from pipelines.report import write_report

DESKTOP: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}


@dataclass(frozen=True)
class Reported:
    """A published data directory and the page that was written about it."""

    data_dir: Path
    page: Path

    @property
    def url(self) -> str:
        """Its page of the loads."""
        return self.of("operation")

    def of(self, page: str) -> str:
        return f"{self.page.as_uri()}#{page}"

    @property
    def published(self) -> Path:
        return published_dir(self.data_dir)


def reported(data_dir: Path) -> Reported:
    """Publish what is loaded, and write the report about it."""
    publish(data_dir)
    return Reported(data_dir, write_report(data_dir))


def asked(about: Reported, query: str) -> list[tuple[Any, ...]]:
    """What the snapshot answers."""
    with duckdb.connect(about.published / "analytics.duckdb", read_only=True) as connection:
        return connection.execute(query).fetchall()


def drawn(page: Page) -> Page:
    """The page, once all its plots are there."""
    for plot in page.locator(".plot:visible").all():
        expect(plot.locator("svg.main-svg").first).to_be_visible(timeout=60_000)
    return page


def expect_verdict(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text, use_inner_text=True)


def numbers(page: Page, query: str) -> list[dict[str, Decimal]]:
    """The numbers of each row of a table, by column, as a program reads them."""
    rows = page.locator(f"table[data-query={query}] tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.querySelectorAll('td[data-value]')]"
        ".map(cell => [cell.classList[1], cell.dataset.value]))"
    )
    return [{column: Decimal(value) for column, value in row} for row in rows]
