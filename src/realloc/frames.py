"""Tables of the caller's own data frame library, in and out; the one place that knows narwhals."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from types import ModuleType
from typing import Any

from realloc._reading import kind_of, nearest
from realloc.accounts import ACCOUNT_KEYS, LOT_KEYS
from realloc.errors import ExportError, InputError, Issue
from realloc.models import CASH
from realloc.trades import Trade, plain

LIBRARIES = ("pandas", "polars")
"""Looked for among the imported modules where the caller names none."""

NEEDED: Mapping[str, tuple[str, ...]] = {
    "positions": ("account_number", "symbol", "shares"),
    "prices": ("symbol", "price"),
    "accounts": ("account_number",),
    "lots": ("account_number", "symbol", "shares", "cost_per_share", "acquired"),
    "recent_trades": ("account_number", "symbol", "shares", "traded"),
}
"""The columns that each table must have, without an empty cell."""

_OPTIONAL: Mapping[str, frozenset[str]] = {
    "positions": frozenset(),
    "prices": frozenset({"spread_bps"}),
    "accounts": ACCOUNT_KEYS - {"account_number", "positions", "lots"},
    "lots": LOT_KEYS - {"symbol", "shares", "cost_per_share", "acquired"},
    "recent_trades": frozenset({"price", "gain"}),
}
_SYNONYMS = {
    "account_id": "account_number",
    "account_label": "label",
    "account_name": "label",
    "quantity": "shares",
}
_NAMES = frozenset({"account_number", "symbol", "label", "owner", "id"})
"""Columns that name something, whatever type a library has read them as."""

_EXACT = 2.0**53
"""Whole numbers below it are floats without loss."""

_MOST_ISSUES = 20


def household_tables(tables: Mapping[str, Any]) -> dict[str, Any]:
    """Return the accounts, prices and recent trades of a household document from tables.

    Columns are found by name; case, spaces, hyphens and underscores do not matter. Nulls and NaN are cells that
    say nothing.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame or polars.DataFrame or pyarrow.Table
        By name: ``positions``, ``prices``, ``accounts``, ``lots``, ``recent_trades``; see
        `Household.from_frames`.

    Returns
    -------
    dict
        With the keys ``accounts``, ``prices`` and, where the table is given, ``recent_trades``. What the cells
        say is checked when a household is built from it.

    Raises
    ------
    InputError
        A column is missing or unknown, a needed cell is empty, an account or a symbol's price stands twice: all
        faults, each with table, row (the first is 0) and column.
    ExportError
        narwhals is not installed.
    """
    issues: list[Issue] = []
    rows = {name: list(_rows(name, table, issues)) for name, table in tables.items()}
    accounts: dict[str, dict[str, Any]] = {}
    for place, row in rows.get("accounts", ()):
        if accounts.setdefault(str(row["account_number"]), row) is not row:
            _fault(issues, "account.duplicate", place, f"account {row['account_number']} stands twice")
    for place, row in rows.get("positions", ()):
        account = _account_of(accounts, row, place, issues, complete="accounts" in rows)
        shares = row["shares"]
        if row["symbol"] == CASH:
            account["cash"] = account.get("cash", 0.0) + shares
        else:
            positions = account.setdefault("positions", {})
            positions[row["symbol"]] = positions.get(row["symbol"], 0.0) + shares
    for place, row in rows.get("lots", ()):
        account = _account_of(accounts, row, place, issues, complete=True)
        account.setdefault("lots", []).append({key: row[key] for key in row if key != "account_number"})
    prices: dict[str, Any] = {}
    for place, row in rows.get("prices", ()):
        symbol = row.pop("symbol")
        if prices.setdefault(symbol, row) is not row:
            _fault(
                issues, "price.duplicate", place, f"{symbol} has two prices", "keep one row of each symbol"
            )
    if issues:
        rest = len(issues) - _MOST_ISSUES
        more = [Issue(code="table.more", where="", message=f"and {rest} more faults")] if rest > 0 else []
        raise InputError([*issues[:_MOST_ISSUES], *more])
    document: dict[str, Any] = {"accounts": list(accounts.values()), "prices": prices}
    if "recent_trades" in rows:
        document["recent_trades"] = [row for _, row in rows["recent_trades"]]
    return document


def _account_of(
    accounts: dict[str, dict[str, Any]],
    row: Mapping[str, Any],
    place: str,
    issues: list[Issue],
    *,
    complete: bool,
) -> dict[str, Any]:
    """Return the account of a row; a new one where the table of accounts is not given."""
    number = str(row["account_number"])
    if number not in accounts and complete:
        near = nearest(number, accounts)
        hint = f"did you mean {near!r}?" if near else "add it, or remove the row"
        _fault(issues, "account.unknown", place, f"there is no account {number!r}", hint)
    return accounts.setdefault(number, {"account_number": number, "label": number})


def _rows(name: str, table: Any, issues: list[Issue]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the place and the cells of each row whose needed cells are all there."""
    columns = _columns(name, table, issues)
    for number, cells in enumerate(zip(*columns.values(), strict=True)):
        row = {key: cell for key, cell in zip(columns, map(_cell, cells), strict=True) if cell is not None}
        empty = [key for key in NEEDED[name] if key in columns and key not in row]
        for key in empty:
            _fault(issues, "cell.empty", f"{name}[{number}].{key}", "the cell is empty")
        shares = row.get("shares", 0.0)
        sound = not empty
        if isinstance(shares, bool) or not isinstance(shares, (int, float)):
            found = f"expected a number, found {shares!r}"
            _fault(issues, "type.number", f"{name}[{number}].shares", found, "convert the column to numbers")
            sound = False
        for key in _NAMES & row.keys():
            try:
                row[key] = _name(row[key])
            except ValueError as error:
                _fault(issues, "type.name", f"{name}[{number}].{key}", str(error), "read the column as text")
                sound = False
        if sound and columns.keys() >= set(NEEDED[name]):
            yield f"{name}[{number}]", row


