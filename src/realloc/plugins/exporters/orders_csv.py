"""Orders, their lots, and block trades as CSV tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from realloc.documents.writing import csv_table
from realloc.household import Household
from realloc.orders import Block, Order, OrderList, blocks, exact, joint_order_list
from realloc.plugins.exporters.order_file import OrderFile, lots_text, number_text, price_text
from realloc.trades import Trade

ORDERS_HEADER = (
    "Account", "Label", "Sequence", "Day", "Side", "Symbol", "Shares", "Price", "Limit", "Notional", "Lots",
    "Waits for", "Reason",
)  # fmt: skip
LOTS_HEADER = (
    "Account", "Label", "Sequence", "Symbol", "Lot", "Acquired", "Shares", "Cost per share", "Term", "Gain",
)  # fmt: skip
BLOCKS_HEADER = (
    "Record", "Block", "Day", "Side", "Symbol", "Account", "Label", "Shares", "Price", "Limit", "Notional",
)  # fmt: skip


class OrdersCSVExporter(OrderFile):
    """Write every order with all its columns as CSV, in order of execution by account."""

    name = "orders_csv"

    def content(self, listed: OrderList) -> str:
        """Return the table."""
        return csv_table(ORDERS_HEADER, map(_order_row, listed.orders))


class LotsCSVExporter(OrderFile):
    """Write the lots to choose at the broker as CSV, one lot of a sale on a line."""

    name = "lots_csv"

    def content(self, listed: OrderList) -> str:
        """Return the table."""
        return csv_table(LOTS_HEADER, (row for order in listed.orders for row in _lot_rows(order)))


class BlocksExporter(OrderFile):
    """Write block trades over accounts as CSV, each with the allocations that add up to it."""

    name = "blocks"

    def export_households(
        self, decided: Sequence[tuple[Iterable[Trade | Mapping[str, Any]], Household]]
    ) -> None:
        """Write the trades of several households as block trades over all their accounts."""
        self._write(joint_order_list(decided, self.settings))

    def content(self, listed: OrderList) -> str:
        """Return the table: a row ``BLOCK``, then its rows ``ALLOCATION``."""
        return csv_table(
            BLOCKS_HEADER, (row for block in blocks(listed.orders) for row in _block_rows(block))
        )


def _order_row(order: Order) -> tuple[str, ...]:
    return (
        order.account,
        order.label,
        str(order.sequence),
        str(order.day),
        order.side,
        order.symbol,
        number_text(order.shares),
        price_text(order.price),
        price_text(order.limit),
        price_text(order.notional),
        lots_text(order.lots),
        order.timing.waits_for,
        order.trade.reason,
    )


def _lot_rows(order: Order) -> Iterator[tuple[str, ...]]:
    for lot in order.lots:
        yield (
            order.account,
            order.label,
            str(order.sequence),
            order.symbol,
            lot.id,
            lot.acquired.isoformat(),
            number_text(exact(lot.shares)),
            price_text(exact(lot.cost_per_share)),
            lot.term,
            f"{lot.gain:.2f}",
        )


def _block_rows(block: Block) -> Iterator[tuple[str, ...]]:
    start = (str(block.number), str(block.day), block.side, block.symbol)
    first = block.allocations[0]
    yield (
        "BLOCK",
        *start,
        "",
        "",
        number_text(block.shares),
        price_text(first.price),
        price_text(first.limit),
        price_text(block.notional),
    )
    for order in block.allocations:
        yield (
            "ALLOCATION",
            *start,
            order.account,
            order.label,
            number_text(order.shares),
            price_text(order.price),
            price_text(order.limit),
            price_text(order.notional),
        )
