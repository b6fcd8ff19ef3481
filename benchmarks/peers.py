"""How near to the least drift the optimal plan gets, at what tax, beside a rebalancer that knows no tax.

Run ``python -m benchmarks.peers --help`` in the repository's root.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import get_args

from benchmarks.households import Size, household
from benchmarks.optimal import read_seeds
from realloc.audit import audit_trades
from realloc.cli.by_symbol import model_by_symbol
from realloc.engine import rebalance
from realloc.household import Household
from realloc.optimizer.scopes import scopes_of
from realloc.plugins.rebalancers.default_rebalancer import DefaultRebalancer
from realloc.policy import Costs, Drift, Tax
from realloc.portfolio import PortfolioStateManager, calculate_portfolio_positions, calculate_target_shares
from realloc.trades import Trade, compute_portfolio_trades

EPILOG = """\
rows, each the median over the seeds:
  least     no plan under the rules has less drift: the certificate's bound where drift alone counts
  near      the optimal plan with max_drift at the least plus --above
  policy    the optimal plan under the household's own policy
  default   the rebalancer `default`: one target over all accounts, no lots, no tax, no rules

columns:
  drift     household drift in percent after the trades
  tax       dollars at the household's rates; a sale that names no lots takes the oldest first
  orders    orders
  broken    rules broken, by the audit
"""

ROUNDS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Drift (a fraction), tax in dollars, orders, and rules broken, all by the audit."""

    drift: float
    tax: float
    orders: int
    broken: int


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what the arguments ask for and print the table; return the exit status."""
    options = _parser().parse_args(arguments)
    logging.getLogger("realloc").setLevel(logging.ERROR)  # `default` says of every household what it ignores
    subjects = [household(options.size, seed) for seed in options.seeds]
    least = [least_drift(subject) for subject in subjects]
    rows = {
        "near": [
            near(subject, drift + options.above) for subject, drift in zip(subjects, least, strict=True)
        ],
        "policy": [judge(subject, rebalance(subject).trades) for subject in subjects],
        "default": [judge(subject, by_default(subject)) for subject in subjects],
    }
    print(f"{options.size}, {len(subjects)} households")
    print(f"{'':>8}  {'drift %':>8}  {'tax':>10}  {'orders':>6}  {'broken':>6}")
    print(f"{'least':>8}  {100 * median(least):8.3f}")
    for name, found in rows.items():
        drift, tax, orders, broken = (
            median(float(getattr(item, field)) for item in found)
            for field in ("drift", "tax", "orders", "broken")
        )
        print(f"{name:>8}  {100 * drift:8.3f}  {tax:10,.0f}  {orders:6.0f}  {broken:6.0f}")
    above = [item.drift - drift for item, drift in zip(rows["near"], least, strict=True)]
    print(f"near above least: at most {100 * max(above):.3f} points; rules broken: {_broken(rows['near'])}")
    total = sum(item.tax for item in rows["near"])
    print(
        f"tax of near, all together: {100 * total / sum(item.tax for item in rows['default']):.1f}% of default's"
    )
    return 0


def least_drift(subject: Household) -> float:
    """Return a household drift that no plan under the rules can be below, a fraction.

    Spreads are left out: they only take cash away, so that without them the least is no higher.
    """
    policy = replace(
        subject.policy,
        drift=Drift(inside_band=1.0, outside_band=1.0),
        tax=Tax(short_term_rate=0.0, long_term_rate=0.0),
        costs=Costs(),
        location={},
        location_preference={},
        location_from_returns={},
    )
    plan = rebalance(replace(subject, policy=policy, spreads_bps={}))
    return max(0.0, plan.certificate.bound) / (2 * plan.household.value)


def near(subject: Household, drift: float) -> Judged:
    """Return what the plan of least cost within a cap on drift does."""
    capped = replace(subject, policy=replace(subject.policy, max_drift=drift))
    return judge(subject, rebalance(capped).trades)


def by_default(subject: Household) -> list[Trade]:
    """Return the trades of the rebalancer `default`, as orders: one for each symbol and side in an account."""
    orders: dict[tuple[str, str, bool], float] = {}
    for scope in scopes_of(subject):
        held, cash = calculate_portfolio_positions(scope.accounts)
        wanted = calculate_target_shares(held, cash, subject.prices, model_by_symbol(scope, subject))
        state = PortfolioStateManager(
            list(scope.accounts), subject.prices, compute_portfolio_trades(held, wanted)
        )
        for trade in DefaultRebalancer().execute_rebalance(state, wanted, ROUNDS):
            key = trade.account_id, trade.symbol, trade.shares > 0
            orders[key] = orders.get(key, 0.0) + trade.shares
    return [Trade(number, symbol, shares) for (number, symbol, _), shares in sorted(orders.items())]


def judge(subject: Household, trades: Iterable[Trade]) -> Judged:
    """Return what trades do under the household's own policy."""
    report = audit_trades(subject, list(trades))
    return Judged(
        drift=float(report.household.drift_after),
        tax=float(report.costs.tax),
        orders=report.household.orders,
        broken=len(report.errors),
    )


def _broken(found: Sequence[Judged]) -> int:
    return sum(item.broken for item in found)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.peers",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--size", choices=get_args(Size), default="M", help="size of the households (M)")
    parser.add_argument(
        "--seeds", type=read_seeds, default="0-4", help="which households: 0-4 (default), 7, or 0,3"
    )
    parser.add_argument(
        "--above", type=float, default=0.0009, help="cap on drift above the least, a fraction (0.0009)"
    )
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
