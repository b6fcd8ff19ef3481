"""A bound that no plan can beat: the Lagrangian of the coupling rules, evaluated apart from the solver.

With a price on every coupling rule (cash of an account, value of a group, the caps) the household falls apart
into groups of identical symbols, each of which is solved exactly: it takes the cheaper of its two wash-sale
sides, and each order pays its whole cost or is not made. Whatever the prices are, the sum is a lower bound
(Geoffrion, 1974); good prices only make it a good one, so nothing here relies on the solver's tolerances.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from realloc.optimizer.problem import Flags, Floats, Problem
from realloc.optimizer.relaxation import Multipliers

ROUNDING = 1e-12
"""What float64 may lose, relative to the sum of the absolute terms; taken off the bound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """The bound in dollars, and for each wash group the best of its buying and of its loss-selling side."""

    value: float
    buy_side: Floats
    sell_side: Floats


def lagrangian_bound(problem: Problem, prices: Multipliers) -> Bound:
    """Return the Lagrangian bound at the given prices.

    Parameters
    ----------
    problem : Problem
        The arrays.
    prices : Multipliers
        Any prices; they are clipped to where the bound is finite.
    """
    pairs, lots, cash, groups, limits = (
        problem.pairs,
        problem.lots,
        problem.cash,
        problem.groups,
        problem.limits,
    )
    gain, tax, drift, orders = (min(price, 0.0) for price in (prices.gain, prices.tax, prices.drift, prices.orders))
    inside, outside = limits.inside_band - drift, limits.outside_band - drift
    group = np.clip(prices.group, -outside, outside)
    account = np.minimum(prices.cash, cash.location - group[cash.group])
    padded = np.append(group, 0.0)
    value_price = (padded[pairs.groups] * pairs.weights).sum(axis=1)
    cash_price = account[pairs.account]
    held_cost = pairs.price * (pairs.location - value_price)
    buy_cost = pairs.ask - pairs.price + held_cost - pairs.ask * cash_price
    sell_cost = (pairs.price - pairs.bid - held_cost + pairs.bid * cash_price)[lots.pair]
    sell_cost = sell_cost + lots.tax * (1 - tax) - lots.gain * gain
    order = limits.order_cost - limits.commission * cash_price - orders
    buys = np.minimum(buy_cost * np.where(buy_cost < 0, pairs.buy_max, pairs.least) + order, 0.0)
    buys = np.where(pairs.buy_max > 0, buys, 0.0)
    filled = lots.shares * np.minimum(sell_cost, 0.0)
    n_pairs, n_wash = len(pairs.held), len(problem.coupled)
    sold = np.bincount(lots.pair, weights=filled, minlength=n_pairs)
    sold_gains = np.bincount(lots.pair, weights=np.where(lots.loss, 0.0, filled), minlength=n_pairs)
    sells = np.minimum(sold + order, 0.0)
    sells_gains = np.where(problem.coupled[pairs.wash], np.minimum(sold_gains + order, 0.0), sells)
    buy_side = np.bincount(pairs.wash, weights=np.minimum(buys, sells_gains), minlength=n_wash)
    sell_side = np.bincount(pairs.wash, weights=sells, minlength=n_wash)
    free_cash = cash.location - account - group[cash.group]
    deviation = np.minimum(inside - np.abs(group), 0.0) * groups.band
    constants = [
        np.array([problem.location]),
        account * cash.before,
        group * (groups.target - groups.before),
        free_cash * cash.reserve,
        deviation,
        np.minimum(buy_side, sell_side),
        np.array(
            [
                price * cap
                for price, cap in (
                    (gain, limits.gain),
                    (tax, limits.tax),
                    (2 * drift, limits.drift * problem.value),
                    (orders, limits.orders),
                )
                if price
            ]
        ),
    ]
    terms = np.concatenate(constants)
    value = float(terms.sum()) - ROUNDING * float(np.abs(terms).sum())
    return Bound(value=value, buy_side=buy_side, sell_side=sell_side)
