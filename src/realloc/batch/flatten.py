"""Household documents as tables: every value goes into its column, and what has none into the JSON beside it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from realloc.batch.tables import RULES, TABLES, UNREADABLE
from realloc.errors import InputError, Issue

Row = dict[str, Any]

_ACCOUNT = tuple(
    name
    for name in TABLES["accounts"].names
    if name not in ("household_id", "account_number", "custodian", "more")
)
_LOT = ("symbol", "shares", "cost_per_share", "acquired", "id")
_TRADE = ("account_number", "symbol", "shares", "price", "traded", "gain")

_NOTHING: tuple[tuple[str, Any], ...] = (
    ("targets", {}), ("enforce_no_negative_positions", False), ("only", None), ("max_position_value", None),
)  # fmt: skip
"""What an account may state that says nothing."""


def tables_of(documents: Iterable[tuple[str, Mapping[str, Any] | InputError]]) -> dict[str, Any]:
    """Return household documents as tables.

    Parameters
    ----------
    documents : iterable of (str, mapping or InputError)
        The household's id and its document, or why it cannot be read.

    Returns
    -------
    dict of str to pyarrow.Table
        By the names of `TABLES`. Equal models, policies and prices are there once. A value that does not fit its
        column goes into ``more`` as it is, so that planning the household says what is wrong with it.

    Raises
    ------
    InputError
        An id is there twice.
    """
    writer = _Writer()
    for household_id, document in documents:
        writer.add(household_id, document)
    return {name: pa.Table.from_pylist(writer.rows[name], schema=schema) for name, schema in TABLES.items()}


_JSON = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


def json_text(value: Any) -> str:
    """Return a value as JSON, the same for equal values."""
    return _JSON.encode(value)


class _Writer:
    """Rows by table, and the names of what households share."""

    def __init__(self) -> None:
        self.rows: dict[str, list[Row]] = {name: [] for name in TABLES}
        self.names: dict[tuple[str, str], str] = {}
        self.seen: set[str] = set()

    def add(self, household_id: str, document: Mapping[str, Any] | InputError) -> None:
        """Add a household."""
        if household_id in self.seen:
            raise InputError(
                Issue(code="household.duplicate", where=household_id, message="this household is there twice")
            )
        self.seen.add(household_id)
        row: Row = {"household_id": household_id}
        self.rows["households"].append(row)
        if isinstance(document, InputError):
            row["more"] = json_text({UNREADABLE: [issue.to_dict() for issue in document.issues]})
            return
        parts = {
            "as_of": lambda value: self._as_of(row, value),
            "prices": lambda value: self._prices(row, value),
            "model": lambda value: self._model(row, value),
            "policy": lambda value: self._policy(row, value),
            "recent_trades": lambda value: self._recent_trades(household_id, value),
            "accounts": lambda value: self._accounts(household_id, value),
        }
        more = {key: value for key, value in document.items() if key not in parts or not parts[key](value)}
        row["more"] = json_text(more) if more else None

    def _as_of(self, row: Row, value: object) -> bool:
        row["as_of"] = _date(value)
        return row["as_of"] is not None

    def _share(self, row: Row, key: str, value: object) -> bool:
        """Refer to what is shared; return whether it is new."""
        text = json_text(value)
        known = (key, text)
        new = known not in self.names
        if new:
            digest = hashlib.sha256(text.encode()).hexdigest()[:12]
            self.names[known] = f"{len(self.names):08}-{digest}"
        row[key] = self.names[known]
        return new

    def _prices(self, row: Row, value: object) -> bool:
        if not isinstance(value, Mapping) or not value:
            return False
        quotes = {
            symbol: quote if isinstance(quote, Mapping) else {"price": quote}
            for symbol, quote in value.items()
        }
        cells = {
            symbol: _cells(quote, "prices", ("price", "spread_bps"))
            for symbol, quote in quotes.items()
            if isinstance(symbol, str) and "price" in quote
        }
        if len(cells) < len(quotes) or any(cell is None for cell in cells.values()):
            return False
        if self._share(row, "prices_id", value):
            self.rows["prices"] += [
                {"prices_id": row["prices_id"], "symbol": symbol, **(cell or {})}
                for symbol, cell in cells.items()
            ]
        return True

    def _policy(self, row: Row, value: object) -> bool:
        if not isinstance(value, Mapping):
            return False
        if self._share(row, "policy_id", value):
            self.rows["policies"].append({"policy_id": row["policy_id"], "document": json_text(value)})
        return True

    def _model(self, row: Row, value: object) -> bool:
        if not isinstance(value, Mapping):
            return False
        if not self._share(row, "model_id", value):
            return True
        key = {"model_id": row["model_id"]}
        more = dict(value)
        if isinstance(more.get("name"), str) and "label" not in more:
            name = more.pop("name")
        elif isinstance(more.get("label"), str) and "name" not in more:
            name = more.pop("label")
        else:
            name = None
        targets = _amounts(more.get("targets"))
        if targets is not None:
            more.pop("targets")
            self.rows["targets"] += [
                {**key, "name": target, "weight": weight} for target, weight in targets.items()
            ]
        classes = more.get("classes")
        if isinstance(classes, Mapping) and all(
            isinstance(one, str) and isinstance(said, Mapping) for one, said in classes.items()
        ):
            more.pop("classes")
            for one, said in classes.items():
                self._class(key, one, said)
        self.rows["models"].append({**key, "name": name, "more": json_text(more) if more else None})
        return True

    def _class(self, key: Row, name: str, said: Mapping[str, Any]) -> None:
        more = dict(said)
        row: Row = {**key, "name": name}
        band = more.get("band")
        if isinstance(band, Mapping) and band:
            cells = _cells(
                {f"band_{measure}": width for measure, width in band.items()},
                "classes",
                ("band_absolute", "band_relative"),
            )
            if cells is not None:
                more.pop("band")
                row |= cells
        symbols = more.get("symbols", ())
        if isinstance(symbols, (list, tuple)) and all(isinstance(symbol, str) for symbol in symbols):
            shares: list[tuple[str, float | None]] = [(symbol, None) for symbol in symbols]
        else:
            amounts = _amounts(symbols)
            shares = [] if amounts is None else list(amounts.items())
        if shares or not symbols:
            more.pop("symbols", None)
        self.rows["members"] += [
            {**key, "class": name, "rank": rank, "symbol": symbol, "share": share}
            for rank, (symbol, share) in enumerate(shares)
        ]
        self.rows["classes"].append({**row, "more": json_text(more) if more else None})

    def _recent_trades(self, household_id: str, value: object) -> bool:
        if not isinstance(value, (list, tuple)):
            return False
        cells = [_cells(trade, "recent_trades", _TRADE) for trade in value]
        if any(cell is None for cell in cells):
            return False
        self.rows["recent_trades"] += [{"household_id": household_id, **(cell or {})} for cell in cells]
        return True

    def _accounts(self, household_id: str, value: object) -> bool:
        if not isinstance(value, (list, tuple)) or not value:
            return False
        if not all(isinstance(one, Mapping) for one in value):
            return False
        numbers = [one.get("account_number") for one in value]
        if not all(isinstance(one, str) and one for one in numbers) or len(set(numbers)) < len(numbers):
            return False  # its rows could not be told apart
        for account in value:
            self._account({"household_id": household_id}, account)
        return True

    def _account(self, household: Row, account: Mapping[str, Any]) -> None:
        key = {**household, "account_number": account["account_number"]}
        more = {name: value for name, value in account.items() if name != "account_number"}
        row: Row = dict(key)
        for name in _ACCOUNT:
            cells = _cells({name: more[name]}, "accounts", (name,)) if name in more else None
            if cells is not None:
                row |= cells
                more.pop(name)
        positions = _amounts(more.get("positions"))
        if positions is not None:
            more.pop("positions")
            self.rows["positions"] += [
                {**key, "symbol": symbol, "shares": shares} for symbol, shares in positions.items()
            ]
        lots = more.get("lots")
        if isinstance(lots, (list, tuple)):
            cells_of_lots = [_cells(lot, "lots", _LOT) for lot in lots]
            if all(cells is not None for cells in cells_of_lots):
                more.pop("lots")
                self.rows["lots"] += [{**key, **(cells or {})} for cells in cells_of_lots]
        for rule in RULES:
            names = more.get(rule)
            if isinstance(names, (list, tuple)) and all(isinstance(name, str) for name in names):
                more.pop(rule)
                listed = names or ([None] if rule == "only" else [])
                self.rows["restrictions"] += [{**key, "rule": rule, "symbol": name} for name in listed]
        for name, value in _NOTHING:
            if name in more and type(more[name]) is type(value) and more[name] == value:
                more.pop(name)
        self.rows["accounts"].append({**row, "more": json_text(more) if more else None})


def _cells(record: object, table: str, columns: Collection[str]) -> Row | None:
    """Return a record as cells; None where it has another key or a value that does not fit."""
    if not isinstance(record, Mapping):
        return None
    cells: Row = {}
    for name, value in record.items():
        cell = _CELL[table][name](value) if name in columns else None
        if cell is None:
            return None
        cells[name] = cell
    return cells


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def _date(value: object) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value.strip()) if isinstance(value, str) else None
    except ValueError:
        return None


def _amounts(value: object) -> dict[str, float] | None:
    """Return an object of numbers by name, None where it is none."""
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        return None
    amounts = {name: _number(amount) for name, amount in value.items()}
    whole = {name: amount for name, amount in amounts.items() if amount is not None}
    return whole if len(whole) == len(amounts) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


_KINDS: Mapping[Any, Callable[[object], Any]] = {
    pa.string(): _text,
    pa.float64(): _number,
    pa.date32(): _date,
    pa.bool_(): _flag,
    pa.int64(): _number,
}
_CELL = {table: {field.name: _KINDS[field.type] for field in schema} for table, schema in TABLES.items()}
"""By table and column: a value as its cell, None where it does not fit."""
