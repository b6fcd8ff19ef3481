"""Trades, and the way to them from current and target shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, Self

from realloc.differences import (
    buy_position,
    calculate_buy_amounts,
    calculate_sell_amounts,
    compute_portfolio_trades,
    is_trade_remaining,
    sell_position,
    split_trades,
)
from realloc.scaled import ScaledPortfolio

__all__ = [
    "LotSale",
    "ScaledPortfolio",
    "Trade",
    "TradeInfo",
    "buy_position",
    "calculate_buy_amounts",
    "calculate_sell_amounts",
    "compute_portfolio_trades",
    "is_trade_remaining",
    "plain",
    "sell_position",
    "split_trades",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class LotSale:
    """The shares that a sale takes from one lot, with the gain in dollars (at the bid)."""

    id: str
    shares: float
    cost_per_share: float
    acquired: date
    term: Literal["short", "long"]
    gain: float

    def to_dict(self) -> dict[str, Any]:
        """Return the lot sale as the plan document has it."""
        return {
            "id": self.id,
            "shares": plain(self.shares),
            "cost_per_share": self.cost_per_share,
            "acquired": self.acquired.isoformat(),
            "term": self.term,
            "gain": self.gain,
        }


@dataclass(slots=True)
class Trade:
    """Shares of one symbol to trade in one account; negative shares sell.

    Parameters
    ----------
    account_id : str
        Account number.
    symbol : str
        The symbol.
    shares : float
        Negative to sell.
    price : float, optional
        Dollars per share (the middle of bid and ask); set in a plan.
    notional : float
        Shares times price, rounded to the cent; set in a plan.
    sequence : int
        Place in the order of execution, from 1; set in a plan.
    lots : tuple of LotSale
        Where the shares of a sale come from; set in a plan, for positions with lots.
    reason : str
        One sentence that a client can read; set in a plan.
    """

    account_id: str
    symbol: str
    shares: float
    price: float | None = field(default=None, kw_only=True)
    notional: float = field(default=0.0, kw_only=True)
    sequence: int = field(default=0, kw_only=True)
    lots: tuple[LotSale, ...] = field(default=(), kw_only=True)
    reason: str = field(default="", kw_only=True)

    def to_dict(self) -> dict[str, Any]:
        """Return account, symbol and shares; a plan's trade adds what the plan document has."""
        trade: dict[str, Any] = {
            "account_id": self.account_id,
            "symbol": self.symbol,
            "shares": plain(self.shares),
        }
        if self.price is not None:
            trade |= {
                "price": self.price,
                "notional": self.notional,
                "sequence": self.sequence,
                "lots": [lot.to_dict() for lot in self.lots],
                "reason": self.reason,
            }
        return trade

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Build a trade from ``account_id``, ``symbol`` and ``shares``."""
        return cls(data["account_id"], data["symbol"], data["shares"])


def plain(shares: float) -> float:
    """Return a whole number of shares as an int, any other as it is."""
    return int(shares) if shares == int(shares) else shares


@dataclass(frozen=True, slots=True)
class TradeInfo:
    """A trade under consideration, with what a validator may want to know; None is not known.

    Parameters
    ----------
    symbol : str
        The symbol.
    quantity : float
        Shares; negative to sell.
    price : float
        Dollars per share.
    minimum_value : float, optional
        The least value in dollars that this trade should have.
    current_position : float, optional
        Shares that the account holds before the trade.
    account_balance : float, optional
        Cash of the account before the trade, in dollars.
    """

    symbol: str
    quantity: float
    price: float
    minimum_value: float | None = None
    current_position: float | None = None
    account_balance: float | None = None
