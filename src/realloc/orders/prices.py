"""Limit prices and amounts of orders, in exact decimals."""

from __future__ import annotations

import re
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal
from typing import Literal

from realloc.orders.settings import OrderSettings

Side = Literal["sell", "buy"]

CENT = Decimal("0.01")
SUB_PENNY = Decimal("0.0001")
ONE_DOLLAR = Decimal(1)

_EXACT = Context(prec=60)
_FUND = re.compile(r"[A-Z]{4}X")


def is_fund(symbol: str, settings: OrderSettings) -> bool:
    """Return whether a symbol is a mutual fund's: five capital letters, the last an X.

    The fifth letter X is the Nasdaq's sign for a mutual fund. The settings `funds` and `not_funds` go before
    the letters.
    """
    if symbol in settings.funds:
        return True
    return symbol not in settings.not_funds and _FUND.fullmatch(symbol) is not None


def exact(value: float) -> Decimal:
    """Return the decimal with the shortest text of a float: what the person wrote."""
    return Decimal(str(value))


def amount(shares: Decimal, price: Decimal) -> Decimal:
    """Return shares times price in dollars, rounded to the cent, half to even."""
    return _EXACT.multiply(shares, price).quantize(CENT, ROUND_HALF_EVEN, _EXACT)


def limit_price(last: float, side: Side, slip_bps: float) -> Decimal | None:
    """Return the limit of an order: the last price, `slip_bps` further in the market's favour.

    Parameters
    ----------
    last : float
        Dollars per share, more than zero.
    side : {"sell", "buy"}
        A buy's limit is above the last price, a sale's below.
    slip_bps : float
        Distance in 1/10,000 of the price.

    Returns
    -------
    Decimal or None
        Dollars. From $1 a multiple of $0.01, below $1 of $0.0001 (17 CFR 242.612), rounded so that the order
        can fill: a buy's up, a sale's down. None where a sale's limit would be zero.

    Examples
    --------
    >>> limit_price(250.10, "buy", 20), limit_price(250.10, "sell", 20)
    (Decimal('250.61'), Decimal('249.59'))
    """
    share = exact(slip_bps) / 10_000
    raw = _EXACT.multiply(exact(last), 1 + share if side == "buy" else 1 - share)
    tick = CENT if raw >= ONE_DOLLAR else SUB_PENNY
    limit = raw.quantize(tick, ROUND_CEILING if side == "buy" else ROUND_FLOOR, _EXACT)
    return limit or None
