from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import ROUND_FLOOR, Decimal
from fractions import Fraction
from importlib.resources import files
from typing import Any

import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import households as synthetic
from realloc.accounts import lot_ids
from realloc.engine import rebalance
from realloc.household import Household
from realloc.optimizer.decode import certificate_of, plan_of, trades_of
from realloc.optimizer.integer import Repair
from realloc.optimizer.problem import build
from realloc.plan import Certificate, Plan
from realloc.testing.strategies import households
from realloc.trades import Trade
from tests.optimizer.cases import drawn, household, lot, place
from tests.reference.statement import exact

NO_CERTIFICATE = Certificate(status="certified", objective=0.0, bound=0.0, gap=0.0, gap_bps=0.0)


def planned(home: Household, shares: Mapping[tuple[str, str], float], *, losses: bool = True) -> Plan:
    """Return the plan of these share counts, whatever they cost."""
    problem = build(home)
    sides = np.full(len(problem.coupled), losses)
    made = Repair(problem, sides)
    counts = np.zeros(len(problem.pairs.held))
    for (account, symbol), count in shares.items():
        counts[place(problem, account, symbol)] = count
    made.set(counts)
    return plan_of(problem, made, Repair(problem, sides), NO_CERTIFICATE, ())


def sold(trade: Trade) -> list[tuple[str, float, str]]:
    return [(sale.id, sale.shares, sale.term) for sale in trade.lots]


def test_a_plan_is_of_plain_numbers() -> None:
    plan = rebalance(synthetic.household("S", 0, "base"))
    assert plan.trades
    assert "np." not in repr(plan)


def test_fractions_of_millions_of_shares_are_thousandths() -> None:
    """QTY-1: 5,651,461,691 thousandths make the float above 5651461.691 when they are multiplied."""
    count = 5_651_461_691 * 0.001
    home = household({"cash": 300_000.0, "fractional": True}, {"T": 0.05}, {"T": 1})
    assert count != 5651461.691
    assert [trade.shares for trade in planned(home, {("A", "T"): count}).trades] == [5651461.691]


def test_sells_come_before_buys_each_by_account_and_symbol() -> None:
    holding: dict[str, Any] = {"cash": 1000, "positions": {"Y": 5, "X": 5}}
    home = household(
        [holding, holding | {"account_number": "10"}],
        {"X": 10, "Y": 10, "T": 10, "S": 10},
        {"S": 1, "T": 1},
    )
    plan = planned(
        home,
        {
            ("A", "T"): 1,
            ("A", "S"): 2,
            ("10", "T"): 3,
            ("A", "Y"): -1,
            ("A", "X"): -2,
            ("10", "Y"): -3,
        },
    )
    assert [(t.sequence, t.account_id, t.symbol, t.shares) for t in plan.trades] == [
        (1, "10", "Y", -3),
        (2, "A", "X", -2),
        (3, "A", "Y", -1),
        (4, "10", "T", 3),
        (5, "A", "S", 2),
        (6, "A", "T", 1),
    ]


def test_accounts_stand_by_number_and_classes_by_name_in_their_scope() -> None:
    home = household(
        [
            {"account_number": "Z", "cash": 1},
            {"account_number": "M", "cash": 1, "targets": {"T": 1, "CASH": 1}},
            {"account_number": "B", "cash": 1},
        ],
        {"S": 1, "T": 1},
        {"zebra": 1, "S": 1},
        classes={"zebra": {"symbols": ["T"]}},
    )
    plan = planned(home, {})
    assert [row.account_number for row in plan.accounts] == ["B", "M", "Z"]
    assert [(row.account, row.name) for row in plan.classes] == [
        ("", "CASH"),
        ("", "S"),
        ("", "zebra"),
        ("M", "CASH"),
        ("M", "T"),
    ]


def test_prices_notionals_and_cash_are_to_the_cent_and_cash_is_rounded_down() -> None:
    home = household(
        {"cash": 100.0, "cash_flow": -10.5, "positions": {"X": 3}},
        {"X": {"price": 33.335, "spread_bps": 10}, "S": 7.77},
        {"S": 1},
        costs={"commission": 0.35},
    )
    plan = planned(home, {("A", "X"): -3, ("A", "S"): 11})
    assert [(t.price, t.notional) for t in plan.trades] == [(33.335, -100.0), (7.77, 85.47)]
    # 89.5 + 3 x 33.335 x 0.9995 - 11 x 7.77 - 2 x 0.35 = 103.284...
    exactly = Decimal("89.5") + 3 * Decimal("33.335") * Decimal("0.9995") - Decimal("85.47") - Decimal("0.7")
    assert Decimal(str(plan.accounts[0].cash_after)) == exactly.quantize(Decimal("0.01"), ROUND_FLOOR)
    assert plan.accounts[0].cash_before == 100.0
    assert plan.accounts[0].shortfall == 0.0


