"""A mixed-integer programme that is written column by column and row by row, for HiGHS."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf

import highspy
import numpy as np


class ReferenceSolverError(RuntimeError):
    """HiGHS did not prove an optimum, or its plan breaks a rule by more than its tolerance."""


class Model:
    """A mixed-integer programme that grows by columns and rows; amounts are floats from here on."""

    def __init__(self) -> None:
        self.costs: list[float] = []
        self.lower: list[float] = []
        self.upper: list[float] = []
        self.whole: list[bool] = []
        self.rows: list[tuple[float, float, dict[int, float]]] = []

    def column(
        self, lower: float = 0.0, upper: float = inf, *, cost: float = 0.0, whole: bool = False
    ) -> int:
        """Add a column and return its number."""
        self.costs.append(cost)
        self.lower.append(lower)
        self.upper.append(upper)
        self.whole.append(whole)
        return len(self.costs) - 1

    def row(self, terms: Mapping[int, float], *, lower: float = -inf, upper: float = inf) -> None:
        """Add ``lower <= terms <= upper``."""
        self.rows.append((lower, upper, dict(terms)))

    def solve(
        self, *, costs: Mapping[int, float] | None = None, nodes: int | None = None, tolerance: float
    ) -> tuple[list[float], float, bool]:
        """Minimise other costs, or the model's own; return the values, the bound and whether it is proven.

        `nodes` ends the search early; unlike a time limit it ends it at the same place on every machine.
        `tolerance` is what HiGHS may miss a row or an integer by: whoever reads the values evaluates them exactly.

        Raises
        ------
        ReferenceSolverError
            There is no plan: impossible, since doing nothing is one.
        """
        highs = self._solved(costs, nodes, tolerance)
        info = highs.getInfo()
        if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
            raise ReferenceSolverError(f"no plan: {highs.getModelStatus()}")
        proven = highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
        bound = info.mip_dual_bound if any(self.whole) else info.objective_function_value
        return list(highs.getSolution().col_value), bound, proven

    def _solved(
        self, costs: Mapping[int, float] | None, nodes: int | None, tolerance: float
    ) -> highspy.Highs:
        highs = highspy.Highs()  # type: ignore[no-untyped-call]  # highspy is not typed
        highs.setOptionValue("output_flag", False)
        highs.setOptionValue("threads", 1)
        highs.setOptionValue("presolve", "off")  # it ends the process on some models of one step (HiGHS 1.15)
        for name in _GAPS:
            highs.setOptionValue(name, 0.0)
        for kind in ("mip", "primal", "dual"):
            highs.setOptionValue(f"{kind}_feasibility_tolerance", tolerance)
        if nodes is not None:
            highs.setOptionValue("mip_max_nodes", nodes)
        highs.passModel(self.lp(costs))
        highs.run()
        return highs

    def lp(self, costs: Mapping[int, float] | None = None, *, relaxed: bool = False) -> highspy.HighsLp:
        """Return the programme in the solver's form, without integrality where `relaxed`."""
        lp = highspy.HighsLp()
        lp.num_col_ = len(self.costs)
        lp.num_row_ = len(self.rows)
        own = self.costs if costs is None else [costs.get(n, 0.0) for n in range(len(self.costs))]
        lp.col_cost_ = np.array(own)
        lp.col_lower_ = np.array(self.lower)
        lp.col_upper_ = np.array(self.upper)
        lp.row_lower_ = np.array([lower for lower, _, _ in self.rows])
        lp.row_upper_ = np.array([upper for _, upper, _ in self.rows])
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = np.cumsum([0, *(len(terms) for _, _, terms in self.rows)])
        lp.a_matrix_.index_ = np.array([n for _, _, terms in self.rows for n in terms], dtype=np.int32)
        lp.a_matrix_.value_ = np.array([n for _, _, terms in self.rows for n in terms.values()])
        if not relaxed:
            kinds = highspy.HighsVarType
            lp.integrality_ = [kinds.kInteger if whole else kinds.kContinuous for whole in self.whole]
        return lp


_GAPS = ("mip_rel_gap", "mip_abs_gap")
