"""From trades to orders: what is entered where, when, at which limit, and what a venue does not take."""

from realloc.orders.blocks import Block, blocks
from realloc.orders.days import Timing, expected
from realloc.orders.listing import OrderList, joint_order_list, order_list
from realloc.orders.order import Order
from realloc.orders.prices import exact, is_fund, limit_price
from realloc.orders.settings import OrderSettings, SettingArguments
from realloc.orders.venues import Venue, require_taken

__all__ = [
    "Block",
    "Order",
    "OrderList",
    "OrderSettings",
    "SettingArguments",
    "Timing",
    "Venue",
    "blocks",
    "exact",
    "expected",
    "is_fund",
    "joint_order_list",
    "limit_price",
    "order_list",
    "require_taken",
]
