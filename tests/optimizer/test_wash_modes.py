"""Wash sales that are allowed or only named: what they cost, what the plan says, and what the audit makes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from realloc import Household, InputError, Trade, WashSales, audit_plan, audit_trades, rebalance
from realloc.optimizer.decode import trades_of
from realloc.optimizer.integer import Repair
from realloc.optimizer.problem import build
from realloc.optimizer.washed import WashedRepair
from realloc.optimizer.washes import families
from realloc.plan import NoBuy, Plan, PlannedWashSales, WashSale
from realloc.tax.journal import household_history
from realloc.tax.ledger import settle
from realloc.tax.planned import planned_washes
from realloc.tax.regimes.united_states import UnitedStates
from realloc.tax.stated import Wash, match_plan
from realloc.tax.wash import blocked_until
from realloc.testing.strategies import households
from tests.optimizer.cases import drawn, household, lot, seeded


def mode(home: Household, name: Any) -> Household:
    """Return the household with another mode for wash sales, under United States rules."""
    wash = WashSales(
        mode=name,
        window_days=home.policy.wash_sales.window_days,
        identical=home.policy.wash_sales.identical,
    )
    tax = replace(home.policy.tax, regime="us")
    return replace(home, policy=replace(home.policy, wash_sales=wash, tax=tax))


def washes(plan: Plan) -> PlannedWashSales:
    """Return the plan's section on wash sales, which every plan has."""
    assert plan.wash_sales is not None
    return plan.wash_sales


def pair_of_accounts(**policy: Any) -> Household:
    """Return 100 A at $100 with a long-term loss of $20 a share beside an IRA with $4,000 that should be A."""
    taxable = {
        "account_number": "T",
        "owner": "Ann",
        "positions": {"A": 100},
        "lots": [lot("A", 100, 120.0, id="a")],
        "targets": {"CASH": 1.0},
    }
    ira = {
        "account_number": "I",
        "owner": "Bob",
        "kind": "tax_exempt",
        "cash": 4000.0,
        "targets": {"A": 1.0},
    }
    policy = {"drift": {"inside_band": 0.1, "outside_band": 0.2}, **policy}
    return household([taxable, ira], {"A": 100.0}, {"A": 1.0}, **policy)


def test_an_allowed_wash_sale_has_no_value_share_by_share() -> None:
    """WASH-4: 40 of the 100 loss shares are replaced in the IRA: $800 of $2,000 is lost, $1,200 counts."""
    plan = rebalance(mode(pair_of_accounts(), "allow"))
    assert [(t.account_id, t.shares) for t in plan.trades] == [("T", -100), ("I", 40)]
    assert plan.costs.tax == pytest.approx(-60 * 20 * 0.20 * 0.5)  # long-term rate, half of it for a loss
    assert plan.household.realized_long_term == -2000.0
    assert plan.wash_sales == PlannedWashSales(
        disallowed=(
            WashSale(
                account_number="T",
                symbol="A",
                lot="a",
                shares=40.0,
                disallowed=800.0,
                effect="lost",
                replaced_in="I",
                replaced_by="A",
                bought=date(2026, 3, 1),
            ),
        ),
        deferred=0.0,
        lost=800.0,
        no_buy=(NoBuy(symbol="A", until=date(2026, 3, 31), accounts=("I", "T"), owners=("Ann", "Bob")),),
    )
    assert any(issue.code == "wash.sale" and "lost for good" in issue.message for issue in plan.issues)


def test_a_plan_that_avoids_keeps_one_of_the_two() -> None:
    plan = rebalance(mode(pair_of_accounts(), "avoid"))
    assert len({t.shares > 0 for t in plan.trades}) == 1
    assert washes(plan).disallowed == ()


def test_a_warning_names_what_a_plan_without_the_rule_washes() -> None:
    plan = rebalance(mode(pair_of_accounts(), "warn"))
    assert plan.costs.tax == pytest.approx(-200.0)  # the whole loss counts: no rule
    assert washes(plan).lost == 800.0
    named = [issue for issue in plan.issues if issue.code == "wash.sale"]
    assert [issue.severity for issue in named] == ["warning"]
    report = audit_plan(mode(pair_of_accounts(), "warn"), plan)
    assert [finding.code for finding in report.findings] == ["WASH-4"]


