"""Canada: adjusted cost base pooled by taxpayer, superficial losses, no holding period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction

from realloc.accounts import lot_ids
from realloc.household import Household
from realloc.policy import Tax
from realloc.tax.exact import ZERO, exact
from realloc.tax.history import History, Purchase, Sale, identities
from realloc.tax.ledger import Denial, Holding, Realized, take
from realloc.tax.regimes.planning import Positions
from realloc.tax.terms import Term

INCLUSION_RATE = Fraction(1, 2)
"""Part of a capital gain that is taxed (rule CA-6)."""

Party = tuple[str, bool]
"""A taxpayer's non-registered accounts, or their registered ones (False), taken together."""


class Canada:
    """Income Tax Act, sections 38, 40(2)(g)(i), 47, 53(1)(f), 54 (rules CA-1 to CA-6)."""

    __slots__ = ()

    def lot_match(
        self, book: tuple[Holding, ...], sale: Sale, history: History
    ) -> tuple[tuple[Holding, ...], tuple[Holding, ...]]:
        """Take shares at the average of the taxpayer's pool; the pool then has that average (CA-1)."""
        name = identities(history.rules.identical)
        owner = _owners(history)[sale.account_number]
        mine = [
            place
            for place, holding in enumerate(book)
            if _name(holding.purchase, name) == name.get(sale.symbol, sale.symbol)
            and holding.purchase.bought <= sale.sold
        ]
        pool = [
            place
            for place in mine
            if book[place].purchase.symbol == sale.symbol
            and _party(book[place].purchase) == (owner, True)
            and book[place].shares
        ]
        total = sum((book[place].shares for place in pool), ZERO)
        if total:
            average = sum((book[place].shares * book[place].basis for place in pool), ZERO) / total
            book = tuple(
                replace(holding, basis=average) if place in set(pool) else holding
                for place, holding in enumerate(book)
            )
        held = [
            place
            for place in mine
            if book[place].purchase.account_number == sale.account_number
            and book[place].purchase.symbol == sale.symbol
        ]
        taken, left = take(book, held, exact(sale.shares), sale)
        rest = tuple(
            replace(holding, shares=shares) for holding, shares in zip(book, left, strict=True) if shares
        )
        return tuple(taken), rest

    def loss_denial(
        self, losses: Sequence[Realized], book: tuple[Holding, ...], history: History
    ) -> tuple[Denial, ...]:
        """Deny the superficial part of each loss: the least of S, P and B over S (CA-2 to CA-5)."""
        denials: list[Denial] = []
        for pieces in _by_sale(losses):
            sale = pieces[0].sale
            bought, kept = _in_period(sale, history)
            sold = exact(sale.shares)
            part = min(sold, sum(bought.values(), ZERO), sum(kept.values(), ZERO)) / sold
            shares_of = {
                party: min(bought[party], kept.get(party, ZERO)) for party in sorted(bought) if bought[party]
            }
            substituted = sum(shares_of.values(), ZERO)
            if not part or not substituted:
                continue
            for party, shares in shares_of.items():
                if shares:
                    place = _place(book, party, sale, history)
                    denials += [
                        Denial(
                            realized=piece,
                            place=place,
                            shares=book[place].shares,
                            amount=-piece.gain * part * shares / substituted,
                            effect="basis" if party[1] else "permanent",
                        )
                        for piece in pieces
                    ]
        return tuple(denials)

    def basis_adjust(self, book: tuple[Holding, ...], denials: Sequence[Denial]) -> tuple[Holding, ...]:
        """Add denied losses to the adjusted cost base of the substituted property (CA-4)."""
        added: dict[int, Fraction] = {}
        for denial in denials:
            if denial.effect == "basis":
                added[denial.place] = added.get(denial.place, ZERO) + denial.amount
        return tuple(
            replace(holding, basis=holding.basis + added[place] / holding.shares)
            if place in added
            else holding
            for place, holding in enumerate(book)
        )

    def term(self, held_from: date, sold: date) -> Term:  # noqa: ARG002 - there is no holding period
        """Every gain is of one kind; it is called ``long``."""
        return "long"

    def long_until(self, sold: date) -> date:  # noqa: ARG002 - there is no holding period
        """Every lot, whenever it was bought."""
        return date.max

    def plain(self, household: Household) -> Household:
        """Give every lot the average cost of its taxpayer's shares of the symbol, to the nearest float (CA-1).

        Lots are named before their costs change, because default ids go by cost (DET-1).
        """
        paid: dict[tuple[str, str], Fraction] = {}
        shares: dict[tuple[str, str], Fraction] = {}
        taxed = [account for account in household.accounts if account.kind == "taxable"]
        for account in taxed:
            for lot in account.lots:
                pool = (account.owner, lot.symbol)
                paid[pool] = paid.get(pool, ZERO) + exact(lot.shares) * exact(lot.cost_per_share)
                shares[pool] = shares.get(pool, ZERO) + exact(lot.shares)
        cost = {pool: float(paid[pool] / shares[pool]) for pool in paid}
        return replace(
            household,
            accounts=tuple(
                replace(
                    account,
                    lots=tuple(
                        replace(lot, cost_per_share=cost[account.owner, lot.symbol], id=name)
                        for lot, name in zip(account.lots, lot_ids(account), strict=True)
                    ),
                    lot_relief="specific",
                )
                if account.kind == "taxable"
                else account
                for account in household.accounts
            ),
        )

    def sold_whole(self, household: Household) -> Positions:
        """Return the positions that are the only one of their identical property in the household (CA-7)."""
        if household.policy.mode == "raise_cash":
            return frozenset()
        name = identities(household.policy.wash_sales.identical)
        places: dict[str, list[tuple[str, str]]] = {}
        for account in household.accounts:
            for symbol, shares in account.positions.items():
                if shares:
                    places.setdefault(name.get(symbol, symbol), []).append((account.account_number, symbol))
        return frozenset(some[0] for some in places.values() if len(some) == 1)

    def rate(self, term: Term, tax: Tax) -> Fraction:  # noqa: ARG002 - there is one rate
        """Half of the policy's short-term, that is ordinary, rate."""
        return exact(tax.short_term_rate) * INCLUSION_RATE


