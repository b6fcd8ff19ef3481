"""Bringing back what is outside its band, and nothing else (rule MODE-6)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf

from realloc.accounts import Account
from realloc.household import Household
from realloc.models import CASH
from realloc.optimizer.restriction import (
    ANYWHERE,
    NOISE,
    Range,
    Restriction,
    ceilings,
    floors,
    needs_cash,
    one_order,
    values_before,
)
from realloc.optimizer.scopes import Scope

REACH = {"edge": 1.0, "midpoint": 0.5, "target": 0.0}
"""Where a class may be brought back to, in widths of its band from the target."""

CENT = 0.01
"""Dollars beyond its band by which a group is outside it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The groups of a scope: dollars before, target, width of the band, and dollars to the destination.

    `excess` is positive for a group above its band, negative for one below it, zero for one inside.
    """

    before: tuple[float, ...]
    target: tuple[float, ...]
    width: tuple[float, ...]
    excess: tuple[float, ...]


def return_to_band(household: Household, scopes: Sequence[Scope]) -> Restriction:
    """Return rule MODE-6."""
    buys: set[tuple[str, str]] = set()
    sells: set[tuple[str, str]] = set()
    ranges: list[Range] = []
    least: dict[str, float] = {}
    most: dict[str, float] = {}
    for scope in scopes:
        standing = stand(household, scope)
        buys |= {(a.account_number, s) for a in scope.accounts for s in _buyable(scope, standing)}
        sells |= set(_sellable(scope, standing))
        ranges += _ranges(household, scope, standing)
        needy = [account for account in scope.accounts if needs_cash(account)]
        if not any(standing.excess):
            most |= ceilings(household, needy)
        if min(standing.excess) >= 0 and standing.excess[-1] <= 0:
            least |= floors([account for account in scope.accounts if account not in needy])
    return Restriction(
        buys=frozenset(buys), sells=frozenset(sells), ranges=tuple(ranges), floors=least, ceilings=most
    )


def stand(household: Household, scope: Scope) -> Standing:
    """Return how the groups of a scope stand before anything is traded."""
    worth = max(scope.value, 0.0)
    reach = REACH[household.policy.destination]
    cash = household.model.classes.get(CASH)
    before = values_before(household, scope)
    excess = []
    for group, value in zip(scope.groups, before, strict=True):
        off, width = value - group.target * scope.value, group.band * worth
        silent = group.name == CASH and (cash is None or cash.band is None)
        outside = abs(off) > width + CENT and scope.value > 0 and not silent
        excess.append((abs(off) - reach * width) * (1 if off > 0 else -1) if outside else 0.0)
    return Standing(
        before=tuple(before),
        target=tuple(group.target * scope.value for group in scope.groups),
        width=tuple(group.band * worth for group in scope.groups),
        excess=tuple(excess),
    )


def _signs(scope: Scope, standing: Standing, symbol: str) -> tuple[bool, bool]:
    """Return whether a symbol counts in a group above its band, and in one below it."""
    excess = [standing.excess[g] for g, _ in scope.cover.get(symbol, ())]
    return any(dollars > 0 for dollars in excess), any(dollars < 0 for dollars in excess)


def _buyable(scope: Scope, standing: Standing) -> Iterator[str]:
    gives = any(dollars > 0 for dollars in standing.excess)
    for symbol in scope.wanted:
        above, below = _signs(scope, standing, symbol)
        if not above and (below or gives):
            yield symbol


def _sellable(scope: Scope, standing: Standing) -> Iterator[tuple[str, str]]:
    takes = any(dollars < 0 for dollars in standing.excess)
    for account in scope.accounts:
        for symbol in _held(account):
            above, below = _signs(scope, standing, symbol)
            if needs_cash(account) or (not below and (above or takes)):
                yield account.account_number, symbol


def _held(account: Account) -> Iterator[str]:
    return (symbol for symbol, shares in account.positions.items() if shares)


def _ranges(household: Household, scope: Scope, standing: Standing) -> Iterator[Range]:
    """Yield the range of each group: to the destination, or inside the band and no further than others need."""
    gives = sum(dollars for dollars in standing.excess if dollars > 0)
    takes = -sum(dollars for dollars in standing.excess if dollars < 0)
    free = any(needs_cash(account) for account in scope.accounts)
    rows = zip(scope.groups, standing.before, standing.target, standing.width, standing.excess, strict=True)
    for group, before, target, width, excess in rows:
        order = one_order(household, group.members)
        low, high = -inf, inf
        if group.name == CASH or not (gives or takes):
            yield ANYWHERE
            continue
        if excess > 0:
            low = before - excess - order
        elif excess < 0:
            high = before - excess + order
        else:
            low = min(before, max(target - width, before - takes))
            high = max(before, min(target + width, before + gives))
        yield -inf if free else low - NOISE, high + NOISE
