"""Rules RATE-6 to RATE-9 of docs/spec/tax.md: location costs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realloc.accounts import KINDS
from realloc.errors import InputError
from realloc.policy import Policy, Tax
from realloc.tax.location import (
    DEFAULT_RETURNS,
    Returns,
    location_costs,
    preference_costs,
    yearly_drag,
)

RATES = Tax(short_term_rate=0.24, long_term_rate=0.15)
PARTS = st.floats(0.0, 0.2)


def test_rate_6_bonds_cost_their_interest_times_the_ordinary_rate() -> None:
    costs = location_costs({"bonds": Returns(income=0.05, growth=0.0)}, RATES, withdrawal_rate=0.2)
    assert costs == {"bonds": {"taxable": 0.012, "tax_deferred": 0.01, "tax_exempt": 0.0}}


def test_rate_6_deferred_growth_of_one_year_costs_the_long_term_rate() -> None:
    assert yearly_drag(Returns(income=0.0, growth=0.08), RATES, 1.0) == pytest.approx(0.15 * 0.08)


def test_rate_6_growth_deferred_for_twenty_years_costs_less_a_year() -> None:
    # 1.08**20 = 4.66096, less 15% of the gain of 3.66096: 4.11181. Its logarithm is 1.413863,
    # a twentieth of that 0.0706932, and exp(0.0706932) = 1.073252.
    assert yearly_drag(Returns(income=0.0, growth=0.08), RATES, 20.0) == pytest.approx(
        0.08 - 0.073252, abs=1e-6
    )


def _by_the_year(returns: Returns, tax: Tax, years: int) -> float:
    """Return the drag by walking the years with a value and a basis: a second formulation."""
    value, basis = 1.0, 1.0
    for _ in range(years):
        income = value * returns.income
        realized = value * returns.growth * returns.turnover
        due = income * (1 - returns.qualified - returns.exempt) * tax.short_term_rate
        due += (income * returns.qualified + realized) * tax.long_term_rate
        basis += income + realized - due
        value += income + value * returns.growth - due
    after_tax = value - tax.long_term_rate * (value - basis)
    return float(returns.income + returns.growth - (after_tax ** (1 / years) - 1))


@given(PARTS, PARTS, st.floats(0.0, 0.5), st.floats(0.0, 0.5), st.floats(0.0, 1.0), st.integers(1, 40))
def test_rate_6_agrees_with_walking_the_years(
    income: float, growth: float, qualified: float, exempt: float, turnover: float, years: int
) -> None:
    returns = Returns(income=income, growth=growth, qualified=qualified, exempt=exempt, turnover=turnover)
    assert yearly_drag(returns, RATES, years) == pytest.approx(_by_the_year(returns, RATES, years), abs=1e-9)


def test_the_defaults_reproduce_the_usual_order() -> None:
    # Bogleheads wiki, "Tax-efficient fund placement": high yield, bonds, REITs before broad stock funds; the
    # saving of a move out of the taxable account is largest for the least efficient class.
    costs = location_costs(DEFAULT_RETURNS, RATES)
    saved = {name: cost["taxable"] - cost["tax_deferred"] for name, cost in costs.items()}
    order = sorted(saved, key=lambda name: -saved[name])
    assert order[:2] == ["high_yield", "bonds"]
    assert order.index("reit") < order.index("small_value") < order.index("us_stock")
    assert order[-1] == "municipal"
    # Of two classes in sheltered accounts the one that grows more belongs in the tax-exempt one.
    assert costs["us_stock"]["tax_deferred"] > costs["bonds"]["tax_deferred"]


def test_rate_7_without_a_withdrawal_rate_sheltered_accounts_are_alike() -> None:
    for cost in location_costs(DEFAULT_RETURNS, RATES, withdrawal_rate=0.0).values():
        assert cost["tax_deferred"] == cost["tax_exempt"] == 0.0


def test_the_result_is_what_the_policy_takes() -> None:
    policy = Policy(location=location_costs(DEFAULT_RETURNS, RATES))
    assert set(policy.to_dict()["location"]["bonds"]) == set(KINDS)


def test_rate_9_a_preference_costs_one_step_more_at_each_place() -> None:
    costs = preference_costs(
        {"us_stock": ["taxable", "tax_exempt", "tax_deferred"], "municipal": ["taxable"]}, step=0.001
    )
    assert costs == {
        "municipal": {"taxable": 0.0, "tax_deferred": 0.001, "tax_exempt": 0.001},
        "us_stock": {"taxable": 0.0, "tax_deferred": 0.002, "tax_exempt": 0.001},
    }


@pytest.mark.parametrize(
    ("preferences", "step", "message"),
    [
        ({"bonds": ["roth"]}, 0.001, "unknown kind of account 'roth'"),
        ({"bonds": ["taxabel"]}, 0.001, "did you mean 'taxable'"),
        ({"bonds": ["taxable", "taxable"]}, 0.001, "occurs twice"),
        ({"bonds": ["taxable"]}, 0.0, "above 0"),
        ({"bonds": ["taxable"]}, float("nan"), "above 0"),
    ],
)
def test_preferences_that_cannot_be_read_are_refused(
    preferences: dict[str, list[str]], step: float, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        preference_costs(preferences, step=step)


@pytest.mark.parametrize(
    "values",
    [
        {"income": -0.01, "growth": 0.0},
        {"income": 0.01, "growth": float("nan")},
        {"income": 0.01, "growth": 0.0, "qualified": 0.7, "exempt": 0.7},
        {"income": 0.01, "growth": 0.0, "turnover": 1.5},
    ],
)
def test_returns_that_cannot_be_are_refused(values: dict[str, float]) -> None:
    with pytest.raises(InputError):
        Returns(**values)


@pytest.mark.parametrize("arguments", [{"withdrawal_rate": 1.2}, {"horizon_years": 0.0}])
def test_settings_out_of_range_are_refused(arguments: dict[str, float]) -> None:
    with pytest.raises(InputError):
        location_costs(DEFAULT_RETURNS, RATES, **arguments)
