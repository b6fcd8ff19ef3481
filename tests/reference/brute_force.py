"""Every plan of a tiny household, in rationals, and the best of them (OBJ-6)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice, product
from math import lcm, prod

from realloc.household import Household
from tests.reference.evaluate import (
    Answer,
    cash_after,
    evaluate,
    faults,
    losing_sales,
    room,
)
from tests.reference.lots import LotChoice, choose_lots
from tests.reference.modes import mode_faults
from tests.reference.statement import ZERO, Key, Pair, Statement, exact, state

MOST_PLANS = 4_000
"""More than this many plans are not tried; the household is not tiny."""

Orders = dict[Key, Fraction]


class TooManyPlansError(ValueError):
    """The household has too many plans to try them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """The orders of one account with what they add to the household's sums.

    `values` (by group), `cost` (trading and location) and `shortfall` are whole numbers of one unit.
    """

    orders: Orders
    values: tuple[int, ...]
    cost: int
    shortfall: int
    count: int
    buys: frozenset[str]


def brute_force(household: Household) -> Answer:
    """Return the best plan.

    Raises
    ------
    TooManyPlansError
        There are more than `MOST_PLANS` plans.
    """
    return best_of_all(state(household))


def best_of_all(statement: Statement, *, slack: Fraction | None = None) -> Answer:
    """Return the best plan of a statement: first shortfall, then excess drift, then objective (OBJ-6).

    `slack` is the dollars by which shortfall and excess may each be above the least there is; None: see `room`.
    """

    def most(least: Fraction) -> Fraction:
        return room(least, statement) if slack is None else least + slack

    plans = [
        list(islice(_account_orders(statement, purse.account), MOST_PLANS)) for purse in statement.purses
    ]
    if prod(len(orders) for orders in plans) >= MOST_PLANS:
        raise TooManyPlansError(f"more than {MOST_PLANS} plans are too many to try")
    scale = _Scale.of(statement, plans)
    parts = [
        [scale.part(statement, purse.account, orders) for orders in some]
        for purse, some in zip(statement.purses, plans, strict=True)
    ]
    ranked = [
        (sum(part.shortfall for part in chosen), *scale.charge(chosen), chosen)
        for chosen in product(*parts)
        if _count_allowed(statement, chosen)
    ]
    tax = _Taxes(statement)
    kept = [
        item for item in ranked if tax.of(item[3]) is not None and _is_in_mode(statement, item[3], tax, scale)
    ]
    least = Fraction(min(item[0] for item in kept), scale.unit)
    kept = [item for item in kept if Fraction(item[0], scale.unit) <= most(least)]
    excess = Fraction(min(item[1] for item in kept), scale.unit)
    kept = [item for item in kept if Fraction(item[1], scale.unit) <= most(excess)]
    if statement.household.policy.mode == "raise_cash":
        kept = tax.least(kept)
    best: tuple[Fraction, Orders, LotChoice] | None = None
    for _, _, cost, chosen in kept:
        lots = tax.of(chosen)
        assert lots is not None
        objective = Fraction(cost, scale.unit * scale.rate) + lots.tax
        if best is None or objective < best[0]:
            best = (objective, {key: n for part in chosen for key, n in part.orders.items()}, lots)
    assert best is not None
    answer = evaluate(statement, best[1], best[2].taken)
    assert answer.objective == best[0]
    assert not faults(statement, answer)
    return answer


def _is_in_mode(statement: Statement, parts: tuple[_Part, ...], tax: _Taxes, scale: _Scale) -> bool:
    """Return whether a plan keeps the limits of the policy's mode."""
    orders = {key: n for part in parts for key, n in part.orders.items()}
    if statement.household.policy.mode == "full" and statement.household.policy.harvest is None:
        return True
    lots = tax.of(parts)
    losing = losing_sales(statement, lots.taken) if lots else set()
    values = [Fraction(sum(own), scale.unit) for own in zip(*(part.values for part in parts), strict=True)]
    return not mode_faults(statement, orders, cash_after(statement, orders), losing, values)


