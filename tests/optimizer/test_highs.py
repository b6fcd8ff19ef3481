from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import highspy
import numpy as np
import pytest

from realloc.errors import SolverError
from realloc.optimizer.columns import Columns
from realloc.optimizer.highs import TERMINATIONS, Solver, Termination

ROW = np.zeros(3, dtype=np.intp)


def knapsack(*, integral: bool = True, upper: float = 1.0) -> Columns:
    """Return three columns of worth 5, 4 and 3 that need 2, 3 and 1 of one row."""
    columns = Columns()
    needs = np.array([2.0, 3.0, 1.0])
    columns.add(np.array([-5.0, -4.0, -3.0]), 0.0, upper, [(ROW, needs)], integral=integral)
    return columns


def solver(columns: Columns, row_upper: float = 5.0, **options: bool | float | str) -> Solver:
    made = Solver(**options)
    made.pass_model(columns.model(), np.array([-np.inf]), np.array([row_upper]))
    return made


def wide(n: int = 60) -> Columns:
    """Return a program of one row that no search ends soon: an odd number of twos."""
    columns = Columns()
    columns.add(np.ones(n), 0.0, 1.0, [(np.zeros(n, dtype=np.intp), 2.0)], integral=True)
    return columns


def test_a_run_says_why_it_ended_and_what_it_found() -> None:
    run = solver(knapsack()).run()
    assert run.termination is Termination.OPTIMAL
    assert (run.objective, run.bound) == (-9.0, -9.0)
    assert run.columns.tolist() == [1.0, 1.0, 0.0]


def test_a_linear_program_has_multipliers() -> None:
    run = solver(knapsack(integral=False)).run()
    assert run.termination is Termination.OPTIMAL
    # 5 for 2 and 3 for 1 are the best: the rest of the row buys two thirds of the last
    assert run.objective == pytest.approx(-8 - 8 / 3)
    assert run.row_duals == pytest.approx([-4 / 3])


def test_infeasible_and_unbounded_programs_have_no_solution() -> None:
    none = solver(knapsack(), row_upper=-1.0).run()
    assert (none.termination, none.solution, none.objective) == (Termination.INFEASIBLE, None, np.inf)
    free = solver(knapsack(integral=False, upper=np.inf), row_upper=np.inf, presolve="off").run()
    assert (free.termination, free.bound) == (Termination.UNBOUNDED, -np.inf)


def test_what_a_limit_cuts_short_claims_no_bound_that_it_has_not_proven() -> None:
    odd = Solver(presolve="off", mip_max_nodes=0, mip_heuristic_effort=0.0)
    odd.pass_model(wide().model(), np.array([61.0]), np.array([61.0]))
    cut = odd.run()
    assert cut.termination in (Termination.SOLUTION_LIMIT, Termination.INFEASIBLE)
    linear = solver(knapsack(integral=False), presolve="off", simplex_iteration_limit=0).run()
    assert (linear.termination, linear.bound) == (Termination.ITERATION_LIMIT, -np.inf)
    late = solver(knapsack(integral=False), presolve="off", time_limit=0.0).run()
    assert (late.termination, late.bound) == (Termination.TIME_LIMIT, -np.inf)


def test_every_way_that_a_run_of_this_version_can_end_has_its_word() -> None:
    assert set(highspy.HighsModelStatus.__members__) <= TERMINATIONS.keys()
    assert {name for name, word in TERMINATIONS.items() if word is None} == {
        "kNotset",
        "kLoadError",
        "kModelError",
    }


def test_a_model_that_was_not_passed_cannot_be_run() -> None:
    with pytest.raises(SolverError, match="no model was passed"):
        Solver().run()


