"""Exact decimal numbers: how floats become decimals, and the few places where a result is rounded."""

from __future__ import annotations

from decimal import (
    MAX_EMAX,
    MIN_EMIN,
    ROUND_FLOOR,
    Context,
    Decimal,
    DivisionByZero,
    Inexact,
    InvalidOperation,
    Overflow,
)

EXACT = Context(
    prec=6000, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[InvalidOperation, DivisionByZero, Overflow, Inexact]
)
"""Sums and products in this context are exact: it holds the digits of a product of five floats, and a
result that would have to be rounded is an error."""

ROUNDED = Context(prec=60, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[InvalidOperation, DivisionByZero, Overflow])
"""For quotients and for rounding to the cent."""

ZERO = Decimal(0)
ONE = Decimal(1)
CENT = Decimal("0.01")

LIMIT_TOLERANCE = Decimal("1e-6")
"""A limit in dollars, or a sum of shares of lots, is kept within this: less than floats can tell apart."""

_WHOLE = float(2**53)


def exact(number: float | Decimal) -> Decimal:
    """Return the shortest decimal text of a float as a decimal; an integer or a decimal as it is."""
    if isinstance(number, float):
        whole = number.is_integer() and -_WHOLE < number < _WHOLE
        return Decimal(int(number) if whole else str(number))
    return Decimal(number)


def floor_cents(dollars: Decimal) -> Decimal:
    """Return `dollars` rounded down to the cent, also below zero."""
    return dollars.quantize(CENT, rounding=ROUND_FLOOR, context=ROUNDED)


def ratio(part: Decimal, whole: Decimal) -> Decimal:
    """Return ``part / whole`` to 60 digits; zero where there is nothing to compare with (`whole` <= 0)."""
    return ROUNDED.divide(part, whole) if part and whole > 0 else ZERO


def usd(dollars: Decimal) -> str:
    """Return dollars for a message, rounded to the cent; smaller amounts with four significant digits."""
    if dollars and abs(dollars) < CENT:
        return f"${dollars:.4g}"
    return f"-${-dollars:,.2f}" if dollars < 0 else f"${dollars:,.2f}"


def count(shares: Decimal) -> str:
    """Return a number of shares for a message, without trailing zeros."""
    text = f"{shares:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
