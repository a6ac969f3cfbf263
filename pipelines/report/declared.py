"""What a report is made of, as data: `pages/*.toml` declare pages, `words.toml` holds all labels.

A new page is one TOML file and its queries in `sql/report/<page>/`; its columns get their names in
`words.toml`. API: https://jcristharif.com/msgspec/api.html#msgspec.toml.decode
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from pipelines.gigstack.endpoints import RESOURCES

ROOT = Path(__file__).parent


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The same words in both languages of the page."""

    es: str
    en: str
    tone: Literal["", "good", "look", "bad", "quiet"] = ""


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every text that does not belong to one page: labels by column name, words by code."""

    page: dict[str, Text]
    columns: dict[str, Text]
    values: dict[str, dict[str, Text]]  # by column, or its last word; then by what SQL says
    verdict: dict[str, Text]
    months: tuple[Text, ...]
    weekdays: tuple[Text, ...]

    def of_value(self, column: str, value: str) -> Text | None:
        """The words for a code; None for what is no code."""
        return self.values.get(column, {}).get(value)


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", kw_only=True):
    """What one query shows. `definition` says exactly what is counted, one click away; below it
    stand the comments that `models` carry on the columns shown.
    """

    query: str  # sql/report/<page>/<query>.sql
    title: Text
    definition: Text
    models: tuple[str, ...] = ()  # marts that it reads; without them nothing is asked


class Figures(Part, frozen=True, tag="figures", kw_only=True):
    """A query of one row, each column a number to read at a glance."""


class Table(Part, frozen=True, tag="table", kw_only=True):
    """Rows as they come; when there are none, `empty` says what that means."""

    empty: Text
    limit: int = 100  # rows shown; how many there are is told


class Cards(Part, frozen=True, tag="cards", kw_only=True):
    """Rows to be read one by one. The first two columns head a card; what is null is left out."""

    empty: Text
    limit: int = 50


class Chart(Part, frozen=True, tag="chart", kw_only=True):
    """A plot, with its rows as a table one click away."""

    form: Literal["bars", "lines", "points", "ranking"]
    x: str
    y: tuple[str, ...]  # one series each
    by: str | None = None  # or one series for each value of this column
    days: int | None = None  # shown before the newest moment, also those without a row
    is_log: bool = False
    empty: Text


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A heading and what stands below it."""

    name: str  # its anchor
    title: Text
    parts: tuple[Figures | Cards | Table | Chart, ...]
    intro: Text | None = None


class Page(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One tab of the report."""

    name: str  # its anchor, and the folder of its queries
    order: int
    title: Text
    sections: tuple[Section, ...]

    def parts(self) -> Iterator[Figures | Cards | Table | Chart]:
        for section in self.sections:
            yield from section.parts


def pages() -> list[Page]:
    """All declared pages, in their order."""
    files = (ROOT / "pages").glob("*.toml")
    found = [msgspec.toml.decode(file.read_bytes(), type=Page) for file in files]
    return sorted(found, key=lambda page: page.order)


def words() -> Words:
    """The words of `words.toml`, and those for the API's lists, which their entries have."""
    found = msgspec.toml.decode((ROOT / "words.toml").read_bytes(), type=Words)
    found.values["stream"] = {name: Text(*one.title) for name, one in RESOURCES.items()}
    return found
