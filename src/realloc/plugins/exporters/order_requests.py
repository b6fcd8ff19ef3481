"""Orders as the bodies of requests to the programs of brokers."""

from __future__ import annotations

import json
import logging
from abc import abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar

from realloc.errors import InputError, Issue
from realloc.orders import Order, OrderList, Venue, require_taken
from realloc.plugins.exporters.order_file import OrderFile, number_text, price_text

log = logging.getLogger(__name__)

LONGEST_ETRADE_ID = 20
LONGEST_ALPACA_ID = 48


class RequestBodies(OrderFile):
    """Writes the bodies of order requests as JSON, each with its account and place in the order of execution."""

    venue: ClassVar[Venue]

    def content(self, listed: OrderList) -> str:
        """Return ``{"orders": [{"account", "sequence", "day", "order"}, ...]}``."""
        require_taken(listed, self.venue)
        faults = list(self.faults(listed))
        if faults:
            raise InputError(faults)
        document = {
            "orders": [
                {
                    "account": order.account,
                    "sequence": order.sequence,
                    "day": order.day,
                    "order": self.body(order, f"{listed.tag}-{order.sequence}"),
                }
                for order in listed.orders
            ]
        }
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"

    @abstractmethod
    def body(self, order: Order, reference: str) -> dict[str, Any]:
        """Return the body of the request for one order, which may carry the reference as its name."""

    def faults(self, listed: OrderList) -> Iterator[Issue]:  # noqa: ARG002 - the argument is the interface
        """Yield what this venue alone refuses."""
        yield from ()


class SchwabExporter(RequestBodies):
    """Write order bodies for the Trader API of Charles Schwab."""

    name = "schwab_json"
    venue = Venue(name="Schwab Trader API")

    def body(self, order: Order, reference: str) -> dict[str, Any]:  # noqa: ARG002 - it has no place for one
        """Return the body; a sale of some of the lots asks for the lots to be chosen."""
        head = {
            "orderType": "MARKET" if order.limit is None else "LIMIT",
            "session": "NORMAL",
            "duration": "DAY",
            "orderStrategyType": "SINGLE",
        }
        if order.limit is not None:
            head["price"] = price_text(order.limit)
        if order.lots and not order.whole_position:
            head["taxLotMethod"] = "SPECIFIC_LOT"
        return {
            **head,
            "orderLegCollection": [
                {
                    "instruction": order.side.upper(),
                    "quantity": int(order.shares),
                    "instrument": {"symbol": order.symbol, "assetType": "EQUITY"},
                }
            ],
        }


class AlpacaExporter(RequestBodies):
    """Write order bodies for Alpaca; a fraction of a share is a market order for the day."""

    name = "alpaca_json"
    venue = Venue(name="Alpaca", decimals=9)

    def content(self, listed: OrderList) -> str:
        """Return the bodies; the log counts the orders that have no limit because of a fraction."""
        text = super().content(listed)
        unlimited = sum(
            order.limit is not None and order.shares != int(order.shares) for order in listed.orders
        )
        if unlimited:
            log.warning("Alpaca: %d orders for a fraction of a share are market orders", unlimited)
        return text

    def body(self, order: Order, reference: str) -> dict[str, Any]:
        """Return the body with the name of the order."""
        limit = order.limit if order.shares == int(order.shares) else None
        body = {
            "symbol": order.symbol,
            "qty": number_text(order.shares),
            "side": order.side,
            "type": "market" if limit is None else "limit",
            "time_in_force": "day",
            "client_order_id": reference,
        }
        if limit is not None:
            body["limit_price"] = price_text(limit)
        return body

    def faults(self, listed: OrderList) -> Iterator[Issue]:
        """Yield names of orders that are too long."""
        yield from _too_long(listed, listed.tag, LONGEST_ALPACA_ID, "Alpaca")


class EtradeExporter(RequestBodies):
    """Write preview bodies for the API of E*TRADE; a sale of a whole position is ``ALL_I_OWN``."""

    name = "etrade_json"
    venue = Venue(name="E*TRADE", all_of_a_position=True)

    def body(self, order: Order, reference: str) -> dict[str, Any]:
        """Return the body of a preview request; the same order is placed with the preview's number."""
        detail: dict[str, Any] = {
            "allOrNone": False,
            "priceType": "MARKET" if order.limit is None else "LIMIT",
            "orderTerm": "GOOD_FOR_DAY",
            "marketSession": "REGULAR",
        }
        if order.limit is not None:
            detail["limitPrice"] = price_text(order.limit)
        instrument: dict[str, Any] = {
            "Product": {"securityType": "EQ", "symbol": order.symbol},
            "orderAction": order.side.upper(),
            "quantityType": "ALL_I_OWN" if order.whole_position else "QUANTITY",
            "quantity": number_text(order.shares),
        }
        return {
            "PreviewOrderRequest": {
                "orderType": "EQ",
                "clientOrderId": _letters_and_digits(reference),
                "Order": [{**detail, "Instrument": [instrument]}],
            }
        }

    def faults(self, listed: OrderList) -> Iterator[Issue]:
        """Yield names of orders that are too long."""
        yield from _too_long(listed, _letters_and_digits(listed.tag), LONGEST_ETRADE_ID + 1, "E*TRADE")


def _letters_and_digits(reference: str) -> str:
    return "".join(letter for letter in reference if letter.isalnum())


def _too_long(listed: OrderList, tag: str, longest: int, venue: str) -> Iterator[Issue]:
    for order in listed.orders:
        if len(f"{tag}-{order.sequence}") > longest:
            yield Issue(
                code="order.name",
                where=order.where,
                message=f"the order's name is longer than {venue} takes",
                hint="set a shorter tag=...",
            )
