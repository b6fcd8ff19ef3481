"""What a plan costs and which rules it breaks, exactly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor

from realloc.household import Household
from realloc.models import CASH
from tests.reference.lots import sellable
from tests.reference.modes import mode_faults
from tests.reference.statement import ZERO, Group, Key, Statement, exact, located

DUST = Fraction(1, 10**6)
"""Shares of lots are compared within this, because a plan states them as floats."""

CENT = Fraction(1, 100)

Taken = Mapping[Key, tuple[Fraction, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A plan with its costs in dollars, in the order in which OBJ-6 ranks them.

    `excess` is in dollars: what the sum of absolute deviations has above ``2 V max_drift``.
    """

    shortfall: Fraction
    excess: Fraction
    objective: Fraction
    drift: Fraction
    tax: Fraction
    trading: Fraction
    location: Fraction
    gain: Fraction
    deviation: Fraction
    orders: Mapping[Key, Fraction] = field(repr=False)
    taken: Taken = field(repr=False)


def cents(dollars: Fraction) -> Fraction:
    """Round down to the cent (CASH-1)."""
    return Fraction(floor(dollars * 100), 100)


def tolerance(statement: Statement) -> Fraction:
    """Return the dollars within which shortfalls, and excesses, of two plans count as equal.

    It is a cent an account: cash is rounded down in each, so that two plans that are alike but for the
    accounts in which they trade differ by up to that much.
    """
    return Fraction(len(statement.purses), 100)


def room(least: Fraction, statement: Statement) -> Fraction:
    """Return up to where a shortfall or excess counts as the least; zero where zero can be had."""
    return least + tolerance(statement) if least > 0 else ZERO


def cents_matter(household: Household) -> Fraction:
    """Return the dollars of objective that rounding cash down can make, and a solver's noise.

    A programme with cash that is not rounded differs from the exact objective by up to this much.
    """
    location = [
        abs(cost)
        for name, kind, cost in located(household)
        if name == CASH
        for account in household.accounts
        if account.kind == kind
    ]
    location += [abs(account.location_cost.get(CASH, 0.0)) for account in household.accounts]
    slope = exact(household.policy.drift.outside_band) + sum(map(exact, location), ZERO)
    value = sum(
        (
            abs(exact(household.prices[symbol]) * exact(shares))
            for account in household.accounts
            for symbol, shares in account.positions.items()
        ),
        ZERO,
    )
    return slope * len(household.accounts) / 100 + Fraction(1, 10**5) + value / 10**11


def charge(statement: Statement, group: Group, value: Fraction) -> Fraction:
    """Return the drift cost of one group (OBJ-1)."""
    drift = statement.household.policy.drift
    off = abs(value - group.target)
    inside = min(off, group.width)
    return exact(drift.inside_band) * inside + exact(drift.outside_band) * (off - inside)


def cash_after(statement: Statement, orders: Mapping[Key, Fraction]) -> dict[str, Fraction]:
    """Return the cash of every account after the plan (CASH-1)."""
    commission = exact(statement.household.policy.costs.commission)
    cash = {purse.account: purse.cash for purse in statement.purses}
    for key, shares in orders.items():
        pair = statement.pairs[key]
        cash[key[0]] -= shares * (pair.ask if shares > 0 else pair.bid) + commission
    return {account: cents(amount) for account, amount in cash.items()}


def evaluate(statement: Statement, orders: Mapping[Key, Fraction], taken: Taken) -> Answer:
    """Return what a plan costs; it is not checked here, see `faults`."""
    orders = {key: shares for key, shares in orders.items() if shares}
    costs = statement.household.policy.costs
    cash = cash_after(statement, orders)
    after = {key: pair.held + orders.get(key, ZERO) for key, pair in statement.pairs.items()}
    shortfall = sum((max(ZERO, purse.reserve - cash[purse.account]) for purse in statement.purses), ZERO)
    values = [value_of(statement, group, after, cash) for group in statement.groups]
    deviation = sum(
        (abs(value - group.target) for value, group in zip(values, statement.groups, strict=True)), ZERO
    )
    drift = sum(
        (charge(statement, group, value) for value, group in zip(values, statement.groups, strict=True)), ZERO
    )
    each = exact(costs.commission) + exact(costs.order)
    trading = sum(
        (
            statement.pairs[key].half_spread * statement.pairs[key].price * abs(n) + each
            for key, n in orders.items()
        ),
        ZERO,
    )
    location = sum((pair.location * pair.price * after[key] for key, pair in statement.pairs.items()), ZERO)
    location += sum((purse.location * cash[purse.account] for purse in statement.purses), ZERO)
    tax, gain = taxed(statement, taken)
    cap = statement.cap("max_drift")
    return Answer(
        shortfall=shortfall,
        excess=ZERO if cap is None else max(ZERO, deviation - 2 * cap * statement.drift_value),
        objective=drift + tax + trading + location,
        drift=drift,
        tax=tax,
        trading=trading,
        location=location,
        gain=gain,
        deviation=deviation,
        orders=orders,
        taken=taken,
    )


