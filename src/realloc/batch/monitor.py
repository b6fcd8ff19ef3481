"""Which households need a plan: a pass over the tables without any search, column by column.

A household needs one for any of these reasons:

- ``outside_band``: a group of one of its scopes is off its weight by more than its band (OBJ-1, BAND-1), by at least
  a cent. Whole shares may leave no way into the band; the plan says so.
- ``cash_flow``: dollars are about to leave or to arrive.
- ``below_reserve``: an account has less cash than its reserve.
- ``idle_cash``: cash beyond reserves and the target for CASH is more than a part of the value.
- ``harvest``: losses of a size that may be sold today: lots of taxable accounts that cost more than the bid, may be
  traded and sold, and of which (or of a symbol identical to it) the household bought nothing in the wash-sale window.
- ``unclear``: something is missing or wrong, and the plan, or its failure, says what.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from realloc.batch.columns import ids, left, one_of, with_columns, zero
from realloc.batch.holdings import CENT, cash, drift, held, losses
from realloc.batch.scopes import Targets, own_targets
from realloc.errors import InputError, Issue

REASONS = ("outside_band", "cash_flow", "below_reserve", "idle_cash", "harvest", "unclear")

_TEXT, _NUMBER = pa.string(), pa.float64()
MONITOR: Any = pa.schema(
    [
        pa.field(name, kind, metadata={"description": text})
        for name, kind, text in (
            ("household_id", _TEXT, "the household"),
            ("needed", pa.bool_(), "it needs a plan"),
            ("reasons", _TEXT, "why, in words of `realloc.batch.monitor`, with spaces between them"),
            ("value", _NUMBER, "dollars"),
            ("drift", _NUMBER, "half the sum of absolute deviations from the target weights"),
            ("outside", pa.int64(), "groups outside their band"),
            ("cash_flow", _NUMBER, "dollars about to leave (negative) or to arrive"),
            ("idle_cash", _NUMBER, "dollars of cash beyond reserves and the target for CASH"),
            ("loss", _NUMBER, "dollars of losses that may be sold today"),
        )
    ]
)
"""The table that `monitor` makes."""

_ACCOUNT_COLUMNS = {
    "cash", "cash_reserve", "cash_flow", "positions", "lots", "kind", "do_not_trade", "no_sell",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorOptions:
    """When a household needs a plan, beside its bands.

    Parameters
    ----------
    idle_cash : float
        Idle cash as a fraction of the household's value above which it needs one.
    loss : float
        Dollars of losses that may be sold from which on it needs one.

    Raises
    ------
    InputError
        A number is negative.
    """

    idle_cash: float = 0.02
    loss: float = 1_000.0

    def __post_init__(self) -> None:
        for name in ("idle_cash", "loss"):
            if not getattr(self, name) >= 0:
                raise InputError(Issue(code="argument", where=name, message="expected at least 0"))


def monitor(tables: Mapping[str, Any], options: MonitorOptions | None = None) -> Any:
    """Return which households of a partition need a plan, and why.

    Parameters
    ----------
    tables : mapping of str to pyarrow.Table
        As `realloc.batch.TABLES` has them.
    options : MonitorOptions, optional
        When a household needs one.

    Returns
    -------
    pyarrow.Table
        As `MONITOR` has it: a row for each household, by id.
    """
    options = options or MonitorOptions()
    targets = Targets(tables)
    homes = tables["households"]
    homes = with_columns(homes, policy=pc.fill_null(homes["policy_id"], ""))
    doubts = set(_doubtful(homes))
    accounts, scopes = _scopes(homes, tables["accounts"], targets, doubts)
    shares = held(tables["positions"], accounts, homes, tables["prices"], doubts)
    found = homes.select(["household_id"])
    for part in (
        drift(scopes, accounts, shares, targets),
        cash(accounts),
        losses(tables, accounts, homes, targets, doubts),
    ):
        found = left(found, part, "household_id")
    return _decided(found.sort_by("household_id"), doubts, options)


def _decided(found: Any, doubts: set[str], options: MonitorOptions) -> Any:
    """Return the table of figures with the decision."""
    columns = {name: zero(found[name]) for name in ("value", "off", "cash_flow", "idle_cash", "loss")}
    columns["outside"] = pc.fill_null(found["outside"], 0)
    homes, value = found["household_id"], columns["value"]
    reasons = {
        "outside_band": pc.greater(columns["outside"], 0),
        "cash_flow": pc.greater(pc.fill_null(found["flows"], 0), 0),
        "below_reserve": pc.greater(pc.fill_null(found["below"], 0), 0),
        "idle_cash": pc.greater(columns["idle_cash"], pc.add(pc.multiply(value, options.idle_cash), CENT)),
        "harvest": pc.and_(pc.greater(columns["loss"], 0.0), pc.greater_equal(columns["loss"], options.loss)),
        "unclear": pc.or_(one_of(homes, sorted(doubts)), pc.invert(pc.greater(value, 0.0))),
    }
    listed = list(zip(*(reasons[name].to_pylist() for name in REASONS), strict=True))
    words = [" ".join(name for name, is_so in zip(REASONS, row, strict=True) if is_so) for row in listed]
    counted = zero(found["counted"])
    some = pc.greater(counted, 0.0)
    twice = pc.if_else(some, pc.multiply(counted, 2.0), 1.0)
    columns["drift"] = pc.if_else(some, pc.divide(columns["off"], twice), 0.0)
    columns |= {
        "household_id": homes,
        "needed": pa.array([any(row) for row in listed], pa.bool_()),
        "reasons": pa.array(words, _TEXT),
    }
    return pa.table([columns[name] for name in MONITOR.names], schema=MONITOR)


def _doubtful(homes: Any) -> Iterator[str]:
    """Yield households without a date, a model or prices, or with JSON in the place of rows."""
    for row in homes.to_pylist():
        missing = row["as_of"] is None or row["model_id"] is None or row["prices_id"] is None
        if missing or _says(row["more"], {"issues", "accounts", "recent_trades", "policy"}):
            yield row["household_id"]


def _says(more: str | None, keys: set[str]) -> bool:
    """Return whether JSON beside columns says something that rows should."""
    if more is None:
        return False
    try:
        said = json.loads(more)
    except ValueError:
        return True
    return not isinstance(said, dict) or not keys.isdisjoint(said)


def _scopes(homes: Any, accounts: Any, targets: Targets, doubts: set[str]) -> tuple[Any, Any]:
    """Return the accounts with their scope, and a row for each scope: its number, household and target."""
    aims = {row["household_id"]: (row["model_id"], row["policy_id"]) for row in homes.to_pylist()}
    numbers: dict[tuple[str, str], int] = {}
    rows: list[tuple[str, int]] = []
    of_account: list[int | None] = []
    seen: set[tuple[str, str]] = set()
    counts: list[float] = []
    columns = (accounts[name].to_pylist() for name in ("household_id", "account_number", "kind", "more"))
    for home, number, kind, more in zip(*columns, strict=True):
        if home not in aims:
            of_account.append(None)
            counts.append(1.0)
            continue
        try:
            own = own_targets(more)
        except (ValueError, AttributeError):
            own = ""
            doubts.add(home)
        if _says(more, _ACCOUNT_COLUMNS) or (home, number) in seen:
            doubts.add(home)
        seen.add((home, number))
        scope = (home, number if own or targets.by_itself(aims[home][1]) else "")
        counts.append(targets.counts(aims[home][1], kind))
        if scope not in numbers:
            target = targets.of(*aims[home], own)
            if target is None:
                doubts.add(home)
            numbers[scope] = len(rows)
            rows.append((home, -1 if target is None else target))
        of_account.append(numbers[scope])
    doubts |= aims.keys() - {home for home, _ in seen}
    for name in ("cash", "cash_reserve", "cash_flow"):
        doubts |= ids(accounts, pc.invert(pc.is_finite(zero(accounts[name]))))
    doubts |= ids(
        accounts, pc.or_(pc.less(zero(accounts["cash"]), 0.0), pc.less(zero(accounts["cash_reserve"]), 0.0))
    )
    known = with_columns(accounts, scope=pa.array(of_account, pa.int64()), counts=pa.array(counts, _NUMBER))
    scopes = pa.table(
        {
            "scope": pa.array(range(len(rows)), pa.int64()),
            "household_id": pa.array([row[0] for row in rows], _TEXT),
            "target": pa.array([row[1] for row in rows], pa.int64()),
        }
    )
    return known.filter(pc.is_valid(known["scope"])), scopes
