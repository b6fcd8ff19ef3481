"""Compare every figure that a plan states with the one that the audit derived."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import pairwise

from realloc.audit.book import Book
from realloc.audit.claimed_figures import (
    EXACTLY,
    ROUNDED_CENT,
    agrees,
    check_candidate,
    check_certificate,
    check_classes,
    check_costs,
    check_totals,
    differs,
)
from realloc.audit.exact import ONE, exact, usd
from realloc.audit.harvest_claims import check_harvest
from realloc.audit.lots import Order, is_number
from realloc.audit.report import AuditReport
from realloc.audit.wash_claims import check_wash_claims
from realloc.audit.washed import Washed
from realloc.audit.year import check_year
from realloc.errors import Issue
from realloc.plan import Plan
from realloc.trades import Trade

BASIS = Decimal("1e-14")
"""Tolerance of an average basis, which is rounded to the nearest float, relative to it."""


def check_claims(
    book: Book, plan: Plan, orders: list[Order], report: AuditReport, washed: Washed
) -> Iterator[Issue]:
    """Find every figure of a plan that does not agree with the audit's, and a plan worse than none."""
    yield from _check_trades(book, plan.trades)
    yield from _check_lots(orders)
    yield from _check_accounts(book, plan, report)
    yield from check_classes(book, plan.classes, report)
    yield from check_totals(book, plan, report)
    yield from check_costs(plan, report)
    if plan.wash_sales is not None:
        yield from check_wash_claims(book, plan.wash_sales, washed)
    yield from check_year(book, plan, report.household, washed)
    yield from check_harvest(book, plan, orders)
    yield from check_certificate(plan.certificate, report)
    yield from check_candidate(book, report)


def _check_trades(book: Book, trades: Sequence[Trade]) -> Iterator[Issue]:
    """Check prices and notional (PLAN-1) and the order of execution (DET-1)."""
    keys: list[tuple[bool, str, str]] = []
    for n, trade in enumerate(trades):
        where = f"trades[{n}]"
        counted = is_number(trade.shares)
        keys.append((counted and trade.shares > 0, trade.account_id, trade.symbol))
        if trade.sequence != n + 1:
            yield differs("DET-1", where, "sequence", trade.sequence, n + 1)
        quote = book.quotes.get(trade.symbol)
        if quote is None:
            continue
        if trade.price != book.household.prices[trade.symbol]:
            yield differs("PLAN-1", where, f"the price of {trade.symbol}", trade.price, quote.price)
        if counted:
            notional = exact(trade.shares) * quote.price
            if not agrees(trade.notional, notional, ROUNDED_CENT):
                yield differs("PLAN-1", where, "notional", trade.notional, usd(notional))
    for n, (first, second) in enumerate(pairwise(keys)):
        if first > second:
            yield Issue(
                code="DET-1",
                where=f"trades[{n + 1}]",
                message="a sale follows a purchase"
                if first[0] and not second[0]
                else "the trade is out of the order by account and symbol",
            )


def _check_lots(orders: list[Order]) -> Iterator[Issue]:
    """Check cost, date, term (TERM-1) and gain (OBJ-2) that the plan states for the lots it sells."""
    for order in orders:
        for taking in order.takings:
            claim, lot, where = taking.claim, taking.lot, taking.where
            if claim is None:
                continue
            own = claim.cost_per_share == lot.cost_per_share and order.account.lot_relief != "average"
            if not own and not agrees(claim.cost_per_share, taking.basis, BASIS * max(taking.basis, ONE)):
                yield differs("OBJ-2", where, "cost per share", claim.cost_per_share, taking.basis)
            if claim.acquired != lot.acquired:
                yield differs("TERM-1", where, "the date of purchase", claim.acquired, lot.acquired)
            term = "long" if taking.long else "short"
            if claim.term != term:
                yield differs("TERM-1", where, "the term", claim.term, term)
            if not agrees(claim.gain, taking.gain, ROUNDED_CENT):
                yield differs("OBJ-2", where, "the gain", claim.gain, usd(taking.gain))


def _check_accounts(book: Book, plan: Plan, report: AuditReport) -> Iterator[Issue]:
    stated = [account.account_number for account in plan.accounts]
    found = [account.account_number for account in report.accounts]
    if stated != found:
        yield differs("DET-1", "accounts", "the list of accounts", stated, found)
    figures = {account.account_number: account for account in report.accounts}
    for claim in plan.accounts:
        figure = figures.get(claim.account_number)
        if figure is None:
            continue
        where = f"accounts[{claim.account_number!r}]"
        before = exact(book.accounts[claim.account_number].cash)
        if not agrees(claim.cash_before, before, ROUNDED_CENT):
            yield differs("CASH-1", where, "cash_before", claim.cash_before, before)
        if not agrees(claim.cash_after, figure.cash, EXACTLY):
            yield differs("CASH-1", where, "cash_after", claim.cash_after, figure.cash)
        if not agrees(claim.shortfall, figure.shortfall, ROUNDED_CENT):
            yield differs("CASH-2", where, "shortfall", claim.shortfall, figure.shortfall)
