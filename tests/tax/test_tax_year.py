"""The year so far in budgets and in the plan, and rates from a filing status in a document."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realloc import Filing, Household, InputError, YearSoFar, audit_plan, rebalance, tax_policy
from realloc.plan import YearAfter
from realloc.policy import Policy
from tests.optimizer.cases import drawn


def document(policy: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """Return 100 A at $100 (60 long-term at $50, 40 short-term at $90) that should all become B."""
    lots = [
        {"symbol": "A", "shares": 60, "cost_per_share": 50.0, "acquired": "2020-01-02", "id": "old"},
        {"symbol": "A", "shares": 40, "cost_per_share": 90.0, "acquired": "2026-01-02", "id": "new"},
    ]
    account = {"account_number": "T1", "label": "Joint", "positions": {"A": 100}, "lots": lots}
    return {
        "as_of": "2026-11-20",
        "prices": {"A": 100.0, "B": 10.0},
        "accounts": [account],
        "model": {"name": "m", "targets": {"B": 1.0}},
        "policy": {"drift": {"inside_band": 0.5, "outside_band": 1.0}, **(policy or {})},
        **more,
    }


def gains(policy: dict[str, Any], **year: float) -> tuple[float, float]:
    """Return short-term and long-term gain of the audited plan."""
    plan = rebalance(Household.from_dict(document(policy, **({"tax_year": year} if year else {}))))
    return plan.household.realized_short_term, plan.household.realized_long_term


def test_the_cap_on_gains_counts_the_year_so_far() -> None:
    """CAP-2: 3,400 dollars of gain wait. New lots have 10 a share, old ones 50."""
    assert gains({}) == (400.0, 3000.0)
    assert sum(gains({"max_realized_gain": 1000.0})) == 1000.0
    # 700 realized before: 300 are left, which the 10-dollar lots give for the most shares
    assert (
        sum(gains({"max_realized_gain": 1000.0}, realized_short_term=200.0, realized_long_term=500.0))
        == 300.0
    )
    # 500 of losses carried into the year: 1,500 may be realized
    assert sum(gains({"max_realized_gain": 1000.0}, carried_long_term=500.0)) == 1500.0
    # the year is beyond its cap: no net gain more, and doing nothing is allowed
    assert gains({"max_realized_gain": 1000.0}, realized_long_term=5000.0) == (0.0, 0.0)


def test_short_term_gains_have_a_cap_of_their_own() -> None:
    """CAP-5: 17.5 new shares bring 175; they are taxed least, so the old ones fill up to whole shares."""
    assert gains({"max_short_term_gain": 175.0}) == (175.0, 2975.0)
    assert gains({"max_short_term_gain": 175.0}, realized_short_term=100.0) == (75.0, 2975.0)
    assert gains({"max_short_term_gain": 0.0}, carried_short_term=90.0, realized_long_term=9e5) == (
        90.0,
        3000.0,
    )
    assert gains({"max_short_term_gain": 175.0, "max_realized_gain": 1170.0}) == (175.0, 975.0)


def test_the_audit_refuses_a_plan_beyond_the_budget_of_the_year() -> None:
    household = Household.from_dict(document())
    plan = rebalance(household)
    for policy, code in (
        (replace(household.policy, max_realized_gain=3400.0), "CAP-2"),
        (replace(household.policy, max_short_term_gain=400.0), "CAP-5"),
    ):
        for so_far, broken in ((0.0, set()), (0.02, {code})):
            year = YearSoFar(realized_short_term=so_far)
            report = audit_plan(replace(household, policy=policy, tax_year=year), plan)
            assert {finding.code for finding in report.errors} == {"YEAR-1"} | broken


def test_the_plan_reports_the_year_after_it() -> None:
    """Publication 550's netting by hand: (400 - 3,000) short, 3,000 + 5,000 long, less 1,000 carried."""
    year = {"realized_short_term": -3000.0, "realized_long_term": 5000.0, "carried_long_term": 1000.0}
    plan = rebalance(Household.from_dict(document(tax_year=year)))
    assert plan.tax_year == YearAfter(
        realized_short_term=-2600.0,
        realized_long_term=8000.0,
        taxed_short_term=0.0,
        taxed_long_term=4400.0,  # 8,000 - 1,000 - 2,600
        deducted=0.0,
        carried_short_term=0.0,
        carried_long_term=0.0,
        tax_before=200.0,  # (5,000 - 1,000 - 3,000) x 20%
        tax=880.0,
    )
    assert plan.to_dict()["tax_year"]["taxed_long_term"] == 4400.0
    assert "tax_year" not in rebalance(Household.from_dict(document())).to_dict()


