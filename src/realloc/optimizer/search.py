"""From a household to a plan with its certificate: relax, settle the wash sides, round, repair, prove."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from realloc.errors import Issue
from realloc.household import Household
from realloc.optimizer.certificate import Lagrangian, no_multipliers
from realloc.optimizer.deadline import NEVER, Deadline
from realloc.optimizer.decode import certificate_of, exact_shortfall, plan_of
from realloc.optimizer.diagnose import diagnose
from realloc.optimizer.exact import Effort, Program
from realloc.optimizer.explain import explain
from realloc.optimizer.integer import Repair
from realloc.optimizer.means import keep_within_means
from realloc.optimizer.preference import prefer
from realloc.optimizer.prices import limit_prices
from realloc.optimizer.problem import Flags, Floats, Problem, build, coupled_groups, sided_by_pair
from realloc.optimizer.raising import trimmed, with_tax_first, with_tax_of
from realloc.optimizer.relaxation import Relaxation
from realloc.optimizer.relief import by_lot, convex
from realloc.optimizer.sides import settle
from realloc.optimizer.washed import WashedRepair
from realloc.optimizer.washes import Family, families
from realloc.plan import CertificateStatus, Plan, PlannedWashSales

GOOD_GAP = 0.3e-4
"""A gap in the choice of wash sides that is good enough, as a fraction of the household's value."""

SIDE_NODES = 60
"""Most nodes of the search over wash sides."""

FINISH_GAP = 0.05e-4
"""A gap, as a fraction of value, above which a small household is finished exactly."""

EXACT = 0.001
"""Dollars: a gap at which a small household is finished."""

SMALL = 60
"""Most pairs and lots of a small household."""

SMALL_EFFORT = 5_000
"""Most nodes of the solver when it finishes a small household."""

CAP_GAP = 4e-4
"""A gap, as a fraction of value, that is good enough where a cap chooses among orders."""

WHOLE_SHARES = 0.5e-4
"""Drift above its cap, as a fraction of value, that is put down to whole shares (rule CAP-4)."""

DRIFT_FIRST = 1.0
"""Dollars per dollar off target: more than any tax on selling it, or any spread."""

MISSED = 1e-6
"""Dollars of a reserve or a cap that are noise."""

CENT = 0.01
"""Dollars of each account's cash that rounding can make (rule OBJ-6)."""

CAP_EFFORT = 200
"""Most nodes of the solver where a cap chooses among orders."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """Whole-share trades and a bound in dollars that no plan beats."""

    made: Repair
    bound: float


def optimize(household: Household, issues: Sequence[Issue] = (), deadline: Deadline = NEVER) -> Plan:
    """Return the plan of a sound household, not yet audited.

    Parameters
    ----------
    household : Household
        Checked by `realloc.check`.
    issues : sequence of Issue
        Warnings of the check, which the plan repeats.
    deadline : Deadline
        When the plan has to be there, audited; it ends the search and the prices of limits, not the answer.
    """
    problem = build(household)
    idle = _idle(problem, deadline.for_search())
    decided = _raising if household.policy.mode == "raise_cash" else solve
    solution = _not_worse(decided(problem, idle), idle)
    status: CertificateStatus = "time_limit" if idle.deadline.has_cut else "certified"
    prefer(solution.made)
    keep_within_means(solution.made)
    certificate = certificate_of(problem, solution.made.objective(), solution.bound, status)
    plan = plan_of(problem, solution.made, idle, certificate, issues)
    explain(solution.made, plan.trades)
    return replace(
        plan,
        issues=(
            *issues,
            *diagnose(solution.made, plan.trades, plan.wash_sales or PlannedWashSales()),
            *limit_prices(solution.made, partial(_reach, idle.deadline)),
        ),
    )


def _reach(deadline: Deadline, household: Household, below: float) -> tuple[float, float]:
    """Return the objective that trades reach (infinite where they miss something), and a bound, in dollars.

    Only trades that reach less than `below` dollars are looked for: else the bound may be just that.
    A large household is not finished: its bound is wider, and what caps are left may be missed.
    """
    problem = build(household)
    idle = _idle(problem, deadline)
    solution = solve(problem, idle, below) if _is_small(problem) else _relaxed(problem, idle)
    reached = np.inf if _misses(solution.made) else solution.made.objective()
    return reached, solution.bound


def _raising(problem: Problem, idle: Repair) -> Solution:
    """Return trades that raise cash at the least tax, and a bound on all that do (rule MODE-4)."""
    if not len(problem.lots.pair):
        return Solution(made=idle, bound=np.inf)
    first = with_tax_first(problem)
    least = trimmed(solve(first, idle.on(first)).made.on(problem))
    limited = with_tax_of(problem, least)
    solution = _searched(limited, idle.on(limited), np.inf)
    # what is trimmed may have more tax than the cap that was taken from larger sales
    made = min(least.on(limited), trimmed(solution.made.on(problem)).on(limited), key=_rank)
    if idle.deadline.passed():
        made = least.on(limited) if max(made.missed()[:2]) > MISSED else made
        solution = _bounded_at_once(replace(solution, made=made))
    return replace(solution, made=made.on(problem))


def _idle(problem: Problem, deadline: Deadline) -> Repair:
    """Return no trades, in the kind of repair that the household's wash sales need, improved until a deadline."""
    sides = np.zeros(len(problem.coupled), dtype=bool)
    found = families(problem) if problem.household.policy.wash_sales.mode == "allow" else {}
    if found:
        return WashedRepair(problem, sides, families=found, deadline=deadline)
    return Repair(problem, sides, deadline=deadline)


