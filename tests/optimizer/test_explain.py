"""Every reason is one true sentence: its amounts are those of an independent evaluation."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from benchmarks.households import household as benchmark_household
from realloc.accounts import Account
from realloc.audit import AuditReport, audit_trades
from realloc.engine import rebalance
from realloc.household import Household
from realloc.plan import Plan
from realloc.testing.strategies import households
from realloc.trades import Trade

AMOUNT = r"\$([\d,]+(?:\.\d\d)?)"


def household_of(accounts: list[dict[str, Any]], model: dict[str, Any], **more: Any) -> Household:
    prices = more.pop("prices", dict.fromkeys(("VTI", "ITOT", "BND", "OLD", "LUM"), 100.0))
    return Household.from_dict(
        {"as_of": "2026-11-20", "prices": prices, "accounts": accounts, "model": model, **more}
    )


def account(number: str, positions: dict[str, float], **more: Any) -> dict[str, Any]:
    return {"account_number": number, "cash": 0.0, "kind": "tax_deferred", "positions": positions, **more}


def lot(symbol: str, shares: float, cost: float, acquired: str = "2020-01-02") -> dict[str, Any]:
    return {"symbol": symbol, "shares": shares, "cost_per_share": cost, "acquired": acquired}


def reasons(plan: Plan) -> dict[tuple[str, str], str]:
    return {(trade.account_id, trade.symbol): trade.reason for trade in plan.trades}


def test_reason_names_the_class_the_account_and_what_both_sides_are_worth() -> None:
    household = household_of(
        [account("A1", {"VTI": 80, "BND": 20})], {"name": "m", "targets": {"VTI": 0.6, "BND": 0.4}}
    )
    # $10,000. Undoing the buy leaves BND $2,000 under: 0.004 x 2,000 + 0.056 x 1,500 = 92, and $2,000 of cash
    # that nobody wants: 0.06 x 2,000 = 120. Undoing both leaves VTI and BND off by $2,000 each: 2 x 92.
    assert reasons(rebalance(household)) == {
        ("A1", "VTI"): "Trims VTI (80.0%, target 60.0%), with no tax in this tax-deferred account; "
        "helps pay for BND; undoing this account's 2 trades costs $184.",
        ("A1", "BND"): "Fills BND (20.0%, target 40.0%); undoing it alone costs $212.",
    }


def test_reason_of_a_withdrawal_names_it_and_the_lots_with_the_least_tax() -> None:
    lots = [lot("VTI", 50, 80.0), lot("VTI", 50, 95.0)]
    taxable = account("A1", {"VTI": 100}, kind="taxable", lots=lots, cash_flow=-1000.0)
    # Ten shares of the second lot: a gain of 50, at 20% a tax of 10.
    assert reasons(rebalance(household_of([taxable], {"name": "m", "targets": {"VTI": 1.0}}))) == {
        ("A1", "VTI"): "Raises cash for the withdrawal of $1,000.00, for $10.00 of tax (gain $50.00), "
        "least-taxed lots first."
    }


def test_reason_of_a_raised_reserve_names_it() -> None:
    ira = account("A1", {"VTI": 100}, cash_reserve=500.0)
    assert reasons(rebalance(household_of([ira], {"name": "m", "targets": {"VTI": 1.0}}))) == {
        ("A1", "VTI"): "Raises cash for the reserve of $500.00, with no tax in this tax-deferred account."
    }


def test_reason_of_a_harvested_loss_names_the_loss_and_what_it_saves() -> None:
    taxable = account("A1", {"ITOT": 10}, kind="taxable", lots=[lot("ITOT", 10, 150.0)])
    model = {"name": "m", "targets": {"us": 1.0}, "classes": {"us": {"symbols": ["VTI", "ITOT"]}}}
    # A loss of 500 at 20%, half valued: 50. Without the buy: 0.004 x 1,000 + 0.056 x 950 + 0.06 x 1,000 = 117.20.
    assert reasons(rebalance(household_of([taxable], model))) == {
        ("A1", "ITOT"): "Takes a loss of $500, which saves $50.00 of tax; helps pay for VTI; "
        "undoing this account's 2 trades costs $50.00.",
        ("A1", "VTI"): "Keeps us near its target while ITOT is sold at a loss; undoing it alone costs $117.",
    }


def test_reason_names_the_cap_that_a_loss_makes_room_under() -> None:
    lots = [lot("OLD", 10, 90.0), lot("LUM", 10, 110.0)]
    taxable = account("A1", {"OLD": 10, "LUM": 10}, kind="taxable", lots=lots)
    household = household_of(
        [taxable], {"name": "m", "targets": {"CASH": 1.0}}, policy={"max_realized_gain": 0.0}
    )
    found = reasons(rebalance(household))
    assert found["A1", "LUM"] == (
        "Trims LUM (50.0%, no target), taking a loss of $100, which saves $10.00 of tax; "
        "without it net realized gain would exceed the cap of $0.00."
    )
    # Undoing OLD alone: 0.06 x 1,000 for OLD; CASH is 1,000 under, 0.004 x 1,000 + 0.056 x 900; 20 of tax saved.
    assert found["A1", "OLD"] == (
        "Trims OLD (50.0%, no target), for $20.00 of tax (gain $100); undoing it alone costs $94.40."
    )


def test_reason_names_the_location_cost_that_an_account_saves() -> None:
    taxable = account("T1", {"BND": 100}, kind="taxable", lots=[lot("BND", 100, 100.0)])
    household = household_of(
        [taxable, account("A1", {"VTI": 100})],
        {"name": "m", "targets": {"VTI": 0.5, "BND": 0.5}},
        policy={"location": {"BND": {"taxable": 0.01}}},
    )
    found = reasons(rebalance(household))
    assert found["T1", "BND"].startswith("Saves $100 of location cost here, at no tax; helps pay for VTI")
    assert found["A1", "BND"].startswith(
        "Keeps BND near its target while it is sold in another account, at $100 less location cost than BND in T1;"
    )


def test_reason_says_that_a_menu_decides() -> None:
    household = household_of(
        [account("A1", {"VTI": 10}, only=["BND"])], {"name": "m", "targets": {"VTI": 0.5, "BND": 0.5}}
    )
    assert (
        "Fills BND (0.0%, target 50.0%), from this account's menu;"
        in reasons(rebalance(household))["A1", "BND"]
    )


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(household=households())
def test_amounts_in_reasons_agree_with_the_audit(household: Household) -> None:
    check_reasons(household, rebalance(household, time_limit=3.0))


@pytest.mark.parametrize("seed", [901, 902, 905])
@pytest.mark.parametrize("variant", ["base", "semi"])
def test_amounts_in_reasons_of_a_family_agree_with_the_audit(seed: int, variant: Any) -> None:
    household = benchmark_household("M", seed, variant)
    check_reasons(household, rebalance(household))


def check_reasons(household: Household, plan: Plan) -> None:
    base = audit_trades(household, plan.trades)
    for trade in plan.trades:
        others = [other for other in plan.trades if other is not trade]
        without = audit_trades(household, others)
        owner = next(a for a in household.accounts if a.account_number == trade.account_id)
        left = trade.reason
        for pattern, amounts in claims(household, plan.trades, trade, base, without, owner):
            match = re.search(pattern, left)
            if match:
                for text, amount in zip(match.groups(), amounts, strict=True):
                    assert_agrees(text, amount, trade)
                left = left[: match.start()] + left[match.end() :]
        assert "$" not in left, f"an amount of an unknown kind: {trade.reason}"
        assert trade.reason.endswith(".")
        assert "\n" not in trade.reason
        if "helps pay for" in left:
            assert any(f"accounts['{trade.account_id}']" in e.where for e in without.errors), trade.reason
        if "undoing it alone" in trade.reason:
            assert not without.errors, trade.reason


def assert_agrees(text: str, amount: float, trade: Trade) -> None:
    stated = float(text.replace(",", ""))
    digits = 0.005 if "." in text else 0.5
    assert stated == pytest.approx(amount, abs=digits + 1e-6), f"{trade.symbol}: {trade.reason}"


def claims(
    household: Household,
    trades: Sequence[Trade],
    trade: Trade,
    base: AuditReport,
    without: AuditReport,
    owner: Account,
) -> Iterator[tuple[str, list[float]]]:
    """Yield each way to state an amount with the amounts that are true."""
    change = {
        part: float(getattr(base.costs, part) - getattr(without.costs, part))
        for part in ("objective", "tax", "trading", "location")
    }
    half = household.spread_bps(trade.symbol) / 20_000
    each = [
        (household.prices[trade.symbol] * (1 - half) - sold.cost_per_share) * sold.shares
        for sold in trade.lots
    ]
    gains, losses = sum(g for g in each if g > 0), -sum(g for g in each if g < 0)
    yield f"undoing it alone costs {AMOUNT}", [-change["objective"]]
    rest = [other for other in trades if other.account_id != trade.account_id]
    count = len(trades) - len(rest)
    joint = audit_trades(household, rest).costs.objective - base.costs.objective
    yield f"undoing this account's {count} trades costs {AMOUNT}", [float(joint)]
    yield rf"{AMOUNT} of tax \(gain {AMOUNT}\)", [change["tax"], gains]
    yield rf"{AMOUNT} of tax \(gains {AMOUNT}, losses {AMOUNT}\)", [change["tax"], gains, losses]
    yield f"a loss of {AMOUNT}, which saves {AMOUNT} of tax", [losses, -change["tax"]]
    yield (
        f"losses of {AMOUNT} less gains of {AMOUNT}, which saves {AMOUNT} of tax",
        [losses, gains, -change["tax"]],
    )
    yield f"{AMOUNT} of (?:spread|trading costs)", [change["trading"]]
    yield f"Saves {AMOUNT} of location cost here", [-change["location"]]
    here = location_rate(household, owner, trade.symbol)
    for other in trades:
        seller = next(a for a in household.accounts if a.account_number == other.account_id)
        more = location_rate(household, seller, other.symbol) - here
        place = re.escape(f"{other.symbol} in {other.account_id}")
        yield (
            rf"at {AMOUNT} less location cost than {place}\b",
            [more * trade.shares * household.prices[trade.symbol]],
        )
    yield f"the withdrawal of {AMOUNT}", [-owner.cash_flow]
    yield f"the reserve of {AMOUNT}", [owner.cash_reserve]
    yield f"net realized gain would exceed the cap of {AMOUNT}", [household.policy.max_realized_gain or 0.0]
    yield f"tax would exceed the cap of {AMOUNT}", [household.policy.max_tax or 0.0]


def location_rate(household: Household, owner: Account, symbol: str) -> float:
    """Return dollars of location cost per dollar of a symbol (rule OBJ-4)."""
    names = {name: c.symbols.get(symbol, 0.0) for name, c in household.model.classes.items()}
    names |= {} if symbol in names else {symbol: 1.0}
    return sum(
        share
        * (household.policy.location.get(name, {}).get(owner.kind, 0.0) + owner.location_cost.get(name, 0.0))
        for name, share in names.items()
    )


def test_a_false_amount_is_found() -> None:
    household = household_of(
        [account("A1", {"VTI": 80, "BND": 20})], {"name": "m", "targets": {"VTI": 0.6, "BND": 0.4}}
    )
    plan = rebalance(household)
    wrong = tuple(replace(trade, reason=trade.reason.replace("$212", "$213")) for trade in plan.trades)
    with pytest.raises(AssertionError):
        check_reasons(household, replace(plan, trades=wrong))
