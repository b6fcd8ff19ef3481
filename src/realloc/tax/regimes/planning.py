"""The seam between a plan and the rules of a country: what the arrays of a plan ask of a regime."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Protocol

from realloc.household import Household
from realloc.policy import Tax
from realloc.tax.terms import Term

Positions = frozenset[tuple[str, str]]
"""Account number and symbol."""


class PlanRegime(Protocol):
    """What a plan asks of a country's rules; with it there is one engine for all of them."""

    def plain(self, household: Household) -> Household:
        """Return the household with the cost on every lot from which its gain is counted."""

    def long_until(self, sold: date) -> date:
        """Return the latest date of purchase that is long-term on a date of sale."""

    def term(self, held_from: date, sold: date) -> Term:
        """Return the term of a lot."""

    def rate(self, term: Term, tax: Tax) -> Fraction:
        """Return dollars of tax per dollar of gain."""

    def sold_whole(self, household: Household) -> Positions:
        """Return the positions whose loss is allowed in spite of a recent purchase, if all of them is sold."""
