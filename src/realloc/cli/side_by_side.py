"""Plans side by side: one row for each case, and the orders in which they differ."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from realloc.cli.answer import Answer, Grid, Line, grid, money, percent, shares
from realloc.cli.changes import changed, parse_change
from realloc.cli.decision import Decision
from realloc.cli.output import show
from realloc.cli.places import Source
from realloc.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One row: what was tried, and what came of it; `refused` says why nothing did.

    Drift is a fraction, the rest are dollars; `gap` is None where nothing is known of the best possible.
    """

    name: str
    orders: int = 0
    drift: float = 0.0
    tax: float = 0.0
    trading: float = 0.0
    cost: float = 0.0
    gap: float | None = None
    refused: str = ""


CASE_COLUMNS = ("name", "orders", "drift", "tax", "trading", "cost", "gap", "refused")


def cases_grid(title: str, cases: Sequence[Case]) -> Grid:
    """Return the cases as a table."""
    rows = [
        (
            case.name,
            *(
                ("refused", "", "", "", "")
                if case.refused
                else (
                    str(case.orders),
                    percent(case.drift),
                    money(case.tax),
                    money(case.cost),
                    "" if case.gap is None else money(case.gap),
                )
            ),
        )
        for case in cases
    ]
    return grid(title, ["Case"], ["Orders", "Drift", "Tax", "Cost", "Gap"], rows)


def refusals(cases: Sequence[Case]) -> list[Line]:
    """Return why cases came to nothing."""
    return [Line(text=f"{case.name}: {case.refused}") for case in cases if case.refused]


def case_records(cases: Sequence[Case]) -> list[dict[str, Any]]:
    """Return the cases for JSON and CSV."""
    return [asdict(case) for case in cases]


def show_what_if(
    source: Source,
    decision: Decision,
    texts: Sequence[str],
    decide: Callable[[Source], Decision],
    form: str,
) -> None:
    """Print the plan with and without each change, and the orders that differ.

    Raises
    ------
    InputError
        A change cannot be understood, or the rebalancer makes no plans.
    """
    base = decision.plan
    if base is None:
        raise InputError("--what-if needs a rebalancer that plans households (for instance 'optimal')")
    cases, plans = [_case("as it is", decision)], [base]
    for text in texts:
        household = changed(source.household, [parse_change(text, "--what-if")])
        try:
            other = decide(replace(source, household=household))
        except InputError as error:
            cases.append(Case(name=text, refused=str(error)))
            continue
        cases.append(_case(text, other))
        if other.plan is not None:
            plans.append(other.plan)
    document = {
        "cases": case_records(cases),
        "plans": [plan.to_dict() for plan in plans],
    }
    names = [case.name for case in cases if not case.refused]
    page: list[Grid | Line] = [cases_grid("The plan, as it is and with each change", cases)]
    page += [*refusals(cases), _orders([plan.trades for plan in plans], names)]
    show(Answer(document=document, columns=CASE_COLUMNS, records=case_records(cases), page=page), form)


def _case(name: str, decision: Decision) -> Case:
    plan = decision.plan
    if plan is None:
        return Case(name=name, orders=len(decision.trades))
    return Case(
        name=name,
        orders=len(plan.trades),
        drift=plan.household.drift_after,
        tax=plan.costs.tax,
        trading=plan.costs.trading,
        cost=plan.costs.objective,
        gap=plan.certificate.gap,
    )


def _orders(trades: Sequence[Sequence[Any]], names: Sequence[str]) -> Grid:
    """Return the orders that are not the same in all plans, sales negative."""
    by_case = [{(trade.account_id, trade.symbol): trade.shares for trade in each} for each in trades]
    keys = sorted({key for each in by_case for key in each})
    rows = []
    for account, symbol in keys:
        amounts = [each.get((account, symbol), 0.0) for each in by_case]
        if len(set(amounts)) > 1:
            rows.append((account, symbol, *(shares(amount) if amount else "" for amount in amounts)))
    headings = [
        "As it is",
        *(name if len(name) <= 16 else f"Change {n}" for n, name in enumerate(names[1:], 1)),
    ]
    return grid("Orders that differ, in shares (sales negative)", ["Account", "Symbol"], headings, rows)
