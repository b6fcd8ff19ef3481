"""What a plan trades for: the modes of the policy, and the thresholds of harvesting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Self

from realloc._reading import Table

Mode = Literal["full", "outside_band", "invest_cash", "raise_cash", "harvest", "partial", "hold"]
Destination = Literal["target", "midpoint", "edge"]

MODES: tuple[Mode, ...] = (
    "full",
    "outside_band",
    "invest_cash",
    "raise_cash",
    "harvest",
    "partial",
    "hold",
)
DESTINATIONS: tuple[Destination, ...] = ("target", "midpoint", "edge")

DEFAULT_DESTINATION: Destination = "edge"
"""Where trading costs in proportion to its size, trading back just inside the band is the best that can be done
(Davis and Norman, 1990, Mathematics of Operations Research 15, 676-713)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Harvest:
    """Thresholds of harvesting: a lot has to reach both (rule HARV-1).

    Parameters
    ----------
    min_loss : float
        Dollars of loss of the whole lot at the bid.
    min_loss_fraction : float
        The same as a fraction of the lot's cost.
    """

    min_loss: float = 0.0
    min_loss_fraction: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return the thresholds as the household document has them."""
        return {"min_loss": self.min_loss, "min_loss_fraction": self.min_loss_fraction}

    @classmethod
    def read(cls, table: Table) -> Self:
        """Build the thresholds from a table that collects the issues."""
        return cls(
            min_loss=table.number("min_loss", 0.0, least=0.0),
            min_loss_fraction=table.number("min_loss_fraction", 0.0, least=0.0, most=1.0),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Partial:
    """The two symbols of a partial rebalance (rule MODE-5): one is sold, the other bought."""

    sell: str
    buy: str

    def to_dict(self) -> dict[str, Any]:
        """Return the two symbols as the household document has them."""
        return {"sell": self.sell, "buy": self.buy}

    @classmethod
    def read(cls, table: Table) -> Self:
        """Build the two symbols from a table that collects the issues."""
        return cls(sell=table.text("sell"), buy=table.text("buy"))


HARVEST_KEYS = frozenset(Harvest.__dataclass_fields__)
PARTIAL_KEYS = frozenset(Partial.__dataclass_fields__)
