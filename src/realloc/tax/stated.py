"""Losses and purchases matched share by share on lots as the household states them (rules WASH-4 and WASH-5)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from realloc.tax.exact import ZERO, exact
from realloc.tax.history import History, Purchase, Sale
from realloc.tax.ledger import Denial, Holding, Realized, Replaced, Settlement, settle
from realloc.tax.regimes.united_states import UnitedStates
from realloc.tax.wash import loss_order, match_losses


class AsStated(UnitedStates):
    """The rules of the United States on lots as the household states them: a match changes no basis and no date.

    What a broker or an owner has added to the basis of a lot for an earlier wash sale is in the lot already.
    """

    __slots__ = ()

    def basis_adjust(self, book: tuple[Holding, ...], denials: Sequence[Denial]) -> tuple[Holding, ...]:
        """Split the replacement lots, so that no share denies two losses."""
        matched: dict[int, Fraction] = {}
        for denial in denials:
            matched[denial.place] = matched.get(denial.place, ZERO) + denial.shares
        parts: list[Holding] = []
        for place, holding in enumerate(book):
            used = matched.get(place, ZERO)
            if not used:
                parts.append(holding)
                continue
            parts.append(replace(holding, shares=used, replaces=True))
            if holding.shares > used:
                parts.append(replace(holding, shares=holding.shares - used))
        return tuple(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wash:
    """Loss shares that a purchase denies.

    Parameters
    ----------
    denial : Denial
        The loss, the shares and the dollars.
    replacement : Holding
        What denies it, before anything is added to its basis.
    earlier : bool
        The loss is of a recent trade, not of the plan.
    """

    denial: Denial
    replacement: Holding
    earlier: bool


def match_plan(history: History, bought: Collection[str]) -> tuple[list[Wash], Settlement]:
    """Return the wash sales of recent trades and a plan, and all their losses (rules WASH-4 and WASH-5).

    Recent losses are matched first with what was bought before the plan, and what is left of them with the plan's
    purchases; then the plan's losses with what is still free.

    Parameters
    ----------
    history : History
        Lots, recent trades and the plan's.
    bought : collection of str
        The ids of the plan's purchases.
    """
    regime = AsStated()
    earlier = tuple(sale for sale in history.sales if sale.reported)
    shown = tuple(each for each in history.purchases if each.id not in bought)
    past = settle(regime, replace(history, purchases=shown, sales=earlier))
    new = tuple(_held(each) for each in history.purchases if each.id in bought)
    washes: list[Wash] = []
    replaced = list(past.replaced)
    old_losses = [loss for loss in past.realized if loss.gain < 0]
    for sold in sorted({loss.sale.sold for loss in old_losses}):
        today = [loss for loss in old_losses if loss.sale.sold == sold]
        left = [(loss, part) for loss in today if (part := _left(past, loss)) is not None]
        found = match_losses([part for _, part in left], new, history)
        whole = {id(part): loss for loss, part in left}
        for denial in found:
            wash = Wash(
                denial=replace(denial, realized=whole[id(denial.realized)]),
                replacement=new[denial.place],
                earlier=True,
            )
            washes.append(wash)
            replaced.append(Replaced(denial=wash.denial, holding=wash.replacement))
        new = regime.basis_adjust(new, found)
    losses, book = _losses(regime, past.book, [sale for sale in history.sales if not sale.reported], history)
    book = (*book, *new)
    for denial in match_losses(losses, book, history):
        washes.append(Wash(denial=denial, replacement=book[denial.place], earlier=False))
        replaced.append(Replaced(denial=denial, holding=book[denial.place]))
    return washes, Settlement(realized=(*old_losses, *losses), replaced=tuple(replaced), book=book)


def unmatched(past: Settlement, history: History, as_of: date) -> list[tuple[Realized, Fraction]]:
    """Return earlier losses that a purchase on a day would still deny, with their shares, in order (rule WASH-5).

    Parameters
    ----------
    past : Settlement
        The recent trades, worked out.
    history : History
        For its rules.
    as_of : datetime.date
        The day of the purchase.
    """
    losses = [loss for loss in past.realized if loss.gain < 0]
    losses.sort(key=lambda loss: (loss.sale.sold, *loss_order(loss)))
    left = [(loss, part.holding.shares) for loss in losses if (part := _left(past, loss)) is not None]
    return [
        (loss, shares)
        for loss, shares in left
        if abs((as_of - loss.sale.sold).days) <= history.rules.window_days
    ]


def _held(purchase: Purchase) -> Holding:
    return Holding(
        purchase=purchase,
        shares=exact(purchase.shares),
        basis=exact(purchase.cost_per_share),
        held_from=purchase.bought,
    )


def _left(past: Settlement, loss: Realized) -> Realized | None:
    """Return the shares of an earlier loss that nothing has denied yet."""
    matched = (each.denial for each in past.replaced if each.denial.realized is loss)
    shares = loss.holding.shares - sum((denial.shares for denial in matched), ZERO)
    if not shares:
        return None
    part = replace(loss.holding, shares=shares)
    return replace(loss, holding=part, gain=loss.gain * shares / loss.holding.shares)


def _losses(
    regime: UnitedStates, book: tuple[Holding, ...], sales: Sequence[Sale], history: History
) -> tuple[list[Realized], tuple[Holding, ...]]:
    """Return the losses of the plan's sales and what the sales leave; parts of one lot are one loss."""
    losses: list[Realized] = []
    for sale in sales:
        taken, book = regime.lot_match(book, sale, history)
        first, shares = taken[0], sum((each.shares for each in taken), ZERO)
        gain = shares * (exact(sale.price) - first.basis)
        if first.purchase.kind == "taxable" and gain < 0:
            term = regime.term(first.held_from, sale.sold)
            losses.append(Realized(sale=sale, holding=replace(first, shares=shares), gain=gain, term=term))
    return losses, book
