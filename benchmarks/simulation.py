"""Years of monthly runs on synthetic prices: what planning all accounts together is worth after tax.

    python -m benchmarks.simulation --years 10 --seeds 0-4 --plot build/simulation.svg

Four ways to look after the same household, with the same prices, contributions and dividends:

none       new cash is invested by the model's weights in each account; nothing is ever sold
default    realloc's default rebalancer: to the target every month, oldest lots first, blind to tax
mirror     realloc.rebalance with policy.mirror: every account follows the model by itself
optimal    realloc.rebalance over all accounts, with harvesting and location by preference

Every figure is the mean over the seeds, with the standard deviation between them behind it. `wealth` is in thousands
of dollars, after all tax at the end; `against none` is the difference in wealth, seed by seed, in per cent; `drift` is
household drift after each month's trades, in after-tax dollars; `tax` and `losses` are thousands of dollars over all
years.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from math import floor
from multiprocessing import get_context
from pathlib import Path
from statistics import fmean, stdev

from benchmarks.lifetime import SPREAD_BPS, WITHDRAWAL_RATE, Life
from benchmarks.market import CLASSES, DAYS, MONTH, Market, market
from realloc.accounts import Account, AccountKind, Lot
from realloc.engine import rebalance
from realloc.household import Household
from realloc.plugins.rebalancers.default_rebalancer import DefaultRebalancer
from realloc.policy import Policy, Tax
from realloc.state import PortfolioStateManager
from realloc.trades import Trade

WEIGHTS = {"us_stock": 0.35, "intl_stock": 0.15, "small_value": 0.10, "bonds": 0.40}
ACCOUNTS: dict[str, tuple[AccountKind, float, float]] = {
    "Joint": ("taxable", 400_000.0, 3_000.0),
    "IRA": ("tax_deferred", 400_000.0, 1_500.0),
    "Roth": ("tax_exempt", 200_000.0, 500.0),
}
"""Kind, dollars at the start, and dollars that come in each month."""

TAX = Tax(short_term_rate=0.32, long_term_rate=0.188, loss_value=0.5)
POLICY = {
    "tax": TAX.to_dict(),
    "costs": {"spread_bps": SPREAD_BPS},
}
OPTIMAL = POLICY | {
    "after_tax_weights": {"tax_deferred": 1 - WITHDRAWAL_RATE},
    "harvest": {"min_loss": 500.0, "min_loss_fraction": 0.03},
    "location_preference": {
        "bonds": ["tax_deferred", "tax_exempt", "taxable"],
        "small_value": ["tax_exempt", "tax_deferred", "taxable"],
        "us_stock": ["taxable", "tax_exempt", "tax_deferred"],
        "intl_stock": ["taxable", "tax_exempt", "tax_deferred"],
    },
}
MODEL = {
    "name": "60/40",
    "targets": WEIGHTS,
    "classes": {name: {"symbols": list(pair)} for name, pair in CLASSES.items()},
}
FIRST_YEAR = 2013
BEFORE = 2
"""Years before the first run, in which the household bought what it holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One strategy under one seed: after-tax wealth at each year's end, drift after each month, totals in dollars."""

    wealth: tuple[float, ...]
    drift: tuple[float, ...]
    tax: float
    losses: float
    orders: int


Strategy = Callable[[Life, dict[str, float], date], Sequence[Trade]]


def no_rebalancing(life: Life, prices: dict[str, float], day: date) -> list[Trade]:
    """Invest each account's cash by the model's weights."""
    life.cover(prices, day)
    trades = []
    for number, account in life.accounts.items():
        for name, weight in WEIGHTS.items():
            symbol = CLASSES[name][0]
            shares = floor(account.cash * weight / (prices[symbol] * (1 + SPREAD_BPS / 20_000)))
            if shares > 0:
                trades.append(Trade(number, symbol, float(shares)))
    return trades


