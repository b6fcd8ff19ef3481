"""The preferred symbol of a class is bought where the objective ties within a cent (rule DET-2)."""

from __future__ import annotations

import numpy as np

from realloc.optimizer.integer import NEGLIGIBLE, Repair

TIE = 0.01
"""Dollars: plans whose objectives differ by less are one (rule DET-2)."""


def prefer(made: Repair) -> None:
    """Turn buys into buys of a more preferred symbol of the same groups in the same account, where they tie.

    Parameters
    ----------
    made : Repair
        The trades; all swaps together cost less than a cent.
    """
    pairs = made.problem.pairs
    least = made.objective()
    for q in np.flatnonzero((made.shares > 0) & (pairs.rank > 0)).tolist():
        alike = (pairs.account == pairs.account[q]) & (pairs.rank < pairs.rank[q]) & (made.shares >= 0)
        alike &= (pairs.groups == pairs.groups[q]).all(axis=1) & (made.buy_max > made.shares)
        for p in sorted(np.flatnonzero(alike).tolist(), key=lambda p: int(pairs.rank[p])):
            if _swap(made, q, p, least):
                break


def _swap(made: Repair, q: int, p: int, least: float) -> bool:
    """Buy `p` for the money of `q`; return whether that is allowed and ties, else leave all as it was."""
    pairs = made.problem.pairs
    before, missed = made.shares.copy(), made.missed()
    steps = round(float(before[q] * pairs.price[q] / pairs.price[p] / pairs.step[p]))
    count = round(float(before[p] + steps * pairs.step[p]), 3)
    if not max(pairs.least[p], before[p]) <= count <= made.buy_max[p]:
        return False
    after = before.copy()
    after[[q, p]] = 0.0, count
    made.set(after)
    if made.objective() < least + TIE and all(
        now <= was + NEGLIGIBLE for now, was in zip(made.missed(), missed, strict=True)
    ):
        return True
    made.set(before)
    return False
