"""Value, classes, objective, terms and gains: VAL, CLS, BAND, OBJ and TERM rules, worked by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from realloc.audit import AuditedClass, AuditReport, audit_trades
from realloc.audit.terms import is_long_term
from realloc.household import Household
from realloc.trades import LotSale, Trade


def household(**changes: Any) -> Household:
    """Return one taxable account of 10 A at $100 and $1,000, half in A and half in cash."""
    document: dict[str, Any] = {
        "as_of": "2026-11-20",
        "prices": {"A": 100, "B": 50},
        "accounts": [account()],
        "model": {"name": "m", "targets": {"A": 0.5, "CASH": 0.5}},
    }
    return Household.from_dict(document | changes)


def account(number: str = "T1", cash: float = 1000, **more: Any) -> dict[str, Any]:
    return {"label": number, "account_number": number, "cash": cash, "positions": {"A": 10}} | more


def weights(report: AuditReport, account_number: str = "") -> dict[str, AuditedClass]:
    return {item.name: item for item in report.classes if item.account == account_number}


def lot_sale(name: str, shares: float) -> LotSale:
    return LotSale(
        id=name, shares=shares, cost_per_share=0.0, acquired=date(2020, 1, 1), term="long", gain=0.0
    )


def test_val_1_value_is_cash_with_flows_and_shares_at_the_middle_price_before_trading() -> None:
    prices = {"A": {"price": 100, "spread_bps": 50}, "B": 50}
    report = audit_trades(
        household(prices=prices, accounts=[account(cash_flow=-300)]), [Trade("T1", "A", -4)]
    )
    assert report.household.value == 1000 - 300 + 10 * 100


def test_val_1_a_holding_without_a_price_is_a_finding_and_is_valued_at_nothing() -> None:
    report = audit_trades(household(accounts=[account(positions={"A": 10, "Q": 7})]), [])
    assert [(f.code, f.where) for f in report.errors] == [("VAL-1", "accounts['T1']")]
    assert report.household.value == 2000


def test_val_2_an_account_with_targets_of_its_own_is_compared_with_its_own_value() -> None:
    own = account("T2", 500, positions={"B": 30}, targets={"B": 0.25, "CASH": 0.75})
    report = audit_trades(household(accounts=[account(), own]), [])
    assert report.household.value == 4000
    assert weights(report)["A"].before == Decimal("0.5")
    assert weights(report, "T2")["B"].before == Decimal("0.75")
    # T1 is on target; T2 is off by 0.75 x 2000 - 0.25 x 2000 = 1000 on either side; 2000 / (2 x 4000)
    assert report.household.drift_after == Decimal("0.25")


def test_cls_1_groups_are_classes_targeted_symbols_cash_and_unassigned_holdings() -> None:
    model = {
        "name": "m",
        "targets": {"A": 1},
        "classes": {"bonds": {"symbols": ["B"]}, "gold": {"symbols": {"E": 1, "C": 0}}},
    }
    accounts = [
        account(positions={"A": 10, "C": 5, "D": 0}),
        account("T2", positions={"A": 1, "B": 2}, targets={"bonds": 1}),
    ]
    report = audit_trades(
        household(model=model, accounts=accounts, prices={"A": 100, "B": 50, "C": 1, "D": 1}), []
    )
    assert [(item.account, item.name) for item in report.classes] == [
        ("", "A"),
        ("", "C"),
        ("", "CASH"),
        ("", "bonds"),
        ("", "gold"),
        ("T2", "A"),
        ("T2", "CASH"),
        ("T2", "bonds"),
    ]
    assert {item.target for item in report.classes if item.name in {"C", "CASH"}} == {Decimal(0)}
    assert weights(report)["bonds"].target == 0
    assert weights(report, "T2")["bonds"].target == 1


def test_cls_1_cash_is_all_cash_of_the_scope_after_the_trades() -> None:
    report = audit_trades(household(accounts=[account(cash_flow=-300)]), [Trade("T1", "A", -4)])
    cash = weights(report)["CASH"]
    assert cash.before * 1700 == pytest.approx(Decimal(700))
    assert cash.after * 1700 == pytest.approx(Decimal(1100))


def test_cls_2_weights_are_normalised_and_a_fund_counts_by_its_share() -> None:
    model = {
        "name": "m",
        "targets": {"us": 3, "world": 1},
        "classes": {"us": {"symbols": {"A": 0.6, "B": 1.0}}, "world": {"symbols": {"A": 0.4}}},
    }
    report = audit_trades(household(model=model), [])
    us, world = weights(report)["us"], weights(report)["world"]
    assert (us.target, world.target) == (Decimal("0.75"), Decimal("0.25"))
    assert (us.before, world.before) == (Decimal("0.3"), Decimal("0.2"))


def test_cls_3_a_symbol_in_a_class_counts_there_and_not_as_unassigned() -> None:
    model = {"name": "m", "targets": {"stock": 1}, "classes": {"stock": {"symbols": ["A"]}}}
    assert [item.name for item in audit_trades(household(model=model), []).classes] == ["CASH", "stock"]


@pytest.mark.parametrize(
    ("band", "width"),
    [
        ({"absolute": 0.05, "relative": 0.25}, "0.05"),
        ({"absolute": 0.2, "relative": 0.25}, "0.125"),
        ({"absolute": 0.2}, "0.2"),
        ({"relative": 0.5}, "0.25"),
    ],
)
def test_band_1_a_band_is_the_lesser_of_the_measures_it_names(band: dict[str, float], width: str) -> None:
    model = {
        "name": "m",
        "targets": {"stock": 1, "CASH": 1},
        "classes": {"stock": {"symbols": ["A"], "band": band}},
    }
    report = audit_trades(household(model=model), [])
    assert weights(report)["stock"].band == Decimal(width)
    assert weights(report)["CASH"].band == Decimal("0.05")


def test_band_1_cash_and_symbols_take_the_policys_band_unless_cash_has_its_own() -> None:
    model = {
        "name": "m",
        "targets": {"A": 0.5, "CASH": 0.5},
        "classes": {"CASH": {"band": {"absolute": 0.005}}},
    }
    report = audit_trades(household(model=model, policy={"band": {"absolute": 0.03}}), [])
    assert weights(report)["A"].band == Decimal("0.03")
    assert weights(report)["CASH"].band == Decimal("0.005")


def test_obj_1_drift_costs_one_rate_up_to_the_band_and_another_beyond_it() -> None:
    policy = {"drift": {"inside_band": 0.01, "outside_band": 0.1}, "band": {"absolute": 0.1}}
    report = audit_trades(household(policy=policy), [Trade("T1", "A", -4)])
    # A 600 and cash 1400 of 2000: 400 off on both sides, 200 of it inside: 2 x (200 x 0.01 + 200 x 0.1)
    assert report.costs.drift == 44
    assert report.costs.objective == 44


def test_obj_1_an_unassigned_holding_has_no_inside_under_a_relative_band() -> None:
    report = audit_trades(household(model={"name": "m", "targets": {"CASH": 1}}), [])
    # A 1000 off, all outside: 60; cash 1000 off, 0.05 x 2000 inside: 100 x 0.004 + 900 x 0.06
    assert report.costs.drift == 60 + Decimal("54.4")


def test_obj_1_weights_that_cannot_be_divided_in_decimals_are_exact_to_the_last_digit() -> None:
    model = {"name": "m", "targets": {"A": 1, "B": 1, "CASH": 1}}
    report = audit_trades(household(model=model, policy={"band": {"absolute": 0}}), [])
    # targets of 2000/3; 1000 - 2000/3 twice and 2000/3: together 4000/3 at 0.06 = 80
    assert report.costs.drift == 80


def test_obj_2_tax_is_gain_at_the_bid_times_the_rate_of_its_term_and_losses_times_their_value() -> None:
    lots = [
        {"symbol": "A", "shares": 3, "cost_per_share": 60, "acquired": "2020-01-02", "id": "long gain"},
        {"symbol": "A", "shares": 3, "cost_per_share": 90, "acquired": "2026-02-03", "id": "short gain"},
        {"symbol": "A", "shares": 2, "cost_per_share": 120, "acquired": "2026-03-03", "id": "short loss"},
        {"symbol": "A", "shares": 2, "cost_per_share": 130, "acquired": "2019-03-03", "id": "long loss"},
    ]
    prices = {"A": {"price": 100, "spread_bps": 40}, "B": 50}  # bid 99.80
    sale = Trade(
        "T1", "A", -7, lots=(lot_sale("long gain", 3), lot_sale("short gain", 1), lot_sale("short loss", 2))
    )
    sale.lots += (lot_sale("long loss", 1),)
    report = audit_trades(household(prices=prices, accounts=[account(lots=lots)]), [sale])
    # 39.8 x 3 = 119.4 long; 9.8 short; -20.2 x 2 = -40.4 short; -30.2 long
    assert report.ok
    assert report.household.realized_long_term == Decimal("119.4") - Decimal("30.2")
    assert report.household.realized_short_term == Decimal("9.8") - Decimal("40.4")
    # 119.4 x 0.2 + 9.8 x 0.37 - 40.4 x 0.37 x 0.5 - 30.2 x 0.2 x 0.5 = 23.88 + 3.626 - 7.474 - 3.02
    assert report.costs.tax == Decimal("17.012")


@pytest.mark.parametrize("kind", ["tax_deferred", "tax_exempt"])
def test_obj_2_nothing_is_taxed_outside_taxable_accounts(kind: str) -> None:
    lots = [{"symbol": "A", "shares": 10, "cost_per_share": 60, "acquired": "2020-01-02", "id": "a"}]
    sale = Trade("T1", "A", -7, lots=(lot_sale("a", 7),))
    report = audit_trades(household(accounts=[account(lots=lots, kind=kind)]), [sale])
    assert report.costs.tax == 0
    assert report.household.realized_long_term == 0


def test_obj_2_a_position_without_lots_has_no_gain() -> None:
    report = audit_trades(household(), [Trade("T1", "A", -7)])
    assert report.findings == ()
    assert report.costs.tax == 0


def test_obj_2_a_sale_that_names_no_lots_takes_the_oldest_first_and_says_so() -> None:
    lots = [
        {"symbol": "A", "shares": 5, "cost_per_share": 110, "acquired": "2024-01-02"},
        {"symbol": "A", "shares": 5, "cost_per_share": 80, "acquired": "2021-01-02"},
    ]
    report = audit_trades(household(accounts=[account(lots=lots)]), [Trade("T1", "A", -6)])
    assert report.household.realized_long_term == 5 * 20 - 10
    assert [(f.code, f.where, f.severity) for f in report.findings] == [("SELL-2", "trades[0]", "info")]
    assert "26 CFR 1.1012-1(c)" in report.findings[0].message


def test_obj_3_trading_is_half_the_spread_of_each_share_and_the_costs_of_each_order() -> None:
    prices = {"A": {"price": 100, "spread_bps": 40}, "B": 50}
    model = {"name": "m", "targets": {"A": 0.5, "B": 0.5}}
    policy = {"costs": {"spread_bps": 20, "commission": 1.5, "order": 4}}
    report = audit_trades(
        household(prices=prices, model=model, policy=policy), [Trade("T1", "A", -4), Trade("T1", "B", 6)]
    )
    # 4 x 0.20 + 6 x 0.05 + 2 x 5.50
    assert report.costs.trading == Decimal("12.1")
    # 1000 + 4 x 99.80 - 6 x 50.05 - 2 x 1.50: the bother is not paid
    assert report.accounts[0].cash == Decimal("1095.90")


def test_obj_4_location_charges_what_is_held_after_by_kind_account_class_symbol_and_cash() -> None:
    model = {
        "name": "m",
        "targets": {"mix": 0.5, "B": 0.5},
        "classes": {"mix": {"symbols": {"A": 0.5}}},
    }
    accounts = [
        account(positions={"A": 10, "B": 4}, location_cost={"B": 0.02, "A": 0.004}),
        account("T2", kind="tax_exempt"),
    ]
    policy = {"location": {"mix": {"taxable": 0.01, "tax_exempt": 0.03}, "CASH": {"taxable": 0.001}}}
    report = audit_trades(household(model=model, accounts=accounts, policy=policy), [Trade("T1", "B", 6)])
    # T1: A 1000 x (0.5 x 0.01 + 0.004) = 9, B 500 x 0.02 = 10, cash 700 x 0.001 = 0.70
    # T2: A 1000 x 0.5 x 0.03 = 15
    assert report.costs.location == Decimal("34.7")
    # before: B 200 x 0.02 = 4, cash 1000 x 0.001 = 1
    assert (
        report.costs.do_nothing - (9 + 4 + 1 + 15)
        == audit_trades(household(model=model, accounts=accounts), []).costs.drift
    )


def test_obj_4_a_name_that_is_a_class_is_read_as_the_class() -> None:
    model = {"name": "m", "targets": {"B": 1}, "classes": {"B": {"symbols": ["A"]}}}
    accounts = [account(positions={"A": 10, "B": 4}, location_cost={"B": 0.01})]
    report = audit_trades(household(model=model, accounts=accounts), [])
    assert report.costs.location == 10


def test_obj_5_drift_is_half_the_sum_of_deviations_over_the_value() -> None:
    report = audit_trades(household(), [Trade("T1", "A", -4)])
    assert report.household.drift_before == 0
    # 400 off on both sides of 2000
    assert report.household.drift_after == Decimal("0.2")


def test_obj_6_the_objective_is_the_sum_of_its_parts() -> None:
    policy = {"costs": {"order": 4}, "location": {"A": {"taxable": 0.01}}}
    lots = [{"symbol": "A", "shares": 10, "cost_per_share": 60, "acquired": "2020-01-02"}]
    costs = audit_trades(
        household(policy=policy, accounts=[account(lots=lots)]), [Trade("T1", "A", -4)]
    ).costs
    # 400 off twice: 2 x (100 x 0.004 + 300 x 0.06); tax 160 x 0.2; one order; 600 in A
    assert [costs.drift, costs.tax, costs.trading, costs.location] == [Decimal("36.8"), 32, 4, 6]
    assert costs.objective == Decimal("78.8")
    assert costs.do_nothing == 10


@pytest.mark.parametrize(
    ("acquired", "first_long_day"),
    [
        ("2023-01-15", "2024-01-16"),
        ("2023-02-28", "2024-03-01"),  # the lot is bought on the last day of a month (Caspe)
        ("2024-02-29", "2025-03-01"),
        ("2024-02-28", "2025-03-01"),
        ("2023-12-31", "2025-01-01"),
    ],
)
def test_term_1_a_lot_is_long_term_a_year_after_the_day_after_it_was_bought(
    acquired: str, first_long_day: str
) -> None:
    first = date.fromisoformat(first_long_day)
    assert is_long_term(date.fromisoformat(acquired), first)
    assert not is_long_term(date.fromisoformat(acquired), date.fromordinal(first.toordinal() - 1))


def test_term_1_the_last_day_of_the_calendar_is_no_exception() -> None:
    assert not is_long_term(date.max, date.max)
    assert is_long_term(date(9998, 12, 30), date.max)


def test_amounts_are_exact_where_floats_are_not() -> None:
    accounts = [account(cash=0.1, positions={"A": 3}, cash_flow=0.2)]
    report = audit_trades(household(prices={"A": 0.1}, accounts=accounts), [Trade("T1", "A", -3)])
    assert report.accounts[0].cash_exact == Decimal("0.6")
    assert report.household.value == Decimal("0.6")


def test_a_household_without_value_has_no_weights_and_no_drift() -> None:
    report = audit_trades(household(accounts=[account(cash=0, positions={})]), [])
    assert report.household.drift_after == 0
    assert {item.after for item in report.classes} == {Decimal(0)}


def test_the_report_has_the_keys_of_the_plan_document() -> None:
    document = audit_trades(household(), [Trade("T1", "A", -7.5)]).to_dict()
    assert document["ok"] is False
    assert document["findings"][0]["code"] == "QTY-1"
    assert document["accounts"] == [
        {"account_number": "T1", "cash_exact": 1750.0, "cash": 1750.0, "shortfall": 0.0}
    ]
    assert document["household"]["orders"] == 1
    assert set(document["costs"]) == {"objective", "do_nothing", "drift", "tax", "trading", "location"}
    assert document["classes"][0]["name"] == "A"
