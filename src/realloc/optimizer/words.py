"""The words of a plan: amounts, weights and lists as a client reads them."""

from __future__ import annotations

from collections.abc import Sequence

from realloc.trades import plain

NOTHING = 0.005
"""Dollars: less than half a cent is not worth a word."""


def usd(amount: float) -> str:
    """Return dollars, with cents below a hundred.

    Examples
    --------
    >>> usd(1204.4), usd(3.1)
    ('$1,204', '$3.10')
    """
    sign = "-" if amount < 0 else ""
    amount = abs(amount)
    return f"{sign}${amount:,.2f}" if amount < 99.995 else f"{sign}${amount:,.0f}"


def cents(amount: float) -> str:
    """Return dollars to the cent, for what a person has to provide or was promised."""
    return f"{'-' if amount < 0 else ''}${abs(amount):,.2f}"


def percent(fraction: float) -> str:
    """Return a fraction in percent to a tenth, never as nothing.

    Examples
    --------
    >>> percent(0.0934), percent(0.0002)
    ('9.3%', 'less than 0.1%')
    """
    return f"{fraction:.1%}" if fraction >= 0.0005 else "less than 0.1%"


def listing(names: Sequence[str], most: int = 3) -> str:
    """Return names in a row; beyond `most` the others are counted.

    Examples
    --------
    >>> listing(["A", "B"]), listing(["A", "B", "C", "D"], most=2)
    ('A and B', 'A, B and 2 more')
    """
    if len(names) > most + 1:
        names = [*names[:most], f"{len(names) - most} more"]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def shares(count: float) -> str:
    """Return a number of shares without trailing zeros."""
    return f"{plain(round(count, 3)):,}"
