"""The plan document: the trades, what they do, what they cost, and how near to the best possible that is."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from types import ModuleType
from typing import Any, Literal

from realloc.errors import Issue
from realloc.harvested import Harvested
from realloc.trades import Trade


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCash:
    """Cash of one account before and after the plan, in dollars.

    `cash_before` is as the household states it; `cash_after` has the cash flow and the trades in it and is
    rounded down to the cent. `shortfall` is what is missing to the reserve where no allowed sale reaches it.
    """

    account_number: str
    cash_before: float
    cash_after: float
    shortfall: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassWeight:
    """A class (or a symbol with its own target, or an unassigned one), its weights and its band.

    `account` names the account whose own targets these are; empty for the household's.
    """

    name: str
    target: float
    before: float
    after: float
    band: float
    account: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseholdTotals:
    """Household figures: dollars, and drift as half the sum of absolute weight deviations."""

    value: float
    drift_before: float
    drift_after: float
    realized_short_term: float
    realized_long_term: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanCosts:
    """The objective, its parts, and the objective of doing nothing, in dollars."""

    objective: float
    do_nothing: float
    drift: float
    tax: float
    trading: float
    location: float


WashEffect = Literal["deferred", "lost"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WashSale:
    """Loss shares whose loss a purchase denies (26 USC 1091; rules WASH-4 to WASH-6).

    Parameters
    ----------
    account_number, symbol, lot : str
        Where the loss is taken; the lot is empty for a loss of a recent trade, which the plan's purchase denies.
    shares, disallowed : float
        Shares, and the dollars of loss that do not count.
    effect : {"deferred", "lost"}
        Added to the basis of the replacement, or lost for good (Rev. Rul. 2008-5).
    replaced_in, replaced_by : str
        Account and symbol of the purchase.
    bought : datetime.date
        Its trade date.
    """

    account_number: str
    symbol: str
    lot: str
    shares: float
    disallowed: float
    effect: WashEffect
    replaced_in: str
    replaced_by: str
    bought: date

    def to_dict(self) -> dict[str, Any]:
        """Return the wash sale as the plan document has it."""
        return {**_values(self), "bought": self.bought.isoformat()}


@dataclass(frozen=True, slots=True, kw_only=True)
class NoBuy:
    """A symbol that must not be bought through a day, or a loss that counts would be denied (rule WASH-7).

    `accounts` are those in which a purchase would count, `owners` whose they are; a reinvested dividend is a
    purchase.
    """

    symbol: str
    until: date
    accounts: tuple[str, ...]
    owners: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return it as the plan document has it."""
        return {
            "symbol": self.symbol,
            "until": self.until.isoformat(),
            "accounts": list(self.accounts),
            "owners": list(self.owners),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedWashSales:
    """The wash sales of a plan, with the sums that are deferred and lost in dollars, and the window after it."""

    disallowed: tuple[WashSale, ...] = ()
    deferred: float = 0.0
    lost: float = 0.0
    no_buy: tuple[NoBuy, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the section of the plan document."""
        return {
            "disallowed": [sale.to_dict() for sale in self.disallowed],
            "deferred": self.deferred,
            "lost": self.lost,
            "no_buy": [symbol.to_dict() for symbol in self.no_buy],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class YearAfter:
    """The tax year after the plan, in dollars, netted as Schedule D does (rules NET-1 to NET-4).

    Parameters
    ----------
    realized_short_term, realized_long_term : float
        Net gain of the year with the plan, before what is carried into it.
    taxed_short_term, taxed_long_term : float
        Net gain taxed at each rate, after netting and carried losses.
    deducted : float
        Net loss deducted from other income.
    carried_short_term, carried_long_term : float
        Losses carried into the next year, as positive dollars.
    tax_before, tax : float
        Tax of the year at the policy's rates without and with the plan; a deduction is negative.
    """

    realized_short_term: float
    realized_long_term: float
    taxed_short_term: float
    taxed_long_term: float
    deducted: float
    carried_short_term: float
    carried_long_term: float
    tax_before: float
    tax: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FewerOrders:
    """The best plan of so many `orders`: its `objective` in dollars, and its `share` of what the plan saves."""

    orders: int
    objective: float
    share: float


CertificateStatus = Literal["certified", "time_limit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """How near to the best possible the plan is.

    No plan under these rules can cost less than `bound` dollars; `gap` is `objective` less `bound`, and
    `gap_bps` is the gap in 1/10,000 of the household's value. The status is ``time_limit`` where the
    search was stopped early, else ``certified``; the bound holds in both.
    """

    status: CertificateStatus
    objective: float
    bound: float
    gap: float
    gap_bps: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Trades for a household, audited, with their certificate.

    Parameters
    ----------
    trades : tuple of Trade
        In order of execution: each has its `sequence`, sells before the buys that they pay for.
    accounts : tuple of AccountCash
        One for each account, by account number.
    classes : tuple of ClassWeight
        One for each class, symbol with its own target and unassigned symbol.
    household, costs, certificate
        See their classes.
    issues : tuple of Issue
        What stood in the way, and what a person should know.
    wash_sales : PlannedWashSales, optional
        Losses that do not count, and until when which symbols must not be bought; None: not stated.
    tax_year : YearAfter, optional
        The year after the plan, where the household states the year so far.
    harvest : Harvested, optional
        The losses that are harvested, where the policy harvests.
    fewer_orders : tuple of FewerOrders
        How far plans of a few orders get, where that was asked for.
    """

    trades: tuple[Trade, ...]
    accounts: tuple[AccountCash, ...]
    classes: tuple[ClassWeight, ...]
    household: HouseholdTotals
    costs: PlanCosts
    certificate: Certificate
    issues: tuple[Issue, ...] = ()
    wash_sales: PlannedWashSales | None = None
    tax_year: YearAfter | None = None
    harvest: Harvested | None = None
    fewer_orders: tuple[FewerOrders, ...] = ()

    def trades_frame(self, native_namespace: ModuleType | str | None = None) -> Any:
        """Return the trades as a table of the caller's own library; see `realloc.frames.trades_frame`."""
        from realloc.frames import trades_frame  # noqa: PLC0415 - tables load where they are asked for

        return trades_frame(self.trades, native_namespace)

    def to_frame(self, native_namespace: ModuleType | str | None = None) -> Any:
        """Return the trades as a table, as `trades_frame` does; the name that data frame users look for."""
        return self.trades_frame(native_namespace)

    def _repr_html_(self) -> str:
        from realloc.notebook import plan_html  # noqa: PLC0415 - tables load where they are asked for

        return plan_html(self)

    def to_dict(self) -> dict[str, Any]:
        """Return the plan document."""
        return {
            "trades": [trade.to_dict() for trade in self.trades],
            "accounts": [_values(account) for account in self.accounts],
            "classes": [
                {key: value for key, value in _values(weight).items() if key != "account" or value}
                for weight in self.classes
            ],
            "household": _values(self.household),
            "costs": _values(self.costs),
            "certificate": _values(self.certificate),
            "issues": [issue.to_dict() for issue in self.issues],
            **({} if self.wash_sales is None else {"wash_sales": self.wash_sales.to_dict()}),
            **({} if self.tax_year is None else {"tax_year": _values(self.tax_year)}),
            **({} if self.harvest is None else {"harvest": self.harvest.to_dict()}),
            **({"fewer_orders": [_values(few) for few in self.fewer_orders]} if self.fewer_orders else {}),
        }


def _values(record: Any) -> dict[str, Any]:
    return {field.name: getattr(record, field.name) for field in fields(record)}
