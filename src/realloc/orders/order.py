"""One order: a trade with what is needed to enter it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from realloc.orders.days import Timing
from realloc.orders.prices import Side, exact
from realloc.trades import LotSale, Trade, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order: a trade with what is needed to enter it.

    Parameters
    ----------
    trade : Trade
        The trade, with its price where one is known.
    sequence : int
        Place in the order of execution: the plan's, or counted where the trades have none.
    label : str
        The account's name for people; empty where it is not known.
    timing : Timing
        When it is entered.
    fund : bool
        It is a mutual fund's: executed once a day at its net asset value, without a limit.
    whole_position : bool
        It sells all shares that the account holds; False where the account is not known.
    limit : Decimal, optional
        Dollars per share; None for a market order, a fund or a symbol without a price.
    """

    trade: Trade
    sequence: int
    label: str = ""
    timing: Timing = Timing()
    fund: bool = False
    whole_position: bool = False
    limit: Decimal | None = None

    @property
    def account(self) -> str:
        """The account number."""
        return self.trade.account_id

    @property
    def symbol(self) -> str:
        """The symbol."""
        return self.trade.symbol

    @property
    def side(self) -> Side:
        """``sell`` or ``buy``."""
        return "sell" if self.trade.shares < 0 else "buy"

    @property
    def shares(self) -> Decimal:
        """Shares, more than zero, exactly."""
        return abs(exact(plain(self.trade.shares)))

    @property
    def price(self) -> Decimal | None:
        """Last price in dollars per share; None where it is not known."""
        return None if self.trade.price is None else exact(self.trade.price)

    @property
    def notional(self) -> Decimal | None:
        """Shares at the last price in dollars, to the cent, more than zero; None without a price."""
        return None if self.trade.price is None else abs(exact(self.trade.notional))

    @property
    def lots(self) -> tuple[LotSale, ...]:
        """Where the shares of a sale come from."""
        return self.trade.lots

    @property
    def day(self) -> int:
        """The day on which it is entered."""
        return self.timing.day

    @property
    def where(self) -> str:
        """Its place for people: account and symbol."""
        return f"account {self.account!r}, symbol {self.symbol!r}"
