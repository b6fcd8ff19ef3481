"""Say what could not be done and why, in the user's words and amounts."""

from __future__ import annotations

from collections.abc import Iterator

from realloc.errors import Issue
from realloc.optimizer.integer import Repair
from realloc.optimizer.problem import Problem


def diagnose(problem: Problem, made: Repair, idle: Repair) -> Iterator[Issue]:
    """Yield what stood in the way of the plan."""
    yield from ()