def by_default(life: Life, prices: dict[str, float], day: date) -> list[Trade]:
    """Trade towards the target with the default rebalancer; a tenth of a per cent of cash is kept for spreads."""
    life.cover(prices, day)
    value = life.value(prices)
    accounts = [
        Account(number, number, max(0.0, account.cash - 100.0), account.positions)
        for number, account in life.accounts.items()
    ]
    targets = {
        CLASSES[name][0]: weight * value / prices[CLASSES[name][0]] for name, weight in WEIGHTS.items()
    }
    return list(DefaultRebalancer().execute_rebalance(PortfolioStateManager(accounts, prices), targets))


def planned(policy: Policy, life: Life, prices: dict[str, float], day: date) -> Sequence[Trade]:
    """Plan with `realloc.rebalance`."""
    household = Household.from_dict(
        {
            "as_of": day,
            "prices": prices,
            "accounts": [
                account.to_dict() | {"cash": max(account.cash, 0.0), "cash_flow": min(account.cash, 0.0)}
                for account in life.accounts.values()
            ],
            "model": MODEL,
            "recent_trades": [t.to_dict() for t in life.recent if day - t.traded <= timedelta(days=31)],
            "policy": policy.to_dict(),
        }
    )
    return rebalance(household).trades


def policy_of(document: dict[str, object]) -> Policy:
    """Return the policy of a document."""
    return Household.from_dict({"prices": {}, "accounts": [], "model": {}, "policy": document}).policy


STRATEGIES: dict[str, Strategy] = {
    "none": no_rebalancing,
    "default": by_default,
    "mirror": partial(planned, policy_of(POLICY | {"mirror": True})),
    "optimal": partial(planned, policy_of(OPTIMAL)),
}


def start(world: Market) -> Life:
    """Return the household on the first day: every account holds the model, bought each quarter of `BEFORE` years."""
    life = Life(accounts={}, tax=TAX)
    prices = world.on(BEFORE * DAYS)
    quarters = range(0, 12 * BEFORE, 3)
    for number, (kind, dollars, _) in ACCOUNTS.items():
        lots = tuple(
            Lot(
                symbol=symbol,
                shares=float(floor(dollars * WEIGHTS[name] / prices[symbol] / len(quarters))),
                cost_per_share=world.on(month * MONTH)[symbol],
                acquired=_day(month),
                id=f"start {symbol} {month}",
            )
            for name, (symbol, _) in CLASSES.items()
            for month in quarters
        )
        held: dict[str, float] = {}
        for lot in lots:
            held[lot.symbol] = held.get(lot.symbol, 0.0) + lot.shares
        life.accounts[number] = Account(number, number, 0.0, held, kind=kind, lots=lots)
    return life


def live(name: str, years: int, seed: int) -> Outcome:
    """Return what a strategy makes of a seed's prices."""
    world = market(BEFORE + years, seed)
    life = start(world)
    wealth, drifts = [], []
    for month in range(12 * BEFORE + 1, 12 * (BEFORE + years) + 1):
        day, prices = _day(month), world.on(month * MONTH)
        life.pay_dividends(world, prices)
        if month % 12 == 0:
            life.end_year("Joint")
            wealth.append(life.wealth_after_tax(prices, day))
        for number, (_, _, deposit) in ACCOUNTS.items():
            life.deposit(number, deposit)
        life.trade(STRATEGIES[name](life, prices, day), prices, day)
        drifts.append(_drift(life, prices))
    return Outcome(
        wealth=tuple(wealth),
        drift=tuple(drifts),
        tax=life.tax_paid,
        losses=life.losses,
        orders=life.orders,
    )


