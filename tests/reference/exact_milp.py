"""All rules of a household as one mixed-integer programme, solved to a gap of zero and re-evaluated exactly.

Every lot, purchase, order and wash side is a variable of its own; nothing is aggregated, cut or derived, so
that the model can be read against the specification row by row. It is meant for small households.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor, inf

from realloc.household import Household
from tests.reference.evaluate import Answer, closed_families, evaluate, faults
from tests.reference.evaluate import tolerance as tolerance_of
from tests.reference.lots import choose_lots, sellable
from tests.reference.programme import Model, ReferenceSolverError
from tests.reference.statement import ZERO, Group, Key, Pair, Purse, Statement, exact, state


@dataclass(frozen=True, slots=True, kw_only=True)
class Referee:
    """The best plan, and HiGHS's bound on the objective of any plan of least shortfall and excess."""

    answer: Answer
    bound: float
    proven: bool


@dataclass(slots=True)
class Columns:
    """Which column stands for what."""

    bought: dict[Key, int] = field(default_factory=dict)
    sold: dict[Key, int] = field(default_factory=dict)
    left: dict[Key, int] = field(default_factory=dict)
    buys: dict[Key, int] = field(default_factory=dict)
    sells: dict[Key, int] = field(default_factory=dict)
    lots: dict[Key, dict[int, int]] = field(default_factory=dict)
    shortfalls: list[int] = field(default_factory=list)
    deviations: list[int] = field(default_factory=list)
    excess: int | None = None


NODES = 1_500
"""So many nodes of branch and bound are tried by default; almost every small household needs fewer."""

TOLERANCES = (1e-9, 1e-7, 1e-6)
"""What HiGHS may miss a row or an integer by, strictest first."""

STRICT = Fraction(1, 10**6)
"""A shortfall or excess that is more than this above the least is worse, if a hair is to count."""


def exact_milp(
    household: Household,
    *,
    slack: Fraction | None = None,
    nodes: int = NODES,
    tolerances: Sequence[float] = TOLERANCES,
) -> Referee:
    """Return the best plan of a small household, and a bound.

    Parameters
    ----------
    household : Household
        The household.
    slack : Fraction, optional
        Dollars by which shortfall and excess may each be above the least there is; None: a cent an account.
    nodes : int
        Limit on the search for the least objective. Where it ends the search the plan is the best one found.
    tolerances : sequence of float
        What HiGHS may miss a row or an integer by, tried in this order until there is a plan that keeps the rules.

    Raises
    ------
    ReferenceSolverError
        The least shortfall or excess is not proven, or the plan breaks a rule by more than rounding explains.
    """
    return solve_statement(state(household), slack=slack, nodes=nodes, tolerances=tolerances)


def solve_statement(
    statement: Statement,
    *,
    slack: Fraction | None = None,
    nodes: int = NODES,
    tolerances: Sequence[float] = TOLERANCES,
) -> Referee:
    """Return the best plan of a statement: first shortfall, then excess drift, then objective (OBJ-6).

    A row of half a million dollars is not met to a billionth by every basis: where a tolerance leaves no plan, or
    one that breaks a rule when it is evaluated exactly, the next is tried.
    """
    spare = float(tolerance_of(statement) if slack is None else slack)
    for tolerance in tolerances:
        try:
            return _solved(statement, spare, nodes, tolerance)
        except ReferenceSolverError as error:
            failed = error
    raise failed


def _solved(statement: Statement, spare: float, nodes: int, tolerance: float) -> Referee:
    model, columns, constant = build(statement)
    stages = [columns.shortfalls, [] if columns.excess is None else [columns.excess]]
    for stage in filter(None, stages):
        values, _, proven = model.solve(costs=dict.fromkeys(stage, 1.0), tolerance=tolerance)
        if not proven:
            raise ReferenceSolverError("the least shortfall or excess is not proven")
        least = sum(values[column] for column in stage)
        if least < 1e-6:
            for column in stage:
                model.upper[column] = 1e-6
        else:
            model.row(dict.fromkeys(stage, 1.0), upper=least + spare)
    values, bound, proven = model.solve(nodes=nodes, tolerance=tolerance)
    return Referee(answer=read(statement, columns, values), bound=bound + constant, proven=proven)


