"""An exporter of one's own: a broker's order lines instead of CSV.

Here it is used as a class. As an entry point of the group ``realloc.plugins`` in a distribution of its own
it is found by name: ``rebalance-cli household.json --exporter order_lines --export-path orders.txt``.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from realloc import Trade
from realloc.documents.writing import write_whole
from realloc.plugins.core.base import Exporter


class OrderLines(Exporter):
    """Write one order a line: account, side, shares, symbol, all at market."""

    name = "order_lines"

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def export(self, trades: Iterable[Trade | Mapping[str, Any]]) -> None:
        """Write the orders whole or not at all."""
        lines = []
        for trade in trades:
            order = trade if isinstance(trade, Mapping) else trade.to_dict()
            side = "SELL" if order["shares"] < 0 else "BUY"
            lines.append(f"{order['account_id']} {side} {abs(order['shares'])} {order['symbol']} MKT\n")
        write_whole(self.path, "".join(lines))


def main() -> None:
    """Export two trades and print the file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "orders.txt"
        OrderLines(path).export([Trade("A1", "VTI", -3), {"account_id": "B2", "symbol": "BND", "shares": 12}])
        print(path.read_text(encoding="utf-8"), end="")


if __name__ == "__main__":
    main()
