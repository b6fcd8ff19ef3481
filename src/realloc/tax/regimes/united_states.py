"""The United States: specific lots, wash sales, two terms."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction

from realloc.household import Household
from realloc.policy import Tax
from realloc.tax.exact import exact
from realloc.tax.history import History, Sale
from realloc.tax.ledger import Denial, Holding, Realized
from realloc.tax.regimes.planning import Positions
from realloc.tax.terms import Term, long_term_cutoff, term_of
from realloc.tax.wash import adjust_basis, match_losses, match_lots


class UnitedStates:
    """Federal rules for individuals (rules LEDGER-4 to LEDGER-13 and TERM-1)."""

    __slots__ = ()

    def lot_match(
        self,
        book: tuple[Holding, ...],
        sale: Sale,
        history: History,  # noqa: ARG002 - another regime needs it
    ) -> tuple[tuple[Holding, ...], tuple[Holding, ...]]:
        """Take the sale's lot, or the oldest ones of its account."""
        return match_lots(book, sale)

    def loss_denial(
        self, losses: Sequence[Realized], book: tuple[Holding, ...], history: History
    ) -> tuple[Denial, ...]:
        """Match losses with purchases of the 61 days share by share."""
        return match_losses(losses, book, history)

    def basis_adjust(self, book: tuple[Holding, ...], denials: Sequence[Denial]) -> tuple[Holding, ...]:
        """Split the replacement lots and give them the loss and the holding period."""
        return adjust_basis(book, denials)

    def term(self, held_from: date, sold: date) -> Term:
        """Long-term after more than one year."""
        return term_of(held_from, sold)

    def plain(self, household: Household) -> Household:
        """Every lot has a cost of its own."""
        return household

    def long_until(self, sold: date) -> date:
        """See `realloc.tax.terms.long_term_cutoff`."""
        return long_term_cutoff(sold)

    def sold_whole(self, household: Household) -> Positions:  # noqa: ARG002 - another regime needs it
        """No position: a purchase within the window washes the loss (the cautious reading of WASH-2)."""
        return frozenset()

    def rate(self, term: Term, tax: Tax) -> Fraction:
        """Return the policy's rate of the term."""
        return exact(tax.long_term_rate if term == "long" else tax.short_term_rate)
