"""A limit on the size of a position."""

from __future__ import annotations

from typing import TYPE_CHECKING

from realloc.plugins.core.base import TradeValidator
from realloc.plugins.validators.limits import check_limit, exact

if TYPE_CHECKING:
    from realloc.trades import TradeInfo


class MaxPositionValidator(TradeValidator):
    """Refuse a trade that makes a position larger than a maximum, in shares.

    Parameters
    ----------
    max_position : float
        Shares of one symbol in one account, long or short; zero or more.

    Raises
    ------
    InputError
        `max_position` is negative or not a number.

    Notes
    -----
    A trade that brings a position nearer to zero passes, also where the rest is still above the maximum. A
    trade whose current position is unknown passes.
    """

    name = "max_position"

    def __init__(self, max_position: float) -> None:
        self._most = check_limit("max_position", max_position)
        self.max_position = max_position

    def validate(self, trade: TradeInfo) -> tuple[bool, str]:
        """Return whether the position after the trade is allowed, and the reason where it is not."""
        if trade.current_position is None:
            return True, ""
        before = exact(trade.current_position)
        after = before + exact(trade.quantity)
        if after.is_nan():
            return False, f"Position of {trade.symbol} after the trade is not a number"
        if abs(after) <= self._most or abs(after) < abs(before):
            return True, ""
        return False, (
            f"Would exceed max position of {self.max_position}: "
            f"{trade.symbol} would go from {trade.current_position} to {after:f} shares"
        )
