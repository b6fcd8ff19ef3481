"""Rules NET-1 to NET-5 of docs/spec/tax.md."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realloc.errors import InputError
from realloc.policy import Tax
from realloc.tax.netting import Netted, TaxYear, net, tax_effect

DOLLARS = st.integers(-20_000, 20_000)
LOSSES = st.integers(0, 20_000)
RATES = Tax(short_term_rate=0.32, long_term_rate=0.15, loss_value=0.5)


def figures(netted: Netted) -> tuple[int, ...]:
    return (
        int(netted.taxed_short),
        int(netted.taxed_long),
        int(netted.deducted),
        int(netted.short_carryover),
        int(netted.long_carryover),
    )


@pytest.mark.parametrize(
    ("short", "long", "expected"),
    [
        (5_000, 2_000, (5_000, 2_000, 0, 0, 0)),
        (5_000, -2_000, (3_000, 0, 0, 0, 0)),
        (-2_000, 5_000, (0, 3_000, 0, 0, 0)),
        (-7_000, 0, (0, 0, 3_000, 4_000, 0)),  # IRS Publication 550's couple with a loss of 7,000
        (0, -7_000, (0, 0, 3_000, 0, 4_000)),
        (-2_000, -7_000, (0, 0, 3_000, 0, 6_000)),  # the deduction takes the short-term loss first
        (-4_000, 500, (0, 0, 3_000, 500, 0)),
        (-1_000, -500, (0, 0, 1_500, 0, 0)),
    ],
)
def test_net_1_to_4_netting_limit_and_carry_over(short: int, long: int, expected: tuple[int, ...]) -> None:
    assert figures(net(TaxYear(), short_term=short, long_term=long)) == expected


def test_net_3_married_separately_deducts_half_as_much() -> None:
    assert figures(net(TaxYear(loss_limit=1_500), short_term=-7_000)) == (0, 0, 1_500, 5_500, 0)


def test_net_4_losses_of_earlier_years_keep_their_character() -> None:
    year = TaxYear(short_carryover=4_000, long_carryover=6_000)
    assert figures(net(year, long_term=5_000)) == (0, 0, 3_000, 1_000, 1_000)


def _schedule_d(short: int, long: int, limit: int) -> tuple[int, ...]:
    """Return the figures by the lines of Schedule D and its Capital Loss Carryover Worksheet."""
    line_16 = short + long
    line_21 = min(limit, -line_16) if line_16 < 0 else 0
    worksheet_5 = max(0, -short)
    worksheet_8 = worksheet_5 - (line_21 + max(0, long))
    worksheet_9 = max(0, -long)
    worksheet_11 = max(0, line_21 - worksheet_5)
    worksheet_13 = worksheet_9 - (max(0, short) + worksheet_11)
    if line_16 <= 0:
        taxed = (0, 0)
    elif short >= 0 and long >= 0:
        taxed = (short, long)
    else:
        taxed = (line_16, 0) if short > 0 else (0, line_16)
    return (*taxed, line_21, max(0, worksheet_8), max(0, worksheet_13))


@given(DOLLARS, DOLLARS, LOSSES, LOSSES, st.sampled_from([3_000, 1_500]))
def test_net_4_agrees_with_the_lines_of_the_carryover_worksheet(
    short: int, long: int, short_carry: int, long_carry: int, limit: int
) -> None:
    year = TaxYear(short_carryover=short_carry, long_carryover=long_carry, loss_limit=limit)
    netted = net(year, short_term=short, long_term=long)
    assert figures(netted) == _schedule_d(short - short_carry, long - long_carry, limit)


@given(DOLLARS, DOLLARS, DOLLARS, DOLLARS, LOSSES, LOSSES)
def test_no_loss_is_counted_twice_and_none_is_lost(
    short: int, long: int, more_short: int, more_long: int, short_carry: int, long_carry: int
) -> None:
    year = TaxYear(short_term=short, long_term=long, short_carryover=short_carry, long_carryover=long_carry)
    netted = net(year, short_term=more_short, long_term=more_long)
    kept = netted.taxed_short + netted.taxed_long - netted.deducted
    carried = netted.short_carryover + netted.long_carryover
    assert kept - carried == short + long + more_short + more_long - short_carry - long_carry


def test_net_5_a_loss_first_saves_the_rate_of_the_gain_that_it_meets() -> None:
    year = TaxYear(short_term=1_000, long_term=5_000)
    # 1,000 at 32%, 5,000 at 15%; a short-term loss of 8,000 leaves a net loss of 2,000, deducted at 32%.
    effect = tax_effect(year, RATES, short_term=-8_000)
    assert effect.due == -(1_000 * Fraction("0.32") + 5_000 * Fraction("0.15") + 2_000 * Fraction("0.32"))
    assert (int(effect.short_carryover), int(effect.long_carryover)) == (0, 0)
    assert effect.price == effect.due


def test_net_5_a_loss_beyond_the_limit_is_worth_the_loss_value_of_its_rate() -> None:
    effect = tax_effect(TaxYear(short_term=-3_000), RATES, long_term=-1_000)
    assert effect.due == 0
    assert (int(effect.short_carryover), int(effect.long_carryover)) == (0, 1_000)
    assert effect.price == -Fraction("0.5") * 1_000 * Fraction("0.15")


def test_net_5_a_gain_against_a_carry_over_is_not_taxed_but_uses_it_up() -> None:
    effect = tax_effect(TaxYear(long_carryover=10_000), RATES, long_term=4_000)
    assert (int(effect.due), int(effect.long_carryover)) == (0, -4_000)
    assert effect.price == Fraction("0.5") * 4_000 * Fraction("0.15")


@given(DOLLARS, DOLLARS, DOLLARS, DOLLARS)
def test_net_5_the_due_tax_of_two_steps_adds_up(
    short: int, long: int, more_short: int, more_long: int
) -> None:
    first = tax_effect(TaxYear(), RATES, short_term=short, long_term=long)
    second = tax_effect(
        TaxYear(short_term=short, long_term=long), RATES, short_term=more_short, long_term=more_long
    )
    both = tax_effect(TaxYear(), RATES, short_term=short + more_short, long_term=long + more_long)
    assert first.due + second.due == both.due
    assert first.price + second.price == both.price


@pytest.mark.parametrize("name", ["short_carryover", "long_carryover", "loss_limit"])
def test_a_negative_carry_over_or_limit_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="at least 0"):
        TaxYear(**{name: -1.0})
