"""The subcommand ``audit``: the independent judge, for anyone's list of trades."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from realloc.audit import AuditReport, audit_trades
from realloc.cli.answer import Answer, Grid, Line, grid, money, notes, percent, plural, shares
from realloc.cli.arguments import OUTPUT_DEFAULTS, SharedOutput
from realloc.cli.changes import NO_CHANGES, SharedPolicy
from realloc.cli.edge import NOTHING_TO_DO, start_logging
from realloc.cli.output import show
from realloc.cli.places import Place, load
from realloc.cli.plan_document import read_trades
from realloc.trades import Trade

COLUMNS = ("trade", "account_number", "symbol", "shares", "rules_broken")


def audit(
    trades: Path,
    portfolio: Place = None,
    /,
    *,
    policy: SharedPolicy = NO_CHANGES,
    options: SharedOutput = OUTPUT_DEFAULTS,
) -> int:
    """Judge a list of trades: which rule each one breaks, and what they cost.

    The exit status is 0 where no rule is broken, else 1. The rules are those of docs/spec/rules.md.

    Parameters
    ----------
    trades : path
        Plan document (JSON), or CSV file with Account, Symbol and Shares; negative shares sell.
    portfolio : path, optional
        Portfolio file, or household document (JSON or TOML).
    """
    start_logging(options)
    household = load(portfolio, policy=policy).household
    listed = read_trades(trades)
    report = audit_trades(household, listed)
    broken = _broken(report, len(listed))
    records = [
        {
            "trade": n,
            "account_number": trade.account_id,
            "symbol": trade.symbol,
            "shares": trade.shares,
            "rules_broken": " ".join(codes),
        }
        for n, (trade, codes) in enumerate(zip(listed, broken, strict=True), start=1)
    ]
    page: list[Grid | Line] = [Line(text=_verdict(report, broken), strong=True)]
    totals = report.household
    before, after = percent(float(totals.drift_before)), percent(float(totals.drift_after))
    page.append(Line(text=f"Drift {before} before, {after} after."))
    page += [_trades(listed, broken), *notes(report.findings, "Findings"), _costs(report)]
    show(Answer(document=report.to_dict(), columns=COLUMNS, records=records, page=page), options.format)
    return 0 if report.ok else NOTHING_TO_DO


def _broken(report: AuditReport, count: int) -> list[list[str]]:
    """Return the numbers of the rules that each trade breaks."""
    broken: list[list[str]] = [[] for _ in range(count)]
    for finding in report.errors:
        place = re.match(r"trades\[(\d+)\]", finding.where)
        if place and int(place[1]) < count and finding.code not in broken[int(place[1])]:
            broken[int(place[1])].append(finding.code)
    return broken


def _verdict(report: AuditReport, broken: Sequence[Sequence[str]]) -> str:
    if report.ok:
        return f"No rule is broken by these {plural(len(broken), 'trade')}."
    rules = len({finding.code for finding in report.errors})
    bad = sum(bool(codes) for codes in broken)
    whole = "" if bad else ", by the trades as a whole"
    return f"{plural(rules, 'rule')} broken{whole}" + (
        f", by {bad} of {plural(len(broken), 'trade')}." if bad else "."
    )


def _trades(trades: Sequence[Trade], broken: Sequence[Sequence[str]]) -> Grid:
    rows = [
        (trade.account_id, trade.symbol, ", ".join(codes) or "none", str(n), shares(trade.shares))
        for n, (trade, codes) in enumerate(zip(trades, broken, strict=True), start=1)
    ]
    return grid("Trades", ["Account", "Symbol", "Rules broken"], ["Trade", "Shares"], rows)


def _costs(report: AuditReport) -> Grid:
    costs = report.costs
    rows = [
        ("Tax on the sales", money(float(costs.tax))),
        ("Trading", money(float(costs.trading))),
        ("Location of what is held", money(float(costs.location))),
        ("Drift that is left", money(float(costs.drift))),
        ("Cost of these trades", money(float(costs.objective))),
        ("Cost of doing nothing", money(float(costs.do_nothing))),
    ]
    return grid("What they cost", ["Part"], ["Dollars"], rows)
