"""The monitor says of each household what a walk through its document says."""

from __future__ import annotations

import copy
from datetime import date
from math import fsum
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.households import document as drawn
from realloc import Household, InputError, rebalance
from realloc.batch import MONITOR, TABLES, MonitorOptions, monitor, tables_of
from realloc.optimizer.scopes import account_value, drift_weight, scopes_of
from realloc.testing.strategies import documents


def reference(home: Household, options: MonitorOptions) -> tuple[set[str], float, float]:
    """Return the reasons, the drift and the losses of a household, one account and one lot after the other."""
    reasons = set()
    value = fsum(account_value(account, home) for account in home.accounts)
    if not value > 0:
        return {"unclear"}, 0.0, 0.0
    off, idle = [], []
    counted = fsum(scope.value for scope in scopes_of(home))
    for scope in scopes_of(home):
        cash = fsum(account.cash + account.cash_flow for account in scope.accounts)
        counted_cash = fsum((one.cash + one.cash_flow) * drift_weight(one, home) for one in scope.accounts)
        worth = fsum(account_value(account, home) for account in scope.accounts)
        for n, group in enumerate(scope.groups):
            has = [
                shares * home.prices[symbol] * share * drift_weight(account, home)
                for account in scope.accounts
                for symbol, shares in account.positions.items()
                for at, share in scope.cover.get(symbol, ())
                if at == n and shares
            ]
            is_cash = n == len(scope.groups) - 1
            miss = abs((counted_cash if is_cash else fsum(has)) - group.target * scope.value)
            off.append(miss)
            if miss > group.band * scope.value + 0.01:
                reasons.add("outside_band")
            if is_cash:
                reserves = fsum(account.cash_reserve for account in scope.accounts)
                idle.append(max(0.0, cash - max(reserves, group.target * worth)))
    if fsum(idle) > options.idle_cash * value + 0.01:
        reasons.add("idle_cash")
    for account in home.accounts:
        if account.cash_flow:
            reasons.add("cash_flow")
        if account.cash + account.cash_flow < account.cash_reserve - 0.01:
            reasons.add("below_reserve")
    loss = losses(home)
    if loss and loss >= options.loss:
        reasons.add("harvest")
    return reasons, fsum(off) / 2 / counted if counted > 0 else 0.0, loss


def losses(home: Household) -> float:
    wash = home.policy.wash_sales

    def alike(symbol: str) -> set[str]:
        found = {symbol}
        while True:
            more = found.union(*(group for group in wash.identical if found & {*group}))
            if more == found:
                return found
            found = more

    def fresh(day: date) -> bool:
        return wash.mode == "avoid" and 0 <= (home.as_of - day).days <= wash.window_days

    bought = {lot.symbol for account in home.accounts for lot in account.lots if fresh(lot.acquired)}
    bought |= {trade.symbol for trade in home.recent_trades if trade.shares > 0 and fresh(trade.traded)}
    found = []
    for account in home.accounts:
        for lot in account.lots:
            bid = home.prices[lot.symbol] * (1 - home.spread_bps(lot.symbol) / 20_000)
            if account.kind != "taxable" or account.do_not_trade or lot.symbol in account.no_sell:
                continue
            if lot.cost_per_share > bid and not alike(lot.symbol) & bought:
                found.append((lot.cost_per_share - bid) * lot.shares)
    return fsum(found)


def compare(homes: list[dict[str, Any]], options: MonitorOptions) -> None:
    rows = monitor(tables_of((f"h{n:03}", home) for n, home in enumerate(homes)), options).to_pylist()
    assert [row["household_id"] for row in rows] == [f"h{n:03}" for n in range(len(homes))]
    for row, home in zip(rows, homes, strict=True):
        reasons, drift, loss = reference(Household.from_dict(home), options)
        assert set(row["reasons"].split()) == reasons, home
        assert row["needed"] == bool(reasons)
        if "unclear" not in reasons:
            assert row["drift"] == pytest.approx(drift, abs=1e-9)
            assert row["loss"] == pytest.approx(loss, abs=1e-6)


@settings(max_examples=60)
@given(st.lists(documents("small"), min_size=1, max_size=12), st.sampled_from([0.0, 0.02, 0.3]))
def test_the_monitor_decides_as_a_walk_through_each_household_does(
    homes: list[dict[str, Any]], part: float
) -> None:
    compare(homes, MonitorOptions(idle_cash=part, loss=10_000 * part))


