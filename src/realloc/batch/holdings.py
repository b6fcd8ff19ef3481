"""What the households of a partition hold, how far that is off, and which losses they could take, column by column."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from realloc.batch.columns import ids, inner, is_number, left, sums, with_columns, without, zero
from realloc.batch.scopes import Targets, identical_of
from realloc.models import CASH

CENT = 0.01
"""Dollars: what is off by less is not off."""
SHARES = 1e-6
"""Lots may miss their position by this many shares."""

_ACCOUNT = ("household_id", "account_number")


def held(positions: Any, accounts: Any, homes: Any, prices: Any, doubts: set[str]) -> Any:
    """Return the dollars of each symbol in each scope; what cannot be priced makes its household doubtful."""
    rows = left(positions, accounts.select([*_ACCOUNT, "scope", "counts"]), *_ACCOUNT)
    rows = _priced(rows, homes, prices)
    some = pc.not_equal(zero(rows["shares"]), 0.0)
    sound = pc.and_(pc.is_valid(rows["scope"]), is_number(rows["shares"]))
    sound = pc.and_(sound, pc.greater_equal(zero(rows["shares"]), 0.0))
    priced = pc.and_(is_number(rows["price"]), pc.greater(zero(rows["price"]), 0.0))
    sound = pc.and_(sound, pc.or_(priced, pc.invert(some)))
    sound = pc.and_(sound, pc.fill_null(pc.not_equal(rows["symbol"], CASH), False))
    doubts |= ids(rows, pc.invert(sound))
    rows = rows.filter(pc.and_(sound, some))
    rows = with_columns(rows, dollars=pc.multiply(rows["shares"], rows["price"]))
    rows = with_columns(rows, counted=pc.multiply(rows["dollars"], rows["counts"]))
    return sums(rows, ["scope", "symbol"], "dollars", "counted")


def drift(scopes: Any, accounts: Any, held: Any, targets: Targets) -> Any:
    """Return value, also as it counts (VAL-3), dollars off target, groups outside bands and idle cash by household."""
    money = pc.add(zero(accounts["cash"]), zero(accounts["cash_flow"]))
    rows = with_columns(accounts, cash=money, counted_cash=pc.multiply(money, accounts["counts"]))
    rows = with_columns(rows, reserve=zero(rows["cash_reserve"]))
    scopes = left(scopes, sums(rows, ["scope"], "cash", "counted_cash", "reserve"), "scope")
    scopes = left(scopes, sums(held, ["scope"], "dollars", "counted"), "scope")
    scopes = with_columns(
        scopes,
        value=pc.add(scopes["cash"], zero(scopes["dollars"])),
        counted=pc.add(scopes["counted_cash"], zero(scopes["counted"])),
    ).drop(["dollars"])
    held = held.select(["scope", "symbol", "counted"]).rename_columns(["scope", "symbol", "dollars"])
    held = inner(held, scopes.select(["scope", "target", "counted"]), "scope")
    cover = targets.cover()
    covered = inner(held, cover, "target", "symbol")
    covered = with_columns(covered, dollars=pc.multiply(covered["dollars"], covered["share"]))
    groups = inner(scopes, targets.groups(), "target")
    groups = left(groups, sums(covered, ["scope", "group"], "dollars"), "scope", "group")
    is_cash = pc.equal(groups["group"], CASH)
    has = pc.if_else(is_cash, groups["counted_cash"], zero(groups["dollars"]))
    wanted = pc.multiply(groups["weight"], groups["counted"])
    groups = _off(groups, pc.abs(pc.subtract(has, wanted)), groups["band"])
    least = pc.max_element_wise(pc.multiply(groups["weight"], groups["value"]), groups["reserve"])
    idle = pc.max_element_wise(pc.subtract(groups["cash"], least), pa.scalar(0.0))
    groups = with_columns(groups, idle_cash=pc.if_else(is_cash, idle, 0.0))
    stray = left(without(held, cover, "target", "symbol"), targets.loose(), "target")
    stray = sums(_off(stray, stray["dollars"], stray["loose_band"]), ["scope"], "off", "outside")
    by_scope = sums(groups, ["scope"], "off", "outside", "idle_cash")
    scopes = left(scopes, by_scope, "scope")
    scopes = left(scopes, stray.rename_columns(["scope", "stray_off", "stray_outside"]), "scope")
    scopes = with_columns(
        scopes,
        off=pc.add(zero(scopes["off"]), zero(scopes["stray_off"])),
        outside=pc.add(pc.fill_null(scopes["outside"], 0), pc.fill_null(scopes["stray_outside"], 0)),
    )
    return sums(scopes, ["household_id"], "value", "counted", "off", "outside", "idle_cash")


def cash(accounts: Any) -> Any:
    """Return cash flows and the accounts with a flow, and below their reserve, by household."""
    flow = zero(accounts["cash_flow"])
    short = pc.subtract(zero(accounts["cash_reserve"]), pc.add(zero(accounts["cash"]), flow))
    rows = with_columns(
        accounts,
        cash_flow=flow,
        flows=pc.cast(pc.not_equal(flow, 0.0), pa.int64()),
        below=pc.cast(pc.greater(short, CENT), pa.int64()),
    )
    return sums(rows, ["household_id"], "cash_flow", "flows", "below")


def losses(tables: Mapping[str, Any], accounts: Any, homes: Any, targets: Targets, doubts: set[str]) -> Any:
    """Return the dollars of losses that may be sold today by household (rules OBJ-2, SELL-1, DNT-1, WASH-2)."""
    lots = left(tables["lots"], accounts.select([*_ACCOUNT, "scope", "kind", "do_not_trade"]), *_ACCOUNT)
    sound = pc.and_(pc.is_valid(lots["scope"]), pc.greater(zero(lots["shares"]), 0.0))
    sound = pc.and_(sound, pc.and_(is_number(lots["shares"]), pc.is_valid(lots["acquired"])))
    sound = pc.and_(sound, pc.and_(is_number(lots["cost_per_share"]), pc.is_valid(lots["symbol"])))
    doubts |= ids(lots, pc.invert(sound)) | _unequal(lots.filter(sound), tables["positions"])
    rows = with_columns(
        lots.filter(sound), taxable=pc.equal(pc.fill_null(lots.filter(sound)["kind"], "taxable"), "taxable")
    )
    rows = _priced(
        left(rows, _alike(rows, homes, targets), "household_id", "symbol"), homes, tables["prices"]
    )
    rows = left(rows, targets.terms(), "policy")
    spread = pc.coalesce(rows["spread_bps"], rows["spread"])
    bid = pc.multiply(rows["price"], pc.subtract(1.0, pc.divide(spread, 20_000.0)))
    rows = with_columns(rows, loss=pc.multiply(pc.subtract(rows["cost_per_share"], bid), rows["shares"]))
    may = pc.and_(rows["taxable"], pc.invert(pc.fill_null(rows["do_not_trade"], False)))
    rows = rows.filter(pc.and_(may, pc.greater(zero(rows["loss"]), 0.0)))
    restrictions = tables["restrictions"]
    rows = without(rows, restrictions.filter(pc.equal(restrictions["rule"], "no_sell")), *_ACCOUNT, "symbol")
    return sums(
        without(rows, _bought(tables, homes, targets), "household_id", "alike"), ["household_id"], "loss"
    )


def _off(rows: Any, off: Any, band: Any) -> Any:
    """Add the dollars off target, and whether that is outside the band."""
    allowed = pc.add(pc.multiply(band, rows["counted"]), CENT)
    return with_columns(rows, off=off, outside=pc.cast(pc.greater(off, allowed), pa.int64()))


def _priced(rows: Any, homes: Any, prices: Any) -> Any:
    """Add the price and the spread of each row's symbol, and its household's policy."""
    rows = left(rows, homes.select(["household_id", "prices_id", "policy"]), "household_id")
    return left(rows, prices, "prices_id", "symbol")


def _unequal(lots: Any, positions: Any) -> set[str]:
    """Return the households in which the lots of a position do not add up to it."""
    by = [*_ACCOUNT, "symbol"]
    summed = sums(lots, by, "shares").rename_columns([*by, "of_lots"])
    both = left(summed, sums(positions, by, "shares"), *by)
    miss = pc.abs(pc.subtract(both["of_lots"], zero(both["shares"])))
    return ids(both, pc.greater(miss, SHARES))


def _alike(rows: Any, homes: Any, targets: Targets) -> Any:
    """Return the first of the symbols identical to each symbol of each household (rule WASH-0)."""
    pairs = rows.select(["household_id", "symbol"]).group_by(["household_id", "symbol"], use_threads=False)
    found = left(pairs.aggregate([]), homes.select(["household_id", "policy"]), "household_id")
    found = left(found, identical_of(targets.policies), "policy", "symbol")
    return with_columns(found, alike=pc.coalesce(found["alike"], found["symbol"])).drop(["policy"])


def _bought(tables: Mapping[str, Any], homes: Any, targets: Targets) -> Any:
    """Return what each household bought in its wash-sale window, where its policy avoids wash sales."""
    lots, trades = tables["lots"], tables["recent_trades"]
    bought = trades.filter(pc.greater(zero(trades["shares"]), 0.0))
    rows = pa.concat_tables(
        [
            lots.select(["household_id", "symbol", "acquired"]).rename_columns(
                ["household_id", "symbol", "day"]
            ),
            bought.select(["household_id", "symbol", "traded"]).rename_columns(
                ["household_id", "symbol", "day"]
            ),
        ]
    )
    rows = left(rows, homes.select(["household_id", "as_of", "policy"]), "household_id")
    rows = left(rows, targets.terms(), "policy")
    age = pc.subtract(pc.cast(rows["as_of"], pa.int32()), pc.cast(rows["day"], pa.int32()))
    inside = pc.and_(pc.greater_equal(age, 0), pc.less_equal(age, rows["window_days"]))
    rows = rows.filter(pc.fill_null(pc.and_(inside, rows["avoid"]), False))
    return left(rows, _alike(rows, homes, targets), "household_id", "symbol")