def _count_allowed(statement: Statement, parts: tuple[_Part, ...]) -> bool:
    cap = statement.cap("max_orders")
    return cap is None or sum(part.count for part in parts) <= cap


def _account_orders(statement: Statement, account: str) -> Iterator[Orders]:
    """Yield every set of orders that the rules of one account allow."""
    pairs = [(key, pair) for key, pair in sorted(statement.pairs.items()) if key[0] == account]
    purse = next(purse for purse in statement.purses if purse.account == account)
    least = exact(statement.household.policy.min_trade_value)
    commission = exact(statement.household.policy.costs.commission)
    choices = [[ZERO, *(-n for n in pair.sales() if n * pair.price >= least)] for _, pair in pairs]
    if prod(map(len, choices)) > MOST_PLANS:
        raise TooManyPlansError(f"{prod(map(len, choices))} sets of sales are too many to try")
    for sales in product(*choices):
        orders = {key: n for (key, _), n in zip(pairs, sales, strict=True) if n}
        yield orders
        spare = cash_after(statement, orders)[account] - purse.reserve
        if spare > 0:
            open_pairs = [(key, pair) for key, pair in pairs if key not in orders and pair.may_buy]
            # a cent more than the spare cash, because it was rounded down: the check below decides
            for bought in _purchases(open_pairs, spare + Fraction(1, 100), least, commission):
                whole = orders | bought
                if bought and cash_after(statement, whole)[account] >= purse.reserve:
                    yield whole


