"""Choose the side of each wash group, to buy it or to sell its losses (rule WASH-1), by branch and bound.

The relaxation first ignores the rule. Groups that it then both buys and sells at a loss get the hull of their
two sides; what is still torn is branched on. Every node's bound is the Lagrangian at its own multipliers.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from itertools import count

import numpy as np

from realloc.errors import SolverError
from realloc.optimizer.certificate import Bound, lagrangian_bound
from realloc.optimizer.problem import Flags, Floats, Ints, Problem, sum_by
from realloc.optimizer.relaxation import BUYS, OPEN, SELLS_LOSSES, USED, Relaxation, Relaxed

GUESSES = 4
"""Rounds of choosing the sides of private groups at the cash prices of the last round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A relaxed solution in which every wash group keeps to one side, and a bound on every plan, in dollars."""

    relaxed: Relaxed
    sells_losses: Flags
    bound: float


def used_sides(problem: Problem, relaxed: Relaxed) -> tuple[Floats, Floats]:
    """Return by wash group the dollars bought, and the dollars sold from loss lots."""
    pairs, lots = problem.pairs, problem.lots
    n = len(problem.coupled)
    bought = np.where(relaxed.buy > USED, relaxed.buy, 0.0) * pairs.price
    lost = np.where((relaxed.sell > USED) & lots.loss, relaxed.sell, 0.0) * pairs.price[lots.pair]
    return (
        sum_by(pairs.wash, bought, n),
        sum_by(pairs.wash[lots.pair], lost, n),
    )


class _Search:
    """Branch and bound over the sides of wash groups."""

    def __init__(self, problem: Problem, relaxation: Relaxation) -> None:
        self.problem = problem
        self.relaxation = relaxation
        self.n = len(problem.coupled)
        self.guess = np.zeros(self.n, dtype=np.intp)
        self.is_private = np.zeros(self.n, dtype=bool)
        self.is_private[problem.pairs.wash[problem.private.pair]] = True
        self.hull = np.zeros(self.n, dtype=bool)
        self.best: Relaxed | None = None

    def solve(self, sides: Ints) -> tuple[Relaxed, Bound, Flags]:
        """Solve a node; note its solution if no group is torn; return it with its bound and the torn groups."""
        self.relaxation.limit(np.where(sides == OPEN, self.guess, sides))
        relaxed = self.relaxation.solve()
        bound = lagrangian_bound(self.problem, relaxed.multipliers, sides)
        bought, lost = used_sides(self.problem, relaxed)
        torn = np.where(self.problem.coupled, np.minimum(bought, lost), 0.0)
        if not torn.any() and (self.best is None or relaxed.objective < self.best.objective):
            self.best = relaxed
        return relaxed, bound, torn


def settle(problem: Problem, relaxation: Relaxation, target: float, nodes: int) -> Settled:
    """Settle every wash group on a side.

    Parameters
    ----------
    problem : Problem
        The arrays.
    relaxation : Relaxation
        Its relaxation; it is left with hulls added and sides limited.
    target : float
        Dollars: a gap that is good enough to stop.
    nodes : int
        Most nodes to solve after the first solution.
    """
    search = _Search(problem, relaxation)
    sides = np.zeros(search.n, dtype=np.intp)
    _, found, torn = search.solve(sides)
    bound = found.value
    choose = search.is_private & problem.coupled
    if choose.any():
        for _ in range(GUESSES):
            guess = np.where(choose, np.where(found.sell_side < found.buy_side, SELLS_LOSSES, BUYS), OPEN)
            if (guess == search.guess).all():
                break
            search.guess = guess
            _, found, torn = search.solve(sides)
            bound = max(bound, found.value)
    while (torn > 0).any() and not search.hull[torn > 0].all():
        relaxation.couple(np.flatnonzero((torn > 0) & ~search.hull))
        search.hull |= torn > 0
        _, found, torn = search.solve(sides)
        bound = max(bound, found.value)
    tie = count()
    heap = [(bound, next(tie), sides, found, torn)]
    floor = np.inf
    while heap:
        node_bound, _, sides, found, torn = heap[0]
        if search.best is not None and (search.best.objective - node_bound <= target or nodes <= 0):
            break
        heapq.heappop(heap)
        if not (torn > 0).any():
            floor = min(floor, node_bound)
            continue
        group = int(torn.argmax())
        first = SELLS_LOSSES if found.sell_side[group] < found.buy_side[group] else BUYS
        for side in (first, BUYS + SELLS_LOSSES - first):
            nodes -= 1
            child = sides.copy()
            child[group] = side
            _, child_found, child_torn = search.solve(child)
            heapq.heappush(
                heap, (max(node_bound, child_found.value), next(tie), child, child_found, child_torn)
            )
    if search.best is None:
        raise SolverError("no side of the wash groups leaves a solution")
    bound = min([floor, *(node[0] for node in heap)])
    relaxed = search.best
    _, lost = used_sides(problem, relaxed)
    return Settled(relaxed=relaxed, sells_losses=lost > 0, bound=bound)
