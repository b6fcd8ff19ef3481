from __future__ import annotations

from datetime import date, timedelta

import pytest

from realloc import Account, PortfolioModel, PortfolioStateManager
from realloc.accounts import Lot
from realloc.engine import rebalance
from realloc.errors import InputError
from realloc.household import Household
from realloc.plugins.core.base import RebalancerPlugin
from realloc.plugins.rebalancers.optimal_rebalancer import OptimalRebalancer
from realloc.policy import Costs, Policy, Tax
from realloc.portfolio import calculate_portfolio_positions, calculate_target_shares
from realloc.testing.conformance import RebalancerConformance
from realloc.trades import compute_portfolio_trades

AS_OF = date(2026, 3, 1)


class TestConformance(RebalancerConformance):
    plugin = OptimalRebalancer
    entry_point = "optimal"

    def make(self) -> OptimalRebalancer:
        return OptimalRebalancer(as_of=AS_OF)


def readme_state() -> tuple[PortfolioStateManager, dict[str, float]]:
    """The quick start of the README: half AAPL at 100, half GOOG at 200."""
    accounts = [
        Account("IRA", "A1", 1000, {"AAPL": 5}, {}),
        Account("Taxable", "A2", 2000, {"GOOG": 3}, {}),
    ]
    model = PortfolioModel("Balanced", {"AAPL": 0.5, "GOOG": 0.5})
    prices = {"AAPL": 100, "GOOG": 200}
    positions, cash = calculate_portfolio_positions(accounts)
    targets = calculate_target_shares(positions, cash, prices, model)
    trades = compute_portfolio_trades(positions, targets)
    return PortfolioStateManager(accounts, prices, trades), targets


def test_the_readme_example_ends_with_all_cash_invested_as_near_to_half_as_whole_shares_allow() -> None:
    # of 4,100 dollars 2,050 each: 21 AAPL and 10 GOOG are 50 off each, and nothing stays in cash
    state, targets = readme_state()
    trades = OptimalRebalancer(as_of=AS_OF).execute_rebalance(state, targets, 10)
    held: dict[str, float] = {}
    for account in state.accounts.values():
        for symbol, shares in account.positions.items():
            held[symbol] = held.get(symbol, 0) + shares
    assert held == {"AAPL": 21, "GOOG": 10}
    assert all(account.cash == 0 for account in state.accounts.values())
    assert sum(trade.shares for trade in trades if trade.symbol == "AAPL") == 16
    assert trades.converged
    assert trades.refused == ()
    assert set(trades.remaining) <= {"AAPL", "GOOG"}


def test_it_is_loaded_by_name_with_its_options() -> None:
    plugin = RebalancerPlugin.load_rebalancer("optimal", time_limit="2.5")
    assert isinstance(plugin, OptimalRebalancer)
    assert plugin.time_limit == 2.5
    assert plugin.policy == Policy()


def test_a_plan_of_a_household_is_the_engines() -> None:
    home = Household.from_dict(
        {
            "as_of": "2026-03-01",
            "prices": {"S": 10.0},
            "accounts": [{"account_number": "A", "cash": 105.0}],
            "model": {"name": "m", "targets": {"S": 1.0}},
        }
    )
    assert OptimalRebalancer(time_limit=60).plan(home) == rebalance(home)


def test_the_policy_and_the_date_decide() -> None:
    # a lot with a gain of 50 dollars a share, bought a year and two days ago, or a year ago
    def trades(acquired: date, policy: Policy) -> list[tuple[str, float]]:
        lot = Lot(symbol="OLD", shares=10, cost_per_share=50.0, acquired=acquired)
        account = Account("Taxable", "A", 0.0, {"OLD": 10}, lots=(lot,))
        state = PortfolioStateManager([account], {"OLD": 100.0, "S": 10.0})
        made = OptimalRebalancer(policy, AS_OF).execute_rebalance(state, {"S": 100})
        return [(trade.symbol, trade.shares) for trade in made]

    policy = Policy(tax=Tax(short_term_rate=0.9, long_term_rate=0.1))
    assert trades(AS_OF - timedelta(days=367), policy) == [("OLD", -10), ("S", 100)]
    assert trades(AS_OF - timedelta(days=365), policy) == []
    dear = Policy(tax=Tax(long_term_rate=0.1), costs=Costs(order=1000.0))
    assert trades(AS_OF - timedelta(days=367), dear) == []


