"""Location costs: what a year costs where a class is held, computed from its returns or from preferences."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from realloc._reading import nearest
from realloc.accounts import KINDS
from realloc.errors import InputError, Issue
from realloc.policy import Tax

LocationCosts = dict[str, dict[str, float]]
"""Dollars a year per dollar, by class or symbol and by kind of account: what `Policy.location` takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Returns:
    """What a class is expected to return in a year, as parts of its value, and how that is taxed.

    Parameters
    ----------
    income : float
        Dividends and interest.
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
        parts = {"qualified": self.qualified, "exempt": self.exempt, "turnover": self.turnover}
        for name, value in (*parts.items(), ("income", self.income), ("growth", self.growth)):
            if not 0.0 <= value <= 1.0:
                raise _fault(name, f"expected a part from 0 to 1, found {value:g}")
        if self.qualified + self.exempt > 1.0:
            raise _fault("qualified", "qualified and exempt income are more than all income")


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


def location_costs(
    returns: Mapping[str, Returns],
    tax: Tax,
    *,
    withdrawal_rate: float = 0.12,
    horizon_years: float = 20.0,
) -> LocationCosts:
    """Return what a dollar of each class costs in a year in each kind of account (rules RATE-6 and RATE-7).

    Parameters
    ----------
    returns : mapping of str to Returns
        By class or symbol; `DEFAULT_RETURNS` has usual ones.
    tax : Tax
        The short-term rate is taken for income that is not qualified.
    withdrawal_rate : float
        Rate at which a tax-deferred account's growth is taxed when it is paid out. Zero counts its dollars as
        if they were after tax.
    horizon_years : float
        Years until gains are realized, more than zero.

    Returns
    -------
    dict of str to dict of str to float
        Rounded to a millionth of a dollar; a tax-exempt account costs nothing.

    Raises
    ------
    InputError
        A rate is outside 0 to 1, or the horizon is not positive.

    Examples
    --------
    >>> costs = location_costs({"bonds": Returns(income=0.04, growth=0.0)},
    ...                        Tax(short_term_rate=0.25, long_term_rate=0.15))
    >>> costs["bonds"]
    {'taxable': 0.01, 'tax_deferred': 0.0048, 'tax_exempt': 0.0}
    """
    if not 0.0 <= withdrawal_rate <= 1.0:
        raise _fault("withdrawal_rate", f"expected a rate from 0 to 1, found {withdrawal_rate:g}")
    if not 0.0 < horizon_years <= 200.0:
        raise _fault("horizon_years", f"expected years above 0 and up to 200, found {horizon_years:g}")
    return {
        name: {
            "taxable": round(yearly_drag(each, tax, horizon_years), 6),
            "tax_deferred": round(withdrawal_rate * (each.income + each.growth), 6),
            "tax_exempt": 0.0,
        }
        for name, each in sorted(returns.items())
    }


def yearly_drag(returns: Returns, tax: Tax, horizon_years: float) -> float:
    """Return what taxes take from the yearly return of a class in a taxable account.

    Income and realized growth are taxed each year and the rest reinvested; at the end the deferred growth is
    taxed at the long-term rate. The drag is the untaxed yearly return less the yearly return that gives the
    same wealth after tax.

    Parameters
    ----------
    returns : Returns
        Of the class.
    tax : Tax
        Rates.
    horizon_years : float
        Years until the end.
    """
    taxable_income = 1.0 - returns.qualified - returns.exempt
    yearly_tax = (
        returns.income * taxable_income * tax.short_term_rate
        + returns.income * returns.qualified * tax.long_term_rate
        + returns.growth * returns.turnover * tax.long_term_rate
    )
    deferred = returns.growth * (1.0 - returns.turnover)
    kept = returns.income + returns.growth - yearly_tax
    wealth = (1.0 + kept) ** horizon_years
    # Basis grows by what is reinvested after tax: each year value x (kept - deferred).
    reinvested = (wealth - 1.0) * (kept - deferred) / kept if kept > 0 else 0.0
    after_tax = wealth - tax.long_term_rate * (wealth - 1.0 - reinvested)
    return float(returns.income + returns.growth - (math.pow(after_tax, 1.0 / horizon_years) - 1.0))


def preference_costs(preferences: Mapping[str, Sequence[str]], *, step: float = 0.0005) -> LocationCosts:
    """Return small costs that put each class where it is preferred (rule RATE-9).

    Parameters
    ----------
    preferences : mapping of str to sequence of str
        Kinds of account by class or symbol, the most preferred first. Kinds that are left out come after the
        last, all alike.
    step : float
        Dollars a year per dollar from one place of the list to the next.

    Raises
    ------
    InputError
        A kind is unknown or occurs twice, or the step is not positive and finite.

    Examples
    --------
    >>> preference_costs({"bonds": ["tax_deferred", "tax_exempt"]})
    {'bonds': {'taxable': 0.001, 'tax_deferred': 0.0, 'tax_exempt': 0.0005}}
    """
    if not 0.0 < step <= 1.0:
        raise _fault("step", f"expected dollars above 0 and up to 1, found {step:g}")
    costs: LocationCosts = {}
    for name, order in sorted(preferences.items()):
        for kind in order:
            if kind not in KINDS:
                raise _fault(name, f"unknown kind of account {kind!r}", nearest(kind, KINDS))
        if len(set(order)) < len(order):
            raise _fault(name, "a kind of account occurs twice", "name each kind once")
        places = {kind: place for place, kind in enumerate(order)}
        costs[name] = {kind: round(step * places.get(kind, len(order)), 9) for kind in KINDS}
    return costs


def _fault(where: str, message: str, hint: str = "") -> InputError:
    return InputError(Issue(code="location.value", where=where, message=message, hint=hint))