def test_a_model_that_is_refused_raises_and_cannot_be_run() -> None:
    twice = knapsack()
    twice.attach(np.array([1]), ROW[:1], 1.0)  # the same row again
    refusing = Solver()
    for _ in range(2):
        with pytest.raises(SolverError, match="the solver refused the model"):
            refusing.pass_model(twice.model(), np.array([-np.inf]), np.array([5.0]))
        with pytest.raises(SolverError, match="cannot run: it refused the model"):
            refusing.run()
    refusing.pass_model(knapsack().model(), np.array([-np.inf]), np.array([5.0]))
    assert refusing.run().objective == -9.0


NOWHERE, ONE = np.array([7]), np.ones(1)


@pytest.mark.parametrize(
    "change",
    [
        lambda made: made.change_bounds(NOWHERE, ONE, ONE),
        lambda made: made.add_rows(ONE, ONE, np.array([0]), NOWHERE, ONE),
        lambda made: made.add_rows(ONE, ONE, np.array([0]), ROW[:1], np.array([np.nan])),
        lambda made: made.add_columns(np.array([np.inf]), np.array([-np.inf])),
        lambda made: made.change_costs(np.array([np.nan, 0.0, 0.0])),
    ],
    ids=["bounds", "rows", "a row with NaN", "columns", "costs"],
)
def test_a_change_that_is_refused_raises_and_the_model_cannot_be_run(
    change: Callable[[Solver], None],
) -> None:
    made = solver(knapsack())
    with pytest.raises(SolverError, match="the solver refused new"):
        change(made)
    with pytest.raises(SolverError, match="cannot run: it refused new"):
        made.run()


@pytest.mark.parametrize(
    ("place", "number"),
    [
        *itertools.product(("cost", "value"), (np.nan, -np.inf, np.inf)),
        *itertools.product(("lower",), (np.nan, np.inf)),
        *itertools.product(("upper",), (np.nan, -np.inf)),
    ],
)
def test_no_model_with_a_number_that_is_none_is_run(place: str, number: float) -> None:
    model = knapsack().model()
    numbers = getattr(model, place).copy()
    numbers[0] = number
    with pytest.raises(SolverError, match="the solver refused the model"):
        Solver().pass_model(replace(model, **{place: numbers}), np.array([-np.inf]), np.array([5.0]))


def test_an_option_that_is_refused_raises() -> None:
    with pytest.raises(SolverError, match="refused the option no_such = 1"):
        Solver(no_such=1)
    with pytest.raises(SolverError, match="refused the option mip_max_nodes = -5"):
        Solver().set_options(mip_max_nodes=-5)


def test_the_next_run_starts_from_a_solution_of_one_before() -> None:
    made = solver(knapsack())
    first = made.run()
    made.set_options(mip_heuristic_effort=0.0, mip_max_nodes=0)
    made.start_from(first)
    assert made.run().objective == first.objective


def test_rows_and_columns_are_added_and_changed() -> None:
    made = solver(knapsack())
    assert made.add_columns(np.zeros(1), np.ones(1)) == 3
    made.change_costs(np.array([-5.0, -4.0, -3.0, -1.0]))
    made.add_rows(np.array([-np.inf]), np.ones(1), np.zeros(2, dtype=np.intp), np.array([3, 0]), np.ones(2))
    made.change_integrality(np.ones(4, dtype=bool))
    made.change_bounds(np.array([1]), np.zeros(1), np.zeros(1))
    # the first or the fourth, not the second: 5 + 3
    assert made.run().objective == -8.0
    assert made.upper.tolist() == [1.0, 0.0, 1.0, 1.0]


def test_the_model_is_written_for_a_report(tmp_path: Path) -> None:
    path = tmp_path / "model.mps"
    solver(knapsack()).write_model(path)
    again = highspy.Highs()  # type: ignore[no-untyped-call]  # highspy is not typed
    again.setOptionValue("output_flag", False)
    again.readModel(str(path))
    again.run()
    assert again.getInfo().objective_function_value == -9.0
    with pytest.raises(SolverError, match="refused to write"):
        solver(knapsack()).write_model(tmp_path / "no" / "model.mps")