def solve(problem: Problem, idle: Repair, below: float = np.inf) -> Solution:
    """Return the best trades found and the best bound, which need not be above `below` dollars.

    Where the deadline of `idle` ends the search, the trades keep every rule all the same, and the bound is true.
    """
    if not (problem.pairs.buy_max > 0).any() and not len(problem.lots.pair):
        return Solution(made=idle, bound=np.inf)
    return _completed(_searched(problem, idle, below), idle)


def _searched(problem: Problem, idle: Repair, below: float) -> Solution:
    is_late = idle.deadline.passed
    solution = _relaxed(problem, idle)
    if _is_nearly_at_cap(problem, solution.made):
        relented = _relented(problem, solution.made)
        solution = _searched(relented, solution.made.on(relented), below)
        return replace(solution, made=solution.made.on(problem))
    if isinstance(idle, WashedRepair) and not is_late():
        solution = replace(solution, made=min(solution.made, _kept_apart(problem, idle), key=_rank))
    if _misses(solution.made) or _is_capped(problem) or _is_small(problem) or idle.families:
        solution = _programmed(problem, solution, below)
    if _misses(solution.made):
        solution = replace(solution, made=min(solution.made, _raised(idle), key=_rank))
    if solution.made.missed()[2] > MISSED and not _is_small(problem) and not is_late():
        solution = replace(solution, made=min(solution.made, _nearest(problem, idle), key=_rank))
    if is_late():
        return _bounded_at_once(solution)
    if solution.bound == -np.inf or (_misses(solution.made) and not _is_small(problem)):
        relented = _relented(problem, solution.made)
        better = _relaxed(relented, solution.made.on(relented))
        if _rank(better.made.on(problem)) < _rank(solution.made):
            return Solution(made=better.made.on(problem), bound=better.bound)
        return replace(solution, bound=better.bound)
    return solution


def _completed(solution: Solution, idle: Repair) -> Solution:
    """Return the solution, or the sales that reserves ask for where time ended the search in the midst of a repair."""
    if max(solution.made.missed()[:2]) <= MISSED or not idle.deadline.passed():
        return solution
    made = idle.like(idle.problem, np.ones_like(idle.sells_losses), None)
    made.cover()
    return _bounded_at_once(Solution(made=made, bound=-np.inf))


def _bounded_at_once(solution: Solution) -> Solution:
    """Return the solution with a bound that holds for what it misses, and needs no solver."""
    made = solution.made
    if _misses(made):
        return replace(solution, bound=_bound_at_once(_relented(made.problem, made)))
    return replace(solution, bound=max(solution.bound, _bound_at_once(made.problem)))


def _bound_at_once(problem: Problem) -> float:
    """Return the bound without a price on any coupling rule."""
    return Lagrangian(problem).bound(no_multipliers(problem)).value


def _nearest(problem: Problem, idle: Repair) -> Repair:
    """Return trades that come near the targets whatever else they cost, for a cap on drift that is out of reach."""
    limits = replace(problem.limits, drift=np.inf, inside_band=DRIFT_FIRST, outside_band=DRIFT_FIRST)
    near = replace(problem, limits=limits)
    return solve(near, idle.on(near)).made.on(problem)


def _relaxed(problem: Problem, idle: Repair) -> Solution:
    """Return rounded trades of the relaxation, or doing nothing where that comes before, or time is up before.

    Where the relaxation makes more orders than the cap allows, its trades are no start and are not rounded.
    """
    if idle.deadline.passed():
        return Solution(made=idle, bound=_bound_at_once(problem))
    free = not problem.coupled.any()
    relaxed = sided_by_pair(convex(problem)) if free else convex(problem)
    relaxation = Relaxation(relaxed, idle.deadline)
    good = (FINISH_GAP if _is_small(problem) else GOOD_GAP) * problem.value
    settled = settle(relaxed, relaxation, good, SIDE_NODES)
    made = idle
    if settled.relaxed.objective < np.inf and settled.relaxed.orders(relaxed) <= problem.limits.orders:
        made = min(
            idle,
            _rounded(
                idle,
                settled.relaxed.buy,
                by_lot(problem, relaxed, settled.relaxed.sell),
                idle.sells_losses if free else settled.sells_losses,
            ),
            key=_rank,
        )
    return Solution(made=made, bound=settled.bound)


