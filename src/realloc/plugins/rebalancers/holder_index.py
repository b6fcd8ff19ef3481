"""Who can sell and who can buy, kept up to date, so that a choice does not look at every account.

The choices are those of `realloc.selectors`, without their cost: over a whole rebalance the work grows with
the positions and the trades that there are, not with accounts times trades.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping
from itertools import chain

from realloc._shares import TOLERANCE, affordable, whole
from realloc.state import PortfolioStateManager


class HolderIndex:
    """Accounts by cash, and the holders of every symbol that is to be traded.

    Parameters
    ----------
    state : PortfolioStateManager
        The accounts; after each trade of theirs `record` has to be called.
    trades : mapping of str to float
        Portfolio-level shares by symbol; negative sells. Other symbols are not indexed.
    """

    def __init__(self, state: PortfolioStateManager, trades: Mapping[str, float]) -> None:
        self._state = state
        # An account's place in `_numbers`: of accounts that tie, the lowest number has the highest place.
        self._numbers = sorted(state.accounts, reverse=True)
        self._places = {number: place for place, number in enumerate(self._numbers)}
        self._listed = {number: n for n, number in enumerate(state.accounts)}
        self._cash = [state.accounts[number].cash for number in self._numbers]
        self._by_cash = sorted((cash, place) for place, cash in enumerate(self._cash))
        self._sellers: dict[str, list[tuple[float, int]]] = {s: [] for s, n in trades.items() if n < 0}
        self._holders: dict[str, set[int]] = {s: set() for s, n in trades.items() if n > 0}
        for place, number in enumerate(self._numbers):
            for symbol, held in state.accounts[number].positions.items():
                if symbol in self._sellers and whole(held) >= 1:
                    self._sellers[symbol].append((held, place))
                elif symbol in self._holders and held > 0:
                    self._holders[symbol].add(place)
        for sellers in self._sellers.values():
            sellers.sort()

    def candidates(self, symbol: str, shares: float) -> Iterator[tuple[str, int]]:
        """Yield the accounts for a portfolio-level trade, best first, each with the shares it can trade."""
        return self._selling(symbol, -int(shares)) if shares < 0 else self._buying(symbol, int(shares))

    def record(self, symbol: str, number: str, before: float) -> None:
        """Take note of a trade that the state has made in an account that held `before` shares."""
        place = self._places[number]
        if symbol in self._sellers:
            # Either all of its whole shares are sold, or all that there was to sell of the symbol.
            sellers = self._sellers[symbol]
            del sellers[bisect_left(sellers, (before, place))]
        else:
            self._holders[symbol].add(place)
        del self._by_cash[bisect_left(self._by_cash, (self._cash[place], place))]
        self._cash[place] = self._state.accounts[number].cash
        insort(self._by_cash, (self._cash[place], place))

    def _selling(self, symbol: str, shares: int) -> Iterator[tuple[str, int]]:
        sellers = self._sellers[symbol]
        most = shares * (1 + TOLERANCE)
        sold_out = bisect_left(sellers, True, key=lambda seller: seller[0] > most)
        for n in chain(reversed(range(sold_out)), reversed(range(sold_out, len(sellers)))):
            held, place = sellers[n]
            yield self._numbers[place], -min(whole(held), shares)

    def _buying(self, symbol: str, shares: int) -> Iterator[tuple[str, int]]:
        ranked, price = self._by_cash, self._state.prices[symbol]
        one = bisect_left(ranked, True, key=lambda entry: affordable(entry[0], price) >= 1)
        if one == len(ranked):
            return
        all_of_it = bisect_left(ranked, True, one, key=lambda entry: affordable(entry[0], price) >= shares)
        holders = self._holders[symbol]
        for place in chain(
            self._largest_holders(symbol, all_of_it),
            self._richest_holders(holders, one, all_of_it),
            self._first_listed(holders, all_of_it),
            (place for place in self._by_cash_down(one, all_of_it) if place not in holders),
        ):
            yield self._numbers[place], min(affordable(self._cash[place], price), shares)

    def _largest_holders(self, symbol: str, start: int) -> Iterator[int]:
        """Yield the holders among the accounts from `start` of the order by cash, largest first."""
        ranked, holders = self._by_cash, self._holders[symbol]
        if start == len(ranked):
            return
        if len(holders) < len(ranked) - start:
            places = [place for place in holders if (self._cash[place], place) >= ranked[start]]
        else:
            places = [place for _, place in ranked[start:] if place in holders]
        accounts, numbers = self._state.accounts, self._numbers
        places.sort(key=lambda place: (accounts[numbers[place]].positions[symbol], place), reverse=True)
        yield from places

    def _richest_holders(self, holders: set[int], start: int, end: int) -> Iterator[int]:
        """Yield the holders among the accounts from `start` to `end` of the order by cash, richest first."""
        ranked = self._by_cash
        if len(holders) ** 2 < end - start:  # few holders: quicker to sort them than to look for them
            entries = [(self._cash[place], place) for place in holders]
            last = ranked[end] if end < len(ranked) else (math.inf, 0)
            found = sorted((entry for entry in entries if ranked[start] <= entry < last), reverse=True)
            yield from (place for _, place in found)
        else:
            yield from (place for place in self._by_cash_down(start, end) if place in holders)

    def _first_listed(self, holders: set[int], start: int) -> Iterator[int]:
        """Yield the others among the accounts from `start` of the order by cash, as they are listed."""
        places = [place for _, place in self._by_cash[start:] if place not in holders]
        yield from sorted(places, key=lambda place: self._listed[self._numbers[place]])

    def _by_cash_down(self, start: int, end: int) -> Iterator[int]:
        """Yield the accounts from `start` to `end` of the order by cash, richest first."""
        return (self._by_cash[n][1] for n in reversed(range(start, end)))
