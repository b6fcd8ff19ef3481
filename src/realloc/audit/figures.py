"""The objective and its parts, drift and weights: OBJ-1 to OBJ-5."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from realloc.audit.book import Book
from realloc.audit.canada import rates_by_term
from realloc.audit.exact import ONE, ZERO, exact, ratio
from realloc.audit.location import location_by_kind
from realloc.audit.lots import Order
from realloc.audit.report import AuditedClass
from realloc.audit.washed import Washed
from realloc.models import CASH


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Sales:
    """Realized gains in taxable accounts and the tax on them, dollars.

    `short_counted` and `long_counted` are without the losses that do not count for a cap.
    """

    short: Decimal
    long: Decimal
    tax: Decimal
    short_counted: Decimal
    long_counted: Decimal


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Deviation:
    """How far a state is off target: `cost` in dollars, `drift` as a fraction.

    `values` has the dollars in each group, in the order of the scopes and of their groups.
    """

    cost: Decimal
    drift: Decimal
    values: tuple[Decimal, ...]


def sum_sales(book: Book, orders: list[Order], washed: Washed) -> Sales:
    """Return realized gains and their tax (OBJ-2); with the mode ``allow`` denied losses have no value (WASH-4)."""
    rates = book.household.policy.tax
    terms = rates_by_term(rates)
    loss_value = exact(rates.loss_value)
    gains = {True: ZERO, False: ZERO}
    tax = ZERO
    for order in orders:
        for taking in order.taxed:
            gains[taking.long] += taking.gain
            due = taking.gain * terms[taking.long]
            tax += due * loss_value if taking.gain < 0 else due
    counted = dict(gains)
    if book.household.policy.wash_sales.mode == "allow":
        for denied in washed.denied:
            tax += denied.amount * terms[denied.long] * loss_value
            if denied.lot:
                counted[denied.long] += denied.amount
    return Sales(
        short=gains[False],
        long=gains[True],
        tax=tax,
        short_counted=counted[False],
        long_counted=counted[True],
    )


def sum_trading(book: Book, orders: list[Order]) -> Decimal:
    """Return what the orders cost in spread, commission and bother (OBJ-3)."""
    costs = book.household.policy.costs
    each = exact(costs.commission) + exact(costs.order)
    return sum((order.quote.half * order.shares for order in orders), each * len(orders))


def measure(
    book: Book, changes: Mapping[str, Mapping[str, Decimal]], cash: Mapping[str, Decimal]
) -> Deviation:
    """Return drift and its cost (OBJ-1, OBJ-5).

    Parameters
    ----------
    changes : mapping of str to mapping of str to decimal.Decimal
        By scope, dollars bought less dollars sold of each symbol, at its price.
    cash : mapping of str to decimal.Decimal
        Cash by scope, dollars.
    """
    drift = book.household.policy.drift
    inside, outside = exact(drift.inside_band), exact(drift.outside_band)
    cost = total = ZERO
    found: list[Decimal] = []
    for scope in book.scopes:
        values = _after(scope.values, changes.get(scope.account, {}))
        in_band = deviation = ZERO
        for group in scope.groups:
            if group.shares is None:
                value = cash[scope.account]
            else:
                value = sum(
                    (values[symbol] * part for symbol, part in group.shares.items() if symbol in values), ZERO
                )
            found.append(value)
            off = abs(value * scope.total_weight - group.target)
            deviation += off
            in_band += min(off, group.band)
        scaled = inside * in_band + outside * (deviation - in_band)
        cost += ratio(scaled, scope.total_weight)
        total += ratio(deviation, scope.total_weight)
    return Deviation(cost=cost, drift=ratio(total, 2 * book.drift_value), values=tuple(found))


def _after(values: Mapping[str, Decimal], changes: Mapping[str, Decimal]) -> Mapping[str, Decimal]:
    if not changes:
        return values
    after = dict(values)
    for symbol, change in changes.items():
        after[symbol] = after.get(symbol, ZERO) + change
    return after


def changes_by_scope(book: Book, orders: list[Order]) -> dict[str, dict[str, Decimal]]:
    """Return dollars bought less dollars sold of each symbol at its price, by scope, as VAL-3 counts them."""
    changes: dict[str, dict[str, Decimal]] = {}
    for order in orders:
        scope = changes.setdefault(book.scope_name(order.account), {})
        value = (order.value if order.buys else -order.value) * book.counts[order.account.account_number]
        scope[order.symbol] = scope.get(order.symbol, ZERO) + value
    return changes


def cash_by_scope(book: Book, cash: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Return the cash of each scope, as VAL-3 counts it."""
    totals: dict[str, Decimal] = {}
    for number, account in book.accounts.items():
        scope = book.scope_name(account)
        totals[scope] = totals.get(scope, ZERO) + cash[number] * book.counts[number]
    return totals


def weigh(book: Book, before: Deviation, after: Deviation) -> tuple[AuditedClass, ...]:
    """Return the weights of all groups before and after."""
    groups = [(scope, group) for scope in book.scopes for group in scope.groups]
    return tuple(
        AuditedClass(
            account=scope.account,
            name=group.name,
            target=ratio(group.weight, scope.total_weight),
            before=ratio(value_before, scope.value),
            after=ratio(value_after, scope.value),
            band=ratio(group.width, scope.total_weight),
        )
        for (scope, group), value_before, value_after in zip(groups, before.values, after.values, strict=True)
    )


def locate(book: Book, orders: list[Order], cash: Mapping[str, Decimal]) -> tuple[Decimal, Decimal]:
    """Return the location cost of what is held before and after the orders (OBJ-4), dollars."""
    by_kind = location_by_kind(book.household)
    if not any(by_kind.values()) and not any(account.location_cost for account in book.accounts.values()):
        return ZERO, ZERO
    parts = {
        name: {symbol: exact(part) for symbol, part in each.symbols.items()}
        for name, each in book.household.model.classes.items()
        if name != CASH
    }
    shared = {kind: _add_rates({}, costs, parts) for kind, costs in by_kind.items()}
    rates = {
        number: _add_rates(shared[account.kind], _exact(account.location_cost), parts)
        for number, account in book.accounts.items()
    }
    before = ZERO
    change = ZERO
    for number, rate in rates.items():
        for symbol, dollars in book.worth[number].items():
            if symbol in rate:
                before += dollars * rate[symbol]
        if CASH in rate:
            before += rate[CASH] * book.cash[number]
            change += rate[CASH] * (cash[number] - book.cash[number])
    for order in orders:
        rate = rates[order.account.account_number]
        if order.symbol in rate:
            cost = order.value * rate[order.symbol]
            change += cost if order.buys else -cost
    return before, before + change


def _exact(costs: Mapping[str, float]) -> dict[str, Decimal]:
    return {name: exact(cost) for name, cost in costs.items()}


def _add_rates(
    rates: Mapping[str, Decimal], costs: Mapping[str, Decimal], classes: Mapping[str, Mapping[str, Decimal]]
) -> Mapping[str, Decimal]:
    """Return `rates` by symbol or ``CASH``, with the costs by symbol, class or ``CASH`` added to them."""
    if not costs:
        return rates
    total = dict(rates)
    for name, cost in costs.items():
        for symbol, part in classes.get(name, {name: ONE}).items():
            total[symbol] = total.get(symbol, ZERO) + cost * part
    return total
