"""What a seller gets for a share."""

from __future__ import annotations

from fractions import Fraction

from realloc.household import Household
from realloc.tax.exact import exact


def exact_bid(household: Household, symbol: str) -> Fraction:
    """Return what a seller gets for a share, in exact dollars (rule OBJ-3)."""
    return exact(household.prices[symbol]) * (1 - exact(household.spread_bps(symbol)) / 20_000)
