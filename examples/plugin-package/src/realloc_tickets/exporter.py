"""Trades as sentences."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from realloc.documents.writing import share_text, write_whole
from realloc.plugins.core.base import Exporter
from realloc.trades import Trade


class TicketExporter(Exporter):
    """Write one sentence for each trade, such as ``A1: buy 10 AAPL``.

    Parameters
    ----------
    path : str or path
        The text file to write.
    """

    name = "tickets"

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = path

    def export(self, trades: Iterable[Trade | Mapping[str, Any]]) -> None:
        """Write the trades, all of them or nothing."""
        write_whole(self.path, "".join(f"{_sentence(trade)}\n" for trade in trades))


def _sentence(trade: Trade | Mapping[str, Any]) -> str:
    order = trade if isinstance(trade, Trade) else Trade.from_dict(trade)
    side = "sell" if order.shares < 0 else "buy"
    return f"{order.account_id}: {side} {share_text(abs(order.shares))} {order.symbol}"
