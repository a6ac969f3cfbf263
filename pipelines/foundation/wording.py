"""Wording that all messages share: numbers with their nouns, and lists that are cut short."""

from collections.abc import Sequence


def plural(count: int, noun: str, plural_noun: str | None = None) -> str:
    """A number with its noun: `1 request`, `2,000 requests`, `2 entries` with a plural given."""
    return f"{count:,} {noun if count == 1 else plural_noun or f'{noun}s'}"


def shorten(items: Sequence[str], limit: int, separator: str = ", ") -> str:
    """The first items, and how many more there are: `a, b and 3 more`."""
    shown = separator.join(items[:limit])
    rest = len(items) - limit
    return f"{shown}{';' if separator == '; ' else ''} and {rest:,} more" if rest > 0 else shown
