"""Exact numbers: what the user wrote, as a fraction."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from realloc.errors import InputError, Issue

ZERO = Fraction(0)


def exact(number: float | Decimal | Fraction) -> Fraction:
    """Return `number` as the fraction that its shortest decimal text names.

    0.1 is one tenth, not the binary fraction nearest to it, so that sums of money are exact.

    Parameters
    ----------
    number : float, Decimal or Fraction
        A finite number.

    Raises
    ------
    InputError
        The number is infinite or not a number.

    Examples
    --------
    >>> exact(0.1) + exact(0.2) == exact(0.3)
    True
    """
    if isinstance(number, Fraction):
        return number
    try:
        return Fraction(Decimal(str(number)))
    except (ValueError, OverflowError):
        message = f"expected a finite number, found {number}"
        raise InputError(Issue(code="number.range", where="", message=message)) from None
