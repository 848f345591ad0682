"""Dates and instants of a place: pure arithmetic in its time zone; it never asks what time it is."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

DAYS_AFTER_DEPARTURE = 30


@lru_cache(maxsize=16384)
def local_instant(on: date, at: time, zone: str) -> datetime:
    """The instant at which clocks in `zone` show this date and time, in UTC.

    A time that a spring change skips counts as the same span after the change; of a time that an autumn
    change repeats, the first is meant (PEP 495, fold=0).
    """
    return datetime.combine(on, at, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def local_date(at: datetime, zone: str) -> date:
    """The date on the wall in `zone` at this instant."""
    return at.astimezone(ZoneInfo(zone)).date()


@lru_cache(maxsize=1024)
def month_end_after(on: date, *, days: int) -> datetime:
    """The first of the first month that is at least `days` after `on`, midnight UTC."""
    earliest = on + timedelta(days=days)
    if earliest.day == 1:
        return datetime(earliest.year, earliest.month, 1, tzinfo=UTC)
    return datetime(earliest.year + earliest.month // 12, earliest.month % 12 + 1, 1, tzinfo=UTC)


def policy_end(departure: date) -> datetime:
    """When signed pages of a stay end: the first of a month, 30 to 61 days after departure."""
    return month_end_after(departure, days=DAYS_AFTER_DEPARTURE)
