"""A least value for a trade."""

from __future__ import annotations

from typing import TYPE_CHECKING

from realloc.plugins.core.base import TradeValidator
from realloc.plugins.validators.limits import check_limit, exact

if TYPE_CHECKING:
    from realloc.trades import TradeInfo


class MinimumValueValidator(TradeValidator):
    """Refuse a trade of no shares, or worth less than a minimum in dollars.

    Parameters
    ----------
    min_value : float, optional
        Dollars, zero or more; None takes each trade's own ``minimum_value``, and where that is None too,
        only a trade of no shares is refused.

    Raises
    ------
    InputError
        `min_value` is negative or not a number.

    Notes
    -----
    Shares times price is compared exactly: 5 shares at 14.29 are worth 71.45, not a hair less.
    """

    name = "minimum_value_validator"

    def __init__(self, min_value: float | None = None) -> None:
        if min_value is not None:
            check_limit("min_value", min_value)
        self.min_value = min_value

    def validate(self, trade: TradeInfo) -> tuple[bool, str]:
        """Return whether the trade is worth enough, and the reason where it is not."""
        if trade.quantity == 0:
            return False, "Zero quantity trade"
        minimum = trade.minimum_value if self.min_value is None else self.min_value
        if minimum is None:
            return True, ""
        value = abs(exact(trade.quantity) * exact(trade.price))
        if value.is_nan():
            return False, f"Trade value of {trade.symbol} is not a number"
        if value >= exact(minimum):
            return True, ""
        return False, f"Trade value {value:f} of {trade.symbol} is below minimum {minimum}"
