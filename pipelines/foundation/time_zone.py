"""Mexico City's time: the zone of SAT's dates, of local days, and of times without a zone."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

MEXICO_CITY_NAME = "America/Mexico_City"
MEXICO_CITY = ZoneInfo(MEXICO_CITY_NAME)  # its data comes with dlt, which requires tzdata


def midnight(day: date) -> datetime:
    """The beginning of a day in Mexico City."""
    return datetime.combine(day, time(), MEXICO_CITY)
