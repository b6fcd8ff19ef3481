"""Groups that share nothing but cash with others: each is bounded as a whole, its own price chosen for it.

A *case* of such a group is one choice of sides for its wash groups. At given prices of cash its cost is at least
the maximum over the group's price y of a concave function: of the drift's dual and, for each buy and lot that the
case allows, of shares x min(cost + value x y, 0). Any y gives a valid bound.
"""

from __future__ import annotations

import numpy as np

from realloc.optimizer.problem import Flags, Floats, Ints, Problem, sum_by
from realloc.optimizer.relaxation import BUYS, OPEN, SELLS_LOSSES

MOST_SIDED = 3
"""Most wash groups with two sides of a private group: each doubles its cases."""


class Private:
    """The private groups of a problem and their cases.

    Parameters
    ----------
    problem : Problem
        The arrays.

    Attributes
    ----------
    group : array of int
        The private groups; `first` is the first case of each, and `owner` the place here of each case's.
    others : array of bool
        All other groups.
    wash : array of bool
        The wash groups that are in them.
    washes, cases, sides : arrays of int
        One entry for each case and wash group of its group, with the side that it has there (`OPEN`: both are one).
    """

    def __init__(self, problem: Problem) -> None:
        pairs, lots, groups = problem.pairs, problem.lots, problem.groups
        self.group, self._place = _find(problem)
        self.others = np.ones(len(groups.target), dtype=bool)
        self.others[self.group] = False
        self.wash = self._place >= 0
        self._slot, sided = _slots(self._place, self.wash & problem.coupled, len(self.group))
        self._n_cases = 1 << sided
        self.first = np.cumsum(self._n_cases) - self._n_cases
        self.owner = np.repeat(np.arange(len(self.group)), self._n_cases)
        washes = np.flatnonzero(self.wash)
        self.washes, self.cases, self.sides = self._in_cases(washes, washes)
        inside = self.wash[pairs.wash]
        self.pairs = np.flatnonzero(inside)
        buys = np.flatnonzero(inside & (pairs.buy_max > 0))
        buys, buy_case, side = self._in_cases(buys, pairs.wash[buys])
        allowed = side != SELLS_LOSSES
        self.buys, buy_case = buys[allowed], buy_case[allowed]
        held = np.flatnonzero(inside[lots.pair])
        held, lot_case, side = self._in_cases(held, pairs.wash[lots.pair[held]])
        allowed = (side != BUYS) | ~lots.loss[held]
        self.lots, lot_case = held[allowed], lot_case[allowed]
        self.case = np.concatenate([buy_case, lot_case])
        dollars = pairs.price * pairs.weights[:, 0]
        self.value = np.concatenate([-dollars[self.buys], dollars[lots.pair[self.lots]]])
        self.shares = np.concatenate([pairs.buy_max[self.buys], lots.shares[self.lots]])
        self.off = (groups.target - groups.before)[self.group][self.owner]
        self.band = groups.band[self.group][self.owner]
        self.pair_owner = self._place[pairs.wash[self.pairs]]

    def _in_cases(self, items: Ints, wash: Ints) -> tuple[Ints, Ints, Ints]:
        """Repeat items, given with their wash groups, for each case; return also the case, and their side in it."""
        times = self._n_cases[self._place[wash]]
        number = np.arange(times.sum()) - np.repeat(np.cumsum(times) - times, times)
        wash = np.repeat(wash, times)
        slot = self._slot[wash]
        side = np.where((number >> np.maximum(slot, 0)) & 1, SELLS_LOSSES, BUYS)
        case = self.first[self._place[wash]] + number
        return np.repeat(items, times), case, np.where(slot < 0, OPEN, side)

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
        n = len(self.owner)
        cost = np.concatenate([buy[self.buys], sell[self.lots]])
        everyone = np.arange(n)
        kinks = np.concatenate([-cost / self.value, np.full(n, -inside), np.full(n, inside)])
        falls = np.concatenate([self.shares * np.abs(self.value), self.band, self.band])
        slope = self.off + self.band + sum_by(self.case, self.shares * np.maximum(self.value, 0.0), n)
        tops = _tops(np.concatenate([self.case, everyone, everyone]), kinks, falls, slope)
        y = np.clip(tops, -outside, outside)
        traded = y * self.off + np.minimum(inside - np.abs(y), 0.0) * self.band
        traded += sum_by(self.case, self.shares * np.minimum(cost + self.value * y[self.case], 0.0), n)
        far = np.abs(self.off)
        nothing = inside * far + (outside - inside) * np.maximum(far - self.band, 0.0)
        return np.minimum(nothing, traded + self._paid(order[self.pairs]))

    def _paid(self, order: Floats) -> Floats:
        """Return for each case what at least one order costs, or all of them where that is less than nothing."""
        least = np.full(len(self.group), np.inf)
        np.minimum.at(least, self.pair_owner, order)
        all_below = sum_by(self.pair_owner, np.minimum(order, 0.0), len(least))
        return np.where(least < 0, all_below, least)[self.owner]


def _find(problem: Problem) -> tuple[Ints, Ints]:
    """Return the private groups, and for each wash group the place of its group among them, -1 elsewhere.

    The pairs of a private group count in nothing else, and their wash groups have no other pairs. One to `MOST_SIDED`
    of these have two sides; where orders cost it may also be a single wash group. Elsewhere a price of the group's own
    would not raise the bound, or there would be too many cases.
    """
    pairs, coupled, n_groups = problem.pairs, problem.coupled, len(problem.groups.target)
    only = pairs.groups[:, 0]
    first = np.full(len(coupled), n_groups)
    first[pairs.wash] = only
    stray = (pairs.groups[:, 1:] != n_groups).any(axis=1) | (pairs.weights[:, 0] <= 0)
    stray |= only != first[pairs.wash]
    shared = np.zeros(n_groups + 1, dtype=bool)
    shared[n_groups] = True
    shared[pairs.groups[stray]] = True
    shared[first[pairs.wash[stray]]] = True
    sided = np.bincount(first[coupled], minlength=n_groups + 1)
    single = (np.bincount(first, minlength=n_groups + 1) == 1) & problem.limits.on_orders
    wanted = ((sided > 0) & (sided <= MOST_SIDED)) | (single & (sided <= 1))
    group = np.flatnonzero(wanted & ~shared)
    place = np.full(n_groups + 1, -1)
    place[group] = np.arange(len(group))
    return group, place[first]


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
