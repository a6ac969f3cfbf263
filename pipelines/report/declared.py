"""The declared parts of a report: `pages/*.toml` declare pages, `words.toml` holds all labels.

A new page is one TOML file and its queries in `sql/report/<page>/`; `words.toml` names its columns.
API: https://jcristharif.com/msgspec/api.html#msgspec.toml.decode
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from pipelines.gigstack.endpoints import RESOURCES

ROOT = Path(__file__).parent


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A text in both languages of the page."""

    es: str
    en: str
    tone: Literal["", "good", "look", "bad", "quiet"] = ""


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The texts that all pages share: labels by column name, words by code."""

    page: dict[str, Text]
    columns: dict[str, Text]
    values: dict[str, dict[str, Text]]  # by column, then by code
    verdict: dict[str, Text]
    months: tuple[Text, ...]
    weekdays: tuple[Text, ...]

    def of_value(self, column: str, value: str) -> Text | None:
        """The words for a code; None for any other value."""
        return self.values.get(column, {}).get(value)


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", kw_only=True):
    """What one query shows. One click away, `definition` says exactly what is counted, with the
    comments that `models` have on the columns shown.
    """

    query: str  # sql/report/<page>/<query>.sql
    title: Text
    definition: Text
    models: tuple[str, ...] = ()  # marts that the query reads; without them it is not run


class Figures(Part, frozen=True, tag="figures", kw_only=True):
    """A query of one row, whose columns are numbers to read at a glance."""


class Table(Part, frozen=True, tag="table", kw_only=True):
    """Rows in their order; when there are none, `empty` says what that means."""

    empty: Text
    limit: int = 100  # rows shown; the page says how many there are


class Cards(Part, frozen=True, tag="cards", kw_only=True):
    """Rows to read one by one. The first two columns head a card; nulls are left out."""

    empty: Text
    limit: int = 50


class Chart(Part, frozen=True, tag="chart", kw_only=True):
    """A plot, with its rows as a table one click away."""

    form: Literal["bars", "lines", "points", "ranking"]
    x: str
    y: tuple[str, ...]  # one series each
    by: str | None = None  # or one series for each value of this column
    days: int | None = None  # the axis reaches so far back from the newest moment
    is_log: bool = False
    empty: Text


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A heading and its parts."""

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
