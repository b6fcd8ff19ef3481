"""Orders as a NewOrderList message of FIX 4.4."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Unpack

from realloc.errors import InputError, Issue
from realloc.orders import Order, OrderList, SettingArguments, Venue, require_taken
from realloc.plugins.core.base import StrPath
from realloc.plugins.exporters.order_file import OrderFile, import_extra, number_text, price_text

if TYPE_CHECKING:
    from simplefix import FixMessage

_UTC = re.compile(r"\d{8}-\d{2}:\d{2}:\d{2}(\.\d{3})?")


class FIX44Exporter(OrderFile):
    """Write a NewOrderList message (35=E) of FIX 4.4 for a FIX engine to send.

    Parameters
    ----------
    path : str or path
        The file to write; its folder must exist.
    sender, target : str
        SenderCompID (49) and TargetCompID (56).
    sent : str
        SendingTime (52), ``YYYYMMDD-HH:MM:SS`` in UTC; empty takes midnight of the household's date, and
        leaves the field out where the household is not known. A FIX engine sets its own.
    decimals : int
        Most decimals of a number of shares that the counterparty takes.
    **settings
        See `realloc.orders.OrderSettings`.
    """

    name = "fix44"

    def __init__(
        self,
        path: StrPath,
        *,
        sender: str = "REALLOC",
        target: str = "BROKER",
        sent: str = "",
        decimals: int = 0,
        **settings: Unpack[SettingArguments],
    ) -> None:
        super().__init__(path, **settings)
        self.sender = str(sender)
        self.target = str(target)
        self.sent = sent
        self.venue = Venue(name="FIX", decimals=decimals)
        if sent and not _UTC.fullmatch(sent):
            raise InputError(
                Issue(
                    code="order.setting",
                    where="sent",
                    message=f"expected a time in UTC, found {sent!r}",
                    hint="for instance sent=20261120-14:30:00",
                )
            )

    def content(self, listed: OrderList) -> bytes:
        """Return the message, and nothing where there are no orders: a list has at least one."""
        require_taken(listed, self.venue)
        _require_plain(listed, self.sender, self.target)
        if not listed.orders:
            return b""
        message: FixMessage = import_extra("simplefix", "fix").FixMessage()
        sent = self.sent or (f"{listed.household.as_of:%Y%m%d}-00:00:00" if listed.household else "")
        for tag, value in [(8, "FIX.4.4"), (35, "E"), (49, self.sender), (56, self.target), (34, "1")]:
            message.append_pair(tag, value, header=True)
        if sent:
            message.append_pair(52, sent, header=True)
        count = str(len(listed.orders))
        list_id = listed.tag if listed.settings.day is None else f"{listed.tag}-day{listed.settings.day}"
        for tag, value in [(66, list_id), (394, "3"), (68, count), (73, count)]:
            message.append_pair(tag, value)
        for number, order in enumerate(listed.orders, start=1):
            _append(message, order, number, f"{listed.tag}-{order.sequence}")
        encoded: bytes = message.encode()
        return encoded


def _append(message: FixMessage, order: Order, number: int, reference: str) -> None:
    """Append one order of the group, its fields in the order of the message's definition."""
    message.append_pair(11, reference)
    message.append_pair(67, str(number))
    message.append_pair(1, order.account)
    message.append_pair(55, order.symbol)
    message.append_pair(54, "2" if order.side == "sell" else "1")
    message.append_pair(38, number_text(order.shares))
    message.append_pair(40, "1" if order.limit is None else "2")
    if order.limit is not None:
        message.append_pair(44, price_text(order.limit))
    message.append_pair(15, "USD")
    message.append_pair(59, "0")


def _require_plain(listed: OrderList, *names: str) -> None:
    """Refuse texts that FIX 4.4 cannot hold: it is ASCII, and 0x01 ends a field."""
    places = [("", name) for name in names]
    places += [(order.where, text) for order in listed.orders for text in (order.account, order.symbol)]
    issues = [
        Issue(
            code="order.text",
            where=where,
            message=f"a FIX field takes printable ASCII, not {text!r}",
            hint="enter the order by hand",
        )
        for where, text in places
        if not (text and text.isascii() and text.isprintable())
    ]
    if issues:
        raise InputError(issues)
