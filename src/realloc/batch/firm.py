"""Orders of the whole firm: blocks by symbol and side with their allocations, and each custodian's own."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from realloc.batch.columns import left, with_columns
from realloc.batch.manifest import read_manifest
from realloc.batch.store import read_results
from realloc.errors import InputError, Issue
from realloc.trades import LotSale, Trade

UNNAMED = "unnamed"
"""The custodian of accounts that name none."""


def block_orders(trades: Any) -> tuple[Any, Any]:
    """Return block orders and their allocations.

    Parameters
    ----------
    trades : pyarrow.Table
        The table ``trades`` of a run.

    Returns
    -------
    tuple of pyarrow.Table
        Blocks (number from 1, sells first, then by symbol; side, symbol, price in dollars per share, shares more than
        zero, notional in dollars, number of allocations), and allocations (block, household, account, sequence in
        the household, shares, notional). Orders of a symbol at another price are a block of their own; the
        allocations of a block add up to it.
    """
    rows = with_columns(
        trades,
        side=pc.if_else(pc.less(trades["shares"], 0.0), "sell", "buy"),
        shares=pc.abs(trades["shares"]),
        notional=pc.abs(trades["notional"]),
    ).sort_by([(key, "ascending") for key in ("household_id", "account_number", "sequence")])
    keys = ["side", "symbol", "price"]
    found = rows.group_by(keys, use_threads=False).aggregate(
        [("shares", "sum"), ("notional", "sum"), ("shares", "count")]
    )
    found = found.select([*keys, "shares_sum", "notional_sum", "shares_count"])
    found = found.rename_columns([*keys, "shares", "notional", "allocations"])
    found = found.sort_by([("side", "descending"), ("symbol", "ascending"), ("price", "ascending")])
    blocks = found.add_column(0, "block", pa.array(range(1, found.num_rows + 1), pa.int64()))
    for name, digits in (("shares", 6), ("notional", 2)):
        exact = pa.array([round(amount, digits) for amount in blocks[name].to_pylist()], pa.float64())
        blocks = with_columns(blocks, **{name: exact})
    allocations = left(rows, blocks.select(["block", *keys]), *keys).select(
        ["block", "household_id", "account_number", "sequence", "shares", "notional"]
    )
    return blocks, allocations.sort_by(
        [(key, "ascending") for key in ("block", "household_id", "account_number", "sequence")]
    )


def custodian_trades(folder: str | os.PathLike[str]) -> dict[str, list[Trade]]:
    """Return the trades of a run by custodian, as the table ``accounts`` of its households names them.

    Parameters
    ----------
    folder : str or path
        Folder of the run.

    Returns
    -------
    dict of str to list of Trade
        By custodian's name, `UNNAMED` for accounts that name none; by household, then in order of execution.

    Raises
    ------
    InputError
        There are no results, they or the accounts cannot be read, or two households have accounts of one number at
        one custodian.
    """
    trades = read_results(folder, ["trades"])["trades"]
    place = Path(read_manifest(folder)["tables"])
    file = place / "accounts.parquet"
    keys = ["household_id", "account_number"]
    try:
        accounts = pq.read_table(file if file.exists() else place / "accounts", columns=[*keys, "custodian"])
    except (OSError, pa.ArrowException) as error:
        text = f"it cannot be read: {error}"
        raise InputError(Issue(code="table.unreadable", where=str(file), message=text)) from error
    rows = left(trades, accounts, *keys).sort_by([("household_id", "ascending"), ("sequence", "ascending")])
    homes = rows.select(["custodian", *keys]).group_by(["custodian", "account_number"], use_threads=False)
    shared = homes.aggregate([("household_id", "count_distinct")])
    if pc.any(pc.greater(shared["household_id_count_distinct"], 1)).as_py():
        text = (
            "two households have an account of the same number: a custodian could not tell their orders apart"
        )
        raise InputError(Issue(code="account.shared", where=str(place / "accounts"), message=text))
    found: dict[str, list[Trade]] = {}
    for row in rows.to_pylist():
        found.setdefault(row["custodian"] or UNNAMED, []).append(_trade(row))
    return dict(sorted(found.items()))


def _trade(row: Mapping[str, Any]) -> Trade:
    lots = tuple(
        LotSale(**{**lot, "acquired": date.fromisoformat(lot["acquired"])}) for lot in json.loads(row["lots"])
    )
    return Trade(
        row["account_number"],
        row["symbol"],
        row["shares"],
        price=row["price"],
        notional=row["notional"],
        lots=lots,
        reason=row["reason"],
    )
