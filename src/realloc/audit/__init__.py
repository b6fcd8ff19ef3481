"""The independent judge of a plan, or of anyone's list of trades: which rules it breaks, and what it costs.

It knows the domain alone. Holdings, cash, gains, terms, tax, drift and every other figure are derived again
from the household, in exact decimal arithmetic from the shortest decimal text of each float; nothing is
shared with the code that makes plans. The rules and their numbers are those of ``docs/spec/rules.md``.

What it does not judge: that a plan is the best one, that the bound of its certificate is valid, and which of
several equally good plans it is (DET-2). These are the optimizer's to prove.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal, localcontext

from realloc.audit.book import Book, check_prices, open_book
from realloc.audit.cash import cash_after, check_cash, settle
from realloc.audit.claims import check_claims
from realloc.audit.deferral import check_deferral
from realloc.audit.exact import EXACT, exact
from realloc.audit.figures import (
    cash_by_scope,
    changes_by_scope,
    locate,
    measure,
    sum_sales,
    sum_trading,
    weigh,
)
from realloc.audit.lots import Order
from realloc.audit.modes import check_mode, open_mode
from realloc.audit.orders import read_orders
from realloc.audit.report import (
    AuditedAccount,
    AuditedClass,
    AuditedCosts,
    AuditedTotals,
    AuditReport,
)
from realloc.audit.rules import check_caps, check_orders
from realloc.audit.wash import check_denied, check_wash_sales, look_back
from realloc.audit.washed import Washed, match_washes
from realloc.errors import AuditError, Issue
from realloc.household import Household
from realloc.plan import Plan
from realloc.trades import Trade

__all__ = [
    "AuditReport",
    "AuditedAccount",
    "AuditedClass",
    "AuditedCosts",
    "AuditedTotals",
    "audit_plan",
    "audit_trades",
    "require",
]


def audit_trades(household: Household, trades: Sequence[Trade]) -> AuditReport:
    """Judge any list of trades under the rules of a household.

    Parameters
    ----------
    household : Household
        A household that `realloc.check` finds no error in.
    trades : sequence of Trade
        Account, symbol and shares of each, negative to sell; `lots` where the seller named them (only their
        `id` and `shares` are read). Prices and other figures that the trades carry are not looked at.

    Returns
    -------
    AuditReport
        Every broken rule, with the trade or account that breaks it, and what the trades cost, in dollars.
        A trade that cannot be counted (unknown account, no price, not a number of shares) is a finding and
        is left out of the figures; a trade that breaks a rule is in them.

    Notes
    -----
    A sale in a taxable account that names no lots takes the oldest first (26 CFR 1.1012-1(c)); a finding of
    severity ``info`` says so. Trades of one symbol, side and account are one order; listing it twice is a
    finding. Cash is compared to the cent, rounded down. Limits in dollars (BUY-2, QTY-3, CAP-2, CAP-3) and
    the shares of lots (SELL-1, SELL-2) are kept within a millionth. A drift above ``max_drift`` (CAP-4) and a
    reserve that nothing allowed can reach (CASH-2) are warnings.

    In an account below its reserve that buys nothing, anything that could still be sold there is an error,
    unless one of the household's caps (orders, gain, tax) could be what forbids it.
    """
    with localcontext(EXACT):
        return _audit(open_book(household), trades, lots_required=False)[0]


def audit_plan(household: Household, plan: Plan) -> AuditReport:
    """Judge a plan: its trades, as `audit_trades` does, and every figure that it states.

    Parameters
    ----------
    household : Household
        The household that the plan was made for.
    plan : Plan
        Of this package or in its form. A sale from a position with lots has to name them, in accounts of
        every kind.

    Returns
    -------
    AuditReport
        Findings and figures. Besides broken rules, errors are figures that do not agree (the number of the
        rule that defines the figure), and a plan that is worse than doing nothing (OBJ-6).

    Notes
    -----
    What it says of wash sales and of the tax year is judged where it is stated.

    Tolerances, for figures that were computed with floats: prices, none; cash after, a ten-thousandth of a
    cent; notional, the gain of a lot, cash before and shortfall, half a cent; the value, sums of gains, the
    parts of the objective and the certificate, one cent; targets and bands, 1e-9; weights and drift, 1e-9 and
    the weight of one cent of cash for each account.
    """
    with localcontext(EXACT):
        book = open_book(household)
        report, orders, washed = _audit(book, plan.trades, lots_required=True)
        findings = [*report.findings, *check_claims(book, plan, orders, report, washed)]
        return AuditReport(
            findings=_errors_first(findings),
            accounts=report.accounts,
            classes=report.classes,
            household=report.household,
            costs=report.costs,
        )


def require(household: Household, plan: Plan) -> AuditReport:
    """Return the audit of a plan that passes it.

    Raises
    ------
    AuditError
        The plan breaks a rule or states a wrong figure; the error carries these findings.
    """
    report = audit_plan(household, plan)
    if not report.ok:
        raise AuditError(report.errors)
    return report


def _audit(
    book: Book, trades: Sequence[Trade], *, lots_required: bool
) -> tuple[AuditReport, list[Order], Washed]:
    findings: list[Issue] = [*check_prices(book)]
    orders = read_orders(book, trades, findings, lots_required=lots_required)
    window = look_back(book)
    cash = cash_after(book, orders)
    accounts = settle(book, cash)
    washed = match_washes(book, orders)
    sales = sum_sales(book, orders, washed)
    before = measure(book, {}, cash_by_scope(book, book.cash))
    after = measure(book, changes_by_scope(book, orders), cash_by_scope(book, cash))
    findings += check_orders(book, orders)
    findings += check_wash_sales(book, orders, window)
    findings += check_denied(book, washed)
    findings += check_caps(book, orders, sales)
    mode = open_mode(book, before.values)
    findings += check_deferral(book, mode, orders)
    findings += check_mode(mode, orders, cash, after.values)
    findings += check_cash(book, orders, accounts, window, mode)
    findings += _check_drift(book, after.drift)
    location_before, location = locate(book, orders, cash)
    trading = sum_trading(book, orders)
    report = AuditReport(
        findings=_errors_first(findings),
        accounts=accounts,
        classes=weigh(book, before, after),
        household=AuditedTotals(
            value=book.value,
            drift_before=before.drift,
            drift_after=after.drift,
            realized_short_term=sales.short,
            realized_long_term=sales.long,
            orders=len(orders),
        ),
        costs=AuditedCosts(
            objective=after.cost + sales.tax + trading + location,
            do_nothing=before.cost + location_before,
            drift=after.cost,
            tax=sales.tax,
            trading=trading,
            location=location,
        ),
    )
    return report, orders, washed


def _check_drift(book: Book, drift: Decimal) -> Iterator[Issue]:
    most = book.household.policy.max_drift
    if most is not None and drift > exact(most) + Decimal("1e-9"):
        yield Issue(
            code="CAP-4",
            where="policy.max_drift",
            message=f"household drift is {drift:.4%} after the trades, {exact(most):.4%} is the cap",
            hint="the least that the other rules allow is reported, not refused",
            severity="warning",
        )


def _errors_first(findings: list[Issue]) -> tuple[Issue, ...]:
    rank = {"error": 0, "warning": 1, "info": 2}
    return tuple(sorted(findings, key=lambda finding: rank[finding.severity]))
