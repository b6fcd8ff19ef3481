"""Tax regimes: the rules of a country behind one seam."""

from __future__ import annotations

from realloc.policy import Tax
from realloc.tax.regimes.canada import Canada
from realloc.tax.regimes.planning import PlanRegime
from realloc.tax.regimes.united_states import UnitedStates

__all__ = ["Canada", "PlanRegime", "UnitedStates", "regime_of"]

_UNITED_STATES = UnitedStates()
_CANADA = Canada()


def regime_of(tax: Tax) -> PlanRegime:
    """Return the rules of the country that a policy names."""
    return _CANADA if tax.regime == "canada" else _UNITED_STATES
