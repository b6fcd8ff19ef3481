from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import date
from fractions import Fraction
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import households as synthetic
from realloc.accounts import Account, Lot, lot_ids
from realloc.audit import audit_plan
from realloc.engine import rebalance
from realloc.errors import AuditError, InputError, MissingPriceError
from realloc.household import Household
from realloc.optimizer import search
from realloc.plan import Plan
from realloc.testing.strategies import documents, households
from realloc.trades import Trade
from tests.optimizer.cases import drawn, household, lot
from tests.reference.plans import shuffled

SEEDS = (31, 32, 33)


def text(plan: Plan, *, sort_accounts: bool = False) -> str:
    """Return the plan document; the rows of accounts follow the household's unless sorted."""
    document = plan.to_dict()
    if sort_accounts:
        document["accounts"].sort(key=lambda row: row["account_number"])
    return json.dumps(document)


def orders(plan: Plan) -> dict[tuple[str, str], float]:
    return {(trade.account_id, trade.symbol): trade.shares for trade in plan.trades}


@cache
def small(seed: int, variant: synthetic.Variant = "base") -> Household:
    return synthetic.household("S", seed, variant)


@cache
def medium(seed: int) -> Household:
    return synthetic.household("M", seed)


# The same household is the same plan, byte for byte (DET-1)


@pytest.mark.parametrize("variant", ["base", "semi", "cap"])
@pytest.mark.parametrize("seed", SEEDS)
def test_the_same_household_gives_the_same_bytes_whatever_came_between(
    seed: int, variant: synthetic.Variant
) -> None:
    first = text(rebalance(small(seed, variant)))
    rebalance(small(seed + 1))
    assert text(rebalance(small(seed, variant))) == first


@pytest.mark.parametrize("seed", SEEDS)
def test_rows_in_another_order_give_the_same_bytes(seed: int) -> None:
    assert text(rebalance(medium(seed))) == text(rebalance(shuffled(medium(seed), 7)))


@settings(drawn, max_examples=25)
@given(households("small"), st.integers(0, 10**6))
def test_rows_of_a_drawn_household_in_another_order_give_the_same_trades_and_figures(
    home: Household, seed: int
) -> None:
    one, other = rebalance(home), rebalance(shuffled(home, seed))
    assert replace(one, issues=()) == replace(other, issues=())


@pytest.mark.parametrize("seed", range(31, 51))
def test_the_order_of_rules_and_of_the_less_preferred_symbols_means_nothing(seed: int) -> None:
    document = medium(seed).to_dict()
    document["policy"]["wash_sales"]["identical"] = [
        group[::-1] for group in document["policy"]["wash_sales"]["identical"][::-1]
    ]
    for account in document["accounts"]:
        for key in ("only", "no_buy", "no_sell"):
            if account.get(key):
                account[key] = account[key][::-1]
    for key in ("targets", "classes"):
        document["model"][key] = dict(reversed(document["model"][key].items()))
    for kinds in document["policy"]["location"].values():
        kinds |= dict(reversed(kinds.items()))
    for group in document["model"]["classes"].values():
        symbols = group.get("symbols", [])
        if symbols:
            group["symbols"] = [symbols[0], *reversed(symbols[1:])]
    again = rebalance(Household.from_dict(document))
    assert replace(again, issues=()) == replace(rebalance(medium(seed)), issues=())


def test_the_plan_does_not_depend_on_the_seed_of_hashes() -> None:
    program = (
        "import json; from benchmarks.households import household; from realloc.engine import rebalance;"
        "print(json.dumps(rebalance(household('S', 5)).to_dict()))"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", program],
            check=True,
            capture_output=True,
            text=True,
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(["src", "."])},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(texts) == 1
    assert json.loads(texts.pop())["trades"]


# Metamorphic: what changes when everything, or something else, changes


