"""Repair where wash sales are allowed: every move is weighed with the losses that it denies or frees."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from realloc.optimizer.integer import Repair
from realloc.optimizer.problem import Flags, Floats, Ints, Problem
from realloc.optimizer.washes import NOTHING, Denied, Family


class WashedRepair(Repair):
    """Trades whose denied losses have no value (rule OBJ-2 with WASH-4).

    Parameters
    ----------
    problem, sells_losses, first_sold
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
    ) -> None:
        self.families = families
        self.denied = dict.fromkeys(families, NOTHING)
        super().__init__(problem, sells_losses, first_sold)

    def like(self, problem: Problem, sells_losses: Flags, first_sold: Floats | None) -> Repair:
        """Return an empty repair of the same kind."""
        return WashedRepair(problem, sells_losses, first_sold, families=self.families)

    def refresh(self) -> None:
        """Derive everything from the share counts, what is denied first."""
        self.known: dict[int, dict[tuple[int, float], Denied]] = {w: {} for w in self.families}
        self.denied = {w: self._denied(w) for w in self.families}
        super().refresh()

    def move(self, pair: int, count: float) -> None:
        """Take one pair to another share count."""
        super().move(pair, count)
        w = int(self.problem.pairs.wash[pair])
        if w not in self.families:
            return
        self.known[w] = {}
        before, after = self.denied[w], self._denied(w)
        self.denied[w] = after
        first = self.families[w].pairs[0]
        for totals, was, now in zip(
            (self.pair_cost, self.pair_tax, self.pair_gain, self.pair_short),
            (before.tax, *before),
            (after.tax, *after),
            strict=True,
        ):
            totals[first] += now - was
        self.known_parts = None

    def weigh(self, shares: Floats, at: slice | Ints) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        """Return cost, cash, tax, gain and short-term gain; another count of a pair changes its family's."""
        cost, came, tax, gain, short = super().weigh(shares, at)
        wash = self.problem.pairs.wash
        pairs = np.broadcast_to(np.arange(len(wash))[at], np.shape(shares)).ravel()
        more = np.zeros((3, pairs.size))
        places = np.flatnonzero(np.isin(wash[pairs], list(self.families)))
        if places.size:
            pairs = pairs[places]
            columns = (pairs, wash[pairs], np.ravel(shares)[places], self.shares[pairs])
            rows = [
                (
                    now if count == present else self._denied(w, p, count),
                    now,
                    now if self.families[w].pairs[0] == p else NOTHING,
                )
                for p, w, count, present in zip(*(column.tolist() for column in columns), strict=True)
                for now in (self.denied[w],)
            ]
            then, now, own = np.array(rows).transpose(1, 2, 0)
            more[:, places] = then - now + own
        more = more.reshape(3, *np.shape(shares))
        return cost + more[0], came, tax + more[0], gain + more[1], short + more[2]

    def _denied(self, w: int, pair: int = -1, count: float = 0.0) -> Denied:
        """Return what a family denies, with one pair at another count; each is worked out once until a move."""
        known = self.known[w]
        if (pair, count) not in known:
            known[pair, count] = self._worked_out(w, pair, count)
        return known[pair, count]

    def _worked_out(self, w: int, pair: int, count: float) -> Denied:
        family = self.families[w]
        counts = {p: float(self.shares[p]) for p in family.pairs}
        if pair >= 0:
            counts[pair] = count
        sold: dict[int, float] = {}
        for p, traded in counts.items():
            left = -traded
            for part in range(int(self.part_first[p]), int(self.part_first[p + 1])):
                if left <= 0:
                    break
                taken = min(left, float(self.part_shares[part]))
                left -= taken
                lot = int(self.part_lot[part])
                sold[lot] = sold.get(lot, 0.0) + taken
        return family.denied(counts, sold)
