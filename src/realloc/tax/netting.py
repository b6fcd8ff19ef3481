"""Netting of a year's gains and losses, the limit on a net loss, and what is carried forward (Schedule D)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from realloc.errors import InputError, Issue
from realloc.policy import Tax
from realloc.tax.exact import ZERO, exact


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxYear:
    """Gains and losses of the year so far, and losses of earlier years, in dollars.

    Parameters
    ----------
    short_term, long_term : float
        Net realized gain of the year so far; negative for a net loss.
    short_carryover, long_carryover : float
        Losses carried into the year, as positive dollars.
    loss_limit : float
        Net loss that the year may deduct from other income: 3,000, or 1,500 for married filing separately.

    Raises
    ------
    InputError
        A carry-over or the limit is negative.
    """

    short_term: float = 0.0
    long_term: float = 0.0
    short_carryover: float = 0.0
    long_carryover: float = 0.0
    loss_limit: float = 3_000.0

    def __post_init__(self) -> None:
        for name in ("short_carryover", "long_carryover", "loss_limit"):
            value = getattr(self, name)
            if value < 0:
                message = f"expected dollars of at least 0, found {value:g}"
                hint = "write a loss carried forward as a positive number"
                raise InputError(Issue(code="number.range", where=name, message=message, hint=hint))


@dataclass(frozen=True, slots=True, kw_only=True)
class Netted:
    """The result of netting, in exact dollars, none of them negative.

    Parameters
    ----------
    taxed_short, taxed_long : Fraction
        Net gain taxed at the short-term and at the long-term rate.
    deducted : Fraction
        Net loss deducted from other income this year.
    short_carryover, long_carryover : Fraction
        Losses carried into the next year; they keep their character.
    """

    taxed_short: Fraction
    taxed_long: Fraction
    deducted: Fraction
    short_carryover: Fraction
    long_carryover: Fraction

    def tax(self, tax: Tax) -> Fraction:
        """Return the year's tax in dollars; a deducted loss saves the short-term, that is ordinary, rate."""
        short_rate, long_rate = exact(tax.short_term_rate), exact(tax.long_term_rate)
        return (self.taxed_short - self.deducted) * short_rate + self.taxed_long * long_rate


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxEffect:
    """What more gains and losses change, in exact dollars.

    Parameters
    ----------
    due : Fraction
        Change of this year's tax; negative where it falls.
    short_carryover, long_carryover : Fraction
        Change of the losses carried into the next year.
    price : Fraction
        `due`, less `Tax.loss_value` times its rate for each dollar more that is carried forward.
    """

    due: Fraction
    short_carryover: Fraction
    long_carryover: Fraction
    price: Fraction


def net(year: TaxYear, *, short_term: float | Fraction = 0.0, long_term: float | Fraction = 0.0) -> Netted:
    """Net the year with more gains: short with short, long with long, then across (rules NET-1 to NET-4).

    Parameters
    ----------
    year : TaxYear
        The year so far.
    short_term, long_term : float
        Net gains to add, in dollars; negative for losses.

    Examples
    --------
    >>> netted = net(TaxYear(short_term=-7_000), long_term=1_000)
    >>> int(netted.deducted), int(netted.short_carryover), int(netted.long_carryover)
    (3000, 3000, 0)
    """
    short = exact(year.short_term) - exact(year.short_carryover) + exact(short_term)
    long = exact(year.long_term) - exact(year.long_carryover) + exact(long_term)
    short_loss, long_loss = max(ZERO, -short), max(ZERO, -long)
    deducted = min(exact(year.loss_limit), max(ZERO, -(short + long)))
    return Netted(
        taxed_short=max(ZERO, short - long_loss),
        taxed_long=max(ZERO, long - short_loss),
        deducted=deducted,
        short_carryover=max(ZERO, short_loss - max(ZERO, long) - deducted),
        long_carryover=max(ZERO, long_loss - max(ZERO, short) - max(ZERO, deducted - short_loss)),
    )


def tax_effect(
    year: TaxYear, tax: Tax, *, short_term: float | Fraction = 0.0, long_term: float | Fraction = 0.0
) -> TaxEffect:
    """Return what gains on top of the year so far do to its tax and to what is carried forward (rule NET-5).

    Parameters
    ----------
    year : TaxYear
        The year so far.
    tax : Tax
        Marginal rates, and the value of a loss that is not used this year.
    short_term, long_term : float
        Net gains to add, in dollars; negative for losses.

    Examples
    --------
    >>> effect = tax_effect(TaxYear(long_term=5_000), Tax(), long_term=-2_000)
    >>> float(effect.due)
    -400.0
    """
    before, after = net(year), net(year, short_term=short_term, long_term=long_term)
    due = after.tax(tax) - before.tax(tax)
    short = after.short_carryover - before.short_carryover
    long = after.long_carryover - before.long_carryover
    later = short * exact(tax.short_term_rate) + long * exact(tax.long_term_rate)
    return TaxEffect(
        due=due, short_carryover=short, long_carryover=long, price=due - exact(tax.loss_value) * later
    )