def build(statement: Statement) -> tuple[Model, Columns, float]:
    """Return the programme, its columns and the constant part of the objective."""
    model, columns = Model(), Columns()
    for key, pair in sorted(statement.pairs.items()):
        _sale(statement, model, columns, key, pair)
        _purchase(statement, model, columns, key, pair)
        if key in columns.buys and key in columns.sells:
            model.row({columns.buys[key]: 1.0, columns.sells[key]: 1.0}, upper=1.0)
    cash = {purse.account: _cash(statement, model, columns, purse) for purse in statement.purses}
    constant = sum((pair.location * pair.price * pair.held for pair in statement.pairs.values()), ZERO)
    for group in statement.groups:
        _group(statement, model, columns, group, cash)
    _wash(statement, model, columns)
    _caps(statement, model, columns)
    return model, columns, float(constant)


def _cost(pair: Pair, side: int) -> float:
    """Return what trading a share costs in spread and location."""
    return float(pair.half_spread * pair.price + side * pair.location * pair.price)


def _each(statement: Statement) -> float:
    costs = statement.household.policy.costs
    return float(exact(costs.commission) + exact(costs.order))


def _sale(statement: Statement, model: Model, columns: Columns, key: Key, pair: Pair) -> None:
    """Whole units or all of the position, from lots, and an order if any (SELL-1, SELL-2, QTY-1, QTY-3)."""
    if not pair.may_sell:
        return
    unit, held = float(pair.unit), float(pair.held)
    units = 0 if pair.only_whole else floor(pair.held / pair.unit)
    sells = columns.sells[key] = model.column(upper=1.0, cost=_each(statement), whole=True)
    sold = columns.sold[key] = model.column(upper=units, cost=_cost(pair, -1) * unit, whole=True)
    shares = {sold: unit}
    counts = {sold: 1.0, sells: -1.0}
    model.row({sold: 1.0, sells: -float(units)}, upper=0.0)
    if units * pair.unit != pair.held:
        left = columns.left[key] = model.column(upper=1.0, cost=_cost(pair, -1) * held, whole=True)
        shares[left] = held
        counts[left] = 1.0
        model.row({left: 1.0, sells: -1.0}, upper=0.0)
        model.row({sold: 1.0, left: float(units)}, upper=float(units))
    model.row(counts, lower=0.0)
    least = exact(statement.household.policy.min_trade_value) / pair.price
    model.row(shares | {sells: -float(least)}, lower=0.0)
    if pair.lots is not None:
        places = sellable(pair, statement.banned)
        columns.lots[key] = {
            place: model.column(upper=float(pair.lots[place].shares), cost=float(pair.lots[place].tax))
            for place in places
        }
        taken = dict.fromkeys(columns.lots[key].values(), -1.0)
        model.row(shares | taken, lower=0.0, upper=0.0)


def _purchase(statement: Statement, model: Model, columns: Columns, key: Key, pair: Pair) -> None:
    """Whole units of what is wanted, and an order if any (BUY-1, BUY-2, QTY-1, QTY-3)."""
    purse = next(purse for purse in statement.purses if purse.account == pair.account)
    raised = sum(
        (
            other.held * other.bid
            for other in statement.pairs.values()
            if other.account == pair.account and other.may_sell
        ),
        ZERO,
    )
    units = pair.most_bought(purse.cash + raised - purse.reserve)
    if not units:
        return
    unit = float(pair.unit)
    buys = columns.buys[key] = model.column(upper=1.0, cost=_each(statement), whole=True)
    bought = columns.bought[key] = model.column(upper=units, cost=_cost(pair, 1) * unit, whole=True)
    least = exact(statement.household.policy.min_trade_value) / pair.price
    model.row({bought: 1.0, buys: -float(units)}, upper=0.0)
    model.row({bought: 1.0, buys: -1.0}, lower=0.0)
    model.row({bought: unit, buys: -float(least)}, lower=0.0)


def _cash(statement: Statement, model: Model, columns: Columns, purse: Purse) -> int:
    """Cash after, in fractions of a cent: the reserve, or short of it without a purchase (CASH-1, CASH-2)."""
    cash = model.column(lower=-inf, cost=float(purse.location))
    terms = {cash: 1.0}
    commission = float(exact(statement.household.policy.costs.commission))
    for key, pair in statement.pairs.items():
        if key[0] != purse.account:
            continue
        if key in columns.sells:
            terms[columns.sells[key]] = commission
            terms[columns.sold[key]] = -float(pair.bid * pair.unit)
        if key in columns.left:
            terms[columns.left[key]] = -float(pair.bid * pair.held)
        if key in columns.buys:
            terms[columns.buys[key]] = commission
            terms[columns.bought[key]] = float(pair.ask * pair.unit)
    model.row(terms, lower=float(purse.cash), upper=float(purse.cash))
    if purse.cash >= purse.reserve:
        model.lower[cash] = float(purse.reserve)
        return cash
    most = float(purse.reserve - purse.cash)
    short = model.column(upper=most)
    columns.shortfalls.append(short)
    model.row({cash: 1.0, short: 1.0}, lower=float(purse.reserve))
    is_short = model.column(upper=1.0, whole=True)
    model.row({short: 1.0, is_short: -most}, upper=0.0)
    for key, buys in columns.buys.items():
        if key[0] == purse.account:
            model.row({buys: 1.0, is_short: 1.0}, upper=1.0)
    return cash