def test_cash_that_floats_would_round_up_is_rounded_down() -> None:
    # 1,000 - 3 x 0.1 x 1.0005 = 999.69985
    home = household({"cash": 1000}, {"S": {"price": 0.1, "spread_bps": 10}}, {"S": 1})
    assert planned(home, {("A", "S"): 3}).accounts[0].cash_after == 999.69
    home = household({"cash": 0.3}, {"S": 0.1}, {"S": 1})
    assert planned(home, {("A", "S"): 3}).accounts[0].cash_after == 0.0
    assert planned(home, {("A", "S"): 2}).accounts[0].cash_after == 0.1


def test_a_shortfall_is_what_is_missing_to_the_reserve_in_whole_cents() -> None:
    home = household({"cash": 10.119, "cash_reserve": 50, "positions": {}}, {"S": 1}, {"S": 1})
    row = planned(home, {}).accounts[0]
    assert (row.cash_after, row.shortfall) == (10.11, 39.89)


def test_lots_without_an_id_are_counted_by_date_cost_and_shares() -> None:
    home = household(
        {
            "cash": 0,
            "positions": {"S": 10, "T": 1},
            "lots": [
                lot("S", 4, 50.0, "2021-01-04"),
                lot("T", 1, 50.0, "2019-01-04"),
                lot("S", 3, 40.0, "2021-01-04"),
                lot("S", 2, 60.0, "2020-01-02", id="mine"),
                lot("S", 1, 40.0, "2021-01-04"),
            ],
        },
        {"S": 100, "T": 100},
        {"T": 1},
    )
    account = home.accounts[0]
    names = lot_ids(account)
    assert names == ["A/S/4", "A/T/1", "A/S/3", "mine", "A/S/2"]


def test_a_taxable_sale_takes_the_lots_of_least_tax_first_and_another_the_oldest() -> None:
    lots = [
        lot("S", 4, 50.0, "2020-01-02", id="gain"),
        lot("S", 3, 130.0, "2021-01-04", id="loss"),
        lot("S", 3, 90.0, "2025-12-01", id="young"),
    ]
    holding = {"cash": 0, "positions": {"S": 10}, "lots": lots}
    home = household([holding, holding | {"kind": "tax_exempt"}], {"S": 100, "T": 100}, {"T": 1})
    # per share: loss -30 x 0.2 x 0.5 = -3, young 10 x 0.37 = 3.7, gain 50 x 0.2 = 10
    plan = planned(home, {("A", "S"): -7, ("B", "S"): -6})
    assert sold(plan.trades[0]) == [("loss", 3, "long"), ("young", 3, "short"), ("gain", 1, "long")]
    assert [sale.gain for sale in plan.trades[0].lots] == [-90, 30, 50]
    assert sold(plan.trades[1]) == [("gain", 4, "long"), ("loss", 2, "long")]
    assert plan.household.realized_short_term == 30
    assert plan.household.realized_long_term == -40


def test_a_group_that_is_bought_keeps_its_losses() -> None:
    home = household(
        [
            {
                "cash": 0,
                "positions": {"S": 7},
                "lots": [lot("S", 4, 50.0, id="gain"), lot("S", 3, 130.0, id="loss")],
            },
            {"cash": 1000},
        ],
        {"S": 100, "T": 100},
        {"S": 1, "T": 1},
    )
    kept = planned(home, {("A", "S"): -2, ("B", "S"): 1}, losses=False)
    assert sold(kept.trades[0]) == [("gain", 2, "long")]
    assert sold(planned(home, {("A", "S"): -2}).trades[0]) == [("loss", 2, "long")]


def test_a_position_without_lots_is_sold_without_lots() -> None:
    home = household({"cash": 0, "positions": {"S": 7.25}}, {"S": 100, "T": 100}, {"T": 1})
    plan = planned(home, {("A", "S"): -7.25})
    assert plan.trades[0].shares == -7.25
    assert plan.trades[0].lots == ()


