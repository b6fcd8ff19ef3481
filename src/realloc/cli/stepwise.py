"""Trades by a rebalancer that works on a state of cash and shares, one scope of targets after the other."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from realloc.accounts import Account
from realloc.audit import audit_trades
from realloc.cli.by_symbol import model_by_symbol
from realloc.cli.decision import Decision, Tools
from realloc.errors import InputError, Issue
from realloc.household import Household
from realloc.optimizer.scopes import scopes_of
from realloc.plugins.core.results import RebalanceResult
from realloc.portfolio import PortfolioStateManager, calculate_portfolio_positions, calculate_target_shares
from realloc.trades import Trade, compute_portfolio_trades

log = logging.getLogger(__name__)

LISTED = 20
"""Lines of a listing in the log; the rest is counted."""

WITH_RULES = "use '--rebalancer optimal', which plans with it"

_ABOUT_TAX = frozenset({"lot.unknown_basis", "recent.gain"})


def decide_stepwise(
    household: Household,
    tools: Tools,
    iterations: int,
    *,
    warnings: Sequence[Issue],
    adjust: Callable[[dict[str, float], dict[str, float]], dict[str, float]] | None,
) -> Decision:
    """Decide the trades of a checked household; see `realloc.cli.work.decide`.

    Raises
    ------
    InputError
        The trades break one of the household's rules.
    """
    results: list[RebalanceResult] = []
    states = []
    for scope in scopes_of(household):
        members = {account.account_number for account in scope.accounts}
        accounts = [account for account in household.accounts if account.account_number in members]
        held, cash = calculate_portfolio_positions(accounts)
        wanted = calculate_target_shares(held, cash, household.prices, model_by_symbol(scope, household))
        target = adjust(held, wanted) if adjust else wanted
        kept = {account.account_number: _kept(account) for account in accounts}
        spendable = [
            replace(account, cash=account.cash - kept[account.account_number], cash_reserve=0.0)
            for account in accounts
        ]
        state = PortfolioStateManager(spendable, household.prices, compute_portfolio_trades(held, target))
        for validator in tools.validators:
            state.add_validator(validator)
        _log_start(accounts, held, target)
        results.append(tools.rebalancer.execute_rebalance(state, target, iterations))
        for number, cash in kept.items():
            state.adjust_cash(number, cash)
        states.append(state)
    trades = tuple(trade for result in results for trade in result)
    require_rules_kept(household, trades)
    remaining: dict[str, float] = {}
    for result in results:
        for symbol, shares in result.remaining.items():
            remaining[symbol] = remaining.get(symbol, 0.0) + shares
    return Decision(
        trades=trades,
        states=tuple(states),
        refused=tuple(refusal for result in results for refusal in result.refused),
        remaining=remaining,
        issues=tuple(issue for issue in warnings if issue.code not in _ABOUT_TAX),
        converged=all(result.converged for result in results),
    )


def require_rules_kept(household: Household, trades: Sequence[Trade]) -> None:
    """Refuse trades of a rebalancer that works on a state where they break a rule of the household.

    Such a rebalancer knows cash and shares alone. What it trades in one symbol, side and account is one order, and a
    cap on drift that it misses counts as broken: it cannot say that nothing comes nearer.

    Raises
    ------
    InputError
        With an issue for each rule that is broken: its number and the account or the policy's key.
    """
    orders: dict[tuple[str, str, bool], float] = {}
    for trade in trades:
        key = trade.account_id, trade.symbol, trade.shares > 0
        orders[key] = orders.get(key, 0.0) + trade.shares
    listed = [Trade(account, symbol, shares) for (account, symbol, _), shares in orders.items()]
    report = audit_trades(household, listed)
    broken = [each for each in report.findings if each.severity == "error" or each.code == "CAP-4"]
    if listed and broken:
        raise InputError(_as_input(household, listed, each) for each in broken)


def _as_input(household: Household, orders: Sequence[Trade], finding: Issue) -> Issue:
    """Return a finding of the audit with its place in the household's document."""
    place, _, rest = finding.where.partition("[")
    name = rest.partition("]")[0].strip("'")
    number = orders[int(name)].account_id if place == "trades" else name if place == "accounts" else ""
    at = {account.account_number: (n, account.label) for n, account in enumerate(household.accounts)}
    where, label = finding.where, ""
    if number in at:
        where, label = f"accounts[{at[number][0]}]", f"{at[number][1]!r}: "
    message = f"{label}{finding.message}, against {finding.code}"
    return Issue(code="rule.broken", where=where, message=message, hint=WITH_RULES)


def _kept(account: Account) -> float:
    """Return the dollars that are not for spending: the reserve and what is to leave, as far as held."""
    return max(0.0, min(account.cash, account.cash_reserve - min(account.cash_flow, 0.0)))


def _log_start(accounts: Iterable[Account], held: Mapping[str, float], target: Mapping[str, float]) -> None:
    log.info("=== Initial Account States ===")
    _log_lines(
        f"{account.label}: cash {account.cash:,.2f}, {len(account.positions)} positions"
        for account in accounts
    )
    for title, shares in (("Target", target), ("Current", held)):
        log.info("=== %s Portfolio (shares) ===", title)
        _log_lines(f"{symbol}: {amount:,.4f}" for symbol, amount in sorted(shares.items()))


def _log_lines(lines: Iterable[str]) -> None:
    listed = list(lines)
    for line in listed[:LISTED]:
        log.info("%s", line)
    if len(listed) > LISTED:
        log.info("... and %d more", len(listed) - LISTED)