def test_what_the_targets_leave_stays_in_cash() -> None:
    state = PortfolioStateManager([Account("A", "A", 1000.0, {})], {"S": 100.0})
    made = OptimalRebalancer(as_of=AS_OF).execute_rebalance(state, {"S": 4})
    assert [(trade.symbol, trade.shares) for trade in made] == [("S", 4)]
    state = PortfolioStateManager([Account("A", "A", 1000.0, {})], {"S": 100.0})
    made = OptimalRebalancer(as_of=AS_OF).execute_rebalance(state, {"S": 4, "CASH": 600})
    assert [(trade.symbol, trade.shares) for trade in made] == [("S", 4)]


def test_a_trade_that_a_validator_refuses_is_not_made_and_is_told() -> None:
    state = PortfolioStateManager([Account("A", "A", 1000.0, {})], {"S": 100.0, "T": 10.0})
    state.add_validator("max_position", max_position=6)
    made = OptimalRebalancer(as_of=AS_OF).execute_rebalance(state, {"S": 5, "T": 50})
    assert [(trade.symbol, trade.shares) for trade in made] == [("S", 5)]
    (refusal,) = made.refused
    assert refusal.trade.symbol == "T"
    assert "Would exceed max position" in refusal.reason
    assert state.accounts["A"].cash == 500
    assert made.remaining == {"T": 50}


def test_a_buy_without_the_proceeds_of_a_refused_sale_is_refused_too() -> None:
    account = Account("A", "A", 0.0, {"OLD": 1}, kind="tax_exempt")
    state = PortfolioStateManager([account], {"OLD": 90.0, "S": 30.0})
    state.add_validator("minimum_value", min_value=85)
    made = OptimalRebalancer(as_of=AS_OF).execute_rebalance(state, {"S": 3})
    assert [(trade.symbol, trade.shares) for trade in made] == [("OLD", -1), ("S", 3)]

    account = Account("A", "A", 0.0, {"OLD": 3, "S": 0}, kind="tax_exempt")
    state = PortfolioStateManager([account], {"OLD": 30.0, "S": 45.0})
    state.add_validator("max_position", max_position=0)
    made = OptimalRebalancer(as_of=AS_OF).execute_rebalance(state, {"S": 1, "OLD": 1.5})
    assert all(trade.shares < 0 for trade in made)
    assert [refusal.trade.symbol for refusal in made.refused if refusal.trade.shares > 0] == ["S"]


def test_state_and_targets_are_needed() -> None:
    state, targets = readme_state()
    with pytest.raises(TypeError, match="target_shares"):
        OptimalRebalancer().execute_rebalance(state)
    with pytest.raises(TypeError, match="state"):
        OptimalRebalancer().execute_rebalance(target_shares=targets)


def test_a_target_without_a_price_is_named() -> None:
    state, _ = readme_state()
    with pytest.raises(InputError, match="no price for GONE, LOST"):
        OptimalRebalancer(as_of=AS_OF).execute_rebalance(state, {"LOST": 1, "AAPL": 1, "GONE": 2})


def test_a_state_without_value_is_left_alone() -> None:
    state = PortfolioStateManager([Account("A", "A", 0.0, {})], {"S": 1.0})
    assert list(OptimalRebalancer(as_of=AS_OF).execute_rebalance(state, {"S": 5})) == []


def test_a_refused_plan_leaves_the_state_as_it_was() -> None:
    account = Account("A", "A", -5.0, {})
    state = PortfolioStateManager([account], {"S": 1.0})
    with pytest.raises(InputError):
        OptimalRebalancer(as_of=AS_OF).execute_rebalance(state, {"S": 5})
    assert (account.cash, account.positions) == (-5.0, {})