def test_weights_and_drift_are_of_the_scope_and_the_household() -> None:
    # 1,000 in A: 400 of S against 0.5; 1,000 in B: all cash against its own 0.25 of S
    home = household(
        [{"cash": 600, "positions": {"S": 4}}, {"cash": 1000, "targets": {"S": 1, "CASH": 3}}],
        {"S": 100},
        {"S": 0.5, "CASH": 0.5},
        band={"absolute": 0.05, "relative": 0.25},
    )
    plan = planned(home, {("A", "S"): 1})
    rows = {(row.account, row.name): (row.target, row.before, row.after, row.band) for row in plan.classes}
    assert rows["", "S"] == pytest.approx((0.5, 0.4, 0.5, 0.05))
    assert rows["", "CASH"] == pytest.approx((0.5, 0.6, 0.5, 0.05))
    assert rows["B", "S"] == pytest.approx((0.25, 0.0, 0.0, 0.05))
    # before (100 + 100 + 250 + 250) / 4000, after 500 / 4000
    assert plan.household.drift_before == pytest.approx(0.175)
    assert plan.household.drift_after == pytest.approx(0.125)
    assert plan.household.value == 2000


@pytest.mark.parametrize(
    ("objective", "bound", "status", "expected"),
    [
        (10.0, 10.0, "certified", ("certified", 10.0, 10.0, 0.0)),
        (10.0, 9.9951, "certified", ("certified", 10.0, 9.9951, 0.0049)),
        (10.0, 9.994, "certified", ("certified", 10.0, 9.994, 0.006)),
        (10.0, 12.0, "certified", ("certified", 10.0, 10.0, 0.0)),
        (10.0, 9.0, "time_limit", ("time_limit", 10.0, 9.0, 1.0)),
        (10.0, 9.99999, "time_limit", ("time_limit", 10.0, 9.99999, 0.00001)),
        (-1.0, -1.0000005, "certified", ("certified", -1.0, -1.000001, 0.000001)),
    ],
)
def test_a_certificate_states_its_gap_and_never_one_below_zero(
    objective: float, bound: float, status: Any, expected: tuple[str, float, float, float]
) -> None:
    problem = build(household({"cash": 20_000}, {"S": 1}, {"S": 1}))
    found = certificate_of(problem, objective, bound, status)
    assert (found.status, found.objective, found.bound) == expected[:3]
    assert found.gap == pytest.approx(expected[3], abs=1e-9)
    assert found.gap_bps == pytest.approx(expected[3] / 2, abs=1e-6)


def test_a_household_without_value_has_a_gap_of_no_basis_points() -> None:
    problem = build(household({"cash": 0}, {"S": 1}, {"S": 1}))
    assert certificate_of(problem, 1.0, 0.0, "certified").gap_bps == 0


SCHEMA = json.loads(files("realloc.documents").joinpath("schema/plan.schema.json").read_text("utf-8"))


@settings(drawn, max_examples=40)
@given(households("small"))
def test_a_plan_is_a_valid_document_that_survives_json(home: Household) -> None:
    document = rebalance(home).to_dict()
    jsonschema.validate(document, SCHEMA, cls=jsonschema.Draft202012Validator)
    assert json.loads(json.dumps(document, allow_nan=False)) == document


@settings(drawn, max_examples=60)
@given(households("small"), st.integers(0, 10**6))
def test_lots_of_a_sale_add_up_to_its_shares_and_none_is_oversold(home: Household, seed: int) -> None:
    problem = build(home)
    rng = np.random.default_rng(seed)
    made = Repair(problem, rng.random(len(problem.coupled)) < 0.5)
    for _ in range(15 if len(problem.pairs.held) else 0):
        counts = made.neighbours()[1]
        pair = int(rng.integers(len(counts)))
        made.move(pair, float(counts[pair]))
    accounts = {account.account_number: account for account in problem.accounts}
    for trade in trades_of(problem, made):
        account = accounts[trade.account_id]
        names = lot_ids(account)
        lots = zip(names, account.lots, strict=True)
        held = {name: item for name, item in lots if item.symbol == trade.symbol}
        if trade.shares < 0 and held:
            total = sum((exact(sale.shares) for sale in trade.lots), Fraction(0))
            assert abs(total + exact(trade.shares)) <= Fraction(1, 10**6)
            for sale in trade.lots:
                assert 0 < sale.shares <= held[sale.id].shares
                assert sale.acquired == held[sale.id].acquired
                assert sale.cost_per_share == held[sale.id].cost_per_share
        if trade.shares > 0:
            assert trade.lots == ()


def test_documents_of_seeded_plans_are_valid() -> None:
    for size in ("S", "M"):
        plan = rebalance(synthetic.household(size, 91, "cap"))
        jsonschema.validate(plan.to_dict(), SCHEMA, cls=jsonschema.Draft202012Validator)
