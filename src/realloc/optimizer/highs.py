"""The one door to HiGHS: a solver that is silent, alone in its thread, and heard at every call.

Three things that a direct call of ``highspy`` gets wrong are settled here.

*Silence.* ``highspy.Highs()`` sets callbacks in its constructor, and HiGHS 1.16 prints its header at the first
call that may print, before an option can be set. The binding below it, ``highspy._Highs``, makes no call of its
own, so ``output_flag`` is the first. Standard output is not touched for it.

*Neighbours.* HiGHS keeps a scheduler of tasks for each thread that has run it, and refuses a run that asks for
another number of threads than this scheduler has. Each run is therefore made in a thread of its own: it starts a
scheduler of one worker, whatever ran before in the thread of the caller, and takes it away when it ends.

*Answers.* A model or a change that HiGHS refuses raises, and so does every later run of that solver. What a run
found is read from its `Run` alone, so that there is nothing to read before one.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from enum import Enum
from math import inf
from pathlib import Path
from threading import Thread
from typing import Any, NoReturn

import numpy as np

from realloc.errors import SolverError
from realloc.optimizer.columns import Model
from realloc.optimizer.deadline import NEVER, Deadline
from realloc.optimizer.problem import Flags, Floats, Ints

SILENT_AND_SERIAL: dict[str, bool | int] = {"output_flag": False, "threads": 1}
"""The options of every solver, by their names in HiGHS."""

NODES_A_SECOND = 5_000
"""Most nodes for each second that is left: HiGHS 1.15 looks at no clock while it branches without solving anything."""

ROUND = 1e-5
"""Seconds for each entry of the matrix that are kept free: between two rounds of cuts HiGHS looks at no clock."""

MOST_NODES = 2**31 - 1
"""HiGHS's number for no limit of nodes."""

COLUMNWISE, MINIMIZE = 1, 1
"""HiGHS's numbers for a matrix that is given column by column, and for the sense of an objective."""


class Termination(Enum):
    """Why a run ended; whether it found a solution is said apart (`Run.solution`)."""

    OPTIMAL = "optimal"
    INFEASIBLE = "infeasible"
    INFEASIBLE_OR_UNBOUNDED = "infeasible or unbounded"
    UNBOUNDED = "unbounded"
    OBJECTIVE_BOUND = "nothing below the objective bound"
    OBJECTIVE_TARGET = "objective target reached"
    TIME_LIMIT = "time limit reached"
    ITERATION_LIMIT = "iteration limit reached"
    SOLUTION_LIMIT = "limit of nodes or solutions reached"
    MEMORY_LIMIT = "memory limit reached"
    INTERRUPTED = "interrupted"
    UNKNOWN = "unknown"
    FAILED = "failed"


TERMINATIONS: dict[str, Termination | None] = {
    "kNotset": None,
    "kLoadError": None,
    "kModelError": None,
    "kPresolveError": Termination.FAILED,
    "kSolveError": Termination.FAILED,
    "kPostsolveError": Termination.FAILED,
    "kModelEmpty": Termination.OPTIMAL,
    "kOptimal": Termination.OPTIMAL,
    "kInfeasible": Termination.INFEASIBLE,
    "kUnboundedOrInfeasible": Termination.INFEASIBLE_OR_UNBOUNDED,
    "kUnbounded": Termination.UNBOUNDED,
    "kObjectiveBound": Termination.OBJECTIVE_BOUND,
    "kObjectiveTarget": Termination.OBJECTIVE_TARGET,
    "kTimeLimit": Termination.TIME_LIMIT,
    "kIterationLimit": Termination.ITERATION_LIMIT,
    "kUnknown": Termination.UNKNOWN,
    "kSolutionLimit": Termination.SOLUTION_LIMIT,
    "kInterrupt": Termination.INTERRUPTED,
    "kMemoryLimit": Termination.MEMORY_LIMIT,
    "kHighsInterrupt": Termination.INTERRUPTED,
}
"""Every model status of HiGHS, by its name; None where the model was refused or not run, which is no answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one run found, in the units of the model.

    Parameters
    ----------
    termination : Termination
        Why it ended.
    solution : object
        HiGHS's solution with a feasible point of the columns; None where it found none.
    objective : float
        The objective of that point; infinite where there is none.
    bound : float
        No solution has a lower objective; minus infinity where that is not known.
    row_duals : array of float
        The multiplier of each row where the program is linear, also those of a run that its time limit ended; empty
        where there is none.
    """

    termination: Termination
    solution: Any
    objective: float
    bound: float
    row_duals: Floats

    @property
    def columns(self) -> Floats:
        """The value of each column of the solution."""
        return np.array(self.solution.col_value)


