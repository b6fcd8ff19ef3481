"""The whole decision as a mixed-integer program, for what the relaxation cannot close.

Two uses of one model. *Whole*: every rule exactly, share counts integral, for small or lumpy households.
*Orders*: share counts continuous and only the orders and wash sides integral, for caps that choose among
orders; what it leaves to round is then rounded and repaired like any relaxation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from realloc.optimizer.columns import Columns, each_of
from realloc.optimizer.deadline import NEVER, Deadline
from realloc.optimizer.highs import Run, Solver, Termination
from realloc.optimizer.problem import Flags, Floats, Ints, Problem
from realloc.optimizer.relaxation import segments
from realloc.optimizer.relief import is_out_of_order
from realloc.optimizer.washes import Family, Spare

MARGIN = 1e-4
"""What the solver's tolerances may cost its bound, in units of 1/10,000 of the household's value."""

NOTHING = 1e-7
"""In the same units: what the solver cannot tell from zero when it has to miss as little as it may."""

RELATIVE = 1e-8
"""What the solver cannot tell from nothing beside a large amount: a held row tighter than that may be infeasible."""

WORTH_COUNTING = 1e-4
"""Units of the model: a step of shares worth less may as well be continuous, and the solver is more exact so."""

TAIL = 1e-9
"""Shares: less is no tail of a position."""

USED = 1e-6
"""Of a switch: less is not used."""

CENT = 0.01
"""Dollars of each account's cash that rounding can make: nearer than that to a cap on drift is no nearer (OBJ-6)."""

START_GAP = 1e-4
"""A gap, as a fraction of value, that is good enough for a solution to start from."""

SLOW_ON_SMALL = (
    "mip_heuristic_run_feasibility_jump",
    "mip_heuristic_run_rins",
    "mip_heuristic_run_rens",
    "mip_heuristic_run_root_reduced_cost",
    "mip_allow_cut_separation_at_nodes",
)
"""What the solver spends more time on than it saves in a small household, whose plan is nearly the best already."""

TOLERANCE = "mip_feasibility_tolerance"
TOLERANCES = (1e-9, 1e-7)
"""The solver's option, and its values: at any one of them HiGHS loses some plans that keep every rule. It is asked at
each where it claims that nothing is better, and where coefficients are `WIDE` apart."""

WIDE = 1e7
"""Of the largest coefficient to the least: millions of shares at cents beside hundreds of dollars a share."""

NOTHING_BETTER = frozenset({Termination.INFEASIBLE, Termination.OBJECTIVE_BOUND})
"""How a run ends that claims it."""


@dataclass(frozen=True, slots=True)
class Effort:
    """When to stop: the gap in dollars that is good enough, and nodes."""

    gap: float
    nodes: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Exact:
    """What the solver found: shares bought by pair and sold by lot (None: nothing), and its bound in dollars."""

    buy: Floats | None
    sell: Floats | None
    sells_losses: Flags | None
    bound: float
    stopped: bool


