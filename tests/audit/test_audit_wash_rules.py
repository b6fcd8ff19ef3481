"""Wash sales across the household: WASH-0 to WASH-3."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from realloc.audit import AuditReport, audit_trades
from realloc.household import Household
from realloc.trades import LotSale, Trade

AS_OF = date(2026, 11, 20)


def before(days: int) -> str:
    return (AS_OF - timedelta(days=days)).isoformat()


def household(
    *,
    wash_sales: dict[str, Any] | None = None,
    recent: list[dict[str, Any]] | None = None,
    loss_bought: str = "2026-01-02",
    prices: dict[str, Any] | None = None,
    other: dict[str, Any] | None = None,
) -> Household:
    """Return a taxable account with A at a gain and at a loss, and an IRA with cash; A to E are wanted."""
    lots = [
        {"symbol": "A", "shares": 5, "cost_per_share": 80, "acquired": "2020-01-02", "id": "gain"},
        {"symbol": "A", "shares": 5, "cost_per_share": 120, "acquired": loss_bought, "id": "loss"},
    ]
    return Household.from_dict(
        {
            "as_of": AS_OF.isoformat(),
            "prices": dict.fromkeys("ABCDE", 100) | (prices or {}),
            "accounts": [
                {
                    "label": "Joint",
                    "account_number": "T1",
                    "cash": 10_000,
                    "positions": {"A": 10},
                    "lots": lots,
                },
                {"label": "IRA", "account_number": "R1", "cash": 10_000, "kind": "tax_deferred"}
                | (other or {}),
            ],
            "model": {"name": "m", "targets": dict.fromkeys("ABCDE", 1)},
            "recent_trades": recent or [],
            "policy": {"wash_sales": wash_sales or {}},
        }
    )


def taking(name: str, shares: float) -> LotSale:
    return LotSale(id=name, shares=shares, cost_per_share=0.0, acquired=AS_OF, term="long", gain=0.0)


SELL_LOSS = Trade("T1", "A", -2, lots=(taking("loss", 2),))
SELL_GAIN = Trade("T1", "A", -2, lots=(taking("gain", 2),))


def errors(report: AuditReport) -> list[tuple[str, str]]:
    return [(finding.code, finding.where) for finding in report.errors]


def bought(symbol: str, days: int, account_number: str = "R1") -> dict[str, Any]:
    return {
        "account_number": account_number,
        "symbol": symbol,
        "shares": 1,
        "price": 1,
        "traded": before(days),
    }


def sold(symbol: str, days: int, gain: float | None, account_number: str = "T1") -> dict[str, Any]:
    trade = bought(symbol, days, account_number) | {"shares": -1}
    return trade if gain is None else trade | {"gain": gain}


def test_wash_0_a_sale_is_at_a_loss_where_a_lots_cost_is_above_the_bid() -> None:
    """At a price of 120 the lot breaks even; the spread makes it a loss."""
    even = household(prices={"A": 120})
    spread = household(prices={"A": {"price": 120, "spread_bps": 1}})
    trades = [SELL_LOSS, Trade("R1", "A", 1)]
    assert errors(audit_trades(even, trades)) == []
    assert errors(audit_trades(spread, trades)) == [("WASH-1", "trades[1]")]


def test_wash_0_one_lot_at_a_loss_is_enough() -> None:
    sale = Trade("T1", "A", -6, lots=(taking("gain", 5), taking("loss", 1)))
    assert errors(audit_trades(household(), [sale, Trade("R1", "A", 1)])) == [("WASH-1", "trades[1]")]


def test_wash_0_symbols_are_identical_through_others() -> None:
    chained = household(wash_sales={"identical": [["A", "B"], ["D", "E"], ["C", "B"], ["D", "C"]]})
    assert errors(audit_trades(chained, [SELL_LOSS, Trade("R1", "E", 1)])) == [("WASH-1", "trades[1]")]
    apart = household(wash_sales={"identical": [["A", "B"], ["D", "E"]]})
    assert errors(audit_trades(apart, [SELL_LOSS, Trade("R1", "E", 1)])) == []


def test_wash_1_a_purchase_anywhere_washes_a_loss() -> None:
    report = audit_trades(household(), [SELL_LOSS, Trade("R1", "A", 1)])
    assert errors(report) == [("WASH-1", "trades[1]")]
    assert report.errors[0].message == "A is bought, but A is sold at a loss in account T1 (trades[0])"
    assert errors(audit_trades(household(), [SELL_GAIN, Trade("R1", "A", 1)])) == []
    assert errors(audit_trades(household(), [SELL_LOSS, Trade("R1", "B", 1)])) == []


def test_wash_1_a_sale_that_names_no_lots_is_judged_by_its_oldest() -> None:
    trades = [Trade("T1", "A", -6), Trade("R1", "A", 1)]
    assert errors(audit_trades(household(), trades)) == [("WASH-1", "trades[1]")]
    assert errors(audit_trades(household(), [Trade("T1", "A", -5), Trade("R1", "A", 1)])) == []


def test_wash_1_losses_in_sheltered_accounts_are_none() -> None:
    ira = {
        "positions": {"B": 5},
        "lots": [{"symbol": "B", "shares": 5, "cost_per_share": 150, "acquired": "2020-01-02"}],
    }
    trades = [Trade("R1", "B", -5), Trade("T1", "B", 1)]
    assert errors(audit_trades(household(other=ira), trades)) == []


@pytest.mark.parametrize(("days", "washed"), [(0, True), (30, True), (31, False)])
@pytest.mark.parametrize("account_number", ["T1", "R1", "elsewhere"])
def test_wash_2_a_purchase_in_the_window_by_recent_trades(
    days: int, washed: bool, account_number: str
) -> None:
    report = audit_trades(household(recent=[bought("A", days, account_number)]), [SELL_LOSS])
    assert errors(report) == ([("WASH-2", "trades[0]")] if washed else [])


@pytest.mark.parametrize(("days", "washed"), [(0, True), (30, True), (31, False)])
def test_wash_2_a_purchase_in_the_window_by_the_date_of_a_lot_in_any_account(days: int, washed: bool) -> None:
    ira = {
        "positions": {"B": 5},
        "lots": [{"symbol": "B", "shares": 5, "cost_per_share": 1, "acquired": before(days)}],
    }
    identical = {"identical": [["A", "B"]]}
    expected = [("WASH-2", "trades[0]")] if washed else []
    assert errors(audit_trades(household(wash_sales=identical, other=ira), [SELL_LOSS])) == expected
    assert errors(audit_trades(household(other=ira), [SELL_LOSS])) == []
    assert errors(audit_trades(household(loss_bought=before(days)), [SELL_LOSS])) == expected


def test_wash_2_sales_in_the_window_and_gains_are_free() -> None:
    recent = [bought("A", 3), sold("A", 3, 10.0)]
    assert errors(audit_trades(household(recent=recent), [SELL_GAIN])) == []
    assert errors(audit_trades(household(recent=[sold("A", 3, 10.0)]), [SELL_LOSS])) == []


@pytest.mark.parametrize(
    ("trade", "washed"),
    [
        (sold("A", 0, -0.01), True),
        (sold("A", 30, -5), True),
        (sold("A", 31, -5), False),
        (sold("A", 3, 0), False),
        (sold("A", 3, None), False),
        (sold("A", 3, -5, "R1"), False),
        (sold("A", 3, -5, "elsewhere"), True),
        (sold("B", 3, -5), True),
        (sold("C", 3, -5), False),
    ],
)
def test_wash_3_no_purchase_of_what_was_sold_at_a_loss_in_the_window(
    trade: dict[str, Any], washed: bool
) -> None:
    identical = {"identical": [["B", "A"]]}
    report = audit_trades(household(recent=[trade], wash_sales=identical), [Trade("R1", "A", 1)])
    assert errors(report) == ([("WASH-3", "trades[0]")] if washed else [])


def test_the_window_is_the_policys() -> None:
    rules = {"window_days": 60}
    recent = [bought("A", 60), sold("B", 60, -1)]
    report = audit_trades(household(recent=recent, wash_sales=rules), [SELL_LOSS, Trade("R1", "B", 1)])
    assert errors(report) == [("WASH-2", "trades[0]"), ("WASH-3", "trades[1]")]
    assert report.errors[0].hint == "sell lots without a loss, or wait 61 days from the purchase"


def test_a_window_longer_than_the_calendar_is_no_exception() -> None:
    rules = {"window_days": 10**9}
    assert errors(audit_trades(household(wash_sales=rules), [SELL_LOSS])) == [("WASH-2", "trades[0]")]


def test_without_avoid_there_are_no_wash_sales() -> None:
    recent = [bought("A", 3), sold("A", 3, -5)]
    free = household(recent=recent, wash_sales={"avoid": False})
    assert errors(audit_trades(free, [SELL_LOSS, Trade("R1", "A", 1)])) == []
