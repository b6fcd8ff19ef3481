"""Losses that purchases deny, weighed while trades are repaired (rules WASH-4 and WASH-5; mode ``allow``).

A *family* is the pairs of one wash group. What its purchases deny depends on all of them at once: the losses that
are sold, in the order in which their lots were acquired, and the replacement shares that are free. The exact
matching is `realloc.tax.stated`; here it is done on floats, for one family at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import chain
from typing import NamedTuple

import numpy as np

from realloc.accounts import lot_ids
from realloc.optimizer.problem import Problem
from realloc.tax.history import History, identities, shifted
from realloc.tax.journal import household_history, recent_losses
from realloc.tax.ledger import Settlement, settle
from realloc.tax.quotes import exact_bid
from realloc.tax.relief import relief_places
from realloc.tax.stated import AsStated, unmatched
from realloc.tax.wash import replacement_order

Name = tuple[str, str]
"""Account number and id of a lot."""


class Denied(NamedTuple):
    """What denied losses add in dollars: to the tax, to the gain and to the short-term gain."""

    tax: float
    gain: float
    short_gain: float


class Lossy(NamedTuple):
    """A lot with a loss: its row in the problem's lots, its pair, its name, and what each denied share adds."""

    lot: int
    pair: int
    name: Name
    each: Denied


class Spare(NamedTuple):
    """Shares that can deny a loss: those of a lot bought in the window, or what a pair buys (no `shares`).

    `lot` is the row in the problem's lots, -1 where the pair's sales take its shares from `start` on; `pair` is
    -1 for shares that cannot be sold. The first `used` shares have denied an earlier loss.
    """

    pair: int
    name: Name
    shares: float = 0.0
    used: float = 0.0
    lot: int = -1
    start: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Use:
    """How trades use a family: the shares of each spare that are left free, and those of each loss that are sold."""

    free: list[float]
    sold: list[float]


@dataclass(frozen=True, kw_only=True)
class Family:
    """One wash group: `earlier` are shares of recent losses that nothing denies yet, with what each adds."""

    pairs: tuple[int, ...]
    losses: tuple[Lossy, ...]
    spares: tuple[Spare, ...]
    earlier: tuple[tuple[float, float], ...]
    pair_of_lot: Mapping[int, int]

    @cached_property
    def touched(self) -> dict[int, tuple[list[int], list[int]]]:
        """By pair, the spares and the losses that its trades touch."""
        found: dict[int, tuple[list[int], list[int]]] = {p: ([], []) for p in self.pairs}
        for n, spare in enumerate(self.spares):
            p = self.pair_of_lot.get(spare.lot, spare.pair)
            if p in found:
                found[p][0].append(n)
        for k, loss in enumerate(self.losses):
            found[loss.pair][1].append(k)
        return found

    @cached_property
    def barred(self) -> list[set[int]]:
        """By recent loss, then by loss, the spares that do not deny it: of recent ones those held, else its own lot."""
        held = {n for n, spare in enumerate(self.spares) if spare.shares}
        own = [{n for n, spare in enumerate(self.spares) if spare.name == loss.name} for loss in self.losses]
        return [held] * len(self.earlier) + own

    def untraded(self) -> Use:
        """Return the use of the family where nothing of it is traded."""
        return Use(free=[_free(spare, 0.0, {}) for spare in self.spares], sold=[0.0] * len(self.losses))

    def traded(self, use: Use, pair: int, count: float, lots: Mapping[int, float]) -> Use:
        """Return the use after one pair is traded as `count` says, with these shares sold of its lots."""
        free, sold = use.free.copy(), use.sold.copy()
        spares, losses = self.touched[pair]
        for n in spares:
            free[n] = _free(self.spares[n], count, lots)
        for k in losses:
            sold[k] = lots.get(self.losses[k].lot, 0.0)
        return Use(free=free, sold=sold)

    def denied(self, use: Use) -> Denied:
        """Return what is denied: losses, recent ones first, and spares in their order."""
        free = use.free.copy()
        left = [n for n, shares in enumerate(free) if shares > 0]
        tax = gain = short_gain = 0.0
        recent = [(shares, Denied(each, 0.0, 0.0)) for shares, each in self.earlier]
        sold = zip(use.sold, (loss.each for loss in self.losses), strict=True)
        for (shares, each), barred in zip(chain(recent, sold), self.barred, strict=True):
            if shares > 0 and left:
                taken = _take(free, left, shares, barred)
                tax += taken * each.tax
                gain += taken * each.gain
                short_gain += taken * each.short_gain
        return Denied(tax, gain, short_gain)


def _take(free: list[float], left: list[int], wanted: float, barred: set[int]) -> float:
    """Take shares from what is free and not barred, in order, and from `left` what none is left of; return how many."""
    missing = wanted
    k = 0
    while missing > 0 and k < len(left):
        n = left[k]
        if n in barred:
            k += 1
            continue
        take = min(missing, free[n])
        free[n] -= take
        missing -= take
        if free[n] <= 0:
            del left[k]
    return wanted - missing


def _free(spare: Spare, count: float, sold: Mapping[int, float]) -> float:
    """Return the shares of a spare that are free after its pair is traded as `count` says."""
    if not spare.shares:
        return max(count, 0.0)
    gone = sold.get(spare.lot, 0.0) if spare.lot >= 0 else max(0.0, -count - spare.start)
    return max(0.0, spare.shares - max(spare.used, min(gone, spare.shares)))


