"""Rules LEDGER-14 to LEDGER-16 of docs/spec/tax.md: a household and a plan as a ledger."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

from realloc.household import Household
from realloc.tax.journal import household_history, lots_after
from realloc.tax.ledger import settle
from realloc.tax.regimes import UnitedStates
from realloc.trades import LotSale, Trade

AS_OF = "2026-11-20"


def household(**more: Any) -> Household:
    document: dict[str, Any] = {
        "as_of": AS_OF,
        "prices": {"VTI": {"price": 100.0, "spread_bps": 20.0}, "ITOT": 100.0},
        "accounts": [
            {
                "label": "Joint",
                "account_number": "Z1",
                "cash": 0.0,
                "positions": {"VTI": 30},
                "owner": "Ann",
                "lots": [
                    {"symbol": "VTI", "shares": 10, "cost_per_share": 120.0, "acquired": "2026-11-02"},
                    {"symbol": "VTI", "shares": 20, "cost_per_share": 130.0, "acquired": "2024-11-02"},
                ],
            },
            {
                "label": "Roth",
                "account_number": "R1",
                "cash": 0.0,
                "positions": {"ITOT": 5},
                "kind": "tax_exempt",
                "owner": "Ben",
            },
        ],
        "model": {"name": "stock", "targets": {"VTI": 1.0}},
    }
    return Household.from_dict(document | more)


def sale(shares: float, lot: str) -> Trade:
    taken = LotSale(
        id=lot, shares=shares, cost_per_share=130.0, acquired=date(2024, 11, 2), term="long", gain=0.0
    )
    return Trade("Z1", "VTI", -shares, price=100.0, lots=(taken,))


def test_ledger_14_lots_without_an_id_are_numbered_from_the_oldest() -> None:
    history = household_history(household())
    assert [(each.id, each.shares, each.owner) for each in history.purchases] == [
        ("Z1/VTI/1", 20, "Ann"),
        ("Z1/VTI/2", 10, "Ann"),
    ]


def test_ledger_15_a_recent_purchase_that_a_lot_shows_is_counted_once() -> None:
    trade = {"account_number": "Z1", "symbol": "VTI", "shares": 10, "price": 120.0, "traded": "2026-11-02"}
    assert len(household_history(household(recent_trades=[trade])).purchases) == 2


def test_ledger_15_a_recent_purchase_that_no_lot_shows_counts_wherever_it_was() -> None:
    trades = [
        {"account_number": "R1", "symbol": "ITOT", "shares": 2, "price": 110.0, "traded": "2026-11-02"},
        {"account_number": "R1", "symbol": "ITOT", "shares": 2, "price": 120.0, "traded": "2026-11-02"},
        {"account_number": "Z1", "symbol": "VTI", "shares": 12, "price": 120.0, "traded": "2026-11-02"},
        {"account_number": "away", "symbol": "VTI", "shares": 1, "price": 120.0, "traded": "2026-11-02"},
    ]
    recent = household_history(household(recent_trades=trades)).purchases[2:]
    assert [(each.account_number, int(each.shares), each.cost_per_share, each.kind) for each in recent] == [
        ("R1", 4, 115, "tax_exempt"),
        ("Z1", 2, 120, "taxable"),
        ("away", 1, 120, "taxable"),
    ]


def test_a_journal_of_some_symbols_leaves_nothing_else_out() -> None:
    trades = [
        {"account_number": "Z1", "symbol": symbol, "shares": shares, "price": 95.0, "traded": "2026-11-10"}
        | ({"gain": -10.0} if shares < 0 else {})
        for symbol in ("VTI", "ITOT")
        for shares in (3, -2)
    ]
    home = household(recent_trades=trades)
    planned = [sale(5, "Z1/VTI/1"), Trade("R1", "ITOT", 3, price=100.0), Trade("R1", "VTI", 3, price=100.0)]
    whole, part = household_history(home, planned), household_history(home, planned, symbols={"VTI"})
    assert part.purchases == tuple(each for each in whole.purchases if each.symbol == "VTI")
    assert part.sales == tuple(each for each in whole.sales if each.symbol == "VTI")
    assert (len(part.purchases), len(whole.purchases)) == (5, 8)


def test_ledger_16_a_planned_sale_is_at_the_bid_and_a_planned_purchase_at_the_ask() -> None:
    history = household_history(household(), [sale(5, "Z1/VTI/1"), Trade("R1", "VTI", 3, price=100.0)])
    assert [(each.lot, each.price) for each in history.sales] == [("Z1/VTI/1", Fraction("99.9"))]
    assert [(each.id, each.cost_per_share, each.kind) for each in history.purchases[2:]] == [
        ("plan/VTI/2", Fraction("100.1"), "tax_exempt")
    ]


def test_a_planned_loss_is_washed_by_the_lot_bought_this_month_and_by_the_roth_s_purchase() -> None:
    history = household_history(household(), [sale(15, "Z1/VTI/1"), Trade("R1", "VTI", 3, price=100.0)])
    settlement = settle(UnitedStates(), history)
    # 15 shares lose 30.1 each; ten are matched with the lot of 2 November, three with the Roth's, two count.
    assert settlement.disallowed == 13 * Fraction("30.1")
    assert settlement.lost == 3 * Fraction("30.1")
    assert settlement.recognized("long") == -2 * Fraction("30.1")


def test_ledger_15_a_recent_loss_meets_the_planned_purchase_and_uses_it_up() -> None:
    loss = {
        "account_number": "Z1",
        "symbol": "VTI",
        "shares": -4,
        "price": 95.0,
        "traded": "2026-11-10",
        "gain": -80.0,
    }
    bare = household(recent_trades=[loss]).to_dict()
    bare["accounts"][0] |= {"lots": [], "positions": {}}
    history = household_history(Household.from_dict(bare), [Trade("Z1", "VTI", 6, price=100.0)])
    settlement = settle(UnitedStates(), history)
    assert settlement.disallowed == 80
    assert [(int(each.shares), each.replaces) for each in settlement.book] == [(4, True), (2, False)]


def test_ledger_15_a_recent_gain_and_a_loss_in_a_roth_are_no_losses() -> None:
    rows = [
        {
            "account_number": account,
            "symbol": "VTI",
            "shares": -4,
            "price": 95.0,
            "traded": "2026-11-10",
            "gain": gain,
        }
        for account, gain in (("Z1", 80.0), ("R1", -80.0))
    ]
    assert household_history(household(recent_trades=rows)).sales == ()


def test_the_order_of_recent_trades_has_no_meaning() -> None:
    rows = [
        {
            "account_number": "Z1",
            "symbol": "VTI",
            "shares": -shares,
            "price": 95.0,
            "traded": "2026-11-10",
            "gain": -10.0,
        }
        for shares in (1, 2)
    ]
    assert household_history(household(recent_trades=rows)) == household_history(
        household(recent_trades=rows[::-1])
    )


def test_ledger_11_and_12_the_lots_after_a_plan_are_split_with_their_new_basis_and_dates() -> None:
    settlement = settle(UnitedStates(), household_history(household(), [sale(4, "Z1/VTI/1")]))
    lots = lots_after(settlement, "Z1")
    # Sold on 20 November 2026 after 748 days; four of the ten shares of 2 November take 30.1 and those days.
    assert [(lot.id, lot.shares, lot.cost_per_share, lot.acquired) for lot in lots] == [
        ("Z1/VTI/1", 16.0, 130.0, date(2024, 11, 2)),
        ("Z1/VTI/2", 4.0, 150.1, date(2024, 10, 15)),
        ("Z1/VTI/2#2", 6.0, 120.0, date(2026, 11, 2)),
    ]
    assert lots_after(settlement, "R1") == ()
