"""Others in the process: HiGHS run by somebody else before, after, beside and around a plan, and standard output."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import highspy
import numpy as np
import pytest

from benchmarks import households as synthetic
from realloc import Household, rebalance
from realloc.optimizer.columns import Columns
from realloc.optimizer.highs import Solver

ROOT = Path(__file__).parents[2]

HOME = Household.from_dict(json.loads((ROOT / "examples" / "household.json").read_text(encoding="utf-8")))

OK, ERROR = highspy.HighsStatus.kOk, highspy.HighsStatus.kError


def neighbour(threads: int) -> Any:
    """Return what HiGHS says to somebody else who asks for so many threads, 0 for as many as it likes."""
    highs = highspy.Highs()  # type: ignore[no-untyped-call]  # highspy is not typed
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("threads", threads)
    rng = np.random.default_rng(7)
    for worth in rng.integers(20, 60, 30).tolist():
        highs.addVar(0.0, 1.0)
        highs.changeColCost(highs.getNumCol() - 1, -float(worth))
        highs.changeColIntegrality(highs.getNumCol() - 1, highspy.HighsVarType.kInteger)
    every = np.arange(30, dtype=np.int32)
    for _ in range(3):
        highs.addRow(-np.inf, 400.0, 30, every, rng.integers(20, 60, 30).astype(float))
    return highs.run()


def alone(function: Callable[[], Any]) -> Any:
    """Return what the function returns in a thread in which HiGHS has not run."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(function).result()


@pytest.fixture(scope="module")
def plan() -> dict[str, Any]:
    made: dict[str, Any] = alone(lambda: rebalance(HOME)).to_dict()
    return made


@pytest.mark.parametrize("threads", [0, 1, 2, 3])
def test_a_plan_is_the_same_whatever_ran_before(threads: int, plan: dict[str, Any]) -> None:
    def after() -> tuple[Any, Any]:
        return neighbour(threads), rebalance(HOME).to_dict()

    assert alone(after) == (OK, plan)


@pytest.mark.parametrize("threads", [0, 1, 2, 3])
def test_a_plan_leaves_the_thread_as_it_was(threads: int) -> None:
    def around() -> list[Any]:
        first = neighbour(threads)
        rebalance(HOME)
        return [first, neighbour(threads), *(neighbour(other) for other in (1, 2, 3))]

    def without() -> list[Any]:
        return [neighbour(threads), neighbour(threads), *(neighbour(other) for other in (1, 2, 3))]

    def after() -> Any:
        rebalance(HOME)
        return neighbour(threads)

    assert alone(around) == alone(without)
    assert alone(after) == OK


def test_somebody_elses_run_goes_on_beside_a_plan(plan: dict[str, Any]) -> None:
    def often() -> list[Any]:
        return [neighbour(2) for _ in range(20)]

    with ThreadPoolExecutor(2) as others:
        runs = [others.submit(often) for _ in range(2)]
        plans = [rebalance(HOME).to_dict() for _ in range(3)]
    assert plans == [plan] * 3
    assert [run.result() for run in runs] == [[OK] * 20] * 2


def test_plans_made_at_once_are_those_made_one_by_one() -> None:
    homes = [HOME, *(synthetic.household("S", seed, "cap") for seed in (2, 3, 4))]
    one_by_one = [rebalance(home).to_dict() for home in homes]
    with ThreadPoolExecutor(4) as threads:
        at_once = list(threads.map(lambda home: rebalance(home).to_dict(), homes * 2))
    assert at_once == one_by_one * 2


def test_a_plan_is_made_within_somebody_elses_run(plan: dict[str, Any]) -> None:
    def within() -> list[Any]:
        plans: list[Any] = []
        highs = highspy.Highs()  # type: ignore[no-untyped-call]
        highs.setOptionValue("output_flag", False)
        highs.setOptionValue("threads", 2)
        column = highs.addVariable(lb=0.0, ub=10.0, obj=-1.0, type=highspy.HighsVarType.kInteger)
        highs.addConstr(2.0 * column <= 7.0)
        highs.cbMipImprovingSolution += lambda _: plans.append(rebalance(HOME).to_dict())
        assert highs.run() == OK
        return plans

    found = alone(within)
    assert found
    assert found == [plan] * len(found)


def test_a_failure_in_the_solvers_thread_is_raised_in_the_callers(monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing:
        def run(self) -> None:
            raise MemoryError("no room")

    columns = Columns()
    columns.add(np.ones(1), 0.0, 1.0, [(np.zeros(1, dtype=np.intp), 1.0)])
    solver = Solver()
    solver.pass_model(columns.model(), np.zeros(1), np.ones(1))
    monkeypatch.setattr(solver, "_highs", Failing())
    with pytest.raises(MemoryError, match="no room"):
        solver.run()


MAIN_THREAD = """
import sys
from tests.optimizer.test_neighbours import HOME, neighbour, rebalance
before, after = int(sys.argv[1]), int(sys.argv[2])
said = [neighbour(before).name] if before >= 0 else []
plan = rebalance(HOME)
said += [neighbour(after).name] if after >= 0 else []
print(len(plan.trades), *said, file=sys.stderr)
"""


@pytest.mark.parametrize(("before", "after"), [(2, 2), (0, 0), (-1, 2), (-1, -1)])
def test_a_program_with_a_neighbour_plans_in_silence(before: int, after: int, plan: dict[str, Any]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", MAIN_THREAD, str(before), str(after)],
        check=True,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    expected = ["kOk" for each in (before, after) if each >= 0]
    assert done.stderr.split() == [str(len(plan["trades"])), *expected]
    if (before, after) == (-1, -1):
        assert done.stdout == ""  # a neighbour's own header is its own
