"""Choose the side of each wash group, to buy it or to sell its losses (rule WASH-1), by branch and bound.

The relaxation first ignores the rule. Groups that it then both buys and sells at a loss get the hull of their
two sides; what is still torn is branched on. Every node's bound is the Lagrangian at its own multipliers.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count

import numpy as np

from realloc.errors import SolverError
from realloc.optimizer.certificate import Bound, Lagrangian
from realloc.optimizer.problem import Flags, Floats, Ints, Problem, sum_by
from realloc.optimizer.relaxation import (
    BUYS,
    OPEN,
    SELLS_LOSSES,
    USED,
    Relaxation,
    Relaxed,
)

NOTHING = 1e-6
"""Dollars: a side that costs this much less is no better than the other."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Settled:
    """A relaxed solution in which every wash group keeps to one side, and a bound on every plan, in dollars.

    Where time ended the search before the first of them, its objective is infinite.
    """

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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class _Solved:
    """A node's bound, and by wash group in dollars what is to be decided, and the side to try first.

    A group is `torn` for what it trades on both sides, or for what the side saves that was not guessed.
    """

    found: Bound
    torn: Floats
    first: Ints


@dataclass(frozen=True, slots=True, order=True)
class _Node:
    """Decided sides, with a bound in dollars on the plans that keep to them; `solved` is None until it is."""

    bound: float
    number: int
    sides: Ints = field(compare=False)
    solved: _Solved | None = field(compare=False)


class _Search:
    """Branch and bound over the sides of wash groups."""

    def __init__(self, problem: Problem, relaxation: Relaxation) -> None:
        self.problem = problem
        self.relaxation = relaxation
        self.lagrangian = Lagrangian(problem)
        self.n = len(problem.coupled)
        self.guess = np.zeros(self.n, dtype=np.intp)
        self.own_prices = problem.limits.on_orders
        self.best: Relaxed | None = None
        self.unsolved: Relaxed | None = None
        self.number = count()

    @cached_property
    def private(self) -> Flags:
        """The wash groups whose sides are chosen in private groups."""
        return self.lagrangian.private.wash & self.problem.coupled

    def solve(self, sides: Ints) -> _Solved:
        """Solve with decided sides and guesses for others; note the solution if no group uses both of its sides."""
        taken = np.where(sides == OPEN, self.guess, sides)
        self.relaxation.limit(taken)
        relaxed = self.relaxation.solve()
        if relaxed.objective == np.inf:
            return self._interrupted(relaxed, sides)
        bought, lost = used_sides(self.problem, relaxed)
        torn = np.where(self.problem.coupled, np.minimum(bought, lost), 0.0)
        if not torn.any() and (self.best is None or relaxed.objective < self.best.objective):
            self.best = relaxed
        self.own_prices = self.own_prices or bool(torn.any())
        found = self.lagrangian.bound(relaxed.multipliers, sides, own_prices=self.own_prices)
        first = np.where(bought >= lost, BUYS, SELLS_LOSSES)
        if self.own_prices:
            cheaper = found.cheaper()
            saved = np.abs(found.buy_side - found.sell_side)
            guessed = self.private & (sides == OPEN) & (taken != OPEN)
            torn = np.where(guessed & (cheaper != taken) & (saved > NOTHING), saved, torn)
            first = np.where(self.private, cheaper, first)
        return _Solved(found=found, torn=torn, first=first)

    def _interrupted(self, unsolved: Relaxed, sides: Ints) -> _Solved:
        """Return what is known of a node whose solution time has ended: a bound, which is true at any prices."""
        self.unsolved = unsolved
        found = self.lagrangian.bound(unsolved.multipliers, sides, own_prices=self.own_prices)
        return _Solved(found=found, torn=np.zeros(self.n), first=np.full(self.n, BUYS))

    def root(self, target: float) -> _Node:
        """Solve without decided sides: open, then with a guess for every group, then with hulls for torn ones.

        The guess is the side that costs less at the prices of the open solution. Private groups get a new one at the
        prices that follow from it, and no hull: their bound needs none.

        Parameters
        ----------
        target : float
            Dollars: a gap that is good enough to stop.
        """
        sides = np.zeros(self.n, dtype=np.intp)
        solved = self.solve(sides)
        bound = solved.found.value
        if self.problem.coupled.any() and self.gap(bound) > target and not self.unsolved:
            self.own_prices = True
            torn = (solved.torn > 0) & ~self.private
            self.guess = np.where(self.problem.coupled, solved.found.cheaper(), OPEN)
            solved = self.solve(sides)
            bound = max(bound, solved.found.value)
            if self.gap(bound) > target and not self.unsolved:
                self.guess = np.where(self.private, solved.found.cheaper(), OPEN)
                solved = self.solve_with_hulls(sides, torn)
                bound = max(bound, solved.found.value)
        return _Node(bound, next(self.number), sides, solved)

    def solve_with_hulls(self, sides: Ints, torn: Flags) -> _Solved:
        """Add the hulls of the groups that are torn, and of those that are then torn, and solve."""
        hulls = np.zeros(self.n, dtype=bool)
        while True:
            new = torn & ~hulls
            self.relaxation.couple(np.flatnonzero(new))
            hulls |= new
            solved = self.solve(sides)
            torn = (solved.torn > 0) & ~self.private
            if not (torn & ~hulls).any():  # none is torn where time is up
                return solved

    def gap(self, bound: float) -> float:
        """Return how far the best solution is from a bound, in dollars."""
        return self.best.objective - bound if self.best else np.inf

    def visit(self, node: _Node) -> _Node:
        """Solve a node."""
        solved = self.solve(node.sides)
        return _Node(max(node.bound, solved.found.value), node.number, node.sides, solved)

    def branch(self, node: _Node, solved: _Solved) -> tuple[_Node, _Node]:
        """Return the two sides of the group that is torn most, the one to try first before the other."""
        group = int(solved.torn.argmax())
        first = int(solved.first[group])
        children = []
        for side in (first, BUYS + SELLS_LOSSES - first):
            sides = node.sides.copy()
            sides[group] = side
            children.append(_Node(node.bound, next(self.number), sides, None))
        return children[0], children[1]


def settle(
    problem: Problem,
    relaxation: Relaxation,
    target: float,
    nodes: int,
) -> Settled:
    """Settle every wash group on a side, in the time that the relaxation has.

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
    heap: list[_Node] = []
    node: _Node | None = search.root(target)
    leaves = np.inf
    # the least bound first, and from there straight down, until what is below cannot be better by the target
    while node or heap:
        if node is None:
            if search.gap(min(leaves, heap[0].bound)) <= target:
                break
            node = heapq.heappop(heap)
        solved = node.solved
        if search.unsolved or (solved is None and search.best and nodes <= 0):
            heapq.heappush(heap, node)
            break
        if solved is None:
            nodes -= 1
            node = search.visit(node)
        elif not solved.torn.any() or search.gap(node.bound) <= target:
            leaves = min(leaves, node.bound)
            node = None
        else:
            node, other = search.branch(node, solved)
            heapq.heappush(heap, other)
    relaxed = search.best or search.unsolved
    if relaxed is None:
        raise SolverError("no side of the wash groups leaves a solution")
    _, lost = used_sides(problem, relaxed)
    bound = min([leaves, *(node.bound for node in heap)])
    return Settled(relaxed=relaxed, sells_losses=lost > 0, bound=bound)
