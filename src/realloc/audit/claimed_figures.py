"""Compare the figures of a plan as a whole: weights, totals, costs, certificate, and doing nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from realloc.audit.book import Book
from realloc.audit.cash import settle
from realloc.audit.exact import CENT, ONE, ZERO, exact, ratio, usd
from realloc.audit.lots import is_number
from realloc.audit.report import AuditReport
from realloc.errors import Issue
from realloc.plan import Certificate, ClassWeight, Plan

EXACTLY = Decimal("1e-6")
"""Tolerance of what is a whole number of cents already, and of comparisons with doing nothing: dollars."""

ROUNDED_CENT = Decimal("0.005001")
"""Tolerance of one amount that may be rounded to the cent, dollars."""

WEIGHT = Decimal("1e-9")
"""Tolerance of a weight or a drift, beside one cent of cash for each account."""

_TEN_THOUSAND = Decimal(10_000)


def agrees(claim: float, figure: Decimal, tolerance: Decimal) -> bool:
    """Whether a stated number is one and within `tolerance` of the figure."""
    return is_number(claim) and abs(exact(claim) - figure) <= tolerance


def differs(code: str, where: str, name: str, claim: object, figure: object) -> Issue:
    """Return the finding of a figure that does not agree."""
    return Issue(code=code, where=where, message=f"{name} is stated as {claim}, it is {figure}")


def check_classes(book: Book, claims: Sequence[ClassWeight], report: AuditReport) -> Iterator[Issue]:
    """Check the list of groups (CLS-1), weights (CLS-2), bands (BAND-1) and the order by name (DET-1)."""
    stated = sorted(claims, key=lambda claim: (claim.account, claim.name))
    names = [(claim.account, claim.name) for claim in stated]
    found = [(figure.account, figure.name) for figure in report.classes]
    if names != found:
        yield differs("CLS-1", "classes", "the list of classes", names, found)
        return
    listed = [(claim.account, claim.name) for claim in claims]
    if listed != names and listed != sorted(names, key=lambda name: name[::-1]):
        yield Issue(code="DET-1", where="classes", message="the classes are not in the order of their names")
    cents = {
        scope.account: _cents(scope.value, 1 if scope.account else len(book.accounts))
        for scope in book.scopes
    }
    for claim, figure in zip(stated, report.classes, strict=True):
        near = WEIGHT + cents[claim.account]
        for code, name, tolerance in (
            ("CLS-2", "target", WEIGHT),
            ("CLS-2", "before", near),
            ("CLS-2", "after", near),
            ("BAND-1", "band", WEIGHT),
        ):
            number, weight = getattr(claim, name), getattr(figure, name)
            if not agrees(number, weight, tolerance):
                where = f"classes[{claim.name!r}]" + (f" of account {claim.account}" if claim.account else "")
                yield differs(code, where, name, number, f"{weight:.12g}")


def _cents(value: Decimal, accounts: int) -> Decimal:
    """Return the weight of one cent for each account."""
    return ratio(CENT * accounts, value) if value > 0 else ONE


def check_totals(book: Book, plan: Plan, report: AuditReport) -> Iterator[Issue]:
    """Check value (VAL-1), realized gains (OBJ-2) and drift (OBJ-5)."""
    claim, figure = plan.household, report.household
    for code, name, amount, dollars in (
        ("VAL-1", "value", claim.value, figure.value),
        ("OBJ-2", "realized_short_term", claim.realized_short_term, figure.realized_short_term),
        ("OBJ-2", "realized_long_term", claim.realized_long_term, figure.realized_long_term),
    ):
        if not agrees(amount, dollars, CENT):
            yield differs(code, f"household.{name}", name, amount, usd(dollars))
    near = WEIGHT + _cents(book.drift_value, len(book.accounts))
    for name, amount, fraction in (
        ("drift_before", claim.drift_before, figure.drift_before),
        ("drift_after", claim.drift_after, figure.drift_after),
    ):
        if not agrees(amount, fraction, near):
            yield differs("OBJ-5", f"household.{name}", name, amount, f"{fraction:.12g}")


def check_costs(plan: Plan, report: AuditReport) -> Iterator[Issue]:
    """Check the objective and each part of it: OBJ-1 to OBJ-4."""
    claim, figure = plan.costs, report.costs
    for code, name, amount, dollars in (
        ("OBJ-1", "drift", claim.drift, figure.drift),
        ("OBJ-2", "tax", claim.tax, figure.tax),
        ("OBJ-3", "trading", claim.trading, figure.trading),
        ("OBJ-4", "location", claim.location, figure.location),
        ("OBJ-6", "objective", claim.objective, figure.objective),
        ("OBJ-6", "do_nothing", claim.do_nothing, figure.do_nothing),
    ):
        if not agrees(amount, dollars, CENT):
            yield differs(code, f"costs.{name}", name, amount, usd(dollars))


def check_certificate(claim: Certificate, report: AuditReport) -> Iterator[Issue]:
    """Check the arithmetic of the certificate (PLAN-2); that its bound is valid is not the audit's to say."""
    for name, number in (
        ("objective", claim.objective),
        ("bound", claim.bound),
        ("gap", claim.gap),
        ("gap_bps", claim.gap_bps),
    ):
        if not is_number(number):
            yield Issue(
                code="PLAN-2",
                where=f"certificate.{name}",
                message=f"{name} is {number}: not a number of dollars",
            )
            return
    gap = exact(claim.gap)
    value = report.household.value
    if not agrees(claim.objective, report.costs.objective, CENT):
        yield differs(
            "PLAN-2", "certificate.objective", "objective", claim.objective, usd(report.costs.objective)
        )
    difference = exact(claim.objective) - exact(claim.bound)
    if abs(gap - difference) > CENT:
        yield differs("PLAN-2", "certificate.gap", "the gap", claim.gap, usd(difference))
    if gap < -ROUNDED_CENT:
        yield Issue(
            code="PLAN-2",
            where="certificate.gap",
            message=f"the gap is {usd(gap)}: the plan costs less than the bound says is possible",
        )
    gap_of_bps = exact(claim.gap_bps) * value if value > 0 else gap * _TEN_THOUSAND + exact(claim.gap_bps)
    if abs(gap_of_bps - gap * _TEN_THOUSAND) > CENT * _TEN_THOUSAND:
        yield Issue(
            code="PLAN-2",
            where="certificate.gap_bps",
            message=f"{claim.gap_bps} basis points of {usd(value)} are not {usd(gap)}",
        )


def check_candidate(book: Book, report: AuditReport) -> Iterator[Issue]:
    """Check that the plan is not worse than doing nothing, in the order of OBJ-6."""
    most = book.household.policy.max_drift
    drift = report.household
    nothing = sum((account.shortfall for account in settle(book, book.cash)), ZERO)
    for name, plan, without, tolerance in (
        ("shortfalls", sum((account.shortfall for account in report.accounts), ZERO), nothing, EXACTLY),
        ("drift over the cap", _over(drift.drift_after, most), _over(drift.drift_before, most), WEIGHT),
        ("objective", report.costs.objective, report.costs.do_nothing, EXACTLY),
    ):
        if plan < without - tolerance:
            return
        if plan > without + tolerance:
            yield Issue(
                code="OBJ-6",
                where="trades",
                message=f"the plan is worse than doing nothing: {name} {plan:.10g}, without trades "
                f"{without:.10g}",
            )
            return


def _over(drift: Decimal, most: float | None) -> Decimal:
    return ZERO if most is None else max(drift - exact(most), ZERO)
