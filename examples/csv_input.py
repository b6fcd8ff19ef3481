"""Accounts, model and prices from three CSV files."""

from __future__ import annotations

from pathlib import Path

from realloc.cli.rebalance_csv_input import process_rebalance

FILES = Path(__file__).parent / "csv"


def main() -> None:
    """Print the trades."""
    trades = process_rebalance(FILES / "accounts.csv", FILES / "model.csv", FILES / "prices.csv")
    for trade in trades:
        print(f"{trade['account_id']}: {trade['shares']:+d} {trade['symbol']}")


if __name__ == "__main__":
    main()
