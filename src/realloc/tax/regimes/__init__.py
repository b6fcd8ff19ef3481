"""Tax regimes: the rules of a country behind one seam."""

from __future__ import annotations

from realloc.tax.regimes.canada import Canada
from realloc.tax.regimes.united_states import UnitedStates

__all__ = ["Canada", "UnitedStates"]
