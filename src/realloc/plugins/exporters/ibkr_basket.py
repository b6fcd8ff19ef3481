"""Basket files of Interactive Brokers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Unpack

from realloc.errors import InputError, Issue
from realloc.orders import Order, OrderList, SettingArguments, Venue, require_taken
from realloc.plugins.core.base import StrPath
from realloc.plugins.exporters.order_file import OrderFile, number_text, price_text

HEADER = (
    "Action", "Quantity", "Symbol", "SecType", "Exchange", "Currency", "TimeInForce", "OrderType", "LmtPrice",
    "BasketTag", "Account", "OrderRef",
)  # fmt: skip


class IBKRBasketExporter(OrderFile):
    """Write a basket file for the BasketTrader of Interactive Brokers.

    Parameters
    ----------
    path : str or path
        The file to write; its folder must exist.
    exchanges : mapping of str to str or str
        Primary exchange by symbol, such as ``{"VTI": "ARCA"}`` or ``"VTI=ARCA BND=NASDAQ"``; a symbol
        without one is routed ``SMART`` alone.
    **settings
        See `realloc.orders.OrderSettings`.
    """

    name = "ibkr_basket"
    venue = Venue(name="Interactive Brokers basket")

    def __init__(
        self, path: StrPath, *, exchanges: Mapping[str, str] | str = "", **settings: Unpack[SettingArguments]
    ) -> None:
        super().__init__(path, **settings)
        self.exchanges = _exchanges(exchanges)

    def content(self, listed: OrderList) -> str:
        """Return the basket, one order on a line."""
        require_taken(listed, self.venue)
        rows = [HEADER, *(self._row(order, listed.tag) for order in listed.orders)]
        faults = [
            Issue(
                code="order.text",
                where=order.where,
                message="a basket file takes no comma, quote or line break in a cell",
                hint="enter the order by hand",
            )
            for order in listed.orders
            if set(order.account + order.symbol) & set(',"\r\n')
        ]
        if faults:
            raise InputError(faults)
        return "".join(",".join(row) + "\n" for row in rows)

    def _row(self, order: Order, tag: str) -> tuple[str, ...]:
        exchange = self.exchanges.get(order.symbol)
        return (
            order.side.upper(),
            number_text(order.shares),
            order.symbol,
            "STK",
            f"SMART/{exchange}" if exchange else "SMART",
            "USD",
            "DAY",
            "MKT" if order.limit is None else "LMT",
            price_text(order.limit),
            tag,
            order.account,
            f"{tag}-{order.sequence}",
        )


def _exchanges(given: Mapping[str, str] | str) -> dict[str, str]:
    pairs = [pair.partition("=")[::2] for pair in given.split()] if isinstance(given, str) else given.items()
    exchanges: dict[str, str] = {}
    for symbol, exchange in pairs:
        if not (symbol and exchange.isalnum()):
            raise InputError(
                Issue(
                    code="order.setting",
                    where="exchanges",
                    message=f"expected SYMBOL=EXCHANGE, found {f'{symbol}={exchange}'!r}",
                    hint="for instance exchanges=VTI=ARCA",
                )
            )
        exchanges[symbol] = exchange
    return exchanges