class Program:
    """The mixed-integer program of a problem.

    Parameters
    ----------
    problem : Problem
        The arrays.
    whole : bool
        Share counts are integral.
    elastic : bool
        Reserves and the cap on drift may be missed, by as little as possible (rule OBJ-6).
    families : mapping of int to Family, optional
        Wash groups in which a purchase denies a loss (mode ``allow``).
    deadline : Deadline
        Until when the solver may run, all its runs together.
    """

    def __init__(
        self,
        problem: Problem,
        *,
        whole: bool,
        elastic: bool = False,
        families: Mapping[int, Family] | None = None,
        deadline: Deadline = NEVER,
    ) -> None:
        self.problem = problem
        self.unit = problem.unit
        self.columns = Columns()
        self.row_lower: list[Floats] = []
        self.row_upper: list[Floats] = []
        self.n_rows = 0
        self.whole = whole
        self._lay_rows()
        self._add_trades()
        for family in (families or {}).values():
            self._add_washes(family)
        self._add_cash_and_drift()
        self.missable: list[tuple[Ints, float]] = self._add_missable() if elastic else []
        self.solver = Solver(deadline, **{TOLERANCE: TOLERANCES[0]})
        if whole:
            # presolve gains nothing on a small household, and HiGHS 1.15 ends the process in it on some
            self.solver.set_options(presolve="off")
        if whole and not elastic:
            self.solver.set_options(**dict.fromkeys(SLOW_ON_SMALL, False))
        self._pass()

    def _rows(self, lower: Floats | float, upper: Floats | float, n: int) -> Ints:
        """Add rows and return their numbers."""
        self.row_lower.append(each_of(lower, n))
        self.row_upper.append(each_of(upper, n))
        self.n_rows += n
        return np.arange(self.n_rows - n, self.n_rows)

    def _lay_rows(self) -> None:
        problem, unit = self.problem, self.unit
        cash, groups, limits = problem.cash, problem.groups, problem.limits
        before = cash.before / unit
        self.cash_row = self._rows(before, before, len(before))
        off = (groups.target - groups.before) / unit
        self.group_row = np.append(self._rows(off, off, len(off)), 0)
        caps = {
            "gain": limits.gain / unit,
            "short_gain": limits.short_gain / unit,
            "tax": limits.tax / unit,
            "drift": 2 * limits.drift * problem.drift_value / unit,
            "orders": limits.orders,
        }
        self.cap_row = {name: self._rows(-np.inf, cap, 1) for name, cap in caps.items() if np.isfinite(cap)}

    def _cap(self, name: str, n: int, value: Floats | float) -> list[tuple[Ints, Floats | float]]:
        return [(np.broadcast_to(self.cap_row[name], n), value)] if name in self.cap_row else []

    def _group_entries(self, of: Ints, per: Floats) -> list[tuple[Ints, Floats | float]]:
        pairs = self.problem.pairs
        return [
            (self.group_row[pairs.groups[of, k]], pairs.weights[of, k] * per)
            for k in range(pairs.groups.shape[1])
        ]

    def _add_trades(self) -> None:
        problem, unit = self.problem, self.unit
        pairs, lots, limits = problem.pairs, problem.lots, problem.limits
        self.buys = b = np.flatnonzero(pairs.buy_max > 0)
        self.sells = s = np.flatnonzero(np.diff(lots.first) > 0)
        place = np.full(len(pairs.held), -1)
        place[s] = np.arange(len(s))
        of_lot = place[lots.pair]
        lossy = np.bincount(lots.pair[lots.loss], minlength=len(pairs.held)) > 0
        both = (pairs.buy_max > 0) & (np.diff(lots.first) > 0)
        ordered = limits.order_cost > 0 or np.isfinite(limits.orders)
        # a loss, a tail that is sold with the whole position, and under a cap on drift cash that is spent on
        # nothing but the spread could pay for a sale that is bought back (QTY-2)
        pays = (pairs.sell_max - pairs.whole > TAIL) | bool(np.isfinite(limits.drift))
        bought_back = both & ((lossy & ~problem.coupled[pairs.wash]) | (pays & self.whole))
        switched = ordered | (pairs.least > pairs.step) | bought_back
        # a column's unit is a step of shares where it is integral, else the model's unit of value
        counted = self._counted(b)
        per_buy = np.where(counted, pairs.step[b] * pairs.price[b] / unit, 1.0)
        self.buy_unit = np.where(counted, pairs.step[b], unit / pairs.price[b])
        top = np.round(pairs.buy_max[b] / self.buy_unit, 9)
        buy_switch = self._rows(-np.inf, 0.0, len(b))
        buy_least = self._rows(0.0, np.inf, len(b))
        w_row_buy = self._rows(-np.inf, 0.0, len(b))
        coupled = problem.coupled[pairs.wash]
        paid = pairs.ask[b] / pairs.price[b]
        self.first_buy = self.columns.add(
            (paid - 1 + pairs.location[b]) * per_buy,
            0.0,
            top,
            [
                (self.cash_row[pairs.account[b]], paid * per_buy),
                *self._group_entries(b, per_buy),
                (buy_switch, np.where(switched[b], 1.0, 0.0)),
                (buy_least, np.where(switched[b], 1.0, 0.0)),
                (w_row_buy, np.where(coupled[b], 1 / top, 0.0)),
            ],
            integral=counted,
        )
        # lots: dollars of value in model units; a pair's lots add up to steps and, at most, the tail
        price = pairs.price[lots.pair]
        top_lot = lots.shares * price / unit
        lot_switch = self._rows(-np.inf, 0.0, len(top_lot))
        w_row_lot = self._rows(-np.inf, 1.0, len(top_lot))
        sell_least = self._rows(0.0, np.inf, len(s))
        sell_whole = self._rows(0.0, 0.0, len(s)) if self.whole else None
        kept = pairs.bid[lots.pair] / price
        on = switched[lots.pair]
        loss_side = lots.loss & coupled[lots.pair]
        entries = [
            (self.cash_row[pairs.account[lots.pair]], -kept),
            *self._group_entries(lots.pair, -np.ones(len(price))),
            (lot_switch, np.where(on, 1.0, 0.0)),
            (sell_least[of_lot], np.where(on, 1.0, 0.0)),
            (w_row_lot, np.where(loss_side, 1 / top_lot, 0.0)),
            *self._cap("gain", len(price), lots.gain / price),
            *self._cap("short_gain", len(price), lots.short_gain / price),
            *self._cap("tax", len(price), lots.tax / price),
        ]
        if sell_whole is not None:
            entries.append((sell_whole[of_lot], 1.0))
        self.first_lot = self.columns.add(
            1 - kept - pairs.location[lots.pair] + lots.tax / price, 0.0, top_lot, entries
        )
        if sell_whole is not None:
            self._add_whole_sales(s, sell_whole)
            self._add_order_of_lots(top_lot)
        self._add_switches(
            b, s, switched, (buy_switch, buy_least, lot_switch, sell_least), of_lot, top, top_lot
        )
        groups = np.flatnonzero(problem.coupled)
        w_of = np.full(len(problem.coupled), -1)
        n = len(groups)
        self.first_side = self.columns.add(np.zeros(n), 0.0, 1.0, [], integral=True)
        w_of[groups] = self.first_side + np.arange(n)
        for rows, of, value, flag in (
            (w_row_buy, b, -1.0, coupled[b]),
            (w_row_lot, lots.pair, 1.0, loss_side),
        ):
            self.columns.attach(w_of[pairs.wash[of[flag]]], rows[flag], value)

    def _add_washes(self, family: Family) -> None:
        """Let a family's purchases deny its losses: no fewer shares than they are, or all that are sold (WASH-4).

        Which of the losses are denied is left open, so that the program costs no more than any plan.
        """
        problem, unit = self.problem, self.unit
        pairs, lots = problem.pairs, problem.lots
        j = np.array([loss.lot for loss in family.losses], dtype=np.intp)
        own = {loss.name for loss in family.losses}
        spares = [spare for spare in family.spares if spare.shares and spare.name not in own]
        bought = np.flatnonzero(np.isin(self.buys, family.pairs))
        kept = sum(spare.shares - spare.used for spare in spares)
        most = float((pairs.buy_max[self.buys[bought]]).sum()) + kept
        if most <= 0:
            return
        price = pairs.price[lots.pair[j]]
        top = lots.shares[j] * price / unit
        w_column = self.columns.add(np.zeros(1), 0.0, 1.0, [], integral=True)
        cover = self._rows(-np.inf, -kept / most, 1)
        sold, counted = self._rows(-np.inf, 0.0, len(j)), self._rows(-np.inf, top, len(j))
        self.columns.add(
            -lots.tax[j] / price,
            0.0,
            top,
            [
                (sold, 1.0),
                (counted, -1.0),
                (np.broadcast_to(cover, len(j)), -unit / price / most),
                *self._cap("gain", len(j), -lots.gain[j] / price),
                *self._cap("short_gain", len(j), -lots.short_gain[j] / price),
                *self._cap("tax", len(j), -lots.tax[j] / price),
            ],
        )
        attach = self.columns.attach
        attach(self.first_lot + j, sold, -1.0)
        attach(self.first_lot + j, counted, 1.0)
        attach(np.full(len(j), w_column), counted, top)
        attach(np.array([w_column]), cover, -1.0)
        attach(self.first_buy + bought, np.broadcast_to(cover, len(bought)), self.buy_unit[bought] / most)
        gone = self._gone_with(spares)
        attach(
            self.first_lot + gone,
            np.broadcast_to(cover, len(gone)),
            -unit / pairs.price[lots.pair[gone]] / most,
        )
        if family.earlier and len(bought):
            self._add_earlier(family, bought, cover, most)

    def _gone_with(self, spares: Sequence[Spare]) -> Ints:
        """Return the lots whose sale takes shares from spares, each once: a share sold takes one at most.

        Where an account's lots are not told apart, any sale of the pair may reach its spares.
        """
        lots = self.problem.lots
        own = [spare.lot for spare in spares if spare.lot >= 0]
        reached = {spare.pair for spare in spares if spare.lot < 0 <= spare.pair}
        of_pairs = [np.arange(lots.first[p], lots.first[p + 1]) for p in sorted(reached)]
        return np.unique(np.concatenate([np.array(own, dtype=np.intp), *of_pairs]))

    def _add_earlier(self, family: Family, bought: Ints, cover: Ints, most: float) -> None:
        """Let purchases deny recent losses before those of the plan, at what the least of them is worth (WASH-5)."""
        shares = sum(shares for shares, _ in family.earlier)
        each = min(each for _, each in family.earlier)
        by_pair = self.problem.pairs.buy_max[self.buys[bought]]
        total = float(by_pair.sum())
        below, above = self._rows(-np.inf, 0.0, 1), self._rows(-np.inf, 0.0, 1)
        self.columns.add(
            np.array([each * most / self.unit]),
            0.0,
            shares / most,
            [(below, -1.0), (above, -1.0), (cover, -1.0), *self._cap("tax", 1, each * most / self.unit)],
        )
        self.columns.add(
            np.zeros(1), 0.0, 1.0, [(below, -total / most), (above, shares / most)], integral=True
        )
        self.columns.attach(
            self.first_buy + bought, np.broadcast_to(below, len(bought)), self.buy_unit[bought] / most
        )

    def _counted(self, of: Ints) -> Flags:
        """Return which pairs have share counts that are integral: those whose step is worth counting."""
        pairs = self.problem.pairs
        return np.asarray(self.whole & (pairs.step[of] * pairs.price[of] / self.unit > WORTH_COUNTING))

    def _add_whole_sales(self, s: Ints, sell_whole: Ints) -> None:
        """Tie each pair's lots to steps of shares, or to the whole position (rule QTY-1)."""
        pairs, unit = self.problem.pairs, self.unit
        steps = np.round(pairs.whole[s] / pairs.step[s])
        tail = pairs.sell_max[s] - pairs.whole[s]
        value = pairs.price[s] / unit
        has_tail = tail > TAIL
        out = self._rows(0.0, np.inf, len(s))
        self.columns.add(
            np.zeros(len(s)),
            0.0,
            steps,
            [(sell_whole, -pairs.step[s] * value), (out, np.where(has_tail, 1.0, 0.0))],
            integral=self._counted(s),
        )
        t = np.flatnonzero(has_tail)
        self.columns.add(
            np.zeros(len(t)),
            0.0,
            1.0,
            [(sell_whole[t], -tail[t] * value[t]), (out[t], -steps[t])],
            integral=True,
        )

    def _add_order_of_lots(self, top_lot: Floats) -> None:
        """Sell each lot of a relieved pair out before the next one, one binary for each (rule SELL-3)."""
        before = np.flatnonzero(is_out_of_order(self.problem))
        if not len(before):
            return
        sold_out = self._rows(0.0, np.inf, len(before))
        reached = self._rows(-np.inf, 0.0, len(before))
        self.columns.add(
            np.zeros(len(before)),
            0.0,
            1.0,
            [(sold_out, -top_lot[before]), (reached, -top_lot[before + 1])],
            integral=True,
        )
        self.columns.attach(self.first_lot + before, sold_out, 1.0)
        self.columns.attach(self.first_lot + before + 1, reached, 1.0)

    def _add_switches(
        self,
        b: Ints,
        s: Ints,
        switched: Flags,
        rows: tuple[Ints, Ints, Ints, Ints],
        of_lot: Ints,
        top: Floats,
        top_lot: Floats,
    ) -> None:
        """Add one binary for each order that may be made, with its cost, its least size and its most."""
        pairs, limits, unit = self.problem.pairs, self.problem.limits, self.unit
        buy_switch, buy_least, lot_switch, sell_least = rows
        exclusive = np.full(len(pairs.held), -1)
        both = np.intersect1d(b[switched[b]], s[switched[s]])
        exclusive[both] = self._rows(-np.inf, 1.0, len(both))
        on_buy, on_sell = np.flatnonzero(switched[b]), np.flatnonzero(switched[s])
        for side, on, of in (("buy", on_buy, b), ("sell", on_sell, s)):
            p = of[on]
            n = len(p)
            common: list[tuple[Ints, Floats | float]] = [
                (self.cash_row[pairs.account[p]], limits.commission / unit),
                (np.maximum(exclusive[p], 0), np.where(exclusive[p] >= 0, 1.0, 0.0)),
                *self._cap("orders", n, 1.0),
            ]
            cost = np.full(n, limits.order_cost / unit)
            if side == "buy":
                least = pairs.least[p] / self.buy_unit[on]
                common += [(buy_switch[on], -top[on]), (buy_least[on], -least)]
                self.columns.add(cost, 0.0, 1.0, common, integral=True)
            else:
                least = pairs.least_sale[p] * pairs.price[p] / unit
                first = self.columns.add(cost, 0.0, 1.0, [*common, (sell_least[on], -least)], integral=True)
                switch_of = np.full(len(s), -1)
                switch_of[on] = first + np.arange(n)
                mine = switch_of[of_lot] >= 0
                self.columns.attach(switch_of[of_lot[mine]], lot_switch[mine], -top_lot[mine])

    def _add_cash_and_drift(self) -> None:
        problem, unit = self.problem, self.unit
        cash, groups = problem.cash, problem.groups
        self.columns.add(
            cash.location,
            cash.reserve / unit,
            np.maximum(cash.most, cash.reserve) / unit,
            [(self.cash_row, 1.0), (self.group_row[cash.group], cash.weight)],
        )
        n = len(groups.target)
        for rate, sign, least, most in segments(problem):
            self.columns.add(
                np.full(n, rate),
                least / unit,
                most / unit,
                [(self.group_row[:n], sign), *self._cap("drift", n, 1.0)],
            )

    def _add_missable(self) -> list[tuple[Ints, float]]:
        """Add what may be missed, with the gap in dollars that is good enough.

        First dollars of reserves, then dollars off target beyond the cap on drift.
        """
        cash = self.problem.cash
        n = len(cash.before)
        first = self.columns.add(
            np.zeros(n), 0.0, np.inf, [(self.cash_row, -1.0), (self.group_row[cash.group], -cash.weight)]
        )
        stages = [(first + np.arange(n), 0.0)]
        if "drift" in self.cap_row:
            excess = self.columns.add(np.zeros(1), 0.0, np.inf, self._cap("drift", 1, -1.0))
            stages.append((np.array([excess]), CENT * n))
        return stages

    def _pass(self) -> None:
        model = self.model = self.columns.model()
        sizes = np.abs(model.value)
        self.wide = self.whole and bool(len(sizes) and sizes.max() > WIDE * sizes.min())
        self.solver.pass_model(model, np.concatenate(self.row_lower), np.concatenate(self.row_upper))

    def solve(self, effort: Effort, incumbent: float) -> Exact:
        """Run the solver until `effort` is spent, time is up or nothing below `incumbent` dollars is left.

        What may be missed is first made least, stage by stage, and then held; each stage starts from the plan of
        the one before, which the solver may not find again among the rows that hold it.
        """
        problem = self.problem
        for columns, gap in self.missable:
            self._make_least(columns, gap, effort)
        if not self.whole:
            self._start_with_few_orders(effort)
        self._accept(effort.gap)
        if np.isfinite(incumbent):
            self.solver.set_options(objective_bound=(incumbent - problem.location) / self.unit + 1e-6)
        run = self._run(effort)
        bound = (run.bound - MARGIN) * self.unit + problem.location
        if run.bound == np.inf:
            bound = incumbent if np.isfinite(incumbent) else -np.inf
        stopped = run.termination is not Termination.OPTIMAL
        if run.solution is None:
            return Exact(buy=None, sell=None, sells_losses=None, bound=bound, stopped=stopped)
        x = run.columns
        buy = np.zeros(len(problem.pairs.held))
        buy[self.buys] = x[self.first_buy : self.first_buy + len(self.buys)] * self.buy_unit
        n_lots = len(problem.lots.pair)
        sell = (
            x[self.first_lot : self.first_lot + n_lots] * self.unit / problem.pairs.price[problem.lots.pair]
        )
        sides = np.zeros(len(problem.coupled), dtype=bool)
        groups = np.flatnonzero(problem.coupled)
        sides[groups] = x[self.first_side : self.first_side + len(groups)] < 0.5
        return Exact(buy=buy, sell=sell, sells_losses=sides, bound=bound, stopped=stopped)

    def _run(self, effort: Effort) -> Run:
        """Run the solver, again at another tolerance where its word alone does not count; return the best it finds.

        The bound is the least of all that it says.
        """
        runs: list[Run] = []
        for tolerance in TOLERANCES:
            self.solver.set_options(**{TOLERANCE: tolerance})
            if runs:
                self.solver.forget()
            runs.append(self.solver.run(effort.nodes))
            if not (self.wide or runs[0].termination in NOTHING_BETTER):
                break
        best = min(runs, key=lambda run: run.objective)
        return replace(best, bound=min(run.bound for run in runs))

    def _start_with_few_orders(self, effort: Effort) -> None:
        """Solve first with the orders alone that the relaxation uses, and start from what that gives."""
        solver, model = self.solver, self.model
        everything = np.arange(model.n_columns)
        integral = model.integrality == 1
        solver.change_integrality(np.zeros(model.n_columns, dtype=bool))
        relaxed = solver.run()
        if relaxed.solution is None:
            solver.change_integrality(integral)
            return
        upper = solver.upper
        switches = integral & ~(relaxed.columns > USED)
        switches[self.first_side :][: int(self.problem.coupled.sum())] = False
        solver.change_integrality(integral)
        solver.change_bounds(everything, model.lower, np.where(switches, 0.0, upper))
        self._accept(START_GAP * self.problem.value)
        solver.forget()
        start = solver.run(effort.nodes)
        solver.change_bounds(everything, model.lower, upper)
        solver.forget()
        if start.solution is not None:
            solver.start_from(start)
            solver.set_options(mip_heuristic_effort=0.0)

    def _accept(self, gap: float) -> None:
        """Let a run end at a gap in dollars."""
        self.solver.set_options(mip_abs_gap=max(gap / self.unit, 1e-9), mip_rel_gap=0.0)

    def _make_least(self, columns: Ints, gap: float, effort: Effort) -> None:
        cost = np.zeros(self.model.n_columns)
        cost[columns] = 1.0
        self.solver.change_costs(cost)
        self._accept(gap)
        run = self._run(effort)
        least = max(0.0, run.objective)
        n = len(columns)
        if least < NOTHING:
            self.solver.change_bounds(columns, np.zeros(n), np.full(n, NOTHING))
        elif run.solution is not None:
            self.solver.add_rows(
                np.array([-np.inf]),
                np.array([least * (1 + RELATIVE) + NOTHING]),
                np.zeros(n, dtype=np.intp),
                columns,
                np.ones(n),
            )
        self.solver.change_costs(self.model.cost)
        if run.solution is not None:
            self.solver.start_from(run)