def value_of(
    statement: Statement, group: Group, after: Mapping[Key, Fraction], cash: Mapping[str, Fraction]
) -> Fraction:
    """Return what a group is worth after the plan, in dollars."""
    total = ZERO
    if group.cash:
        total = sum((cash[account] * counts for account, counts in group.accounts.items()), ZERO)
    for key, shares in after.items():
        pair = statement.pairs[key]
        total += pair.price * shares * group.weight(pair)
    return total


def taxed(statement: Statement, taken: Taken) -> tuple[Fraction, Fraction]:
    """Return tax and net realized gain of the lots sold (OBJ-2, CAP-2)."""
    sold = [
        (lot, shares)
        for key, amounts in taken.items()
        for lot, shares in zip(statement.pairs[key].lots or (), amounts, strict=True)
    ]
    return (
        sum((lot.tax * shares for lot, shares in sold), ZERO),
        sum((lot.gain * shares for lot, shares in sold), ZERO),
    )


def faults(statement: Statement, answer: Answer) -> list[str]:
    """Return the rules that a plan breaks, each with its place; none for a good plan.

    Dollar caps are kept within half a cent.
    """
    found = [
        f"{rule} {key}"
        for key, shares in answer.orders.items()
        for rule in _order_faults(statement, key, shares, answer.taken.get(key))
    ]
    cash = cash_after(statement, answer.orders)
    buyers = {account for (account, _), shares in answer.orders.items() if shares > 0}
    found += [
        f"CASH {purse.account}"
        for purse in statement.purses
        if cash[purse.account] < purse.reserve and purse.account in buyers
    ]
    after = {key: pair.held + answer.orders.get(key, ZERO) for key, pair in statement.pairs.items()}
    values = [value_of(statement, group, after, cash) for group in statement.groups]
    found += mode_faults(statement, answer.orders, cash, losing_sales(statement, answer.taken), values)
    closed = closed_families(statement, answer.orders)
    found += [
        f"WASH {key}"
        for key, amounts in answer.taken.items()
        if any(
            shares and place not in sellable(statement.pairs[key], closed)
            for place, shares in enumerate(amounts)
        )
    ]
    for name, amount in (
        ("max_orders", Fraction(len(answer.orders))),
        ("max_realized_gain", answer.gain),
        ("max_tax", answer.tax),
    ):
        cap = statement.cap(name)
        if cap is not None and amount > cap + CENT / 2:
            found.append(f"CAP {name}")
    return found


def losing_sales(statement: Statement, taken: Taken) -> set[Key]:
    """Return the sales that take a loss from some lot."""
    return {
        key
        for key, amounts in taken.items()
        for lot, shares in zip(statement.pairs[key].lots or (), amounts, strict=True)
        if shares and lot.loss
    }


def closed_families(statement: Statement, bought: Iterable[Key] | Mapping[Key, Fraction]) -> frozenset[str]:
    """Return the families of which these purchases, or recent ones, forbid a loss sale (WASH-1, WASH-2)."""
    if not statement.avoid:
        return frozenset()
    if isinstance(bought, Mapping):
        bought = [key for key, shares in bought.items() if shares > 0]
    return statement.banned | {statement.pairs[key].family for key in bought}


def _order_faults(
    statement: Statement, key: Key, shares: Fraction, taken: tuple[Fraction, ...] | None
) -> list[str]:
    pair = statement.pairs[key]
    least = exact(statement.household.policy.min_trade_value)
    found = ["QTY-3"] if abs(shares) * pair.price < least else []
    if shares > 0:
        found += [] if pair.may_buy else ["BUY-1/MODE"]
        found += ["QTY-1"] if shares % pair.unit else []
        if pair.most_value is not None and (pair.held + shares) * pair.price > pair.most_value:
            found.append("BUY-2")
        return found
    found += ["SELL-1/QTY-1/MODE"] if -shares not in pair.sales() else []
    if pair.lots is not None:
        amounts = taken or ()
        found += ["SELL-2"] if abs(sum(amounts, ZERO) + shares) > DUST else []
        found += [
            "SELL-1"
            for lot, amount in zip(pair.lots, amounts, strict=True)
            if not 0 <= amount <= lot.shares + DUST
        ]
    return found
