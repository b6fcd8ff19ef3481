"""The linear relaxation, solved by HiGHS: one row per account and group, one column per lot and possible buy.

Columns are in units of value, so that the matrix is near 1: one unit is 1/10,000 of the household's value.
Decisions (a side of a wash sale, an order left out) are column bounds, so a solve after a decision starts
from the last basis.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from realloc.errors import SolverError
from realloc.optimizer.columns import Columns
from realloc.optimizer.deadline import NEVER, Deadline
from realloc.optimizer.highs import Solver, Termination
from realloc.optimizer.problem import Floats, Ints, Problem, sum_by

MISSED_COST = 1_000.0
"""Dollars charged per dollar of reserve or drift cap missed: more than any objective can offer."""

USED = 1e-6
"""Shares: less is not a trade of the relaxation."""

OPEN, BUYS, SELLS_LOSSES = 0, 1, 2
"""The state of a wash group: both sides open, or one of them chosen."""

TIE_BREAK = 3e-7
"""Dollars per dollar that make the relaxation buy the preferred symbol of a class (rule DET-2)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Multipliers:
    """Prices of the coupling rules: dollars per dollar of cash by account, of value by group, and of the caps."""

    cash: Floats
    group: Floats
    gain: float = 0.0
    short_gain: float = 0.0
    tax: float = 0.0
    drift: float = 0.0
    orders: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Relaxed:
    """A solution: the objective in dollars (ties broken in it), shares by pair and lot, and multipliers.

    `missed` is what is missing to reserves and to the drift cap, in dollars. Where time was up there are multipliers
    alone: the objective is infinite, and nothing is traded.
    """

    objective: float
    buy: Floats
    sell: Floats
    missed: float
    multipliers: Multipliers

    def orders(self, problem: Problem) -> int:
        """Return how many orders the trades are."""
        sold = sum_by(problem.lots.pair, self.sell, len(self.buy))
        return int(np.count_nonzero(self.buy > USED) + np.count_nonzero(sold > USED))


def segments(problem: Problem) -> Iterator[tuple[float, float, Floats, Floats]]:
    """Yield the parts of every group's deviation: dollars per dollar, sign, and the least and most dollars.

    First what is inside the band, below the target (sign 1) and above it (-1), then what is beyond it.
    """
    limits, groups = problem.limits, problem.groups
    sides = tuple(zip((1.0, -1.0), groups.deviations(), strict=True))
    for sign, (least, most) in sides:
        yield limits.inside_band, sign, np.minimum(least, groups.band), np.minimum(most, groups.band)
    for sign, (least, most) in sides:
        yield (
            limits.outside_band,
            sign,
            np.maximum(least - groups.band, 0.0),
            np.maximum(most - groups.band, 0.0),
        )


