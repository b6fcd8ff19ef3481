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

from realloc.errors import SolverError
from realloc.optimizer.problem import Flags, Floats, Ints, Problem

MISSED_COST = 1_000.0
"""Dollars charged per dollar of reserve or drift cap missed: more than any objective can offer."""

TIE_BREAK = 1e-6
"""Dollars per dollar and place in its class that make the relaxation buy the preferred symbol (rule DET-2)."""


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
def solver() -> Any:  # noqa: ANN401 - highspy is not typed
    """Return the process's HiGHS, loaded and set up at first use."""
    import highspy  # noqa: PLC0415 - the one door of a heavy dependency

    highs = highspy.Highs()
    for option, value in (("output_flag", False), ("threads", 1), ("presolve", "off"), ("solver", "simplex")):
        highs.setOptionValue(option, value)
    return highs


class _Columns:
    """Collects blocks of columns for the solver's column-wise form."""

    def __init__(self) -> None:
        self.cost: list[Floats] = []
        self.lower: list[Floats] = []
        self.upper: list[Floats] = []
        self.counts: list[Ints] = []
        self.index: list[Ints] = []
        self.value: list[Floats] = []

    def add(
        self, cost: Floats, lower: Floats | float, upper: Floats | float, entries: list[tuple[Ints, Floats | float]]
    ) -> None:
        """Add one block: each entry is a row (or an array of rows) and a value for every column."""
        n = len(cost)
        rows = np.empty((n, len(entries)), dtype=np.intp)
        values = np.empty((n, len(entries)))
        for k, (row, value) in enumerate(entries):
            rows[:, k] = row
            values[:, k] = value
        used = values != 0
        self.cost.append(cost)
        self.lower.append(np.broadcast_to(lower, n))
        self.upper.append(np.broadcast_to(upper, n))
        self.counts.append(used.sum(axis=1))
        self.index.append(rows[used])
        self.value.append(values[used])


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
        caps = {"gain": limits.gain, "tax": limits.tax, "drift": 2 * limits.drift * problem.value, "orders": np.inf}
        self.caps = {name: cap / unit for name, cap in caps.items() if np.isfinite(cap)}
        if np.isfinite(limits.orders):
            self.caps["orders"] = limits.orders
        cap_row = {name: n_accounts + n_groups + k for k, name in enumerate(self.caps)}
        columns = _Columns()
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

    def _add_trades(self, columns: _Columns, cap_row: dict[str, int]) -> None:
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
                cost = cost + TIE_BREAK * np.minimum(pairs.rank[of], 10)
            else:
                cost = cost + lots.tax / price
                for name, amount in (("gain", lots.gain), ("tax", lots.tax)):
                    if name in cap_row:
                        entries.append((np.full(len(of), cap_row[name]), amount / price))
            columns.add(cost, 0.0, shares * price / unit, entries)

    def _pass(self, columns: _Columns, equal: Floats) -> None:
        cost = self.cost = np.concatenate(columns.cost)
        self.lower, self.upper = np.concatenate(columns.lower), np.concatenate(columns.upper)
        counts, index, value = (np.concatenate(x) for x in (columns.counts, columns.index, columns.value))
        tops = np.array(list(self.caps.values()))
        highs = self.highs = solver()
        highs.clearModel()
        highs.passModel(
            len(cost),
            len(equal) + len(tops),
            len(index),
            1,
            1,
            0.0,
            cost,
            self.lower,
            self.upper,
            np.concatenate([equal, np.full(len(tops), -np.inf)]),
            np.concatenate([equal, tops]),
            np.concatenate([[0], np.cumsum(counts)]).astype(np.int32),
            index.astype(np.int32),
            value,
            np.zeros(len(cost), dtype=np.int32),
        )

    def limit(self, buy_open: Flags, sell_open: Flags) -> None:
        """Allow trades only where the flags (by pair, and by lot) are set."""
        is_open = np.concatenate([buy_open[self.buys], sell_open])
        self.highs.changeColsBounds(
            self.n_trades,
            np.arange(self.n_trades, dtype=np.int32),
            np.zeros(self.n_trades),
            np.where(is_open, self.upper[: self.n_trades], 0.0),
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
        cap_duals = dict(zip(self.caps, duals[n_accounts + n_groups :].tolist(), strict=True))
        if "orders" in cap_duals:
            cap_duals["orders"] *= self.unit
        return Relaxed(
            objective=self.highs.getObjectiveValue() * self.unit + self.problem.location,
            buy=buy,
            sell=shares[n_buys:],
            missed=float(x[-self.n_missed :].sum()) * self.unit,
            multipliers=Multipliers(
                cash=duals[:n_accounts], group=duals[n_accounts : n_accounts + n_groups], **cap_duals
            ),
        )
