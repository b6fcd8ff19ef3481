"""A bound that no plan can beat: the Lagrangian of the coupling rules, evaluated apart from the solver.

With a price on every coupling rule (cash of an account, value of a group, the caps) the household falls apart
into groups of identical symbols, each of which is solved exactly: it takes the cheaper of its two wash-sale
sides, and each order pays its whole cost or is not made. Whatever the prices are, the sum is a lower bound
(Geoffrion, 1974); good prices only make it a good one, so nothing here relies on the solver's tolerances.

Groups that share nothing but cash with others are bounded as a whole, at prices of their own (see `private`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from realloc.optimizer.private import Private, on_sides
from realloc.optimizer.problem import Floats, Ints, Problem, sum_by
from realloc.optimizer.relaxation import BUYS, SELLS_LOSSES, Multipliers, segments

ROUNDING = 1e-12
"""What float64 may lose, relative to the sum of the absolute terms; taken off the bound."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Bound:
    """The bound in dollars, and for each wash group the best of its buying and of its loss-selling side."""

    value: float
    buy_side: Floats
    sell_side: Floats

    def cheaper(self) -> Ints:
        """Return for each wash group the side that costs less."""
        return np.where(self.sell_side < self.buy_side, SELLS_LOSSES, BUYS)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class _Reduced:
    """Costs in dollars per share of buying (by pair) and selling (by lot), the group's price apart; per order."""

    buy: Floats
    sell: Floats
    order: Floats


def no_multipliers(problem: Problem) -> Multipliers:
    """Return multipliers of zero: with them the bound needs no solver."""
    return Multipliers(cash=np.zeros(len(problem.cash.before)), group=np.zeros(len(problem.groups.target)))


class Lagrangian:
    """The Lagrangian of a problem's coupling rules.

    Parameters
    ----------
    problem : Problem
        The arrays.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        pairs, lots = problem.pairs, problem.lots
        held_cost = pairs.price * pairs.location
        self.buy_cost = pairs.ask - pairs.price + held_cost
        self.sell_cost = (pairs.price - pairs.bid - held_cost)[lots.pair] + lots.tax
        self.kept_shares = np.where(lots.loss & problem.coupled[pairs.wash][lots.pair], 0.0, lots.shares)

    @cached_property
    def private(self) -> Private:
        """The groups that get prices of their own."""
        return Private(self.problem)

    def bound(self, prices: Multipliers, sides: Ints | None = None, *, own_prices: bool = True) -> Bound:
        """Return the bound at the given prices.

        Parameters
        ----------
        prices : Multipliers
            Any prices; they are clipped to where the bound is finite.
        sides : array of int, optional
            Sides already decided (by wash group): the bound then holds for plans that keep to them.
        own_prices : bool
            Whether private groups get prices of their own, which takes longer and is never worse. They save nothing
            where the prices are those of a relaxation that keeps to the rules.
        """
        problem = self.problem
        cash, groups, limits = problem.cash, problem.groups, problem.limits
        gain, short_gain, tax, drift, orders = (
            min(price, 0.0)
            for price in (prices.gain, prices.short_gain, prices.tax, prices.drift, prices.orders)
        )
        inside, outside = limits.inside_band - drift, limits.outside_band - drift
        group = np.clip(
            prices.group,
            np.where(np.isfinite(groups.high), -np.inf, -outside),
            np.where(np.isfinite(groups.low), np.inf, outside),
        )
        in_group = group[cash.group] * cash.weight
        account = np.where(
            np.isfinite(cash.most),
            prices.cash,
            np.minimum(prices.cash, cash.location - in_group),
        )
        reduced = self._reduced(account[problem.pairs.account], gain, short_gain, tax, orders)
        off_target = group * (groups.target - groups.before) + _deviation(problem, group, inside, outside)
        buy_side, sell_side = self._shared_sides(reduced, group)
        best = np.minimum(buy_side, sell_side) if sides is None else on_sides(sides, buy_side, sell_side)
        if own_prices and len(self.private.group):
            own = self.private.bounds(reduced.buy, reduced.sell, reduced.order, inside, outside)
            common = self.private.bounds_at_common_prices(off_target, buy_side, sell_side)
            cost = self.private.decide(np.maximum(own, common), buy_side, sell_side, sides)
            best = np.concatenate([best[~self.private.wash], cost])
            off_target = off_target[self.private.others]
        kept = cash.location - account - in_group
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
                off_target,
                best,
                [problem.location, *(price * cap for price, cap in caps if price)],
            ]
        )
        value = float(terms.sum()) - ROUNDING * float(np.abs(terms).sum())
        return Bound(value=value, buy_side=buy_side, sell_side=sell_side)

    def _reduced(self, cash: Floats, gain: float, short_gain: float, tax: float, orders: float) -> _Reduced:
        """Return the costs of trades at the prices of cash (by pair) and of the caps."""
        pairs, lots, limits = self.problem.pairs, self.problem.lots, self.problem.limits
        sell = self.sell_cost + (pairs.bid * cash)[lots.pair]
        for price, each in ((gain, lots.gain), (short_gain, lots.short_gain), (tax, lots.tax)):
            if price:
                sell -= price * each
        return _Reduced(
            buy=self.buy_cost - pairs.ask * cash,
            sell=sell,
            order=limits.order_cost - limits.commission * cash - orders,
        )

    def _shared_sides(self, reduced: _Reduced, group: Floats) -> tuple[Floats, Floats]:
        """Return for each wash group the least cost of its two sides at the prices of the groups."""
        pairs, lots = self.problem.pairs, self.problem.lots
        value_price = pairs.price * (np.append(group, 0.0)[pairs.groups] * pairs.weights).sum(axis=1)
        buy = reduced.buy - value_price
        sell = np.minimum(reduced.sell + value_price[lots.pair], 0.0)
        buys = np.minimum(buy * np.where(buy < 0, pairs.buy_max, pairs.least) + reduced.order, 0.0)
        buys = np.where(pairs.buy_max > 0, buys, 0.0)
        n_pairs, n_wash = len(pairs.held), len(self.problem.coupled)
        sells, keeps = (
            np.minimum(sum_by(lots.pair, shares * sell, n_pairs) + reduced.order, 0.0)
            for shares in (lots.shares, self.kept_shares)
        )
        return sum_by(pairs.wash, np.minimum(buys, keeps), n_wash), sum_by(pairs.wash, sells, n_wash)


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
