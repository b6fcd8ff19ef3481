"""Who can sell and who can buy, kept up to date, so that a choice does not look at every account.

The choices are those of `realloc.selectors`, without their cost: over a whole rebalance the work grows with
the positions and the trades that there are, not with accounts times trades.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping
from itertools import chain

from realloc._shares import TOLERANCE, affordable, whole
from realloc.selectors import ranked_buyers
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
        price = self._state.prices[symbol]
        first = self._first_buyer(symbol, shares, price)
        if first is None:
            return
        yield first, min(affordable(self._cash[self._places[first]], price), shares)
        state = self._state
        for number in ranked_buyers(symbol, shares, state.accounts, state.prices, state.cash_matrix)[1:]:
            yield number, min(affordable(self._cash[self._places[number]], price), shares)

    def _first_buyer(self, symbol: str, shares: int, price: float) -> str | None:
        ranked, holders = self._by_cash, self._holders[symbol]
        one = bisect_left(ranked, True, key=lambda entry: affordable(entry[0], price) >= 1)
        if one == len(ranked):
            return None
        all_of_it = bisect_left(ranked, True, one, key=lambda entry: affordable(entry[0], price) >= shares)
        place = self._largest_holder(symbol, all_of_it)
        if place is None:
            place = self._richest_holder(holders, one, all_of_it)
        if place is not None:
            return self._numbers[place]
        if all_of_it < len(ranked):
            payers = (self._numbers[place] for _, place in ranked[all_of_it:])
            return min(payers, key=self._listed.__getitem__)
        return self._numbers[ranked[-1][1]]

    def _largest_holder(self, symbol: str, start: int) -> int | None:
        """Return the largest holder among the accounts from `start` of the order by cash."""
        ranked, holders = self._by_cash, self._holders[symbol]
        if start == len(ranked):
            return None
        if len(holders) < len(ranked) - start:
            places = [place for place in holders if (self._cash[place], place) >= ranked[start]]
        else:
            places = [place for _, place in ranked[start:] if place in holders]
        accounts = self._state.accounts
        return max(
            places, key=lambda place: (accounts[self._numbers[place]].positions[symbol], place), default=None
        )

    def _richest_holder(self, holders: set[int], start: int, end: int) -> int | None:
        """Return the holder with the most cash among those from `start` to `end` of the order by cash."""
        ranked = self._by_cash
        if len(holders) ** 2 < end - start:
            entries = [(self._cash[place], place) for place in holders]
            found = max((entry for entry in entries if entry >= ranked[start]), default=None)
            return None if found is None else found[1]
        return next((ranked[n][1] for n in range(end - 1, start - 1, -1) if ranked[n][1] in holders), None)
