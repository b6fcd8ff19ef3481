"""What the audit returns: findings, and the figures that it derived by itself, as exact decimals."""

from __future__ import annotations

from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from realloc.errors import Issue


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedAccount:
    """Cash of one account after the trades, in dollars.

    `cash_exact` is not rounded, `cash` is rounded down to the cent (CASH-1), `shortfall` is the reserve
    less `cash` where that is more than zero.
    """

    account_number: str
    cash_exact: Decimal
    cash: Decimal
    shortfall: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedClass:
    """Weights of one group (CLS-1) of one scope; `account` is empty for the household's scope.

    All four are fractions of the scope's value, zero where that value is not above zero; `before` has the
    cash flows in it.
    """

    account: str
    name: str
    target: Decimal
    before: Decimal
    after: Decimal
    band: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedTotals:
    """Household figures: dollars, drift as a fraction (OBJ-5), and the number of orders."""

    value: Decimal
    drift_before: Decimal
    drift_after: Decimal
    realized_short_term: Decimal
    realized_long_term: Decimal
    orders: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedCosts:
    """The objective, its parts, and the objective of doing nothing, in dollars.

    Tax, trading and location are exact; drift, and with it the objective, is exact up to one division by
    the sum of the weights for each scope, to 60 digits.
    """

    objective: Decimal
    do_nothing: Decimal
    drift: Decimal
    tax: Decimal
    trading: Decimal
    location: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """What an audit found.

    Parameters
    ----------
    findings : tuple of Issue
        Errors first. `code` is the number of the broken rule, `where` a trade (``trades[3]``, counted in
        the list that was given), an account (``accounts['Z1']``) or a limit (``policy.max_orders``).
    accounts : tuple of AuditedAccount
        By account number.
    classes : tuple of AuditedClass
        The household's groups by name, then those of each account with targets of its own.
    household, costs
        See their classes.
    """

    findings: tuple[Issue, ...]
    accounts: tuple[AuditedAccount, ...]
    classes: tuple[AuditedClass, ...]
    household: AuditedTotals
    costs: AuditedCosts

    @property
    def errors(self) -> tuple[Issue, ...]:
        """The findings of severity ``error``: broken rules and wrong figures."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    @property
    def ok(self) -> bool:
        """Whether no rule is broken and no figure is wrong."""
        return not self.errors

    def to_dict(self) -> dict[str, Any]:
        """Return the report with the keys of the plan document; decimals become the nearest floats."""
        return {
            "ok": self.ok,
            "findings": [finding.to_dict() for finding in self.findings],
            "accounts": [_values(account) for account in self.accounts],
            "classes": [_values(weights) for weights in self.classes],
            "household": _values(self.household),
            "costs": _values(self.costs),
        }


def _values(record: Any) -> dict[str, Any]:
    values = {field.name: getattr(record, field.name) for field in fields(record)}
    return {name: float(value) if isinstance(value, Decimal) else value for name, value in values.items()}
