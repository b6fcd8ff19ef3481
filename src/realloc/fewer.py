"""How far the best plan of a few orders gets, beside doing nothing and the whole plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from realloc.accounts import Account
from realloc.audit import audit_trades
from realloc.engine import rebalance
from realloc.errors import Issue
from realloc.household import Household
from realloc.plan import FewerOrders, Plan

COUNTS = (1, 2, 3, 5)
"""Numbers of orders that are tried."""

ENOUGH = 0.9
"""A share of the improvement that is named first."""

WORTH_TELLING = 3
"""Orders of a plan from which on it is told how far fewer get."""

CENT = 0.01


def fewer_orders(
    household: Household, plan: Plan, *, counts: Sequence[int] = COUNTS, own_orders: bool = False
) -> tuple[FewerOrders, ...]:
    """Return how far plans of a few orders get: each is decided anew with that cap on orders, and audited.

    Parameters
    ----------
    household : Household
        The household that the plan was made for.
    plan : Plan
        Its plan.
    counts : sequence of int
        Numbers of orders; those that are not below the plan's own are left out.
    own_orders : bool
        Look among the plan's own orders alone (in any size): fast also for a large household, and seldom worse.

    Returns
    -------
    tuple of FewerOrders
        By number of orders. Empty where the plan saves nothing, or in the modes ``raise_cash`` and ``hold``, in
        which it is not made for the objective. A number of orders that misses a reserve or a cap on drift by more
        than the plan does is left out, and so is one that has to cost more than doing nothing.

    Raises
    ------
    AuditError, SolverError
        As `realloc.rebalance`.

    Examples
    --------
    >>> household = Household.from_dict({
    ...     "as_of": "2026-11-20",
    ...     "prices": {"VTI": 250.0, "BND": 72.5},
    ...     "accounts": [{"account_number": "A1", "cash": 1000.0, "positions": {"VTI": 10}, "kind": "tax_deferred"}],
    ...     "model": {"name": "60/40", "targets": {"VTI": 0.6, "BND": 0.4}},
    ... })
    >>> [(few.orders, f"{few.share:.0%}") for few in fewer_orders(household, rebalance(household))]
    [(1, '99%')]
    """
    saved = plan.costs.do_nothing - plan.costs.objective
    if saved < CENT or household.policy.mode in ("raise_cash", "hold"):
        return ()
    base = _narrowed(household, plan) if own_orders else household
    found = []
    for count in sorted({count for count in counts if 0 < count < len(plan.trades)}):
        capped = replace(household.policy, max_orders=count)
        few = rebalance(replace(base, policy=capped))
        if _misses_more(few, plan, household.policy.max_drift):
            continue
        share = (plan.costs.do_nothing - few.costs.objective) / saved
        if share >= 0 and audit_trades(replace(household, policy=capped), few.trades).ok:
            found.append(FewerOrders(orders=count, objective=few.costs.objective, share=min(share, 1.0)))
    return tuple(found)


def with_fewer_orders(household: Household, plan: Plan) -> Plan:
    """Return the plan with how far a few of its own orders get, in its `fewer_orders` and as an issue.

    Raises
    ------
    AuditError, SolverError
        As `realloc.rebalance`.
    """
    found = fewer_orders(household, plan, own_orders=True) if len(plan.trades) >= WORTH_TELLING else ()
    if not found:
        return plan
    told = Issue(
        code="orders.fewer",
        where="trades",
        message=_words(found, len(plan.trades)),
        hint="cap them with 'max_orders', or name what the bother of an order is worth in 'costs.order'",
        severity="info",
    )
    return replace(plan, fewer_orders=found, issues=(*plan.issues, told))


def _words(found: Sequence[FewerOrders], orders: int) -> str:
    """Return how far a few orders get; the fewest that get nearly all of the way are named first."""
    first = next((few for few in found if few.share >= ENOUGH), found[-1])
    gets = "order gets" if first.orders == 1 else "orders get"
    others = ", ".join(f"{few.orders}: {few.share:.0%}" for few in found if few is not first)
    rest = f" ({others})" if others else ""
    return f"{first.orders} {gets} you {first.share:.0%} of the way of all {orders}{rest}"


def _misses_more(few: Plan, plan: Plan, most_drift: float | None) -> bool:
    short = [sum(account.shortfall for account in each.accounts) for each in (few, plan)]
    drift = few.household.drift_after
    astray = most_drift is not None and drift > max(most_drift, plan.household.drift_after) + 1e-9
    return astray or short[0] > short[1] + CENT


def _narrowed(household: Household, plan: Plan) -> Household:
    """Return the household in which nothing may be traded but what the plan trades, on its side."""

    def narrowed(account: Account) -> Account:
        mine = [trade for trade in plan.trades if trade.account_id == account.account_number]
        sold = {trade.symbol for trade in mine if trade.shares < 0}
        return replace(
            account,
            only=tuple(sorted({trade.symbol for trade in mine if trade.shares > 0})),
            no_sell=tuple(sorted({*account.no_sell, *(account.positions.keys() - sold)})),
        )

    return replace(household, accounts=tuple(map(narrowed, household.accounts)))
