"""The subcommands that plan and hand the plan on: ``rebalance``, ``export`` and ``report``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from realloc.audit import audit_plan
from realloc.cli.answer import Answer, Line, plural
from realloc.cli.arguments import (
    OUTPUT_DEFAULTS,
    PLAN_DEFAULTS,
    PlanOptions,
    SharedOutput,
    SharedPlan,
)
from realloc.cli.changes import NO_CHANGES, SharedPolicy
from realloc.cli.decision import Decision, Tools
from realloc.cli.edge import NOTHING_TO_DO, start_logging
from realloc.cli.output import show
from realloc.cli.places import Changes, Place, Source, Switch, load
from realloc.cli.plan_document import read_plan
from realloc.cli.show import show_decision
from realloc.cli.side_by_side import show_what_if
from realloc.cli.waiting import wait_for
from realloc.cli.work import decide, export, export_jointly, load_tools
from realloc.documents.writing import require_place
from realloc.errors import InputError
from realloc.fewer import with_fewer_orders
from realloc.plan import Plan

ROUNDS = 100


def decide_for(source: Source, tools: Tools) -> Decision:
    """Decide the trades of a household, with what is being done on the terminal."""
    accounts, symbols = len(source.household.accounts), len(source.household.prices)
    return wait_for(
        f"Planning {plural(accounts, 'account')} and {plural(symbols, 'symbol')}",
        lambda: decide(source.household, tools, ROUNDS, source=source.path),
    )


def weighed(decision: Decision, source: Source) -> Decision:
    """Return the decision with how far a few of its orders get, where it has a plan."""
    plan = decision.plan
    if plan is None:
        return decision
    told = wait_for("Trying fewer orders", lambda: with_fewer_orders(source.household, plan))
    return replace(decision, plan=told, issues=told.issues)


def plan_for(source: Source) -> Plan:
    """Return the plan of the ``optimal`` rebalancer."""
    plan = decide_for(source, load_tools(PLAN_DEFAULTS)).plan
    if plan is None:
        raise InputError("the rebalancer 'optimal' is not the one that plans households")
    return plan


def rebalance(
    portfolio: Place = None,
    /,
    *,
    what_if: Changes = (),
    why: Switch = False,
    fewer: Switch = False,
    fetch: Switch = False,
    policy: SharedPolicy = NO_CHANGES,
    options: SharedPlan = PLAN_DEFAULTS,
) -> int:
    """Decide the trades of a portfolio, print them and write them as orders.

    The exit status is 0 where there are trades, 1 where there is nothing to do
    or a rebalancer that works step by step did not converge.

    Parameters
    ----------
    portfolio : path, optional
        Portfolio file, or household document (JSON or TOML).
    what_if : tuple of str
        As for --set: the plan with and without it, side by side. Repeatable.
    why : bool
        Say the reason of every order.
    fewer : bool
        Say how far plans of a few of these orders get; each is decided anew, which takes as long as some plans.
    fetch : bool
        Ask the provider that [prices] names; nothing else uses the network.
    """
    start_logging(options)
    tools = load_tools(options)
    source = load(portfolio, fetch=fetch, policy=policy)
    decision = decide_for(source, tools)
    if what_if:
        show_what_if(source, decision, what_if, lambda changed: decide_for(changed, tools), options.format)
    elif fewer:
        decision = weighed(decision, source)
    orders = export(decision, tools, source.household)
    if not what_if:
        done = "" if options.export_path is None else _written(orders, options.export_path)
        show_decision(decision, source.household, options.format, why=why, done=done)
    return 0 if decision.trades and decision.converged else NOTHING_TO_DO


def export_orders(
    exporter: str,
    output: Path,
    /,
    *portfolios: Path,
    plan: Path | None = None,
    policy: SharedPolicy = NO_CHANGES,
    options: SharedOutput = OUTPUT_DEFAULTS,
) -> int:
    """Write the orders of a portfolio, or of a saved plan, with an exporter.

    A saved plan is audited against the portfolio first: where the portfolio has
    changed since, it is refused. The exit status is 1 where there are no
    orders; the file is written all the same. The exporter `blocks` takes
    several portfolios: one order in the market for the accounts of all.

    Parameters
    ----------
    exporter : str
        Exporter, with its arguments: NAME[:key=value,...]; `realloc plugins` names them.
    output : path
        The file that it writes.
    portfolios : path, optional
        Portfolio files, or household documents (JSON or TOML).
    plan : path, optional
        A plan document, as `realloc rebalance --format json` prints it; without it the portfolio is planned.
    """
    start_logging(options)
    if plan is not None and len(portfolios) > 1:
        raise InputError(f"--plan {plan} is the plan of one portfolio, and {len(portfolios)} are named")
    tools = load_tools(
        PlanOptions(exporter=exporter, export_path=str(output), quiet=options.quiet, verbose=options.verbose)
    )
    sources = [load(portfolio, policy=policy) for portfolio in portfolios or (None,)]
    decisions = [
        decide_for(source, tools) if plan is None else _decided(_saved_plan(plan, source))
        for source in sources
    ]
    if len(sources) == 1:
        orders = export(decisions[0], tools, sources[0].household)
    else:
        households = [source.household for source in sources]
        orders = export_jointly(list(zip(decisions, households, strict=True)), tools)
    record = {"exporter": tools.exporter_name, "path": str(output), "orders": orders}
    page = [Line(text=_written(orders, str(output)))]
    if str(output) not in ("-", "/dev/stdout"):
        show(Answer(document=record, columns=tuple(record), records=[record], page=page), options.format)
    return 0 if orders else NOTHING_TO_DO


def report(
    output: Path,
    portfolio: Place = None,
    /,
    *,
    pdf: Switch = False,
    plan: Path | None = None,
    fewer: Switch = False,
    full_numbers: Switch = False,
    policy: SharedPolicy = NO_CHANGES,
    options: SharedOutput = OUTPUT_DEFAULTS,
) -> int:
    """Write a report of the plan for a person to read.

    Parameters
    ----------
    output : path
        The file, for instance report.html.
    portfolio : path, optional
        Portfolio file, or household document (JSON or TOML).
    pdf : bool
        Write a PDF instead of HTML; an output that ends in .pdf is one anyway.
    plan : path, optional
        A plan document, as `realloc rebalance --format json` prints it; without it the portfolio is planned.
    fewer : bool
        Say how far plans of a few of the orders get.
    full_numbers : bool
        Print account numbers in full instead of their last four characters.
    """
    start_logging(options)
    require_place(output)
    from realloc.report import write_pdf, write_report  # noqa: PLC0415 - charts load where a report is written

    write = write_pdf if pdf or output.suffix.casefold() == ".pdf" else write_report
    source = load(portfolio, policy=policy)
    decided = _saved_plan(plan, source) if plan is not None else plan_for(source)
    if fewer:
        decided = with_fewer_orders(source.household, decided)
    wait_for(
        f"Writing {output}",
        lambda: write(source.household, decided, output, full_numbers=full_numbers),
    )
    record = {"path": str(output)}
    told = [Line(text=f"Wrote {output}.")]
    show(Answer(document=record, columns=tuple(record), records=[record], page=told), options.format)
    return 0


def _written(orders: int, path: str) -> str:
    return f"Wrote {plural(orders, 'order')} to {path}."


def _saved_plan(path: Path, source: Source) -> Plan:
    """Return a saved plan that the audit finds right for the household as it is now."""
    plan = read_plan(path)
    audit = audit_plan(source.household, plan)
    if not audit.ok:
        raise InputError(
            f"{path}: the plan does not fit {source.path} as it is now: {audit.errors[0]} "
            f"(plan again, or name the portfolio that it was made from)"
        )
    return plan


def _decided(plan: Plan) -> Decision:
    return Decision(trades=plan.trades, plan=plan, remaining={}, issues=plan.issues)