def _by_sale(losses: Sequence[Realized]) -> list[list[Realized]]:
    """Return the losses of each disposition; two equal rows are two dispositions."""
    pieces: dict[int, list[Realized]] = {}
    for loss in losses:
        pieces.setdefault(id(loss.sale), []).append(loss)
    return list(pieces.values())


def _in_period(sale: Sale, history: History) -> tuple[dict[Party, Fraction], dict[Party, Fraction]]:
    """Return shares bought in the 61 days, and held at their end, by each related party."""
    rules = history.rules
    name = identities(rules.identical)
    owners = _owners(history)
    parties = {
        each.account_number: _party(each)
        for each in history.purchases
        if rules.related(each.owner, owners[sale.account_number])
        and each.account_number not in rules.uncounted_accounts
    }
    same = name.get(sale.symbol, sale.symbol)
    bought: dict[Party, Fraction] = {}
    kept: dict[Party, Fraction] = {}
    for each in history.purchases:
        days = (each.bought - sale.sold).days
        if each.account_number in parties and _name(each, name) == same and days <= rules.window_days:
            party = parties[each.account_number]
            kept[party] = kept.get(party, ZERO) + exact(each.shares)
            if days >= -rules.window_days:
                bought[party] = bought.get(party, ZERO) + exact(each.shares)
    for other in history.sales:
        early = (other.sold - sale.sold).days <= rules.window_days
        if other.account_number in parties and name.get(other.symbol, other.symbol) == same and early:
            party = parties[other.account_number]
            kept[party] = kept.get(party, ZERO) - exact(other.shares)
    return bought, kept


def _place(book: tuple[Holding, ...], party: Party, sale: Sale, history: History) -> int:
    """Return the place of the party's substituted property: bought in the period if any is left of that."""
    name = identities(history.rules.identical)
    window = history.rules.window_days
    candidates = [
        place
        for place, holding in enumerate(book)
        if _party(holding.purchase) == party
        and _name(holding.purchase, name) == name.get(sale.symbol, sale.symbol)
        and (holding.purchase.bought - sale.sold).days <= window
    ]
    inside = [place for place in candidates if (sale.sold - book[place].purchase.bought).days <= window]
    return (inside or candidates)[0]


def _owners(history: History) -> dict[str, str]:
    return {each.account_number: each.owner for each in history.purchases}


def _party(purchase: Purchase) -> Party:
    return (purchase.owner, purchase.kind == "taxable")


def _name(purchase: Purchase, name: Mapping[str, str]) -> str:
    return name.get(purchase.symbol, purchase.symbol)
