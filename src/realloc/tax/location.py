"""Location costs: what a year costs where a class is held, computed from its returns or from preferences."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from realloc._reading import nearest
from realloc.accounts import KINDS
from realloc.errors import InputError, Issue
from realloc.household import Household
from realloc.policy import Tax
from realloc.returns import DEFAULT_RETURNS, Returns

LocationCosts = dict[str, dict[str, float]]
"""Dollars a year per dollar, by class or symbol and by kind of account: what `Policy.location` takes."""


def resolved_location(household: Household) -> LocationCosts:
    """Return the location costs of a household's policy as plain dollars (rules RATE-6 to RATE-10).

    `Policy.location` is taken as it is. `Policy.location_preference` and `Policy.location_from_returns` are
    worked out by `preference_costs` and `location_costs` with the numbers of `Policy.location_terms`; what
    comes from returns is stated for the kinds of account that the household has, less the cheapest of them.

    Parameters
    ----------
    household : Household
        With a policy that names no class in more than one of the three.

    Raises
    ------
    InputError
        As `preference_costs` and `location_costs`.

    Examples
    --------
    >>> household = Household.from_dict({
    ...     "as_of": "2026-11-20", "prices": {"BND": 72.5}, "model": {"targets": {"BND": 1}},
    ...     "accounts": [{"account_number": "A1", "kind": "taxable"},
    ...                  {"account_number": "A2", "kind": "tax_deferred"}],
    ...     "policy": {"location_preference": {"BND": ["tax_deferred"]}}})
    >>> resolved_location(household)["BND"]
    {'taxable': 0.0005, 'tax_deferred': 0.0, 'tax_exempt': 0.0005}
    """
    policy = household.policy
    terms, named = policy.location_terms, policy.location_from_returns
    costs = {name: dict(by_kind) for name, by_kind in policy.location.items()}
    costs |= preference_costs(policy.location_preference, step=terms.preference_step)
    returns = (
        {name: usual for name, usual in DEFAULT_RETURNS.items() if name not in costs}
        if named is True
        else named
    )
    found = location_costs(
        returns, policy.tax, withdrawal_rate=terms.withdrawal_rate, horizon_years=terms.horizon_years
    )
    kinds = sorted({account.kind for account in household.accounts})
    for name, by_kind in found.items():
        least = min((by_kind[kind] for kind in kinds), default=0.0)
        costs[name] = {kind: round(by_kind[kind] - least, 6) for kind in kinds}
    return costs


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
