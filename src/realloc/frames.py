"""Trades as a table of the caller's own data frame library; the one place that knows narwhals."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from types import ModuleType
from typing import Any

from realloc.errors import ExportError
from realloc.trades import Trade, plain

LIBRARIES = ("pandas", "polars")
"""Looked for among the imported modules where the caller names none."""


def trades_frame(trades: Iterable[Trade], native_namespace: ModuleType | str | None = None) -> Any:
    """Return trades as a table, one row each, in their order.

    Parameters
    ----------
    trades : iterable of Trade
        For instance those of a plan.
    native_namespace : module or str, optional
        The library of the table: ``polars`` or ``"polars"``, and so for pandas, pyarrow and what else narwhals
        can build. None takes pandas or polars, whichever the program has imported; pyarrow, which comes along with
        others, is always named.

    Returns
    -------
    pandas.DataFrame or polars.DataFrame or pyarrow.Table
        Columns ``account_id``, ``symbol``, ``side`` (texts), ``shares`` (float, negative sells), ``price``
        (dollars per share, null where not known), ``notional`` (dollars, negative sells), ``sequence`` (int),
        ``gain_short_term``, ``gain_long_term`` (dollars, of the lots), ``lots`` (``id: shares`` with
        semicolons between) and ``reason``.

    Raises
    ------
    TypeError
        No library is named, and neither or both of pandas and polars are imported.
    ExportError
        narwhals is not installed.
    """
    backend: Any = native_namespace
    if backend is None:
        imported = [name for name in LIBRARIES if name in sys.modules]
        if len(imported) != 1:
            found = " and ".join(imported) or f"none of {', '.join(LIBRARIES)}"
            raise TypeError(f"name the library of the table, for instance 'polars': {found} imported")
        backend = imported[0]
    try:
        import narwhals as nw  # noqa: PLC0415 - a plan without tables needs none of it
    except ImportError as error:
        raise ExportError(
            "Tables need narwhals, which is not installed: pip install 'realloc[frames]'"
        ) from error
    listed = list(trades)
    texts: dict[str, list[str]] = {
        "account_id": [trade.account_id for trade in listed],
        "symbol": [trade.symbol for trade in listed],
        "side": ["sell" if trade.shares < 0 else "buy" for trade in listed],
    }
    numbers: dict[str, list[float | None]] = {
        "shares": [float(trade.shares) for trade in listed],
        "price": [trade.price for trade in listed],
        "notional": [None if trade.price is None else trade.notional for trade in listed],
    }
    gains = {f"gain_{term}_term": [_gain(trade, term) for trade in listed] for term in ("short", "long")}
    notes = {
        "lots": ["; ".join(f"{lot.id}: {plain(lot.shares)}" for lot in trade.lots) for trade in listed],
        "reason": [trade.reason for trade in listed],
    }
    sequence = {"sequence": [trade.sequence for trade in listed]}
    schema = {
        **dict.fromkeys(texts, nw.String()),
        **dict.fromkeys(numbers, nw.Float64()),
        **dict.fromkeys(sequence, nw.Int64()),
        **dict.fromkeys(gains, nw.Float64()),
        **dict.fromkeys(notes, nw.String()),
    }
    columns: dict[str, list[Any]] = {**texts, **numbers, **sequence, **gains, **notes}
    return nw.from_dict(columns, schema, backend=backend).to_native()


def _gain(trade: Trade, term: str) -> float:
    return sum(lot.gain for lot in trade.lots if lot.term == term)
