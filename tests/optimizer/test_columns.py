from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import numpy as np
from hypothesis import assume, given, settings

from realloc.errors import InputError
from realloc.household import Household
from realloc.optimizer.columns import Columns, Model
from realloc.optimizer.exact import Program
from realloc.optimizer.highs import Solver
from realloc.optimizer.problem import Floats, Problem, build
from realloc.optimizer.raising import with_tax_first
from realloc.optimizer.relaxation import Relaxation
from realloc.optimizer.relief import convex
from realloc.optimizer.washes import families
from tests.optimizer.cases import drawn, whole_documents

Passed = tuple[Model, Floats, Floats]


@contextmanager
def passed_models() -> Iterator[list[Passed]]:
    """Collect the models that solvers are passed, before HiGHS sees them."""
    seen: list[Passed] = []
    original = Solver.pass_model

    def recorded(self: Solver, model: Model, row_lower: Floats, row_upper: Floats) -> None:
        seen.append((model, row_lower, row_upper))
        original(self, model, row_lower, row_upper)

    with patch.object(Solver, "pass_model", recorded):
        yield seen


def faults(model: Model, row_lower: Floats, row_upper: Floats) -> Iterator[str]:
    """Yield what is wrong with a model, column by column and row by row."""
    n = model.n_columns
    if not len(model.cost) == len(model.lower) == len(model.upper) == len(model.integrality) == n:
        yield "columns of different lengths"
    if list(model.start) != sorted(model.start) or (model.start[0], model.start[-1]) != (0, len(model.index)):
        yield "starts that do not span the entries"
    if not (np.isfinite(model.cost).all() and np.isfinite(model.value).all()):
        yield "a cost or an entry that is not finite"
    for what, lower, upper in (("column", model.lower, model.upper), ("row", row_lower, row_upper)):
        unordered = np.flatnonzero(~(lower <= upper) | (lower == np.inf) | (upper == -np.inf))
        yield from (f"{what} {k} between {lower[k]} and {upper[k]}" for k in unordered.tolist())
    for column, (start, end) in enumerate(zip(model.start[:-1], model.start[1:], strict=True)):
        rows = Counter(model.index[start:end].tolist())
        yield from (f"row {row} twice in column {column}" for row, times in rows.items() if times > 1)
        yield from (f"row {row} of {len(row_lower)}" for row in rows if not 0 <= row < len(row_lower))


def make_every_model(problem: Problem) -> None:
    """Make what the search may make of a problem: the relaxation, its hull, and each kind of program."""
    for relaxed in (problem, convex(problem)):
        Relaxation(relaxed).couple(np.flatnonzero(relaxed.coupled))
    allowed = problem.household.policy.wash_sales.mode == "allow"
    found = families(problem) if allowed else {}
    for elastic in (False, True):
        Program(problem, whole=True, elastic=elastic, families=found)
        Program(convex(problem), whole=False, elastic=elastic)


@settings(drawn, max_examples=100)
@given(whole_documents())
def test_every_model_of_a_household_is_sound(document: dict[str, Any]) -> None:
    try:
        home = Household.from_dict(document)
    except InputError:
        assume(False)
    problem = build(home)
    assume((problem.pairs.buy_max > 0).any() or len(problem.lots.pair))
    with passed_models() as models:
        make_every_model(problem)
        if home.policy.mode == "raise_cash":
            make_every_model(with_tax_first(problem))
    assert len(models) >= 6
    assert [fault for model in models for fault in faults(*model)] == []


def test_the_check_of_models_sees_what_is_wrong() -> None:
    columns = Columns()
    row = np.zeros(1, dtype=np.intp)
    columns.add(np.array([np.nan]), 2.0, 1.0, [(row, 1.0), (row, 1.0), (row + 1, 1.0)])
    one = np.ones(1)
    assert list(faults(columns.model(), -one, one)) == [
        "a cost or an entry that is not finite",
        "column 0 between 2.0 and 1.0",
        "row 0 twice in column 0",
        "row 1 of 1",
    ]


def test_entries_of_a_column_stand_together() -> None:
    columns = Columns()
    first = columns.add(np.ones(2), 0.0, np.array([1.0, 2.0]), [(np.array([0, 1]), 5.0)])
    second = columns.add(np.zeros(1), -1.0, 1.0, [], integral=True)
    columns.attach(np.array([second, first]), np.array([1, 1]), np.array([7.0, 6.0]))
    columns.attach(np.array([second]), np.array([0]), 0.0)  # nothing
    model = columns.model()
    assert (first, second, model.n_columns) == (0, 2, 3)
    assert model.start.tolist() == [0, 2, 3, 4]
    assert model.index.tolist() == [0, 1, 1, 1]
    assert model.value.tolist() == [5.0, 6.0, 5.0, 7.0]
    assert model.upper.tolist() == [1.0, 2.0, 1.0]
    assert model.integrality.tolist() == [0, 0, 1]