def test_the_monitor_decides_so_on_large_households_too() -> None:
    compare(
        [drawn("S", seed) for seed in range(60)] + [drawn("M", seed) for seed in range(12)], MonitorOptions()
    )


def test_what_a_plan_leaves_inside_its_bands_needs_none() -> None:
    home = drawn("S", 3)
    for account in home["accounts"]:
        account.pop("cash_flow", None)
    home["policy"] |= {
        "drift": {"inside_band": 0.01, "outside_band": 1.0},
        "tax": {"long_term_rate": 0.0, "short_term_rate": 0.0},
    }
    plan = rebalance(Household.from_dict(home))
    after = copy.deepcopy(home)
    cash = {row.account_number: row.cash_after for row in plan.accounts}
    for account in after["accounts"]:
        account["cash"] = cash[account["account_number"]]
        account.pop("lots")
        for trade in plan.trades:
            if trade.account_id == account["account_number"]:
                account["positions"][trade.symbol] = (
                    account["positions"].get(trade.symbol, 0.0) + trade.shares
                )
    before_row, after_row = monitor(tables_of([("a", home), ("b", after)])).to_pylist()
    assert "outside_band" in before_row["reasons"]
    assert after_row["reasons"] == ""
    assert before_row["drift"] == pytest.approx(plan.household.drift_before)
    assert after_row["drift"] == pytest.approx(plan.household.drift_after, abs=1e-4)


def calm() -> dict[str, Any]:
    """A household that needs nothing: half and half to the dollar."""
    return {
        "as_of": "2026-11-20",
        "prices": {"VTI": 250.0, "BND": 50.0},
        "accounts": [
            {
                "account_number": "A1",
                "cash": 0.0,
                "positions": {"VTI": 2, "BND": 10},
                "lots": [{"symbol": "VTI", "shares": 2, "cost_per_share": 200.0, "acquired": "2020-01-02"}],
            }
        ],
        "model": {"name": "half", "targets": {"VTI": 0.5, "BND": 0.5}},
        "policy": {},
    }


def test_a_calm_household_needs_no_plan() -> None:
    table = monitor(tables_of([("a", calm())]))
    assert table.schema == MONITOR
    (row,) = table.to_pylist()
    assert (row["needed"], row["reasons"], row["value"], row["drift"]) == (False, "", 1000.0, 0.0)


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("households", "as_of", None),
        ("households", "model_id", "none"),
        ("households", "prices_id", "none"),
        ("households", "more", '{"issues": []}'),
        ("accounts", "account_number", "A2"),
        ("accounts", "cash", float("nan")),
        ("accounts", "cash", -1.0),
        ("accounts", "more", '{"cash": "much"}'),
        ("accounts", "more", "{"),
        ("accounts", "more", '{"targets": {"VTI": "all"}}'),
        ("accounts", "more", '{"targets": {"VTI": 0}}'),
        ("positions", "shares", None),
        ("positions", "shares", -1.0),
        ("positions", "symbol", "OTHER"),
        ("positions", "symbol", "CASH"),
        ("lots", "shares", 3.0),
        ("lots", "acquired", None),
        ("lots", "account_number", "A2"),
        ("prices", "price", None),
        ("prices", "price", float("inf")),
        ("models", "more", "{"),
        ("targets", "weight", None),
        ("policies", "document", '{"unknown": 1}'),
    ],
)
def test_what_the_monitor_cannot_judge_needs_a_plan(table: str, column: str, value: Any) -> None:
    tables = tables_of([("a", calm()), ("b", calm() | {"as_of": "2026-11-19"})])
    rows = tables[table].to_pylist()
    rows[0][column] = value
    tables[table] = pa.Table.from_pylist(rows, schema=TABLES[table])
    found = {row["household_id"]: row for row in monitor(tables).to_pylist()}
    assert "unclear" in found["a"]["reasons"]
    shared = table in ("prices", "models", "targets", "policies")
    assert found["b"]["needed"] == shared


def test_the_options_are_numbers_from_zero() -> None:
    with pytest.raises(InputError, match="loss"):
        MonitorOptions(loss=float("nan"))
