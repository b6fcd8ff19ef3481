"""Orders as rows of CSV and as tables, and the names of accounts and sides for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from realloc.accounts import Account
from realloc.cli.answer import Grid, grid, money, shares
from realloc.trades import Trade

ORDER_COLUMNS = (
    "sequence",
    "account_number",
    "account",
    "side",
    "symbol",
    "shares",
    "price",
    "notional",
    "reason",
)
"""Columns of orders in CSV; shares and notional are negative for sales, as in the plan document."""

KINDS = {"taxable": "taxable", "tax_deferred": "tax-deferred", "tax_exempt": "tax-exempt"}


def order_records(
    trades: Sequence[Trade], accounts: Mapping[str, Account], prices: Mapping[str, float]
) -> list[dict[str, Any]]:
    """Return orders as rows of CSV."""
    return [
        {
            "sequence": trade.sequence or n,
            "account_number": trade.account_id,
            "account": accounts[trade.account_id].label if trade.account_id in accounts else "",
            "side": side(trade),
            "symbol": trade.symbol,
            "shares": trade.to_dict()["shares"],
            "price": _price(trade, prices),
            "notional": round(trade.shares * _price(trade, prices), 2),
            "reason": trade.reason,
        }
        for n, trade in enumerate(trades, start=1)
    ]


def orders_grid(title: str, trades: Iterable[Trade], prices: Mapping[str, float]) -> Grid:
    """Return the orders of one account as a table."""
    rows = [
        (
            side(trade),
            trade.symbol,
            str(trade.sequence or n),
            shares(abs(trade.shares)),
            money(_price(trade, prices)),
            money(abs(trade.shares) * _price(trade, prices)),
        )
        for n, trade in enumerate(trades, start=1)
    ]
    return grid(title, ["Side", "Symbol"], ["Order", "Shares", "Price", "Value"], rows)


def account_name(account: Account | None, number: str) -> str:
    """Return an account's label and number for people."""
    if account is None or account.label == number:
        return number
    return f"{account.label} ({number})"


def side(trade: Trade) -> str:
    """Return ``sell`` or ``buy``."""
    return "sell" if trade.shares < 0 else "buy"


def _price(trade: Trade, prices: Mapping[str, float]) -> float:
    return trade.price if trade.price is not None else prices[trade.symbol]