def _day(month: int) -> date:
    return date(FIRST_YEAR + month // 12, month % 12 + 1, 2)


def _drift(life: Life, prices: dict[str, float]) -> float:
    """Return household drift in after-tax dollars: what the tax-deferred account will be taxed is not the owner's."""
    held = dict.fromkeys(WEIGHTS, 0.0)
    cash = 0.0
    for account in life.accounts.values():
        counts = 1 - WITHDRAWAL_RATE if account.kind == "tax_deferred" else 1.0
        cash += counts * account.cash
        for name, pair in CLASSES.items():
            held[name] += counts * sum(account.positions.get(s, 0.0) * prices[s] for s in pair)
    value = cash + sum(held.values())
    off = abs(cash) + sum(abs(held[name] - weight * value) for name, weight in WEIGHTS.items())
    return off / (2 * value)


def table(outcomes: dict[str, list[Outcome]]) -> str:
    """Return the table of all strategies."""
    heads = (("", -8), ("wealth", 16), ("against none", 16), ("drift", 14), ("highest", 8), ("tax", 12))
    heads = (*heads, ("losses", 12), ("orders", 7))
    lines = [" ".join(name.ljust(-n) if n < 0 else name.rjust(n) for name, n in heads)]
    base = [outcome.wealth[-1] for outcome in outcomes["none"]]
    for name, some in outcomes.items():
        ahead = [100 * (outcome.wealth[-1] / none - 1) for outcome, none in zip(some, base, strict=True)]
        drift = [100 * fmean(outcome.drift) for outcome in some]
        lines.append(
            f"{name:8} {_spread([o.wealth[-1] / 1e3 for o in some], 0):>16} {_spread(ahead, 2):>16} "
            f"{_spread(drift, 2):>13}% {100 * max(max(o.drift) for o in some):7.1f}% "
            f"{_spread([o.tax / 1e3 for o in some], 0):>12} {_spread([o.losses / 1e3 for o in some], 0):>12} "
            f"{fmean(o.orders for o in some):7.0f}"
        )
    return "\n".join(lines)


def _spread(values: Sequence[float], digits: int) -> str:
    off = stdev(values) if len(values) > 1 else 0.0
    return f"{fmean(values):,.{digits}f} ± {off:,.{digits}f}"


def plot(outcomes: dict[str, list[Outcome]], path: Path) -> None:
    """Draw wealth against no rebalancing by year, and drift by month: means, and lightly each seed."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - an extra

    figure = Figure(figsize=(9, 7), layout="constrained")
    upper, lower = figure.subplots(2, 1)
    for n, (name, some) in enumerate(outcomes.items()):
        ahead = [
            [100 * (mine / none - 1) for mine, none in zip(one.wealth, base.wealth, strict=True)]
            for one, base in zip(some, outcomes["none"], strict=True)
        ]
        for axes, series in ((upper, ahead), (lower, [[100 * d for d in one.drift] for one in some])):
            steps = [(m + 1) * (1.0 if axes is upper else 1 / 12) for m in range(len(series[0]))]
            for one in series:
                axes.plot(steps, one, color=f"C{n}", alpha=0.25, linewidth=0.8)
            axes.plot(steps, [fmean(at) for at in zip(*series, strict=True)], color=f"C{n}", label=name)
    upper.set_ylabel("after-tax wealth against none, %")
    lower.set_ylabel("household drift, %")
    lower.set_xlabel("years")
    upper.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)


def main() -> None:
    """Print the table and write the plot."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--years", type=int, default=10)
    parser.add_argument("--seeds", default="0-4", help="one, or a range such as 0-4")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--plot", type=Path, help="write the plot here (.svg, .png or .pdf)")
    arguments = parser.parse_args()
    first, _, last = arguments.seeds.partition("-")
    seeds = range(int(first), int(last or first) + 1)
    work = [(name, arguments.years, seed) for name in STRATEGIES for seed in seeds]
    with get_context("spawn").Pool(arguments.processes) as pool:
        done = pool.starmap(live, work, chunksize=1)
    outcomes: dict[str, list[Outcome]] = {name: [] for name in STRATEGIES}
    for (name, _, _), outcome in zip(work, done, strict=True):
        outcomes[name].append(outcome)
    print(f"{arguments.years} years, seeds {arguments.seeds}")
    print(table(outcomes))
    if arguments.plot:
        plot(outcomes, arguments.plot)
        print(f"plot: {arguments.plot}")


if __name__ == "__main__":
    main()
