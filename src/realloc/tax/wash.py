"""Wash sales share by share (26 USC 1091; 26 CFR 1.1091-1 and -2; Rev. Rul. 56-602, Rev. Rul. 2008-5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from realloc.tax.exact import ZERO, exact
from realloc.tax.history import DenialRules, History, Sale, identities, shifted
from realloc.tax.ledger import Denial, Effect, Holding, Realized, Standing, take


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """A symbol that must not be bought, or a loss would be denied.

    Parameters
    ----------
    symbol : str
        Sold at a loss, or identical to it.
    until : datetime.date
        Last day; from the next day on it may be bought.
    accounts : tuple of str
        The accounts in which a purchase would count.
    """

    symbol: str
    until: date
    accounts: tuple[str, ...]


def match_lots(book: tuple[Holding, ...], sale: Sale) -> tuple[tuple[Holding, ...], tuple[Holding, ...]]:
    """Return what a sale takes, and what is left (rules LEDGER-4 and LEDGER-5).

    Raises
    ------
    InputError
        The lot, or the account, holds fewer shares.
    """
    places = [
        place
        for place, holding in enumerate(book)
        if holding.purchase.account_number == sale.account_number
        and holding.purchase.symbol == sale.symbol
        and holding.purchase.bought <= sale.sold
        and sale.lot in ("", holding.purchase.id)
    ]
    places.sort(
        key=lambda place: (
            book[place].purchase.bought,
            book[place].purchase.id,
            book[place].held_from,
            -book[place].basis,
        )
    )
    taken, left = take(book, places, exact(sale.shares), sale)
    rest = tuple(
        holding if shares is holding.shares else replace(holding, shares=shares)
        for holding, shares in zip(book, left, strict=True)
        if shares
    )
    return tuple(taken), rest


def match_losses(
    losses: Sequence[Realized], book: tuple[Holding, ...], history: History
) -> tuple[Denial, ...]:
    """Return the losses of one day that purchases wash, share by share (rules LEDGER-6 to LEDGER-10).

    Parameters
    ----------
    losses : sequence of Realized
        Losses of one day.
    book : tuple of Holding
        What that day's sales leave, and what is bought later.
    history : History
        For its rules.
    """
    name = identities(history.rules.identical)
    free = [ZERO if holding.replaces else holding.shares for holding in book]
    order = sorted(range(len(book)), key=lambda place: replacement_order(book[place]))
    denials = []
    for loss in sorted(losses, key=loss_order):
        sold = loss.holding
        left = sold.shares
        for place in order:
            if not left:
                break
            count = min(left, free[place])
            if count > 0 and _washes(book[place], loss, history.rules, name):
                free[place] -= count
                left -= count
                denials.append(
                    Denial(
                        realized=loss,
                        place=place,
                        shares=count,
                        amount=-loss.gain * count / sold.shares,
                        effect=_effect(book[place], loss),
                    )
                )
    return tuple(denials)


def adjust_basis(book: tuple[Holding, ...], denials: Sequence[Denial]) -> tuple[Holding, ...]:
    """Return the book with each washed loss in its replacement shares (rules LEDGER-11 and LEDGER-12).

    A holding is split at the shares that are matched. Their basis grows by the loss, and the days that the
    sold shares were held are added to theirs.
    """
    by_place: dict[int, list[Denial]] = {}
    for denial in denials:
        by_place.setdefault(denial.place, []).append(denial)
    adjusted: list[Holding] = []
    for place, holding in enumerate(book):
        rest = holding.shares
        for denial in by_place.get(place, ()):
            rest -= denial.shares
            into_basis = denial.effect == "basis"
            adjusted.append(
                Holding(
                    purchase=holding.purchase,
                    shares=denial.shares,
                    basis=holding.basis + (denial.amount / denial.shares if into_basis else 0),
                    held_from=_tacked(holding, denial.realized) if into_basis else holding.held_from,
                    replaces=True,
                )
            )
        if rest:
            adjusted.append(replace(holding, shares=rest))
    return tuple(adjusted)


def blocked_until(
    standing: Iterable[Standing], rules: DenialRules, accounts: Mapping[str, str], *, as_of: date = date.min
) -> tuple[Blocked, ...]:
    """Return what must not be bought until when, so that no loss that still counts is denied (LEDGER-13).

    Parameters
    ----------
    standing : iterable of Standing
        Losses, past and planned, that still count.
    rules : DenialRules
        Whose purchases of what deny a loss.
    accounts : mapping of str to str
        Owner by account number, for every account that may buy.
    as_of : datetime.date
        Blocks that ended before this day are left out.
    """
    name = identities(rules.identical)
    losses = sorted(standing, key=lambda loss: loss.sold)
    counted = {
        seller: [
            account
            for account, owner in accounts.items()
            if account not in rules.uncounted_accounts and rules.related(seller, owner)
        ]
        for seller in {loss.owner for loss in losses}
    }
    last: dict[str, dict[str, date]] = {}
    for loss in losses:
        until = shifted(loss.sold, rules.window_days)
        mine = name.get(loss.symbol)
        for symbol in [other for other in name if name[other] == mine] or [loss.symbol]:
            last.setdefault(symbol, {}).update(dict.fromkeys(counted[loss.owner], until))
    grouped: dict[tuple[str, date], list[str]] = {}
    for symbol, days in last.items():
        for account, until in days.items():
            if until >= as_of:
                grouped.setdefault((symbol, until), []).append(account)
    return tuple(
        Blocked(symbol=symbol, until=until, accounts=tuple(sorted(numbers)))
        for (symbol, until), numbers in sorted(grouped.items())
    )


def loss_order(loss: Realized) -> tuple[date, str, str]:
    """Return the key by which the losses of one day are matched (rule LEDGER-8)."""
    bought = loss.holding.purchase
    return (bought.bought, bought.account_number, bought.id)


def replacement_order(holding: Holding) -> tuple[date, bool, str, str]:
    """Return the key by which replacement shares are used up (rule LEDGER-8)."""
    bought = holding.purchase
    return (bought.bought, bought.kind == "taxable", bought.account_number, bought.id)


def _washes(
    holding: Holding,
    loss: Realized,
    rules: DenialRules,
    name: Mapping[str, str],
) -> bool:
    bought, sold = holding.purchase, loss.holding.purchase
    return (
        abs((bought.bought - loss.sale.sold).days) <= rules.window_days
        and name.get(bought.symbol, bought.symbol) == name.get(sold.symbol, sold.symbol)
        and (bought.account_number, bought.id) != (sold.account_number, sold.id)
        and bought.account_number not in rules.uncounted_accounts
        and rules.related(bought.owner, sold.owner)
    )


def _effect(holding: Holding, loss: Realized) -> Effect:
    bought, sale = holding.purchase, loss.sale
    if bought.kind != "taxable":
        return "permanent"
    if sale.reported and (bought.account_number, bought.symbol) == (sale.account_number, sale.symbol):
        return "reported"
    return "basis"


def _tacked(holding: Holding, loss: Realized) -> date:
    return shifted(holding.held_from, -(loss.sale.sold - loss.holding.held_from).days)
