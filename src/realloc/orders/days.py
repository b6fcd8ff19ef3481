"""On which day an order can be entered, and what it waits for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from realloc.accounts import Account
from realloc.orders.prices import exact, is_fund, limit_price
from realloc.orders.settings import OrderSettings
from realloc.trades import Trade

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """When an order is entered.

    Parameters
    ----------
    day : int
        1, or 2 for what waits.
    waits_for : str
        What a purchase on day 2 waits for; empty on day 1.
    unsettled : bool
        The purchase is paid, wholly or in part, with proceeds that have not settled when it is made.
    """

    day: int = 1
    waits_for: str = ""
    unsettled: bool = False


def timings(
    trades: Sequence[Trade], account: Account | None, settings: OrderSettings, commission: float = 0.0
) -> list[Timing]:
    """Return the timing of each trade of one account, in their order, sells before buys.

    Rules: docs/exporters.md, DAY-1 to DAY-5.

    Parameters
    ----------
    trades : sequence of Trade
        All trades of the account, those of a side in order of execution.
    account : Account, optional
        None: its cash is not known and taken as zero.
    settings : OrderSettings
        Which symbols are funds, and the distance of limits, at which orders are counted.
    commission : float
        Dollars of cash per order.
    """
    purse = _purse(trades, account, settings, exact(commission))
    found = []
    for trade in trades:
        if trade.shares < 0:
            found.append(Timing())
            continue
        cost = expected(trade, settings)
        found.append(purse.pay(trade.symbol, None if cost is None else cost + exact(commission)))
    return found


def expected(trade: Trade, settings: OrderSettings) -> Decimal | None:
    """Return the dollars of a trade at its limit, or at its price where it has none; None: no price."""
    if trade.price is None:
        return None
    price: Decimal | None = exact(trade.price)
    if settings.order_type == "limit" and not is_fund(trade.symbol, settings):
        price = limit_price(trade.price, "sell" if trade.shares < 0 else "buy", settings.slip_bps)
    return abs(exact(trade.shares)) * (price or ZERO)


@dataclass(slots=True)
class _Purse:
    """The money of one account while its purchases are paid in order."""

    settled: Decimal
    """Cash that is there, less what leaves; counts down to tell what is paid with unsettled money."""
    free: Decimal
    """What may be spent on day 1, on anything."""
    families: dict[frozenset[str], Decimal] = field(default_factory=dict)
    """Proceeds of fund sales that buy funds of the family on day 1."""
    waits_for: str = ""
    """What brings more money on day 2; empty: nothing does."""

    def pay(self, symbol: str, cost: Decimal | None) -> Timing:
        if self.waits_for:
            own = [family for family in self.families if symbol in family]
            exchanged = sum((self.families[family] for family in own), ZERO)
            if cost is None or cost > self.free + exchanged:
                return Timing(day=2, waits_for=self.waits_for)
            for family in own:
                used = min(self.families[family], cost)
                self.families[family] -= used
                cost -= used
            self.free -= cost
        if cost is None:
            return Timing(unsettled=True)
        self.settled -= cost
        return Timing(unsettled=self.settled < 0)


def _purse(
    trades: Sequence[Trade], account: Account | None, settings: OrderSettings, commission: Decimal
) -> _Purse:
    sales = [trade for trade in trades if trade.shares < 0]
    proceeds = [(trade, (expected(trade, settings) or ZERO) - commission) for trade in sales]
    of_funds = [(trade, money) for trade, money in proceeds if is_fund(trade.symbol, settings)]
    at_once = sum((money for trade, money in proceeds if not is_fund(trade.symbol, settings)), ZERO)
    waits = [f"the proceeds of {symbol}" for symbol in dict.fromkeys(trade.symbol for trade, _ in of_funds)]
    settled = kept = ZERO
    if account is not None:
        settled = exact(account.cash) + min(exact(account.cash_flow), ZERO)
        kept = exact(account.cash_reserve)
        if account.cash_flow > 0:
            waits.append("the cash that is to arrive")
    families: dict[frozenset[str], Decimal] = {}
    for trade, money in of_funds:
        family = next((family for family in settings.families if trade.symbol in family), None)
        if family is not None:
            families[family] = families.get(family, ZERO) + money
    return _Purse(
        settled=settled, free=settled - kept + at_once, families=families, waits_for=" and ".join(waits)
    )