def test_recent_purchases_deny_too() -> None:
    """WASH-4 with LEDGER-6: ten shares bought twenty days ago replace ten of those sold, and their basis grows."""
    lots = [lot("A", 90, 120.0, id="old"), lot("A", 10, 95.0, "2026-02-09", id="new")]
    account = {"positions": {"A": 100}, "lots": lots}
    home = household(
        account, {"A": 100.0, "B": 10.0}, {"B": 1.0}, drift={"inside_band": 0.5, "outside_band": 1.0}
    )
    # the recent shares are themselves sold, so that nothing replaces what is sold
    assert washes(rebalance(mode(home, "allow"))).disallowed == ()
    kept = replace(home, accounts=(replace_lots(home, {"A": 0.1, "B": 0.9}),))
    plan = rebalance(mode(kept, "allow"))
    sold = {each.id: each.shares for trade in plan.trades for each in trade.lots}
    assert sold == {"old": 90.0}
    assert (washes(plan).deferred, washes(plan).lost) == (200.0, 0.0)
    assert plan.costs.tax == pytest.approx(-80 * 20 * 0.20 * 0.5)


def replace_lots(home: Household, targets: dict[str, float]) -> Any:
    account = home.accounts[0]
    return replace(account, targets=targets)


def bought_in_parts(parts: list[float], funds: int) -> Household:
    """Return funds at $100 with a loss of $50 a share, of which an IRA bought in parts in the last days."""
    names = [f"F{k}" for k in range(funds)]
    taxable = {
        "account_number": "T",
        "cash": 500.0,
        "positions": dict.fromkeys(names, 100),
        "lots": [lot(name, 100, 150.0) for name in names],
    }
    ira = {
        "account_number": "I",
        "kind": "tax_deferred",
        "cash": 50.0,
        "positions": dict.fromkeys(names, sum(parts)),
        "lots": [
            lot(name, shares, 100.0, acquired=f"2026-02-{10 + k}")
            for name in names
            for k, shares in enumerate(parts)
        ],
    }
    prices = {**dict.fromkeys(names, 100.0), "B": 50.0}
    targets = {**dict.fromkeys(names, 0.6 / funds), "B": 0.4}
    return household([taxable, ira], prices, targets, wash_sales={"mode": "allow"})


@pytest.mark.parametrize("funds", [1, 3])
@pytest.mark.parametrize("parts", [[7.0, 7.0], [3.0, 4.0, 7.0], [1.0, 2.0, 3.0, 4.0, 4.0]])
def test_purchases_in_parts_deny_what_one_of_all_shares_denies(parts: list[float], funds: int) -> None:
    plan = rebalance(bought_in_parts(parts, funds))
    whole = rebalance(bought_in_parts([sum(parts)], funds))
    assert plan.costs.objective == pytest.approx(whole.costs.objective, abs=0.01)
    assert plan.certificate.bound == pytest.approx(whole.certificate.bound, abs=0.01)
    assert plan.certificate.gap_bps < 0.1


def test_a_purchase_that_denies_an_earlier_loss_pays_for_it() -> None:
    """WASH-5: of a loss of $500 on 50 shares, sold ten days ago, a purchase of 30 denies $300 at 37% x 0.5."""
    sold = {"account_number": "A", "symbol": "A", "shares": -50, "price": 100.0, "traded": "2026-02-19"}
    account = {"cash": 3000.0}
    home = household(
        account,
        {"A": 100.0},
        {"A": 1.0},
        recent=[{**sold, "gain": -500.0}],
        drift={"inside_band": 0.3, "outside_band": 0.5},
    )
    plan = rebalance(mode(home, "allow"))
    assert [t.shares for t in plan.trades] == [30]
    assert plan.costs.tax == pytest.approx(300 * 0.37 * 0.5)
    assert [(each.lot, each.disallowed) for each in washes(plan).disallowed] == [("", 300.0)]
    assert plan.certificate.gap <= 0.01


@pytest.mark.parametrize(
    ("stated", "resolved"),
    [
        ({}, ("avoid", True)),
        ({"avoid": True}, ("avoid", True)),
        ({"avoid": False}, ("warn", False)),
        ({"mode": "avoid", "avoid": True}, ("avoid", True)),
        ({"mode": "allow"}, ("allow", False)),
        ({"mode": "warn", "avoid": False}, ("warn", False)),
    ],
)
def test_the_mode_and_the_older_key_say_one_thing(stated: Any, resolved: tuple[str, bool]) -> None:
    home = household({"label": "One", "cash": 1.0}, {"A": 1.0}, {"A": 1.0}, wash_sales=stated)
    wash = home.policy.wash_sales
    assert (wash.mode, wash.avoid) == resolved
    assert Household.from_dict(home.to_dict()).policy.wash_sales == wash


