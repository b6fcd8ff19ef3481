"""What the commands do between reading and printing: load plugins, decide trades, export them."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from realloc.accounts import Account
from realloc.audit import audit_trades
from realloc.check import require_sound
from realloc.cli.arguments import Options, parse_plugin
from realloc.cli.by_symbol import model_by_symbol
from realloc.documents.reading import at_file
from realloc.documents.writing import require_place
from realloc.errors import ExportError, InputError, Issue, ReallocError
from realloc.household import Household
from realloc.optimizer.scopes import scopes_of
from realloc.orders import joint_order_list
from realloc.plan import Plan
from realloc.plugins.core.base import Exporter, RebalancerPlugin, StrPath, TradeValidator
from realloc.plugins.core.results import RebalanceResult, Refusal
from realloc.plugins.exporters.order_file import OrderFile
from realloc.portfolio import PortfolioStateManager, calculate_portfolio_positions, calculate_target_shares
from realloc.trades import Trade, compute_portfolio_trades

log = logging.getLogger(__name__)

LISTED = 20
"""Lines of a listing in the log; the rest is counted."""

WITH_RULES = "use '--rebalancer optimal', which plans with it"

_ABOUT_TAX = frozenset({"lot.unknown_basis", "recent.gain"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """The plugins that a command line names, built."""

    rebalancer: RebalancerPlugin
    exporter: Exporter | None
    exporter_name: str
    validators: tuple[TradeValidator, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Trades, with the plan or the states that they come from, and what did not go through."""

    trades: tuple[Trade, ...]
    plan: Plan | None = None
    states: tuple[PortfolioStateManager, ...] = ()
    refused: tuple[Refusal, ...] = ()
    remaining: Mapping[str, float]
    issues: tuple[Issue, ...] = ()
    converged: bool = True


def load_tools(options: Options) -> Tools:
    """Load every plugin before any work is done, and look whether the output path can be used.

    Raises
    ------
    ReallocError
        A plugin does not exist, is of another kind or does not take its arguments; or the output folder
        does not exist.
    """
    validators = [parse_plugin(text) for text in options.validator]
    rebalancer_name, settings = parse_plugin(options.rebalancer, "--rebalancer")
    rebalancer = RebalancerPlugin.load_rebalancer(rebalancer_name, **settings)
    exporter, exporter_name = None, ""
    if options.exporter is not None:
        exporter_name, arguments = parse_plugin(options.exporter, "--exporter")
        if options.export_path is not None:
            if "path" in arguments:
                raise InputError("--export-path and path= in --exporter exclude each other")
            arguments["path"] = options.export_path
        exporter = Exporter.load_exporter(exporter_name, **arguments)
        if options.export_path is not None:
            require_place(Path(options.export_path))
    return Tools(
        rebalancer=rebalancer,
        exporter=exporter,
        exporter_name=exporter_name,
        validators=tuple(TradeValidator.load_validator(name, **arguments) for name, arguments in validators),
    )


def decide(
    household: Household,
    tools: Tools,
    iterations: int,
    *,
    source: StrPath | Mapping[str, StrPath],
    adjust: Callable[[dict[str, float], dict[str, float]], dict[str, float]] | None = None,
) -> Decision:
    """Decide the trades of a household.

    Parameters
    ----------
    household : Household
        Read, not yet checked as a whole.
    tools : Tools
        The plugins.
    iterations : int
        Most rounds of a rebalancer that works on a state.
    source : str or path or mapping
        File that the household comes from, or the files by key (``accounts``, ``model``, ``prices``): where
        issues are.
    adjust : callable, optional
        Makes target shares from held shares and target shares. With it the rebalancer works on a state.

    Raises
    ------
    InputError
        The household cannot be used, or the trades break one of its rules or a validator's.
    """
    with _at(source):
        warnings = require_sound(household)
    plan = tools.rebalancer.plan(household) if adjust is None else None
    if plan is not None:
        _require_allowed(household, plan, tools.validators)
        return Decision(trades=plan.trades, plan=plan, remaining={}, issues=plan.issues)
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
    with _at(source):
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


@contextmanager
def _at(source: StrPath | Mapping[str, StrPath]) -> Iterator[None]:
    """Put the file's name before the places of the issues of an error."""
    try:
        yield
    except InputError as error:
        located = [
            issue
            for original in error.issues
            for issue in at_file(
                source.get(re.split(r"[.\[]", original.where)[0], "")
                if isinstance(source, Mapping)
                else source,
                [original],
            )
        ]
        raise type(error)(located) from error


def _kept(account: Account) -> float:
    """Return the dollars that are not for spending: the reserve and what is to leave, as far as held."""
    return max(0.0, min(account.cash, account.cash_reserve - min(account.cash_flow, 0.0)))


def _require_allowed(household: Household, plan: Plan, validators: Sequence[TradeValidator]) -> None:
    accounts = [replace(account, cash=account.cash + account.cash_flow) for account in household.accounts]
    state = PortfolioStateManager(accounts, household.prices)
    for validator in validators:
        state.add_validator(validator)
    issues = []
    for n, trade in enumerate(plan.trades):
        allowed, reason = state.validate_trade(trade.account_id, trade.symbol, trade.shares)
        if not allowed:
            issues.append(Issue(code="trade.refused", where=f"trades[{n}]", message=reason))
    if issues:
        raise InputError(issues)


def export(decision: Decision, tools: Tools, household: Household) -> int:
    """Hand the trades to the exporter, if there is one, and return how many orders it was asked to write.

    Raises
    ------
    ExportError
        They cannot be written.
    InputError
        The exporter's format cannot hold one of them.
    """
    exporter = tools.exporter
    if exporter is None:
        return 0
    with _exporting(tools):
        exporter.export_household(decision.trades, household, decision.plan)
    orders = _asked_for(exporter, [(decision.trades, household)])
    log.info("%d trades exported by %s", orders, tools.exporter_name)
    return orders


def export_jointly(decided: Sequence[tuple[Decision, Household]], tools: Tools) -> int:
    """Hand the trades of several households to the exporter; as `export` does."""
    exporter = tools.exporter
    if exporter is None:
        return 0
    trades = [(decision.trades, household) for decision, household in decided]
    with _exporting(tools):
        exporter.export_households(trades)
    return _asked_for(exporter, trades)


def _asked_for(exporter: Exporter, decided: Sequence[tuple[Sequence[Trade], Household]]) -> int:
    """Return how many orders the settings of an exporter leave."""
    if isinstance(exporter, OrderFile):
        return len(joint_order_list(decided, exporter.settings).orders)
    return sum(len(trades) for trades, _ in decided)


@contextmanager
def _exporting(tools: Tools) -> Iterator[None]:
    """Name the exporter where it fails in a way that is not ours."""
    try:
        yield
    except ReallocError:
        raise
    except Exception as error:
        raise ExportError(
            f"Exporter {tools.exporter_name!r} failed: {type(error).__name__}: {error}"
        ) from error


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


def as_dicts(trades: Iterable[Trade]) -> list[dict[str, Any]]:
    """Return the trades as plain mappings."""
    return [trade.to_dict() for trade in trades]
