"""The subcommand ``compare``: several rebalancers and policies, judged by one measure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from realloc.audit import AuditReport, audit_trades
from realloc.cli.answer import Answer, Grid, Line
from realloc.cli.arguments import OUTPUT_DEFAULTS, PlanOptions, SharedOutput
from realloc.cli.changes import NO_CHANGES, SharedPolicy, changed, parse_change
from realloc.cli.decision import Decision
from realloc.cli.edge import start_logging
from realloc.cli.output import show
from realloc.cli.places import Changes, Place, Plugins, Source, load
from realloc.cli.planning_commands import decide_for, plan_for
from realloc.cli.side_by_side import CASE_COLUMNS, Case, case_records, cases_grid, refusals
from realloc.cli.work import load_tools
from realloc.errors import InputError
from realloc.trades import Trade

_COMMA = re.compile(r",(?![^\[]*\])")
"""A comma between two changes, not one inside a list."""


def compare(
    portfolio: Place = None,
    /,
    *,
    rebalancer: Plugins = ("optimal", "default"),
    attempt: Changes = (),
    policy: SharedPolicy = NO_CHANGES,
    options: SharedOutput = OUTPUT_DEFAULTS,
) -> int:
    """Put several rebalancers and policies side by side.

    Every case is judged by the portfolio's own policy: its cost, and its gap to the best that is possible. A
    case that the portfolio's own rules would refuse is named with the rule.

    Parameters
    ----------
    portfolio : path, optional
        Portfolio file, or household document (JSON or TOML).
    rebalancer : tuple of str
        A rebalancer, with its arguments. Repeatable.
    attempt : tuple of str
        As for --set, several behind commas: the optimal plan under this policy. Repeatable.
    """
    start_logging(options)
    source = load(portfolio, policy=policy)
    best = plan_for(source)
    bound = best.certificate.bound
    cases = [_judged("do nothing", Decision(trades=(), remaining={}), source, bound)]
    cases += [_decided(name, name, source, source, bound) for name in rebalancer]
    for text in attempt:
        changes = [parse_change(part, "--attempt") for part in _COMMA.split(text)]
        other = replace(source, household=changed(source.household, changes))
        cases.append(_decided(text, "optimal", other, source, bound))
    title = "Side by side (cost and gap in dollars, by the portfolio's own policy)"
    page: list[Grid | Line] = [cases_grid(title, cases), *refusals(cases)]
    document = {"bound": bound, "cases": case_records(cases)}
    answer = Answer(document=document, columns=CASE_COLUMNS, records=case_records(cases), page=page)
    show(answer, options.format)
    return 0


def _decided(name: str, rebalancer: str, planned: Source, judged: Source, bound: float) -> Case:
    tools = load_tools(PlanOptions(rebalancer=rebalancer))
    try:
        decision = decide_for(planned, tools)
    except InputError as error:
        return Case(name=name, refused=str(error))
    return _judged(name, decision, judged, bound)


def _judged(name: str, decision: Decision, source: Source, bound: float) -> Case:
    """Return the case by the exact audit under the portfolio's own policy and rules."""
    report = audit_trades(source.household, _orders(decision.trades))
    if not report.ok:
        return Case(name=name, refused=f"against the portfolio's rules: {report.errors[0]}")
    return _case(name, report, bound)


def _orders(trades: Sequence[Trade]) -> list[Trade]:
    """Return trades made step by step as orders: one for each symbol and side in an account."""
    orders: dict[tuple[str, str, bool], Trade] = {}
    for trade in trades:
        key = trade.account_id, trade.symbol, trade.shares > 0
        shares = trade.shares + (orders[key].shares if key in orders else 0.0)
        orders[key] = replace(trade, shares=shares)
    return list(orders.values())


def _case(name: str, report: AuditReport, bound: float) -> Case:
    cost = float(report.costs.objective)
    return Case(
        name=name,
        orders=report.household.orders,
        drift=float(report.household.drift_after),
        tax=float(report.costs.tax),
        trading=float(report.costs.trading),
        cost=cost,
        gap=cost - bound,
    )
