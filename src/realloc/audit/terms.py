"""The term of a lot (TERM-1)."""

from __future__ import annotations

from datetime import date, timedelta


def is_long_term(acquired: date, as_of: date) -> bool:
    """Whether a lot acquired on one day is long-term on another (TERM-1)."""
    if acquired >= as_of:
        return False
    start = acquired + timedelta(days=1)
    return (as_of.year - 1, as_of.month, as_of.day) >= (start.year, start.month, start.day)
