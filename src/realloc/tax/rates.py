"""Marginal rates on gains from filing status, income, year and state, so that nobody looks up brackets."""

from __future__ import annotations

import math
from fractions import Fraction

from realloc._reading import nearest
from realloc.errors import InputError, Issue
from realloc.policy import Tax
from realloc.tax.exact import ZERO, exact
from realloc.tax.tables import (
    FILING_STATUSES,
    GAIN_RATES,
    LOSS_LIMITS,
    NIIT_RATE,
    NIIT_THRESHOLDS,
    ORDINARY_RATES,
    SCHEDULES,
    FilingStatus,
    Schedule,
)

_NEXT_DOLLAR = Fraction(1, 10**30)


def federal_income_tax(
    *,
    filing_status: FilingStatus,
    year: int,
    ordinary_income: float | Fraction,
    long_term_income: float | Fraction = 0.0,
    deduction: float | None = None,
) -> Fraction:
    """Return the federal income tax of a year in dollars, without the net investment income tax.

    Long-term gains and qualified dividends are stacked on top of ordinary income (rule RATE-2); a deduction
    that ordinary income does not use up reduces them.

    Parameters
    ----------
    filing_status : {"single", "married_joint", "head_of_household", "married_separate"}
        As on the return.
    year : int
        Tax year with a table: 2025 or 2026.
    ordinary_income : float
        Dollars before the deduction: wages, interest, short-term gains and the like.
    long_term_income : float
        Dollars of net long-term gains and qualified dividends.
    deduction : float, optional
        Dollars; None takes the standard deduction.

    Raises
    ------
    InputError
        The year has no table, the status is unknown, or an amount is negative or not finite.
    """
    schedule = _schedule(filing_status, year)
    ordinary = _amount("ordinary_income", ordinary_income)
    preferential = _amount("long_term_income", long_term_income)
    allowed = schedule.standard_deduction if deduction is None else _amount("deduction", deduction)
    taxed_as_ordinary = max(ZERO, ordinary - allowed)
    taxed_as_gains = max(ZERO, preferential - max(ZERO, allowed - ordinary))
    below = _stacked(taxed_as_ordinary, schedule.gains, GAIN_RATES)
    with_gains = _stacked(taxed_as_ordinary + taxed_as_gains, schedule.gains, GAIN_RATES)
    return _stacked(taxed_as_ordinary, schedule.ordinary, ORDINARY_RATES) + with_gains - below


def tax_policy(
    *,
    filing_status: FilingStatus,
    ordinary_income: float,
    year: int,
    state_rate: float = 0.0,
    long_term_income: float = 0.0,
    deduction: float | None = None,
    niit: bool = True,
    loss_value: float = 0.5,
) -> Tax:
    """Return the policy's tax rates for a person: the rates on the next dollar of gain (rule RATE-4).

    Federal income tax with the stacking of long-term gains, the net investment income tax, and a flat state
    rate on both. Where one more dollar of short-term gain also pushes long-term income into a higher bracket,
    the short-term rate contains that.

    Parameters
    ----------
    filing_status : {"single", "married_joint", "head_of_household", "married_separate"}
        As on the return.
    ordinary_income : float
        Dollars expected in the year before the deduction, without long-term gains and qualified dividends.
    year : int
        Tax year with a table: 2025 or 2026.
    state_rate : float
        Marginal state and local rate on gains, 0.05 for 5%.
    long_term_income : float
        Dollars of net long-term gains and qualified dividends expected before this plan.
    deduction : float, optional
        Dollars; None takes the standard deduction.
    niit : bool
        Count the net investment income tax, 3.8% from its threshold on. Income before the deduction stands
        for modified adjusted gross income.
    loss_value : float
        What a loss is worth as a part of its rate, for `Tax`.

    Raises
    ------
    InputError
        The year has no table, the status is unknown, or a number is out of range.

    Examples
    --------
    >>> tax_policy(filing_status="married_joint", ordinary_income=180_000, year=2026, state_rate=0.05)
    Tax(short_term_rate=0.27, long_term_rate=0.2, loss_value=0.5)
    """
    for name, value in (("state_rate", state_rate), ("loss_value", loss_value)):
        if not 0.0 <= value <= 1.0:
            raise _fault("number.range", name, f"expected a number from 0 to 1, found {value:g}")
    ordinary, preferential = (
        _amount("ordinary_income", ordinary_income),
        _amount("long_term_income", long_term_income),
    )

    def due(more_ordinary: Fraction, more_long: Fraction) -> Fraction:
        return federal_income_tax(
            filing_status=filing_status,
            year=year,
            ordinary_income=ordinary + more_ordinary,
            long_term_income=preferential + more_long,
            deduction=deduction,
        )

    now = due(ZERO, ZERO)
    short = (due(_NEXT_DOLLAR, ZERO) - now) / _NEXT_DOLLAR
    long = (due(ZERO, _NEXT_DOLLAR) - now) / _NEXT_DOLLAR
    above = exact(state_rate)
    if niit and ordinary + preferential >= NIIT_THRESHOLDS[filing_status]:
        above += NIIT_RATE
    return Tax(
        short_term_rate=min(1.0, float(short + above)),
        long_term_rate=min(1.0, float(long + above)),
        loss_value=loss_value,
    )


def loss_limit(filing_status: FilingStatus) -> int:
    """Return the dollars of net capital loss that a year may deduct: 3,000, or 1,500 married separately.

    Raises
    ------
    InputError
        The status is unknown.
    """
    if filing_status not in LOSS_LIMITS:
        raise _unknown_status(filing_status)
    return LOSS_LIMITS[filing_status]


def _stacked(income: Fraction, ends: tuple[int, ...], rates: tuple[Fraction, ...]) -> Fraction:
    tax, start = ZERO, ZERO
    for end, rate in zip((*ends, math.inf), rates, strict=True):
        if income <= start:
            break
        tax += (income - start if income < end else Fraction(end) - start) * rate
        start = income if income < end else Fraction(end)
    return tax


def _schedule(filing_status: str, year: int) -> Schedule:
    if year not in SCHEDULES:
        known = ", ".join(str(known) for known in sorted(SCHEDULES))
        raise _fault(
            "rates.year",
            "year",
            f"there is no table of rates for {year}",
            f"known: {known}; or state the rates",
        )
    if filing_status not in SCHEDULES[year]:
        raise _unknown_status(filing_status)
    return SCHEDULES[year][filing_status]


def _unknown_status(filing_status: str) -> InputError:
    hint = nearest(filing_status, FILING_STATUSES)
    return _fault("rates.status", "filing_status", f"unknown filing status {filing_status!r}", hint)


def _amount(name: str, value: float | Fraction) -> Fraction:
    if not math.isfinite(value) or value < 0:
        raise _fault("number.range", name, f"expected dollars of at least 0, found {value}")
    return exact(value)


def _fault(code: str, where: str, message: str, hint: str = "") -> InputError:
    return InputError(Issue(code=code, where=where, message=message, hint=hint))