def _columns(name: str, table: Any, issues: list[Issue]) -> dict[str, Sequence[Any]]:
    """Return the cells of each column by the document's word for it."""
    try:
        import narwhals as nw  # noqa: PLC0415 - a household without tables needs none of it
        from narwhals.exceptions import NarwhalsError  # noqa: PLC0415
    except ImportError as error:
        raise ExportError(
            "Tables need narwhals, which is not installed: pip install 'realloc[frames]'"
        ) from error
    if name not in NEEDED:
        near = nearest(name, NEEDED)
        hint = f"did you mean {near!r}?" if near else f"known are {', '.join(NEEDED)}"
        _fault(issues, "table.unknown", name, f"there is no table {name!r}", hint)
        return {}
    try:
        frame = nw.from_native(table)
        frame = frame.collect() if isinstance(frame, nw.LazyFrame) else frame
    except (TypeError, ValueError, NarwhalsError) as error:
        message = f"expected a table of pandas, polars, pyarrow or DuckDB, found {kind_of(table)}: {error}"
        raise InputError(Issue(code="table.type", where=name, message=" ".join(message.split()))) from error
    known = {*NEEDED[name], *_OPTIONAL[name]}
    columns: dict[str, Sequence[Any]] = {}
    for header in frame.columns:
        key = re.sub(r"[\s_-]+", "_", str(header).strip().casefold())
        key = key if key in known else _SYNONYMS.get(key, key)
        if key not in known:
            near = nearest(key, known)
            hint = f"did you mean {near!r}?" if near else f"known are {', '.join(sorted(known))}"
            _fault(issues, "column.unknown", f"{name}.{header}", "the column is unknown", hint)
        elif key in columns:
            _fault(issues, "column.duplicate", f"{name}.{header}", f"a second column of {key}", "keep one")
        else:
            columns[key] = frame[header].to_list()
    for key in NEEDED[name]:
        if key not in columns:
            found = ", ".join(map(str, frame.columns)) or "none"
            _fault(issues, "column.missing", name, f"the column {key!r} is missing (found: {found})")
    return columns


def _cell(value: Any) -> Any:
    """Return a cell as a document has it; None for one that says nothing.

    A date with a time and a zone is the day that it has in its zone.
    """
    if getattr(value, "ndim", 0):  # a list column comes back from Parquet as arrays
        value = value.tolist()
    elif type(value).__name__ == "datetime64":  # of numpy: its item is a count of nanoseconds
        value = value.astype("datetime64[us]").item()
    elif hasattr(value, "item"):
        value = value.item()
    if isinstance(value, (list, tuple)):
        return list(map(_cell, value))
    if _says_nothing(value):
        return None
    if isinstance(value, Decimal):
        return int(value) if value.is_finite() and value == value.to_integral_value() else float(value)
    if isinstance(value, datetime):
        value = value.date()
    if isinstance(value, date):
        return value.isoformat()
    return value.strip() if isinstance(value, str) else value


def _says_nothing(value: Any) -> bool:
    """Return whether a cell is a null, NaN, NaT, pandas' NA or a blank."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return True
    try:
        return bool(value != value)  # noqa: PLR0124 - NaN and NaT are not equal to themselves
    except (
        TypeError,
        ArithmeticError,
    ):  # pandas' NA is neither equal nor not, a signalling NaN refuses to say
        return True


def _name(value: Any) -> str:
    """Return a name or number of something: a column of floats is what pandas makes of whole numbers with a gap.

    Raises
    ------
    ValueError
        It is no name: a truth value, a fraction, or a float that has lost digits.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return str(int(value))
    raise ValueError(f"expected a name or a number of something, found {value!r}")


def _fault(issues: list[Issue], code: str, where: str, message: str, hint: str = "") -> None:
    issues.append(Issue(code=code, where=where, message=message, hint=hint))


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
