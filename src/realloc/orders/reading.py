"""Trades as exporters get them: `Trade` objects or mappings."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from realloc.errors import ExportError
from realloc.household import Household
from realloc.orders.prices import amount, exact
from realloc.trades import LotSale, Trade


def read_trades(trades: Iterable[Trade | Mapping[str, Any]], household: Household | None) -> list[Trade]:
    """Return the trades, those without a price at the household's.

    Raises
    ------
    ExportError
        Something is no trade: it lacks account, symbol or shares, its shares are zero or not finite, or its
        price is not more than zero.
    """
    return [_priced(_read(trade, number), household) for number, trade in enumerate(trades, start=1)]


def _read(trade: Trade | Mapping[str, Any], number: int) -> Trade:
    try:
        return _checked(_from_mapping(trade) if isinstance(trade, Mapping) else trade)
    except (KeyError, AttributeError, TypeError, ValueError) as error:
        raise ExportError(
            f"Trade {number} cannot be exported: it needs account_id, symbol and a finite number of shares "
            f"({type(error).__name__}: {error})"
        ) from error


def _checked(trade: Trade) -> Trade:
    if _number(trade.shares) == 0:
        raise ValueError("zero shares are no order")
    if trade.price is not None and _number(trade.price) <= 0:
        raise ValueError(f"a price of {trade.price}")
    for lot in trade.lots:
        _text(lot.id)
        for figure in (lot.shares, lot.cost_per_share, lot.gain):
            _number(figure)
    return replace(
        trade,
        account_id=_text(trade.account_id),
        symbol=_text(trade.symbol),
        notional=_number(trade.notional),
    )


def _from_mapping(data: Mapping[str, Any]) -> Trade:
    if not isinstance(data.get("sequence", 0), int) or not isinstance(data.get("reason", ""), str):
        raise TypeError("a sequence is a whole number, and a reason a text")
    return Trade(
        data["account_id"],
        data["symbol"],
        data["shares"],
        price=data.get("price"),
        notional=data.get("notional", 0.0),
        sequence=data.get("sequence", 0),
        lots=tuple(_lot(lot) for lot in data.get("lots", ())),
        reason=data.get("reason", ""),
    )


def _lot(data: Mapping[str, Any]) -> LotSale:
    acquired = data["acquired"]
    if data["term"] not in ("short", "long"):
        raise ValueError(f"expected the term 'short' or 'long', found {data['term']!r}")
    return LotSale(
        id=data["id"],
        shares=data["shares"],
        cost_per_share=data["cost_per_share"],
        acquired=acquired if isinstance(acquired, date) else date.fromisoformat(acquired),
        term=data["term"],
        gain=data["gain"],
    )


def _text(value: object) -> str:
    text = str(value) if isinstance(value, (str, int)) else ""
    if not text.strip():
        raise ValueError(f"expected a name, found {value!r}")
    return text


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(f"expected a finite number, found {value!r}")
    return value


def _priced(trade: Trade, household: Household | None) -> Trade:
    if trade.price is None and household is not None and trade.symbol in household.prices:
        trade = replace(trade, price=household.prices[trade.symbol])
    if trade.price is not None and not trade.notional:
        trade = replace(trade, notional=float(amount(exact(trade.shares), exact(trade.price))))
    return trade
