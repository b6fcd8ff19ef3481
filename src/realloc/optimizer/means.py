"""Purchases that take a hair more than an account has: floats do not tell, exact dollars do (rule CASH-1)."""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from realloc.optimizer.decode import exact_cash
from realloc.optimizer.integer import Repair

HAIR = 1e-6
"""Dollars: cash that is further from its reserve is on the side that floats say."""


def keep_within_means(made: Repair) -> None:
    """Trade a step less, or sell a step more, in an account whose exact cash is a hair below its reserve.

    Parameters
    ----------
    made : Repair
        The trades.
    """
    problem = made.problem
    account = problem.pairs.account
    close = (np.abs(made.cash - problem.cash.reserve) < HAIR) & ~problem.cash.short
    close &= np.bincount(account[made.shares != 0], minlength=len(close)) > 0
    for n in np.flatnonzero(close).tolist():
        reserve = Decimal(repr(float(problem.cash.reserve[n])))
        mine = np.flatnonzero(account == n)
        while exact_cash(made, n) < reserve:
            counts = made.below()[mine]
            objective, missed = made.changes(counts, mine)
            brings = made.cash_of(counts, mine) > made.pair_cash[mine]
            score = np.where(brings, objective + missed, np.inf)
            best = int(score.argmin())
            if not np.isfinite(score[best]):
                return
            made.move(int(mine[best]), float(counts[best]))
