"""The yardsticks: a household's programme as anyone would write it down, for HiGHS as it comes.

One column for every lot, every possible purchase, every account's cash and every deviation; one row for
every rule. Nothing is aggregated, tightened or left out that a rule needs. Its linear relaxation is the unit
in which the engine's time is measured, and the same programme with whole numbers is what the engine replaces.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor

import highspy

from realloc.household import Household
from tests.reference.programme import Model
from tests.reference.statement import ZERO, Key, LotTerms, Pair, Statement, exact, state

_ENDED = (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kTimeLimit)
_FEASIBLE = highspy.SolutionStatus.kSolutionStatusFeasible


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """A programme with the part of the objective that no trade changes, in dollars."""

    model: Model
    constant: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """What HiGHS found: CPU milliseconds of the solve alone, and dollars."""

    cpu_ms: float
    objective: float
    bound: float


def plain_programme(household: Household, *, whole: bool = False) -> Programme:
    """Return the programme of a household.

    Parameters
    ----------
    household : Household
        The household.
    whole : bool
        Add what only whole numbers need: share counts, and an order that sells out a fractional tail.
    """
    writer = _Writer(statement=state(household), whole=whole)
    writer.write()
    held = (pair.location * pair.price * pair.held for pair in writer.statement.pairs.values())
    return Programme(model=writer.model, constant=float(sum(held, ZERO)))


def solve_plain(programme: Programme, *, seconds: float | None = None) -> Solved | None:
    """Solve a programme with HiGHS's default options and one thread; None where it found no plan in time.

    Parameters
    ----------
    programme : Programme
        What to solve.
    seconds : float, optional
        Wall-clock limit, for the mixed-integer programme; None solves the linear relaxation.
    """
    highs = highspy.Highs()  # type: ignore[no-untyped-call]  # highspy is not typed
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("threads", 1)
    if seconds is not None:
        highs.setOptionValue("time_limit", seconds)
    highs.passModel(programme.model.lp(relaxed=seconds is None))
    start = time.process_time()
    highs.run()
    cpu_ms = 1000 * (time.process_time() - start)
    info = highs.getInfo()
    if highs.getModelStatus() not in _ENDED or info.primal_solution_status != _FEASIBLE:
        return None
    objective = info.objective_function_value
    bound = objective if seconds is None else info.mip_dual_bound
    return Solved(cpu_ms=cpu_ms, objective=objective + programme.constant, bound=bound + programme.constant)


@dataclass(slots=True, kw_only=True)
class _Writer:
    """Writes the programme; see `realloc`'s docs/spec/rules.md for the rules that the methods name."""

    statement: Statement
    whole: bool
    model: Model = field(default_factory=Model)
    funds: dict[str, Fraction] = field(default_factory=dict)
    cash: dict[str, dict[int, float]] = field(default_factory=dict)
    value: dict[Key, dict[int, float]] = field(default_factory=dict)
    buys: dict[Key, int] = field(default_factory=dict)
    most: dict[Key, float] = field(default_factory=dict)
    losses: list[tuple[Pair, LotTerms, int]] = field(default_factory=list)
    taxed: list[tuple[LotTerms, int]] = field(default_factory=list)
    orders: list[int] = field(default_factory=list)

    @property
    def per_order(self) -> bool:
        """Whether anything counts orders or bounds one from below."""
        policy = self.statement.household.policy
        return bool(
            policy.min_trade_value
            or policy.costs.order
            or policy.costs.commission
            or policy.max_orders is not None
        )

    def write(self) -> None:
        """Write every column and row."""
        for purse in self.statement.purses:
            self.cash[purse.account] = {}
            self.funds[purse.account] = purse.cash - purse.reserve
        for pair in self.statement.pairs.values():
            self.funds[pair.account] += pair.held * pair.bid if pair.may_sell else 0
        for key, pair in self.statement.pairs.items():
            self.value[key] = {}
            if pair.may_buy:
                self._buy(key, pair)
            if pair.may_sell:
                self._sell(key, pair)
        self._accounts()
        self._wash()
        self._caps()

    def _buy(self, key: Key, pair: Pair) -> None:
        most = float(pair.most_bought(self.funds[pair.account]) * pair.unit)
        if not most:
            return
        price = float(pair.price)
        cost = price * float(pair.half_spread + pair.location)
        column = self.model.column(upper=most, cost=cost, whole=self.whole)
        self.buys[key], self.most[key] = column, most
        self.cash[pair.account][column] = -float(pair.ask)
        self.value[key][column] = price
        if self.per_order:
            self._order(pair, {column: 1.0}, most)

    def _sell(self, key: Key, pair: Pair) -> None:
        cost = float(pair.price * (pair.half_spread - pair.location))
        columns: dict[int, float] = {}
        for shares, terms in self._lots(pair):
            column = self.model.column(upper=shares, cost=cost + (float(terms.tax) if terms else 0.0))
            columns[column] = 1.0
            self.cash[pair.account][column] = float(pair.bid)
            self.value[key][column] = -float(pair.price)
            if terms:
                self.taxed.append((terms, column))
                if terms.loss:
                    self.losses.append((pair, terms, column))
        if self.whole:
            self._whole(pair, columns)
        if self.per_order:
            self._order(pair, columns, float(pair.held))

    def _lots(self, pair: Pair) -> Iterator[tuple[float, LotTerms | None]]:
        """Yield the lots that may be sold; a position without lots is one."""
        if pair.lots is not None:
            for terms in pair.lots:
                if not (terms.loss and pair.family in self.statement.banned):
                    yield float(terms.shares), terms
            return
        account = next(
            item for item in self.statement.household.accounts if item.account_number == pair.account
        )
        shares = [lot.shares for lot in account.lots if lot.symbol == pair.symbol]
        for amount in shares or [float(pair.held)]:
            yield amount, None

    def _whole(self, pair: Pair, columns: dict[int, float]) -> None:
        """QTY-1: whole shares, or all with the tail."""
        units = floor(pair.held / pair.unit)
        count = self.model.column(upper=units, whole=True)
        terms = columns | {count: -float(pair.unit)}
        if units * pair.unit != pair.held:
            out = self.model.column(upper=1.0, whole=True)
            terms[out] = -float(pair.held)
            self.model.row({count: 1.0, out: float(units)}, upper=float(units))
        self.model.row(terms, lower=0.0, upper=0.0)

    def _order(self, pair: Pair, columns: dict[int, float], most: float) -> None:
        """QTY-3 and OBJ-3: an order is not smaller than the minimum, and costs."""
        policy = self.statement.household.policy
        costs = policy.costs
        column = self.model.column(upper=1.0, cost=costs.order + costs.commission, whole=self.whole)
        self.orders.append(column)
        self.model.row(columns | {column: -most}, upper=0.0)
        if policy.min_trade_value:
            self.model.row(columns | {column: -float(exact(policy.min_trade_value) / pair.price)}, lower=0.0)
        if costs.commission:
            self.cash[pair.account][column] = -costs.commission

    def _accounts(self) -> None:
        """CASH-1 and OBJ-1: a row for every account's cash and for every group."""
        cash: dict[str, int] = {}
        for purse in self.statement.purses:
            column = self.model.column(lower=float(purse.reserve), cost=float(purse.location))
            cash[purse.account] = column
            terms = self.cash[purse.account] | {column: -1.0}
            self.model.row(terms, lower=-float(purse.cash), upper=-float(purse.cash))
        drift = self.statement.household.policy.drift
        for group in self.statement.groups:
            terms = (
                {cash[account]: float(n) for account, n in sorted(group.accounts.items())}
                if group.cash
                else {}
            )
            target = group.target
            for symbol in group.shares:
                for account in group.accounts:
                    pair = self.statement.pairs.get((account, symbol))
                    if pair is not None:
                        weight = group.weight(pair)
                        target -= pair.held * pair.price * weight
                        for column, worth in self.value[account, symbol].items():
                            terms[column] = worth * float(weight)
            for sign in (1.0, -1.0):
                terms[self.model.column(upper=float(group.width), cost=drift.inside_band)] = sign
                terms[self.model.column(cost=drift.outside_band)] = sign
            self.model.row(terms, lower=float(target), upper=float(target))

    def _wash(self) -> None:
        """WASH-1: a family is bought or sold at a loss; `side` says which."""
        sides: dict[str, int] = {}
        for pair, terms, column in self.losses if self.statement.avoid else []:
            if pair.family not in sides:
                sides[pair.family] = self.model.column(upper=1.0, whole=self.whole)
            most = float(terms.shares)
            self.model.row({column: 1.0, sides[pair.family]: most}, upper=most)
        for key, column in self.buys.items():
            side = sides.get(self.statement.pairs[key].family)
            if side is not None:
                self.model.row({column: 1.0, side: -self.most[key]}, upper=0.0)

    def _caps(self) -> None:
        """CAP-1 to CAP-3."""
        policy = self.statement.household.policy
        if policy.max_orders is not None:
            self.model.row(dict.fromkeys(self.orders, 1.0), upper=float(policy.max_orders))
        if policy.max_realized_gain is not None:
            self.model.row({n: float(lot.gain) for lot, n in self.taxed}, upper=policy.max_realized_gain)
        if policy.max_tax is not None:
            self.model.row({n: float(lot.tax) for lot, n in self.taxed}, upper=policy.max_tax)
