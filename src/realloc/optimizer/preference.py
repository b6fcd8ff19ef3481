"""The preferred symbol of a class is bought where the objective ties within a cent (rule DET-2)."""

from __future__ import annotations

import numpy as np

from realloc.optimizer.integer import NEGLIGIBLE, Repair
from realloc.optimizer.problem import Floats, Ints

TIE = 0.01
"""Dollars: plans whose objectives differ by less are one (rule DET-2)."""


def prefer(made: Repair) -> None:
    """Turn buys into buys of the preferred symbol of the same groups in the same account, where they tie.

    Parameters
    ----------
    made : Repair
        The trades; all swaps together cost less than a cent. Where time is up, nothing is turned.
    """
    least = made.objective()
    old, new = _swaps(made)
    if not len(old):
        return
    counts = _counts(made, old, new)
    ties = (counts >= made.problem.pairs.least[new]) & (counts <= made.buy_max[new])
    ties[ties] = _changes(made, old[ties], new[ties], counts[ties]) < TIE
    for q, p in zip(old[ties].tolist(), new[ties].tolist(), strict=True):
        if made.deadline.passed():
            return
        before, missed = made.shares, made.missed()
        after = before.copy()
        after[p] = _counts(made, np.array([q]), np.array([p]))[0]
        after[q] = 0.0
        made.set(after)
        worse = any(now > was + NEGLIGIBLE for now, was in zip(made.missed(), missed, strict=True))
        if worse or made.objective() >= least + TIE or after[p] > made.buy_max[p]:
            made.set(before)


def _swaps(made: Repair) -> tuple[Ints, Ints]:
    """Return bought pairs that are not preferred, and preferred ones that could be bought instead."""
    pairs = made.problem.pairs
    bought = np.flatnonzero((made.shares > 0) & (pairs.rank > 0))
    alike = (pairs.account == pairs.account[bought, None]) & (pairs.rank == 0)
    alike &= (made.shares >= 0) & (made.buy_max > made.shares)
    alike &= (pairs.groups == pairs.groups[bought, None]).all(axis=2)
    row, new = np.nonzero(alike)
    return bought[row], new


def _counts(made: Repair, old: Ints, new: Ints) -> Floats:
    """Return the shares of `new` that its own and the money of `old` buy; its own where nothing is left of it."""
    pairs = made.problem.pairs
    steps = np.round(made.shares[old] * pairs.price[old] / pairs.price[new] / pairs.step[new])
    return np.asarray(np.round(made.shares[new] + steps * pairs.step[new], 3))


def _changes(made: Repair, old: Ints, new: Ints, counts: Floats) -> Floats:
    """Return what each swap alone does to the objective, in dollars."""
    pairs = made.problem.pairs
    cost, came, *_ = made.weigh(counts, new)
    value = (counts - made.shares[new]) * pairs.price[new] - made.shares[old] * pairs.price[old]
    slot = made.slot[new]
    after = made.off[slot]
    after[:, :-1] += value[:, None] * pairs.weights[new]
    weight = made.problem.cash.weight[pairs.account[new]]
    after[:, -1] += (came - made.pair_cash[new] - made.pair_cash[old]) * weight
    band = made.slot_band[new]
    drift = made.deviation(after, band) - made.deviation(made.off[slot], band)
    return np.asarray(cost - made.pair_cost[new] - made.pair_cost[old] + drift.sum(axis=1))
