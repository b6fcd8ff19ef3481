"""What a plan says of its limits is true, in the user's words and amounts."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from benchmarks.households import document
from benchmarks.households import household as benchmark_household
from realloc.audit import audit_trades
from realloc.engine import rebalance
from realloc.errors import Issue
from realloc.household import Household
from realloc.optimizer.blocks import identical_symbols
from realloc.optimizer.decode import trades_of
from realloc.optimizer.integer import Repair
from realloc.optimizer.problem import build
from realloc.optimizer.words import cents, listing, percent, shares, usd
from realloc.plan import Plan
from realloc.policy import Drift, Tax
from realloc.testing.strategies import households
from realloc.trades import Trade

HALF = {"name": "m", "targets": {"VTI": 0.5, "BND": 0.5}}


def household_of(accounts: list[dict[str, Any]], model: dict[str, Any], **more: Any) -> Household:
    prices = more.pop("prices", dict.fromkeys(("VTI", "ITOT", "BND", "OLD"), 100.0))
    return Household.from_dict(
        {"as_of": "2026-11-20", "prices": prices, "accounts": accounts, "model": model, **more}
    )


def account(number: str, positions: dict[str, float], **more: Any) -> dict[str, Any]:
    return {"account_number": number, "cash": 0.0, "kind": "tax_deferred", "positions": positions, **more}


def lot(symbol: str, shares: float, cost: float, acquired: str = "2020-01-02") -> dict[str, Any]:
    return {"symbol": symbol, "shares": shares, "cost_per_share": cost, "acquired": acquired}


def found(plan: Plan, code: str) -> list[Issue]:
    return [issue for issue in plan.issues if issue.code == code]


def only(plan: Plan, code: str) -> Issue:
    (issue,) = found(plan, code)
    return issue


class TestShortfall:
    def test_a_withdrawal_that_no_sell_blocks_says_by_how_much_and_what_is_kept(self) -> None:
        ira = account("A1", {"VTI": 100, "BND": 3}, no_sell=["VTI"], cash_flow=-1000.0)
        issue = only(rebalance(household_of([ira], HALF)), "shortfall")
        # Three BND bring 300 of the 1,000.
        assert issue.message == "the withdrawal of $1,000.00 is $700.00 short: no_sell keeps $10,000 of VTI"
        assert (issue.where, issue.severity) == ("accounts[A1].cash_flow", "warning")

    def test_a_reserve_in_an_account_without_holdings_has_nothing_to_sell(self) -> None:
        plan = rebalance(household_of([account("A1", {}, cash=20.5, cash_reserve=500.0)], HALF))
        issue = only(plan, "shortfall")
        assert issue.message == "the reserve of $500.00 is $479.50 short: nothing is left to sell"
        assert issue.where == "accounts[A1].cash_reserve"

    def test_do_not_trade_is_named(self) -> None:
        plan = rebalance(household_of([account("A1", {"VTI": 5}, cash_flow=-50.0, do_not_trade=True)], HALF))
        assert only(plan, "shortfall").message == (
            "the withdrawal of $50.00 is $50.00 short: do_not_trade keeps $500 of VTI"
        )

    def test_a_recent_purchase_that_closes_losses_is_named_with_its_last_day(self) -> None:
        taxable = account(
            "A1", {"VTI": 10}, kind="taxable", cash_flow=-200.0, lots=[lot("VTI", 10, 150.0, "2026-11-01")]
        )
        # Bought on 1 November: losses wait for 30 days, day 30 is 1 December.
        assert only(rebalance(household_of([taxable], HALF)), "shortfall").message == (
            "the withdrawal of $200.00 is $200.00 short: the wash-sale window (bought on 2026-11-01; losses may be "
            "taken from 2026-12-02) keeps $1,000 of VTI"
        )

    def test_the_least_trade_is_named(self) -> None:
        plan = rebalance(
            household_of(
                [account("A1", {"VTI": 2}, cash_flow=-100.0)], HALF, policy={"min_trade_value": 500.0}
            )
        )
        assert only(plan, "shortfall").message.endswith("$100.00 short: min_trade_value keeps $200 of VTI")

    def test_a_cap_on_gains_is_named(self) -> None:
        taxable = account("A1", {"VTI": 10}, kind="taxable", cash_flow=-500.0, lots=[lot("VTI", 10, 60.0)])
        plan = rebalance(
            household_of(
                [taxable], {"name": "m", "targets": {"VTI": 1.0}}, policy={"max_realized_gain": 80.0}
            )
        )
        # A gain of 40 each: two shares bring 200.
        assert only(plan, "shortfall").message == (
            "the withdrawal of $500.00 is $300.00 short: max_realized_gain of $80.00"
        )

    def test_an_account_that_meets_its_reserve_is_not_spoken_of(self) -> None:
        plan = rebalance(household_of([account("A1", {"VTI": 10, "BND": 10}, cash_flow=-100.0)], HALF))
        assert not found(plan, "shortfall")


class TestReach:
    def test_no_sell_keeps_a_class_over_its_target(self) -> None:
        plan = rebalance(household_of([account("A1", {"VTI": 70, "BND": 30}, no_sell=["VTI"])], HALF))
        issue = next(i for i in found(plan, "class.out_of_reach") if i.where == "model.targets.VTI")
        assert issue.message == (
            "VTI stays at 70.0% (target 50.0%): no plan under these rules brings it below 70.00%; "
            "in the way: no_sell keeps $7,000 of VTI"
        )

    def test_menus_keep_a_class_under_its_target(self) -> None:
        # Of $10,000, BND is on the menu of A2 alone, which holds $2,000 in all.
        accounts = [account("A1", {"VTI": 80}, only=["VTI"]), account("A2", {"VTI": 20})]
        plan = rebalance(household_of(accounts, HALF))
        issue = next(i for i in found(plan, "class.out_of_reach") if i.where == "model.targets.BND")
        assert issue.message == (
            "BND stays at 20.0% (target 50.0%): no plan under these rules brings it above 20.00%; "
            "in the way: not on the menu in A1; only so much can be paid for in A2"
        )

    def test_a_recent_sale_at_a_loss_names_the_first_day_to_buy(self) -> None:
        sale = {"account_number": "A1", "symbol": "BND", "shares": -5, "price": 90.0, "traded": "2026-11-10"}
        taxable = account("A1", {"VTI": 10}, kind="taxable", lots=[lot("VTI", 10, 100.0)])
        plan = rebalance(household_of([taxable], HALF, recent_trades=[sale | {"gain": -50.0}]))
        issue = next(i for i in found(plan, "class.out_of_reach") if i.where == "model.targets.BND")
        assert issue.message.endswith(
            "above 0.00%; in the way: the wash-sale window (sold at a loss on 2026-11-10; to be bought from "
            "2026-12-11) in A1"
        )

    def test_a_cap_on_drift_out_of_reach_says_what_is_reached_and_proven(self) -> None:
        ira = account("A1", {"VTI": 70, "BND": 30}, no_sell=["VTI"])
        plan = rebalance(household_of([ira], HALF, policy={"max_drift": 0.05}))
        # VTI is 20 points over and BND 20 points under, whatever is done.
        assert only(plan, "drift.unreachable").message == (
            "household drift stays at 20.00%, above the cap of 5.00%; the rules allow no less than 20.0%"
        )

    @settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(household=households())
    def test_no_plan_that_cares_for_nothing_but_drift_gets_further(self, household: Household) -> None:
        claims = found(rebalance(household, time_limit=3.0), "class.out_of_reach")
        if not claims:
            return
        policy = replace(
            household.policy,
            drift=Drift(inside_band=1.0, outside_band=1.0),
            tax=Tax(short_term_rate=0.0, long_term_rate=0.0, loss_value=0.0),
        )
        classes = rebalance(replace(household, policy=policy), time_limit=3.0).classes
        for issue in claims:
            side, limit = re.findall(r"brings it (below|above) ([\d.]+)%", issue.message)[0]
            own = re.findall(r"^accounts\[(.*)\]\.", issue.where) or re.findall(
                r" in (A\d) stays at", issue.message
            )
            weight = next(
                c.after
                for c in classes
                if issue.where.endswith(f"targets.{c.name}") and c.account == (own[0] if own else "")
            )
            bound = float(limit) / 100
            assert weight >= bound - 1e-9 if side == "below" else weight <= bound + 1e-9, issue.message


class TestStops:
    def test_a_step_that_costs_more_than_it_saves_is_weighed_in_dollars(self) -> None:
        # 5 points over, inside the band: 0.004 x 2 x 500 = 4 to save; 5 shares with a gain of 50 each: 50 of tax.
        lots = [lot("VTI", 55, 50.0)]
        taxable = account("A1", {"VTI": 55, "BND": 45}, kind="taxable", lots=[*lots, lot("BND", 45, 100.0)])
        plan = rebalance(household_of([taxable], HALF))
        assert not plan.trades
        messages = [issue.message for issue in found(plan, "stop.cost")]
        assert messages[0] == (
            "BND stays at 45.0% (target 50.0%): selling 5 more VTI and buying 5 more BND in A1 would cost "
            "$50.00 of tax to save $4.00 of drift"
        )

    def test_lots_with_losses_that_the_plan_leaves_may_be_sold_in_a_further_step(self) -> None:
        # Losses that are worth nothing, and a spread of 2%: six shares sold bring 594, five bought cost 505. That
        # is $11 of spread; VTI is 100 off instead of 500 (1.60 saved), BND not at all (2 saved), and 89 of cash
        # that nobody wants cost 5.34.
        lots = [lot("VTI", 55, 150.0), lot("BND", 45, 100.0)]
        taxable = account("A1", {"VTI": 55, "BND": 45}, kind="taxable", lots=lots)
        policy = {"tax": {"loss_value": 0.0}, "costs": {"spread_bps": 200.0}}
        plan = rebalance(household_of([taxable], HALF, policy=policy))
        assert not plan.trades
        assert found(plan, "stop.cost")[0].message == (
            "BND stays at 45.0% (target 50.0%): selling 6 more VTI and buying 5 more BND in A1 would cost "
            "$11.00 of spread and $1.74 of drift and save nothing"
        )

    def test_a_cap_on_orders_that_stops_a_plan_is_named(self) -> None:
        ira = account("A1", {"VTI": 80, "BND": 20})
        plan = rebalance(household_of([ira], HALF, policy={"max_orders": 1}))
        assert not plan.trades
        assert {i.message.split("would ")[-1] for i in found(plan, "stop.limit")} == {
            "exceed max_orders of 1"
        }

    def test_a_plan_on_target_says_nothing(self) -> None:
        assert not rebalance(household_of([account("A1", {"VTI": 60, "BND": 40})], HALF)).issues

    @pytest.mark.parametrize("variant", ["base", "semi"])
    def test_amounts_of_further_steps_agree_with_the_audit(self, variant: Any) -> None:
        weighed = 0
        for size, seed in (("S", 902), ("S", 2), ("M", 901), ("M", 902), ("M", 905)):
            household = benchmark_household(size, seed, variant)  # type: ignore[arg-type]
            plan = rebalance(household)
            base = audit_trades(household, plan.trades).costs
            for issue in found(plan, "stop.cost"):
                after = audit_trades(household, further(household, plan, issue.message))
                assert not after.errors, issue.message
                change = {
                    name: float(getattr(after.costs, part) - getattr(base, part))
                    for part, name in (
                        ("tax", "tax"),
                        ("trading", "trading costs" if variant == "semi" else "spread"),
                        ("location", "location cost"),
                        ("drift", "drift"),
                    )
                }
                assert sum(change.values()) > 0
                for name, dollars in change.items():
                    assert_says(issue.message, name, dollars)
                weighed += 1
        assert weighed


def further(household: Household, plan: Plan, message: str) -> list[Trade]:
    """Return the trades of a plan with the step that a message names."""
    problem = build(household)
    place = {
        (problem.accounts[n].account_number, problem.symbols[s]): p
        for p, (n, s) in enumerate(
            zip(problem.pairs.account.tolist(), problem.pairs.symbol.tolist(), strict=True)
        )
    }
    counts = np.zeros(len(place))
    for trade in plan.trades:
        counts[place[trade.account_id, trade.symbol]] = trade.shares
    number = re.findall(r" in (\S+) would cost", message)[0]
    for verb, shares_, symbol in re.findall(
        r"(selling|buying) (?:the last )?([\d,.]+) (?:more )?(\S+)", message
    ):
        counts[place[number, symbol]] += float(shares_.replace(",", "")) * (1 if verb == "buying" else -1)
    bought = np.bincount(problem.pairs.wash, weights=counts > 0, minlength=len(problem.coupled)) > 0
    made = Repair(problem, ~bought)
    made.set(np.round(counts, 9))
    return trades_of(problem, made)


def assert_says(message: str, name: str, dollars: float) -> None:
    """Check that a message states a change of one part of the objective, on the right side of its balance."""
    cost, _, saved = message.split(" would cost ")[1].partition(" to save ")
    said = re.findall(rf"\$([\d,]+(?:\.\d\d)?) of {name}(?![a-z ]*cost)", cost if dollars > 0 else saved)
    if abs(dollars) < 0.005:
        assert not said or float(said[0]) <= 0.01, message
        return
    stated = float(said[0].replace(",", ""))
    assert stated == pytest.approx(abs(dollars), abs=0.5001 if "." not in said[0] else 0.0051), message


class TestPrices:
    def test_a_cap_on_orders_costs_what_the_plan_without_it_saves(self) -> None:
        ira = account("A1", {"VTI": 80, "BND": 20})
        plan = rebalance(household_of([ira], HALF, policy={"max_orders": 1}))
        # Selling alone leaves cash that nobody wants, so nothing is done: VTI and BND are 3,000 off,
        # each 0.004 x 3,000 + 0.056 x 2,500 = 152. Without the cap it is nothing.
        issue = only(plan, "cap.binds")
        assert issue.message == "max_orders of 1 binds: it costs about $304"
        assert (issue.where, issue.severity) == ("policy.max_orders", "info")

    def test_a_cap_on_gains_costs_the_drift_that_it_keeps_less_the_tax_that_it_saves(self) -> None:
        taxable = account("A1", {"OLD": 100}, kind="taxable", lots=[lot("OLD", 100, 90.0)])
        plan = rebalance(
            household_of(
                [taxable], {"name": "m", "targets": {"CASH": 1.0}}, policy={"max_realized_gain": 100.0}
            )
        )
        # Ten shares are sold. The other 90: OLD 0.06 x 9,000 = 540, CASH 0.004 x 9,000 + 0.056 x 8,500... less
        # its band of 5%: 36 + 0.056 x 8,500 = 512; and 90 x 10 x 20% = 180 of tax saved.
        assert only(
            plan, "cap.binds"
        ).message == "max_realized_gain of $100 binds: it costs about $872".replace("$100 ", "$100.00 ")

    def test_a_cap_on_drift_costs_the_tax_that_it_asks_for(self) -> None:
        taxable = account("A1", {"OLD": 100}, kind="taxable", lots=[lot("OLD", 100, 50.0)])
        model = {"name": "m", "targets": {"OLD": 0.5, "CASH": 0.5}}
        plan = rebalance(household_of([taxable], model, policy={"max_drift": 0.02}))
        # A share costs 10 of tax. It saves 2 x 6 outside the bands, so 45 go without the cap, and 2 x 0.4 inside:
        # three more, to 5,200 of OLD, cost 3 x 9.20.
        issue = only(plan, "cap.binds")
        assert issue.message == "max_drift of 2.0% binds: it costs about $27.60"
        assert issue.where == "policy.max_drift"
        assert not found(rebalance(household_of([taxable], model, policy={"max_drift": 0.2})), "cap.binds")

    def test_a_cap_on_a_position_costs_the_drift_that_it_leaves(self) -> None:
        ira = account("A1", {}, cash=10_000.0, max_position_value=5_000.0)
        plan = rebalance(household_of([ira], {"name": "m", "targets": {"VTI": 1.0}}))
        # 50 of 100 shares are bought. VTI is 5,000 under: 0.004 x 500 + 0.06 x 4,500; CASH 5,000 over a band of 0.
        issue = only(plan, "cap.binds")
        assert issue.message == "max_position_value of $5,000.00 binds: it costs about $572"
        assert issue.where == "accounts[A1].max_position_value"

    def test_a_cap_with_room_has_no_price(self) -> None:
        ira = account("A1", {"VTI": 80, "BND": 20})
        plan = rebalance(household_of([ira], HALF, policy={"max_orders": 3}))
        assert not found(plan, "cap.binds")

    def test_the_least_trade_has_a_price_where_an_order_stands_at_it(self) -> None:
        ira = account("A1", {"VTI": 54, "BND": 46}, fractional=False)
        free = rebalance(household_of([ira], HALF))
        bound = rebalance(household_of([ira], HALF, policy={"min_trade_value": 600.0}))
        price = bound.costs.objective - free.costs.objective
        assert (
            only(bound, "cap.binds").message
            == f"min_trade_value of $600.00 binds: it costs about {usd(price)}"
        )

    @pytest.mark.parametrize("seed", [2, 31])
    def test_a_cap_has_a_price_where_plans_without_it_save_a_dollar(self, seed: int) -> None:
        household = benchmark_household("S", seed, "cap")
        plan = rebalance(household)
        saved = {}
        for name in ("max_orders", "max_realized_gain", "max_tax"):
            policy = replace(household.policy, **{name: None})  # type: ignore[arg-type]  # a cap that is not set
            free = rebalance(replace(household, policy=policy))
            saved[f"policy.{name}"] = plan.costs.objective - free.costs.objective
        priced = {
            issue.where: issue.message.rpartition("it costs about ")[2] for issue in found(plan, "cap.binds")
        }
        assert priced == {where: usd(dollars) for where, dollars in saved.items() if dollars >= 1}


class TestWashWindow:
    def test_a_loss_says_through_which_day_and_which_symbols(self) -> None:
        taxable = account("A1", {"ITOT": 10}, kind="taxable", lots=[lot("ITOT", 10, 150.0)])
        model = {"name": "m", "targets": {"us": 1.0}, "classes": {"us": {"symbols": ["VTI", "ITOT"]}}}
        policy = {"wash_sales": {"identical": [["ITOT", "SCHB"], ["SCHB", "SPTM"]]}}
        issue = only(rebalance(household_of([taxable], model, policy=policy)), "wash.window")
        # 20 November plus 30 days.
        assert issue.message == (
            "ITOT is sold at a loss of $500: buying ITOT or SCHB or SPTM in any account through 2026-12-20 would "
            "make it a wash sale"
        )
        assert issue.where == "accounts[A1].positions.ITOT"

    def test_no_window_where_wash_sales_are_not_avoided_or_the_account_is_sheltered(self) -> None:
        model = {"name": "m", "targets": {"VTI": 1.0}}
        lots = [lot("OLD", 10, 150.0)]
        taxable = account("A1", {"OLD": 10}, kind="taxable", lots=lots)
        allowed = {"wash_sales": {"avoid": False}}
        assert not found(rebalance(household_of([taxable], model, policy=allowed)), "wash.window")
        assert not found(rebalance(household_of([taxable | {"kind": "tax_exempt"}], model)), "wash.window")

    def test_identity_is_transitive(self) -> None:
        policy = {"wash_sales": {"identical": [["C", "D"], ["A", "B"], ["B", "C"]]}}
        household = household_of([account("A1", {})], HALF, policy=policy)
        assert identical_symbols(household) == {name: ["A", "B", "C", "D"] for name in "ABCD"}


def test_issues_do_not_depend_on_the_order_of_rows() -> None:
    data = document("M", 902, "semi")
    turned = data | {
        "accounts": [
            a
            | {"positions": dict(reversed(a["positions"].items()))}
            | ({"lots": a["lots"][::-1]} if "lots" in a else {})
            for a in reversed(data["accounts"])
        ],
        "prices": dict(reversed(data["prices"].items())),
        "recent_trades": data["recent_trades"][::-1],
    }
    one, two = (rebalance(Household.from_dict(d)) for d in (data, turned))
    assert one.issues == two.issues
    assert [t.reason for t in one.trades] == [t.reason for t in two.trades]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(household=households())
def test_plan_issues_are_never_errors_and_say_the_shortfall_of_the_plan(household: Household) -> None:
    plan = rebalance(household, time_limit=3.0)
    assert all(issue.severity in {"warning", "info"} for issue in plan.issues)
    short = {a.account_number: a.shortfall for a in plan.accounts if a.shortfall > 0.01}
    for number, dollars in short.items():
        messages = [i.message for i in found(plan, "shortfall") if i.where.startswith(f"accounts[{number}].")]
        assert len(messages) == 1
        stated = float(re.findall(r"is \$([\d,.]+) short", messages[0])[0].replace(",", ""))
        assert stated == pytest.approx(dollars, abs=0.0101)


def test_words_of_amounts() -> None:
    assert [usd(x) for x in (0.004, 99.994, 99.996, 1234567.4, -5.0)] == [
        "$0.00",
        "$99.99",
        "$100",
        "$1,234,567",
        "-$5.00",
    ]
    assert [cents(x) for x in (1234.5, -0.5)] == ["$1,234.50", "-$0.50"]
    assert [percent(x) for x in (0.0934, 0.0002)] == ["9.3%", "less than 0.1%"]
    assert [shares(x) for x in (1234.0, 660.135)] == ["1,234", "660.135"]
    assert [listing(list(x)) for x in ("A", "AB", "ABCD", "ABCDE")] == [
        "A",
        "A and B",
        "A, B, C and D",
        "A, B, C and 2 more",
    ]
