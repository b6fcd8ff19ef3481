"""The modes of the policy: what each lets be traded, against every plan of a tiny household and by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from realloc.audit import audit_plan, audit_trades
from realloc.check import check
from realloc.engine import rebalance
from realloc.errors import InputError
from realloc.household import Household
from realloc.modes import MODES, Mode, Partial
from realloc.plan import Plan
from realloc.policy import Costs
from realloc.testing.strategies import SYMBOLS, households
from realloc.trades import Trade
from tests.optimizer.cases import drawn, household, lot
from tests.reference.brute_force import TooManyPlansError, best_of_all
from tests.reference.evaluate import cents_matter, faults
from tests.reference.plans import read_trades, shuffled
from tests.reference.statement import exact, state
from tests.test_engine_differential import judge, stripped

PARTIALS = st.builds(Partial, sell=st.sampled_from(SYMBOLS), buy=st.sampled_from(SYMBOLS))


def in_mode(subject: Household, mode: Mode, **more: Any) -> Household:
    return replace(subject, policy=replace(subject.policy, mode=mode, **more))


def orders(plan: Plan) -> dict[tuple[str, str], float]:
    return {(trade.account_id, trade.symbol): trade.shares for trade in plan.trades}


def codes(subject: Household, trades: Mapping[tuple[str, str], float]) -> set[str]:
    """Return the rules that trades break, by the audit."""
    made = [Trade(account, symbol, shares) for (account, symbol), shares in trades.items()]
    return {error.code for error in audit_trades(subject, made).errors}


@settings(drawn, max_examples=80)
@given(households("tiny"), st.sampled_from(["hold", "invest_cash", "partial"]), PARTIALS, st.integers(0, 99))
def test_plan_in_a_mode_is_between_the_best_of_all_its_plans_and_its_certificate(
    subject: Household, mode: Mode, partial: Partial, seed: int
) -> None:
    subject = in_mode(subject, mode, partial=partial)
    statement = state(subject)
    plan = rebalance(subject)
    try:
        best = best_of_all(statement)
    except TooManyPlansError:
        assume(False)
    judge(statement, plan, best, best.objective)
    assert stripped(rebalance(shuffled(subject, seed))) == stripped(plan)


@settings(drawn, max_examples=120)
@given(households("tiny"), st.integers(0, 99))
def test_raising_cash_takes_the_least_tax_of_all_plans_and_is_certified_among_these(
    subject: Household, seed: int
) -> None:
    subject = in_mode(subject, "raise_cash")
    statement = state(subject)
    plan = rebalance(subject)
    try:
        best = best_of_all(statement)
    except TooManyPlansError:
        assume(False)
    ours = read_trades(statement, plan.trades)
    assert not faults(statement, ours)
    assert ours.shortfall <= best.shortfall + Fraction(len(statement.purses), 100)
    if ours.shortfall == best.shortfall and ours.excess == best.excess:
        assert ours.tax <= best.tax + Fraction(1, 100)
        assert exact(plan.certificate.bound) <= best.objective + cents_matter(subject)
    assert stripped(rebalance(shuffled(subject, seed))) == stripped(plan)


@settings(drawn, max_examples=80)
@given(households("small"), st.sampled_from(MODES), PARTIALS)
def test_what_a_mode_forbids_is_in_no_plan(subject: Household, mode: Mode, partial: Partial) -> None:
    subject = in_mode(subject, mode, partial=partial)
    plan = rebalance(subject)
    assert not audit_plan(subject, plan).errors
    bought = {trade.symbol for trade in plan.trades if trade.shares > 0}
    sold = {trade.symbol for trade in plan.trades if trade.shares < 0}
    if mode == "hold":
        assert not plan.trades
        assert plan.certificate.gap == 0
    if mode == "invest_cash":
        assert not sold
    if mode == "raise_cash":
        assert not bought
        needy = {a.account_number for a in subject.accounts if a.cash + a.cash_flow < a.cash_reserve}
        assert {trade.account_id for trade in plan.trades} <= needy
    if mode == "partial":
        assert sold <= {partial.sell}
        assert bought <= {partial.buy}


@settings(drawn, max_examples=40)
@given(
    households("small"),
    st.sampled_from(["outside_band", "invest_cash", "harvest", "partial", "hold"]),
    PARTIALS,
)
def test_a_full_plan_costs_no_more_than_that_of_a_mode_and_its_gap(
    subject: Household, mode: Mode, partial: Partial
) -> None:
    assume(not subject.policy.max_drift)
    full, other = rebalance(subject), rebalance(in_mode(subject, mode, partial=partial))
    short = [sum(each.shortfall for each in plan.accounts) for plan in (full, other)]
    assert short[0] <= short[1] + 0.01 * len(subject.accounts)
    if short[0] == short[1]:
        assert full.certificate.bound <= other.costs.objective + 0.01


NEED = household(
    {
        "cash": 0.0,
        "cash_reserve": 1_000.0,
        "positions": {"AAA": 50, "BBB": 50},
        "lots": [lot("AAA", 50, 60.0), lot("BBB", 50, 99.0)],
    },
    {"AAA": 100.0, "BBB": 100.0},
    {"AAA": 0.1, "BBB": 0.9},
    mode="raise_cash",
)


def test_raising_cash_sells_what_is_taxed_least_although_its_class_is_short() -> None:
    # AAA: gain 40, tax 8 a share, and far above its target; BBB: gain 1, tax 0.20 a share. Ten shares bring 1,000.
    assert orders(rebalance(NEED)) == {("A", "BBB"): -10}
    assert orders(rebalance(in_mode(NEED, "full")))["A", "AAA"] < -10


def test_raising_cash_sells_no_share_that_the_reserve_does_not_need() -> None:
    assert codes(NEED, {("A", "BBB"): -11}) == {"MODE-4"}
    assert codes(NEED, {("A", "BBB"): -10}) == set()
    assert codes(NEED, {("A", "AAA"): -10}) == set()
    assert codes(NEED, {("A", "AAA"): -5, ("A", "BBB"): -6}) == {"MODE-4"}
    assert codes(NEED, {("A", "BBB"): -9}) == {"CASH-1"}


def test_raising_cash_leaves_accounts_alone_that_need_none() -> None:
    enough = replace(NEED.accounts[0], cash=2_000.0)
    assert not rebalance(replace(NEED, accounts=(enough,))).trades
    assert codes(replace(NEED, accounts=(enough,)), {("A", "AAA"): -1}) == {"MODE-4"}
    assert "MODE-4" in codes(replace(NEED, accounts=(enough,)), {("A", "BBB"): 1})


MIXED = household(
    {"cash": 550.0, "positions": {"AAA": 60, "BBB": 20}, "kind": "tax_deferred"},
    {"AAA": 100.0, "BBB": 100.0, "CCC": 100.0},
    {"AAA": 0.5, "BBB": 0.3, "CCC": 0.2},
)


def test_holding_makes_no_trade_and_says_what_that_costs() -> None:
    plan = rebalance(in_mode(MIXED, "hold"))
    assert not plan.trades
    assert plan.costs.objective == plan.costs.do_nothing == plan.certificate.bound
    assert plan.certificate.gap == 0
    assert codes(in_mode(MIXED, "hold"), {("A", "AAA"): -1}) == {"MODE-2"}


def test_investing_cash_buys_what_is_short_and_sells_nothing() -> None:
    # 8,550 in all: CCC is 1,710 short and BBB 565 short; the band of CCC ends 427.50 below, so that its dollars
    # are the dearest: five shares of it
    assert orders(rebalance(in_mode(MIXED, "invest_cash"))) == {("A", "CCC"): 5}
    assert codes(in_mode(MIXED, "invest_cash"), {("A", "AAA"): -1}) == {"MODE-3"}


def test_a_partial_rebalance_sells_the_one_symbol_and_buys_the_other() -> None:
    # 8,550 in all. A dollar of cash (no band) and of AAA (6,000; its band ends at 4,702.50) costs 6 cents, one of BBB
    # 0.4 cents until its band ends at 2,992.50, ten shares up: bought with the 550 and five shares of AAA, at a
    # spread of ten cents a share that makes moving more of AAA into BBB beyond its band, or into cash, dearer
    costs = Costs(spread_bps=10.0)
    subject = in_mode(MIXED, "partial", partial=Partial(sell="AAA", buy="BBB"), costs=costs)
    assert orders(rebalance(subject)) == {("A", "AAA"): -5, ("A", "BBB"): 10}
    assert codes(subject, {("A", "BBB"): -1, ("A", "CCC"): 1}) == {"MODE-5"}


def test_a_partial_rebalance_needs_its_two_symbols() -> None:
    document = MIXED.to_dict()
    document["policy"] = {"mode": "partial"}
    with pytest.raises(InputError, match=r"policy\.partial: the mode 'partial' needs the symbol to sell"):
        Household.from_dict(document)
    document["policy"] = {"mode": "partail"}
    with pytest.raises(
        InputError, match=r"policy\.mode: expected one of full, .* found 'partail' .*'partial'"
    ):
        Household.from_dict(document)


def test_a_partial_rebalance_of_a_symbol_that_nothing_knows_is_warned_of() -> None:
    subject = in_mode(MIXED, "partial", partial=Partial(sell="AAA", buy="BBC"))
    assert [(issue.where, issue.message, issue.hint) for issue in check(subject)] == [
        (
            "policy.partial",
            "'BBC' is not held, targeted, priced or in a class: the rule has no effect",
            "did you mean 'BBB'?",
        )
    ]


def test_a_shortfall_names_the_mode_that_keeps_it() -> None:
    plan = rebalance(in_mode(NEED, "hold"))
    assert [issue.message for issue in plan.issues if issue.code == "shortfall"] == [
        "the reserve of $1,000.00 is $1,000.00 short: the mode 'hold' keeps $10,000 of AAA and BBB"
    ]
