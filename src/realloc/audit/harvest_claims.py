"""Compare what a plan states of its harvest with what its lots say (HARV-6)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from realloc.audit.book import Book
from realloc.audit.canada import rates_by_term
from realloc.audit.claimed_figures import agrees, differs
from realloc.audit.exact import CENT, ZERO
from realloc.audit.harvest import is_harvestable
from realloc.audit.lots import Order
from realloc.errors import Issue
from realloc.modes import Harvest
from realloc.plan import Plan


def check_harvest(book: Book, plan: Plan, orders: list[Order]) -> Iterator[Issue]:
    """Check what the plan states of its harvest (HARV-6)."""
    thresholds, stated = book.household.policy.harvests, plan.harvest
    if thresholds is None or stated is None:
        if (thresholds is None) != (stated is None):
            message = "the harvest is stated where the policy harvests, and only there"
            yield Issue(code="HARV-6", where="harvest", message=message)
        return
    found = {key: figures for key, figures in _harvests(book, orders, thresholds) if figures[0] >= CENT / 2}
    listed = [(sale.account_number, sale.symbol) for sale in stated.sales]
    if sorted(found) != sorted(listed):
        yield differs("HARV-6", "harvest.sales", "the list of sales", listed, sorted(found))
        return
    day = book.household.as_of + timedelta(days=book.household.policy.wash_sales.window_days + 1)
    for n, sale in enumerate(stated.sales):
        where = f"harvest.sales[{n}]"
        names = ("loss", "tax_saved", "deferred", "shares")
        for name, figure in zip(names, found[sale.account_number, sale.symbol], strict=True):
            if not agrees(getattr(sale, name), figure, CENT):
                yield differs("HARV-6", where, name, getattr(sale, name), figure)
        if sale.switch_back_from != day:
            yield differs("HARV-6", where, "switch_back_from", sale.switch_back_from, day)
    for n, name in enumerate(("loss", "tax_saved", "deferred")):
        total = sum((figures[n] for figures in found.values()), ZERO)
        if not agrees(getattr(stated, name), total, CENT * (1 + len(found))):
            yield differs("HARV-6", "harvest", name, getattr(stated, name), total)


def _harvests(
    book: Book, orders: list[Order], thresholds: Harvest
) -> Iterator[tuple[tuple[str, str], tuple[Decimal, Decimal, Decimal, Decimal]]]:
    """Yield for each sale in a taxable account its harvested loss, the tax saved, the deferred part and shares."""
    rates = book.household.policy.tax
    terms = rates_by_term(rates)
    long_rate, short_rate = terms[True], terms[False]
    for order in orders:
        taken = [
            taking
            for taking in order.taxed
            if taking.gain < 0 and is_harvestable(book, order.account, taking.lot, thresholds)
        ]
        loss = -sum((taking.gain for taking in taken), ZERO)
        saved = -sum((taking.gain * (long_rate if taking.long else short_rate) for taking in taken), ZERO)
        shares = sum((taking.shares for taking in taken), ZERO)
        key = order.account.account_number, order.symbol
        if not order.buys:
            yield key, (loss, saved, min(loss * long_rate, saved), shares)
