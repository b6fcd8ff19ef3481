"""A bound that no plan can beat: the Lagrangian of the coupling rules, evaluated apart from the solver.

With a price on every coupling rule (cash of an account, value of a group, the caps) the household falls apart
into groups of identical symbols, each of which is solved exactly: it takes the cheaper of its two wash-sale
sides, and each order pays its whole cost or is not made. Whatever the prices are, the sum is a lower bound
(Geoffrion, 1974); good prices only make it a good one, so nothing here relies on the solver's tolerances.

A pair that is alone in its group (a symbol with its own target, held in one account) keeps its group's drift
to itself: nothing, buying and selling are each bounded with a price of the group of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from realloc.optimizer.problem import Floats, Ints, Problem, sum_by
from realloc.optimizer.relaxation import BUYS, SELLS_LOSSES, Multipliers, segments

ROUNDING = 1e-12
"""What float64 may lose, relative to the sum of the absolute terms; taken off the bound."""

GRID = np.linspace(0.0, 1.0, 25)
"""Prices of a private group that are tried at once; the best one's neighbours bound the next grid."""

REFINEMENTS = 4
"""Grids, one inside the other: the last one's step is 1e-6 of the range."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """The bound in dollars, and for each wash group the best of its buying and of its loss-selling side."""

    value: float
    buy_side: Floats
    sell_side: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reduced:
    """Costs in dollars per share of buying (by pair) and selling (by lot), the group's price apart; per order."""

    buy: Floats
    sell: Floats
    order: Floats


def lagrangian_bound(problem: Problem, prices: Multipliers, sides: Ints | None = None) -> Bound:
    """Return the Lagrangian bound at the given prices.

    Parameters
    ----------
    problem : Problem
        The arrays.
    prices : Multipliers
        Any prices; they are clipped to where the bound is finite.
    sides : array of int, optional
        Sides already decided (by wash group): the bound then holds for plans that keep to them.
    """
    pairs, lots, cash, groups, limits = (
        problem.pairs,
        problem.lots,
        problem.cash,
        problem.groups,
        problem.limits,
    )
    gain, short_gain, tax, drift, orders = (
        min(price, 0.0) for price in (prices.gain, prices.short_gain, prices.tax, prices.drift, prices.orders)
    )
    inside, outside = limits.inside_band - drift, limits.outside_band - drift
    group = np.clip(
        prices.group,
        np.where(np.isfinite(groups.high), -np.inf, -outside),
        np.where(np.isfinite(groups.low), np.inf, outside),
    )
    account = np.where(
        np.isfinite(cash.most),
        prices.cash,
        np.minimum(prices.cash, cash.location - group[cash.group] * cash.weight),
    )
    cash_price = account[pairs.account]
    held_cost = pairs.price * pairs.location
    reduced = _Reduced(
        buy=pairs.ask - pairs.price + held_cost - pairs.ask * cash_price,
        sell=(pairs.price - pairs.bid - held_cost + pairs.bid * cash_price)[lots.pair]
        + lots.tax * (1 - tax)
        - lots.gain * gain
        - lots.short_gain * short_gain,
        order=limits.order_cost - limits.commission * cash_price - orders,
    )
    buy_side, sell_side = _shared_sides(problem, reduced, group)
    shared = np.ones(len(groups.target), dtype=bool)
    if len(problem.private.pair):
        shared[problem.private.group] = False
        wash = pairs.wash[problem.private.pair]
        buy_side[wash], sell_side[wash] = _private_sides(problem, reduced, inside, outside)
    best = np.minimum(buy_side, sell_side)
    if sides is not None:
        best = np.where(sides == BUYS, buy_side, np.where(sides == SELLS_LOSSES, sell_side, best))
    off_target = group * (groups.target - groups.before) + _deviation(problem, group, inside, outside)
    kept = cash.location - account - group[cash.group] * cash.weight
    caps = (
        (gain, limits.gain),
        (short_gain, limits.short_gain),
        (tax, limits.tax),
        (2 * drift, limits.drift * problem.drift_value),
        (orders, limits.orders),
    )
    terms = np.concatenate(
        [
            account * cash.before,
            kept * np.where((kept < 0) & np.isfinite(cash.most), cash.most, cash.reserve),
            off_target[shared],
            best,
            [problem.location, *(price * cap for price, cap in caps if price)],
        ]
    )
    value = float(terms.sum()) - ROUNDING * float(np.abs(terms).sum())
    return Bound(value=value, buy_side=buy_side, sell_side=sell_side)


