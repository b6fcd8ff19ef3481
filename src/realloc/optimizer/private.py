"""Groups that share nothing but cash with others: they are bounded as a whole, a price of its own chosen for each.

A *block* is groups that wash groups tie together: mostly one class, or a symbol's targets in several scopes. A
*case* of it is one choice of sides for its wash groups. At given prices of cash a group costs at least, in a case,
the maximum over its price y of a concave function: of the drift's dual and, for each buy and lot that the case
allows, of shares x min(cost + value x y, 0). Any y gives a valid bound.
"""

from __future__ import annotations

import numpy as np

from realloc.optimizer.problem import Flags, Floats, Ints, Problem, sum_by
from realloc.optimizer.relaxation import BUYS, OPEN, SELLS_LOSSES

MOST_SIDED = 3
"""Most wash groups with two sides of a block: each doubles its cases."""


class Private:
    """The private groups of a problem, and the cases of their blocks.

    Parameters
    ----------
    problem : Problem
        The arrays.

    Attributes
    ----------
    group, block : array of int
        The private groups, and the block of each.
    others : array of bool
        All other groups.
    wash : array of bool
        The wash groups that are in blocks.
    first, owner : array of int
        The first case of each block, and the block of each case.
    washes, cases, sides : arrays of int
        One entry for each case and wash group of its block, with the side that it has there (`OPEN`: both are one).
    """

    def __init__(self, problem: Problem) -> None:
        pairs, lots, groups = problem.pairs, problem.lots, problem.groups
        self.group, self.block, self._place = _find(problem)
        n = int(self.block.max(initial=-1)) + 1
        self.others = np.ones(len(groups.target), dtype=bool)
        self.others[self.group] = False
        self.wash = self._place >= 0
        self._slot, sided = _slots(self._place, self.wash & problem.coupled, n)
        self._n_cases = 1 << sided
        self.first = np.cumsum(self._n_cases) - self._n_cases
        self.owner = np.repeat(np.arange(n), self._n_cases)
        washes = np.flatnonzero(self.wash)
        self.washes, number, self.sides = self._in_cases(washes, washes)
        self.cases = self.first[self._place[self.washes]] + number
        # a cell is a group in a case of its block
        times = self._n_cases[self.block]
        first_cell = np.zeros(len(groups.target) + 1, dtype=np.intp)
        first_cell[self.group] = np.cumsum(times) - times
        cell = np.repeat(np.arange(len(self.group)), times)
        number = np.arange(len(cell)) - first_cell[self.group][cell]
        self.cell_case = self.first[self.block][cell] + number
        self.off = (groups.target - groups.before)[self.group][cell]
        self.band = groups.band[self.group][cell]
        self._cell_group = cell
        inside = self.wash[pairs.wash]
        only = pairs.groups[:, 0]
        buys = np.flatnonzero(inside & (pairs.buy_max > 0))
        buys, number, side = self._in_cases(buys, pairs.wash[buys])
        allowed = side != SELLS_LOSSES
        self.buys, buy_cell = buys[allowed], (first_cell[only[buys]] + number)[allowed]
        held = np.flatnonzero(inside[lots.pair])
        held, number, side = self._in_cases(held, pairs.wash[lots.pair[held]])
        allowed = (side != BUYS) | ~lots.loss[held]
        self.lots, lot_cell = held[allowed], (first_cell[only[lots.pair[held]]] + number)[allowed]
        self.cell = np.concatenate([buy_cell, lot_cell])
        dollars = pairs.price * pairs.weights[:, 0]
        self.value = np.concatenate([-dollars[self.buys], dollars[lots.pair[self.lots]]])
        self.shares = np.concatenate([pairs.buy_max[self.buys], lots.shares[self.lots]])
        self.pairs = np.flatnonzero(inside)
        place = np.zeros(len(groups.target) + 1, dtype=np.intp)
        place[self.group] = np.arange(len(self.group))
        self.pair_owner = place[only[self.pairs]]

    def _in_cases(self, items: Ints, wash: Ints) -> tuple[Ints, Ints, Ints]:
        """Repeat items, given with their wash groups, for each case; return its number in the block, and the side."""
        times = self._n_cases[self._place[wash]]
        number = np.arange(times.sum()) - np.repeat(np.cumsum(times) - times, times)
        slot = np.repeat(self._slot[wash], times)
        side = np.where((number >> np.maximum(slot, 0)) & 1, SELLS_LOSSES, BUYS)
        return np.repeat(items, times), number, np.where(slot < 0, OPEN, side)

    def bounds(self, buy: Floats, sell: Floats, order: Floats, inside: float, outside: float) -> Floats:
        """Return for each case the least that it costs, drift in it, in dollars.

        Parameters
        ----------
        buy, sell : array of float
            Dollars per share of buying (by pair) and of selling (by lot), the group's price apart.
        order : array of float
            Dollars for an order, by pair.
        inside, outside : float
            Dollars per dollar off target, inside the band and beyond it.
        """
        n = len(self.off)
        cost = np.concatenate([buy[self.buys], sell[self.lots]])
        everyone = np.arange(n)
        kinks = np.concatenate([-cost / self.value, np.full(n, -inside), np.full(n, inside)])
        falls = np.concatenate([self.shares * np.abs(self.value), self.band, self.band])
        slope = self.off + self.band + sum_by(self.cell, self.shares * np.maximum(self.value, 0.0), n)
        tops = _tops(np.concatenate([self.cell, everyone, everyone]), kinks, falls, slope)
        y = np.clip(tops, -outside, outside)
        traded = y * self.off + np.minimum(inside - np.abs(y), 0.0) * self.band
        traded += sum_by(self.cell, self.shares * np.minimum(cost + self.value * y[self.cell], 0.0), n)
        far = np.abs(self.off)
        nothing = inside * far + (outside - inside) * np.maximum(far - self.band, 0.0)
        least = np.minimum(nothing, traded + self._paid(order[self.pairs]))
        return sum_by(self.cell_case, least, len(self.owner))

    def bounds_at_common_prices(self, off_target: Floats, buy_side: Floats, sell_side: Floats) -> Floats:
        """Return the same at the prices that all groups have: of the drift by group, and of wash groups' sides."""
        drift = sum_by(self.block, off_target[self.group], len(self.first))
        traded = on_sides(self.sides, buy_side[self.washes], sell_side[self.washes])
        return np.asarray(drift[self.owner] + sum_by(self.cases, traded, len(self.owner)))

    def decide(self, cost: Floats, buy_side: Floats, sell_side: Floats, sides: Ints | None) -> Floats:
        """Return the least of each block's cases that keep to decided sides, given what they cost.

        What the cases of each side cost at best replaces that side of their wash groups in `buy_side` and `sell_side`.
        """
        if sides is not None:
            decided = sides[self.washes]
            barred = (decided != OPEN) & (self.sides != OPEN) & (decided != self.sides)
            cost[self.cases[barred]] = np.inf
        for side, of_side in ((BUYS, buy_side), (SELLS_LOSSES, sell_side)):
            mine = self.sides == side
            of_side[self.washes[mine]] = np.inf
            np.minimum.at(of_side, self.washes[mine], cost[self.cases[mine]])
        return np.asarray(np.minimum.reduceat(cost, self.first))

    def _paid(self, order: Floats) -> Floats:
        """Return for each group in a case what one order costs, or all of them where that is less than nothing."""
        least = np.full(len(self.group), np.inf)
        np.minimum.at(least, self.pair_owner, order)
        all_below = sum_by(self.pair_owner, np.minimum(order, 0.0), len(least))
        return np.where(least < 0, all_below, least)[self._cell_group]


