"""Instants of the API as local days and months of the team's zone."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

MILLISECONDS_FROM = 10**11


def day(value: Any, zone: ZoneInfo) -> date | None:
    """The local date of an epoch in seconds or milliseconds; 0 and absent are None."""
    if not value:
        return None
    seconds = milliseconds(value) // 1000
    return datetime.fromtimestamp(seconds, UTC).astimezone(zone).date()


def milliseconds(value: Any) -> int:
    """An epoch in seconds or milliseconds as the latter."""
    moment = int(value)
    return moment if moment >= MILLISECONDS_FROM else moment * 1000


def month(of: date) -> date:
    return of.replace(day=1)


def next_month(of: date) -> date:
    return (of.replace(day=1) + timedelta(days=32)).replace(day=1)


def month_end(of: date) -> date:
    return next_month(of) - timedelta(days=1)


def months(first: date, last: date) -> Iterator[date]:
    """First days of the months from one date's to the other's."""
    at = month(first)
    while at <= last:
        yield at
        at = next_month(at)


def rep_due_date(paid: date) -> date:
    """The fifth natural day of the month after the payment (RMF 2026, 2.7.1.32)."""
    return next_month(paid).replace(day=5)