def _group(
    statement: Statement, model: Model, columns: Columns, group: Group, cash: Mapping[str, int]
) -> None:
    """Value after is target and deviation, at one price inside the band and another beyond it (OBJ-1)."""
    drift = statement.household.policy.drift
    held = sum((pair.held * pair.price * group.weight(pair) for pair in statement.pairs.values()), ZERO)
    terms = {cash[account]: float(n) for account, n in sorted(group.accounts.items())} if group.cash else {}
    for key, pair in statement.pairs.items():
        worth = pair.price * group.weight(pair)
        if worth:
            for column, shares in (
                (columns.bought.get(key), pair.unit),
                (columns.sold.get(key), -pair.unit),
                (columns.left.get(key), -pair.held),
            ):
                if column is not None:
                    terms[column] = float(worth * shares)
    for sign in (1.0, -1.0):
        inside = model.column(upper=float(group.width), cost=drift.inside_band)
        beyond = model.column(cost=drift.outside_band)
        columns.deviations += [inside, beyond]
        terms |= {inside: sign, beyond: sign}
    target = float(group.target - held)
    model.row(terms, lower=target, upper=target)


def _wash(statement: Statement, model: Model, columns: Columns) -> None:
    """Either buy a family or take its losses (WASH-1); lots that WASH-2 closes have no column."""
    if not statement.avoid:
        return
    sides: dict[str, int] = {}
    for key, buys in columns.buys.items():
        family = statement.pairs[key].family
        if family not in statement.banned:
            side = sides.setdefault(family, -1)
            if side < 0:
                side = sides[family] = model.column(upper=1.0, whole=True)
            model.row({buys: 1.0, side: -1.0}, upper=0.0)
    for key, lots in columns.lots.items():
        pair = statement.pairs[key]
        for place, column in lots.items():
            lot = (pair.lots or ())[place]
            if lot.loss and pair.family in sides:
                most = float(lot.shares)
                model.row({column: 1.0, sides[pair.family]: most}, upper=most)


def _caps(statement: Statement, model: Model, columns: Columns) -> None:
    """Orders, net gain, tax and drift (CAP-1 to CAP-4)."""
    policy = statement.household.policy
    lots = [
        ((statement.pairs[key].lots or ())[place], column)
        for key, places in columns.lots.items()
        for place, column in places.items()
    ]
    if policy.max_orders is not None:
        orders = [*columns.buys.values(), *columns.sells.values()]
        model.row(dict.fromkeys(orders, 1.0), upper=float(policy.max_orders))
    if policy.max_realized_gain is not None:
        model.row({column: float(lot.gain) for lot, column in lots}, upper=policy.max_realized_gain)
    if policy.max_tax is not None:
        model.row({column: float(lot.tax) for lot, column in lots}, upper=policy.max_tax)
    if policy.max_drift is not None:
        columns.excess = model.column()
        most = float(2 * exact(policy.max_drift) * statement.drift_value)
        model.row(dict.fromkeys(columns.deviations, 1.0) | {columns.excess: -1.0}, upper=most)


def read(statement: Statement, columns: Columns, values: list[float]) -> Answer:
    """Return the plan of a solution: its whole numbers exactly, and the best lots for them.

    Raises
    ------
    ReferenceSolverError
        The rounded plan breaks a rule.
    """
    orders: dict[Key, Fraction] = {}
    for key, column in columns.bought.items():
        orders[key] = round(values[column]) * statement.pairs[key].unit
    for key, column in columns.sold.items():
        left = round(values[columns.left[key]]) if key in columns.left else 0
        shares = statement.pairs[key].held if left else round(values[column]) * statement.pairs[key].unit
        orders[key] = orders.get(key, ZERO) - shares
    orders = {key: shares for key, shares in orders.items() if shares}
    closed = closed_families(statement, orders)
    sold = {key: -n for key, n in orders.items() if n < 0}
    lots = choose_lots(statement, sold, closed, statement.cap("max_realized_gain"))
    if lots is None:
        raise ReferenceSolverError(f"no lots for {orders}")
    answer = evaluate(statement, orders, lots.taken)
    broken = faults(statement, answer)
    if broken:
        raise ReferenceSolverError(f"{broken} by {orders}")
    return answer
