"""Limits and amounts as exact decimals."""

from __future__ import annotations

from decimal import Decimal
from numbers import Real

from realloc.errors import InputError


def check_limit(name: str, limit: object) -> Decimal:
    """Return a limit of zero or more, exactly as it is written.

    Raises
    ------
    InputError
        It is not a number, or negative.
    """
    if isinstance(limit, bool) or not isinstance(limit, (Real, Decimal)):
        raise InputError(f"{name} must be a number, not {limit!r}")
    number = exact(limit)
    if number.is_nan() or number < 0:
        raise InputError(f"{name} must be zero or more, not {limit}")
    return number


def exact(number: object) -> Decimal:
    """Return the decimal number that people read: 0.1 is a tenth."""
    return Decimal(str(number))