def test_the_limit_on_a_net_loss_is_that_of_the_filing_status() -> None:
    """26 USC 1211(b): 3,000 dollars, 1,500 married separately; the rest is carried and keeps its character."""
    year = {"realized_short_term": -10_000.0, "realized_long_term": -3000.0}
    for tax, deducted in (
        ({}, 3000.0),
        ({"filing_status": "married_separate", "ordinary_income": 90_000, "year": 2026}, 1500.0),
    ):
        plan = rebalance(Household.from_dict(document({"tax": tax}, tax_year=year)))
        assert plan.tax_year is not None
        assert plan.tax_year.deducted == deducted
        assert plan.tax_year.carried_short_term == 9600.0 - deducted  # 10,000 less the plan's gain of 400
        assert plan.tax_year.carried_long_term == 0.0


amounts = st.integers(-9_000, 9_000).map(float)
losses = st.integers(0, 9_000).map(float)


@drawn
@given(short=amounts, long=amounts, carried_short=losses, carried_long=losses)
def test_the_audit_nets_the_year_by_itself(
    short: float, long: float, carried_short: float, carried_long: float
) -> None:
    """Two derivations of YEAR-1 agree, and a wrong figure is found."""
    year = YearSoFar(
        realized_short_term=short,
        realized_long_term=long,
        carried_short_term=carried_short,
        carried_long_term=carried_long,
    )
    household = replace(Household.from_dict(document()), tax_year=year)
    plan = rebalance(household)
    after = plan.tax_year
    assert after is not None
    total = after.realized_short_term + after.realized_long_term - carried_short - carried_long
    left = after.taxed_short_term + after.taxed_long_term - after.deducted
    assert left - after.carried_short_term - after.carried_long_term == pytest.approx(total)
    wrong = replace(plan, tax_year=replace(after, deducted=after.deducted + 1.0))
    assert [finding.code for finding in audit_plan(household, wrong).errors] == ["YEAR-1"]


def test_a_person_in_the_document_becomes_rates_and_is_written_back() -> None:
    """RATE-10: the rates are those of `tax_policy`, and the document goes through unchanged."""
    person = {"filing_status": "married_joint", "ordinary_income": 180_000, "year": 2026, "state_rate": 0.05}
    household = Household.from_dict(document({"tax": person}))
    tax = household.policy.tax
    assert (tax.short_term_rate, tax.long_term_rate) == (0.27, 0.20)  # 22% and 15%, with 5% of the state
    assert tax.filing == Filing(
        filing_status="married_joint", ordinary_income=180_000, year=2026, state_rate=0.05
    )
    assert household.to_dict()["policy"]["tax"] == {**person, "loss_value": 0.5, "regime": "us"}
    assert Household.from_dict(household.to_dict()) == household
    called = tax_policy(filing_status="married_joint", ordinary_income=180_000, year=2026, state_rate=0.05)
    assert Policy(tax=called).tax.short_term_rate == tax.short_term_rate


@pytest.mark.parametrize(
    ("tax", "code", "where"),
    [
        (
            {"filing_status": "single", "ordinary_income": 1, "year": 2026, "long_term_rate": 0.1},
            "tax.both",
            "policy.tax.long_term_rate",
        ),
        ({"filing_status": "single", "year": 2026}, "key.missing", "policy.tax.ordinary_income"),
        ({"state_rate": 0.1}, "key.missing", "policy.tax.filing_status"),
        (
            {"filing_status": "singel", "ordinary_income": 1, "year": 2026},
            "rates.status",
            "policy.tax.filing_status",
        ),
        ({"filing_status": "single", "ordinary_income": 1, "year": 1999}, "rates.year", "policy.tax.year"),
        (
            {"filing_status": "single", "ordinary_income": 1, "year": 2026.5},
            "number.whole",
            "policy.tax.year",
        ),
        ({"filing_status": "single", "ordinary_income": 1, "years": 2026}, "key.unknown", "policy.tax.years"),
    ],
)
def test_a_person_that_cannot_be_used_is_named(tax: dict[str, Any], code: str, where: str) -> None:
    with pytest.raises(InputError) as caught:
        Household.from_dict(document({"tax": tax}))
    assert (code, where) in [(issue.code, issue.where) for issue in caught.value.issues]


def test_a_carried_loss_is_positive_dollars() -> None:
    with pytest.raises(InputError, match="expected at least 0"):
        Household.from_dict(document(tax_year={"carried_short_term": -5}))


def test_the_year_after_the_plan_is_in_whole_cents() -> None:
    """The plan adds 400 short-term and 3,000 long-term."""
    year = {"realized_short_term": 0.126, "realized_long_term": 0.003}
    after = rebalance(Household.from_dict(document(tax_year=year))).tax_year
    assert after is not None
    assert (after.realized_short_term, after.realized_long_term) == (400.13, 3000.0)