class Relaxation:
    """The relaxation of a problem, solved until a deadline."""

    def __init__(self, problem: Problem, deadline: Deadline = NEVER) -> None:
        pairs, lots, cash, groups, limits = (
            problem.pairs,
            problem.lots,
            problem.cash,
            problem.groups,
            problem.limits,
        )
        self.problem, self.deadline = problem, deadline
        unit = self.unit = problem.unit
        self.buys = np.flatnonzero(pairs.buy_max > 0)
        self.scale = np.concatenate([unit / pairs.price[self.buys], unit / pairs.price[lots.pair]])
        n_accounts, n_groups = len(cash.before), len(groups.target)
        self.n_trades = len(self.scale)
        caps = {
            "gain": limits.gain,
            "short_gain": limits.short_gain,
            "tax": limits.tax,
            "drift": 2 * limits.drift * problem.drift_value,
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
            (np.maximum(cash.most, cash.reserve) + self._unpaid()) / unit,
            [(np.arange(n_accounts), 1.0), (n_accounts + cash.group, cash.weight)],
        )
        group_rows = n_accounts + np.arange(n_groups)
        drift = [(np.full(n_groups, cap_row["drift"]), 1.0)] if "drift" in cap_row else []
        for rate, sign, least, most in segments(problem):
            columns.add(np.full(n_groups, rate), least / unit, most / unit, [(group_rows, sign), *drift])
        columns.add(
            np.full(n_accounts, MISSED_COST),
            0.0,
            np.inf,
            [(np.arange(n_accounts), -1.0), (n_accounts + cash.group, -cash.weight)],
        )
        if drift:
            columns.add(np.array([MISSED_COST]), 0.0, np.inf, [(np.array([cap_row["drift"]]), -1.0)])
        self.n_missed = n_accounts + len(drift)
        self._pass(columns, np.concatenate([cash.before, groups.target - groups.before]) / unit)

    def _unpaid(self) -> Floats:
        """Return the most commission by account that the relaxation leaves unpaid: dollars above a ceiling of cash."""
        pairs, cash = self.problem.pairs, self.problem.cash
        traded = (pairs.buy_max > 0) | (pairs.sell_max > 0)
        return self.problem.limits.commission * sum_by(pairs.account, traded, len(cash.before))

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
                for name, amount in (
                    ("gain", lots.gain),
                    ("short_gain", lots.short_gain),
                    ("tax", lots.tax),
                ):
                    if name in cap_row:
                        entries.append((np.full(len(of), cap_row[name]), amount / price))
            columns.add(cost, 0.0, shares * price / unit, entries)

    def _pass(self, columns: Columns, equal: Floats) -> None:
        model = columns.model()
        self.n_columns, self.upper = model.n_columns, model.upper
        self.shut = np.zeros(self.n_trades, dtype=bool)
        self.buy_wash = self.problem.pairs.wash[self.buys]
        self.lot_wash = self.problem.pairs.wash[self.problem.lots.pair]
        tops = np.array(list(self.caps.values()))
        self.solver = Solver(self.deadline, presolve="off", solver="simplex")
        self.solver.pass_model(
            model,
            np.concatenate([equal, np.full(len(tops), -np.inf)]),
            np.concatenate([equal, tops]),
        )

    def limit(self, sides: Ints) -> None:
        """Close the columns that a decided side of a wash group forbids."""
        of_buys, of_lots = sides[self.buy_wash], sides[self.lot_wash]
        shut = np.concatenate([of_buys == SELLS_LOSSES, (of_lots == BUYS) & self.problem.lots.loss])
        changed = np.flatnonzero(shut != self.shut)
        self.shut = shut
        if len(changed):
            upper = np.where(shut[changed], 0.0, self.upper[changed])
            self.solver.change_bounds(changed, np.zeros(len(changed)), upper)

    def couple(self, groups: Ints) -> None:
        """Add the hull of the two sides of wash groups: what is bought and what is lost share one unit.

        For each group a column w in [0, 1]; each buy uses up to w of its cap, each pair's loss lots up to 1 - w
        of theirs.
        """
        n = len(groups)
        first = self.solver.add_columns(np.zeros(n), np.ones(n))
        w_of = np.full(len(self.problem.coupled), -1)
        w_of[groups] = first + np.arange(n)
        buys = np.flatnonzero(w_of[self.buy_wash] >= 0)
        lots = np.flatnonzero((w_of[self.lot_wash] >= 0) & self.problem.lots.loss)
        pair, row_of = np.unique(self.problem.lots.pair[lots], return_inverse=True)
        top = self.upper[len(self.buys) + lots]
        total = sum_by(row_of, top, len(pair))
        rows = np.concatenate(
            [np.arange(len(buys)), np.arange(len(buys)), len(buys) + row_of, len(buys) + np.arange(len(pair))]
        )
        columns = np.concatenate(
            [buys, w_of[self.buy_wash[buys]], len(self.buys) + lots, w_of[self.problem.pairs.wash[pair]]]
        )
        values = np.concatenate(
            [1 / self.upper[buys], -np.ones(len(buys)), 1 / total[row_of], np.ones(len(pair))]
        )
        n_rows = len(buys) + len(pair)
        self.solver.add_rows(
            np.full(n_rows, -np.inf),
            np.concatenate([np.zeros(len(buys)), np.ones(len(pair))]),
            rows,
            columns,
            values,
        )

    def solve(self) -> Relaxed:
        """Solve from the last basis, in the time that is left.

        Raises
        ------
        SolverError
            The solver ended without an optimum for another reason than time.
        """
        run = self.solver.run()
        if run.termination is Termination.TIME_LIMIT:
            return self._unsolved(run.row_duals)
        if run.termination is not Termination.OPTIMAL:
            raise SolverError(f"the relaxation ended as {run.termination.value!r}")
        x = run.columns
        shares = x[: self.n_trades] * self.scale
        n_buys = len(self.buys)
        buy = np.zeros(len(self.problem.pairs.held))
        buy[self.buys] = shares[:n_buys]
        return Relaxed(
            objective=run.objective * self.unit + self.problem.location,
            buy=buy,
            sell=shares[n_buys:],
            missed=float(x[self.n_columns - self.n_missed : self.n_columns].sum()) * self.unit,
            multipliers=self._multipliers(run.row_duals),
        )

    def _unsolved(self, duals: Floats) -> Relaxed:
        """Return no trades, with the multipliers that an interrupted run had come to."""
        return Relaxed(
            objective=np.inf,
            buy=np.zeros(len(self.problem.pairs.held)),
            sell=np.zeros(len(self.problem.lots.pair)),
            missed=np.inf,
            multipliers=self._multipliers(duals),
        )

    def _multipliers(self, duals: Floats) -> Multipliers:
        """Return the multipliers of the coupling rules from those of the rows, zero where the solver has none."""
        n_accounts, n_groups = len(self.problem.cash.before), len(self.problem.groups.target)
        n_rows = n_accounts + n_groups + len(self.caps)
        if len(duals) < n_rows or not np.isfinite(duals).all():
            duals = np.zeros(n_rows)
        caps = dict(zip(self.caps, duals[n_accounts + n_groups :].tolist(), strict=False))
        if "orders" in caps:
            caps["orders"] *= self.unit
        return Multipliers(cash=duals[:n_accounts], group=duals[n_accounts : n_accounts + n_groups], **caps)
