"""Two referees that share only the reading of the document: enumeration, and a mixed-integer programme."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import HealthCheck, assume, given, settings

from realloc.household import Household
from realloc.testing.strategies import households
from tests.reference.brute_force import TooManyPlansError, brute_force
from tests.reference.evaluate import cents_matter
from tests.reference.exact_milp import exact_milp


@settings(
    max_examples=250,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
@given(households("tiny"))
def test_enumeration_and_mixed_integer_programme_find_the_same_optimum(household: Household) -> None:
    try:
        counted = brute_force(household)
    except TooManyPlansError:
        assume(False)
    solved = exact_milp(household)
    accounts = len(household.accounts)
    allowed = cents_matter(household)
    assert solved.proven
    assert abs(counted.shortfall - solved.answer.shortfall) <= Fraction(accounts, 100)
    assert abs(counted.excess - solved.answer.excess) <= Fraction(2 * accounts, 100)
    assert abs(counted.objective - solved.answer.objective) <= allowed
    assert solved.bound <= counted.objective + allowed
