"""How the groups of each scope stand before the orders, and where a mode lets them end: MODE-6, HARV-4.

Dollars here are multiplied by the sum of the weights of the scope, as in its groups.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

from realloc.accounts import Account
from realloc.audit.book import Book
from realloc.audit.exact import CENT, LIMIT_TOLERANCE, ONE, ZERO, exact, ratio, usd
from realloc.audit.scopes import Group, Scope
from realloc.errors import Issue
from realloc.models import CASH

_REACH = {"edge": ONE, "midpoint": Decimal("0.5"), "target": ZERO}


class Place(NamedTuple):
    """A group with its dollars before the orders.

    `excess` is what takes it to the destination of MODE-6: above zero for a group above its band, below zero for
    one below it, zero for one inside.
    """

    group: Group
    before: Decimal
    excess: Decimal


@dataclass(frozen=True, kw_only=True)
class Standing:
    """The groups of one scope, and whether an account of it is below its reserve."""

    scope: Scope
    places: tuple[Place, ...]
    needy: bool

    @cached_property
    def gives(self) -> Decimal:
        """Dollars that groups above their band have to give."""
        return sum((place.excess for place in self.places if place.excess > 0), ZERO)

    @cached_property
    def takes(self) -> Decimal:
        """Dollars that groups below their band need."""
        return -sum((place.excess for place in self.places if place.excess < 0), ZERO)

    def of(self, symbol: str) -> list[Place]:
        """Return the groups that a symbol counts in."""
        return self._places_by_symbol.get(symbol, [])

    @cached_property
    def _places_by_symbol(self) -> dict[str, list[Place]]:
        found: dict[str, list[Place]] = {}
        for place in self.places:
            for symbol, share in (place.group.shares or {}).items():
                if share:
                    found.setdefault(symbol, []).append(place)
        return found


def is_short(book: Book, account: Account) -> bool:
    """Whether an account is below its reserve before anything is traded."""
    return book.cash[account.account_number] < exact(account.cash_reserve) - LIMIT_TOLERANCE


def one_order(book: Book, symbols: Iterable[str]) -> Decimal:
    """Return the dollars of a least order and one share of the dearest of some symbols."""
    dearest = max((book.quotes[symbol].price for symbol in symbols if symbol in book.quotes), default=ZERO)
    return dearest + exact(book.household.policy.min_trade_value)


def stand(book: Book, values: tuple[Decimal, ...]) -> tuple[Standing, ...]:
    """Return how each scope stands; `values` has the dollars in each group, by scope and group."""
    rest = iter(values)
    short = {number for number, account in book.accounts.items() if is_short(book, account)}
    return tuple(
        Standing(
            scope=scope,
            places=tuple(_place(book, scope, group, next(rest)) for group in scope.groups),
            needy=any(book.scope_of(book.accounts[number]) is scope for number in short),
        )
        for scope in book.scopes
    )


def _place(book: Book, scope: Scope, group: Group, value: Decimal) -> Place:
    before = value * scope.total_weight
    off = before - group.target
    cash = book.household.model.classes.get(CASH)
    silent = group.shares is None and (cash is None or cash.band is None)
    excess = ZERO
    if abs(off) > group.band + CENT * scope.total_weight and scope.value > 0 and not silent:
        beyond = abs(off) - _REACH[book.household.policy.destination] * group.band
        excess = beyond if off > 0 else -beyond
    return Place(group, before, excess)


class Limits(NamedTuple):
    """The least and most that a group may end at; None where it is free."""

    low: Decimal | None
    high: Decimal | None


def return_limits(book: Book, standing: Standing, place: Place) -> Limits:
    """Return where MODE-6 lets a group end."""
    group, total = place.group, standing.scope.total_weight
    if group.shares is None or not (standing.gives or standing.takes):
        return Limits(None, None)
    order = one_order(book, group.shares) * total
    low: Decimal | None = None
    high: Decimal | None = None
    if place.excess > 0:
        low = place.before - place.excess - order
    elif place.excess < 0:
        high = place.before - place.excess + order
    else:
        low = min(place.before, max(group.target - group.band, place.before - standing.takes))
        high = max(place.before, min(group.target + group.band, place.before + standing.gives))
    return Limits(None if standing.needy else low, high)


def check_limits(
    code: str,
    standings: Iterable[Standing],
    values: tuple[Decimal, ...],
    limits: Mapping[tuple[str, str], Limits],
) -> Iterator[Issue]:
    """Find groups that end outside their limits, which are by scope and group."""
    rest = iter(values)
    for standing in standings:
        scope = standing.scope
        for place in standing.places:
            after = next(rest) * scope.total_weight
            low, high = limits[scope.account, place.group.name]
            slack = CENT * scope.total_weight
            for broken, limit, word in (
                (low is not None and after < low - slack, low, "least"),
                (high is not None and after > high + slack, high, "most"),
            ):
                if broken and limit is not None:
                    where = f"accounts[{scope.account!r}].targets" if scope.account else "model.targets"
                    end, bound = (usd(ratio(n, scope.total_weight)) for n in (after, limit))
                    yield Issue(
                        code=code,
                        where=f"{where}.{place.group.name}",
                        message=f"{place.group.name} ends at {end}, the {word} that the mode allows is {bound}",
                    )
