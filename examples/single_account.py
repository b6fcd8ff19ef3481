"""One account: bring it to a model with the default rebalancer."""

from __future__ import annotations

from realloc import Account, PortfolioModel, PortfolioStateManager, compute_portfolio_trades
from realloc.plugins.core.base import RebalancerPlugin
from realloc.portfolio import calculate_portfolio_positions, calculate_target_shares


def main() -> None:
    """Print the trades of one account."""
    accounts = [Account("IRA", "A1", 1500.0, {"VTI": 30, "BND": 10})]
    prices = {"VTI": 318.42, "BND": 73.88}
    model = PortfolioModel("60/40", {"VTI": 0.6, "BND": 0.4})

    positions, cash = calculate_portfolio_positions(accounts)
    target = calculate_target_shares(positions, cash, prices, model)
    state = PortfolioStateManager(accounts, prices, compute_portfolio_trades(positions, target))
    for trade in RebalancerPlugin.load_rebalancer("default").execute_rebalance(state, target):
        side = "sell" if trade.shares < 0 else "buy"
        print(f"{side} {abs(trade.shares)} {trade.symbol}")


if __name__ == "__main__":
    main()
