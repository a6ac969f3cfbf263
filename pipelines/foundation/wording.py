"""Wording that all messages share: numbers with their nouns, and texts that are cut short."""

from collections.abc import Sequence

MAX_LINE_LENGTH = 500


def plural(count: int, noun: str, plural_noun: str | None = None) -> str:
    """A number with its noun: `1 request`, `2,000 requests`, `2 entries` with a plural given."""
    return f"{count:,} {noun if count == 1 else plural_noun or f'{noun}s'}"


def shorten(items: Sequence[str], limit: int, separator: str = ", ") -> str:
    """The first items, and how many more there are: `a, b and 3 more`."""
    shown = separator.join(items[:limit])
    rest = len(items) - limit
    return f"{shown}{';' if separator == '; ' else ''} and {rest:,} more" if rest > 0 else shown


def one_line(text: str, limit: int = MAX_LINE_LENGTH) -> str:
    """The text of somebody else, cut, on one line, with what a terminal would act on escaped."""
    folded = " ".join(text[: 2 * limit].split())
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in folded)
    return shown if len(shown) <= limit else f"{shown[:limit]}…"
