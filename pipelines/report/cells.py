"""Formats a value by its type, and by the name of its column where the unit matters.

Nothing is computed here. Money keeps every digit that SQL returns, times are Mexico City's with UTC
on hover, and codes become words.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from jinja2.filters import do_filesizeformat

from pipelines.foundation.time_zone import MEXICO_CITY
from pipelines.report.declared import Text, Words

TENTH, CENTS = Decimal("0.1"), Decimal("0.01")
MONTH_COLUMNS = ("issue_month", "month_start_date")  # dates that stand for a month


@dataclass(frozen=True)
class Cell:
    """A value in both languages. `kind` decides its layout: number, time, word or text."""

    es: str
    en: str
    kind: str
    tone: str = ""
    hover: str = ""
    machine: str = ""  # the value for programs


def cell(value: object, column: str, words: Words) -> Cell:
    """Format a value of a column."""
    match value:
        case None:
            return _worded(words.page["nothing"], "none")
        case bool():
            return _worded(words.page["yes" if value else "no"], "word")
        case datetime():
            return _moment(value)
        case date():
            shown = value.isoformat()[: 7 if column in MONTH_COLUMNS else 10]
            return _same(shown, "time", machine=value.isoformat())
        case int() | Decimal():
            return _same(number(value, column), "number", machine=f"{value:f}")
        case list():
            return _list([str(item) for item in value], column, words)
    text = str(value)
    word = words.of_value(column, text)
    return _worded(word, "word", hover=text) if word else _same(text, "text")


def _list(codes: list[str], column: str, words: Words) -> Cell:
    """Several codes of one column, in their order."""
    texts = [words.of_value(column, code) or Text(code, code) for code in codes]
    es, en = ("; ".join(getattr(text, name) for text in texts) for name in ("es", "en"))
    return Cell(es, en, "word", hover=", ".join(codes))


def number(value: int | Decimal, column: str) -> str:
    """A number in the unit that the column's name says: bytes, seconds, percent, or none."""
    if column.endswith("bytes"):
        return do_filesizeformat(int(value))
    if column.endswith("seconds"):
        return duration(Decimal(value))
    if isinstance(value, int):
        return f"{value:,}"
    if column.endswith("_pct"):
        return f"{value * 100:,.1f} %"
    is_exact_in_cents = value == value.quantize(CENTS)
    return f"{value:,.2f}" if is_exact_in_cents else f"{value.normalize():,f}"


def duration(seconds: Decimal) -> str:
    """As 8.1 s, 3 min 20 s or 1 h 05 min."""
    tenths = seconds.quantize(TENTH)
    if tenths < 60:
        return f"{tenths} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    return f"{minutes // 60} h {minutes % 60:02} min"


def long_time(moment: datetime, words: Words) -> Cell:
    """A moment in words, for a sentence."""
    local = moment.astimezone(MEXICO_CITY)
    month, weekday = words.months[local.month - 1], words.weekdays[local.weekday()]
    return Cell(
        f"{weekday.es} {local.day} de {month.es} de {local.year}, {local:%H:%M}",
        f"{weekday.en}, {month.en} {local.day}, {local.year}, {local:%H:%M}",
        "time",
        hover=_utc(moment),
        machine=moment.astimezone(UTC).isoformat(),
    )


def local_text(moment: datetime) -> str:
    """Mexico City's time, as the axis of a plot takes it."""
    return f"{moment.astimezone(MEXICO_CITY):%Y-%m-%d %H:%M:%S}"


def _moment(moment: datetime) -> Cell:
    machine = moment.astimezone(UTC).isoformat()
    return _same(local_text(moment)[:16], "time", hover=_utc(moment), machine=machine)


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _same(text: str, kind: str, hover: str = "", machine: str = "") -> Cell:
    return Cell(text, text, kind, hover=hover, machine=machine)


def _worded(word: Text, kind: str, hover: str = "") -> Cell:
    return Cell(word.es, word.en, kind, word.tone, hover)
