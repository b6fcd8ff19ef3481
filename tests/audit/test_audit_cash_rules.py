"""Cash to the cent, the reserve, and shortfalls: CASH-1 and CASH-2."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from realloc.audit import AuditReport, audit_trades
from realloc.household import Household
from realloc.trades import Trade


def household(
    policy: dict[str, Any] | None = None, others: list[dict[str, Any]] | None = None, **account: Any
) -> Household:
    """Return an account of $100 and 10 A at $100 with a reserve of $500; A and B are wanted."""
    first = {
        "label": "Joint",
        "account_number": "T1",
        "cash": 100,
        "positions": {"A": 10},
        "cash_reserve": 500,
    } | account
    return Household.from_dict(
        {
            "as_of": "2026-11-20",
            "prices": {"A": 100, "B": 50, "C": 0.004},
            "accounts": [first, *(others or [])],
            "model": {"name": "m", "targets": {"A": 0.5, "B": 0.5}},
            "policy": policy or {},
        }
    )


def findings(report: AuditReport) -> list[tuple[str, str, str]]:
    return [(finding.code, finding.where, finding.severity) for finding in report.findings]


T1 = "accounts['T1']"


def test_cash_1_adds_flow_and_sales_at_the_bid_and_takes_purchases_at_the_ask_and_commissions() -> None:
    policy = {"costs": {"spread_bps": 30, "commission": 1.25, "order": 99}}
    report = audit_trades(
        household(policy, cash_flow=-50.5, cash_reserve=0), [Trade("T1", "A", -4), Trade("T1", "B", 3)]
    )
    # 100 - 50.50 + 4 x 99.85 - 3 x 50.075 - 2.50 = 296.175
    assert report.ok
    assert report.accounts[0].cash_exact == Decimal("296.175")
    assert report.accounts[0].cash == Decimal("296.17")


def test_cash_1_is_rounded_down_below_zero_too() -> None:
    report = audit_trades(household(cash=0.001, cash_flow=-0.002, positions={}, cash_reserve=0), [])
    assert report.accounts[0].cash == Decimal("-0.01")
    assert report.accounts[0].shortfall == Decimal("0.01")


def test_cash_1_purchases_may_not_take_cash_below_the_reserve() -> None:
    report = audit_trades(household(cash=1000), [Trade("T1", "B", 11)])
    assert findings(report) == [("CASH-1", T1, "error")]
    assert "$50.00 below the reserve of $500.00" in report.findings[0].message
    assert audit_trades(household(cash=1000), [Trade("T1", "B", 10)]).ok


def test_cash_1_a_tenth_of_a_cent_below_the_reserve_is_below_it() -> None:
    policy = {"costs": {"commission": 0.001}}
    report = audit_trades(household(policy, cash=1000), [Trade("T1", "B", 10)])
    assert findings(report) == [("CASH-1", T1, "error")]


def test_cash_1_a_withdrawal_that_sales_could_raise_has_to_be_raised() -> None:
    report = audit_trades(household(), [Trade("T1", "A", -3)])
    assert findings(report) == [("CASH-1", T1, "error")]
    assert "A ($700.00)" in report.findings[0].message
    assert audit_trades(household(), [Trade("T1", "A", -4)]).findings == ()


def test_cash_1_doing_nothing_below_the_reserve_breaks_it_where_sales_are_allowed() -> None:
    assert findings(audit_trades(household(), [])) == [("CASH-1", T1, "error")]


@pytest.mark.parametrize(
    ("rule", "trades"),
    [
        ({"do_not_trade": True}, []),
        ({"no_sell": ["A"]}, []),
        ({"positions": {}}, []),
        ({"positions": {"C": 2}}, []),  # less than a cent
        ({"positions": {"A": 3.5}}, [Trade("T1", "A", -3.5)]),
    ],
)
def test_cash_2_what_no_allowed_sale_reaches_is_a_shortfall_and_a_warning(
    rule: dict[str, Any], trades: list[Trade]
) -> None:
    report = audit_trades(household(**rule), trades)
    assert findings(report) == [("CASH-2", T1, "warning")]
    assert report.accounts[0].shortfall == 500 - 100 - (350 if trades else 0)


def test_cash_2_an_account_with_a_shortfall_buys_nothing() -> None:
    report = audit_trades(household(no_sell=["A"]), [Trade("T1", "B", 1)])
    assert findings(report) == [("CASH-2", T1, "error")]
    assert "yet the account buys" in report.findings[0].message


def test_cash_2_an_account_with_a_shortfall_sells_all_that_it_may() -> None:
    report = audit_trades(household(positions={"A": 3.5, "B": 1}, cash_reserve=600), [Trade("T1", "A", -3)])
    assert findings(report) == [("CASH-2", T1, "error")]
    assert "A ($50.00), B ($50.00)" in report.findings[0].message


def test_cash_2_a_sale_that_costs_more_than_it_brings_is_not_missed() -> None:
    policy = {"costs": {"commission": 60}}
    report = audit_trades(household(policy, positions={"A": 1, "B": 1}), [Trade("T1", "A", -1)])
    assert findings(report) == [("CASH-2", T1, "warning")]


def test_cash_2_a_sale_below_the_least_order_is_not_missed() -> None:
    policy = {"min_trade_value": 60}
    report = audit_trades(household(policy, positions={"A": 1, "B": 1}), [Trade("T1", "A", -1)])
    assert findings(report) == [("CASH-2", T1, "warning")]


def lots(cost: float, *acquired: str) -> list[dict[str, Any]]:
    return [{"symbol": "A", "shares": 5, "cost_per_share": cost, "acquired": day} for day in acquired]


def test_cash_2_lots_at_a_loss_that_wash_2_keeps_are_not_missed() -> None:
    recent = lots(120, "2026-11-01", "2020-01-01")
    report = audit_trades(household(lots=recent, cash_reserve=2000), [])
    assert findings(report) == [("CASH-2", T1, "warning")]
    washed_but_for_gains = lots(120, "2026-11-01") + lots(90, "2020-01-01")
    report = audit_trades(household(lots=washed_but_for_gains, cash_reserve=2000), [])
    assert findings(report) == [("CASH-2", T1, "error")]
    assert "A ($500.00)" in report.findings[0].message


@pytest.mark.parametrize(
    "cap", [{"max_orders": 0}, {"max_realized_gain": 0}, {"max_tax": 0}], ids=lambda cap: next(iter(cap))
)
def test_cash_2_what_a_household_cap_could_forbid_is_not_missed(cap: dict[str, Any]) -> None:
    gains = lots(90, "2020-01-01", "2021-01-01")
    assert findings(audit_trades(household(cap, lots=gains), [])) == [("CASH-2", T1, "warning")]


@pytest.mark.parametrize("cap", [{"max_realized_gain": 0}, {"max_tax": 0}], ids=lambda cap: next(iter(cap)))
def test_cash_2_caps_on_gain_and_tax_forbid_nothing_in_sheltered_accounts(cap: dict[str, Any]) -> None:
    gains = lots(90, "2020-01-01", "2021-01-01")
    report = audit_trades(household(cap, lots=gains, kind="tax_deferred"), [])
    assert findings(report) == [("CASH-1", T1, "error")]


def test_cash_2_a_cap_on_orders_does_not_forbid_a_larger_order() -> None:
    report = audit_trades(household({"max_orders": 1}), [Trade("T1", "A", -1)])
    assert findings(report) == [("CASH-1", T1, "error")]


@pytest.mark.parametrize(("fractional", "cash"), [(False, "$500.00"), (True, "$550.00")])
def test_cash_2_beside_lots_that_are_kept_whole_shares_or_thousandths_could_be_sold(
    fractional: bool, cash: str
) -> None:
    kept = lots(120, "2026-11-01")
    free = [{"symbol": "A", "shares": 5.5, "cost_per_share": 90, "acquired": "2020-01-01"}]
    report = audit_trades(
        household(positions={"A": 10.5}, lots=kept + free, cash_reserve=2000, fractional=fractional), []
    )
    assert findings(report) == [("CASH-2", T1, "error")]
    assert report.findings[0].message.endswith(f"A ({cash})")


def test_cash_2_a_cap_that_is_not_reached_is_no_excuse() -> None:
    losses = lots(110, "2020-01-01", "2021-01-01")
    policy = {"max_orders": 1, "max_realized_gain": 0, "max_tax": 0}
    assert findings(audit_trades(household(policy, lots=losses), [])) == [("CASH-1", T1, "error")]


def test_cash_rules_hold_for_each_account_by_itself() -> None:
    rich = {"label": "Rich", "account_number": "R1", "cash": 1e6, "positions": {}}
    report = audit_trades(household(others=[rich]), [])
    assert findings(report) == [("CASH-1", T1, "error")]
    assert {item.account_number: item.shortfall for item in report.accounts} == {"R1": 0, "T1": 400}


@pytest.mark.parametrize(("least", "severity"), [(1000, "error"), (1000.01, "warning")])
def test_cash_2_a_holding_worth_exactly_the_least_order_may_still_be_sold(
    least: float, severity: str
) -> None:
    report = audit_trades(household({"min_trade_value": least}), [])
    assert [each[2] for each in findings(report)] == [severity]


@pytest.mark.parametrize(("sell", "severity"), [("A", "error"), ("B", "warning")])
def test_cash_2_a_mode_that_forbids_the_sale_explains_the_shortfall(sell: str, severity: str) -> None:
    report = audit_trades(household({"mode": "partial", "partial": {"sell": sell, "buy": "B"}}), [])
    assert [each[2] for each in findings(report)] == [severity]
