"""What a venue takes, and the refusal of what it does not take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from realloc.errors import InputError, Issue
from realloc.orders.listing import OrderList
from realloc.orders.order import Order


@dataclass(frozen=True, slots=True, kw_only=True)
class Venue:
    """The quantity rules of a venue.

    Parameters
    ----------
    name : str
        Its name for people.
    decimals : int
        Most decimals of a number of shares.
    all_of_a_position : bool
        It sells a whole position whatever its decimals.
    """

    name: str
    decimals: int = 0
    all_of_a_position: bool = False


def require_taken(listed: OrderList, venue: Venue) -> None:
    """Refuse orders that a venue cannot take; nothing is rounded, left out or turned into another order.

    Raises
    ------
    InputError
        An order is a mutual fund's, has more decimals than the venue takes, cannot have its limit, or waits for
        another day. Each has an issue with account, symbol and remedy.
    """
    issues = list(_refusals(listed.orders, venue, limited=listed.settings.order_type == "limit"))
    issues += _later(listed)
    if issues:
        raise InputError(issues)


def _refusals(orders: Iterable[Order], venue: Venue, *, limited: bool) -> Iterator[Issue]:
    for order in orders:
        if order.fund:
            yield Issue(
                code="order.fund",
                where=order.where,
                message=f"{venue.name} files have no mutual fund orders",
                hint=f"enter it by hand and set leave_out={order.symbol}; set not_funds={order.symbol} where it "
                "is no mutual fund, or accounts=... where the account is somewhere else",
            )
            continue
        if limited and order.limit is None:
            why = "has no price" if order.price is None else f"has no limit below its price of ${order.price}"
            yield Issue(
                code="order.limit",
                where=order.where,
                message=f"a limit order cannot be written: it {why}",
                hint="give a price, or set order_type=market",
            )
        if order.whole_position and venue.all_of_a_position:
            continue
        if _decimals(order.shares) > venue.decimals:
            takes = f"at most {venue.decimals} decimals of a share" if venue.decimals else "whole shares only"
            yield Issue(
                code="order.fraction",
                where=order.where,
                message=f"{venue.name} takes {takes}, this order is for {order.shares.normalize():f}",
                hint=f"enter it by hand and set leave_out={order.symbol}, or plan the account with "
                '"fractional": false',
            )


def _later(listed: OrderList) -> list[Issue]:
    if listed.settings.day is not None:
        return []
    return [
        Issue(
            code="order.day",
            where=order.where,
            message=f"the order is for day 2: it waits for {order.timing.waits_for}",
            hint="write two files, with day=1 now and day=2 for then",
        )
        for order in listed.orders
        if order.day > 1
    ]


def _decimals(shares: Decimal) -> int:
    exponent = shares.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