MONEY = frozenset(
    [
        "price",
        "cash",
        "cash_reserve",
        "cash_flow",
        "max_position_value",
        "cost_per_share",
        "gain",
        "commission",
        "order",
        "min_trade_value",
        "max_realized_gain",
        "max_tax",
    ]
)
"""Keys of a household document whose values are dollars."""


def scaled(item: Any, factor: float) -> Any:
    """Return a household document with all dollars times `factor`, its shares as they are."""
    if isinstance(item, list):
        return [scaled(value, factor) for value in item]
    if not isinstance(item, dict):
        return item
    prices = {
        symbol: price for symbol, price in item.get("prices", {}).items() if not isinstance(price, dict)
    }
    out = {
        key: value * factor if key in MONEY and isinstance(value, (int, float)) else scaled(value, factor)
        for key, value in item.items()
    }
    if prices:
        out["prices"] |= {symbol: price * factor for symbol, price in prices.items()}  # type: ignore[operator]
    return out


@pytest.mark.parametrize("factor", [2.0, 4.0])
@pytest.mark.parametrize("variant", ["base", "semi", "cap"])
@pytest.mark.parametrize("seed", SEEDS)
def test_twice_the_dollars_is_the_same_shares_and_twice_the_costs(
    seed: int, variant: synthetic.Variant, factor: float
) -> None:
    home = small(seed, variant)
    one, more = rebalance(home), rebalance(Household.from_dict(scaled(home.to_dict(), factor)))
    gap = max(one.certificate.gap * factor, more.certificate.gap) + 0.01 * factor
    assert more.costs.objective == pytest.approx(one.costs.objective * factor, abs=gap)
    assert more.household.value == pytest.approx(one.household.value * factor, abs=0.02)
    if one.certificate.gap < 0.005:
        assert orders(one) == orders(more)
        assert more.household.realized_long_term == pytest.approx(
            one.household.realized_long_term * factor, abs=0.02 * factor
        )


@pytest.mark.parametrize("seed", SEEDS)
def test_symbols_renamed_in_the_same_order_trade_the_same(seed: int) -> None:
    home = small(seed)
    names = {symbol: f"N{place:02d}" for place, symbol in enumerate(sorted(home.prices))}
    document = home.to_dict()

    def renamed(item: Any) -> Any:
        if isinstance(item, dict):
            return {names.get(key, key): renamed(value) for key, value in item.items()}
        if isinstance(item, list):
            return [renamed(value) for value in item]
        return names.get(item, item) if isinstance(item, str) else item

    plan, again = rebalance(home), rebalance(Household.from_dict(renamed(document)))
    assert plan.trades
    assert orders(again) == {(a, names[s]): n for (a, s), n in orders(plan).items()}
    assert again.costs == plan.costs
    assert again.certificate == plan.certificate


@pytest.mark.parametrize("seed", SEEDS)
def test_an_account_that_does_not_trade_and_meets_its_own_targets_changes_nothing_else(seed: int) -> None:
    home = small(seed)
    still = Account(
        "Still", "ZZ", 500.0, {"STILL": 5}, {"STILL": 0.5, "CASH": 0.5}, kind="tax_exempt", do_not_trade=True
    )
    more = replace(home, prices={**home.prices, "STILL": 100.0}, accounts=(*home.accounts, still))
    plan, again = rebalance(home), rebalance(more)
    assert orders(again) == orders(plan)
    assert again.costs.objective == pytest.approx(plan.costs.objective, abs=1e-4)
    assert again.household.value == pytest.approx(plan.household.value + 1000)


@settings(drawn, max_examples=20)
@given(documents("small"))
def test_a_price_that_nobody_asks_for_changes_nothing(document: dict[str, Any]) -> None:
    plan = rebalance(Household.from_dict(document))
    document["prices"]["UNUSED"] = 12.34
    again = rebalance(Household.from_dict(document))
    assert orders(again) == orders(plan)
    assert again.costs == plan.costs


