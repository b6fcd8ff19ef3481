"""Lots that are kept until they turn long-term (DEFER-1), to the day, the cent and the share."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from realloc.audit import audit_trades
from realloc.household import Household
from realloc.trades import LotSale, Trade

AS_OF = date(2026, 11, 20)


def found(
    tax: dict[str, Any] | None = None,
    lots: tuple[dict[str, Any], ...] = (),
    trade: tuple[str, float, str] = ("A", 1, "gain"),
    policy: dict[str, Any] | None = None,
    **account: Any,
) -> list[tuple[str, str]]:
    """Return what the audit says of waiting; ten A at $100 cost $90 each and turn long-term in ten days.

    `trade` is a symbol, its shares and the lot that they are taken from.
    """
    gain = {"symbol": "A", "shares": 10, "cost_per_share": 90, "acquired": "2025-11-29", "id": "gain"}
    held = [gain | account.pop("lot", {}), *lots]
    positions: dict[str, float] = {}
    for each in held:
        positions[each["symbol"]] = positions.get(each["symbol"], 0) + each["shares"]
    document = {
        "as_of": AS_OF.isoformat(),
        "prices": {"A": 100, "B": 100},
        "accounts": [{"account_number": "T1", "cash": 0, "positions": positions, "lots": held} | account],
        "model": {"name": "m", "targets": {"A": 1, "B": 1}},
        "policy": {"tax": {"defer_days": 10} | (tax or {}), "wash_sales": {"avoid": False}, **(policy or {})},
    }
    symbol, shares, name = trade
    sale = LotSale(id=name, shares=shares, cost_per_share=0.0, acquired=AS_OF, term="short", gain=0.0)
    report = audit_trades(Household.from_dict(document), [Trade("T1", symbol, -shares, lots=(sale,))])
    return [(each.code, each.where) for each in report.errors if each.code == "DEFER-1"]


KEPT = [("DEFER-1", "trades[0].lots[0]")]


@pytest.mark.parametrize(
    ("acquired", "kept"),
    [
        ("2025-11-19", False),  # long-term today
        ("2025-11-20", True),  # tomorrow
        ("2025-11-29", True),  # in ten days
        ("2025-11-30", False),  # in eleven
    ],
)
def test_defer_1_a_lot_waits_from_the_first_day_of_the_window_to_the_last(acquired: str, kept: bool) -> None:
    assert found(lot={"acquired": acquired}) == (KEPT if kept else [])


@pytest.mark.parametrize(("cost", "kept"), [(99.99, True), (100.0, False), (100.01, False)])
def test_defer_1_only_a_gain_waits(cost: float, kept: bool) -> None:
    assert found(lot={"cost_per_share": cost}) == (KEPT if kept else [])


@pytest.mark.parametrize(
    ("tax", "kept"),
    [
        ({"defer_days": 0}, False),
        ({"short_term_rate": 0.2, "long_term_rate": 0.2}, False),
        ({"short_term_rate": 0.19, "long_term_rate": 0.2}, False),
        ({"short_term_rate": 0.21, "long_term_rate": 0.2}, True),
    ],
)
def test_defer_1_it_waits_only_for_a_lower_rate(tax: dict[str, Any], kept: bool) -> None:
    assert found(tax) == (KEPT if kept else [])


def test_defer_1_nothing_waits_in_a_sheltered_account() -> None:
    assert found(kind="tax_deferred") == []


# a reserve of $200: what is free raises its bid, less a share, the least order and the commission for each symbol
FREE = {"symbol": "B", "shares": 4, "cost_per_share": 50, "acquired": "2020-01-02", "id": "free"}


@pytest.mark.parametrize(
    ("account", "policy", "kept"),
    [
        ({"cash": 200, "cash_reserve": 200}, {}, True),
        ({"cash": 199.99, "cash_reserve": 200}, {}, False),  # nothing else to sell
        ({"cash_reserve": 200, "lots": (FREE,)}, {}, True),  # 400 less a share of A and one of B
        ({"cash_reserve": 200.01, "lots": (FREE,)}, {}, False),
        ({"cash_reserve": 200, "lots": (FREE,)}, {"min_trade_value": 0.01}, False),
        ({"cash_reserve": 200, "lots": (FREE,)}, {"costs": {"commission": 0.01}}, False),
        ({"cash_reserve": 200, "lots": (FREE,), "no_sell": ["B"]}, {}, False),
        ({"cash_reserve": 200, "lots": (FREE | {"cost_per_share": 100.01},)}, {}, False),  # a loss is not counted
        ({"cash_reserve": 200, "lots": (FREE | {"cost_per_share": 100},)}, {}, True),
        ({"cash_reserve": 200, "lots": (FREE | {"acquired": "2025-11-25"},)}, {}, False),  # it waits as well
        ({"cash_reserve": 200, "lots": (FREE,)}, {"mode": "partial", "partial": {"sell": "A", "buy": "B"}}, False),
        ({"cash_reserve": 200, "lots": (FREE,)}, {"mode": "partial", "partial": {"sell": "B", "buy": "A"}}, True),
        # what the broker relieves first decides where the account has a standing relief: a loss closes the rest
        ({"cash_reserve": 200, "lots": (FREE, FREE | {"id": "loss", "shares": 1, "cost_per_share": 120,
          "acquired": "2019-01-02"}), "lot_relief": "fifo"}, {}, False),
        ({"cash_reserve": 200, "lots": (FREE, FREE | {"id": "loss", "shares": 1, "cost_per_share": 120,
          "acquired": "2021-01-02"}), "lot_relief": "fifo"}, {}, True),
    ],
)  # fmt: skip
def test_defer_1_a_lot_waits_only_where_the_reserve_is_reached_without_it(
    account: dict[str, Any], policy: dict[str, Any], kept: bool
) -> None:
    assert found(policy=policy, **account) == (KEPT if kept else [])
