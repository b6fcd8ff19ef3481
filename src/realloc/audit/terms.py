"""Days: the term of a lot (TERM-1), and days before and after another."""

from __future__ import annotations

from datetime import date, timedelta

_DAY = timedelta(days=1)


def is_long_term(acquired: date, as_of: date) -> bool:
    """Whether a lot acquired on one day is long-term on another (TERM-1)."""
    if acquired >= as_of:
        return False
    start = acquired + _DAY
    return (as_of.year - 1, as_of.month, as_of.day) >= (start.year, start.month, start.day)


def shifted(day: date, days: int) -> date:
    """Return the day so many days later, earlier where `days` is below zero, or the last or first that there is."""
    return date.fromordinal(min(max(day.toordinal() + days, 1), date.max.toordinal()))
