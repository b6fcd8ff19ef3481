"""A household over the years of a simulation: cash, lots, dividends, trades and the taxes of each year."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from math import ceil

from benchmarks.market import Market
from realloc.accounts import Account, Lot
from realloc.household import RecentTrade
from realloc.policy import Tax
from realloc.tax.netting import TaxYear, net
from realloc.tax.relief import relieve, remaining_lots
from realloc.tax.terms import is_long_term
from realloc.trades import Trade

SPREAD_BPS = 2.0
WITHDRAWAL_RATE = 0.20
"""Rate at which the tax-deferred account is taxed when it is paid out at the end."""


@dataclass(slots=True, kw_only=True)
class Life:
    """Accounts and what was done in them so far; dollars throughout.

    `year` has the net gains of the year so far and the losses carried into it.
    """

    accounts: dict[str, Account]
    tax: Tax
    year: TaxYear = field(default_factory=TaxYear)
    recent: list[RecentTrade] = field(default_factory=list)
    tax_paid: float = 0.0
    losses: float = 0.0
    orders: int = 0

    def value(self, prices: dict[str, float]) -> float:
        """Return cash and shares of all accounts before any tax."""
        return sum(
            account.cash + sum(shares * prices[symbol] for symbol, shares in account.positions.items())
            for account in self.accounts.values()
        )

    def deposit(self, number: str, dollars: float) -> None:
        """Add cash to an account."""
        account = self.accounts[number]
        self.accounts[number] = replace(account, cash=round(account.cash + dollars, 2))

    def pay_dividends(self, market: Market, prices: dict[str, float]) -> None:
        """Pay a month of every yield in cash; in a taxable account the tax on it is taken at once."""
        for number, account in self.accounts.items():
            for symbol, shares in account.positions.items():
                returns = market.returns[symbol]
                paid = shares * prices[symbol] * returns.income / 12
                if account.kind == "taxable":
                    rate = returns.qualified * self.tax.long_term_rate
                    rate += (1 - returns.qualified - returns.exempt) * self.tax.short_term_rate
                    self.tax_paid += paid * rate
                    paid *= 1 - rate
                self.deposit(number, paid)

    def trade(self, trades: Iterable[Trade], prices: dict[str, float], day: date) -> None:
        """Make trades at the bid or ask; a sale that names no lots takes the oldest first."""
        for trade in trades:
            account = self.accounts[trade.account_id]
            half = prices[trade.symbol] * SPREAD_BPS / 20_000
            price = prices[trade.symbol] + (half if trade.shares > 0 else -half)
            own = [lot for lot in account.lots if lot.symbol == trade.symbol]
            others = tuple(lot for lot in account.lots if lot.symbol != trade.symbol)
            gain = None
            if trade.shares > 0:
                lot = Lot(
                    symbol=trade.symbol,
                    shares=trade.shares,
                    cost_per_share=price,
                    acquired=day,
                    id=str(self.orders),
                )
                own.append(lot)
            else:
                own, gain = self._sell(account, own, trade, price, day)
            held = account.positions.get(trade.symbol, 0.0) + trade.shares
            positions = {s: n for s, n in (account.positions | {trade.symbol: held}).items() if n > 1e-9}
            self.accounts[trade.account_id] = replace(
                account,
                cash=round(account.cash - trade.shares * price, 2),
                positions=positions,
                lots=(*others, *own),
            )
            self.recent.append(
                RecentTrade(
                    account_number=trade.account_id,
                    symbol=trade.symbol,
                    shares=trade.shares,
                    price=price,
                    traded=day,
                    gain=gain,
                )
            )
            self.orders += 1

    def _sell(
        self, account: Account, own: list[Lot], trade: Trade, price: float, day: date
    ) -> tuple[list[Lot], float]:
        chosen = {sale.id: sale.shares for sale in trade.lots}
        relieved = relieve(
            own,
            -trade.shares,
            price=price,
            sold=day,
            method="specific" if chosen else "fifo",
            chosen=chosen or None,
        )
        gains = {"short": 0.0, "long": 0.0}
        for part in relieved:
            gains[part.term] += float(part.gain)
            if account.kind == "taxable":
                self.losses -= min(0.0, float(part.gain))
        if account.kind == "taxable":
            self.year = replace(
                self.year,
                short_term=self.year.short_term + gains["short"],
                long_term=self.year.long_term + gains["long"],
            )
        return list(remaining_lots(own, relieved)), sum(gains.values())

    def cover(self, prices: dict[str, float], day: date) -> None:
        """Sell of the largest holding, the oldest shares first, where an account's cash is below zero."""
        for number in self.accounts:
            while (account := self.accounts[number]).cash < 0 and account.positions:
                symbol = max(account.positions, key=lambda s: (account.positions[s] * prices[s], s))
                wanted = float(ceil(-account.cash / prices[symbol] * 1.001))
                shares = min(wanted, account.positions[symbol])
                self.trade([Trade(number, symbol, -shares)], prices, day)

    def end_year(self, number: str) -> None:
        """Pay the year's tax from an account, and carry losses forward; cash may go below zero."""
        netted = net(self.year)
        due = float(netted.tax(self.tax))
        self.tax_paid += due
        self.deposit(number, -due)
        self.year = TaxYear(
            short_carryover=float(netted.short_carryover), long_carryover=float(netted.long_carryover)
        )

    def wealth_after_tax(self, prices: dict[str, float], day: date) -> float:
        """Return what is left when everything is sold and paid out: gains netted, losses beyond them lost."""
        total, short, long = 0.0, self.year.short_term, self.year.long_term
        for account in self.accounts.values():
            value = account.cash + sum(shares * prices[s] for s, shares in account.positions.items())
            if account.kind == "tax_deferred":
                value *= 1 - WITHDRAWAL_RATE
            total += value
            for lot in account.lots if account.kind == "taxable" else ():
                gain = (prices[lot.symbol] - lot.cost_per_share) * lot.shares
                if is_long_term(lot.acquired, day):
                    long += gain
                else:
                    short += gain
        return total - float(net(replace(self.year, short_term=short, long_term=long)).tax(self.tax))