def after(home: Household, plan: Plan) -> Household:
    """Return the household after its plan, on the same day."""
    cash = {row.account_number: row.cash_after for row in plan.accounts}
    accounts = []
    for account in home.accounts:
        trades = [trade for trade in plan.trades if trade.account_id == account.account_number]
        positions = dict(account.positions)
        for trade in trades:
            positions[trade.symbol] = round(positions.get(trade.symbol, 0.0) + trade.shares, 9)
        lots = lots_after(home, account, trades)
        accounts.append(
            replace(
                account,
                cash=cash[account.account_number],
                cash_flow=0.0,
                positions=positions,
                lots=tuple(lots),
            )
        )
    return replace(home, accounts=tuple(accounts))


def lots_after(home: Household, account: Account, trades: list[Trade]) -> list[Lot]:
    """Return the lots that are left and those that were bought, of positions that have lots."""
    listed = {item.symbol for item in account.lots}
    left = [
        Lot(
            symbol=trade.symbol,
            shares=trade.shares,
            cost_per_share=home.prices[trade.symbol] * (1 + home.spread_bps(trade.symbol) / 20_000),
            acquired=home.as_of,
            id=f"new {trade.symbol}",
        )
        for trade in trades
        if trade.shares > 0 and (trade.symbol in listed or not account.positions.get(trade.symbol))
    ]
    sold = {(trade.symbol, sale.id): sale.shares for trade in trades for sale in trade.lots}
    for name, item in zip(lot_ids(account), account.lots, strict=True):
        shares = round(item.shares - sold.get((item.symbol, name), 0.0), 9)
        if shares > 0:
            left.append(replace(item, shares=shares, id=name))
    return left


@pytest.mark.parametrize("seed", range(40, 48))
def test_a_plan_carried_out_leaves_almost_nothing_to_do(seed: int) -> None:
    home = small(seed)
    plan = rebalance(home)
    done = after(home, plan)
    again = rebalance(done)
    # what is left to gain is the first plan's gap, and cents
    assert again.costs.do_nothing - again.costs.objective <= plan.certificate.gap + 0.05
    assert again.household.drift_before == pytest.approx(plan.household.drift_after, abs=1e-4)


# Every plan is sound, or is withheld


@pytest.mark.parametrize("variant", ["base", "semi", "cap"])
@pytest.mark.parametrize("seed", [51, 52])
def test_plans_of_medium_households_pass_the_audit_and_are_no_worse_than_nothing(
    seed: int, variant: synthetic.Variant
) -> None:
    home = synthetic.household("M", seed, variant)
    plan = rebalance(home)
    assert not audit_plan(home, plan).errors
    assert plan.trades
    assert plan.costs.objective <= plan.costs.do_nothing
    assert 0 <= plan.certificate.gap_bps <= (5 if variant == "cap" else 1)


@pytest.mark.parametrize("limit", [0.0, 1e-9, 0.05])
def test_a_time_limit_gives_an_audited_plan_with_its_status_and_gap(limit: float) -> None:
    home = synthetic.household("M", 61, "cap")
    plan = rebalance(home, time_limit=limit)
    assert not audit_plan(home, plan).errors
    assert plan.certificate.status in {"time_limit", "certified"}
    assert plan.certificate.gap >= 0
    free = rebalance(home)
    assert plan.certificate.bound <= free.costs.objective + 1e-6
    assert free.certificate.bound <= plan.costs.objective + 1e-6
    if limit == 0.0:
        assert plan.certificate.status == "time_limit"
    assert free.certificate.status != "time_limit"


def test_a_plan_that_is_exactly_the_best_is_called_optimal() -> None:
    plan = rebalance(household({"cash": 1000}, {"S": 100}, {"S": 1}))
    assert plan.certificate.gap == 0
    assert plan.certificate.gap < 0.005


def test_a_gap_of_half_a_cent_or_more_is_not_called_optimal() -> None:
    found = {
        plan.certificate.status
        for plan in (rebalance(medium(seed)) for seed in SEEDS)
        if plan.certificate.gap >= 0.005
    }
    assert found <= {"certified"}


