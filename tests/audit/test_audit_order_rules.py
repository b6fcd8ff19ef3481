"""What each order may be, and the household's caps: ORD, BUY, SELL, QTY, DNT and CAP rules."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from realloc.audit import AuditReport, audit_trades
from realloc.household import Household
from realloc.trades import LotSale, Trade


def household(
    policy: dict[str, Any] | None = None, model: dict[str, Any] | None = None, **account: Any
) -> Household:
    """Return one account, of $10,000 and 10 A at $100 in two lots, that wants A and B."""
    lots = [
        {"symbol": "A", "shares": 6, "cost_per_share": 80, "acquired": "2020-01-02", "id": "a1"},
        {"symbol": "A", "shares": 4, "cost_per_share": 90, "acquired": "2026-01-02", "id": "a2"},
    ]
    first = {
        "label": "Joint",
        "account_number": "T1",
        "cash": 10_000,
        "positions": {"A": 10},
        "lots": lots,
    } | account
    return Household.from_dict(
        {
            "as_of": "2026-11-20",
            "prices": {"A": 100, "B": 50, "C": 20},
            "accounts": [first],
            "model": model or {"name": "m", "targets": {"A": 0.5, "B": 0.3, "Z": 0.2}},
            "policy": policy or {},
        }
    )


def taking(name: str, shares: float) -> LotSale:
    return LotSale(
        id=name, shares=shares, cost_per_share=80.0, acquired=date(2020, 1, 2), term="long", gain=0.0
    )


def sell(shares: float, *lots: tuple[str, float], symbol: str = "A") -> Trade:
    return Trade("T1", symbol, -shares, lots=tuple(taking(name, taken) for name, taken in lots))


def errors(report: AuditReport) -> list[tuple[str, str]]:
    return [(finding.code, finding.where) for finding in report.errors]


def message(report: AuditReport) -> str:
    return report.errors[0].message


@pytest.mark.parametrize(
    "shares", [0, 0.0, float("nan"), float("inf"), -float("inf"), 1e300, True, "5", None]
)
def test_ord_1_what_is_no_number_of_shares_is_a_finding_and_is_not_counted(shares: Any) -> None:
    report = audit_trades(household(), [Trade("T1", "B", shares), Trade("T1", "B", 2)])
    assert errors(report) == [("ORD-1", "trades[0]")]
    assert report.accounts[0].cash == 9900
    assert report.household.orders == 1


def test_ord_1_an_unknown_account_is_a_finding_with_the_nearest_number() -> None:
    report = audit_trades(household(), [Trade("T11", "B", 2)])
    assert errors(report) == [("ORD-1", "trades[0]")]
    assert "'T1'" in report.errors[0].hint
    assert report.accounts[0].cash == 10_000


def test_ord_1_an_order_that_is_listed_twice_counts_as_one_order() -> None:
    report = audit_trades(household({"costs": {"commission": 7}}), [Trade("T1", "B", 2), Trade("T1", "B", 3)])
    assert errors(report) == [("ORD-1", "trades[1]")]
    assert report.accounts[0].cash == 10_000 - 5 * 50 - 7
    assert report.household.orders == 1


def test_buy_1_only_what_has_a_target_above_zero_is_bought() -> None:
    model = {
        "name": "m",
        "targets": {"A": 1, "none": 0, "B": 0},
        "classes": {"none": {"symbols": ["C"]}},
    }
    report = audit_trades(household(model=model), [Trade("T1", "B", 2), Trade("T1", "C", 2)])
    assert errors(report) == [("BUY-1", "trades[0]"), ("BUY-1", "trades[1]")]
    assert "no target above zero" in message(report)


def test_buy_1_a_symbol_in_a_wanted_class_is_bought_even_by_a_part_of_it() -> None:
    model = {
        "name": "m",
        "targets": {"some": 1, "none": 0},
        "classes": {"none": {"symbols": {"C": 0.9}}, "some": {"symbols": {"C": 0.1, "A": 1}}},
    }
    assert audit_trades(household(model=model), [Trade("T1", "C", 2)]).ok


def test_buy_1_an_account_with_its_own_targets_buys_what_they_name() -> None:
    own = household(targets={"C": 1})
    report = audit_trades(own, [Trade("T1", "B", 2), Trade("T1", "C", 2)])
    assert errors(report) == [("BUY-1", "trades[0]")]
    assert "account T1's own targets" in message(report)


def test_buy_1_a_symbol_without_a_price_is_not_bought() -> None:
    report = audit_trades(household(), [Trade("T1", "Z", 2)])
    assert errors(report) == [("BUY-1", "trades[0]")]
    assert "no price" in message(report)
    assert report.accounts[0].cash == 10_000


@pytest.mark.parametrize("rule", [{"no_buy": ["B"]}, {"only": ["A"]}, {"only": []}])
def test_buy_1_no_buy_and_the_menu(rule: dict[str, Any]) -> None:
    report = audit_trades(household(**rule), [Trade("T1", "B", 2)])
    assert errors(report) == [("BUY-1", "trades[0]")]


def test_buy_1_the_menu_does_not_limit_sales() -> None:
    assert audit_trades(household(only=["B"]), [sell(2, ("a1", 2))]).ok


@pytest.mark.parametrize(("shares", "code"), [(5, []), (6, [("BUY-2", "trades[0]")])])
def test_buy_2_the_cap_counts_what_is_held_and_bought(shares: int, code: list[tuple[str, str]]) -> None:
    report = audit_trades(household(max_position_value=1500), [Trade("T1", "A", shares)])
    assert errors(report) == code


def test_buy_2_the_cap_never_forces_a_sale_and_never_stops_one() -> None:
    assert audit_trades(household(max_position_value=100), []).ok
    assert audit_trades(household(max_position_value=100), [sell(2, ("a1", 2))]).ok


def test_sell_1_more_than_the_position_is_a_finding_with_both_amounts() -> None:
    report = audit_trades(household(lots=[]), [sell(11)])
    assert errors(report) == [("SELL-1", "trades[0]")]
    assert message(report) == "11 shares of A are sold, account T1 holds 10"


def test_sell_1_what_is_not_held_is_not_sold() -> None:
    report = audit_trades(household(), [sell(1, symbol="B"), sell(1, symbol="Q")])
    assert errors(report) == [("SELL-1", "trades[1]"), ("SELL-1", "trades[0]")]
    assert report.accounts[0].cash == 10_050


def test_sell_1_no_sell() -> None:
    assert errors(audit_trades(household(no_sell=["A"]), [sell(2, ("a1", 2))])) == [("SELL-1", "trades[0]")]


def test_sell_1_a_lot_supplies_no_more_than_it_has() -> None:
    report = audit_trades(household(), [sell(9, ("a1", 4), ("a1", 3), ("a2", 2))])
    assert errors(report) == [("SELL-1", "trades[0]")]
    assert message(report) == "7 shares are taken from lot 'a1' of A, which has 6"


def test_sell_1_an_unknown_lot_is_a_finding_with_the_known_ones() -> None:
    report = audit_trades(household(), [sell(2, ("a3", 2))])
    assert ("SELL-1", "trades[0].lots[0]") in errors(report)
    assert report.errors[0].hint == "known: a1, a2"


@pytest.mark.parametrize("symbol", ["CASH"])
def test_cash_is_never_traded(symbol: str) -> None:
    report = audit_trades(household(), [Trade("T1", symbol, 5), Trade("T1", symbol, -5)])
    assert errors(report) == [("BUY-1", "trades[0]"), ("SELL-1", "trades[1]")]


@pytest.mark.parametrize(
    ("lots", "broken"),
    [
        ((("a1", 3), ("a2", 2)), False),
        ((("a1", 3), ("a2", 1)), True),
        ((("a1", 5), ("a2", 1)), True),
        ((("a1", 3), ("a2", 2.0000005)), False),  # dust of less than a millionth of a share
        ((("a1", 3), ("a2", 2.000002)), True),
    ],
)
def test_sell_2_the_lots_of_a_sale_add_up_to_it(lots: tuple[tuple[str, float], ...], broken: bool) -> None:
    report = audit_trades(household(), [sell(5, *lots)])
    assert errors(report) == ([("SELL-2", "trades[0]")] if broken else [])


@pytest.mark.parametrize("shares", [0, -1, float("nan")])
def test_sell_2_shares_of_a_lot_that_are_no_number_above_zero(shares: float) -> None:
    report = audit_trades(household(), [sell(5, ("a1", 5), ("a2", shares))])
    assert errors(report) == [("SELL-2", "trades[0].lots[1]")]


def test_sell_2_a_purchase_takes_from_no_lot() -> None:
    report = audit_trades(household(), [Trade("T1", "A", 5, lots=(taking("a1", 5),))])
    assert errors(report) == [("SELL-2", "trades[0].lots[0]")]


@pytest.mark.parametrize(
    ("held", "fractional", "shares", "broken"),
    [
        (10.347, False, -10, False),
        (10.347, False, -10.347, False),
        (10.347, False, -0.347, True),
        (10.347, False, -10.3, True),
        (10.3475, True, -0.347, False),
        (10.3475, True, -10.3475, False),
        (10.3475, True, -0.3475, True),
        (10.3475, True, 0.001, False),
        (10.3475, True, 0.0015, True),
        (10.347, False, 1, False),
        (10.347, False, 0.653, True),
        (10.347, False, 10.347, True),  # the whole position may be sold, not bought
    ],
)
def test_qty_1_whole_shares_thousandths_or_the_whole_position(
    held: float, fractional: bool, shares: float, broken: bool
) -> None:
    report = audit_trades(
        household(positions={"A": held}, fractional=fractional, lots=[]), [Trade("T1", "A", shares)]
    )
    assert errors(report) == ([("QTY-1", "trades[0]")] if broken else [])


def test_qty_2_no_symbol_is_bought_and_sold_in_one_account() -> None:
    report = audit_trades(household(lots=[]), [sell(2), Trade("T1", "A", 3)])
    assert errors(report) == [("QTY-2", "trades[0]")]


def test_qty_2_holds_for_less_than_a_share() -> None:
    report = audit_trades(household(lots=[], fractional=True), [sell(2), Trade("T1", "A", 0.5)])
    assert errors(report) == [("QTY-2", "trades[0]")]


@pytest.mark.parametrize(("least", "broken"), [(200, False), (200.01, True)])
def test_qty_3_every_order_is_worth_the_least_at_the_middle_price(least: float, broken: bool) -> None:
    policy = {"min_trade_value": least, "costs": {"spread_bps": 100}}
    report = audit_trades(household(policy), [sell(2, ("a1", 2)), Trade("T1", "B", 4)])
    assert errors(report) == ([("QTY-3", "trades[0]"), ("QTY-3", "trades[1]")] if broken else [])


def test_qty_3_an_order_that_sells_out_may_not_be_smaller() -> None:
    report = audit_trades(household({"min_trade_value": 1001}, lots=[]), [sell(10)])
    assert errors(report) == [("QTY-3", "trades[0]")]


def test_dnt_1_no_order_where_nothing_may_trade() -> None:
    report = audit_trades(household(do_not_trade=True), [sell(2, ("a1", 2)), Trade("T1", "B", 4)])
    assert errors(report) == [("DNT-1", "trades[0]"), ("DNT-1", "trades[1]")]


@pytest.mark.parametrize(("most", "broken"), [(2, False), (1, True), (0, True)])
def test_cap_1_orders(most: int, broken: bool) -> None:
    report = audit_trades(household({"max_orders": most}), [sell(2, ("a1", 2)), Trade("T1", "B", 4)])
    assert errors(report) == ([("CAP-1", "policy.max_orders")] if broken else [])


@pytest.mark.parametrize(("most", "broken"), [(70, False), (69.99, True)])
def test_cap_2_the_net_realized_gain_of_short_and_long_lots(most: float, broken: bool) -> None:
    # a1: 20 x 2 long; a2: 10 x 3 short
    report = audit_trades(household({"max_realized_gain": most}), [sell(5, ("a1", 2), ("a2", 3))])
    assert errors(report) == ([("CAP-2", "policy.max_realized_gain")] if broken else [])


def test_cap_2_losses_count_against_gains_and_sheltered_accounts_not_at_all() -> None:
    lots = [
        {"symbol": "A", "shares": 5, "cost_per_share": 80, "acquired": "2020-01-02", "id": "a1"},
        {"symbol": "A", "shares": 5, "cost_per_share": 120, "acquired": "2021-01-02", "id": "a2"},
    ]
    policy = {"max_realized_gain": 0}
    assert audit_trades(household(policy, lots=lots), [sell(10, ("a1", 5), ("a2", 5))]).ok
    assert audit_trades(household(policy, kind="tax_exempt"), [sell(5, ("a1", 5))]).ok


@pytest.mark.parametrize(("most", "broken"), [(19.1, False), (19.09, True)])
def test_cap_3_tax(most: float, broken: bool) -> None:
    # a1: 40 x 0.2; a2: 30 x 0.37
    report = audit_trades(household({"max_tax": most}), [sell(5, ("a1", 2), ("a2", 3))])
    assert report.costs.tax == Decimal("19.1")
    assert errors(report) == ([("CAP-3", "policy.max_tax")] if broken else [])


def test_cap_4_drift_over_the_cap_is_a_warning() -> None:
    model = {"name": "m", "targets": {"A": 1, "CASH": 10}}
    assert audit_trades(household({"max_drift": 0}, model), []).findings == ()
    report = audit_trades(household({"max_drift": 0}, model), [sell(2, ("a1", 2))])
    assert [(f.code, f.where, f.severity) for f in report.findings] == [
        ("CAP-4", "policy.max_drift", "warning")
    ]


def test_det_1_lots_without_a_name_are_numbered_by_date_cost_and_shares() -> None:
    def lot(shares: float, cost: float, acquired: str) -> dict[str, Any]:
        return {"symbol": "A", "shares": shares, "cost_per_share": cost, "acquired": acquired}

    lots = [lot(4, 90, "2026-01-02"), lot(3, 80, "2026-01-02"), lot(3, 99, "2020-01-02")]
    for rows in (lots, lots[::-1]):
        report = audit_trades(household(lots=rows), [sell(4, ("T1/A/1", 1), ("T1/A/3", 3))])
        assert report.ok
        assert report.household.realized_long_term == 1
        assert report.household.realized_short_term == 30


def test_every_broken_rule_of_one_trade_is_named() -> None:
    report = audit_trades(
        household({"min_trade_value": 100}, do_not_trade=True, no_buy=["C"]), [Trade("T1", "C", 1.5)]
    )
    assert [code for code, _ in errors(report)] == ["DNT-1", "BUY-1", "BUY-1", "QTY-1", "QTY-3"]


@pytest.mark.parametrize(
    ("shares", "counted"), [(10**15, True), (10**15 + 1, False), (True, False), ("1", False)]
)
def test_ord_1_shares_are_a_number_of_at_most_1e15(shares: Any, counted: bool) -> None:
    report = audit_trades(household(), [Trade("T1", "B", shares)])
    assert ("ORD-1" not in {finding.code for finding in report.errors}) == counted


@pytest.mark.parametrize(
    ("name", "codes"), [("T1/A/2", set()), ("T1/A/4", set()), ("T1/A/0", {"SELL-1", "SELL-2"})]
)
def test_det_1_a_lot_without_an_id_takes_the_next_name_that_is_free(name: str, codes: set[str]) -> None:
    lots = [
        {"symbol": "A", "shares": 2, "cost_per_share": 80, "acquired": "2020-01-02"},
        {"symbol": "A", "shares": 3, "cost_per_share": 80, "acquired": "2021-01-02", "id": "T1/A/1"},
        {"symbol": "A", "shares": 5, "cost_per_share": 80, "acquired": "2022-01-02"},
    ]
    taken = LotSale(id=name, shares=1, cost_per_share=80, acquired=date(2020, 1, 2), term="long", gain=20)
    trade = Trade("T1", "A", -1, lots=(taken,))
    found = {finding.code for finding in audit_trades(household(lots=lots), [trade]).errors}
    assert found <= codes
    assert bool(found) == bool(codes)
