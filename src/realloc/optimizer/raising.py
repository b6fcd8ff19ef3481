"""Raising cash and nothing else: the least tax first, and no sale larger than it has to be (rule MODE-4).

The least tax is found by the same search on the same arrays, in which tax weighs far more than the rest; it then
caps the tax of the plan, so that the bound holds for plans of the least tax.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from realloc.optimizer.integer import BROKEN, NEGLIGIBLE, STRIDES, Repair
from realloc.optimizer.problem import Flags, Floats, Ints, Problem

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

    Where gains or tax are capped, sales that take a loss stay below the ceiling of cash: the cap may need them.
    """
    problem = made.problem
    # leaving a sale out can raise cash by its commission: above the ceiling, until others are made smaller for it
    made = made.on(replace(problem, cash=replace(problem.cash, most=np.full(len(made.cash), np.inf))))
    policy = problem.household.policy
    caps = (policy.max_realized_gain, policy.max_short_term_gain, policy.max_tax)
    capped = any(cap is not None for cap in caps)
    while (made.shares < 0).any():
        sold = np.flatnonzero(made.shares < 0)
        n, pair = len(sold), np.tile(sold, 2)
        counts = np.concatenate([made.neighbours()[0][sold], np.zeros(n)])
        score = _scores(made, counts, pair)
        if capped:
            below = (made.cash <= problem.cash.most)[problem.pairs.account]
            score = np.where((_losing(made) & below)[pair], np.inf, score)
        best = int(score.argmin())
        if not np.isfinite(score[best]):
            break
        p, count = int(pair[best]), float(counts[best])
        made.move(p, _stride(made, p, count) if best < n else count)
    return made.on(problem)


def _scores(made: Repair, counts: Floats, pair: Ints) -> Floats:
    """Return what smaller sales do to the objective and what is missed, infinite for what may not be made."""
    spare = made.cash - made.problem.cash.reserve
    came = made.cash_of(counts, pair) - made.pair_cash[pair]
    no_sale = (made.shares[pair] >= 0) | (counts > 0) | (counts <= made.shares[pair])
    no_sale |= spare[made.problem.pairs.account[pair]] + came < -NEGLIGIBLE
    objective, missed = made.changes(counts, pair)
    return np.where(no_sale | (missed >= BROKEN * NEGLIGIBLE), np.inf, objective + missed)


def _stride(made: Repair, p: int, count: float) -> float:
    """Return the count for a sale that becomes a step smaller: `count`, or as many steps as cost no more a share."""
    pairs, now = made.problem.pairs, float(made.shares[p])
    if -now > made.whole[p] or count >= 0:
        return count
    account = pairs.account[p]
    spare = made.cash[account] - made.problem.cash.reserve[account]
    steps = np.append(STRIDES, np.floor((spare + NEGLIGIBLE) / (pairs.bid[p] * pairs.step[p])))
    counts = np.round(now + (count - now) * steps[steps >= 1], 3)
    counts = np.sort(counts[counts <= -made.least_sale[p]])
    if not len(counts):
        return count
    each = _scores(made, counts, np.full(len(counts), p)) / (counts - now)
    best = each <= each.min() + NEGLIGIBLE
    return float(counts[best][-1])


def _losing(made: Repair) -> Flags:
    """Return which pairs sell a share of a lot at a loss."""
    at_loss = np.concatenate([[0.0], np.cumsum(made.part_shares * made.problem.lots.loss[made.part_lot])])
    sold = np.interp(made.start + np.maximum(-made.shares, 0.0), made.reach, at_loss)
    return np.asarray(sold - np.interp(made.start, made.reach, at_loss) > NEGLIGIBLE)