def broken(plan: Plan, what: str) -> Plan:
    """Return a good plan with one fault."""
    first = plan.trades[0]
    if what == "oversold":
        faulty: dict[str, Any] = {"trades": (replace(first, shares=first.shares * 1000), *plan.trades[1:])}
    elif what == "unlisted":
        faulty = {"trades": plan.trades[1:]}
    elif what == "cash":
        row = plan.accounts[0]
        faulty = {"accounts": (replace(row, cash_after=row.cash_after + 0.01), *plan.accounts[1:])}
    elif what == "objective":
        faulty = {"costs": replace(plan.costs, objective=plan.costs.objective - 1)}
    elif what == "drift":
        faulty = {"household": replace(plan.household, drift_after=plan.household.drift_after / 2)}
    elif what == "class":
        faulty = {"classes": plan.classes[1:]}
    elif what == "gap":
        faulty = {"certificate": replace(plan.certificate, gap=plan.certificate.gap + 5)}
    elif what == "bound":
        over = plan.costs.objective + 10
        faulty = {"certificate": replace(plan.certificate, bound=over, gap=0.0)}
    else:
        taken = tuple(replace(sale, gain=sale.gain + 1) for sale in first.lots)
        faulty = {"trades": (replace(first, lots=taken), *plan.trades[1:])}
    return replace(plan, **faulty)


@pytest.mark.parametrize(
    "what", ["oversold", "unlisted", "cash", "objective", "drift", "class", "gap", "bound", "lots"]
)
def test_a_broken_plan_is_withheld(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    home = household(
        {"cash": 1000, "positions": {"S": 20}, "lots": [lot("S", 20, 90.0)]},
        {"S": 100, "T": 50},
        {"S": 0.5, "T": 0.5},
    )
    good = rebalance(home)
    assert [trade.symbol for trade in good.trades] == ["S", "T"]
    monkeypatch.setattr(search, "optimize", lambda *_args, **_options: broken(good, what))
    with pytest.raises(AuditError) as raised:
        rebalance(home)
    assert raised.value.findings
    assert all(finding.severity == "error" for finding in raised.value.findings)


def test_an_unsound_household_is_refused_before_it_is_planned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "optimize", lambda *_args, **_options: pytest.fail("planned"))
    with pytest.raises(MissingPriceError):
        rebalance(household({"cash": 1, "positions": {"GONE": 1}}, {"S": 1}, {"S": 1}))
    with pytest.raises(InputError):
        rebalance(household([], {"S": 1}, {"S": 1}))


def test_warnings_of_the_check_are_in_the_plan() -> None:
    plan = rebalance(household({"cash": 1000, "positions": {"S": 1}}, {"S": 100}, {"S": 1}))
    assert [issue.code for issue in plan.issues if issue.severity == "warning"] == ["lot.unknown_basis"]


# By hand


def test_an_empty_household_is_left_alone() -> None:
    plan = rebalance(household({"cash": 0}, {"S": 100}, {"S": 1}))
    assert plan.trades == ()
    assert plan.certificate.gap == 0


def test_a_loss_is_harvested_where_it_pays_and_not_washed() -> None:
    # selling saves 10 x 50 x 0.37 = 185 dollars; TWIN of the same class is no identical symbol
    home = household(
        {"cash": 0, "positions": {"S": 10}, "lots": [lot("S", 10, 150.0, "2025-09-01")]},
        {"S": 100, "TWIN": 100},
        {"stocks": 1},
        classes={"stocks": {"symbols": ["S", "TWIN"]}},
        tax={"loss_value": 1.0},
    )
    plan = rebalance(home)
    assert orders(plan) == {("A", "S"): -10, ("A", "TWIN"): 10}
    assert plan.costs.tax == pytest.approx(-185)
    identical = replace(
        home,
        policy=replace(home.policy, wash_sales=replace(home.policy.wash_sales, identical=(("S", "TWIN"),))),
    )
    # selling without buying back costs 0.06 x (1000 + 1000) and less inside the bands, and saves 185
    assert orders(rebalance(identical)) == {("A", "S"): -10}
    bought = household(
        {"cash": 0, "positions": {"S": 10}, "lots": [lot("S", 10, 150.0, "2026-02-15")]},
        {"S": 100, "TWIN": 100},
        {"stocks": 1},
        classes={"stocks": {"symbols": ["S", "TWIN"]}},
        tax={"loss_value": 1.0},
    )
    assert orders(rebalance(bought)) == {}