def _deviation(problem: Problem, group: Floats, inside: float, outside: float) -> Floats:
    """Return for each group the least of its deviation's cost less what the price of its value makes of it."""
    groups = problem.groups
    if not groups.ranged:
        return np.minimum(inside - np.abs(group), 0.0) * groups.band
    total = np.zeros(len(groups.target))
    for rate, sign, least, most in segments(problem):
        cost = (inside if rate == problem.limits.inside_band else outside) - sign * group
        total += cost * np.where(cost < 0, most, least)
    return total


def _shared_sides(problem: Problem, reduced: _Reduced, group: Floats) -> tuple[Floats, Floats]:
    """Return for each wash group the least cost of its two sides at the prices of the groups."""
    pairs, lots = problem.pairs, problem.lots
    value_price = pairs.price * (np.append(group, 0.0)[pairs.groups] * pairs.weights).sum(axis=1)
    buy = reduced.buy - value_price
    sell = reduced.sell + value_price[lots.pair]
    buys = np.minimum(buy * np.where(buy < 0, pairs.buy_max, pairs.least) + reduced.order, 0.0)
    buys = np.where(pairs.buy_max > 0, buys, 0.0)
    filled = lots.shares * np.minimum(sell, 0.0)
    n_pairs, n_wash = len(pairs.held), len(problem.coupled)
    sells = np.minimum(sum_by(lots.pair, filled, n_pairs) + reduced.order, 0.0)
    gains = sum_by(lots.pair, np.where(lots.loss, 0.0, filled), n_pairs)
    gains = np.where(problem.coupled[pairs.wash], np.minimum(gains + reduced.order, 0.0), sells)
    buy_side = sum_by(pairs.wash, np.minimum(buys, gains), n_wash)
    return buy_side, sum_by(pairs.wash, sells, n_wash)


def _private_sides(
    problem: Problem, reduced: _Reduced, inside: float, outside: float
) -> tuple[Floats, Floats]:
    """Return for each private pair the least cost, its group's drift in it, of not selling losses and of selling.

    Each of buying and selling is the maximum over the group's price of a concave function, found on nested
    grids for all pairs at once; any price gives a valid bound.
    """
    private, pairs, lots = problem.private, problem.pairs, problem.lots
    p = private.pair
    price = (pairs.price[p] * pairs.weights[p, 0])[:, None]
    off = (problem.groups.target - problem.groups.before)[private.group][:, None]
    band = problem.groups.band[private.group][:, None]
    lot_price, lot_cost = price[private.owner], reduced.sell[private.lots][:, None]
    all_shares = lots.shares[private.lots][:, None]
    kept = all_shares * ~(lots.loss[private.lots] & problem.coupled[pairs.wash[p]][private.owner])[:, None]
    starts = np.concatenate([[0], np.cumsum(np.bincount(private.owner, minlength=len(p)))])

    def buying(y: Floats) -> Floats:
        return np.asarray(np.minimum(reduced.buy[p][:, None] - price * y, 0.0) * pairs.buy_max[p][:, None])

    def selling(shares: Floats) -> Callable[[Floats], Floats]:
        def cost(y: Floats) -> Floats:
            filled = shares * np.minimum(lot_cost + lot_price * y[private.owner], 0.0)
            sums = np.concatenate([np.zeros((1, y.shape[1])), np.cumsum(filled, axis=0)])
            return np.asarray(np.diff(sums[starts], axis=0))

        return cost

    def best(cost: Callable[[Floats], Floats]) -> Floats:
        low, high = np.full((len(p), 1), -outside), np.full((len(p), 1), outside)
        for _ in range(REFINEMENTS):
            y = low + (high - low) * GRID
            at = y * off + np.minimum(inside - np.abs(y), 0.0) * band + cost(y)
            top = at.argmax(axis=1)[:, None]
            low = np.take_along_axis(y, np.maximum(top - 1, 0), axis=1)
            high = np.take_along_axis(y, np.minimum(top + 1, len(GRID) - 1), axis=1)
        return np.asarray(np.take_along_axis(at, top, axis=1)[:, 0])

    order = reduced.order[p]
    far = np.abs(off[:, 0])
    nothing = inside * far + (outside - inside) * np.maximum(far - band[:, 0], 0.0)
    keeps = np.minimum(nothing, np.minimum(best(buying), best(selling(kept))) + order)
    return keeps, np.minimum(nothing, best(selling(all_shares)) + order)
