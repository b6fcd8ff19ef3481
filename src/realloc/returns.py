"""What a class is expected to return and how that is taxed; where it is preferred. Both become location costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, Self

from realloc._reading import Table, join, nearest
from realloc.accounts import KINDS
from realloc.errors import InputError, Issue

_PARTS = {
    "income": "yield",
    "growth": "growth",
    "qualified": "qualified",
    "exempt": "exempt",
    "turnover": "turnover",
}
"""Fields of `Returns` and their keys in the household document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Returns:
    """What a class is expected to return in a year, as parts of its value, and how that is taxed.

    Parameters
    ----------
    income : float
        Dividends and interest; ``yield`` in the household document.
    qualified : float
        Part of the income that is taxed at the long-term rate.
    exempt : float
        Part of the income that is not taxed at all (municipal bonds).
    growth : float
        Rise in price.
    turnover : float
        Part of the rise that a year realizes as long-term gain; the rest is deferred to the end.

    Raises
    ------
    InputError
        A part is outside 0 to 1, qualified and exempt parts exceed all income, or a return is not finite.
    """

    income: float
    growth: float
    qualified: float = 0.0
    exempt: float = 0.0
    turnover: float = 0.0

    def __post_init__(self) -> None:
        for name in _PARTS:
            value = getattr(self, name)
            if not 0.0 <= value <= 1.0:
                raise _fault(name, f"expected a part from 0 to 1, found {value:g}")
        if self.qualified + self.exempt > 1.0:
            raise _fault("qualified", "qualified and exempt income are more than all income")

    def to_dict(self) -> dict[str, float]:
        """Return the returns as the household document has them, every field stated."""
        return {key: getattr(self, name) for name, key in _PARTS.items()}

    @classmethod
    def read(cls, table: Table) -> Self:
        """Build returns from a table that collects the issues."""
        parts: dict[str, Any] = {
            "income": table.number("yield", least=0.0, most=1.0) or 0.0,
            "growth": table.number("growth", least=0.0, most=1.0) or 0.0,
        }
        parts |= {
            name: table.number(name, 0.0, least=0.0, most=1.0) for name in ("qualified", "exempt", "turnover")
        }
        if parts["qualified"] + parts["exempt"] > 1.0:
            where = join(table.where, "qualified")
            table.fault("number.range", where, "qualified and exempt income are more than all income")
            return cls(income=0.0, growth=0.0)
        return cls(**parts)


DEFAULT_RETURNS: Mapping[str, Returns] = MappingProxyType(
    {
        "us_stock": Returns(income=0.013, growth=0.052, qualified=0.95, turnover=0.02),
        "intl_stock": Returns(income=0.028, growth=0.042, qualified=0.70, turnover=0.03),
        "small_value": Returns(income=0.018, growth=0.055, qualified=0.85, turnover=0.20),
        "reit": Returns(income=0.038, growth=0.028, qualified=0.05, turnover=0.05),
        "bonds": Returns(income=0.042, growth=0.0),
        "tips": Returns(income=0.042, growth=0.0),
        "high_yield": Returns(income=0.065, growth=0.0),
        "municipal": Returns(income=0.032, growth=0.0, exempt=1.0),
        "CASH": Returns(income=0.035, growth=0.0),
    }
)
"""Assumptions, not forecasts: rounded, and to be replaced by a user's own (rule RATE-8)."""


RETURNS_KEYS = frozenset(_PARTS.values())

ReturnsByClass = Mapping[str, Returns] | Literal[True]
"""Returns by class or symbol; True takes the usual ones (rule RATE-8)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationTerms:
    """The numbers by which preferences and returns become location costs.

    Parameters
    ----------
    preference_step : float
        Dollars a year per dollar from one place of a preference list to the next (rule RATE-9).
    withdrawal_rate : float
        Rate at which a tax-deferred account is taxed when it is paid out (rule RATE-7).
    horizon_years : float
        Years until deferred gains are realized (rule RATE-6).
    """

    preference_step: float = 0.0005
    withdrawal_rate: float = 0.12
    horizon_years: float = 20.0

    def to_dict(self) -> dict[str, float]:
        """Return the terms as the household document has them, every field stated."""
        return {name: getattr(self, name) for name in LOCATION_TERMS_KEYS}

    @classmethod
    def read(cls, table: Table) -> Self:
        """Build terms from a table that collects the issues."""
        usual = DEFAULT_LOCATION_TERMS
        return cls(
            preference_step=table.number("preference_step", usual.preference_step, above=0.0, most=1.0)
            or usual.preference_step,
            withdrawal_rate=table.number("withdrawal_rate", usual.withdrawal_rate, least=0.0, most=1.0),
            horizon_years=table.number("horizon_years", usual.horizon_years, above=0.0, most=200.0)
            or usual.horizon_years,
        )


DEFAULT_LOCATION_TERMS = LocationTerms()
LOCATION_TERMS_KEYS = tuple(LocationTerms.__dataclass_fields__)


def read_returns(table: Table, key: str) -> ReturnsByClass:
    """Return the returns by class at `key`: an object, or true; false and an absent key are no returns."""
    value = table.value.get(key, {})
    if isinstance(value, bool):
        return True if value else {}
    by_class = table.table(key)
    return {name: Returns.read(by_class.table(name, RETURNS_KEYS)) for name, _ in by_class.entries()}


def read_preferences(table: Table) -> dict[str, tuple[str, ...]]:
    """Return kinds of account by class or symbol, the most preferred first, from a table of lists."""
    preferences: dict[str, tuple[str, ...]] = {}
    for name, value in table.entries():
        where = join(table.where, name)
        kinds = table.check_names(value, where)
        for kind in sorted({kind for kind in kinds if kind and kind not in KINDS}):
            table.fault("text.choice", where, f"unknown kind of account {kind!r}", nearest(kind, KINDS))
        if len(set(kinds)) < len(kinds):
            table.fault("key.duplicate", where, "a kind of account occurs twice", "name each kind once")
        preferences[name] = kinds
    return preferences


def _fault(where: str, message: str, hint: str = "") -> InputError:
    return InputError(Issue(code="location.value", where=where, message=message, hint=hint))
