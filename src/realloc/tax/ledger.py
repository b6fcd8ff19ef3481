"""The ledger: purchases and sales of a household in order of time, under one tax regime.

A regime answers five questions: which lots a sale takes, which of its losses are denied, what a denied loss
does to the basis of other lots, which term a lot has, and at which rate its gain is taxed. `settle` asks them
day by day. All amounts are exact fractions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from itertools import groupby
from typing import Literal, NamedTuple, Protocol

from realloc.errors import InputError, Issue
from realloc.policy import Tax
from realloc.tax.exact import ZERO, exact
from realloc.tax.history import History, Purchase, Sale, check_history
from realloc.tax.terms import Term

Effect = Literal["basis", "permanent", "reported"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """Shares of one purchase that are still held and have one basis.

    Parameters
    ----------
    purchase : Purchase
        Where they come from.
    shares, basis : Fraction
        Shares, and basis in dollars per share.
    held_from : datetime.date
        Date of purchase for the term: earlier than the trade date where a holding period was added.
    replaces : bool
        They have denied a loss and can deny no other.
    """

    purchase: Purchase
    shares: Fraction
    basis: Fraction
    held_from: date
    replaces: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Realized:
    """Shares of one holding sold from a taxable account, before any loss is denied."""

    sale: Sale
    holding: Holding
    gain: Fraction
    term: Term


@dataclass(frozen=True, slots=True, kw_only=True)
class Denial:
    """A loss, or part of one, that may not be deducted.

    Parameters
    ----------
    realized : Realized
        The loss.
    place : int
        Place in the book of the holding that takes it over.
    shares : Fraction
        Shares of that holding.
    amount : Fraction
        Dollars denied, more than zero.
    effect : {"basis", "permanent", "reported"}
        Added to the basis of those shares; lost for good; or already added by the broker.
    """

    realized: Realized
    place: int
    shares: Fraction
    amount: Fraction
    effect: Effect


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """A denial, with the holding that took it over as it was before."""

    denial: Denial
    holding: Holding


class Standing(NamedTuple):
    """A loss of which something counts: what was sold, when, and the owner of its account."""

    symbol: str
    sold: date
    owner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """The ledger worked out.

    Parameters
    ----------
    realized : tuple of Realized
        Every gain and loss in taxable accounts, in order of time.
    replaced : tuple of Replaced
        Every denial.
    book : tuple of Holding
        What is left, with its basis and date for the term.
    """

    realized: tuple[Realized, ...]
    replaced: tuple[Replaced, ...]
    book: tuple[Holding, ...]

    def denied(self, realized: Realized) -> Fraction:
        """Return the dollars of one loss that are denied."""
        return sum((each.denial.amount for each in self.replaced if each.denial.realized is realized), ZERO)

    @property
    def standing(self) -> set[Standing]:
        """The losses of which something is not denied."""
        return {
            Standing(loss.sale.symbol, loss.sale.sold, loss.holding.purchase.owner)
            for loss in self.realized
            if loss.gain < 0 and self.denied(loss) != -loss.gain
        }

    def recognized(self, term: Term) -> Fraction:
        """Return the net gain in dollars that counts for tax in one term."""
        gains = sum((each.gain for each in self.realized if each.term == term), ZERO)
        return gains + sum(
            (each.denial.amount for each in self.replaced if each.denial.realized.term == term), ZERO
        )

    @property
    def disallowed(self) -> Fraction:
        """All denied losses, in dollars."""
        return sum((each.denial.amount for each in self.replaced), ZERO)

    @property
    def lost(self) -> Fraction:
        """Denied losses that no basis takes over, in dollars."""
        return sum((each.denial.amount for each in self.replaced if each.denial.effect == "permanent"), ZERO)


class TaxRegime(Protocol):
    """What a country's rules answer; `settle` does the rest."""

    def lot_match(
        self, book: tuple[Holding, ...], sale: Sale, history: History
    ) -> tuple[tuple[Holding, ...], tuple[Holding, ...]]:
        """Return what `sale` takes from `book`, and the book that it leaves (in the same order)."""

    def loss_denial(
        self, losses: Sequence[Realized], book: tuple[Holding, ...], history: History
    ) -> tuple[Denial, ...]:
        """Return what is denied of the losses of one day; `book` is what that day's sales leave."""

    def basis_adjust(self, book: tuple[Holding, ...], denials: Sequence[Denial]) -> tuple[Holding, ...]:
        """Return the book with the denied losses in it."""

    def term(self, held_from: date, sold: date) -> Term:
        """Return the term of a gain."""

    def rate(self, term: Term, tax: Tax) -> Fraction:
        """Return the tax in dollars per dollar of gain."""