class Solver:
    """One HiGHS with one model.

    Parameters
    ----------
    deadline : Deadline
        Each run has the seconds that are left of it, and none is made after it.
    **options : bool, int, float or str
        Options by their names in HiGHS, beside those of every solver.

    Raises
    ------
    SolverError
        HiGHS does not know an option, or refuses its value.
    """

    def __init__(self, deadline: Deadline = NEVER, /, **options: bool | float | str) -> None:
        import highspy  # noqa: PLC0415 - loaded when the first plan is made

        # `Highs` prints before it can be told not to
        self._highs = highspy._Highs()  # type: ignore[attr-defined]  # noqa: SLF001 - its stub leaves it out
        self._error = highspy.HighsStatus.kError
        self._feasible = int(highspy.SolutionStatus.kSolutionStatusFeasible)
        self._deadline = deadline
        self._integral = False
        self._entries = 0
        self._refused = "no model was passed"
        self.set_options(**SILENT_AND_SERIAL, **options)

    @property
    def n_columns(self) -> int:
        """The number of columns of the model."""
        return int(self._highs.getNumCol())

    @property
    def upper(self) -> Floats:
        """The upper bound of each column."""
        return np.array(self._highs.getLp().col_upper_)

    def set_options(self, **options: bool | float | str) -> None:
        """Set options, limits among them, by their names in HiGHS."""
        for name, value in options.items():
            if self._highs.setOptionValue(name, value) == self._error:
                raise SolverError(f"the solver refused the option {name} = {value!r}")

    def pass_model(self, model: Model, row_lower: Floats, row_upper: Floats) -> None:
        """Replace the model by columns that cost least, and the bounds of its rows."""
        self._refused = ""
        self._integral = bool(model.integrality.any())
        self._entries = len(model.index)
        self._check("the model", model.cost, model.value)
        self._heed(
            "the model",
            self._highs.passModel(
                model.n_columns,
                len(row_lower),
                len(model.index),
                COLUMNWISE,
                MINIMIZE,
                0.0,
                model.cost,
                model.lower,
                model.upper,
                row_lower,
                row_upper,
                model.start,
                model.index,
                model.value,
                model.integrality,
            ),
        )

    def add_columns(self, lower: Floats, upper: Floats) -> int:
        """Add columns that cost nothing and stand in no row yet, and return the first."""
        n, first, none = len(lower), self.n_columns, np.zeros(0, np.int32)
        starts = np.zeros(n, np.int32)
        status = self._highs.addCols(n, np.zeros(n), lower, upper, 0, starts, none, np.zeros(0))
        self._heed("new columns", status)
        return first

    def add_rows(self, lower: Floats, upper: Floats, rows: Ints, columns: Ints, values: Floats) -> None:
        """Add rows by their bounds and their entries: the new row's number, counted from 0, column and value."""
        self._check("new rows", values)
        n = len(lower)
        order = np.argsort(rows, kind="stable")
        starts = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=n))[:-1]]).astype(np.int32)
        entries = columns[order].astype(np.int32), values[order]
        self._heed("new rows", self._highs.addRows(n, lower, upper, len(rows), starts, *entries))

    def change_bounds(self, columns: Ints, lower: Floats, upper: Floats) -> None:
        """Replace the bounds of some columns."""
        places = columns.astype(np.int32)
        self._heed("new bounds", self._highs.changeColsBounds(len(places), places, lower, upper))

    def change_costs(self, cost: Floats) -> None:
        """Replace the cost of every column."""
        every = np.arange(len(cost), dtype=np.int32)
        self._check("new costs", cost)
        self._heed("new costs", self._highs.changeColsCost(len(cost), every, cost))

    def change_integrality(self, integral: Flags) -> None:
        """Say of every column whether it is integral."""
        n = len(integral)
        every = np.arange(n, dtype=np.int32)
        self._integral = bool(integral.any())
        status = self._highs.changeColsIntegrality(n, every, integral.astype(np.uint8))
        self._heed("the integral columns", status)

    def forget(self) -> None:
        """Forget what the runs before found, so that the next one starts afresh."""
        self._heed("to start afresh", self._highs.clearSolver())

    def start_from(self, run: Run) -> None:
        """Start the next run, afresh otherwise, from the solution of one before."""
        self.forget()
        self._heed("a solution to start from", self._highs.setSolution(run.solution))

    def run(self, nodes: float = inf) -> Run:
        """Solve the model from where the run before ended, in the time that is left.

        Parameters
        ----------
        nodes : float
            Most nodes of the search over integral columns.

        Raises
        ------
        SolverError
            The model, or a change to it, was refused, or HiGHS did not run it.
        """
        if self._refused:
            raise SolverError(f"the solver cannot run: {self._refused}")
        seconds = self._deadline.left()
        if self._integral:
            seconds -= ROUND * self._entries
        if seconds <= 0 and self._deadline.cuts():
            return _without_a_solution(Termination.TIME_LIMIT)
        most = min(nodes, NODES_A_SECOND * seconds)
        if seconds < inf:
            # HiGHS compares its limit with the present run alone; `getRunTime` adds up over the runs of one object
            self.set_options(time_limit=seconds)
        if most < inf:
            self.set_options(mip_max_nodes=int(min(most, MOST_NODES)))
        status = _in_own_thread(self._highs.run)
        model_status = self._highs.getModelStatus().name
        termination = TERMINATIONS.get(model_status)
        out_of_nodes = termination is Termination.SOLUTION_LIMIT and most < nodes
        if termination is Termination.TIME_LIMIT or out_of_nodes:
            self._deadline.cuts()
        if termination is None:
            raise SolverError(f"the solver did not run the model ({status.name}, {model_status})")
        return self._found(Termination.FAILED if status == self._error else termination)

    def write_model(self, path: Path) -> None:
        """Write the model to a file that HiGHS reads, ``.mps`` or ``.lp``, for a report of a fault."""
        self._heed(f"to write {path}", self._highs.writeModel(str(path)))

    def _found(self, termination: Termination) -> Run:
        if termination is Termination.FAILED:
            return _without_a_solution(termination)
        info = self._highs.getInfo()
        found = info.primal_solution_status == self._feasible and termination is not Termination.INFEASIBLE
        objective = info.objective_function_value if found else np.inf
        if termination in (Termination.INFEASIBLE, Termination.OBJECTIVE_BOUND):
            bound = np.inf
        elif self._integral:
            bound = info.mip_dual_bound
        else:
            # a linear program leaves no bound of a search; short of its optimum its objective bounds nothing
            bound = objective if termination is Termination.OPTIMAL else -np.inf
        solution = self._highs.getSolution() if found or not self._integral else None
        return Run(
            termination=termination,
            solution=solution if found else None,
            objective=objective,
            bound=bound,
            row_duals=np.zeros(0) if solution is None or self._integral else np.array(solution.row_dual),
        )

    def _check(self, what: str, *numbers: Floats) -> None:
        """Refuse what is not finite: HiGHS solves a cost of NaN to an "optimum" of NaN."""
        if not all(np.isfinite(each).all() for each in numbers):
            self._refuse(f"{what}, which has a number that is not finite")

    def _heed(self, what: str, status: Any) -> None:
        if status == self._error:
            self._refuse(what)

    def _refuse(self, what: str) -> NoReturn:
        self._refused = f"it refused {what}"
        raise SolverError(f"the solver refused {what}")


def _without_a_solution(termination: Termination) -> Run:
    return Run(termination=termination, solution=None, objective=np.inf, bound=-np.inf, row_duals=np.zeros(0))


def _in_own_thread(function: Callable[[], Any]) -> Any:
    """Return what `function` returns, or raise what it raises; it runs in a thread that ends with it."""
    answer: Future[Any] = Future()

    def work() -> None:
        try:
            answer.set_result(function())
        except BaseException as error:  # noqa: BLE001 - it is raised again in the thread of the caller
            answer.set_exception(error)

    Thread(target=work, name="realloc-highs").start()
    return answer.result()
