"""Which losses of a plan are matched at all, and which just stand: worked out by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from realloc import Household, LotSale, Trade
from realloc.tax.planned import planned_washes, wash_sales_of

OLD = {"symbol": "VTI", "shares": 10, "cost_per_share": 120.0, "acquired": "2024-11-02", "id": "old"}


def household(*lots: dict[str, Any], recent: tuple[dict[str, Any], ...] = ()) -> Household:
    """Return Ann's taxable account with these lots of VTI, at $100 without a spread, on 20 November 2026."""
    return Household.from_dict(
        {
            "as_of": "2026-11-20",
            "prices": {"VTI": {"price": 100.0, "spread_bps": 0.0}},
            "accounts": [
                {
                    "account_number": "Z1",
                    "owner": "Ann",
                    "positions": {"VTI": sum(lot["shares"] for lot in lots)},
                    "lots": list(lots),
                },
            ],
            "model": {"name": "stock", "targets": {"VTI": 1.0}},
            "policy": {"wash_sales": {"mode": "warn"}},
            "recent_trades": [{"symbol": "VTI", "price": 90.0, **trade} for trade in recent],
        }
    )


def sale(lot: dict[str, Any], shares: float) -> Trade:
    """Return a sale as a plan states it, its gain rounded to a millionth of a dollar."""
    cost, acquired = lot["cost_per_share"], date.fromisoformat(lot["acquired"])
    gain = round((100.0 - cost) * shares, 6) + 0.0
    taken = LotSale(
        id=lot["id"], shares=shares, cost_per_share=cost, acquired=acquired, term="long", gain=gain
    )
    return Trade("Z1", "VTI", -shares, price=100.0, lots=(taken,))


@pytest.mark.parametrize(
    ("cost", "until"), [(100.0, []), (100.0000000001, [date(2026, 12, 20)]), (99.9999999999, [])]
)
def test_wash_7_a_loss_that_rounds_to_nothing_is_one_and_a_gain_is_none(cost: float, until: Any) -> None:
    lot = OLD | {"cost_per_share": cost}
    found = planned_washes(household(lot), [sale(lot, 5)])
    assert [block.until for block in found.blocked] == until


def test_wash_4_a_purchase_of_an_account_that_is_not_shown_denies_a_loss() -> None:
    bought = {"account_number": "away", "shares": 3, "traded": "2026-10-21"}
    found = planned_washes(household(OLD, recent=(bought,)), [sale(OLD, 5)])
    assert [(int(wash.denial.shares), int(wash.denial.amount)) for wash in found.washes] == [(3, 60)]
    earlier = {**bought, "traded": "2026-10-20"}
    assert planned_washes(household(OLD, recent=(earlier,)), [sale(OLD, 5)]).washes == ()


def test_wash_5_a_lot_within_the_window_of_a_recent_loss_alone_uses_that_loss_up() -> None:
    """All ten shares sold in October are denied by the ten of September, so the plan's purchase is free."""
    new = OLD | {"acquired": "2026-09-28", "id": "new"}
    loss = {"account_number": "Z1", "shares": -10, "traded": "2026-10-26", "gain": -50.0}
    buy = Trade("Z1", "VTI", 4, price=100.0)
    found = planned_washes(household(OLD, new, recent=(loss,)), [sale(OLD, 5), buy])
    assert [(wash.earlier, int(wash.denial.shares)) for wash in found.washes] == [(False, 4)]
    without = planned_washes(household(OLD, recent=(loss,)), [sale(OLD, 5), buy])
    assert [(wash.earlier, int(wash.denial.shares)) for wash in without.washes] == [(True, 4)]


def test_wash_7_a_recent_loss_that_a_lot_denies_blocks_nothing_and_an_old_one_is_over() -> None:
    loss = {"account_number": "Z1", "shares": -10, "traded": "2026-10-26", "gain": -50.0}
    assert [block.until for block in planned_washes(household(OLD, recent=(loss,)), []).blocked] == [
        date(2026, 11, 25)
    ]
    new = OLD | {"acquired": "2026-09-28", "id": "new"}
    assert planned_washes(household(OLD, new, recent=(loss,)), []).blocked == ()
    over = loss | {"traded": "2026-10-20"}
    assert planned_washes(household(OLD, recent=(over,)), []).blocked == ()


def test_wash_4_what_is_disallowed_is_stated_to_a_millionth_of_a_dollar() -> None:
    lot = OLD | {"cost_per_share": 100.123456789}
    bought = {"account_number": "away", "shares": 1, "traded": "2026-10-21"}
    found = wash_sales_of(household(lot, recent=(bought,)), [sale(lot, 5)])
    assert [row.disallowed for row in found.disallowed] == [0.123457]
    assert (found.deferred, found.lost) == (0.123457, 0.0)
    assert [(block.accounts, block.owners) for block in found.no_buy] == [(("Z1",), ("Ann",))]