def test_a_reserve_that_cannot_be_reached_is_a_shortfall_to_the_cent() -> None:
    home = household(
        {"cash": 10, "cash_reserve": 100, "positions": {"OLD": 2}, "kind": "tax_exempt"},
        {"OLD": 20.005, "S": 1},
        {"S": 1},
    )
    plan = rebalance(home)
    assert orders(plan) == {("A", "OLD"): -2}
    # 10 + 40.01 = 50.01 of 100
    assert (plan.accounts[0].cash_after, plan.accounts[0].shortfall) == (50.01, 49.99)


def test_a_household_with_caps_and_reserves_out_of_reach_gets_its_plan() -> None:
    document = synthetic.document("S", 3, "cap")
    document["policy"] |= {"max_orders": 1, "max_drift": 0.0, "max_tax": 0.0}
    for account in document["accounts"]:
        account["cash_flow"] = -50_000.0
    home = Household.from_dict(document)
    plan = rebalance(home)
    assert not audit_plan(home, plan).errors
    assert len(plan.trades) == 1
    assert sum(row.shortfall for row in plan.accounts) > 0


def test_a_cap_on_tax_that_rounding_up_would_break_is_used_to_the_last_thousandth_of_a_share() -> None:
    lots = [lot("CENTS", 7, 0.22, "2025-03-02"), lot("DEAR", 58, 267.87, "2025-03-02")]
    account = {"cash": 0, "cash_reserve": 20_000, "fractional": True, "no_buy": ["CENTS"], "lots": lots}
    home = household(
        {**account, "positions": {"CENTS": 7, "DEAR": 58}},
        {"CENTS": 0.37, "DEAR": 803.61},
        {"CENTS": 2, "DEAR": 2, "CASH": 1},
        tax={"short_term_rate": 0.2, "long_term_rate": 0.3, "loss_value": 0.0},
        costs={"spread_bps": 5.0},
        max_tax=25.0,
    )
    bid = {"CENTS": Fraction("0.37") * Fraction("0.99975"), "DEAR": Fraction("803.61") * Fraction("0.99975")}
    tax = {
        name: (bid[name] - cost) / 5
        for name, cost in (("CENTS", Fraction("0.22")), ("DEAR", Fraction("267.87")))
    }
    raised = {}
    for dear in range(int(25_000 / tax["DEAR"]) + 1):
        cents = min(7_000, int((25_000 - dear * tax["DEAR"]) / tax["CENTS"]))
        raised[dear * bid["DEAR"] + cents * bid["CENTS"]] = {
            ("A", "CENTS"): -cents / 1000,
            ("A", "DEAR"): -dear / 1000,
        }
    assert orders(rebalance(home)) == raised[max(raised)]


def test_a_purchase_that_takes_less_than_a_millionth_of_a_dollar_too_much_is_a_step_smaller() -> None:
    # 0.002 x 1.00015 + 12,087.028 is 12,087.0300003
    home = household(
        {"cash": 12_087.03, "fractional": True, "kind": "tax_exempt"},
        {"HAIR": {"price": 1.0, "spread_bps": 3.0}, "MOST": 1.0},
        {"HAIR": 0.002, "MOST": 12_087.028},
    )
    plan = rebalance(home)
    assert plan.accounts[0].cash_after == 0.0
    assert plan.accounts[0].shortfall == 0.0
    assert orders(plan) == {("A", "HAIR"): 0.001, ("A", "MOST"): 12_087.028}


