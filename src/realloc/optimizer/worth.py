"""What a trade is worth: what undoing it alone, or all trades of its account, would cost."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite

import numpy as np

from realloc.optimizer.integer import Repair
from realloc.optimizer.problem import Ints, sum_by
from realloc.optimizer.words import NOTHING, cents, listing, percent, usd


def worths(made: Repair, traded: Ints) -> Iterator[str]:
    """Yield for each traded pair what it is worth, in words; empty where there is nothing to say.

    Parameters
    ----------
    made : Repair
        The trades.
    traded : array of int
        Pairs, in the order of the plan's trades.
    """
    problem = made.problem
    account = problem.pairs.account
    owners = account[traded]
    objective, missed = made.changes(np.zeros(len(traded)), traded)
    reserve = np.array([owner.cash_reserve for owner in problem.accounts])
    overdrawn = made.cash[owners] - made.pair_cash[traded] < reserve[owners] - NOTHING
    blocked, sells = missed > 0, made.shares[traded] < 0
    pays = blocked & overdrawn & sells
    joint = _undone_by_account(made) if pays.any() else []
    counts = np.bincount(owners).tolist()
    buys: dict[int, list[str]] = {}
    bought = traded[~sells]
    for n, symbol in zip(*(of[bought].tolist() for of in (account, problem.pairs.symbol)), strict=True):
        buys.setdefault(n, []).append(problem.symbols[symbol])
    paid = {n: f"helps pay for {listing(names)}" for n, names in buys.items()}
    rows = (owners.tolist(), objective.tolist(), blocked.tolist(), pays.tolist())
    for p, n, undone, is_blocked, is_paying in zip(traded.tolist(), *rows, strict=True):
        if not is_blocked:
            yield f"undoing it alone costs {usd(undone)}" if undone > NOTHING else ""
        elif is_paying:
            together = ""
            if counts[n] > 1 and joint[n] > NOTHING:
                together = f"undoing this account's {counts[n]} trades costs {usd(joint[n])}"
            yield "; ".join(part for part in (paid.get(n, ""), together) if part)
        else:
            yield _limit(made, p)


def _undone_by_account(made: Repair) -> list[float]:
    """Return for each account the rise of the objective in dollars if all its trades are undone.

    Zero where a reserve or a cap would then be missed by more than the plan misses it.
    """
    problem = made.problem
    pairs, cash, limits = problem.pairs, problem.cash, problem.limits
    n, n_groups = len(cash.before), len(problem.groups.target)
    value = (made.shares * pairs.price)[:, None] * pairs.weights
    slot = pairs.account[:, None] * (n_groups + 1) + pairs.groups
    off = -sum_by(slot.ravel(), value.ravel(), n * (n_groups + 1)).reshape(n, -1)[:, :n_groups]
    off[np.arange(n), cash.group] -= (made.cash - cash.before) * cash.weight
    before = made.off[:n_groups]
    after = before + off
    cost = made.parts()["drift"] + sum_by(pairs.account, made.pair_cost, n)
    rise = made.deviation(after, problem.groups.band).sum(axis=1) - cost
    reserve = np.array([owner.cash_reserve for owner in problem.accounts])
    missed = np.minimum(cash.before, made.cash) < np.minimum(reserve, made.cash) - NOTHING
    for total, cap in (
        (made.pair_gain, limits.gain),
        (made.pair_short, limits.short_gain),
        (made.pair_tax, limits.tax),
    ):
        if isfinite(cap):
            mine = sum_by(pairs.account, total, n)
            missed |= (total.sum() - mine > cap + NOTHING) & (mine < 0)
    if isfinite(limits.drift):
        most = max(2 * limits.drift * problem.drift_value, float(np.abs(before).sum()))
        missed |= np.abs(after).sum(axis=1) > most + NOTHING
    return [float(dollars) for dollars in np.where(missed, 0.0, rise)]


def _limit(made: Repair, pair: int) -> str:
    """Name the cap that undoing a trade alone would break."""
    policy, limits = made.problem.household.policy, made.problem.limits
    for total, room, cap, name in (
        (made.pair_gain, limits.gain, policy.max_realized_gain, "net realized gain"),
        (made.pair_short, limits.short_gain, policy.max_short_term_gain, "net short-term gain"),
        (made.pair_tax, limits.tax, policy.max_tax, "tax"),
    ):
        if cap is not None and float(total.sum() - total[pair]) > room + NOTHING:
            return f"without it {name} would exceed the cap of {cents(cap)}"
    most = policy.max_drift
    if most is None:
        return ""
    if made.drift() > most:
        return f"without it household drift would be further above the cap of {percent(most)}"
    return f"without it household drift would exceed the cap of {percent(most)}"