def on_sides(sides: Ints, buy_side: Floats, sell_side: Floats) -> Floats:
    """Return what wash groups cost on these sides, the lesser where they are open."""
    least = np.minimum(buy_side, sell_side)
    return np.where(sides == BUYS, buy_side, np.where(sides == SELLS_LOSSES, sell_side, least))


def _find(problem: Problem) -> tuple[Ints, Ints, Ints]:
    """Return the private groups, the block of each, and the block of each wash group (-1: none).

    All pairs of a block count in one of its groups alone. One to `MOST_SIDED` of its wash groups have two sides; where
    orders cost it may also be a single wash group. Elsewhere a price of the group's own would not raise the bound, or
    there would be too many cases.
    """
    pairs, coupled, n_groups = problem.pairs, problem.coupled, len(problem.groups.target)
    only, n = pairs.groups[:, 0], n_groups + 1
    block = np.arange(n)
    of_wash = np.full(len(coupled), n_groups)
    while True:
        np.minimum.at(of_wash, pairs.wash, block[only])
        if (of_wash[pairs.wash] == block[only]).all():
            break
        np.minimum.at(block, only, of_wash[pairs.wash])
    shared = np.zeros(n, dtype=bool)
    shared[n_groups] = True
    stray = (pairs.groups[:, 1:] != n_groups).any(axis=1) | (pairs.weights[:, 0] <= 0)
    shared[block[pairs.groups[stray]]] = True
    sided = np.bincount(of_wash[coupled], minlength=n)
    single = (np.bincount(of_wash, minlength=n) == 1) & problem.limits.on_orders
    wanted = ((sided > 0) & (sided <= MOST_SIDED)) | (single & (sided == 0))
    chosen = np.flatnonzero(wanted & ~shared)
    place = np.full(n, -1)
    place[chosen] = np.arange(len(chosen))
    group = np.flatnonzero(place[block] >= 0)
    return group, place[block[group]], place[of_wash]


def _slots(place: Ints, sided: Flags, n: int) -> tuple[Ints, Ints]:
    """Return the number of each two-sided wash group within its private group (-1: not one), and how many each has."""
    chosen = np.flatnonzero(sided)
    chosen = chosen[np.argsort(place[chosen], kind="stable")]
    count = np.bincount(place[chosen], minlength=n)
    slot = np.full(len(place), -1)
    slot[chosen] = np.arange(len(chosen)) - np.repeat(np.cumsum(count) - count, count)
    return slot, count


def _tops(owner: Ints, kinks: Floats, falls: Floats, slope: Floats) -> Floats:
    """Return where concave functions are at their tops: infinite where they rise or fall for ever.

    Function k starts with the slope ``slope[k]``, which falls by ``falls`` at each of the `kinks` that it owns.
    """
    order = np.lexsort((kinks, owner))
    owner, kinks = owner[order], kinks[order]
    last = np.cumsum(np.bincount(owner, minlength=len(slope)))
    fallen = np.concatenate([[0.0], np.cumsum(falls[order])])
    first = np.concatenate([[0], last[:-1]])
    rising = np.bincount(owner[fallen[1:] - fallen[first][owner] < slope[owner]], minlength=len(slope))
    tops = np.append(kinks, np.inf)[np.where(rising < last - first, first + rising, -1)]
    return np.where(slope <= 0, -np.inf, tops)
