"""The plan document as a file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from realloc.documents.writing import write_whole
from realloc.household import Household
from realloc.orders import OrderSettings, order_list
from realloc.plan import Plan
from realloc.plugins.core.base import Exporter, StrPath
from realloc.trades import Trade


class JSONExporter(Exporter):
    """Write the plan document as JSON; of trades without a plan its ``trades`` alone.

    Parameters
    ----------
    path : str or path
        The file to write; its folder must exist.
    """

    name = "json"

    def __init__(self, path: StrPath) -> None:
        self.path = Path(path)

    def export(self, trades: Iterable[Trade | Mapping[str, Any]]) -> None:
        """Write ``{"trades": [...]}``.

        Raises
        ------
        ExportError
            The file cannot be written, or something in `trades` is no trade. The file stays as it was.
        """
        listed = order_list(trades, OrderSettings())
        ordered = sorted(listed.orders, key=lambda order: order.sequence)
        self._write({"trades": [order.trade.to_dict() for order in ordered]})

    def export_household(
        self,
        trades: Iterable[Trade | Mapping[str, Any]],
        household: Household,  # noqa: ARG002 - the document is the plan's
        plan: Plan | None = None,
    ) -> None:
        """Write the plan document; raises as `export` does."""
        if plan is None:
            self.export(trades)
        else:
            self._write(plan.to_dict())

    def _write(self, document: Mapping[str, Any]) -> None:
        write_whole(self.path, json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
