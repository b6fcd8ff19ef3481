"""Rebalance a household: check it, decide the trades, audit them, say why."""

from __future__ import annotations

from realloc.checking import require_sound
from realloc.household import Household
from realloc.optimizer.deadline import Deadline
from realloc.plan import Plan


def rebalance(household: Household, *, time_limit: float | None = None) -> Plan:
    """Decide the trades that bring a household where it should be at the least cost.

    Parameters
    ----------
    household : Household
        Accounts, prices, model and policy.
    time_limit : float, optional
        Seconds of wall-clock time in which the call answers, with the best audited plan that it has found and its
        gap. None: no limit. Checking the household, building its arrays, the first load of the solver and the audit
        are in it and take what they take: with 0 the answer is no trade, or the sales that reserves ask for.

    Returns
    -------
    Plan
        Whole-share, lot-level trades that keep every rule of ``docs/spec/rules.md``, with a certificate: no plan
        under these rules costs less than its bound.

    Raises
    ------
    InputError
        The household cannot be planned as it is; every reason is listed.
    AuditError
        The plan failed the independent audit. It is withheld.
    SolverError
        The solver ended without an answer.

    Examples
    --------
    >>> household = Household.from_dict({
    ...     "as_of": "2026-11-20",
    ...     "prices": {"VTI": 250.0, "BND": 72.5},
    ...     "accounts": [{"account_number": "A1", "cash": 1000.0, "positions": {"VTI": 10}, "kind": "tax_deferred"}],
    ...     "model": {"name": "60/40", "targets": {"VTI": 0.6, "BND": 0.4}},
    ... })
    >>> [(trade.symbol, trade.shares) for trade in rebalance(household).trades]
    [('VTI', -1), ('BND', 17)]
    """
    deadline = Deadline.after(time_limit)
    issues = require_sound(household)
    from realloc.audit import require  # noqa: PLC0415
    from realloc.optimizer.search import optimize  # noqa: PLC0415 - numpy and the solver load at first use

    plan = optimize(household, issues, deadline)
    require(household, plan)
    return plan
