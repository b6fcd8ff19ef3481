"""What the report shows, worked out from household and plan: plain values, no markup."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from math import fsum

from realloc.household import Household
from realloc.models import CASH
from realloc.optimizer.scopes import Scope, scopes_of
from realloc.plan import ClassWeight, Plan
from realloc.report.words import masked_number
from realloc.tax.history import identities
from realloc.trades import Trade


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountOrders:
    """One account: its orders in the plan's sequence, its cash, and what it holds afterwards, by class in dollars."""

    label: str
    number: str
    kind: str
    trades: tuple[Trade, ...]
    cash_before: float
    cash_after: float
    shortfall: float
    classes: Mapping[str, float]

    @property
    def value(self) -> float:
        """Dollars after the plan."""
        return fsum(self.classes.values())

    @property
    def sold(self) -> float:
        """Dollars of the sales."""
        return -fsum(trade.notional for trade in self.trades if trade.shares < 0)

    @property
    def bought(self) -> float:
        """Dollars of the purchases."""
        return fsum(trade.notional for trade in self.trades if trade.shares > 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Realized:
    """Gains and losses of one term in taxable accounts, both as positive dollars."""

    term: str
    gains: float
    losses: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """Symbols that must not be bought in any account through `until`, because `symbol` is sold at a loss."""

    symbol: str
    symbols: tuple[str, ...]
    loss: float
    until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Everything the report shows that plan and household do not state themselves."""

    accounts: tuple[AccountOrders, ...]
    class_names: tuple[str, ...]
    realized: tuple[Realized, ...]
    closed: tuple[tuple[date, tuple[Closed, ...]], ...]

    @property
    def n_orders(self) -> int:
        """How many orders there are."""
        return sum(len(account.trades) for account in self.accounts)

    def largest(self, most: int) -> list[tuple[AccountOrders, Trade]]:
        """Return the orders of the most dollars, the largest first, each with its account."""
        orders = [(account, trade) for account in self.accounts for trade in account.trades]
        return sorted(orders, key=lambda order: (-abs(order[1].notional), order[1].sequence))[:most]


def figures_of(household: Household, plan: Plan, masked: bool) -> Figures:
    """Work out the report's figures; account numbers keep their last four characters if `masked`."""
    trades = defaultdict(list)
    for trade in plan.trades:
        trades[trade.account_id].append(trade)
    scope_of = {account.account_number: scope for scope in scopes_of(household) for account in scope.accounts}
    cash = {row.account_number: row for row in plan.accounts}
    accounts = []
    for account in sorted(household.accounts, key=lambda one: one.account_number):
        number = account.account_number
        shares = dict(account.positions)
        for trade in trades[number]:
            shares[trade.symbol] = shares.get(trade.symbol, 0.0) + trade.shares
        held = _by_class(shares, household, scope_of[number])
        held[CASH] = held.get(CASH, 0.0) + cash[number].cash_after
        accounts.append(
            AccountOrders(
                label=account.label or masked_number(number, masked),
                number=masked_number(number, masked),
                kind=account.kind,
                trades=tuple(trades[number]),
                cash_before=cash[number].cash_before,
                cash_after=cash[number].cash_after,
                shortfall=cash[number].shortfall,
                classes=held,
            )
        )
    totals: dict[str, float] = defaultdict(float)
    for row in accounts:
        for name, value in row.classes.items():
            totals[name] += value
    names = sorted((name for name in totals if name != CASH), key=lambda name: (-totals[name], name))
    taxable = {account.account_number for account in household.accounts if account.kind == "taxable"}
    lots = [lot for trade in plan.trades if trade.account_id in taxable for lot in trade.lots]
    return Figures(
        accounts=tuple(accounts),
        class_names=(*names, CASH),
        realized=tuple(
            Realized(
                term=term,
                gains=fsum(lot.gain for lot in lots if lot.term == term and lot.gain > 0),
                losses=-fsum(lot.gain for lot in lots if lot.term == term and lot.gain < 0),
            )
            for term in ("short", "long")
        ),
        closed=closed_windows(household, plan),
    )


def drift_rows(plan: Plan, most: int) -> tuple[ClassWeight, ...]:
    """Return the classes that are furthest from their targets before or after, at most `most`, by target."""
    furthest = sorted(
        plan.classes,
        key=lambda row: (
            -max(abs(row.before - row.target), abs(row.after - row.target)),
            row.name,
            row.account,
        ),
    )
    chosen = furthest[:most]
    return tuple(sorted(chosen, key=lambda row: (row.account, row.name == CASH, -row.target, row.name)))


def _by_class(shares: Mapping[str, float], household: Household, scope: Scope) -> dict[str, float]:
    """Return dollars by the name of each class; what no class covers goes under the symbol itself."""
    held: dict[str, float] = defaultdict(float)
    for symbol, count in shares.items():
        value = count * household.prices[symbol] if count else 0.0
        cover = scope.cover.get(symbol, ())
        for group, share in cover:
            held[scope.groups[group].name] += value * share
        rest = value * (1.0 - fsum(share for _, share in cover))
        if abs(rest) > 0.005:
            held[symbol] += rest
    return dict(held)


def year_rows(plan: Plan) -> list[tuple[str, float, float]]:
    """Return the tax year after a plan as name, short-term and long-term dollars; nothing where it is not known."""
    year = plan.tax_year
    if year is None:
        return []
    return [
        ("Realized in the year", year.realized_short_term, year.realized_long_term),
        ("Taxed after netting", year.taxed_short_term, year.taxed_long_term),
        ("Losses carried into the next year", year.carried_short_term, year.carried_long_term),
    ]


def closed_windows(household: Household, plan: Plan) -> tuple[tuple[date, tuple[Closed, ...]], ...]:
    """Return by their last day the forward windows of loss sales (rules WASH-0, WASH-1 and WASH-3).

    The plan's own sales are among them, and those of the last weeks whose loss is known.
    """
    wash = household.policy.wash_sales
    name_of = identities(wash.identical)
    alike: dict[str, list[str]] = defaultdict(list)
    for symbol, name in sorted(name_of.items()):
        alike[name].append(symbol)
    taxable = {account.account_number for account in household.accounts if account.kind == "taxable"}
    untaxed = {account.account_number for account in household.accounts} - taxable
    losses: dict[tuple[date, str], float] = defaultdict(float)
    for trade in plan.trades:
        if trade.account_id in taxable:
            losses[household.as_of, trade.symbol] -= fsum(lot.gain for lot in trade.lots if lot.gain < 0)
    for recent in household.recent_trades:
        if recent.account_number not in untaxed and recent.shares < 0 and (recent.gain or 0.0) < 0:
            losses[recent.traded, recent.symbol] -= recent.gain or 0.0
    closed: dict[date, list[Closed]] = defaultdict(list)
    for (sold, symbol), loss in sorted(losses.items()):
        until = sold + timedelta(days=wash.window_days)
        if loss > 0 and until >= household.as_of:
            symbols = tuple(alike.get(name_of.get(symbol, ""), [symbol]))
            closed[until].append(Closed(symbol=symbol, symbols=symbols, loss=loss, until=until))
    return tuple((until, tuple(rows)) for until, rows in sorted(closed.items()))
