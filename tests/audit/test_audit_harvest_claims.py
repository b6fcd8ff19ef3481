"""What a plan states of its harvest (HARV-6), worked out by hand, and every figure of it put wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from realloc.audit.book import open_book
from realloc.audit.harvest_claims import check_harvest
from realloc.audit.orders import read_orders
from realloc.engine import rebalance
from realloc.harvested import Harvested, HarvestedSale
from realloc.household import Household
from realloc.trades import LotSale, Trade

LOTS = [
    {"symbol": "A", "shares": 10, "cost_per_share": 150, "acquired": "2020-01-02", "id": "long"},
    {"symbol": "A", "shares": 4, "cost_per_share": 130, "acquired": "2026-09-01", "id": "short"},
    {"symbol": "A", "shares": 5, "cost_per_share": 101, "acquired": "2020-01-02", "id": "small"},
    {"symbol": "B", "shares": 2, "cost_per_share": 200, "acquired": "2020-01-02", "id": "b"},
]
"""At $100: 10 shares lose 500, 4 lose 120 short-term, 5 lose less than the least loss of 20; two B lose 200."""

# rates 40% and 20%: A saves 500 x .2 + 120 x .4 = 148, of which 620 x .2 = 124 come back; B 40 and 40
STATED = Harvested(
    loss=820,
    tax_saved=188,
    deferred=164,
    sales=(
        HarvestedSale(account_number="T1", symbol="A", shares=14, loss=620, tax_saved=148, deferred=124,
                      replacement=("C",), switch_back_from=date(2026, 12, 21)),
        HarvestedSale(account_number="T1", symbol="B", shares=2, loss=200, tax_saved=40, deferred=40,
                      replacement=("C",), switch_back_from=date(2026, 12, 21)),
    ),
)  # fmt: skip


def household(**policy: Any) -> Household:
    return Household.from_dict(
        {
            "as_of": "2026-11-20",
            "prices": {"A": 100, "B": 100, "C": 100},
            "accounts": [
                {"account_number": "T1", "cash": 0, "positions": {"A": 19, "B": 2}, "lots": LOTS},
            ],
            "model": {"name": "m", "targets": {"s": 1}, "classes": {"s": {"symbols": ["A", "B", "C"]}}},
            "policy": {
                "tax": {"short_term_rate": 0.4, "long_term_rate": 0.2},
                "mode": "harvest",
                "harvest": {"min_loss": 20},
            }
            | policy,
        }
    )


def sold(symbol: str, **shares: float) -> Trade:
    lots = tuple(
        LotSale(id=name, shares=n, cost_per_share=0.0, acquired=date(2020, 1, 2), term="long", gain=0.0)
        for name, n in shares.items()
    )
    return Trade("T1", symbol, -sum(shares.values()), lots=lots)


SALES = (sold("A", long=10, short=4, small=5), sold("B", b=2), Trade("T1", "C", 19))


def found(stated: Harvested | None, subject: Household | None = None) -> list[tuple[str, str]]:
    subject = subject or household()
    book = open_book(subject)
    plan = replace(rebalance(subject), harvest=stated)
    issues: list[Any] = []
    orders = read_orders(book, SALES, issues, lots_required=True)
    assert not issues
    return [(each.code, each.where) for each in check_harvest(book, plan, orders)]


def with_sale(**changes: Any) -> list[tuple[str, str]]:
    return found(replace(STATED, sales=(replace(STATED.sales[0], **changes), STATED.sales[1])))


def test_harv_6_the_harvest_is_that_of_the_lots_that_reach_the_thresholds() -> None:
    assert found(STATED) == []
    assert found(replace(STATED, sales=STATED.sales[::-1])) == []


def test_harv_6_it_is_stated_where_the_policy_harvests_and_only_there() -> None:
    assert found(None) == [("HARV-6", "harvest")]
    free = household(mode="full", harvest=None)
    assert found(None, free) == []
    assert found(STATED, free) == [("HARV-6", "harvest")]


@pytest.mark.parametrize("name", ["loss", "tax_saved", "deferred", "shares"])
def test_harv_6_a_figure_of_a_sale_is_within_a_cent(name: str) -> None:
    figure = getattr(STATED.sales[0], name)
    assert with_sale(**{name: figure + 0.01}) == []
    assert with_sale(**{name: figure - 0.02}) == [("HARV-6", "harvest.sales[0]")]


@pytest.mark.parametrize("name", ["loss", "tax_saved", "deferred"])
def test_harv_6_a_total_is_within_a_cent_for_each_sale_and_one(name: str) -> None:
    figure = getattr(STATED, name)
    assert found(replace(STATED, **{name: figure - 0.03})) == []
    assert found(replace(STATED, **{name: figure + 0.04})) == [("HARV-6", "harvest")]


def test_harv_6_the_day_of_going_back_is_the_first_after_the_window() -> None:
    for day in (20, 22):
        assert with_sale(switch_back_from=date(2026, 12, day)) == [("HARV-6", "harvest.sales[0]")]


def test_harv_6_a_sale_left_out_or_of_another_symbol_is_found() -> None:
    assert found(replace(STATED, sales=STATED.sales[:1])) == [("HARV-6", "harvest.sales")]
    assert with_sale(symbol="C") == [("HARV-6", "harvest.sales")]


def test_harv_6_the_deferred_part_is_never_more_than_what_is_saved() -> None:
    tax = {"short_term_rate": 0.1, "long_term_rate": 0.2}
    # A: 500 x .2 + 120 x .1 = 112, of which 124 would come back: 112; B as before
    first = replace(STATED.sales[0], tax_saved=112, deferred=112)
    stated = replace(STATED, tax_saved=152, deferred=152, sales=(first, STATED.sales[1]))
    assert found(stated, household(tax=tax)) == []
