"""Time and memory of the default rebalancer, and how they grow with accounts and symbols.

Run it from the repository::

    python benchmarks/default_rebalancer.py                      # 50x250 to 400x2000, half of all positions
    python benchmarks/default_rebalancer.py --held 0.05 200x1000

Each size runs in a process of its own: accounts with cash of about 2% and a seeded random half of the
symbols (`--held`), brought to random weights without a limit of rounds. Times are CPU seconds of
`execute_rebalance` alone; memory is the peak of the whole process. The last columns divide the time by
accounts x symbols and by the trades made: constant columns mean linear growth.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import resource
import time

from realloc import Account, PortfolioModel, PortfolioStateManager
from realloc.plugins.rebalancers.default_rebalancer import DefaultRebalancer
from realloc.portfolio import calculate_target_shares_from_accounts

SIZES = ("50x250", "100x500", "200x1000", "400x2000")


def build(
    n_accounts: int, n_symbols: int, held: float
) -> tuple[list[Account], dict[str, float], PortfolioModel]:
    """Return accounts, prices and model of a size, the same for every run."""
    draw = random.Random(f"{n_accounts} {n_symbols} {held}")
    prices = {f"S{n:04}": round(draw.uniform(10, 500), 2) for n in range(n_symbols)}
    accounts = []
    for n in range(n_accounts):
        positions = {symbol: float(draw.randint(1, 100)) for symbol in prices if draw.random() < held}
        value = sum(shares * prices[symbol] for symbol, shares in positions.items())
        accounts.append(Account("", f"A{n:04}", round(0.02 * value, 2), positions))
    weights = {symbol: draw.random() for symbol in prices}
    return accounts, prices, PortfolioModel("random", weights)


def measure(size: str, held: float) -> tuple[float, float, int, int]:
    """Return CPU seconds, peak MiB, trades and rounds of one rebalance."""
    n_accounts, n_symbols = map(int, size.split("x"))
    accounts, prices, model = build(n_accounts, n_symbols, held)
    targets = calculate_target_shares_from_accounts(accounts, prices, model)
    state = PortfolioStateManager(accounts, prices)
    start = time.process_time()
    result = DefaultRebalancer().execute_rebalance(state, targets, 1_000_000)
    seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return seconds, peak, len(result), result.rounds


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("sizes", nargs="*", default=SIZES, help="such as 50x250: accounts x symbols")
    parser.add_argument("--held", type=float, default=0.5, help="part of the symbols that an account holds")
    arguments = parser.parse_args()
    columns = (f"{'size':>10}", "   CPU s", " peak MiB", "  trades", " rounds", " us/cell", " us/trade")
    print(" ".join(columns))
    for size in arguments.sizes:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            seconds, peak, trades, rounds = pool.apply(measure, (size, arguments.held))
        n_accounts, n_symbols = map(int, size.split("x"))
        cell, each = seconds * 1e6 / (n_accounts * n_symbols), seconds * 1e6 / max(trades, 1)
        print(f"{size:>10} {seconds:8.2f} {peak:9.0f} {trades:8} {rounds:7} {cell:8.2f} {each:9.2f}")


if __name__ == "__main__":
    main()
