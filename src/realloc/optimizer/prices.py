"""The price of a limit that binds: what the best plan without it would save, in dollars."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from math import isfinite

import numpy as np

from realloc.errors import Issue
from realloc.household import Household
from realloc.optimizer.integer import Repair
from realloc.optimizer.problem import Floats
from realloc.optimizer.words import cents, percent, usd

SolveWithout = Callable[[Household, float], tuple[float, float]]
"""Solves a household again: the objective reached (infinite if it breaks a limit) and a bound, in dollars.

The second argument are dollars that it looks for less than."""

LEAST_PRICE = 1.0
"""Dollars: a limit that costs less is not spoken of."""

UNSAID = 0.001
"""Dollars below `LEAST_PRICE` at which a price is known to be too small to be spoken of."""

NEAR = 0.02
"""Ends of a price that differ by less than this part of it are one."""


def limit_prices(made: Repair, solve_without: SolveWithout) -> Iterator[Issue]:
    """Yield for each limit that binds what it costs, as far as the deadline of the trades lets it be found.

    A plan that misses a reserve or a cap has no such price.

    Parameters
    ----------
    made : Repair
        The trades.
    solve_without : callable
        Takes the household with one limit lifted; it must not come back here.

    Notes
    -----
    The price lies between the savings of a plan without the limit that was found and those that the bound
    without it leaves possible, so both ends are true whatever the gaps are.
    """
    policy = made.problem.household.policy
    astray = policy.max_drift is not None and made.drift() > policy.max_drift + 1e-9
    if max(made.missed()) > 0 or made.problem.cash.short.any() or astray:
        return
    objective = made.objective()
    for where, limit, without in (*_of_policy(made), *_of_accounts(made)):
        if made.deadline.passed():
            return
        reached, bound = solve_without(without, objective - LEAST_PRICE + UNSAID)
        if made.deadline.passed():
            return
        most = objective - bound
        if most < LEAST_PRICE:
            continue
        yield Issue(
            code="cap.binds",
            where=where,
            message=f"{limit} binds: it costs {_between(max(objective - reached, 0.0), most)}",
            hint="that is the objective with it, less the best without it",
            severity="info",
        )


def _of_policy(made: Repair) -> Iterator[tuple[str, str, Household]]:
    """Yield the place, the words and the household without it of each limit of the policy that binds."""
    household = made.problem.household
    policy, limits, lots = household.policy, made.problem.limits, made.problem.lots
    gain, short, tax = policy.max_realized_gain, policy.max_short_term_gain, policy.max_tax
    for name, binds, limit in (
        ("max_orders", orders_bind(made), str(policy.max_orders)),
        ("max_realized_gain", _cap_binds(limits.gain, lots.gain, made.pair_gain, made), cents(gain or 0.0)),
        (
            "max_short_term_gain",
            _cap_binds(limits.short_gain, lots.short_gain, made.pair_short, made),
            cents(short or 0.0),
        ),
        ("max_tax", _cap_binds(limits.tax, lots.tax, made.pair_tax, made), cents(tax or 0.0)),
        ("max_drift", _drift_binds(made), percent(policy.max_drift or 0.0)),
        ("min_trade_value", _least_binds(made), cents(policy.min_trade_value)),
    ):
        if binds:
            lifted = 0.0 if name == "min_trade_value" else None
            other = replace(policy, **{name: lifted})  # type: ignore[arg-type]  # each field takes its own value
            yield f"policy.{name}", f"{name} of {limit}", replace(household, policy=other)


def _of_accounts(made: Repair) -> Iterator[tuple[str, str, Household]]:
    """Yield the same for each cap on positions up to which an account buys."""
    problem = made.problem
    pairs, household = problem.pairs, problem.household
    for n, account in enumerate(problem.accounts):
        most = account.max_position_value
        if most is None:
            continue
        after = (pairs.held + made.shares + pairs.step) * pairs.price
        if not ((pairs.account == n) & (made.shares > 0) & (after > most)).any():
            continue
        accounts = tuple(
            replace(a, max_position_value=None) if a is account else a for a in household.accounts
        )
        where = f"accounts[{account.account_number}].max_position_value"
        yield where, f"max_position_value of {cents(most)}", replace(household, accounts=accounts)


def _between(least: float, most: float) -> str:
    """Return a price that lies between two amounts."""
    if most - least <= max(NEAR * most, 0.01):
        return f"about {usd(most)}"
    if least < LEAST_PRICE:
        return f"at most {usd(most)}"
    return f"about {usd((least + most) / 2)} (between {usd(least)} and {usd(most)})"


def orders_bind(made: Repair) -> bool:
    """Return whether another sale with its buy would be one order too many."""
    return bool(np.count_nonzero(made.shares) + 2 > made.problem.limits.orders)


def _cap_binds(cap: float, each: Floats, total: Floats, made: Repair) -> bool:
    """Return whether some share that could still be sold has more gain, or tax, than its cap has left."""
    problem = made.problem
    if not isfinite(cap):
        return False
    sold_out = made.shares <= -made.full
    step = (each * problem.pairs.step[problem.lots.pair])[~sold_out[problem.lots.pair]]
    return bool(len(step)) and cap - float(total.sum()) < float(step.max(initial=0.0))


def _drift_binds(made: Repair) -> bool:
    """Return whether household drift is at its cap to within a share."""
    pairs, limits = made.problem.pairs, made.problem.limits
    if not isfinite(limits.drift):
        return False
    room = (limits.drift - made.drift()) * made.problem.drift_value
    return room < float((pairs.step * pairs.price).max(initial=0.0))


def _least_binds(made: Repair) -> bool:
    """Return whether an order stands at the least that `min_trade_value` allows."""
    pairs = made.problem.pairs
    if made.problem.household.policy.min_trade_value <= 0:
        return False
    return bool(
        (((made.shares == pairs.least) | (-made.shares == made.least_sale)) & (made.shares != 0)).any()
    )
