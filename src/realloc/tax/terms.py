"""Short-term or long-term: the holding period of a lot (26 USC 1222)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal

from realloc.errors import InputError, Issue

Term = Literal["short", "long"]

_ONE_DAY = timedelta(days=1)


def is_long_term(acquired: date, sold: date) -> bool:
    """Return whether a lot bought on `acquired` is long-term when it is sold on `sold`.

    Held for more than one year: the day of purchase does not count, the day of sale does, and years are
    counted by the calendar (rules TERM-1 and TERM-2; Rev. Rul. 66-97, Rev. Rul. 70-598, Caspe v. United
    States, 694 F.2d 1116).

    Parameters
    ----------
    acquired, sold : datetime.date
        Trade dates.

    Examples
    --------
    >>> is_long_term(date(2023, 1, 15), date(2024, 1, 15)), is_long_term(date(2023, 1, 15), date(2024, 1, 16))
    (False, True)
    """
    if acquired >= sold:
        return False
    first = acquired + _ONE_DAY
    return (sold.year, sold.month, sold.day) >= (first.year + 1, first.month, first.day)


def term_of(acquired: date, sold: date) -> Term:
    """Return ``long`` or ``short`` for a lot bought on `acquired` and sold on `sold`; see `is_long_term`."""
    return "long" if is_long_term(acquired, sold) else "short"


def long_term_cutoff(sold: date) -> date:
    """Return the latest date of purchase that is long-term when the lot is sold on `sold`.

    A lot is long-term exactly if it was acquired on this date or before, so that many lots can be judged by
    one comparison of dates.

    Parameters
    ----------
    sold : datetime.date
        Trade date of the sale.

    Raises
    ------
    InputError
        No date is a year earlier (`sold` is before 0002-01-02).

    Examples
    --------
    >>> long_term_cutoff(date(2024, 1, 16))
    datetime.date(2023, 1, 15)
    """
    if sold < date(2, 1, 2):
        raise InputError(
            Issue(
                code="date.range",
                where="",
                message=f"{sold.isoformat()} has no date a year before it",
                hint="give the date of sale with its full year",
            )
        )
    leap_day = (sold.month, sold.day) == (2, 29)
    return sold.replace(year=sold.year - 1, day=28 if leap_day else sold.day) - _ONE_DAY


def long_term_from(acquired: date) -> date:
    """Return the first date on which a lot bought on `acquired` can be sold as long-term.

    Parameters
    ----------
    acquired : datetime.date
        Trade date of the purchase.

    Raises
    ------
    InputError
        No date is a year later (`acquired` is after 9998-12-30).

    Examples
    --------
    >>> long_term_from(date(2024, 2, 28))
    datetime.date(2025, 3, 1)
    """
    if acquired > date(9998, 12, 30):
        raise InputError(
            Issue(code="date.range", where="", message=f"{acquired.isoformat()} has no date a year after it")
        )
    first = acquired + _ONE_DAY
    if (first.month, first.day) == (2, 29):
        return date(first.year + 1, 3, 1)
    return first.replace(year=first.year + 1)
