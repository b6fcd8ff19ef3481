"""The page of the report: its words, its tables, and the one file that they become."""

from __future__ import annotations

import os
from importlib.resources import files

from realloc.documents.writing import write_whole
from realloc.errors import ExportError
from realloc.household import Household
from realloc.models import CASH
from realloc.plan import Plan
from realloc.report.assumptions import account_words, policy_words
from realloc.report.charts import HUES, accounts_chart, costs_chart, drift_chart
from realloc.report.figures import Figures, drift_rows, figures_of, year_rows
from realloc.report.words import as_shown, dollars, masker, percent, place, shares

MOST_CLASSES = 14
"""Classes in the drift chart; its table has all of them."""
OPEN_ORDERS = 30
"""A report with more orders than this folds them, account by account, below the largest."""
LARGEST = 10
"""Orders that a folded report begins with."""
LEAST_TOLD = 0.5
"""Part of the household that the colours of a chart must tell apart; below it there is no such chart."""
TOLD_APART = "wash.window"
"""Issues that the section on taxes tells."""
KINDS = {"taxable": "taxable", "tax_deferred": "tax-deferred", "tax_exempt": "tax-exempt"}


def write_report(
    household: Household, plan: Plan, path: str | os.PathLike[str], *, full_numbers: bool = False
) -> None:
    """Write the report of a plan: one HTML file without links, scripts or pictures of elsewhere.

    Parameters
    ----------
    household : Household
        The household that was planned.
    plan : Plan
        Its plan.
    path : str or path
        The file to write; its folder must exist. It is written whole or not at all.
    full_numbers : bool
        Print account numbers in full instead of their last four characters.

    Raises
    ------
    ExportError
        The file cannot be written, or jinja2 or matplotlib is not installed (``realloc[report]``).
    """
    write_whole(path, report_html(household, plan, full_numbers=full_numbers))


def report_html(household: Household, plan: Plan, *, full_numbers: bool = False) -> str:
    """Return the report as HTML; see `write_report`. The same plan gives the same bytes."""
    try:
        import jinja2  # noqa: PLC0415 - an extra, imported when a report is made
    except ImportError as error:
        raise ExportError(
            "The report needs jinja2, which is not installed: pip install 'realloc[report]'"
        ) from error
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=as_shown,
    )
    environment.filters |= {
        "dollars": dollars,
        "percent": percent,
        "shares": shares,
        "text": masker(household, full_numbers=full_numbers),
        "place": lambda where: place(where, household),
        "day": lambda day: f"{day:%B} {day.day}, {day.year}",
    }
    room = files("realloc.report")
    figures = figures_of(household, plan, masked=not full_numbers)
    shown = drift_rows(plan, MOST_CLASSES)
    return environment.from_string(room.joinpath("page.html").read_text(encoding="utf-8")).render(
        household=household,
        plan=plan,
        figures=figures,
        style=room.joinpath("page.css").read_text(encoding="utf-8"),
        drift_svg=drift_chart(shown),
        shown=shown,
        accounts_svg=_accounts_chart(figures),
        costs_svg=costs_chart(_steps(plan)),
        steps=_steps(plan),
        year=year_rows(plan),
        headline=_headline(plan, figures),
        saved=plan.costs.do_nothing - plan.costs.objective,
        issues=[issue for issue in plan.issues if issue.code != TOLD_APART],
        kinds=KINDS,
        largest=[] if figures.n_orders <= OPEN_ORDERS else figures.largest(LARGEST),
        assumptions=policy_words(household.policy, dollars, percent),
        account_rules=[
            (account.label or account.account_number, "; ".join(account_words(account, dollars)))
            for account in sorted(household.accounts, key=lambda one: one.account_number)
        ],
        CASH=CASH,
    )


def _accounts_chart(figures: Figures) -> str:
    """Return the chart of what each account holds; empty where its colours would tell too little apart."""
    told = sum(row.classes.get(name, 0.0) for row in figures.accounts for name in figures.class_names[:HUES])
    if told < LEAST_TOLD * sum(row.value for row in figures.accounts):
        return ""
    return accounts_chart(
        [account.label for account in figures.accounts],
        [account.classes for account in figures.accounts],
        figures.class_names,
    )


def _headline(plan: Plan, figures: Figures) -> str:
    totals = plan.household
    if not figures.n_orders:
        return f"Nothing to trade: the household is {percent(totals.drift_after)} off its targets"
    orders = "1 order brings" if figures.n_orders == 1 else f"{figures.n_orders} orders bring"
    return f"{orders} the household from {percent(totals.drift_before)} to {percent(totals.drift_after)} off target"


def _steps(plan: Plan) -> list[tuple[str, float, bool]]:
    """Return the way from the cost of doing nothing to the plan's, in dollars of the objective."""
    costs = plan.costs
    nearer = costs.drift + costs.location - costs.do_nothing
    return [
        ("Doing nothing", costs.do_nothing, True),
        ("Drift and location", nearer, False),
        ("Tax", costs.tax, False),
        ("Trading", costs.trading, False),
        ("This plan", costs.objective, True),
    ]