@pytest.mark.parametrize("stated", [{"mode": "allow", "avoid": True}, {"mode": "avoid", "avoid": False}])
def test_contradictory_keys_are_an_error(stated: Any) -> None:
    with pytest.raises(InputError, match=r"policy.wash_sales.mode: the mode '\w+' contradicts 'avoid'"):
        household({"cash": 1.0}, {"A": 1.0}, {"A": 1.0}, wash_sales=stated)


def at_random(made: Repair, seed: int) -> None:
    """Trade at random what the rules allow."""
    pairs, rng = made.problem.pairs, seeded(seed)
    for p in range(len(pairs.held)):
        sell, buy = float(made.full[p]), float(min(made.buy_max[p], 50 * pairs.step[p]))
        if rng.random() < 0.4 and sell >= pairs.step[p]:
            made.move(p, -max(pairs.step[p], np.floor(rng.random() * sell / pairs.step[p]) * pairs.step[p]))
        elif rng.random() < 0.6 and buy >= pairs.step[p]:
            made.move(p, max(pairs.step[p], np.floor(rng.random() * buy / pairs.step[p]) * pairs.step[p]))


@settings(drawn, max_examples=80)
@given(households("small"), st.integers(0, 10**6))
def test_trades_under_repair_are_weighed_as_the_audit_weighs_them(home: Household, seed: int) -> None:
    """The floats of the search and the decimals of the audit match the same shares, for any trades."""
    home = mode(home, "allow")
    problem = build(home)
    found = families(problem)
    assume(found)
    made = WashedRepair(problem, np.zeros(len(problem.coupled), dtype=bool), families=found)
    at_random(made, seed)
    moved = made.parts()["tax"]
    report = audit_trades(home, trades_of(problem, made))
    assert moved == pytest.approx(float(report.costs.tax), abs=1e-6)
    changes = made.changes(np.zeros(len(made.shares)))[0]
    before = made.objective()
    for p in np.flatnonzero(made.shares)[:4].tolist():
        undone = made.shares.copy()
        undone[p] = 0.0
        assert made.at(undone).objective() - before == pytest.approx(changes[p], abs=1e-6)
    made.refresh()
    assert made.parts()["tax"] == pytest.approx(moved, abs=1e-9)


@settings(drawn, max_examples=60)
@given(households("small"))
def test_allowed_plans_pass_the_audit_and_beat_those_that_avoid(home: Household) -> None:
    allowed = mode(home, "allow")
    plan = rebalance(allowed)
    assert audit_plan(allowed, plan).ok
    if any(account.shortfall for account in plan.accounts) or home.policy.max_drift is not None:
        return
    for other in ("avoid", "warn"):
        rival = rebalance(mode(home, other))
        report = audit_trades(allowed, rival.trades)
        if report.ok and not any(account.shortfall for account in report.accounts):
            assert plan.certificate.bound <= float(report.costs.objective) + 0.01
            if other == "avoid":
                assert plan.costs.objective <= float(report.costs.objective) + 0.01 + plan.certificate.gap


@settings(drawn, max_examples=60)
@given(households("small"))
def test_a_plan_denies_what_the_ledger_denies(home: Household) -> None:
    """Without earlier losses the matching of a plan is that of the ledger, dollar for dollar."""
    home = mode(replace(home, recent_trades=tuple(t for t in home.recent_trades if t.shares > 0)), "warn")
    plan = rebalance(home)
    ledger = settle(UnitedStates(), household_history(home, plan.trades))
    found = planned_washes(home, plan.trades)
    assert sum(wash.denial.amount for wash in found.washes) == ledger.disallowed
    assert washes(plan).lost == pytest.approx(float(ledger.lost), abs=1e-6)
    total = sum(each.disallowed for each in washes(plan).disallowed)
    losses = -sum(each.gain for t in plan.trades for each in t.lots if each.gain < 0)
    assert total <= losses + 1e-5  # no loss is denied twice


@settings(drawn, max_examples=80)
@given(households("small"), st.integers(0, 10**6), st.sampled_from([0, 30, 400]))
def test_groups_that_nothing_was_bought_of_match_nothing(
    home: Household, seed: int, window_days: int
) -> None:
    """What is left out as too old or of another group changes nothing: all of the household says the same."""
    home = mode(home, "warn")
    wash = replace(home.policy.wash_sales, window_days=window_days)
    home = replace(home, policy=replace(home.policy, wash_sales=wash))
    problem = build(home)
    made = Repair(problem, np.zeros(len(problem.coupled), dtype=bool))
    at_random(made, seed)
    trades = trades_of(problem, made)
    history = household_history(home, trades)
    bought = {f"plan/{trade.symbol}/{n}" for n, trade in enumerate(trades, start=1) if trade.shares > 0}
    whole, settled = match_plan(history, bought)
    owners = {account.account_number: account.owner for account in home.accounts}
    found = planned_washes(home, trades)
    assert {_stated(wash) for wash in found.washes} == {_stated(wash) for wash in whole}
    assert found.blocked == blocked_until(settled.standing, history.rules, owners, as_of=home.as_of)


