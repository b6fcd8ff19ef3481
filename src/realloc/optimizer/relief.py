"""Lots that go in a fixed order: what a relaxation may assume of them (rule SELL-3).

The tax of selling Y shares of a relieved pair is a piecewise-linear function of Y that need not be convex. Its
convex envelope never exceeds it, and the pieces of an envelope rise in price, so that a relaxation may take
them in any order. Where gains are capped their envelopes are cut at the same places: with every piece no dearer
in tax and in gain than the lots that it stands for, no plan is lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from realloc.optimizer.problem import Floats, Lots, Problem, sum_by


def convex(problem: Problem) -> Problem:
    """Return the problem with the pieces of envelopes in place of the lots of relieved pairs.

    A piece that reaches the first loss of its pair, or lies behind it, is marked as a loss.
    """
    pairs, lots, limits = problem.pairs, problem.lots, problem.limits
    if not pairs.relieved.any():
        return problem
    by_gain = np.isfinite([limits.gain, limits.short_gain]).any()
    rows: list[tuple[float, float, float, float, bool]] = []
    first = [0]
    for p, relieved in enumerate(pairs.relieved.tolist()):
        span = slice(int(lots.first[p]), int(lots.first[p + 1]))
        columns = [lots.shares[span], lots.tax[span], lots.gain[span], lots.short_gain[span]]
        if relieved and span.stop - span.start > 1:
            rows += _pieces(columns, lots.loss[span].tolist(), by_gain=bool(by_gain))
        else:
            rows += zip(*(column.tolist() for column in columns), lots.loss[span].tolist(), strict=True)
        first.append(len(rows))
    table = np.array(rows, dtype=float).reshape(-1, 5).T
    pieces = Lots(
        pair=np.repeat(np.arange(len(pairs.held)), np.diff(first)),
        shares=table[0],
        tax=table[1],
        gain=table[2],
        short_gain=table[3],
        loss=table[4] > 0,
        first=np.array(first, dtype=np.intp),
        place=np.full(len(rows), -1, dtype=np.intp),
    )
    return replace(problem, lots=pieces)


def by_lot(problem: Problem, relaxed: Problem, sell: Floats) -> Floats:
    """Return what a relaxation sells of the pieces of `relaxed`, as shares of the lots of `problem`.

    A relieved pair sells its lots in their order.
    """
    if relaxed.lots is problem.lots:
        return sell
    pairs, lots = problem.pairs, problem.lots
    sold = sum_by(relaxed.lots.pair, sell, len(pairs.held))
    reach = np.concatenate([[0.0], np.cumsum(lots.shares)])
    before = reach[:-1] - reach[lots.first[:-1]][lots.pair]
    taken = np.clip(sold[lots.pair] - before, 0.0, lots.shares)
    taken[~pairs.relieved[lots.pair]] = sell[~pairs.relieved[relaxed.lots.pair]]
    return np.asarray(taken)


def is_out_of_order(problem: Problem) -> Floats:
    """Return 1 for each lot that has to be sold out before the next of its pair, where price alone is no reason."""
    pairs, lots, limits = problem.pairs, problem.lots, problem.limits
    must = np.zeros(len(lots.pair))
    if not pairs.relieved.any():
        return must
    same = np.append(lots.pair[1:] == lots.pair[:-1], False) & pairs.relieved[lots.pair]
    falls = np.append(np.diff(lots.tax) < 0, False) & same
    if np.isfinite([limits.gain, limits.short_gain, limits.tax]).any():
        falls = same
    torn = sum_by(lots.pair, falls, len(pairs.held)) > 0
    must[same & torn[lots.pair]] = 1.0
    return must


def _pieces(
    columns: Sequence[Floats], loses: list[bool], *, by_gain: bool
) -> list[tuple[float, float, float, float, bool]]:
    """Return the pieces of the envelopes of one pair: shares; tax, gain and short-term gain per share; loss."""
    shares, *each = columns
    at = np.concatenate([[0.0], np.cumsum(shares)])
    totals = [np.concatenate([[0.0], np.cumsum(shares * one)]) for one in each]
    corners = [_corners(at, total) for total in (totals if by_gain else totals[:1])]
    first_loss = loses.index(True) if True in loses else len(loses)
    cuts = sorted({0, len(shares), first_loss}.union(*corners))
    lower = [np.interp(at, at[_corners(at, total)], total[_corners(at, total)]) for total in totals]
    tax, gain, short_gain = (np.diff(line[cuts]) / np.diff(at[cuts]) for line in lower)
    return [
        (
            float(at[stop] - at[start]),
            float(tax[n]),
            float(gain[n]),
            float(short_gain[n]),
            start >= first_loss,
        )
        for n, (start, stop) in enumerate(pairwise(cuts))
    ]


def _corners(at: Floats, total: Floats) -> list[int]:
    """Return the points of a function that are corners of its lower convex envelope (Andrew, 1979)."""
    hull: list[int] = []
    for n in range(len(at)):
        while len(hull) > 1:
            a, b = hull[-2], hull[-1]
            turn = (at[b] - at[a]) * (total[n] - total[a]) - (total[b] - total[a]) * (at[n] - at[a])
            if turn > 0:
                break
            hull.pop()
        hull.append(n)
    return hull
