"""Which rule keeps a position from being sold, or a class from being bought, in the user's words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import cached_property
from math import isfinite

import numpy as np

from realloc.accounts import Account
from realloc.household import Household
from realloc.optimizer.deferral import waits_until
from realloc.optimizer.integer import Repair
from realloc.optimizer.restriction import FRACTION
from realloc.optimizer.scopes import Scope
from realloc.optimizer.words import NOTHING, cents, listing, usd
from realloc.tax.history import identities


def identical_symbols(household: Household) -> Mapping[str, Sequence[str]]:
    """Return for each symbol with substantially identical ones all of them and itself, sorted (rule WASH-0)."""
    name = identities(household.policy.wash_sales.identical)
    alike: dict[str, list[str]] = {}
    for symbol in sorted(name):
        alike.setdefault(name[symbol], []).append(symbol)
    return {symbol: alike[root] for symbol, root in name.items()}


class Blocks:
    """Reads the rules that close pairs of account and symbol, as they stand after the plan.

    Parameters
    ----------
    made : Repair
        The trades.
    """

    def __init__(self, made: Repair) -> None:
        self.made, self.problem, self.household = made, made.problem, made.problem.household
        self.number = {account.account_number: n for n, account in enumerate(self.problem.accounts)}

    @cached_property
    def place(self) -> dict[tuple[int, str], int]:
        """The pair of an account's place and a symbol."""
        pairs, symbols = self.problem.pairs, self.problem.symbols
        names = ((n, symbols[s]) for n, s in zip(pairs.account.tolist(), pairs.symbol.tolist(), strict=True))
        return {name: p for p, name in enumerate(names)}

    @cached_property
    def identical(self) -> Mapping[str, Sequence[str]]:
        """The household's `identical_symbols`."""
        return identical_symbols(self.household)

    def to_sell(self, accounts: Iterable[Account], symbols: Iterable[str] | None = None) -> list[str]:
        """Return what keeps positions from being sold, with the dollars that each rule keeps."""
        kept: dict[str, tuple[float, list[str]]] = {}
        wanted = None if symbols is None else set(symbols)
        for account in accounts:
            for symbol, held in sorted(account.positions.items()):
                if wanted is not None and symbol not in wanted:
                    continue
                rule, shares = self._kept(account, symbol, held)
                dollars = shares * self.household.prices[symbol] if rule else 0.0
                if dollars > NOTHING:
                    total, names = kept.get(rule, (0.0, []))
                    kept[rule] = total + dollars, names if symbol in names else [*names, symbol]
        rules = sorted(kept.items(), key=lambda entry: (-entry[1][0], entry[0]))
        return [f"{rule} keeps {usd(dollars)} of {listing(names)}" for rule, (dollars, names) in rules]

    def _kept(self, account: Account, symbol: str, held: float) -> tuple[str, float]:
        """Return the rule that keeps shares of a position, and how many; an empty rule where none does."""
        if account.do_not_trade or symbol in account.no_sell:
            return "do_not_trade" if account.do_not_trade else "no_sell", held
        if not self.problem.restriction.may_sell(account.account_number, symbol):
            return self._mode(), held
        p = self.place.get((self.number[account.account_number], symbol))
        if p is None:
            return "", 0.0
        pairs, made = self.problem.pairs, self.made
        shares = held - max(float(made.full[p]), -float(made.shares[p]))
        if shares < pairs.step[p] and made.full[p] > 0:
            return "", 0.0
        return self._closed(account, symbol, p), shares

    def _closed(self, account: Account, symbol: str, p: int) -> str:
        """Return the rule that closes the lots of a position that may otherwise be sold."""
        pairs, wash = self.problem.pairs, self.household.policy.wash_sales
        if pairs.held[p] * pairs.price[p] < self.household.policy.min_trade_value:
            return "min_trade_value"
        waits = [waits_until(self.household, account, lot) for lot in account.lots if lot.symbol == symbol]
        days = sorted(day for day in waits if day is not None)
        if days:
            return f"policy.tax.defer_days (long-term from {days[0]})"
        bought = self._purchases.get(symbol)
        if bought is not None and self._has_loss(account, symbol):
            again = bought + timedelta(days=wash.window_days + 1)
            return f"the wash-sale window (bought on {bought}; losses may be taken from {again})"
        identical = np.flatnonzero((pairs.wash == pairs.wash[p]) & (self.made.shares > 0))
        names = sorted({self.problem.symbols[pairs.symbol[q]] for q in identical.tolist()})
        if names and self._has_loss(account, symbol):
            return f"buying {listing(names)} in this plan (wash sale)"
        return ""

    def to_buy(self, scope: Scope, symbols: Iterable[str]) -> tuple[set[str], list[str]]:
        """Return the numbers of the accounts that may buy one of `symbols`, and what keeps others from it."""
        open_to: set[str] = set()
        rules: dict[str, list[str]] = {}
        members = [symbol for symbol in symbols if symbol in scope.wanted]
        for account in scope.accounts:
            number = account.account_number
            found = [self.why_not_buy(account, symbol) for symbol in members]
            if not all(found):
                open_to.add(number)
                continue
            for rule in dict.fromkeys(found):
                rules.setdefault(rule, []).append(number)
        return open_to, [f"{rule} in {listing(numbers)}" for rule, numbers in sorted(rules.items())]

    def why_not_buy(self, account: Account, symbol: str) -> str:
        """Return the rule that keeps an account from buying a wanted symbol, empty where none does."""
        if account.do_not_trade:
            return "do_not_trade"
        if symbol not in self.household.prices:
            return "no price"
        if account.only is not None and symbol not in account.only:
            return "not on the menu"
        if symbol in account.no_buy:
            return "no_buy"
        if not self.problem.restriction.may_buy(account.account_number, symbol):
            return self._mode()
        return self._shut(account, symbol)

    def _shut(self, account: Account, symbol: str) -> str:
        """Return the wash-sale window or the cap that keeps an account from buying a symbol of its menu."""
        sold = self._loss_sales.get(symbol)
        if sold is not None:
            again = sold + timedelta(days=self.household.policy.wash_sales.window_days + 1)
            return f"the wash-sale window (sold at a loss on {sold}; to be bought from {again})"
        most, price = account.max_position_value, self.household.prices[symbol]
        step = FRACTION if account.fractional else 1.0
        if most is not None and most - account.positions.get(symbol, 0.0) * price < step * price:
            return f"max_position_value of {cents(most)}"
        return ""

    def _mode(self) -> str:
        return f"the mode {self.household.policy.mode!r}"

    def losses_sold(self, symbols: Iterable[str]) -> str:
        """Return which sales at a loss in the plan keep some of `symbols` from being bought (WASH-1)."""
        pairs, names = self.problem.pairs, set(symbols)
        of = [self.problem.symbols[s] for s in pairs.symbol.tolist()]
        lossy = {int(pairs.wash[p]) for p, symbol in enumerate(of) if symbol in names}
        lossy &= set(np.flatnonzero(self.problem.coupled & self.made.sells_losses).tolist())
        sold = {of[p] for p in np.flatnonzero(self.made.shares < 0).tolist() if int(pairs.wash[p]) in lossy}
        return f"selling {listing(sorted(sold))} at a loss in this plan (wash sale)" if sold else ""

    def caps(self) -> list[str]:
        """Return the caps of the household that leave no room for another order or another gain."""
        policy, limits, made = self.household.policy, self.problem.limits, self.made
        rules = []
        if policy.max_orders is not None and int((made.shares != 0).sum()) >= policy.max_orders:
            rules.append(f"max_orders of {policy.max_orders}")
        for name, cap, room, total in (
            ("max_realized_gain", policy.max_realized_gain, limits.gain, made.pair_gain),
            ("max_short_term_gain", policy.max_short_term_gain, limits.short_gain, made.pair_short),
            ("max_tax", policy.max_tax, limits.tax, made.pair_tax),
        ):
            if cap is not None and isfinite(cap) and float(total.sum()) >= room - max(1.0, 0.01 * room):
                rules.append(f"{name} of {cents(cap)}")
        return rules

    def _has_loss(self, account: Account, symbol: str) -> bool:
        p = self.place[self.number[account.account_number], symbol]
        bid = float(self.problem.pairs.bid[p])
        return account.kind == "taxable" and any(
            lot.cost_per_share > bid for lot in account.lots if lot.symbol == symbol
        )

    @cached_property
    def _purchases(self) -> dict[str, date]:
        """The last purchase in the wash-sale window of each symbol or an identical one, in any account (WASH-2)."""
        days = [(t.symbol, t.traded) for t in self.household.recent_trades if t.shares > 0]
        days += [(lot.symbol, lot.acquired) for account in self.household.accounts for lot in account.lots]
        return self._last(days)

    @cached_property
    def _loss_sales(self) -> dict[str, date]:
        """The last taxable sale at a loss in the window of each symbol or an identical one (WASH-3)."""
        sheltered = {a.account_number for a in self.household.accounts if a.kind != "taxable"}
        trades = self.household.recent_trades
        sales = [t for t in trades if t.shares < 0 and t.account_number not in sheltered]
        return self._last([(t.symbol, t.traded) for t in sales if (t.gain or 0.0) < 0])

    def _last(self, days: Iterable[tuple[str, date]]) -> dict[str, date]:
        """Return the last day in the window of each symbol and all that are identical to it."""
        wash = self.household.policy.wash_sales
        since = self.household.as_of - timedelta(days=wash.window_days)
        last: dict[str, date] = {}
        for symbol, day in days if wash.avoid else ():
            if day >= since:
                for name in self.identical.get(symbol, [symbol]):
                    last[name] = max(day, last.get(name, day))
        return last