def settle(regime: TaxRegime, history: History) -> Settlement:
    """Work out gains, denied losses and the remaining basis of a history (rules LEDGER-1 to LEDGER-3).

    Parameters
    ----------
    regime : TaxRegime
        The country's rules.
    history : History
        Purchases, sales and the rules of denial. The order of its rows has no meaning.

    Raises
    ------
    InputError
        Two purchases in one account have one id, shares are not positive, or a sale takes more than is held.
    """
    check_history(history)
    book = tuple(
        Holding(
            purchase=each,
            shares=exact(each.shares),
            basis=exact(each.cost_per_share),
            held_from=each.bought,
        )
        for each in sorted(history.purchases, key=_purchase_order)
    )
    all_realized: list[Realized] = []
    all_replaced: list[Replaced] = []
    for _, sales in groupby(sorted(history.sales, key=_sale_order), key=lambda sale: sale.sold):
        today: list[Realized] = []
        for sale in sales:
            taken, book = regime.lot_match(book, sale, history)
            today += [
                Realized(
                    sale=sale,
                    holding=each,
                    gain=each.shares * (exact(sale.price) - each.basis),
                    term=regime.term(each.held_from, sale.sold),
                )
                for each in taken
                if each.purchase.kind == "taxable"
            ]
        denials = regime.loss_denial([each for each in today if each.gain < 0], book, history)
        all_realized += today
        all_replaced += [Replaced(denial=each, holding=book[each.place]) for each in denials]
        book = regime.basis_adjust(book, denials)
    return Settlement(realized=tuple(all_realized), replaced=tuple(all_replaced), book=book)


def tax_due(settlement: Settlement, regime: TaxRegime, tax: Tax) -> Fraction:
    """Return the tax in dollars on what counts; a net loss of a term is negative, times `Tax.loss_value`."""
    due = ZERO
    terms: tuple[Term, ...] = ("short", "long")
    for term in terms:
        gain = settlement.recognized(term)
        due += gain * regime.rate(term, tax) * (exact(tax.loss_value) if gain < 0 else 1)
    return due


def take(
    book: Sequence[Holding], places: Iterable[int], shares: Fraction, sale: Sale
) -> tuple[list[Holding], list[Fraction]]:
    """Take `shares` from the holdings at `places`, in that order.

    Returns
    -------
    tuple of list of Holding and list of Fraction
        What is taken, and the shares that each holding of the book has left.

    Raises
    ------
    InputError
        The holdings at `places` are fewer than `shares`.
    """
    left = [holding.shares for holding in book]
    taken = []
    for place in places:
        count = min(shares, left[place])
        if count > 0:
            taken.append(replace(book[place], shares=count))
            left[place] -= count
            shares -= count
    if shares > 0:
        raise InputError(
            Issue(
                code="ledger.oversold",
                where=f"{sale.account_number}/{sale.symbol}",
                message=f"the sale of {sale.sold} takes {float(shares):g} shares more than are held",
                hint="add the purchase that it takes, or correct its lot",
            )
        )
    return taken, left


def _purchase_order(purchase: Purchase) -> tuple[date, bool, str, str]:
    return (purchase.bought, purchase.kind == "taxable", purchase.account_number, purchase.id)


def _sale_order(sale: Sale) -> tuple[date, str, str, str, float | Fraction, float | Fraction, bool]:
    return (
        sale.sold,
        sale.account_number,
        sale.symbol,
        sale.lot,
        sale.price,
        sale.shares,
        sale.reported,
    )
