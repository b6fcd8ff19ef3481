"""The linear relaxation, solved by HiGHS: one row per account and group, one column per lot and possible buy.

Columns are in units of value, so that the matrix is near 1: one unit is 1/10,000 of the household's value.
Decisions (a side of a wash sale, an order left out) are column bounds, so a solve after a decision starts
from the last basis.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from realloc.errors import SolverError
from realloc.optimizer.problem import Flags, Floats, Ints, Problem

MISSED_COST = 1_000.0
"""Dollars charged per dollar of reserve or drift cap missed: more than any objective can offer."""

OPEN, BUYS, SELLS_LOSSES = 0, 1, 2
"""The state of a wash group: both sides open, or one of them chosen."""

TIE_BREAK = 3e-7
"""Dollars per dollar that make the relaxation buy the preferred symbol of a class (rule DET-2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Multipliers:
    """Prices of the coupling rules: dollars per dollar of cash by account, of value by group, and of the caps."""

    cash: Floats
    group: Floats
    gain: float = 0.0
    tax: float = 0.0
    drift: float = 0.0
    orders: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Relaxed:
    """A solution: the objective in dollars (ties broken in it), shares by pair and lot, and multipliers.

    `missed` is what is missing to reserves and to the drift cap, in dollars.
    """

    objective: float
    buy: Floats
    sell: Floats
    missed: float
    multipliers: Multipliers


@cache
def solver() -> Any:
    """Return the process's HiGHS, loaded and set up at first use."""
    import highspy  # noqa: PLC0415 - the one door of a heavy dependency

    highs = highspy.Highs()  # type: ignore[no-untyped-call]
    for option, value in (("output_flag", False), ("threads", 1), ("presolve", "off"), ("solver", "simplex")):
        highs.setOptionValue(option, value)
    return highs


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """Columns in the solver's column-wise form."""

    n_columns: int
    cost: Floats
    lower: Floats
    upper: Floats
    start: npt.NDArray[np.int32]
    index: npt.NDArray[np.int32]
    value: Floats
    integrality: npt.NDArray[np.int32]


class Columns:
    """Collects blocks of columns, each with its entries in rows."""

    def __init__(self) -> None:
        self.cost: list[Floats] = []
        self.lower: list[Floats] = []
        self.upper: list[Floats] = []
        self.integral: list[Ints] = []
        self.entries: list[tuple[Ints, Ints, Floats]] = []
        self.n = 0

    def add(
        self,
        cost: Floats,
        lower: Floats | float,
        upper: Floats | float,
        entries: list[tuple[Ints, Floats | float]],
        *,
        integral: bool = False,
    ) -> int:
        """Add a block and return its first column; each entry is a row and a value for every column of it."""
        n = len(cost)
        first = self.n
        columns = np.arange(first, first + n)
        self.cost.append(cost)
        self.lower.append(np.broadcast_to(lower, n))
        self.upper.append(np.broadcast_to(upper, n))
        self.integral.append(np.full(n, int(integral)))
        self.entries += [
            (columns, rows, np.broadcast_to(np.asarray(value, dtype=float), n)) for rows, value in entries
        ]
        self.n += n
        return first

    def attach(self, columns: Ints, rows: Ints, value: Floats | float) -> None:
        """Add entries to columns that are there already."""
        self.entries.append((columns, rows, np.broadcast_to(np.asarray(value, dtype=float), len(columns))))

    def model(self) -> Model:
        """Return all columns in column-wise form."""
        columns, rows, values = (np.concatenate([entry[k] for entry in self.entries]) for k in range(3))
        used = values != 0
        columns, rows, values = columns[used], rows[used], values[used]
        order = np.argsort(columns, kind="stable")
        starts = np.concatenate([[0], np.cumsum(np.bincount(columns, minlength=self.n))])
        return Model(
            n_columns=self.n,
            cost=np.concatenate(self.cost),
            lower=np.concatenate(self.lower),
            upper=np.concatenate(self.upper),
            start=starts.astype(np.int32),
            index=rows[order].astype(np.int32),
            value=values[order],
            integrality=np.concatenate(self.integral).astype(np.int32),
        )


class Relaxation:
    """The relaxation of a problem; it owns the solver until the next one is made."""

    def __init__(self, problem: Problem) -> None:
        pairs, lots, cash, groups, limits = (
            problem.pairs,
            problem.lots,
            problem.cash,
            problem.groups,
            problem.limits,
        )
        self.problem = problem
        unit = self.unit = max(problem.value, 1.0) * 1e-4
        self.buys = np.flatnonzero(pairs.buy_max > 0)
        self.scale = np.concatenate([unit / pairs.price[self.buys], unit / pairs.price[lots.pair]])
        n_accounts, n_groups = len(cash.before), len(groups.target)
        self.n_trades = len(self.scale)
        caps = {
            "gain": limits.gain,
            "tax": limits.tax,
            "drift": 2 * limits.drift * problem.value,
            "orders": np.inf,
        }
        self.caps = {name: cap / unit for name, cap in caps.items() if np.isfinite(cap)}
        if np.isfinite(limits.orders):
            self.caps["orders"] = limits.orders
        cap_row = {name: n_accounts + n_groups + k for k, name in enumerate(self.caps)}
        columns = Columns()
        self._add_trades(columns, cap_row)
        columns.add(
            cash.location,
            cash.reserve / unit,
            np.inf,
            [(np.arange(n_accounts), 1.0), (n_accounts + cash.group, 1.0)],
        )
        group_rows = n_accounts + np.arange(n_groups)
        drift = [(np.full(n_groups, cap_row["drift"]), 1.0)] if "drift" in cap_row else []
        for rate, width in ((limits.inside_band, groups.band / unit), (limits.outside_band, np.inf)):
            for sign in (1.0, -1.0):
                columns.add(np.full(n_groups, rate), 0.0, width, [(group_rows, sign), *drift])
        columns.add(
            np.full(n_accounts, MISSED_COST),
            0.0,
            np.inf,
            [(np.arange(n_accounts), -1.0), (n_accounts + cash.group, -1.0)],
        )
        if drift:
            columns.add(np.array([MISSED_COST]), 0.0, np.inf, [(np.array([cap_row["drift"]]), -1.0)])
        self.n_missed = n_accounts + len(drift)
        self._pass(columns, np.concatenate([cash.before, groups.target - groups.before]) / unit)

    def _add_trades(self, columns: Columns, cap_row: dict[str, int]) -> None:
        """Add the columns of buys and lots; an order's cost is spread over the most that it can trade."""
        problem, unit = self.problem, self.unit
        pairs, lots, limits = problem.pairs, problem.lots, problem.limits
        n_accounts = len(problem.cash.before)
        for of, sign, shares in ((self.buys, 1.0, pairs.buy_max[self.buys]), (lots.pair, -1.0, lots.shares)):
            price = pairs.price[of]
            per_order = unit / price / (pairs.buy_max if sign > 0 else pairs.sell_max)[of]
            paid = (pairs.ask if sign > 0 else pairs.bid)[of] / price
            spread = sign * (paid - 1)
            cost = spread + sign * pairs.location[of] + per_order * limits.order_cost / unit
            entries: list[tuple[Ints, Floats | float]] = [
                (pairs.account[of], sign * paid + per_order * limits.commission / unit)
            ]
            entries += [
                (n_accounts + pairs.groups[of, k], sign * pairs.weights[of, k])
                for k in range(pairs.groups.shape[1])
            ]
            if "orders" in cap_row:
                entries.append((np.full(len(of), cap_row["orders"]), per_order))
            if sign > 0:
                cost = cost + TIE_BREAK * (pairs.rank[of] > 0)
            else:
                cost = cost + lots.tax / price
                for name, amount in (("gain", lots.gain), ("tax", lots.tax)):
                    if name in cap_row:
                        entries.append((np.full(len(of), cap_row[name]), amount / price))
            columns.add(cost, 0.0, shares * price / unit, entries)

    def _pass(self, columns: Columns, equal: Floats) -> None:
        model = columns.model()
        self.cost, self.upper = model.cost, model.upper
        tops = np.array(list(self.caps.values()))
        highs = self.highs = solver()
        highs.clearModel()
        highs.passModel(
            model.n_columns,
            len(equal) + len(tops),
            len(model.index),
            1,
            1,
            0.0,
            model.cost,
            model.lower,
            model.upper,
            np.concatenate([equal, np.full(len(tops), -np.inf)]),
            np.concatenate([equal, tops]),
            model.start,
            model.index,
            model.value,
            model.integrality,
        )

    def limit(self, sides: Ints, closed: Flags) -> None:
        """Close the columns that a decided side of a wash group forbids, and those of closed pairs."""
        pairs, lots = self.problem.pairs, self.problem.lots
        shut = np.concatenate(
            [
                sides[pairs.wash[self.buys]] == SELLS_LOSSES,
                (sides[pairs.wash[lots.pair]] == BUYS) & lots.loss,
            ]
        )
        shut |= closed[np.concatenate([self.buys, lots.pair])]
        self.highs.changeColsBounds(
            self.n_trades,
            np.arange(self.n_trades, dtype=np.int32),
            np.zeros(self.n_trades),
            np.where(shut, 0.0, self.upper[: self.n_trades]),
        )

    def couple(self, groups: Ints) -> None:
        """Add the hull of the two sides of wash groups: what is bought and what is lost share one unit.

        For each group a column w in [0, 1]; each buy uses up to w of its cap, each pair's loss lots up to 1 - w
        of theirs.
        """
        pairs, lots = self.problem.pairs, self.problem.lots
        loss = np.flatnonzero(lots.loss)
        for group in groups:
            w = self.highs.getNumCol()
            self.highs.addCol(0.0, 0.0, 1.0, 0, np.empty(0, dtype=np.int32), np.empty(0))
            buys = np.flatnonzero(pairs.wash[self.buys] == group)
            for column in buys:
                self.highs.addRow(
                    -np.inf,
                    0.0,
                    2,
                    np.array([column, w], dtype=np.int32),
                    np.array([1 / self.upper[column], -1.0]),
                )
            mine = loss[pairs.wash[lots.pair[loss]] == group]
            for pair in np.unique(lots.pair[mine]):
                columns = mine[lots.pair[mine] == pair] + len(self.buys)
                total = self.upper[columns].sum()
                self.highs.addRow(
                    -np.inf,
                    1.0,
                    len(columns) + 1,
                    np.append(columns, w).astype(np.int32),
                    np.append(np.full(len(columns), 1 / total), 1.0),
                )

    def charge(self, extra: Floats) -> None:
        """Add dollars per dollar to the cost of each trade column (buys, then lots)."""
        self.highs.changeColsCost(
            self.n_trades, np.arange(self.n_trades, dtype=np.int32), self.cost[: self.n_trades] + extra
        )

    def solve(self) -> Relaxed:
        """Solve from the last basis.

        Raises
        ------
        SolverError
            The solver ended without an optimum.
        """
        self.highs.run()
        status = self.highs.modelStatusToString(self.highs.getModelStatus())
        if status != "Optimal":
            raise SolverError(f"the relaxation ended as {status!r}")
        solution = self.highs.getSolution()
        x = np.array(solution.col_value)
        duals = np.array(solution.row_dual)
        shares = x[: self.n_trades] * self.scale
        n_buys = len(self.buys)
        buy = np.zeros(len(self.problem.pairs.held))
        buy[self.buys] = shares[:n_buys]
        n_accounts, n_groups = len(self.problem.cash.before), len(self.problem.groups.target)
        cap_duals = dict(zip(self.caps, duals[n_accounts + n_groups :].tolist(), strict=False))
        if "orders" in cap_duals:
            cap_duals["orders"] *= self.unit
        return Relaxed(
            objective=self.highs.getObjectiveValue() * self.unit + self.problem.location,
            buy=buy,
            sell=shares[n_buys:],
            missed=float(x[len(self.cost) - self.n_missed : len(self.cost)].sum()) * self.unit,
            multipliers=Multipliers(
                cash=duals[:n_accounts], group=duals[n_accounts : n_accounts + n_groups], **cap_duals
            ),
        )
