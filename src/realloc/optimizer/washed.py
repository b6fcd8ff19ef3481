"""Repair where wash sales are allowed: every move is weighed with the losses that it denies or frees."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain

import numpy as np

from realloc.optimizer.deadline import NEVER, Deadline
from realloc.optimizer.integer import Repair
from realloc.optimizer.problem import Flags, Floats, Ints, Problem
from realloc.optimizer.washes import Denied, Family, Use


class WashedRepair(Repair):
    """Trades whose denied losses have no value (rule OBJ-2 with WASH-4).

    Parameters
    ----------
    problem, sells_losses, first_sold, deadline
        As in `Repair`.
    families : mapping of int to Family
        The wash groups in which a purchase can deny a loss.

    Notes
    -----
    What a family's denied losses add stands in the figures of its first pair, so that every sum over pairs
    contains it.
    """

    def __init__(
        self,
        problem: Problem,
        sells_losses: Flags,
        first_sold: Floats | None = None,
        *,
        families: Mapping[int, Family],
        deadline: Deadline = NEVER,
    ) -> None:
        self.families = families
        self.in_family = np.isin(problem.pairs.wash, list(families))
        super().__init__(problem, sells_losses, first_sold, deadline=deadline)

    def like(self, problem: Problem, sells_losses: Flags, first_sold: Floats | None) -> Repair:
        """Return an empty repair of the same kind."""
        return WashedRepair(problem, sells_losses, first_sold, families=self.families, deadline=self.deadline)

    def refresh(self) -> None:
        """Derive everything from the share counts, what is denied first."""
        self.known: dict[int, dict[tuple[int, float], Denied]] = {w: {} for w in self.families}
        self.use = {w: self._used(family) for w, family in self.families.items()}
        self.denied = np.zeros((3, len(self.shares)))
        for w, family in self.families.items():
            self.denied[:, family.pairs[0]] = family.denied(self.use[w])
        super().refresh()

    def move(self, pair: int, count: float) -> None:
        """Take one pair to another share count."""
        super().move(pair, count)
        w = int(self.problem.pairs.wash[pair])
        if w not in self.families:
            return
        family = self.families[w]
        self.known[w] = {}
        self.use[w] = self._traded(w, pair, count)
        first = family.pairs[0]
        before = self.denied[:, first].copy()
        tax, gain, short = self.denied[:, first] = np.array(family.denied(self.use[w]))
        self.pair_cost[first] += tax - before[0]
        self.pair_tax[first] += tax - before[0]
        self.pair_gain[first] += gain - before[1]
        self.pair_short[first] += short - before[2]
        self.known_parts = None

    def weigh(self, shares: Floats, at: slice | Ints) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        """Return cost, cash, tax, gain and short-term gain; another count of a pair changes its family's."""
        cost, came, tax, gain, short = super().weigh(shares, at)
        wash = self.problem.pairs.wash
        pairs = np.broadcast_to(np.arange(len(wash))[at], np.shape(shares)).ravel()
        more = self.denied[:, pairs]
        counts = np.ravel(shares)
        changed = np.flatnonzero(self.in_family[pairs] & (counts != self.shares[pairs]))
        columns = (pairs[changed], wash[pairs[changed]], counts[changed])
        rows = (self._added(p, w, c) for p, w, c in zip(*(of.tolist() for of in columns), strict=True))
        more[:, changed] += np.fromiter(chain.from_iterable(rows), float).reshape(-1, 3).T
        more = more.reshape(3, *np.shape(shares))
        return cost + more[0], came, tax + more[0], gain + more[1], short + more[2]

    def _added(self, pair: int, w: int, count: float) -> Denied:
        """Return what one pair at another count adds to what its family denies, worked out once until a move."""
        known = self.known[w]
        if (pair, count) not in known:
            family = self.families[w]
            now = self.denied[:, family.pairs[0]].tolist()
            then = family.denied(self._traded(w, pair, count))
            known[pair, count] = Denied(*(a - b for a, b in zip(then, now, strict=True)))
        return known[pair, count]

    def _used(self, family: Family) -> Use:
        use = family.untraded()
        for p in family.pairs:
            count = float(self.shares[p])
            if count:
                use = family.traded(use, p, count, self._lots_sold(p, count))
        return use

    def _traded(self, w: int, pair: int, count: float) -> Use:
        return self.families[w].traded(self.use[w], pair, count, self._lots_sold(pair, count))

    def _lots_sold(self, pair: int, count: float) -> dict[int, float]:
        """Return the shares that a trade of `count` sells, by lot."""
        sold: dict[int, float] = {}
        left = -count
        for part in range(int(self.part_first[pair]), int(self.part_first[pair + 1])):
            if left <= 0:
                break
            taken = min(left, float(self.part_shares[part]))
            left -= taken
            lot = int(self.part_lot[part])
            sold[lot] = sold.get(lot, 0.0) + taken
        return sold
