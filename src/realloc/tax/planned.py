"""The wash sales of a plan, share by share, and the window after it (rules WASH-4 to WASH-7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from realloc.household import Household
from realloc.plan import NoBuy, PlannedWashSales, WashSale
from realloc.tax.exact import ZERO, exact
from realloc.tax.history import DenialRules, History, Purchase, Sale, identities
from realloc.tax.journal import household_history
from realloc.tax.ledger import Denial, Holding, Realized, Replaced, Settlement, settle
from realloc.tax.regimes.united_states import UnitedStates
from realloc.tax.wash import Blocked, blocked_until, loss_order, match_losses
from realloc.trades import Trade

NEAR = 1e-5
"""Dollars of a stated gain, which is rounded, that may yet be a loss."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedWashes:
    """The wash sales of a plan, and what must not be bought after it."""

    washes: tuple[Wash, ...]
    blocked: tuple[Blocked, ...]


def planned_washes(household: Household, trades: Sequence[Trade]) -> PlannedWashes:
    """Return the losses that a plan's purchases, or recent ones, deny, and the window after the plan.

    Recent losses are matched first with what was bought before the plan, and what is left of them with the plan's
    purchases; then the plan's losses with what is still free (rules WASH-4 and WASH-5).

    Parameters
    ----------
    household : Household
        With its recent trades.
    trades : sequence of Trade
        The plan's; sales are read by their lots.
    """
    found = [_washes_of(household, trades, part) for part in _by_identity(_of_losses(household, trades))]
    washes = [wash for each in found for wash in each.washes]
    washes.sort(key=lambda wash: (not wash.earlier, wash.denial.realized.sale.sold, _loss_order(wash)))
    blocked = sorted((block for each in found for block in each.blocked), key=lambda b: (b.symbol, b.until))
    return PlannedWashes(washes=tuple(washes), blocked=tuple(blocked))


def _loss_order(wash: Wash) -> tuple[date, str, str]:
    return loss_order(wash.denial.realized)


def _by_identity(history: History) -> list[History]:
    """Return the parts of a history that deny each other nothing: one for each group of identical symbols."""
    name = identities(history.rules.identical)
    parts: dict[str, tuple[list[Purchase], list[Sale]]] = {}
    for sale in history.sales:
        parts.setdefault(name.get(sale.symbol, sale.symbol), ([], []))[1].append(sale)
    for bought in history.purchases:
        part = parts.get(name.get(bought.symbol, bought.symbol))
        if part is not None:
            part[0].append(bought)
    return [
        replace(history, purchases=tuple(purchases), sales=tuple(sales))
        for _, (purchases, sales) in sorted(parts.items())
    ]


def _washes_of(household: Household, trades: Sequence[Trade], history: History) -> PlannedWashes:
    """Return the wash sales of one group of identical symbols, and its window."""
    owners = {account.account_number: account.owner for account in household.accounts}
    if household.policy.wash_sales.mode == "avoid" and not any(sale.reported for sale in history.sales):
        losses = _standing(history)
        settled = Settlement(realized=losses, replaced=(), book=())
        blocked = blocked_until(settled, history.rules, owners, as_of=household.as_of)
        return PlannedWashes(washes=(), blocked=blocked)
    regime = AsStated()
    names = {f"plan/{trade.symbol}/{n + 1}" for n, trade in enumerate(trades) if trade.shares > 0}
    earlier = tuple(sale for sale in history.sales if sale.reported)
    shown = tuple(each for each in history.purchases if each.id not in names)
    past = settle(regime, replace(history, purchases=shown, sales=earlier))
    new = tuple(_held(each) for each in history.purchases if each.id in names)
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
    planned, book = _losses(regime, past.book, [sale for sale in history.sales if not sale.reported], history)
    book = (*book, *new)
    for denial in match_losses(planned, book, history):
        washes.append(Wash(denial=denial, replacement=book[denial.place], earlier=False))
        replaced.append(Replaced(denial=denial, holding=book[denial.place]))
    settled = Settlement(realized=(*old_losses, *planned), replaced=tuple(replaced), book=book)
    blocked = blocked_until(settled, history.rules, owners, as_of=household.as_of)
    return PlannedWashes(washes=tuple(washes), blocked=blocked)


def _standing(history: History) -> tuple[Realized, ...]:
    """Return the losses of a plan that avoids wash sales: nothing denies them (rules WASH-1 and WASH-2)."""
    lots = {(each.account_number, each.id): each for each in history.purchases}
    losses = []
    for sale in history.sales:
        held = _held(lots[sale.account_number, sale.lot])
        gain = exact(sale.shares) * (exact(sale.price) - held.basis)
        if held.purchase.kind == "taxable" and gain < 0:
            term = UnitedStates().term(held.held_from, sale.sold)
            losses.append(Realized(sale=sale, holding=held, gain=gain, term=term))
    return tuple(losses)


def _of_losses(household: Household, trades: Sequence[Trade]) -> History:
    """Return the trades that concern losses: those of symbols, or identical ones, that are sold at a loss."""
    name = identities(household.policy.wash_sales.identical)
    taxable = {account.account_number for account in household.accounts if account.kind == "taxable"}
    lossy = [
        trade.symbol
        for trade in trades
        if trade.account_id in taxable and any(lot.gain < NEAR for lot in trade.lots)
    ]
    lossy += [trade.symbol for trade in household.recent_trades if (trade.gain or 0.0) < 0]
    if not lossy:
        return History(purchases=(), sales=(), rules=DenialRules())
    concerned = {name.get(symbol, symbol) for symbol in lossy}
    history = household_history(household, trades)
    return replace(
        history,
        purchases=tuple(
            each for each in history.purchases if name.get(each.symbol, each.symbol) in concerned
        ),
        sales=tuple(sale for sale in history.sales if name.get(sale.symbol, sale.symbol) in concerned),
    )


def wash_sales_of(household: Household, trades: Sequence[Trade]) -> PlannedWashSales:
    """Return the plan's section on wash sales, amounts rounded to a millionth of a dollar (rules WASH-4 to WASH-7).

    Parameters
    ----------
    household : Household
        With its recent trades.
    trades : sequence of Trade
        The plan's; sales are read by their lots.
    """
    found = planned_washes(household, trades)
    owners = {account.account_number: account.owner for account in household.accounts}
    sales = tuple(_sale(wash) for wash in found.washes)
    return PlannedWashSales(
        disallowed=sales,
        deferred=_figure(sum(sale.disallowed for sale in sales if sale.effect == "deferred")),
        lost=_figure(sum(sale.disallowed for sale in sales if sale.effect == "lost")),
        no_buy=tuple(
            NoBuy(
                symbol=block.symbol,
                until=block.until,
                accounts=block.accounts,
                owners=tuple(sorted({owners[number] for number in block.accounts} - {""})),
            )
            for block in found.blocked
        ),
    )


def _sale(wash: Wash) -> WashSale:
    denial, bought = wash.denial, wash.replacement.purchase
    sold = denial.realized.holding.purchase
    return WashSale(
        account_number=sold.account_number,
        symbol=sold.symbol,
        lot="" if wash.earlier else sold.id,
        shares=float(denial.shares),
        disallowed=_figure(float(denial.amount)),
        effect="lost" if denial.effect == "permanent" else "deferred",
        replaced_in=bought.account_number,
        replaced_by=bought.symbol,
        bought=bought.bought,
    )


def _figure(dollars: float) -> float:
    return round(dollars, 6) + 0.0


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
