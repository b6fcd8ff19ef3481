"""Accounts that cannot pick lots: plans sell what the broker relieves (rules SELL-3 and LOT-1 to LOT-6)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from realloc import Household, InputError, Trade, audit_plan, audit_trades, rebalance
from realloc.accounts import RELIEFS
from realloc.optimizer.problem import build
from realloc.optimizer.relief import by_lot, convex
from realloc.testing.strategies import households
from tests.optimizer.cases import drawn, household, lot
from tests.reference.brute_force import TooManyPlansError, brute_force

reliefs = st.sampled_from([relief for relief in RELIEFS if relief != "specific"])


def relieve(home: Household, relief: Any) -> Household:
    """Return the household with one relief in every account."""
    document = home.to_dict()
    for account in document["accounts"]:
        account["lot_relief"] = relief
    return Household.from_dict(document)


def fund(relief: str, **policy: Any) -> Household:
    """Return 40 A at $100 in four lots, of which $2,000 should become B."""
    lots = [
        lot("A", 10, 70.0, "2019-05-01", id="old"),
        lot("A", 10, 120.0, "2020-05-01", id="dear"),
        lot("A", 10, 95.0, "2026-01-05", id="new"),
        lot("A", 10, 80.0, "2021-05-03", id="cheap"),
    ]
    account = {"label": "Fund", "positions": {"A": 40}, "lots": lots, "lot_relief": relief}
    policy = {"drift": {"inside_band": 0.3, "outside_band": 0.5}, **policy}
    return household(account, {"A": 100.0, "B": 10.0}, {"A": 0.5, "B": 0.5}, **policy)


@pytest.mark.parametrize(
    ("relief", "sold", "gains"),
    [
        # gains per share: old 30, dear -20, cheap 20 (long-term), new 5 (short-term); average cost 91.25
        ("specific", {"dear": 10, "new": 10}, (50.0, -200.0)),
        ("fifo", {"old": 10, "dear": 10}, (0.0, 100.0)),
        ("lifo", {"new": 10, "cheap": 10}, (50.0, 200.0)),
        ("hifo", {"dear": 10, "new": 10}, (50.0, -200.0)),
        ("lowest_tax", {"dear": 10, "new": 10}, (50.0, -200.0)),
        ("average", {"old": 10, "dear": 10}, (0.0, 175.0)),
    ],
)
def test_a_plan_sells_the_lots_that_the_broker_relieves(
    relief: str, sold: dict[str, float], gains: tuple[float, float]
) -> None:
    plan = rebalance(fund(relief))
    sale = plan.trades[0]
    assert (sale.symbol, sale.shares) == ("A", -20)
    assert {each.id: each.shares for each in sale.lots} == sold
    assert (plan.household.realized_short_term, plan.household.realized_long_term) == gains
    if relief == "average":
        assert {each.cost_per_share for each in sale.lots} == {91.25}


@pytest.mark.parametrize("relief", RELIEFS)
def test_the_audit_finds_lots_that_the_broker_would_not_relieve(relief: str) -> None:
    """SELL-3: a plan made for one relief fails under another that takes other lots."""
    made = rebalance(fund(relief))
    for other in RELIEFS:
        report = audit_plan(fund(other), made)
        same = {one.id: one.shares for one in made.trades[0].lots} == {
            one.id: one.shares for one in rebalance(fund(other)).trades[0].lots
        }
        if other != "specific":
            assert ("SELL-3" in {finding.code for finding in report.errors}) is not same


def test_the_audit_finds_the_cost_of_a_lot_where_the_average_is_the_basis() -> None:
    """LOT-6: the first lot was bought at $70, its basis is the average of $91.25."""
    plan = rebalance(fund("average"))
    own = replace(plan.trades[0].lots[0], cost_per_share=70.0)
    plan.trades[0].lots = (own, *plan.trades[0].lots[1:])
    found = [(error.code, error.where) for error in audit_plan(fund("average"), plan).errors]
    assert found == [("OBJ-2", "trades[0].lots[0]")]


def test_a_sale_without_lots_is_audited_by_the_relief_of_its_account() -> None:
    report = audit_trades(fund("lifo"), [Trade("A", "A", -20)])
    assert report.ok
    assert float(report.household.realized_short_term) == 50.0
    assert "'lifo' of its account" in report.findings[0].message


def test_an_unknown_relief_is_named() -> None:
    with pytest.raises(InputError, match=r"accounts\[0\].lot_relief: .*did you mean 'fifo'"):
        fund("fifa")


def test_a_prefix_with_a_loss_is_a_loss_sale() -> None:
    """WASH-1 and WASH-2: first in first out, only the ten oldest shares may go where no loss may be taken."""
    bought = [{"account_number": "A", "symbol": "A", "shares": 1, "price": 100.0, "traded": "2026-02-20"}]
    document = fund("fifo").to_dict() | {"recent_trades": bought}
    plan = rebalance(Household.from_dict(document))
    assert (plan.trades[0].shares, [each.id for each in plan.trades[0].lots]) == (-10, ["old"])
    document = fund("average").to_dict() | {"recent_trades": bought}
    assert rebalance(Household.from_dict(document)).trades[0].shares == -20  # the average is a gain


@drawn
@given(households("small"), reliefs)
def test_the_pieces_of_a_relaxation_never_cost_more_than_the_lots(home: Household, relief: Any) -> None:
    """The envelope is convex, below tax and gains at every prefix, and as long as the lots."""
    problem = build(relieve(home, relief))
    pieces = convex(problem)
    for p in np.flatnonzero(problem.pairs.relieved).tolist():
        lots = slice(int(problem.lots.first[p]), int(problem.lots.first[p + 1]))
        parts = slice(int(pieces.lots.first[p]), int(pieces.lots.first[p + 1]))
        reach = np.concatenate([[0.0], np.cumsum(problem.lots.shares[lots])])
        at = np.concatenate([[0.0], np.cumsum(pieces.lots.shares[parts])])
        assert at[-1] == pytest.approx(reach[-1])
        columns = ["tax", "gain", "short_gain"] if problem.limits.gain < np.inf else ["tax"]
        for name in columns:
            each = getattr(pieces.lots, name)[parts]
            assert (np.diff(each) >= -1e-9).all()
            below = np.concatenate([[0.0], np.cumsum(each * pieces.lots.shares[parts])])
            total = np.cumsum(getattr(problem.lots, name)[lots] * problem.lots.shares[lots])
            true = np.interp(at, reach, np.concatenate([[0.0], total]))
            assert (below <= true + 1e-9 * (1 + np.abs(true))).all()
        first = np.flatnonzero(problem.lots.loss[lots])
        if len(first):
            open_shares = pieces.lots.shares[parts][~pieces.lots.loss[parts]].sum()
            assert open_shares == pytest.approx(reach[first[0]])
    sell = pieces.lots.shares * 0.5
    taken = by_lot(problem, pieces, sell)
    assert taken.sum() == pytest.approx(sell.sum())


@settings(drawn, max_examples=60)
@given(households("tiny"), reliefs)
def test_plans_of_small_households_are_the_best_that_exist(home: Household, relief: Any) -> None:
    """Brute force over every order: the bound is below the best plan, and the plan is that plan."""
    home = relieve(home, relief)
    try:
        best = brute_force(home)
    except TooManyPlansError:
        assume(False)
    plan = rebalance(home)
    assert audit_plan(home, plan).ok
    if not any(account.shortfall for account in plan.accounts) and home.policy.max_drift is None:
        assert plan.certificate.bound <= float(best.objective) + 0.01
        assert plan.costs.objective <= float(best.objective) + 0.02


@settings(drawn, max_examples=40)
@given(households("small"), reliefs)
def test_plans_under_a_standing_relief_pass_the_audit(home: Household, relief: Any) -> None:
    home = relieve(home, relief)
    plan = rebalance(home)
    assert audit_plan(home, plan).ok
    assert plan.certificate.bound <= plan.certificate.objective
    free = rebalance(relieve(home, "specific"))
    short = any(account.shortfall for account in (*plan.accounts, *free.accounts))
    if not short and home.policy.max_drift is None:  # whoever may pick lots does at least as well
        assert free.certificate.bound <= plan.costs.objective + 0.01
