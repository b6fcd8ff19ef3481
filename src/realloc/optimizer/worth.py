"""What a trade is worth: what undoing it alone, or all trades of its account, would cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from realloc.optimizer.integer import Repair
from realloc.optimizer.words import NOTHING, cents, drift_cost, listing, percent, usd


def worths(made: Repair, traded: Sequence[int]) -> Iterator[str]:
    """Yield for each traded pair what it is worth, in words; empty where there is nothing to say.

    Parameters
    ----------
    made : Repair
        The trades.
    traded : sequence of int
        Pairs, in the order of the plan's trades.
    """
    problem = made.problem
    account = problem.pairs.account
    objective, missed = made.changes(np.zeros(len(made.shares)))
    cash_without = made.cash[account] - made.pair_cash
    reserve = np.array([owner.cash_reserve for owner in problem.accounts])
    overdrawn = (cash_without < reserve[account] - NOTHING).tolist()
    undone, blocked = objective.tolist(), (missed > 0).tolist()
    shares, owners = made.shares.tolist(), account.tolist()
    buys: dict[int, list[str]] = {}
    counts: dict[int, int] = {}
    for p in traded:
        counts[owners[p]] = counts.get(owners[p], 0) + 1
        if shares[p] > 0:
            buys.setdefault(owners[p], []).append(problem.symbols[problem.pairs.symbol[p]])
    joint = _undone_by_account(made)
    for p in traded:
        n = owners[p]
        if not blocked[p]:
            yield f"undoing it alone costs {usd(undone[p])}" if undone[p] > NOTHING else ""
        elif overdrawn[p] and shares[p] < 0:
            paid = f"helps pay for {listing(buys[n])}" if n in buys else ""
            together = ""
            if counts[n] > 1 and joint[n] > NOTHING:
                together = f"undoing this account's {counts[n]} trades costs {usd(joint[n])}"
            yield "; ".join(part for part in (paid, together) if part)
        else:
            yield _limit(made, p)


def _undone_by_account(made: Repair) -> list[float]:
    """Return for each account the rise of the objective in dollars if all its trades are undone.

    Zero where a reserve or a cap would then be missed by more than the plan misses it.
    """
    problem = made.problem
    pairs, cash, limits = problem.pairs, problem.cash, problem.limits
    n, n_groups = len(cash.before), len(problem.groups.target)
    off = np.zeros((n, n_groups + 1))
    value = (made.shares * pairs.price)[:, None] * pairs.weights
    np.add.at(off, (pairs.account[:, None], pairs.groups), -value)
    came = made.cash - cash.before
    off[np.arange(n), cash.group] -= came * cash.weight
    before = made.off[:n_groups]
    after = before + off[:, :n_groups]
    cost, tax, gain, short = (
        np.bincount(pairs.account, weights=weights, minlength=n)
        for weights in (made.pair_cost, made.pair_tax, made.pair_gain, made.pair_short)
    )
    rise = drift_cost(problem, after).sum(axis=1) - drift_cost(problem, before).sum() - cost
    reserve = np.array([owner.cash_reserve for owner in problem.accounts])
    missed = np.minimum(cash.before, made.cash) < np.minimum(reserve, made.cash) - NOTHING
    missed |= (made.pair_gain.sum() - gain > limits.gain + NOTHING) & (gain < 0)
    missed |= (made.pair_short.sum() - short > limits.short_gain + NOTHING) & (short < 0)
    missed |= (made.pair_tax.sum() - tax > limits.tax + NOTHING) & (tax < 0)
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
