"""Block trades: one order in the market for several accounts, with an allocation to each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from realloc.orders.order import Order
from realloc.orders.prices import Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Orders of one day, side and symbol over accounts.

    Parameters
    ----------
    number : int
        From 1, in order of execution.
    day : int
        The day on which it is entered.
    side : {"sell", "buy"}
        The side.
    symbol : str
        The symbol.
    allocations : tuple of Order
        The accounts' shares in it, by account number; they add up to the block.
    """

    number: int
    day: int
    side: Side
    symbol: str
    allocations: tuple[Order, ...]

    @property
    def shares(self) -> Decimal:
        """Shares of all allocations."""
        return sum((order.shares for order in self.allocations), Decimal(0))

    @property
    def notional(self) -> Decimal | None:
        """Dollars of all allocations; None where one has no price."""
        amounts = [order.notional for order in self.allocations]
        return (
            None
            if any(amount is None for amount in amounts)
            else sum((amount for amount in amounts if amount is not None), Decimal(0))
        )


def blocks(orders: Iterable[Order]) -> tuple[Block, ...]:
    """Return the orders as block trades: by day, sells before buys, by symbol; every order is in one.

    The orders may be those of several households. A block has one price and one limit: orders of a symbol
    at another price are a block of their own.
    """
    grouped: dict[tuple[int, bool, str, str, str], list[Order]] = {}
    for order in orders:
        key = (order.day, order.side == "buy", order.symbol, str(order.price), str(order.limit))
        grouped.setdefault(key, []).append(order)
    return tuple(
        Block(
            number=number,
            day=key[0],
            side="buy" if key[1] else "sell",
            symbol=key[2],
            allocations=tuple(sorted(grouped[key], key=lambda order: (order.account, order.sequence))),
        )
        for number, key in enumerate(sorted(grouped), start=1)
    )
