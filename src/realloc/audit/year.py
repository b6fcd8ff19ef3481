"""The tax year with the plan's gains in it, netted as Schedule D nets it (NET-1 to NET-4, YEAR-1)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from realloc.audit.book import Book
from realloc.audit.claimed_figures import agrees, differs
from realloc.audit.exact import CENT, ZERO, exact, usd
from realloc.audit.report import AuditedTotals
from realloc.audit.washed import Washed
from realloc.errors import Issue
from realloc.plan import Plan

_SEPARATE = "married_separate"
_LIMITS = {True: Decimal(1_500), False: Decimal(3_000)}
"""Net loss that a year may deduct: by whether it is filed married separately (26 USC 1211(b))."""


def year_before(book: Book) -> tuple[Decimal, Decimal]:
    """Return short-term and long-term dollars of the year so far, less what was carried into it."""
    year = book.household.tax_year
    if year is None:
        return ZERO, ZERO
    return (
        exact(year.realized_short_term) - exact(year.carried_short_term),
        exact(year.realized_long_term) - exact(year.carried_long_term),
    )


def check_year(book: Book, plan: Plan, totals: AuditedTotals, washed: Washed) -> Iterator[Issue]:
    """Check the figures of the year after the plan (YEAR-1)."""
    stated, year = plan.tax_year, book.household.tax_year
    if stated is None or year is None:
        if (stated is None) != (year is None):
            message = "the year after the plan is stated only where the household states the year so far"
            yield Issue(code="YEAR-1", where="tax_year", message=message)
        return
    short_before, long_before = year_before(book)
    denied = dict.fromkeys((False, True), ZERO)
    for each in washed.denied:
        denied[each.long] += each.amount
    short = totals.realized_short_term + denied[False]
    long = totals.realized_long_term + denied[True]
    figures = _net(book, short_before + short, long_before + long)
    figures |= {
        "realized_short_term": exact(year.realized_short_term) + short,
        "realized_long_term": exact(year.realized_long_term) + long,
        "tax_before": _net(book, short_before, long_before)["tax"],
    }
    for name, figure in figures.items():
        claim = getattr(stated, name)
        if not agrees(claim, figure, 2 * CENT):
            yield differs("YEAR-1", f"tax_year.{name}", name, claim, usd(figure))


def _net(book: Book, short: Decimal, long: Decimal) -> dict[str, Decimal]:
    """Return what is taxed, deducted and carried of a year's short-term and long-term sums."""
    rates, filing = book.household.policy.tax, book.household.policy.tax.filing
    limit = _LIMITS[filing is not None and filing.filing_status == _SEPARATE]
    total = short + long
    if total >= 0:  # a loss of one kind is used up by the gain of the other
        taxed_short, taxed_long = (short, long) if min(short, long) >= 0 else (ZERO, total)
        if long < 0 <= short:
            taxed_short, taxed_long = total, ZERO
        deducted = carried_short = carried_long = ZERO
    else:
        taxed_short = taxed_long = ZERO
        deducted = min(limit, -total)
        from_short = max(ZERO, -short if long < 0 else -total)
        from_long = -total - from_short
        carried_short = from_short - min(deducted, from_short)
        carried_long = from_long - (deducted - min(deducted, from_short))
    tax = (taxed_short - deducted) * exact(rates.short_term_rate) + taxed_long * exact(rates.long_term_rate)
    return {
        "taxed_short_term": taxed_short,
        "taxed_long_term": taxed_long,
        "deducted": deducted,
        "carried_short_term": carried_short,
        "carried_long_term": carried_long,
        "tax": tax,
    }
