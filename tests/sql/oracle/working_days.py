"""Working days of the tax authority (CFF 12)."""

from datetime import date, timedelta

_FIXED = ((1, 1), (5, 1), (5, 5), (9, 16), (12, 25))
_MONDAYS = ((2, 1), (3, 3), (11, 3))  # month, which of its Mondays


def is_working_day(day: date) -> bool:
    if day.weekday() >= 5 or (day.month, day.day) in _FIXED:
        return False
    if (day.month, day.day) == (10, 1) and day.year in (2024, 2030, 2036):
        return False  # a new federal executive
    number = (day.day - 1) // 7 + 1
    return not (day.weekday() == 0 and (day.month, number) in _MONDAYS)


def working_days_later(day: date, number: int) -> date:
    while number:
        day += timedelta(days=1)
        number -= is_working_day(day)
    return day