def _stated(wash: Wash) -> tuple[Any, ...]:
    denial = wash.denial
    return (denial.realized.sale, denial.shares, denial.amount, denial.effect, wash.replacement, wash.earlier)


def test_a_wrong_window_or_amount_is_found() -> None:
    home = mode(pair_of_accounts(), "allow")
    plan = rebalance(home)
    section = washes(plan)
    (block,) = section.no_buy
    wrong = (
        (replace(section, no_buy=()), "WASH-7"),
        (replace(section, no_buy=(replace(block, until=date(2026, 3, 30)),)), "WASH-7"),
        (replace(section, no_buy=(replace(block, accounts=("T",)),)), "WASH-7"),
        (replace(section, no_buy=(replace(block, owners=("Ann",)),)), "WASH-7"),
        (replace(section, no_buy=(block, replace(block, symbol="B"))), "WASH-7"),
        (replace(section, lost=0.0), "WASH-6"),
        (replace(section, disallowed=(replace(section.disallowed[0], disallowed=790.0),)), "WASH-4"),
        (replace(section, disallowed=(replace(section.disallowed[0], effect="deferred"),)), "WASH-4"),
        (replace(section, disallowed=(replace(section.disallowed[0], disallowed=float("nan")),)), "WASH-4"),
    )
    for stated, code in wrong:
        found = {finding.code for finding in audit_plan(home, replace(plan, wash_sales=stated)).errors}
        assert code in found


def test_a_plan_that_starts_apart_from_wash_sales_sells_open_lots_alone() -> None:
    """HARV-3: trades made apart sold a loss of D as well, which is closed while D may be bought."""
    lots = [
        lot("B", 0.229, 503.93, "2022-01-21"),
        lot("B", 6.771, 413.15, "2022-01-21"),
        lot("C", 34, 269.92, "2025-03-01"),
        lot("D", 0.364, 917.68, "2025-03-02"),
        lot("D", 3.636, 624.83, "2025-02-27"),
    ]
    held = {"B": 7, "C": 34, "D": 4}
    home = household(
        [{"positions": held, "lots": lots, "cash_flow": -9468.5}, {"positions": {"C": 58.414}}],
        {"B": 590.22, "C": 899.74, "D": 787.83},
        {"D": 1.0},
        harvest={},
        max_short_term_gain=0,
    )
    plan = rebalance(mode(home, "allow"))
    assert all(sum(each.shares for each in t.lots) == -t.shares for t in plan.trades if t.lots)


@pytest.mark.parametrize(
    ("bought", "counts"),
    [
        (date(2026, 1, 10), True),  # 31 days before the sale
        (date(2026, 1, 11), False),
        (date(2026, 2, 20), False),  # after the sale, before the plan
    ],
)
def test_an_earlier_loss_closes_the_window_unless_a_lot_denies_it(bought: date, counts: bool) -> None:
    """WASH-5 and WASH-7: 5 shares sold at a loss on 10 February, 5 held in the IRA, and no trades."""
    ira = {
        "account_number": "I",
        "kind": "tax_exempt",
        "positions": {"A": 5},
        "lots": [lot("A", 5, 90.0, acquired=bought.isoformat(), id="i")],
    }
    sold = {"account_number": "T", "symbol": "A", "shares": -5, "price": 90, "gain": -50}
    home = household(
        [{"account_number": "T", "cash": 1000.0}, ira],
        {"A": 100.0},
        {"A": 1.0},
        mode="hold",
        recent=[sold | {"traded": "2026-02-10"}],
    )
    plan = rebalance(home)
    block = NoBuy(symbol="A", until=date(2026, 3, 12), accounts=("I", "T"), owners=())
    assert washes(plan).no_buy == ((block,) if counts else ())
    stated = replace(washes(plan), no_buy=() if counts else (block,))
    assert {error.code for error in audit_plan(home, replace(plan, wash_sales=stated)).errors} == {"WASH-7"}


def test_trades_of_anyone_are_told_their_wash_sales() -> None:
    report = audit_trades(mode(pair_of_accounts(), "warn"), [Trade("T", "A", -100), Trade("I", "A", 40)])
    assert [f.code for f in report.findings if f.severity == "warning"] == ["WASH-4"]
