"""The tax year of a household after a plan: what is taxed, deducted and carried forward."""

from __future__ import annotations

from fractions import Fraction

from realloc.household import Household
from realloc.plan import YearAfter
from realloc.tax.netting import TaxYear, net
from realloc.tax.rates import loss_limit


def tax_year_of(household: Household) -> TaxYear:
    """Return the year so far of a household, for netting; an unstated year is empty.

    The limit on a net loss is that of the filing status of ``policy.tax`` where it states one, else 3,000 dollars.
    """
    year, filing = household.tax_year, household.policy.tax.filing
    limit = 3_000 if filing is None else loss_limit(filing.filing_status)  # type: ignore[arg-type]  # checked when read
    if year is None:
        return TaxYear(loss_limit=limit)
    return TaxYear(
        short_term=year.realized_short_term,
        long_term=year.realized_long_term,
        short_carryover=year.carried_short_term,
        long_carryover=year.carried_long_term,
        loss_limit=limit,
    )


def year_after(
    household: Household, *, short_term: float | Fraction, long_term: float | Fraction
) -> YearAfter:
    """Return the household's year with more gains, each figure rounded to the cent (rule YEAR-1).

    Parameters
    ----------
    household : Household
        Its `tax_year` is the year so far.
    short_term, long_term : float
        Net gains that the plan adds, in dollars; negative for losses.
    """
    year, rates = tax_year_of(household), household.policy.tax
    before, after = net(year), net(year, short_term=short_term, long_term=long_term)
    return YearAfter(
        realized_short_term=_cents(year.short_term + float(short_term)),
        realized_long_term=_cents(year.long_term + float(long_term)),
        taxed_short_term=_cents(after.taxed_short),
        taxed_long_term=_cents(after.taxed_long),
        deducted=_cents(after.deducted),
        carried_short_term=_cents(after.short_carryover),
        carried_long_term=_cents(after.long_carryover),
        tax_before=_cents(before.tax(rates)),
        tax=_cents(after.tax(rates)),
    )


def _cents(dollars: float | Fraction) -> float:
    return round(float(dollars), 2) + 0.0
