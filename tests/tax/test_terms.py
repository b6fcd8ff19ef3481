"""Rules TERM-1 to TERM-3 of docs/spec/tax.md."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realloc.errors import InputError
from realloc.tax.terms import is_long_term, long_term_cutoff, long_term_from

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("acquired", "first_long"),
    [
        ("2023-01-15", "2024-01-16"),  # Rev. Rul. 66-97: exclude the day bought, include the day sold
        ("2023-02-28", "2024-03-01"),  # last day of a month (Rev. Rul. 70-598), so 29 February 2024 is short
        ("2024-02-29", "2025-03-01"),
        ("2024-02-28", "2025-03-01"),
        ("2023-12-31", "2025-01-01"),
        ("2023-04-30", "2024-05-01"),
    ],
)
def test_term_1_a_lot_is_long_from_the_day_after_its_anniversary(acquired: str, first_long: str) -> None:
    bought, first = date.fromisoformat(acquired), date.fromisoformat(first_long)
    assert is_long_term(bought, first)
    assert not is_long_term(bought, first - DAY)
    assert long_term_from(bought) == first


def _long_by_counting_months(acquired: date, sold: date) -> bool:
    """Return the term by walking the twelve holding months of Rev. Rul. 66-97 and 70-598 day by day."""
    month_end = (acquired + DAY).day == 1
    day, months = acquired, 0
    while months < 12:
        day += DAY
        last_of_month = (day + DAY).day == 1
        if month_end:
            months += last_of_month
        else:
            months += day.day == acquired.day or (last_of_month and day.day < acquired.day)
    return sold > day


@pytest.mark.parametrize("year", [2019, 2020, 2023, 2024])
def test_term_2_agrees_with_counting_whole_holding_months(year: int) -> None:
    acquired = date(year, 1, 1)
    while acquired.year == year:
        for offset in range(363, 370):
            sold = acquired + offset * DAY
            assert is_long_term(acquired, sold) == _long_by_counting_months(acquired, sold), (acquired, sold)
        acquired += DAY


def test_term_3_the_cutoff_agrees_with_the_term_for_every_date_of_nine_years() -> None:
    sold = date(2019, 1, 1)
    while sold.year < 2028:
        cutoff = long_term_cutoff(sold)
        for offset in range(-3, 4):
            acquired = cutoff + offset * DAY
            assert is_long_term(acquired, sold) == (acquired <= cutoff), (acquired, sold)
        sold += DAY


@given(st.dates(date(2, 1, 2)), st.dates())
def test_term_3_the_cutoff_agrees_with_the_term_for_any_two_dates(sold: date, acquired: date) -> None:
    assert is_long_term(acquired, sold) == (acquired <= long_term_cutoff(sold))


@given(st.dates(max_value=date(9998, 12, 30)), st.dates())
def test_the_first_long_date_agrees_with_the_term(acquired: date, sold: date) -> None:
    assert is_long_term(acquired, sold) == (sold >= long_term_from(acquired))


@given(st.dates(), st.dates())
def test_a_sale_on_or_before_the_purchase_is_short(one: date, other: date) -> None:
    assert not is_long_term(max(one, other), min(one, other))


def test_dates_at_the_ends_of_the_calendar_are_refused_not_wrapped() -> None:
    assert long_term_cutoff(date(2, 1, 2)) == date.min
    assert long_term_from(date(9998, 12, 30)) == date.max
    with pytest.raises(InputError, match="0002-01-01"):
        long_term_cutoff(date(2, 1, 1))
    with pytest.raises(InputError, match="9998-12-31"):
        long_term_from(date(9998, 12, 31))
