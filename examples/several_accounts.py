"""Several accounts that follow one model together; validators refuse small trades and large positions."""

from __future__ import annotations

from realloc import Account, PortfolioModel, PortfolioStateManager, compute_portfolio_trades
from realloc.plugins.core.base import RebalancerPlugin
from realloc.portfolio import calculate_portfolio_positions, calculate_target_shares


def main() -> None:
    """Print the trades, and the accounts after them."""
    accounts = [
        Account("IRA", "A1", 4000.0, {"VTI": 20}),
        Account("Roth IRA", "A2", 250.0, {"BND": 40}),
        Account("Taxable", "A3", 9000.0, {"VTI": 15, "VXUS": 60}),
    ]
    prices = {"VTI": 318.42, "VXUS": 74.93, "BND": 73.88}
    model = PortfolioModel("Three funds", {"VTI": 0.5, "VXUS": 0.25, "BND": 0.25})

    positions, cash = calculate_portfolio_positions(accounts)
    target = calculate_target_shares(positions, cash, prices, model)
    state = PortfolioStateManager(accounts, prices, compute_portfolio_trades(positions, target))
    state.add_validator("minimum_value", min_value=100)
    state.add_validator("max_position", max_position=500)

    for trade in RebalancerPlugin.load_rebalancer("default").execute_rebalance(state, target):
        print(f"{trade.account_id}: {trade.shares:+d} {trade.symbol}")
    for row in state.get_account_summary():
        print(f"{row['label']}: {row['total_value']:,.2f} dollars, of which {row['cash']:,.2f} in cash")


if __name__ == "__main__":
    main()
