"""Rules RATE-1 to RATE-5 of docs/spec/tax.md, against the published tables."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realloc.errors import InputError
from realloc.policy import Tax
from realloc.tax.rates import federal_income_tax, loss_limit, tax_policy
from realloc.tax.tables import (
    GAIN_RATES,
    NIIT_THRESHOLDS,
    ORDINARY_RATES,
    SCHEDULES,
    FilingStatus,
    Schedule,
)

STATUSES: tuple[FilingStatus, ...] = ("single", "married_joint", "head_of_household", "married_separate")


def ordinary_tax(status: FilingStatus, year: int, taxable: float) -> Fraction:
    return federal_income_tax(filing_status=status, year=year, ordinary_income=taxable, deduction=0)


@pytest.mark.parametrize(
    ("status", "year", "base_amounts"),
    [
        # "The tax is $x plus y% of the excess": Rev. Proc. 2025-32, tables of section 1(j)(2) for 2026
        ("head_of_household", 2026, ["1770", "7740", "16155", "39207", "56631", "191171"]),
        ("married_joint", 2026, ["2480", "11600", "35932", "82048", "116896", "206583.50"]),
        # Rev. Proc. 2024-40 for 2025
        ("married_joint", 2025, ["2385", "11157", "35302", "80398", "114462", "202154.50"]),
        ("single", 2025, ["1192.50", "5578.50", "17651", "40199", "57231", "188769.75"]),
    ],
)
def test_rate_1_the_tax_at_each_upper_end_is_the_base_amount_of_the_published_table(
    status: FilingStatus, year: int, base_amounts: list[str]
) -> None:
    ends = SCHEDULES[year][status].ordinary
    assert [ordinary_tax(status, year, end) for end in ends] == [Fraction(base) for base in base_amounts]


def test_rate_1_published_examples_of_the_tables() -> None:
    assert ordinary_tax("single", 2025, 60_000) == 8_114  # 1,192.50 + 4,386.00 + 2,535.50
    assert ordinary_tax("head_of_household", 2026, 210_000) == 41_847  # 39,207 + 32% of 8,250
    assert ordinary_tax("single", 2026, 640_600) == Fraction("192979.25")


def test_rate_1_brackets_rise_and_single_ends_are_half_of_joint_where_the_law_says_so() -> None:
    for schedules in SCHEDULES.values():
        assert set(schedules) == set(STATUSES)
        for schedule in schedules.values():
            assert list(schedule.ordinary) == sorted(schedule.ordinary)
            assert len(schedule.ordinary) == len(ORDINARY_RATES) - 1
            assert list(schedule.gains) == sorted(schedule.gains)
            assert len(schedule.gains) == len(GAIN_RATES) - 1
        # 26 USC 1(j)(2)(D): married separately is half of joint
        assert [2 * end for end in schedules["married_separate"].ordinary] == list(
            schedules["married_joint"].ordinary
        )
        assert 2 * schedules["single"].standard_deduction == schedules["married_joint"].standard_deduction


def test_rate_2_long_term_gains_are_stacked_on_top_of_ordinary_income() -> None:
    # Single, 2026: 40,000 of wages less 16,100 leave 23,900; 0% up to 49,450 covers 25,550 of 30,000 of gain.
    tax = federal_income_tax(
        filing_status="single", year=2026, ordinary_income=40_000, long_term_income=30_000
    )
    assert tax == Fraction("1240") + Fraction("0.12") * (23_900 - 12_400) + Fraction("0.15") * (
        30_000 - 25_550
    )


def test_rate_2_a_deduction_that_wages_do_not_use_up_reduces_the_gains() -> None:
    # 10,000 of wages leave 6,100 of the deduction: 60,000 - 6,100 - 49,450 = 4,450 are taxed at 15%.
    tax = federal_income_tax(
        filing_status="single", year=2026, ordinary_income=10_000, long_term_income=60_000
    )
    assert tax == Fraction("0.15") * 4_450


@pytest.mark.parametrize(
    ("arguments", "short", "long"),
    [
        ({"filing_status": "single", "ordinary_income": 30_000, "year": 2026}, 0.12, 0.0),
        ({"filing_status": "single", "ordinary_income": 100_000, "year": 2026}, 0.22, 0.15),
        # 1,000,000 is above every threshold: 37% and 20%, each with 3.8%
        ({"filing_status": "married_joint", "ordinary_income": 1_000_000, "year": 2025}, 0.408, 0.238),
        (
            {"filing_status": "married_joint", "ordinary_income": 1_000_000, "year": 2025, "niit": False},
            0.37,
            0.20,
        ),
        # at the threshold the next dollar is taxed: 250,000 - 32,200 = 217,800 is in the 24% bracket
        ({"filing_status": "married_joint", "ordinary_income": 250_000, "year": 2026}, 0.278, 0.188),
        ({"filing_status": "married_joint", "ordinary_income": 249_999.99, "year": 2026}, 0.24, 0.15),
        (
            {
                "filing_status": "head_of_household",
                "ordinary_income": 100_000,
                "year": 2026,
                "state_rate": 0.093,
            },
            0.313,  # 100,000 - 24,150 = 75,850 is in the 22% bracket
            0.243,
        ),
        ({"filing_status": "married_separate", "ordinary_income": 130_000, "year": 2026}, 0.278, 0.188),
        # income below the deduction: the next dollar is not taxed at all
        ({"filing_status": "single", "ordinary_income": 5_000, "year": 2026}, 0.0, 0.0),
    ],
)
def test_rate_4_one_call_gives_the_rates_on_the_next_dollar(
    arguments: dict[str, object], short: float, long: float
) -> None:
    tax = tax_policy(**arguments)  # type: ignore[arg-type]  # parametrized
    assert (tax.short_term_rate, tax.long_term_rate) == (short, long)


def test_rate_4_a_short_term_dollar_that_pushes_gains_out_of_the_zero_bracket_costs_both() -> None:
    # Taxable ordinary 23,900 and gains 30,000 end above 49,450: one more ordinary dollar costs 12% + 15%.
    tax = tax_policy(filing_status="single", ordinary_income=40_000, year=2026, long_term_income=30_000)
    assert (tax.short_term_rate, tax.long_term_rate) == (0.27, 0.15)


@given(
    st.sampled_from(STATUSES),
    st.sampled_from([2025, 2026]),
    st.integers(0, 900_000),
    st.integers(0, 900_000),
)
def test_rate_4_the_rates_are_what_one_cent_more_costs(
    status: FilingStatus, year: int, ordinary: int, long: int
) -> None:
    def due(more_ordinary: Fraction, more_long: Fraction) -> Fraction:
        total = _by_the_dollar(
            SCHEDULES[year][status], Fraction(ordinary) + more_ordinary, Fraction(long) + more_long
        )
        above = max(Fraction(0), ordinary + long + more_ordinary + more_long - NIIT_THRESHOLDS[status])
        return total + Fraction("0.038") * above  # all income counted as investment income

    cent = Fraction(1, 100)
    tax = tax_policy(filing_status=status, ordinary_income=ordinary, year=year, long_term_income=long)
    short_rate = (due(cent, Fraction(0)) - due(Fraction(0), Fraction(0))) / cent
    long_rate = (due(Fraction(0), cent) - due(Fraction(0), Fraction(0))) / cent
    assert (tax.short_term_rate, tax.long_term_rate) == (float(short_rate), float(long_rate))


def _by_the_dollar(schedule: Schedule, ordinary: Fraction, long: Fraction) -> Fraction:
    """Return the tax by cutting income into pieces at every bracket end: a second formulation."""
    start = -Fraction(schedule.standard_deduction)
    middle, end = start + ordinary, start + ordinary + long
    total = Fraction(0)
    for low, high, rate in zip(
        (0, *schedule.ordinary), (*schedule.ordinary, 10**9), ORDINARY_RATES, strict=True
    ):
        total += rate * max(Fraction(0), min(middle, Fraction(high)) - max(start, Fraction(low)))
    for low, high, rate in zip((0, *schedule.gains), (*schedule.gains, 10**9), GAIN_RATES, strict=True):
        total += rate * max(Fraction(0), min(end, Fraction(high)) - max(middle, Fraction(low)))
    return total


def test_rate_5_the_limit_on_a_net_loss_is_halved_for_married_separately() -> None:
    assert [loss_limit(status) for status in STATUSES] == [3_000, 3_000, 3_000, 1_500]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"year": 2019}, "there is no table of rates for 2019.*2025, 2026"),
        ({"filing_status": "maried_joint"}, "did you mean 'married_joint'"),
        ({"ordinary_income": -1.0}, "at least 0"),
        ({"ordinary_income": float("nan")}, "at least 0"),
        ({"state_rate": 9.3}, "from 0 to 1"),
        ({"loss_value": -0.1}, "from 0 to 1"),
        ({"deduction": float("inf")}, "at least 0"),
    ],
)
def test_what_cannot_be_looked_up_is_refused(arguments: dict[str, object], message: str) -> None:
    complete = {"filing_status": "single", "ordinary_income": 1.0, "year": 2026} | arguments
    with pytest.raises(InputError, match=message):
        tax_policy(**complete)  # type: ignore[arg-type]  # parametrized


def test_the_result_is_the_policy_s_own_type() -> None:
    assert tax_policy(
        filing_status="married_joint", ordinary_income=180_000, year=2026, state_rate=0.05, loss_value=0.7
    ) == Tax(short_term_rate=0.27, long_term_rate=0.2, loss_value=0.7)
