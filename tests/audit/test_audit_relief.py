"""Standing reliefs of a broker (SELL-3): which lots a sale takes, worked out by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from realloc.audit import AuditReport, audit_trades
from realloc.household import Household
from realloc.trades import LotSale, Trade

LOTS = [
    {"symbol": "A", "shares": 4, "cost_per_share": 90, "acquired": "2020-01-02", "id": "old"},
    {"symbol": "A", "shares": 4, "cost_per_share": 130, "acquired": "2024-01-02", "id": "dear"},
    {"symbol": "A", "shares": 4, "cost_per_share": 95, "acquired": "2026-10-01", "id": "new"},
    {"symbol": "A", "shares": 4, "cost_per_share": 125, "acquired": "2026-09-01", "id": "late"},
]
"""At $100: gains of 10 and, short-term, 5; losses of 30 and, short-term, 25."""

# tax of a share at 40% and 20%, losses at half: old 2, new 2 x 1.00, dear -3.00, late -5.00
ORDERS = {
    "fifo": ["old", "dear", "late", "new"],
    "lifo": ["new", "late", "dear", "old"],
    "hifo": ["dear", "late", "new", "old"],
    "lowest_tax": ["late", "dear", "old", "new"],
    "average": ["old", "dear", "late", "new"],
}


def judged(
    relief: str, taken: dict[str, float], *, kind: str = "taxable", rates: tuple[float, float] = (0.4, 0.2)
) -> AuditReport:
    document: dict[str, Any] = {
        "as_of": "2026-11-20",
        "prices": {"A": 100, "B": 50},
        "accounts": [
            {"account_number": "T1", "kind": kind, "lot_relief": relief, "positions": {"A": 16}, "lots": LOTS}
        ],
        "model": {"name": "m", "targets": {"A": 1}},
        "policy": {
            "tax": {"short_term_rate": rates[0], "long_term_rate": rates[1], "loss_value": 0.5},
            "wash_sales": {"avoid": False},
        },
    }
    lots = tuple(
        LotSale(id=name, shares=n, cost_per_share=0.0, acquired=date(2020, 1, 2), term="long", gain=0.0)
        for name, n in taken.items()
    )
    return audit_trades(Household.from_dict(document), [Trade("T1", "A", -sum(taken.values()), lots=lots)])


def codes(report: AuditReport) -> list[str]:
    return [each.code for each in report.errors]


@pytest.mark.parametrize("kind", ["taxable", "tax_exempt"])
@pytest.mark.parametrize("relief", ORDERS)
def test_sell_3_the_lots_are_those_of_the_standing_relief(relief: str, kind: str) -> None:
    first, second, third, _ = ORDERS[relief]
    assert codes(judged(relief, {first: 4, second: 1}, kind=kind)) == []
    assert set(codes(judged(relief, {second: 4, first: 1}, kind=kind))) == {"SELL-3"}
    assert set(codes(judged(relief, {first: 4, third: 1}, kind=kind))) == {"SELL-3"}
    assert set(codes(judged(relief, {first: 3, second: 2}, kind=kind))) == {"SELL-3"}


def test_sell_3_a_specific_account_may_take_any_lot() -> None:
    assert codes(judged("specific", {"new": 1, "dear": 2})) == []


@pytest.mark.parametrize(
    ("rates", "last"),
    [
        ((0.41, 0.2), "new"),  # 2.05 against 2.00
        ((0.39, 0.2), "old"),  # 1.95 against 2.00
    ],
)
def test_lot_4_the_least_tax_goes_by_term_and_rate(rates: tuple[float, float], last: str) -> None:
    others = {"late": 4.0, "dear": 4.0, ({"new", "old"} - {last}).pop(): 4.0}
    assert codes(judged("lowest_tax", others | {last: 1}, rates=rates)) == []
    wrong = {"late": 4.0, "dear": 4.0, last: 4.0}
    assert set(codes(judged("lowest_tax", wrong, rates=rates))) == {"SELL-3"}


def test_lot_6_the_average_is_the_basis_of_every_share_and_the_term_is_the_lot_s_own() -> None:
    # (90 + 130 + 95 + 125) / 4 = 110: a loss of 10 a share, of the old lot long-term, of the late one short-term
    report = judged("average", {"old": 4, "dear": 4, "late": 2})
    assert (report.household.realized_long_term, report.household.realized_short_term) == (
        Decimal(-80),
        Decimal(-20),
    )
    own = judged("fifo", {"old": 4, "dear": 4, "late": 2})
    assert (own.household.realized_long_term, own.household.realized_short_term) == (
        Decimal(40 - 120),
        Decimal(-50),
    )