def test_cents_that_are_short_are_raised_though_the_order_costs_more() -> None:
    short = {"cash": 0.0, "cash_flow": -0.03, "positions": {"S": 0.001}}
    home = household(
        [{"cash": 100.0}, {"cash": 100.0}, short], {"S": 112.82}, {"CASH": 1}, costs={"order": 5.0}
    )
    plan = rebalance(home)
    assert orders(plan) == {("C", "S"): -0.001}
    assert [row.shortfall for row in plan.accounts] == [0.0, 0.0, 0.0]


def test_many_reserves_out_of_reach_under_a_cap_on_orders_end_in_a_plan() -> None:
    document = synthetic.document("M", 7, "cap")
    document["policy"] |= {"max_orders": 3, "max_drift": 0.0}
    for account in document["accounts"][:3]:
        account["cash_flow"] = -300_000.0
    home = Household.from_dict(document)
    plan = rebalance(home)
    assert not audit_plan(home, plan).errors
    assert len(plan.trades) <= 3


@pytest.mark.parametrize("shares", [10 / 3, 0.1 + 0.2, 2.123456789012, 1e-5])
def test_a_whole_position_of_many_digits_is_sold_to_the_last_digit(shares: float) -> None:
    home = household(
        {"cash": 100, "positions": {"OLD": shares}, "lots": [lot("OLD", shares, 50.0)]},
        {"OLD": 50, "S": 10},
        {"S": 1},
    )
    assert orders(rebalance(home))["A", "OLD"] == -shares


@pytest.mark.parametrize(
    ("cash", "reserve", "bought"), [(1000.007, 500.005, 4), (1000.01, 500.005, 5), (1000.007, 500.0, 5)]
)
def test_a_reserve_of_a_part_of_a_cent_is_kept_by_cash_rounded_down(
    cash: float, reserve: float, bought: int
) -> None:
    # cash after is rounded down before it is compared with the reserve (CASH-1)
    home = household({"cash": cash, "cash_reserve": reserve}, {"S": 100}, {"S": 1})
    plan = rebalance(home)
    assert orders(plan) == {("A", "S"): bought}
    assert plan.accounts[0].cash_after >= reserve


def test_one_lot_value_listed_twice_is_two_lots() -> None:
    half = Lot(symbol="S", shares=10, cost_per_share=99.0, acquired=date(2020, 1, 2))
    home = household({"cash": 0}, {"S": 100, "T": 100}, {"T": 1})
    home = replace(home, accounts=(Account("", "A", 0.0, {"S": 20}, lots=(half, half)),))
    assert orders(rebalance(home)) == {("A", "S"): -20, ("A", "T"): 20}


def test_a_lot_whose_id_reads_like_the_default_of_another_is_another_lot() -> None:
    home = household(
        {
            "cash": 0,
            "positions": {"S": 20},
            "lots": [lot("S", 10, 99.0, "2020-01-02", id="A/S/2"), lot("S", 10, 99.0, "2021-01-04")],
        },
        {"S": 100, "T": 100},
        {"T": 1},
    )
    assert orders(rebalance(home)) == {("A", "S"): -20, ("A", "T"): 20}


def test_the_preferred_symbol_is_bought_where_the_objective_ties() -> None:
    home = household(
        {"cash": 1000}, {"AAA": 100, "ZZZ": 100}, {"c": 1}, classes={"c": {"symbols": ["ZZZ", "AAA"]}}
    )
    assert orders(rebalance(home)) == {("A", "ZZZ"): 10}


@pytest.mark.parametrize("seed", range(6))
def test_the_other_symbol_is_bought_where_it_is_cheaper_by_a_cent(seed: int) -> None:
    home = household(
        {"cash": 1000 + seed},
        {"AAA": 100, "ZZZ": {"price": 100, "spread_bps": 10}},
        {"c": 1},
        classes={"c": {"symbols": ["ZZZ", "AAA"]}},
    )
    assert orders(rebalance(home)) == {("A", "AAA"): 10}


