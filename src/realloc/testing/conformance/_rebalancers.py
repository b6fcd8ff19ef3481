"""What every rebalancer has to do."""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import Decimal
from typing import ClassVar

import pytest

from realloc.accounts import Account
from realloc.household import Household
from realloc.plan import Plan
from realloc.plugins.core.base import RebalancerPlugin
from realloc.plugins.core.results import RebalanceResult
from realloc.portfolio import PortfolioStateManager
from realloc.testing.conformance._plugins import PluginConformance
from realloc.trades import Trade


class RebalancerConformance(PluginConformance):
    """What every rebalancer has to do."""

    prices: ClassVar = {"AAPL": 100.0, "GOOG": 200.0}
    target_shares: ClassVar = {"AAPL": 20.5, "GOOG": 10.25}

    def make(self) -> RebalancerPlugin:
        """Return the rebalancer."""
        raise NotImplementedError

    def state(self) -> PortfolioStateManager:
        """Return a new state: two accounts worth 4,100 dollars in all."""
        accounts = [Account("IRA", "A1", 1000.0, {"AAPL": 5}), Account("Taxable", "A2", 2000.0, {"GOOG": 3})]
        return PortfolioStateManager(accounts, self.prices)

    def run(self, state: PortfolioStateManager) -> RebalanceResult:
        """Return the result of the rebalancer on a state."""
        return self.make().execute_rebalance(state, dict(self.target_shares), 100)

    def test_it_returns_a_result_of_trades(self) -> None:
        result = self.run(self.state())
        assert isinstance(result, RebalanceResult)
        assert all(isinstance(trade, Trade) for trade in result)

    def test_every_trade_is_of_some_shares_of_a_priced_symbol_in_a_known_account(self) -> None:
        for trade in self.run(self.state()):
            assert trade.account_id in {"A1", "A2"}
            assert trade.symbol in self.prices
            assert math.isfinite(trade.shares)
            assert trade.shares != 0

    def test_no_trade_sells_what_is_not_held_or_spends_what_is_not_there(self) -> None:
        self._replay(self.run(self.state()))

    def test_it_leaves_the_state_as_its_trades_make_it(self) -> None:
        state = self.state()
        holdings = self._replay(self.run(state))
        for (account, symbol), amount in holdings.items():
            left = state.accounts[account]
            found = left.cash if symbol == "CASH" else left.positions.get(symbol, 0.0)
            assert float(amount) == pytest.approx(found, abs=1e-6)

    def test_tam_is_the_state_by_another_name(self) -> None:
        named = self.make().execute_rebalance(tam=self.state(), target_shares=dict(self.target_shares))
        assert list(named) == list(self.run(self.state()))

    def test_it_trades_the_same_twice(self) -> None:
        assert list(self.run(self.state())) == list(self.run(self.state()))

    def test_it_does_not_change_the_target(self) -> None:
        target = dict(self.target_shares)
        self.make().execute_rebalance(self.state(), target, 100)
        assert target == self.target_shares

    def test_nothing_to_do_is_no_trade(self) -> None:
        assert list(self.make().execute_rebalance(self.state(), {"AAPL": 5, "GOOG": 3}, 100)) == []

    def test_a_plan_is_a_plan_or_nothing(self) -> None:
        household = Household.from_dict(
            {
                "as_of": "2026-11-20",
                "prices": self.prices,
                "accounts": [
                    {"label": "IRA", "account_number": "A1", "cash": 1000.0, "positions": {"AAPL": 5}}
                ],
                "model": {"name": "Halves", "targets": {"AAPL": 0.5, "GOOG": 0.5}},
            }
        )
        plan = self.make().plan(household)
        assert plan is None or isinstance(plan, Plan)

    def _replay(self, trades: Iterable[Trade]) -> dict[tuple[str, str], Decimal]:
        """Return holdings and cash after the trades, by plain exact arithmetic from the starting accounts."""
        holdings = {
            ("A1", "CASH"): Decimal(1000),
            ("A1", "AAPL"): Decimal(5),
            ("A2", "CASH"): Decimal(2000),
            ("A2", "GOOG"): Decimal(3),
        }
        for trade in trades:
            shares = Decimal(str(trade.shares))
            position, cash = (trade.account_id, trade.symbol), (trade.account_id, "CASH")
            holdings[position] = holdings.get(position, Decimal()) + shares
            holdings[cash] -= shares * Decimal(str(self.prices[trade.symbol]))
            assert holdings[position] >= 0, f"{trade} sells what is not held"
            assert holdings[cash] >= 0, f"{trade} spends what is not there"
        return holdings
