"""Three plans worked out by hand pass the audit; each of the faults put into them is caught by its rule."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import date
from typing import Any, NamedTuple

import pytest

from realloc.audit import audit_plan, require
from realloc.errors import AuditError
from realloc.household import Household
from realloc.plan import AccountCash, Certificate, ClassWeight, HouseholdTotals, Plan, PlanCosts
from realloc.trades import LotSale, Trade

Document = dict[str, Any]

TAXED_HOUSEHOLD: Document = {
    "as_of": "2026-11-20",
    "prices": {
        "A": {"price": 100, "spread_bps": 20},  # bid 99.90, ask 100.10
        "AX": 10,
        "B": {"price": 50, "spread_bps": 40},  # bid 49.90, ask 50.10
    },
    "accounts": [
        {
            "label": "Joint",
            "account_number": "T1",
            "cash": 1000,
            "positions": {"A": 100},
            "cash_reserve": 500,
            "cash_flow": -2000,
            "lots": [
                {"symbol": "A", "shares": 60, "cost_per_share": 40, "acquired": "2020-01-02", "id": "a1"},
                {"symbol": "A", "shares": 40, "cost_per_share": 120, "acquired": "2026-03-01", "id": "a2"},
            ],
        },
        {
            "label": "IRA",
            "account_number": "R1",
            "cash": 3000,
            "positions": {"B": 100},
            "kind": "tax_deferred",
            "lots": [
                {"symbol": "B", "shares": 100, "cost_per_share": 45, "acquired": "2024-05-05", "id": "b1"}
            ],
        },
    ],
    "model": {
        "name": "half",
        "targets": {"stock": 0.5, "bonds": 0.45, "CASH": 0.05},
        "classes": {"stock": {"symbols": ["A", "AX"]}, "bonds": {"symbols": ["B"]}},
    },
    "policy": {
        "costs": {"commission": 1, "order": 5},
        "wash_sales": {"identical": [["A", "AX"]]},
        "location": {
            "bonds": {"taxable": 0.01},
            "stock": {"tax_deferred": 0.002},
            "CASH": {"taxable": 0.001},
        },
    },
}
"""A withdrawal of $2,000 is paid by a loss, and the IRA buys bonds. V = -1000 + 10,000 + 3000 + 5000."""


def taxed_plan() -> Plan:
    # a2: (99.90 - 120) x 16 = -321.60; T1: -1000 + 16 x 99.90 - 1 = 597.40; R1: 3000 - 50 x 50.10 - 1 = 494
    # before: stock 10,000, bonds 5000, cash 2000 against 8500, 7650, 850: off by 1500, 2650, 1150
    # after: stock 8400, bonds 7500, cash 1091.40: off by 100, 150, 241.40; bands of 850, 850, 212.50
    # doing nothing: (850 x .004 + 650 x .06) + (3.4 + 1800 x .06) + (.85 + 937.5 x .06) = 210.90, cash -1.00
    # drift .40 + .60 + .85 + 28.90 x .06; tax -321.60 x .37 x .5; trading 1.60 + 5.00 + 2 x 6
    loss = LotSale(
        id="a2", shares=16, cost_per_share=120.0, acquired=date(2026, 3, 1), term="short", gain=-321.6
    )
    return Plan(
        trades=(
            Trade("T1", "A", -16, price=100.0, notional=-1600.0, sequence=1, lots=(loss,), reason="."),
            Trade("R1", "B", 50, price=50.0, notional=2500.0, sequence=2, reason="."),
        ),
        accounts=(
            AccountCash(account_number="R1", cash_before=3000.0, cash_after=494.0),
            AccountCash(account_number="T1", cash_before=1000.0, cash_after=597.4),
        ),
        classes=(
            ClassWeight(name="CASH", target=0.05, before=2000 / 17000, after=1091.4 / 17000, band=0.0125),
            ClassWeight(name="bonds", target=0.45, before=5000 / 17000, after=7500 / 17000, band=0.05),
            ClassWeight(name="stock", target=0.5, before=10000 / 17000, after=8400 / 17000, band=0.05),
        ),
        household=HouseholdTotals(
            value=17000.0,
            drift_before=5300 / 34000,
            drift_after=491.4 / 34000,
            realized_short_term=-321.6,
            realized_long_term=0.0,
        ),
        costs=PlanCosts(
            objective=-36.7146, do_nothing=209.9, drift=3.584, tax=-59.496, trading=18.6, location=0.5974
        ),
        certificate=Certificate(
            status="certified", objective=-36.7146, bound=-40.0, gap=3.2854, gap_bps=3.2854 / 1.7
        ),
    )


CAPPED_HOUSEHOLD: Document = {
    "as_of": "2025-03-01",
    "prices": {"X": 20, "Y": 100, "Z": 30},
    "accounts": [
        {
            "label": "Trust",
            "account_number": "P1",
            "cash": 100,
            "positions": {"Y": 10.347, "Z": 3},
            "only": ["Z"],
            "max_position_value": 1000,
            "lots": [
                {
                    "symbol": "Y",
                    "shares": 10.347,
                    "cost_per_share": 60,
                    "acquired": "2024-02-28",
                    "id": "y1",
                }
            ],
        },
        {
            "label": "Roth",
            "account_number": "O1",
            "cash": 400,
            "positions": {"X": 10.5},
            "kind": "tax_exempt",
            "targets": {"X": 3, "CASH": 1},
            "fractional": True,
        },
    ],
    "model": {"name": "Z", "targets": {"Z": 0.9, "CASH": 0.1}},
    "policy": {"max_orders": 3, "max_realized_gain": 500, "max_tax": 100, "min_trade_value": 200},
}
"""A fractional tail that becomes long-term that day, a position cap, an account with its own targets."""


def capped_plan() -> Plan:
    # P1: 100 + 1034.70 - 900 = 234.70; Z 33 x 30 = 990 under the cap; gain 40 x 10.347 = 413.88
    # P1 is worth 1224.70: Z 1102.23 and cash 122.47 wanted; bands of 61.235, 30.6175 and, for Y, 0
    # O1 is worth 610: X 457.50 and cash 152.50 wanted and reached; bands of 30.50
    # before: Y 1034.70 off, Z 1012.23, cash 22.47, and 247.50 twice in O1; after: Z and cash 112.23
    # doing nothing: 62.082 + (.24494 + 57.0597) + .08988 + 2 x (.122 + 13.02)
    # drift: (.24494 + 50.995 x .06) + (.12247 + 81.6125 x .06) = 8.32386; tax 82.776
    sale = LotSale(
        id="y1", shares=10.347, cost_per_share=60.0, acquired=date(2024, 2, 28), term="long", gain=413.88
    )
    return Plan(
        trades=(
            Trade("P1", "Y", -10.347, price=100.0, notional=-1034.7, sequence=1, lots=(sale,), reason="."),
            Trade("O1", "X", 12.375, price=20.0, notional=247.5, sequence=2, reason="."),
            Trade("P1", "Z", 30, price=30.0, notional=900.0, sequence=3, reason="."),
        ),
        accounts=(
            AccountCash(account_number="O1", cash_before=400.0, cash_after=152.5),
            AccountCash(account_number="P1", cash_before=100.0, cash_after=234.7),
        ),
        classes=(
            ClassWeight(name="CASH", target=0.1, before=100 / 1224.7, after=234.7 / 1224.7, band=0.025),
            ClassWeight(name="Y", target=0.0, before=1034.7 / 1224.7, after=0.0, band=0.0),
            ClassWeight(name="Z", target=0.9, before=90 / 1224.7, after=990 / 1224.7, band=0.05),
            ClassWeight(account="O1", name="CASH", target=0.25, before=400 / 610, after=0.25, band=0.05),
            ClassWeight(account="O1", name="X", target=0.75, before=210 / 610, after=0.75, band=0.05),
        ),
        household=HouseholdTotals(
            value=1834.7,
            drift_before=2564.4 / 3669.4,
            drift_after=224.46 / 3669.4,
            realized_short_term=0.0,
            realized_long_term=413.88,
        ),
        costs=PlanCosts(
            objective=91.09986, do_nothing=145.76052, drift=8.32386, tax=82.776, trading=0.0, location=0.0
        ),
        certificate=Certificate(status="certified", objective=91.09986, bound=91.09986, gap=0.0, gap_bps=0.0),
    )


SHORT_HOUSEHOLD: Document = {
    "as_of": "2026-06-30",
    "prices": {"VT": 100, "US": 50, "IN": 25},
    "accounts": [
        {
            "label": "Joint",
            "account_number": "S1",
            "cash": 50,
            "positions": {"VT": 3, "US": 4},
            "cash_reserve": 1000,
            "no_sell": ["US"],
            "lots": [
                {"symbol": "VT", "shares": 2, "cost_per_share": 80, "acquired": "2020-01-01", "id": "v1"},
                {"symbol": "VT", "shares": 1, "cost_per_share": 130, "acquired": "2026-06-10", "id": "v2"},
            ],
        },
        {
            "label": "IRA",
            "account_number": "B1",
            "cash": 500,
            "positions": {"IN": 10},
            "kind": "tax_deferred",
        },
        {
            "label": "Old",
            "account_number": "N1",
            "cash": 20,
            "positions": {"US": 2},
            "do_not_trade": True,
        },
    ],
    "model": {
        "name": "world",
        "targets": {"us": 0.6, "intl": 0.4},
        "classes": {
            "us": {"symbols": {"US": 1.0, "VT": 0.6}},
            "intl": {"symbols": {"IN": 1.0, "VT": 0.4}},
        },
    },
    "recent_trades": [
        {
            "account_number": "T9",
            "symbol": "IN",
            "shares": -5,
            "price": 24,
            "traded": "2026-06-15",
            "gain": -30,
        }
    ],
}
"""A reserve out of reach: the wash-sale window keeps a lot, no_sell keeps US. A fund spans both classes."""


def short_plan() -> Plan:
    # S1: 50 + 2 x 100 = 250, 750 short (950 without trades); B1: 500 - 4 x 100
    # before: us 300 x .6 + 300 = 480, intl 120 + 250 = 370, cash 570 of 1420 against 852, 568, 0
    # after: VT 500: us 600, intl 450, cash 370: off by 252, 118, 370; bands of 71, 71, 0
    # doing nothing: (.284 + 301 x .06) + (.284 + 127 x .06) + 570 x .06
    # drift: (.284 + 181 x .06) + (.284 + 47 x .06) + 370 x .06; gain 20 x 2, tax 8
    sale = LotSale(id="v1", shares=2, cost_per_share=80.0, acquired=date(2020, 1, 1), term="long", gain=40.0)
    return Plan(
        trades=(
            Trade("S1", "VT", -2, price=100.0, notional=-200.0, sequence=1, lots=(sale,), reason="."),
            Trade("B1", "VT", 4, price=100.0, notional=400.0, sequence=2, reason="."),
        ),
        accounts=(
            AccountCash(account_number="B1", cash_before=500.0, cash_after=100.0),
            AccountCash(account_number="N1", cash_before=20.0, cash_after=20.0),
            AccountCash(account_number="S1", cash_before=50.0, cash_after=250.0, shortfall=750.0),
        ),
        classes=(
            ClassWeight(name="CASH", target=0.0, before=570 / 1420, after=370 / 1420, band=0.0),
            ClassWeight(name="intl", target=0.4, before=370 / 1420, after=450 / 1420, band=0.05),
            ClassWeight(name="us", target=0.6, before=480 / 1420, after=600 / 1420, band=0.05),
        ),
        household=HouseholdTotals(
            value=1420.0,
            drift_before=1140 / 2840,
            drift_after=740 / 2840,
            realized_short_term=0.0,
            realized_long_term=40.0,
        ),
        costs=PlanCosts(
            objective=44.448, do_nothing=60.448, drift=36.448, tax=8.0, trading=0.0, location=0.0
        ),
        certificate=Certificate(
            status="time_limit", objective=44.448, bound=44.0, gap=0.448, gap_bps=4480 / 1420
        ),
    )


CASES: dict[str, tuple[Document, Callable[[], Plan]]] = {
    "taxed": (TAXED_HOUSEHOLD, taxed_plan),
    "capped": (CAPPED_HOUSEHOLD, capped_plan),
    "short": (SHORT_HOUSEHOLD, short_plan),
}


@pytest.mark.parametrize("case", CASES)
def test_a_plan_worked_out_by_hand_passes(case: str) -> None:
    document, plan = CASES[case]
    report = require(Household.from_dict(document), plan())
    expected = [("CASH-2", "accounts['S1']", "warning")] if case == "short" else []
    assert [(found.code, found.where, found.severity) for found in report.findings] == expected


@pytest.mark.parametrize("case", CASES)
def test_figures_agree_with_those_worked_out_by_hand(case: str) -> None:
    document, plan = CASES[case]
    report, stated = audit_plan(Household.from_dict(document), plan()).to_dict(), plan().to_dict()
    assert report["costs"] == pytest.approx(stated["costs"], abs=1e-12)
    assert {**report["household"], "orders": 0} == pytest.approx(
        {**stated["household"], "orders": 0}, abs=1e-12
    )


class Fault(NamedTuple):
    """A fault, the rules that it breaks, where the first of them is found, and how it is put.

    A fault in a trade `spreads`: figures of the plan no longer agree either.
    """

    name: str
    case: str
    codes: set[str]
    where: str
    put: Callable[[Document, Plan], Plan]
    spreads: bool = False


def in_account(n: int, **rule: Any) -> Callable[[Document, Plan], Plan]:
    def put(document: Document, plan: Plan) -> Plan:
        document["accounts"][n].update(rule)
        return plan

    return put


def in_lot(account: int, lot: int, **values: Any) -> Callable[[Document, Plan], Plan]:
    def put(document: Document, plan: Plan) -> Plan:
        document["accounts"][account]["lots"][lot].update(values)
        return plan

    return put


def in_policy(**rule: Any) -> Callable[[Document, Plan], Plan]:
    def put(document: Document, plan: Plan) -> Plan:
        document.setdefault("policy", {}).update(rule)
        return plan

    return put


def recently(**trade: Any) -> Callable[[Document, Plan], Plan]:
    def put(document: Document, plan: Plan) -> Plan:
        document.setdefault("recent_trades", []).append({"account_number": "R1", "price": 1} | trade)
        return plan

    return put


def in_trade(n: int, **values: Any) -> Callable[[Document, Plan], Plan]:
    def put(_: Document, plan: Plan) -> Plan:
        plan.trades[n].reason = "seeded"
        for name, value in values.items():
            setattr(plan.trades[n], name, value)
        return plan

    return put


def in_sale(n: int, **values: Any) -> Callable[[Document, Plan], Plan]:
    def put(_: Document, plan: Plan) -> Plan:
        plan.trades[n].lots = (replace(plan.trades[n].lots[0], **values),)
        return plan

    return put


def in_part(part: str, **values: Any) -> Callable[[Document, Plan], Plan]:
    def put(_: Document, plan: Plan) -> Plan:
        return replace(plan, **{part: replace(getattr(plan, part), **values)})

    return put


def in_row(part: str, n: int, **values: Any) -> Callable[[Document, Plan], Plan]:
    def put(_: Document, plan: Plan) -> Plan:
        rows = list(getattr(plan, part))
        rows[n] = replace(rows[n], **values)
        changes: dict[str, Any] = {part: tuple(rows)}
        return replace(plan, **changes)

    return put


def reorder(part: str, *order: int) -> Callable[[Document, Plan], Plan]:
    def put(_: Document, plan: Plan) -> Plan:
        changes: dict[str, Any] = {part: tuple(getattr(plan, part)[n] for n in order)}
        return replace(plan, **changes)

    return put


def swap_and_renumber(_: Document, plan: Plan) -> Plan:
    trades = plan.trades[::-1]
    for n, trade in enumerate(trades, 1):
        trade.sequence = n
    return replace(plan, trades=trades)


def do_worse_than_nothing(document: Document, plan: Plan) -> Plan:
    """Make drift free, so that the tax buys nothing; every figure is stated as it then is."""
    document["policy"]["drift"] = {"inside_band": 0, "outside_band": 0}
    costs = replace(plan.costs, drift=0.0, objective=82.776, do_nothing=0.0)
    certificate = replace(plan.certificate, objective=82.776, bound=82.776)
    return replace(plan, costs=costs, certificate=certificate)


def list_twice(_: Document, plan: Plan) -> Plan:
    return replace(plan, trades=(*plan.trades, replace(plan.trades[1], sequence=3)))


def shelter_and_name_no_lots(document: Document, plan: Plan) -> Plan:
    document["accounts"][0]["kind"] = "tax_exempt"
    return in_trade(0, lots=())(document, plan)


def decide_a_day_earlier(document: Document, plan: Plan) -> Plan:
    document["as_of"] = "2025-02-28"
    return plan


FAULTS = [
    # what the household forbids
    Fault("no_buy", "taxed", {"BUY-1"}, "trades[1]", in_account(1, no_buy=["B"])),
    Fault("menu", "capped", {"BUY-1"}, "trades[2]", in_account(0, only=["Q"])),
    Fault(
        "position cap by a cent", "capped", {"BUY-2"}, "trades[2]", in_account(0, max_position_value=989.99)
    ),
    Fault("no_sell", "taxed", {"SELL-1"}, "trades[0]", in_account(0, no_sell=["A"])),
    Fault("do_not_trade", "taxed", {"DNT-1"}, "trades[1]", in_account(1, do_not_trade=True)),
    Fault(
        "a fraction where only whole shares trade",
        "capped",
        {"QTY-1"},
        "trades[1]",
        in_account(1, fractional=False),
    ),
    Fault("least order by a cent", "capped", {"QTY-3"}, "trades[1]", in_policy(min_trade_value=247.51)),
    Fault("too many orders", "capped", {"CAP-1"}, "policy.max_orders", in_policy(max_orders=2)),
    Fault(
        "gain over the cap by a cent",
        "capped",
        {"CAP-2"},
        "policy.max_realized_gain",
        in_policy(max_realized_gain=413.87),
    ),
    Fault("tax over the cap by a cent", "capped", {"CAP-3"}, "policy.max_tax", in_policy(max_tax=82.76)),
    Fault(
        "reserve missed by a cent",
        "taxed",
        {"CASH-1", "CASH-2"},
        "accounts['T1']",
        in_account(0, cash_reserve=597.41),
    ),
    Fault(
        "reserve spent", "capped", {"CASH-1", "CASH-2"}, "accounts['P1']", in_account(0, cash_reserve=234.71)
    ),
    Fault(
        "a sale that the shortfall needs is not made",
        "short",
        {"CASH-2"},
        "accounts['S1']",
        in_account(0, no_sell=[]),
    ),
    Fault(
        "the wash window no longer keeps a lot",
        "short",
        {"CASH-2"},
        "accounts['S1']",
        in_lot(0, 1, acquired="2026-05-30"),
    ),
    # wash sales
    Fault(
        "loss and purchase",
        "taxed",
        {"WASH-1"},
        "trades[1]",
        in_policy(wash_sales={"identical": [["A", "B"]]}),
    ),
    Fault(
        "loss after a recent purchase of the twin",
        "taxed",
        {"WASH-2"},
        "trades[0]",
        recently(symbol="AX", shares=2, traded="2026-10-21"),
    ),
    Fault(
        "loss after a lot bought in the IRA",
        "taxed",
        {"WASH-2"},
        "trades[0]",
        in_lot(1, 0, symbol="AX", acquired="2026-11-20"),
    ),
    Fault(
        "purchase after a recent loss",
        "taxed",
        {"WASH-3"},
        "trades[1]",
        recently(symbol="B", shares=-1, traded="2026-11-01", gain=-1, account_number="T1"),
    ),
    # trades that are not what they were
    Fault("more sold than held", "taxed", {"SELL-1"}, "trades[0]", in_trade(0, shares=-101), spreads=True),
    Fault(
        "one share more than its lots",
        "taxed",
        {"SELL-2"},
        "trades[0]",
        in_trade(0, shares=-17),
        spreads=True,
    ),
    Fault(
        "one share more than the cash", "capped", {"BUY-2"}, "trades[2]", in_trade(2, shares=31), spreads=True
    ),
    Fault("tail left behind", "capped", {"QTY-1"}, "trades[0]", in_trade(0, shares=-10.3), spreads=True),
    Fault(
        "a ten-thousandth of a share",
        "capped",
        {"QTY-1"},
        "trades[1]",
        in_trade(1, shares=12.3755),
        spreads=True,
    ),
    Fault("zero shares", "taxed", {"ORD-1"}, "trades[1]", in_trade(1, shares=0), spreads=True),
    Fault(
        "not a number of shares",
        "taxed",
        {"ORD-1"},
        "trades[1]",
        in_trade(1, shares=float("nan")),
        spreads=True,
    ),
    Fault("unknown account", "taxed", {"ORD-1"}, "trades[1]", in_trade(1, account_id="R2"), spreads=True),
    Fault("unknown symbol", "taxed", {"BUY-1"}, "trades[1]", in_trade(1, symbol="BB"), spreads=True),
    Fault("an unwanted symbol", "capped", {"BUY-1"}, "trades[2]", in_trade(2, symbol="X"), spreads=True),
    Fault(
        "an account with a shortfall buys",
        "short",
        {"CASH-2"},
        "accounts['S1']",
        in_trade(1, account_id="S1", symbol="US"),
        spreads=True,
    ),
    Fault("bought and sold", "capped", {"QTY-2"}, "trades[0]", in_trade(2, symbol="Y"), spreads=True),
    Fault(
        "the twin of a loss is bought",
        "taxed",
        {"WASH-1"},
        "trades[1]",
        in_trade(1, symbol="AX"),
        spreads=True,
    ),
    Fault("an order twice", "taxed", {"ORD-1"}, "trades[2]", list_twice, spreads=True),
    # lots
    Fault("no lots", "taxed", {"SELL-2"}, "trades[0]", in_trade(0, lots=()), spreads=True),
    Fault(
        "no lots in a sheltered account",
        "short",
        {"SELL-2"},
        "trades[0]",
        shelter_and_name_no_lots,
        spreads=True,
    ),
    Fault("unknown lot", "taxed", {"SELL-1"}, "trades[0].lots[0]", in_sale(0, id="a9"), spreads=True),
    Fault("more than the lot has", "short", {"SELL-1"}, "trades[0]", in_sale(0, shares=3), spreads=True),
    Fault(
        "another lot than stated",
        "taxed",
        {"OBJ-2", "TERM-1"},
        "trades[0].lots[0]",
        in_sale(0, id="a1"),
        spreads=True,
    ),
    Fault("wrong term", "capped", {"TERM-1"}, "trades[0].lots[0]", in_sale(0, term="short")),
    Fault(
        "one day too early for long",
        "capped",
        {"TERM-1", "OBJ-2"},
        "trades[0].lots[0]",
        decide_a_day_earlier,
        spreads=True,
    ),
    Fault("wrong date", "capped", {"TERM-1"}, "trades[0].lots[0]", in_sale(0, acquired=date(2024, 2, 27))),
    Fault("wrong cost", "capped", {"OBJ-2"}, "trades[0].lots[0]", in_sale(0, cost_per_share=59.99)),
    Fault("gain wrong by a cent", "capped", {"OBJ-2"}, "trades[0].lots[0]", in_sale(0, gain=413.89)),
    Fault("gain at the middle price", "taxed", {"OBJ-2"}, "trades[0].lots[0]", in_sale(0, gain=-320.0)),
    # what the plan states
    Fault("price of another day", "taxed", {"PLAN-1"}, "trades[1]", in_trade(1, price=50.01)),
    Fault("no price", "taxed", {"PLAN-1"}, "trades[1]", in_trade(1, price=None)),
    Fault("notional without its sign", "taxed", {"PLAN-1"}, "trades[0]", in_trade(0, notional=1600.0)),
    Fault("notional wrong by a cent", "capped", {"PLAN-1"}, "trades[0]", in_trade(0, notional=-1034.71)),
    Fault("sequence from zero", "taxed", {"DET-1"}, "trades[0]", in_trade(0, sequence=0)),
    Fault("purchase before sale", "taxed", {"DET-1"}, "trades[1]", swap_and_renumber),
    Fault("accounts out of order", "taxed", {"DET-1"}, "accounts", reorder("accounts", 1, 0)),
    Fault("an account left out", "short", {"DET-1"}, "accounts", reorder("accounts", 0, 2)),
    Fault("cash before", "taxed", {"CASH-1"}, "accounts['T1']", in_row("accounts", 1, cash_before=-1000.0)),
    Fault(
        "cash after rounded up",
        "taxed",
        {"CASH-1"},
        "accounts['R1']",
        in_row("accounts", 0, cash_after=494.01),
    ),
    Fault("shortfall hidden", "short", {"CASH-2"}, "accounts['S1']", in_row("accounts", 2, shortfall=0.0)),
    Fault(
        "shortfall wrong by a cent",
        "short",
        {"CASH-2"},
        "accounts['S1']",
        in_row("accounts", 2, shortfall=749.99),
    ),
    Fault("classes out of order", "taxed", {"DET-1"}, "classes", reorder("classes", 1, 0, 2)),
    Fault("an unassigned holding left out", "capped", {"CLS-1"}, "classes", reorder("classes", 0, 2, 3, 4)),
    Fault("target", "capped", {"CLS-2"}, "classes['Z']", in_row("classes", 2, target=0.91)),
    Fault("weight before", "short", {"CLS-2"}, "classes['us']", in_row("classes", 2, before=600 / 1420)),
    Fault("weight after", "taxed", {"CLS-2"}, "classes['stock']", in_row("classes", 2, after=0.5)),
    Fault("band", "taxed", {"BAND-1"}, "classes['CASH']", in_row("classes", 0, band=0.05)),
    Fault("value", "taxed", {"VAL-1"}, "household.value", in_part("household", value=19000.0)),
    Fault(
        "drift before", "short", {"OBJ-5"}, "household.drift_before", in_part("household", drift_before=0.3)
    ),
    Fault(
        "drift after", "taxed", {"OBJ-5"}, "household.drift_after", in_part("household", drift_after=0.0144)
    ),
    Fault(
        "loss stated as long",
        "taxed",
        {"OBJ-2"},
        "household.realized_short_term",
        in_part("household", realized_short_term=0.0, realized_long_term=-321.6),
    ),
    Fault("drift cost", "capped", {"OBJ-1"}, "costs.drift", in_part("costs", drift=0.0)),
    Fault("tax", "taxed", {"OBJ-2"}, "costs.tax", in_part("costs", tax=-118.99)),
    Fault("spread left out", "taxed", {"OBJ-3"}, "costs.trading", in_part("costs", trading=12.0)),
    Fault("location", "taxed", {"OBJ-4"}, "costs.location", in_part("costs", location=0.0)),
    Fault("objective", "taxed", {"OBJ-6"}, "costs.objective", in_part("costs", objective=-36.74)),
    Fault("cost of doing nothing", "short", {"OBJ-6"}, "costs.do_nothing", in_part("costs", do_nothing=70.0)),
    Fault("worse than doing nothing", "capped", {"OBJ-6"}, "trades", do_worse_than_nothing),
    Fault(
        "objective of the certificate",
        "capped",
        {"PLAN-2"},
        "certificate.objective",
        in_part("certificate", objective=91.0, bound=91.0),
    ),
    Fault("gap", "taxed", {"PLAN-2"}, "certificate.gap", in_part("certificate", gap=0.0, gap_bps=0.0)),
    Fault(
        "gap below zero",
        "taxed",
        {"PLAN-2"},
        "certificate.gap",
        in_part("certificate", bound=-36.0, gap=-0.7146, gap_bps=-0.7146 / 1.7),
    ),
    Fault(
        "gap in basis points",
        "taxed",
        {"PLAN-2"},
        "certificate.gap_bps",
        in_part("certificate", gap_bps=0.019),
    ),
    Fault(
        "a bound that is none",
        "taxed",
        {"PLAN-2"},
        "certificate.bound",
        in_part("certificate", bound=float("-inf")),
    ),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_seeded_fault_is_caught_by_its_rule(fault: Fault) -> None:
    document, plan = CASES[fault.case]
    document = copy.deepcopy(document)
    faulty = fault.put(document, plan())
    report = audit_plan(Household.from_dict(document), faulty)
    found = [(finding.code, finding.where) for finding in report.errors]
    codes = {code for code, _ in found}
    assert any(code in fault.codes and where == fault.where for code, where in found)
    assert fault.codes <= codes
    assert fault.spreads or codes == fault.codes


def test_the_faults_are_as_many_as_they_should_be() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 30


def test_require_raises_with_the_errors_alone() -> None:
    document = copy.deepcopy(SHORT_HOUSEHOLD)
    plan = in_part("costs", tax=9.0)(document, short_plan())
    with pytest.raises(AuditError) as caught:
        require(Household.from_dict(document), plan)
    assert [finding.code for finding in caught.value.findings] == ["OBJ-2"]
    assert str(caught.value) == "costs.tax: tax is stated as 9.0, it is $8.00"


def test_rounded_figures_agree_to_the_cent() -> None:
    plan = taxed_plan()
    costs = {item.name: round(getattr(plan.costs, item.name), 2) for item in fields(PlanCosts)}
    rounded = in_part("costs", **costs)({}, plan)
    assert audit_plan(Household.from_dict(TAXED_HOUSEHOLD), rounded).ok


def test_a_plan_without_trades_is_as_good_as_doing_nothing() -> None:
    document = copy.deepcopy(CAPPED_HOUSEHOLD)
    plan = capped_plan()
    nothing = Plan(
        trades=(),
        accounts=tuple(replace(row, cash_after=row.cash_before) for row in plan.accounts),
        classes=tuple(replace(row, after=row.before) for row in plan.classes),
        household=replace(plan.household, drift_after=plan.household.drift_before, realized_long_term=0.0),
        costs=replace(plan.costs, objective=145.76052, drift=145.76052, tax=0.0),
        certificate=Certificate(
            status="certified", objective=145.76052, bound=91.0, gap=54.76052, gap_bps=547605.2 / 1834.7
        ),
    )
    assert audit_plan(Household.from_dict(document), nothing).findings == ()


@pytest.mark.parametrize("most", [0.05, 0.5])  # drift is 0.6989 before and 0.0612 after
def test_obj_6_drift_over_its_cap_comes_before_the_objective(most: float) -> None:
    document = copy.deepcopy(CAPPED_HOUSEHOLD)
    document["policy"] |= {"max_drift": most, "drift": {"inside_band": 0, "outside_band": 0}}
    plan = capped_plan()
    free = replace(plan.costs, drift=0.0, objective=82.776, do_nothing=0.0)
    certificate = Certificate(status="certified", objective=82.776, bound=82.776, gap=0.0, gap_bps=0.0)
    dear = replace(plan, costs=free, certificate=certificate)
    assert audit_plan(Household.from_dict(document), dear).ok
    del document["policy"]["max_drift"]
    report = audit_plan(Household.from_dict(document), dear)
    assert [finding.code for finding in report.errors] == ["OBJ-6"]


def test_obj_6_a_smaller_shortfall_comes_before_the_objective() -> None:
    document = copy.deepcopy(SHORT_HOUSEHOLD)
    document["policy"] = {"tax": {"long_term_rate": 0.9}, "drift": {"inside_band": 0, "outside_band": 0}}
    plan = short_plan()
    costs = replace(plan.costs, drift=0.0, tax=36.0, objective=36.0, do_nothing=0.0)
    certificate = Certificate(status="certified", objective=36.0, bound=36.0, gap=0.0, gap_bps=0.0)
    assert audit_plan(Household.from_dict(document), replace(plan, costs=costs, certificate=certificate)).ok


def test_det_1_groups_may_also_go_by_name_and_then_by_account() -> None:
    household, plan = Household.from_dict(CAPPED_HOUSEHOLD), capped_plan()
    by_name = reorder("classes", 0, 3, 4, 1, 2)({}, plan)
    assert [(row.name, row.account) for row in by_name.classes][:2] == [("CASH", ""), ("CASH", "O1")]
    assert audit_plan(household, by_name).findings == ()
    neither = reorder("classes", 3, 0, 4, 1, 2)({}, plan)
    assert [finding.code for finding in audit_plan(household, neither).errors] == ["DET-1"]
