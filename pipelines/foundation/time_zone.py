"""Mexico City's time zone: SAT's dates, local days, and times that come without a zone."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

MEXICO_CITY_NAME = "America/Mexico_City"
MEXICO_CITY = ZoneInfo(MEXICO_CITY_NAME)  # its data comes with dlt, which requires tzdata


def midnight(day: date) -> datetime:
    """The start of a day in Mexico City."""
    return datetime.combine(day, time(), MEXICO_CITY)
