"""Raising cash and nothing else: the least tax first, and no sale larger than it has to be (rule MODE-4).

The least tax is found by the same search on the same arrays, in which tax weighs far more than the rest; it then
caps the tax of the plan, so that the bound holds for plans of the least tax.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from realloc.optimizer.integer import BROKEN, NEGLIGIBLE, Repair
from realloc.optimizer.problem import Flags, Problem

TAX_WEIGHT = 100.0
"""A dollar of tax, where the least is looked for; spreads keep their weight."""

OTHER_WEIGHT = 0.01
"""A dollar of drift, location and order cost there."""

EQUAL = 0.005
"""Dollars: taxes that differ by less are one."""


def with_tax_first(problem: Problem) -> Problem:
    """Return the problem in which tax comes before drift, location and the bother of orders."""
    limits, pairs, lots, cash = problem.limits, problem.pairs, problem.lots, problem.cash
    return replace(
        problem,
        limits=replace(
            limits,
            inside_band=limits.inside_band * OTHER_WEIGHT,
            outside_band=limits.outside_band * OTHER_WEIGHT,
            order=limits.order * OTHER_WEIGHT,
            tax=limits.tax * TAX_WEIGHT,
        ),
        pairs=replace(pairs, location=pairs.location * OTHER_WEIGHT),
        lots=replace(lots, tax=lots.tax * TAX_WEIGHT),
        cash=replace(cash, location=cash.location * OTHER_WEIGHT),
        location=problem.location * OTHER_WEIGHT,
    )


def with_tax_of(problem: Problem, made: Repair) -> Problem:
    """Return the problem with the tax of some trades as its cap."""
    tax = float(made.on(problem).pair_tax.sum()) + EQUAL
    return replace(problem, limits=replace(problem.limits, tax=min(problem.limits.tax, tax)))


def trimmed(made: Repair) -> Repair:
    """Return the trades without any sale, or step of one, that the reserves do not need.

    Where gains or tax are capped, sales that take a loss stay: the cap may need them.
    """
    made = made.on(made.problem)
    problem = made.problem
    account = problem.pairs.account
    policy = problem.household.policy
    caps = (policy.max_realized_gain, policy.max_short_term_gain, policy.max_tax)
    capped = any(cap is not None for cap in caps)
    pair = np.tile(np.arange(len(made.shares)), 2)
    while len(pair):
        counts = np.concatenate([made.neighbours()[0], np.zeros(len(made.shares))])
        came = made.cash_of(counts, pair) - made.pair_cash[pair]
        spare = (made.cash - problem.cash.reserve)[account[pair]]
        idle = (made.shares[pair] >= 0) | (counts > 0) | (spare + came < -NEGLIGIBLE)
        if capped:
            idle |= _losing(made)[pair]
        objective, missed = made.changes(counts, pair)
        score = np.where(idle | (missed >= BROKEN * NEGLIGIBLE), np.inf, objective + missed)
        best = int(score.argmin())
        if not np.isfinite(score[best]):
            break
        made.move(int(pair[best]), float(counts[best]))
    made.refresh()
    return made


def _losing(made: Repair) -> Flags:
    """Return which pairs sell a share of a lot at a loss."""
    at_loss = np.concatenate([[0.0], np.cumsum(made.part_shares * made.problem.lots.loss[made.part_lot])])
    sold = np.interp(made.start + np.maximum(-made.shares, 0.0), made.reach, at_loss)
    return np.asarray(sold - np.interp(made.start, made.reach, at_loss) > NEGLIGIBLE)
