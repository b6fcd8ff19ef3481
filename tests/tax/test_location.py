"""Rules RATE-6 to RATE-10 of docs/spec/tax.md: location costs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realloc.accounts import KINDS
from realloc.audit.location import location_by_kind
from realloc.engine import rebalance
from realloc.errors import InputError
from realloc.household import Household
from realloc.policy import Policy, Tax
from realloc.returns import DEFAULT_RETURNS, Returns
from realloc.tax.location import (
    location_costs,
    preference_costs,
    resolved_location,
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


def _household(policy: dict[str, Any], *kinds: str) -> Household:
    return Household.from_dict(
        {
            "as_of": "2026-11-20",
            "prices": {"VTI": 100.0, "BND": 100.0},
            "accounts": [
                {"label": kind, "account_number": f"A{n}", "kind": kind} for n, kind in enumerate(kinds)
            ],
            "model": {
                "name": "60/40",
                "targets": {"us_stock": 0.6, "bonds": 0.4},
                "classes": {"us_stock": {"symbols": ["VTI"]}, "bonds": {"symbols": ["BND"]}},
            },
            "policy": {"tax": {"short_term_rate": 0.24, "long_term_rate": 0.15}} | policy,
        }
    )


def test_the_three_rules_become_plain_costs() -> None:
    # 0.05 x 24% = 0.012 in a taxable account, 12% x 0.05 = 0.006 in a tax-deferred one, which is the cheapest
    household = _household(
        {
            "location": {"VXUS": {"tax_deferred": 0.0005}},
            "location_preference": {"us_stock": ["taxable", "tax_deferred"]},
            "location_from_returns": {"bonds": {"yield": 0.05, "growth": 0.0}},
        },
        "taxable",
        "tax_deferred",
    )
    assert resolved_location(household) == {
        "VXUS": {"tax_deferred": 0.0005},
        "us_stock": {"taxable": 0.0, "tax_deferred": 0.0005, "tax_exempt": 0.001},
        "bonds": {"taxable": 0.006, "tax_deferred": 0.0},
    }


def test_rate_10_where_no_account_is_better_returns_cost_nothing() -> None:
    household = _household({"location_from_returns": True}, "taxable", "taxable")
    assert set(resolved_location(household)) == set(DEFAULT_RETURNS)
    assert {cost for costs in resolved_location(household).values() for cost in costs.values()} == {0.0}


def test_the_usual_returns_leave_named_classes_alone_and_terms_count() -> None:
    household = _household(
        {
            "location": {"bonds": {"taxable": 0.5}},
            "location_preference": {"us_stock": ["tax_exempt"]},
            "location_from_returns": True,
            "location_terms": {"preference_step": 0.002, "withdrawal_rate": 0.5, "horizon_years": 1},
        },
        "taxable",
        "tax_deferred",
    )
    costs = resolved_location(household)
    assert costs["bonds"] == {"taxable": 0.5}
    assert costs["us_stock"] == {"taxable": 0.002, "tax_deferred": 0.002, "tax_exempt": 0.0}
    # CASH: 0.035 of interest costs 24% of it in the taxable account and 50% in the tax-deferred one
    assert costs["CASH"] == {"taxable": 0.0, "tax_deferred": pytest.approx(0.035 * 0.26)}


def test_a_preference_puts_new_money_where_it_belongs_without_leaving_the_target() -> None:
    document = _household(
        {"location_preference": {"bonds": ["tax_deferred"]}}, "taxable", "tax_deferred"
    ).to_dict()
    for account, cash in zip(document["accounts"], (6_000.0, 4_000.0), strict=True):
        account["cash"] = cash
    plan = rebalance(Household.from_dict(document))
    bought = {(trade.account_id, trade.symbol): trade.shares for trade in plan.trades}
    assert bought == {("A0", "VTI"): 60, ("A1", "BND"): 40}
    document["policy"]["location_preference"] = {
        "bonds": ["taxable"],
        "us_stock": ["tax_deferred", "taxable"],
    }
    plan = rebalance(Household.from_dict(document))
    bought = {(trade.account_id, trade.symbol): trade.shares for trade in plan.trades}
    assert bought == {("A0", "BND"): 40, ("A0", "VTI"): 20, ("A1", "VTI"): 40}


@pytest.mark.parametrize(
    ("policy", "where", "words"),
    [
        (
            {"location_preference": {"bonds": ["taxabel"]}},
            "policy.location_preference.bonds",
            "did you mean 'taxable'",
        ),
        (
            {"location_preference": {"bonds": ["taxable", "taxable"]}},
            "policy.location_preference.bonds",
            "twice",
        ),
        (
            {"location_from_returns": {"bonds": {"growth": 0.1}}},
            "policy.location_from_returns.bonds.yield",
            "missing",
        ),
        (
            {"location_from_returns": {"bonds": {"yield": 0.1, "growth": 0, "qualified": 1, "exempt": 0.5}}},
            "policy.location_from_returns.bonds.qualified",
            "more than all income",
        ),
        ({"location_terms": {"preference_step": 0}}, "policy.location_terms.preference_step", "more than 0"),
    ],
)
def test_a_mistake_in_the_document_is_one_issue_with_its_place(
    policy: dict[str, Any], where: str, words: str
) -> None:
    with pytest.raises(InputError) as caught:
        _household(policy, "taxable")
    (issue,) = caught.value.issues
    assert issue.where == where
    assert words in str(issue)


def test_the_document_comes_back_as_it_was() -> None:
    stated = {
        "location": {"BND": {"taxable": 0.001}},
        "location_preference": {"VTI": ["taxable"], "bonds": []},
        "location_from_returns": {
            "us_stock": {"yield": 0.013, "growth": 0.05, "qualified": 0.9, "exempt": 0.0, "turnover": 0.02}
        },
        "location_terms": {"preference_step": 0.001, "withdrawal_rate": 0.2, "horizon_years": 30.0},
    }
    household = _household(stated, "taxable")
    policy = household.to_dict()["policy"]
    assert {key: policy[key] for key in stated} == stated
    assert Household.from_dict(household.to_dict()) == household
    assert (
        _household({"location_from_returns": True}, "taxable").to_dict()["policy"]["location_from_returns"]
        is True
    )


@given(PARTS, PARTS, st.floats(0.0, 0.5), st.floats(0.0, 0.5), st.floats(0.0, 1.0), st.floats(0.5, 60.0))
def test_the_audit_makes_the_same_costs_by_itself(
    income: float, growth: float, qualified: float, exempt: float, turnover: float, years: float
) -> None:
    returns = {
        "yield": income,
        "growth": growth,
        "qualified": qualified,
        "exempt": exempt,
        "turnover": turnover,
    }
    household = _household(
        {
            "location": {"VXUS": {"tax_deferred": -0.0005}},
            "location_preference": {"us_stock": ["tax_exempt"]},
            "location_from_returns": {"bonds": returns},
            "location_terms": {"horizon_years": years},
        },
        "taxable",
        "tax_deferred",
    )
    plain = resolved_location(household)
    for kind, costs in location_by_kind(household).items():
        assert {name: float(cost) for name, cost in costs.items()} == {
            name: by_kind[kind] for name, by_kind in plain.items() if kind in by_kind
        }
