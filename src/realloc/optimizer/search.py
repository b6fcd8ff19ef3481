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
from realloc.optimizer.explain import explain
from realloc.optimizer.integer import Repair
from realloc.optimizer.problem import Problem, build
from realloc.optimizer.relaxation import Relaxation
from realloc.optimizer.sides import settle
from realloc.plan import CertificateStatus, Plan

GOOD_GAP = 0.02e-4
"""A gap that is good enough, as a fraction of the household's value: a fiftieth of a basis point."""

NODES = 60
"""Most nodes of the search over wash sides."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment of the wall clock, or none."""

    at: float | None

    @classmethod
    def after(cls, seconds: float | None) -> Deadline:
        """Return the moment `seconds` from now."""
        return cls(None if seconds is None else time.monotonic() + seconds)

    def passed(self) -> bool:
        """Return whether the moment is over."""
        return self.at is not None and time.monotonic() >= self.at


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """Whole-share trades and a bound in dollars that no plan beats."""

    made: Repair
    bound: float
    status: CertificateStatus


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
    certificate = certificate_of(problem, solution.made.objective(), solution.bound, solution.status)
    issues = [*issues, *diagnose(problem, solution.made, idle)]
    plan = plan_of(problem, solution.made, idle, certificate, issues)
    return replace(plan, trades=explain(problem, solution.made, plan.trades))


def solve(problem: Problem, idle: Repair, deadline: Deadline) -> Solution:
    """Return the best trades found and the best bound."""
    if not len(problem.pairs.held):
        return Solution(made=idle, bound=idle.objective(), status="certified")
    relaxation = Relaxation(problem)
    target = GOOD_GAP * problem.value
    settled = settle(problem, relaxation, target, NODES)
    made = Repair(problem, settled.sells_losses)
    made.round(settled.relaxed.buy, settled.relaxed.sell)
    made.improve()
    if _before(idle, made):
        made = idle
    status: CertificateStatus = "time_limit" if deadline.passed() else "certified"
    return Solution(made=made, bound=settled.bound, status=status)


def _before(one: Repair, other: Repair) -> bool:
    """Return whether `one` comes before `other`: less missed, then a lower objective, then fewer orders."""
    gap = one.missed() - other.missed()
    if abs(gap) > 1e-6:
        return gap < 0
    return one.objective() <= other.objective()
