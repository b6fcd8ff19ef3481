"""What a plan harvests: losses, the tax that they save now, and how much of that is only deferred (rule HARV-6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class HarvestedSale:
    """A sale that takes harvestable losses, in dollars.

    Parameters
    ----------
    account_number, symbol : str
        What is sold where.
    shares : float
        Shares of harvestable lots that it sells.
    loss : float
        Their loss, above zero.
    tax_saved : float
        The loss at its short- or long-term rate.
    deferred : float
        What a later sale of the replacement pays back, since its basis is lower by the loss: the loss at the
        long-term rate, at most `tax_saved`.
    replacement : tuple of str
        Symbols of the same class that the plan buys instead, in the same account where it buys there.
    switch_back_from : datetime.date
        The first day on which buying the symbol back makes no wash sale of this.
    """

    account_number: str
    symbol: str
    shares: float
    loss: float
    tax_saved: float
    deferred: float
    replacement: tuple[str, ...]
    switch_back_from: date

    def to_dict(self) -> dict[str, Any]:
        """Return the sale as the plan document has it."""
        return {
            "account_number": self.account_number,
            "symbol": self.symbol,
            "shares": self.shares,
            "loss": self.loss,
            "tax_saved": self.tax_saved,
            "deferred": self.deferred,
            "replacement": list(self.replacement),
            "switch_back_from": self.switch_back_from.isoformat(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Harvested:
    """All that a plan harvests: the sums of its sales, in dollars, and the sales."""

    loss: float
    tax_saved: float
    deferred: float
    sales: tuple[HarvestedSale, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the section of the plan document."""
        return {
            "loss": self.loss,
            "tax_saved": self.tax_saved,
            "deferred": self.deferred,
            "sales": [sale.to_dict() for sale in self.sales],
        }
