"""What became of the orders of a plan, by the positions before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal

from realloc.household import RecentTrade
from realloc.portfolio_file.planned import PlannedOrder
from realloc.tax.exact import ZERO, exact

Status = Literal["executed", "partly", "not executed", "more", "opposite", "additional", "not confirmed"]

SAME_SHARES = Fraction(1, 1000)
"""Shares by which an execution may differ from its order: brokers print three decimals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """Shares bought (positive) or sold on one day; `stated` where the broker's file has the trade itself."""

    shares: Fraction
    price: Fraction
    traded: date
    stated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one order, or a change that nobody ordered.

    Parameters
    ----------
    account_number, symbol : str
        Where and what.
    planned, traded : Fraction
        Shares ordered, and by which the position changed; negative sells. Of an account without new
        positions `traded` is 0 and the status ``not confirmed``.
    status : str
        ``executed`` within a thousandth of a share; ``partly``; ``not executed``; ``more`` than ordered;
        ``opposite`` to the order; ``additional`` without an order; ``not confirmed``.
    fills : tuple of Fill
        The executions that are recorded.
    lots : tuple of tuple of str and float
        Lots that the plan sells, with shares.
    """

    account_number: str
    symbol: str
    planned: Fraction
    traded: Fraction
    status: Status
    fills: tuple[Fill, ...] = ()
    lots: tuple[tuple[str, float], ...] = ()


def compare(
    orders: Sequence[PlannedOrder],
    before: Mapping[str, Mapping[str, float]],
    after: Mapping[str, Mapping[str, float]],
) -> tuple[Outcome, ...]:
    """Return the outcome of every order, and of every other change, by account and symbol.

    Parameters
    ----------
    orders : sequence of PlannedOrder
        Those of the plan.
    before, after : mapping of str to mapping of str to float
        Shares by account number and symbol; an account that `after` does not have is not confirmed.
    """
    ordered: dict[tuple[str, str], Fraction] = {}
    lots: dict[tuple[str, str], tuple[tuple[str, float], ...]] = {}
    for order in orders:
        key = (order.account_number, order.symbol)
        ordered[key] = ordered.get(key, ZERO) + exact(order.shares)
        lots[key] = (*lots.get(key, ()), *order.lots)
    keys = ordered.keys() | {
        (number, symbol)
        for number, positions in after.items()
        for symbol in {*positions, *before.get(number, {})}
    }
    outcomes = []
    for number, symbol in sorted(keys):
        planned = ordered.get((number, symbol), ZERO)
        held = exact(before.get(number, {}).get(symbol, 0.0))
        traded = exact(after[number].get(symbol, 0.0)) - held if number in after else ZERO
        if planned or traded:
            outcomes.append(
                Outcome(
                    account_number=number,
                    symbol=symbol,
                    planned=planned,
                    traded=traded,
                    status=_status(planned, traded) if number in after else "not confirmed",
                    lots=lots.get((number, symbol), ()),
                )
            )
    return tuple(outcomes)


def _status(planned: Fraction, traded: Fraction) -> Status:
    if not planned:
        return "additional"
    if abs(traded - planned) <= SAME_SHARES:
        return "executed"
    if abs(traded) <= SAME_SHARES:
        return "not executed"
    if (traded > 0) != (planned > 0):
        return "opposite"
    return "partly" if abs(traded) < abs(planned) else "more"


def find_fills(
    outcome: Outcome, trades: Sequence[RecentTrade], estimate: Fraction | None, traded: date | None
) -> tuple[Fill, ...]:
    """Return the executions of an outcome: those of the broker's file where they add up, else one estimate.

    Parameters
    ----------
    outcome : Outcome
        With shares that were traded.
    trades : sequence of RecentTrade
        Trades of the new files that were not known before, under the portfolio's account numbers.
    estimate : Fraction or None
        Dollars per share where the file does not have the trade.
    traded : datetime.date or None
        The trade date where the file does not have the trade.

    Returns
    -------
    tuple of Fill
        Empty where neither is known.
    """
    mine = [
        trade
        for trade in trades
        if (trade.account_number, trade.symbol) == (outcome.account_number, outcome.symbol)
        and (trade.shares > 0) == (outcome.traded > 0)
        and trade.price > 0
    ]
    total = sum((exact(trade.shares) for trade in mine), ZERO)
    if mine and abs(total - outcome.traded) <= SAME_SHARES:
        fills = [
            Fill(shares=exact(trade.shares), price=exact(trade.price), traded=trade.traded, stated=True)
            for trade in sorted(mine, key=lambda trade: (trade.traded, trade.price, trade.shares))
        ]
        last = fills[-1]
        rest = outcome.traded - total
        fills[-1] = Fill(shares=last.shares + rest, price=last.price, traded=last.traded, stated=True)
        return tuple(fills)
    if estimate is None or traded is None:
        return ()
    return (Fill(shares=outcome.traded, price=estimate, traded=traded, stated=False),)