def _purchases(
    pairs: list[tuple[Key, Pair]], spare: Fraction, least: Fraction, commission: Fraction
) -> Iterator[Orders]:
    """Yield every set of purchases that `spare` dollars pay for."""
    if not pairs:
        yield {}
        return
    (key, pair), *others = pairs
    for rest in _purchases(others, spare, least, commission):
        yield rest
    for units in range(1, pair.most_bought(spare - commission) + 1):
        shares = units * pair.unit
        if shares * pair.price >= least:
            for rest in _purchases(others, spare - shares * pair.ask - commission, least, commission):
                yield {key: shares} | rest


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scale:
    """Dollars as whole numbers: `unit` of them make a dollar; a cost has `rate` times as many."""

    unit: int
    rate: int
    slopes: tuple[int, int]
    targets: tuple[int, ...]
    widths: tuple[int, ...]
    cap: int | None

    @classmethod
    def of(cls, statement: Statement, plans: list[list[Orders]]) -> _Scale:
        """Find a unit that divides everything: targets, prices, the steps of shares, costs."""
        policy = statement.household.policy
        drift = [exact(policy.drift.inside_band), exact(policy.drift.outside_band)]
        shares = {n for some in plans for orders in some for n in orders.values()}
        pairs = statement.pairs.values()
        steps = lcm(100, *(n.denominator for n in shares), *(pair.held.denominator for pair in pairs))
        dollars = [group.target for group in statement.groups] + [group.width for group in statement.groups]
        dollars += [purse.reserve for purse in statement.purses]
        dollars += [exact(policy.costs.commission), exact(policy.costs.order)]
        cap = statement.cap("max_drift")
        dollars += [] if cap is None else [2 * cap * statement.drift_value]
        factors = lcm(*(n.denominator for group in statement.groups for n in group.shares.values()), 1)
        factors *= lcm(*(n.denominator for group in statement.groups for n in group.accounts.values()))
        factors *= lcm(*(pair.half_spread.denominator for pair in pairs), 1)
        factors *= lcm(*(pair.price.denominator for pair in pairs), 1)
        unit = lcm(*(n.denominator for n in dollars)) * steps * factors
        places = [pair.location for pair in pairs] + [purse.location for purse in statement.purses]
        rate = lcm(*(n.denominator for n in [*drift, *places]))
        return cls(
            unit=unit,
            rate=rate,
            slopes=(int(drift[0] * rate), int(drift[1] * rate)),
            targets=tuple(int(group.target * unit) for group in statement.groups),
            widths=tuple(int(group.width * unit) for group in statement.groups),
            cap=None if cap is None else int(2 * cap * statement.drift_value * unit),
        )

    def part(self, statement: Statement, account: str, orders: Orders) -> _Part:
        """Return the orders of one account with their sums."""
        costs = statement.household.policy.costs
        purse = next(purse for purse in statement.purses if purse.account == account)
        cash = cash_after(statement, orders)[account]
        after = {
            key: pair.price * (pair.held + orders.get(key, ZERO))
            for key, pair in statement.pairs.items()
            if key[0] == account
        }
        values = [
            sum((n * group.weight(statement.pairs[key]) for key, n in after.items()), ZERO)
            + (cash * group.accounts.get(account, ZERO) if group.cash else 0)
            for group in statement.groups
        ]
        each = exact(costs.commission) + exact(costs.order)
        cost = purse.location * cash + each * len(orders)
        cost += sum((statement.pairs[key].location * n for key, n in after.items()), ZERO)
        for key, n in orders.items():
            cost += statement.pairs[key].half_spread * statement.pairs[key].price * abs(n)
        return _Part(
            orders=orders,
            values=tuple(self.whole(value) for value in values),
            cost=self.whole(cost * self.rate),
            shortfall=self.whole(max(ZERO, purse.reserve - cash)),
            count=len(orders),
            buys=frozenset(statement.pairs[key].family for key, n in orders.items() if n > 0),
        )

    def whole(self, dollars: Fraction) -> int:
        """Return dollars in units; they are whole by construction."""
        units = dollars * self.unit
        assert units.denominator == 1
        return units.numerator

    def charge(self, parts: tuple[_Part, ...]) -> tuple[int, int]:
        """Return the excess drift in units, and drift, trading and location in units times `rate`."""
        off = [
            abs(sum(values) - target)
            for values, target in zip(
                zip(*(part.values for part in parts), strict=True), self.targets, strict=True
            )
        ]
        inside, outside = self.slopes
        cost = sum(
            inside * min(one, width) + outside * max(0, one - width)
            for one, width in zip(off, self.widths, strict=True)
        )
        excess = 0 if self.cap is None else max(0, sum(off) - self.cap)
        return excess, cost + sum(part.cost for part in parts)


Ranked = tuple[int, int, int, tuple[_Part, ...]]


class _Taxes:
    """The best lots of chosen parts, kept by sales and closed families."""

    def __init__(self, statement: Statement) -> None:
        self.statement = statement
        self.kept: dict[object, LotChoice | None] = {}

    def of(self, parts: tuple[_Part, ...]) -> LotChoice | None:
        """Return the lots of least tax, or None where no lots satisfy the wash rules and the caps."""
        closed: frozenset[str] = frozenset()
        if self.statement.avoid:
            closed = self.statement.banned.union(*(part.buys for part in parts))
        sold = {
            key: -n
            for part in parts
            for key, n in part.orders.items()
            if n < 0 and self.statement.pairs[key].lots is not None
        }
        name = (tuple(sold.items()), closed & {self.statement.pairs[key].family for key in sold})
        if name not in self.kept:
            lots = choose_lots(self.statement, sold, closed, self.statement.cap("max_realized_gain"))
            cap = self.statement.cap("max_tax")
            self.kept[name] = None if lots is None or (cap is not None and lots.tax > cap) else lots
        return self.kept[name]

    def least(self, plans: list[Ranked]) -> list[Ranked]:
        """Return the plans of the least tax (MODE-4)."""
        taxes = [lots.tax for plan in plans if (lots := self.of(plan[3])) is not None]
        return [plan for plan, tax in zip(plans, taxes, strict=True) if tax == min(taxes)]
