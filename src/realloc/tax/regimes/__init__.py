"""Tax regimes: the rules of a country behind one seam."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from realloc.policy import Tax
from realloc.tax.regimes.canada import Canada
from realloc.tax.regimes.planning import PlanRegime
from realloc.tax.regimes.united_states import UnitedStates

__all__ = ["Canada", "PlanRegime", "UnitedStates", "rates_of", "regime_of"]

_UNITED_STATES = UnitedStates()
_CANADA = Canada()


def regime_of(tax: Tax) -> PlanRegime:
    """Return the rules of the country that a policy names."""
    return _CANADA if tax.regime == "canada" else _UNITED_STATES


@lru_cache(maxsize=64)
def rates_of(tax: Tax) -> Tax:
    """Return the policy with dollars of tax per dollar of short- and of long-term gain as its rates."""
    regime = regime_of(tax)
    return replace(
        tax,
        short_term_rate=float(regime.rate("short", tax)),
        long_term_rate=float(regime.rate("long", tax)),
    )
