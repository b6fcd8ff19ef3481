"""Whether trades keep the rules of a household, for rebalancers that do not know them.

A rebalancer that plans households keeps every rule itself. One that works on a state knows cash and shares
alone; its trades are checked here, and one that breaks a rule is never printed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from realloc.accounts import Account
from realloc.errors import InputError, Issue
from realloc.household import Household
from realloc.trades import Trade

HINT = "use '--rebalancer optimal', which plans with it"


def require_rules_kept(household: Household, trades: Sequence[Trade]) -> None:
    """Refuse trades that break a rule of the household.

    Raises
    ------
    InputError
        A trade breaks a rule, or a limit is set that cannot be judged without a plan.
    """
    accounts = {account.account_number: (n, account) for n, account in enumerate(household.accounts)}
    orders = _orders(trades)
    issues = list(_household_faults(household, orders))
    for trade in orders:
        n, account = accounts[trade.account_id]
        for rule, limit in _broken(household, account, trade):
            issues.append(
                Issue(
                    code="rule.broken",
                    where=f"accounts[{n}].{rule}",
                    message=f"{_words(trade)} in {account.label!r} is against {limit}",
                    hint=HINT,
                )
            )
    issues += _reserve_faults(household, orders)
    if issues:
        raise InputError(issues)


def _broken(household: Household, account: Account, trade: Trade) -> Iterator[tuple[str, str]]:
    if account.do_not_trade:
        yield "do_not_trade", "'do_not_trade'"
    if trade.shares < 0 and trade.symbol in account.no_sell:
        yield "no_sell", "'no_sell'"
    if trade.shares > 0:
        if trade.symbol in account.no_buy:
            yield "no_buy", "'no_buy'"
        if account.only is not None and trade.symbol not in account.only:
            yield "only", "the menu 'only'"
        shares = account.positions.get(trade.symbol, 0.0) + trade.shares
        cap = account.max_position_value
        if cap is not None and shares * household.prices[trade.symbol] > cap:
            yield "max_position_value", "'max_position_value'"


def _orders(trades: Sequence[Trade]) -> list[Trade]:
    """Add up the trades of one symbol and side in one account."""
    shares: dict[tuple[str, str, bool], float] = {}
    for trade in trades:
        key = trade.account_id, trade.symbol, trade.shares > 0
        shares[key] = shares.get(key, 0.0) + trade.shares
    return [Trade(account, symbol, total) for (account, symbol, _), total in shares.items()]


def _household_faults(household: Household, orders: Sequence[Trade]) -> Iterator[Issue]:
    policy = household.policy
    faults = []
    if policy.max_orders is not None and len(orders) > policy.max_orders:
        faults.append(("max_orders", f"{len(orders)} orders are more than {policy.max_orders}"))
    if any(abs(order.shares) * household.prices[order.symbol] < policy.min_trade_value for order in orders):
        faults.append(("min_trade_value", f"an order is smaller than {policy.min_trade_value:g} dollars"))
    if policy.mode != "full" and orders:
        faults.append(("mode", f"this rebalancer does not know the mode {policy.mode!r}"))
    faults += [
        (rule, "this rebalancer does not know the limit")
        for rule in ("max_realized_gain", "max_short_term_gain", "max_tax", "max_drift")
        if getattr(policy, rule) is not None and orders
    ]
    for rule, message in faults:
        yield Issue(code="rule.broken", where=f"policy.{rule}", message=message, hint=HINT)


def _reserve_faults(household: Household, orders: Sequence[Trade]) -> Iterator[Issue]:
    for n, account in enumerate(household.accounts):
        spent = sum(
            order.shares * household.prices[order.symbol]
            for order in orders
            if order.account_id == account.account_number
        )
        left = account.cash + account.cash_flow - spent
        if spent > 0 and left < account.cash_reserve:
            yield Issue(
                code="rule.broken",
                where=f"accounts[{n}].cash_reserve",
                message=f"{account.label!r} would keep {left:.2f} dollars, less than its reserve asks",
                hint=HINT,
            )


def _words(trade: Trade) -> str:
    side = "the sale" if trade.shares < 0 else "the purchase"
    return f"{side} of {abs(trade.shares):g} {trade.symbol}"
