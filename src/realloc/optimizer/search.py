"""From a household to a plan with its certificate: relax, settle the wash sides, round, repair, prove."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from realloc.errors import Issue
from realloc.household import Household
from realloc.optimizer.decode import certificate_of, plan_of
from realloc.optimizer.diagnose import diagnose
from realloc.optimizer.exact import Effort, Program
from realloc.optimizer.explain import explain
from realloc.optimizer.integer import Repair
from realloc.optimizer.problem import Flags, Floats, Problem, build
from realloc.optimizer.relaxation import Relaxation
from realloc.optimizer.sides import settle
from realloc.plan import CertificateStatus, Plan

GOOD_GAP = 0.05e-4
"""A gap in the choice of wash sides that is good enough, as a fraction of the household's value."""

SIDE_NODES = 60
"""Most nodes of the search over wash sides."""

FINISH_GAP = 0.05e-4
"""A gap, as a fraction of value, above which a small household is finished exactly."""

SMALL = 60
"""Most pairs and lots of a small household."""

SMALL_EFFORT = 20_000
"""Most nodes of the solver when it finishes a small household."""

CAP_GAP = 3e-4
"""A gap, as a fraction of value, that is good enough where a cap chooses among orders."""

MISSED = 1e-6
"""Dollars of a reserve or a cap that are noise."""

CAP_EFFORT = 2_000
"""Most nodes of the solver where a cap chooses among orders."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment of the wall clock, or none."""

    at: float | None

    @classmethod
    def after(cls, seconds: float | None) -> Deadline:
        """Return the moment `seconds` from now."""
        return cls(None if seconds is None else time.monotonic() + seconds)

    def left(self) -> float | None:
        """Return the seconds that are left, None without a deadline."""
        return None if self.at is None else max(0.0, self.at - time.monotonic())

    def passed(self) -> bool:
        """Return whether the moment is over."""
        return self.at is not None and time.monotonic() >= self.at


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """Whole-share trades and a bound in dollars that no plan beats."""

    made: Repair
    bound: float
    stopped: bool


def optimize(household: Household, issues: Sequence[Issue] = (), *, time_limit: float | None = None) -> Plan:
    """Return the plan of a sound household, not yet audited.

    Parameters
    ----------
    household : Household
        Checked by `realloc.check`.
    issues : sequence of Issue
        Warnings of the check, which the plan repeats.
    time_limit : float, optional
        Seconds after which the search returns what it has.
    """
    deadline = Deadline.after(time_limit)
    problem = build(household)
    idle = Repair(problem, np.zeros(len(problem.coupled), dtype=bool))
    solution = solve(problem, idle, deadline)
    status: CertificateStatus = "time_limit" if solution.stopped and deadline.passed() else "certified"
    certificate = certificate_of(problem, solution.made.objective(), solution.bound, status)
    issues = [*issues, *diagnose(problem, solution.made, idle)]
    plan = plan_of(problem, solution.made, idle, certificate, issues)
    return replace(plan, trades=explain(problem, solution.made, plan.trades))


def solve(problem: Problem, idle: Repair, deadline: Deadline) -> Solution:
    """Return the best trades found and the best bound."""
    if not len(problem.pairs.held):
        return Solution(made=idle, bound=idle.objective(), stopped=False)
    relaxation = Relaxation(problem)
    settled = settle(problem, relaxation, GOOD_GAP * problem.value, SIDE_NODES)
    made = _rounded(problem, settled.relaxed.buy, settled.relaxed.sell, settled.sells_losses)
    solution = Solution(made=min(made, idle, key=_rank), bound=settled.bound, stopped=False)
    small = len(problem.pairs.held) + len(problem.lots.pair) <= SMALL
    limits = problem.limits
    capped = bool(np.isfinite([limits.orders, limits.gain, limits.tax, limits.drift]).any())
    missed = max(solution.made.missed()) > MISSED
    if missed and not small:
        return solve(_relented(problem, solution.made), idle, deadline)
    gap = solution.made.objective() - solution.bound
    if small and (gap > FINISH_GAP * problem.value or missed):
        program = Program(problem, whole=True, elastic=missed)
        return _finished(solution, program, Effort(0.0, SMALL_EFFORT, deadline.left()))
    if capped and gap > CAP_GAP * problem.value:
        effort = Effort(CAP_GAP * problem.value, CAP_EFFORT, deadline.left())
        return _finished(solution, Program(problem, whole=False), effort)
    return solution


def _relented(problem: Problem, made: Repair) -> Problem:
    """Return the problem with the reserves and the cap on drift that `made` reaches, where it misses them.

    An account that misses its reserve buys nothing (rule CASH-2).
    """
    cash, pairs = problem.cash, problem.pairs
    short = made.cash < cash.reserve - MISSED
    return replace(
        problem,
        cash=replace(cash, reserve=np.minimum(cash.reserve, made.cash), short=cash.short | short),
        pairs=replace(pairs, buy_max=np.where(short[pairs.account], 0.0, pairs.buy_max)),
        limits=replace(problem.limits, drift=max(problem.limits.drift, made.drift() * (1 + 1e-9))),
    )


def _rounded(problem: Problem, buy: Floats, sell: Floats, sells_losses: Flags) -> Repair:
    made = Repair(problem, sells_losses)
    made.round(buy, sell)
    made.improve()
    return made


def _finished(solution: Solution, program: Program, effort: Effort) -> Solution:
    """Return the solution improved by the whole program, as far as `effort` goes."""
    made = solution.made
    exact = program.solve(effort, made.objective() if max(made.missed()) <= MISSED else np.inf)
    if exact.buy is not None and exact.sell is not None and exact.sells_losses is not None:
        made = min(made, _rounded(program.problem, exact.buy, exact.sell, exact.sells_losses), key=_rank)
    return Solution(made=made, bound=max(solution.bound, exact.bound), stopped=exact.stopped)


def _rank(made: Repair) -> tuple[float, ...]:
    """Return what comes first: no cap broken, less missed, then a lower objective, then fewer orders."""
    return (
        *(round(missed, 6) for missed in made.missed()),
        round(made.objective(), 7),
        float(np.count_nonzero(made.shares)),
    )
