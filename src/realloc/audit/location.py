"""The policy's location costs as plain dollars: stated, by preference, or from returns (OBJ-4, RATE-6 to RATE-10)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal, localcontext

from realloc.accounts import KINDS
from realloc.audit.exact import ONE, ROUNDED, ZERO, exact
from realloc.household import Household
from realloc.policy import Policy
from realloc.returns import DEFAULT_RETURNS, Returns

_MILLIONTH = Decimal("1e-6")
_BILLIONTH = Decimal("1e-9")


def location_by_kind(household: Household) -> dict[str, dict[str, Decimal]]:
    """Return dollars a year per dollar, by kind of account and by class, symbol or ``CASH``."""
    policy = household.policy
    rates: dict[str, dict[str, Decimal]] = {kind: {} for kind in KINDS}
    for name, costs in policy.location.items():
        for kind, cost in costs.items():
            rates[kind][name] = exact(cost)
    step = exact(policy.location_terms.preference_step)
    for name, order in policy.location_preference.items():
        for kind in KINDS:
            place = order.index(kind) if kind in order else len(order)
            rates[kind][name] = _rounded(step * place, _BILLIONTH)
    kinds = {account.kind for account in household.accounts}
    for name, returns in _returns(policy).items():
        yearly = _yearly_costs(returns, policy)
        least = min((yearly[kind] for kind in kinds), default=ZERO)
        for kind in kinds:
            rates[kind][name] = yearly[kind] - least
    return rates


def _returns(policy: Policy) -> Mapping[str, Returns]:
    if policy.location_from_returns is not True:
        return policy.location_from_returns
    named = policy.location.keys() | policy.location_preference.keys()
    return {name: DEFAULT_RETURNS[name] for name in DEFAULT_RETURNS if name not in named}


def _yearly_costs(returns: Returns, policy: Policy) -> dict[str, Decimal]:
    withdrawal = exact(policy.location_terms.withdrawal_rate)
    yearly = exact(returns.income) + exact(returns.growth)
    return {
        "taxable": _rounded(_drag(returns, policy), _MILLIONTH),
        "tax_deferred": _rounded(withdrawal * yearly, _MILLIONTH),
        "tax_exempt": ZERO,
    }


def _drag(returns: Returns, policy: Policy) -> Decimal:
    """Return the yearly return less the one that leaves the same wealth after tax (RATE-6), to 60 digits."""
    short, long = exact(policy.tax.short_term_rate), exact(policy.tax.long_term_rate)
    years = exact(policy.location_terms.horizon_years)
    income, growth = exact(returns.income), exact(returns.growth)
    qualified, exempt = exact(returns.qualified), exact(returns.exempt)
    realized = growth * exact(returns.turnover)
    with localcontext(ROUNDED):
        due = income * (ONE - qualified - exempt) * short + (income * qualified + realized) * long
        kept = income + growth - due
        value = (ONE + kept) ** years
        # what is taxed each year and stays in: it adds to the basis as much as to the value
        taxed = kept - (growth - realized)
        basis = ONE + (value - ONE) * taxed / kept if kept else ONE
        return income + growth + ONE - (value - long * (value - basis)) ** (ONE / years)


def _rounded(cost: Decimal, unit: Decimal) -> Decimal:
    return cost.quantize(unit, rounding=ROUND_HALF_EVEN, context=ROUNDED)