def families(problem: Problem) -> dict[int, Family]:
    """Return the wash groups in which a purchase can deny a loss, by their number."""
    household, pairs, lots = problem.household, problem.pairs, problem.lots
    first = min([household.as_of, *(loss.traded for loss in recent_losses(household))])
    window_days = household.policy.wash_sales.window_days
    history = household_history(household, since=shifted(first, -window_days))
    past = settle(AsStated(), history)
    identity = identities(history.rules.identical)
    of_symbol = dict(zip(pairs.symbol.tolist(), pairs.wash.tolist(), strict=True))
    family_of = {identity.get(problem.symbols[s], problem.symbols[s]): w for s, w in of_symbol.items()}
    names = [lot_ids(account) for account in problem.accounts]
    losses: dict[int, list[tuple[date, Name, Lossy]]] = {}
    for j in np.flatnonzero(lots.gain < 0).tolist():
        p = int(lots.pair[j])
        n, place = int(pairs.account[p]), int(lots.place[j])
        name = (problem.accounts[n].account_number, names[n][place])
        each = Denied(-float(lots.tax[j]), -float(lots.gain[j]), -float(lots.short_gain[j]))
        lossy = Lossy(lot=j, pair=p, name=name, each=each)
        acquired = problem.accounts[n].lots[place].acquired
        losses.setdefault(int(pairs.wash[p]), []).append((acquired, name, lossy))
    earlier: dict[int, list[tuple[float, float]]] = {}
    rates = household.policy.tax
    for loss, shares in unmatched(past, history, household.as_of):
        w = family_of.get(identity.get(loss.sale.symbol, loss.sale.symbol), -1)
        each_share = float(-loss.gain / loss.holding.shares)
        earlier.setdefault(w, []).append(
            (float(shares), each_share * rates.short_term_rate * rates.loss_value)
        )
    spares = _spares(problem, past, history, family_of, names)
    return {
        w: Family(
            pairs=tuple(np.flatnonzero(pairs.wash == w).tolist()),
            losses=tuple(lossy for *_, lossy in sorted(losses.get(w, []), key=lambda item: item[:2])),
            spares=tuple(spares[w]),
            earlier=tuple(earlier.get(w, [])),
            pair_of_lot={spare.lot: int(lots.pair[spare.lot]) for spare in spares[w] if spare.lot >= 0},
        )
        for w in sorted((losses.keys() | earlier.keys()) & spares.keys())
    }


def _spares(
    problem: Problem,
    past: Settlement,
    history: History,
    family_of: Mapping[str, int],
    names: Sequence[Sequence[str]],
) -> dict[int, list[Spare]]:
    """Return by family what can deny a loss, in the order in which it is used up."""
    household, pairs, lots = problem.household, problem.pairs, problem.lots
    identity = identities(history.rules.identical)
    number = {account.account_number: n for n, account in enumerate(problem.accounts)}
    place = {
        (int(n), problem.symbols[s]): p
        for p, (n, s) in enumerate(zip(pairs.account, pairs.symbol, strict=True))
    }
    row = {
        (int(pairs.account[p]), int(lots.place[j])): j
        for j, p in enumerate(lots.pair.tolist())
        if lots.place[j] >= 0
    }
    found: dict[int, list[tuple[tuple[date, bool, str, str], Spare]]] = {}
    parts: dict[Name, list[tuple[float, bool]]] = {}
    holdings = {}
    for holding in past.book:
        bought = holding.purchase
        if (household.as_of - bought.bought).days <= history.rules.window_days:
            name = (bought.account_number, bought.id)
            holdings[name] = holding
            parts.setdefault(name, []).append((float(holding.shares), holding.replaces))
    for name, holding in holdings.items():
        bought = holding.purchase
        w = family_of.get(identity.get(bought.symbol, bought.symbol))
        if w is None:
            continue
        n = number.get(bought.account_number, -1)
        p, lot, start = place.get((n, bought.symbol), -1), -1, 0.0
        if n >= 0 and bought.id in names[n]:
            lot = row.get((n, names[n].index(bought.id)), -1)
        if p >= 0 and lot < 0:
            p, start = _reach(problem, p, bought.id, names[n])
        spare = Spare(
            pair=p,
            name=name,
            shares=sum(shares for shares, _ in parts[name]),
            used=sum(shares for shares, used in parts[name] if used),
            lot=lot,
            start=start,
        )
        found.setdefault(w, []).append((replacement_order(holding), spare))
    for p in np.flatnonzero(pairs.buy_max > 0).tolist():
        account, symbol = problem.accounts[int(pairs.account[p])], problem.symbols[int(pairs.symbol[p])]
        name = (account.account_number, f"plan/{symbol}")
        key = (household.as_of, account.kind == "taxable", *name)
        found.setdefault(int(pairs.wash[p]), []).append((key, Spare(pair=p, name=name)))
    return {w: [spare for _, spare in sorted(some, key=lambda item: item[0])] for w, some in found.items()}


def _reach(problem: Problem, p: int, name: str, names: Sequence[str]) -> tuple[int, float]:
    """Return where the sales of an untaxed pair reach a lot: the pair and the shares that go before it.

    The pair is -1 for shares that no sale reaches: those of a lot that may not be sold or is not shown.
    """
    account = problem.accounts[int(problem.pairs.account[p])]
    symbol = problem.symbols[int(problem.pairs.symbol[p])]
    if account.kind == "taxable" or name not in names:
        return -1, 0.0
    mine = [n for n, lot in enumerate(account.lots) if lot.symbol == symbol]
    order = relief_places(
        [account.lots[n] for n in mine],
        method="fifo" if account.lot_relief == "specific" else account.lot_relief,
        price=exact_bid(problem.household, symbol),
        sold=problem.household.as_of,
        tax=problem.household.policy.tax,
    )
    before = 0.0
    for n in (mine[k] for k in order):
        if names[n] == name:
            break
        before += account.lots[n].shares
    return p, before