PREFERRED = [
    ({"A": 3200.0, "B": 1755.0}, 73.0),
    ({"A": 4321.0, "B": 987.0, "C": 2210.0}, 73.0),
    ({"A": 2600.0, "B": 4100.0}, 411.0),
    ({"A": 1234.0, "B": 2345.0, "C": 3456.0}, 411.0),
    ({"A": 777.0, "B": 4888.0}, 411.0),
]


@pytest.mark.parametrize(("cash", "price"), PREFERRED)
def test_rounding_to_whole_shares_keeps_to_the_preferred_symbol(cash: dict[str, float], price: float) -> None:
    home = household(
        [{"cash": dollars, "kind": "tax_deferred"} for dollars in cash.values()],
        {"AAA": 37.0, "ZZZ": 37.0, "B": price},
        {"c": 0.4, "B": 0.3, "CASH": 0.3},
        classes={"c": {"symbols": ["ZZZ", "AAA"]}},
    )
    plan = rebalance(home)
    assert {symbol for _, symbol in orders(plan)} == {"ZZZ", "B"}


def test_every_account_invests_its_own_cash() -> None:
    home = household([{"cash": 500}, {"cash": 500}], {"S": 100}, {"S": 1})
    assert orders(rebalance(home)) == {("A", "S"): 5, ("B", "S"): 5}


def test_a_household_on_which_the_solvers_presolve_crashes_gets_its_plan() -> None:
    # the whole program of it, as the referee writes it, ends the process in HiGHS 1.15's presolve
    holding = {"AAA": 0.2, "BBB": 1.0, "CCC": 2.0}
    home = household(
        {"positions": holding, "cash": 0, "cash_reserve": 201499.52, "only": [], "kind": "tax_exempt"},
        {"AAA": 500000.0, "BBB": 349.26, "CCC": 200.0},
        {"stocks": 4, "bonds": 5},
        classes={
            "stocks": {"symbols": {"AAA": 0.25, "BBB": 1.0, "CCC": 1.0}},
            "bonds": {"symbols": {"AAA": 0.5}, "band": {"absolute": 0.005, "relative": 0.1}},
        },
        costs={"spread_bps": 100.0},
    )
    assert orders(rebalance(home)) == {("A", symbol): -shares for symbol, shares in holding.items()}


def test_a_sale_of_less_than_a_cent_does_not_come_before_doing_nothing() -> None:
    # half a cent is no cent of the reserve of 50 dollars (CASH-1), and its order costs 5
    home = household(
        {"cash": 0, "positions": {"S": 0.001}, "cash_reserve": 50},
        {"S": 5},
        {"CASH": 1},
        classes={"c": {"symbols": ["S"]}},
        costs={"order": 5},
    )
    plan = rebalance(home)
    assert orders(plan) == {}
    assert plan.accounts[0].shortfall == 50.0


def test_a_lot_is_split_within_a_millionth_of_the_cap_on_gains() -> None:
    # three shares are the most: four of the lot with the lesser gain, 30 each, are 120. Of the lot that is
    # taxed less, 60 each, two thirds of a share fit: 60 * 2/3 + 30 * 7/3 = 110
    home = household(
        {
            "cash": 0,
            "positions": {"S": 10},
            "lots": [lot("S", 5, 40.0, "2020-01-02"), lot("S", 5, 70.0, "2026-01-02")],
        },
        {"S": 100, "T": 100},
        {"T": 1},
        drift={"inside_band": 0.2, "outside_band": 0.2},
        tax={"short_term_rate": 0.37, "long_term_rate": 0.1},
        max_realized_gain=110,
    )
    plan = rebalance(home)
    assert orders(plan) == {("A", "S"): -3, ("A", "T"): 3}
    assert plan.household.realized_long_term == pytest.approx(40, abs=1e-6)
    assert plan.household.realized_short_term == pytest.approx(70, abs=1e-6)
