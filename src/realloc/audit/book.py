"""The household in exact numbers: quotes, holdings, cash and scopes (VAL-1, VAL-2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from realloc.accounts import Account, Lot
from realloc.audit.canada import with_average_costs
from realloc.audit.exact import ZERO, exact
from realloc.audit.scopes import Scope, open_scope
from realloc.errors import Issue
from realloc.household import Household

_HALF_BPS = Decimal("0.00005")


class Quote(NamedTuple):
    """Dollars per share: the price, half the spread, what a seller gets and what a buyer pays."""

    price: Decimal
    half: Decimal
    bid: Decimal
    ask: Decimal


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Book:
    """A household in exact numbers, by account number and symbol; accounts are sorted by number.

    `worth` has the dollars of each position (nothing where there is no price), `cash` is before trading, with the
    cash flow; `lot_ids` are the ids that an account's lots have of their own.
    `value` is V; what a dollar of an account counts in weights and drift is in `counts` (VAL-3), and `drift_value`
    is the value of all scopes so counted.
    """

    household: Household
    accounts: Mapping[str, Account]
    quotes: Mapping[str, Quote]
    held: Mapping[str, Mapping[str, Decimal]]
    worth: Mapping[str, Mapping[str, Decimal]]
    lots: Mapping[str, Mapping[str, Sequence[Lot]]]
    lot_ids: Mapping[str, frozenset[str]]
    cash: Mapping[str, Decimal]
    counts: Mapping[str, Decimal]
    scopes: tuple[Scope, ...]
    value: Decimal
    drift_value: Decimal

    @property
    def judged_on(self) -> date:
        """The date on which terms are judged; without a holding period (CA-6) the last there is: all is long-term."""
        return date.max if self.household.policy.tax.regime == "canada" else self.household.as_of

    def scope_name(self, account: Account) -> str:
        """Return the name of the scope that the account belongs to: its number, or nothing for the household's."""
        return account.account_number if account.targets or self.household.policy.mirror else ""

    def scope_of(self, account: Account) -> Scope:
        """Return the scope that the account belongs to."""
        name = self.scope_name(account)
        return next(scope for scope in self.scopes if scope.account == name)


def account_path(account: Account) -> str:
    """Return the place of an account in a finding."""
    return f"accounts[{account.account_number!r}]"


def open_book(household: Household) -> Book:
    """Return the household in exact numbers."""
    if household.policy.tax.regime == "canada":
        household = with_average_costs(household)
    accounts = {
        account.account_number: account
        for account in sorted(household.accounts, key=lambda account: account.account_number)
    }
    quotes = {symbol: _quote(household, symbol) for symbol in household.prices}
    held = {
        number: {symbol: exact(shares) for symbol, shares in account.positions.items() if shares}
        for number, account in accounts.items()
    }
    worth = {number: _worth(positions, quotes) for number, positions in held.items()}
    cash = {number: exact(account.cash) + exact(account.cash_flow) for number, account in accounts.items()}
    weights = household.policy.after_tax_weights
    counts = {number: exact(weights.get(account.kind, 1.0)) for number, account in accounts.items()}
    scopes = tuple(
        open_scope(
            household,
            name,
            accounts[numbers[0]].targets,
            _values((worth[number], counts[number]) for number in numbers),
            sum((cash[number] * counts[number] for number in numbers), ZERO),
        )
        for name, numbers in _members(household, accounts)
    )
    return Book(
        household=household,
        accounts=accounts,
        quotes=quotes,
        held=held,
        worth=worth,
        lots={number: _lots(account) for number, account in accounts.items()},
        lot_ids={number: frozenset(lot.id for lot in a.lots if lot.id) for number, a in accounts.items()},
        cash=cash,
        counts=counts,
        scopes=scopes,
        value=sum((sum(each.values(), ZERO) for each in worth.values()), sum(cash.values(), ZERO)),
        drift_value=sum((scope.value for scope in scopes), ZERO),
    )


def _members(household: Household, accounts: Mapping[str, Account]) -> list[tuple[str, list[str]]]:
    """Return the name of each scope with the accounts in it (VAL-2)."""
    shared = [number for number, account in accounts.items() if not account.targets]
    if household.policy.mirror:
        return [(number, [number]) for number in accounts]
    members = [("", shared)] if shared else []
    return members + [(number, [number]) for number, account in accounts.items() if account.targets]


def check_prices(book: Book) -> Iterator[Issue]:
    """Find holdings without a price (VAL-1); they count nothing in the figures."""
    for number, held in book.held.items():
        for symbol in sorted(held.keys() - book.quotes.keys()):
            yield Issue(
                code="VAL-1",
                where=account_path(book.accounts[number]),
                message=f"{symbol} is held but has no price: it is valued at nothing",
                hint=f"add {symbol!r} to 'prices'",
            )


def _lots(account: Account) -> dict[str, list[Lot]]:
    by_symbol: dict[str, list[Lot]] = {}
    for lot in account.lots:
        by_symbol.setdefault(lot.symbol, []).append(lot)
    return by_symbol


def _quote(household: Household, symbol: str) -> Quote:
    price = exact(household.prices[symbol])
    half = price * exact(household.spread_bps(symbol)) * _HALF_BPS
    return Quote(price, half, price - half, price + half)


def _worth(held: Mapping[str, Decimal], quotes: Mapping[str, Quote]) -> dict[str, Decimal]:
    return {
        symbol: shares * quotes[symbol].price if symbol in quotes else ZERO for symbol, shares in held.items()
    }


def _values(positions: Iterable[tuple[Mapping[str, Decimal], Decimal]]) -> dict[str, Decimal]:
    """Return dollars by symbol; those of each account count as often as the number beside them says."""
    values: dict[str, Decimal] = {}
    for worth, counts in positions:
        for symbol, dollars in worth.items():
            values[symbol] = values.get(symbol, ZERO) + dollars * counts
    return values