def _families_of(made: Repair, modelled: Problem) -> Mapping[int, Family]:
    """Return the wash groups that a program counts denied losses in: none where envelopes stand for its lots."""
    return made.families if modelled.lots is made.problem.lots else {}


def _kept_apart(problem: Problem, idle: Repair) -> Repair:
    """Return trades that start from a plan without wash sales, where they are allowed.

    That plan may sell losses that are closed while their symbol may be bought: these it leaves.
    """
    pairs, lots = problem.pairs, problem.lots
    apart = replace(problem, coupled=coupled_groups(pairs, lots, len(problem.coupled), avoid=True))
    plain = Repair(apart, np.zeros(len(apart.coupled), dtype=bool), deadline=idle.deadline)
    made = _relaxed(apart, plain).made
    started = idle.at(np.maximum(made.shares, -idle.full))
    started.improve()
    return started


def _raised(idle: Repair) -> Repair:
    """Return what single moves make of doing nothing: it raises reserves where anything can."""
    raised = idle.at(idle.shares)
    raised.improve()
    return raised


def _misses(made: Repair) -> bool:
    return max(made.missed()) > MISSED


def _is_nearly_at_cap(problem: Problem, made: Repair) -> bool:
    """Return whether all that is missed is the drift by which whole shares stay above its cap (rule CAP-4)."""
    broken, short, astray = made.missed()
    return max(broken, short) <= MISSED < astray <= WHOLE_SHARES * problem.value


def _is_small(problem: Problem) -> bool:
    return len(problem.pairs.held) + len(problem.lots.pair) <= SMALL


def _is_capped(problem: Problem) -> bool:
    limits = problem.limits
    return bool(np.isfinite([limits.orders, limits.gain, limits.short_gain, limits.tax, limits.drift]).any())


def _programmed(problem: Problem, solution: Solution, below: float) -> Solution:
    """Return the solution finished by the integer program, where its gap asks for it and there is time."""
    deadline = solution.made.deadline
    if deadline.passed():
        return solution
    small = _is_small(problem)
    missed = _misses(solution.made)
    good = (FINISH_GAP if small else CAP_GAP) * problem.value
    if missed:
        # the relaxation's bound has the price of what is missed in it, which is no part of a plan's objective
        solution = replace(solution, bound=-np.inf)
    if solution.made.objective() - solution.bound <= good:
        return solution
    modelled = problem if small else convex(problem)
    families = _families_of(solution.made, modelled)
    program = Program(modelled, whole=small, elastic=missed, families=families, deadline=deadline)
    effort = Effort(EXACT, SMALL_EFFORT) if small else Effort(good, CAP_EFFORT)
    return _finished(problem, solution, program, effort, below)


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


def _rounded(idle: Repair, buy: Floats, sell: Floats, sells_losses: Flags) -> Repair:
    limits = idle.problem.limits
    by_lot = np.isfinite([limits.gain, limits.short_gain, limits.tax]).any()
    made = idle.like(idle.problem, sells_losses, sell if by_lot else None)
    made.round(buy, sell)
    made.improve()
    return made


def _finished(
    problem: Problem, solution: Solution, program: Program, effort: Effort, below: float
) -> Solution:
    """Return the solution improved by the whole program, as far as `effort` goes."""
    made = solution.made
    reached = np.inf if _misses(made) else made.objective()
    exact = program.solve(effort, min(reached, below))
    if exact.buy is not None and exact.sell is not None and exact.sells_losses is not None:
        sell = by_lot(problem, program.problem, exact.sell)
        made = min(made, _rounded(made, exact.buy, sell, exact.sells_losses), key=_rank)
    return Solution(made=made, bound=max(solution.bound, exact.bound))


def _not_worse(solution: Solution, idle: Repair) -> Solution:
    """Return doing nothing where trades cost more, and miss less by no more than rounding cash can make (OBJ-6)."""
    made, cents = solution.made, CENT * len(idle.cash)
    broken, short, astray = np.subtract(idle.missed(), made.missed())
    if broken > MISSED or short > cents or astray > cents or made.objective() <= idle.objective():
        return solution
    if short > MISSED and exact_shortfall(made) < exact_shortfall(idle):
        return solution
    return replace(solution, made=idle, bound=min(solution.bound, idle.objective()))


def _rank(made: Repair) -> tuple[float, ...]:
    """Return what comes first: no cap broken, less missed, then a lower objective, then fewer orders."""
    return (
        *(round(missed, 6) for missed in made.missed()),
        round(made.objective(), 7),
        float(np.count_nonzero(made.shares)),
    )
