"""What the commands do between reading and printing: load plugins, decide trades, export them."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from realloc.checking import require_sound
from realloc.cli.arguments import Options, parse_plugin
from realloc.cli.decision import Decision, Tools
from realloc.documents.reading import at_file
from realloc.documents.writing import require_place
from realloc.errors import ExportError, InputError, Issue, ReallocError
from realloc.household import Household
from realloc.plan import Plan
from realloc.plugins.core.base import Exporter, RebalancerPlugin, StrPath, TradeValidator
from realloc.trades import Trade

log = logging.getLogger(__name__)


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
    from realloc.cli.stepwise import decide_stepwise  # noqa: PLC0415 - a rebalancer that plans needs no states

    with _at(source):
        return decide_stepwise(household, tools, iterations, warnings=warnings, adjust=adjust)


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


def _require_allowed(household: Household, plan: Plan, validators: Sequence[TradeValidator]) -> None:
    if not validators:
        return
    from realloc.portfolio import PortfolioStateManager  # noqa: PLC0415 - where a validator is named

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
    from realloc.orders import joint_order_list  # noqa: PLC0415 - where orders are written
    from realloc.plugins.exporters.order_file import OrderFile  # noqa: PLC0415

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


def as_dicts(trades: Iterable[Trade]) -> list[dict[str, Any]]:
    """Return the trades as plain mappings."""
    return [trade.to_dict() for trade in trades]
