"""Symbols that are never bought."""

from __future__ import annotations

from collections.abc import Iterable

from realloc.plugins.core.base import TradeValidator
from realloc.trades import TradeInfo


class NeverBuyValidator(TradeValidator):
    """Refuse to buy the symbols of a list; they may be sold.

    Parameters
    ----------
    symbols : iterable of str
        The symbols.
    """

    name = "never_buy"

    def __init__(self, symbols: Iterable[str]) -> None:
        self.symbols = frozenset(symbols)

    def validate(self, trade: TradeInfo) -> tuple[bool, str]:
        """Return whether the trade is anything but a buy of one of the symbols."""
        if trade.quantity > 0 and trade.symbol in self.symbols:
            return False, f"{trade.symbol} is never bought"
        return True, ""
