"""Class targets as weights by symbol, and the rules that a step-by-step rebalancer must not break."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realloc.cli.by_symbol import model_by_symbol
from realloc.cli.stepwise import require_rules_kept
from realloc.errors import InputError
from realloc.household import Household
from realloc.optimizer.scopes import scopes_of
from realloc.trades import Trade

CLASSES = {"stock": {"symbols": ["VTI", "ITOT"]}, "bonds": {"symbols": ["BND", "AGG"]}}
PRICES = {"VTI": 100, "ITOT": 50, "BND": 25, "XYZ": 10}


def household(positions: dict[str, float], cash: float = 0.0, **more: Any) -> Household:
    policy = more.pop("policy", {})
    account = {"label": "A", "account_number": "1", "cash": cash, "positions": positions} | more
    return Household.from_dict(
        {
            "as_of": "2026-11-20",
            "prices": PRICES,
            "accounts": [account],
            "model": {"name": "m", "targets": {"stock": 0.6, "bonds": 0.4}, "classes": CLASSES},
            "policy": policy,
        },
        today=date(2026, 11, 20),
    )


def weights(of: Household) -> dict[str, float]:
    return model_by_symbol(scopes_of(of)[0], of).targets


def test_what_a_class_lacks_goes_to_its_preferred_symbol() -> None:
    # 1,000 dollars: 200 VTI + 100 ITOT of 600 in stock; AGG has no price, so BND takes all of bonds
    found = weights(household({"VTI": 2, "ITOT": 2}, cash=700))
    assert found == pytest.approx({"VTI": 0.5, "ITOT": 0.1, "BND": 0.4})


def test_what_a_class_has_too_much_is_taken_from_its_largest_holding() -> None:
    # 1,000 dollars: 500 VTI + 400 ITOT of 600 in stock: 300 go from VTI; XYZ is not wanted
    found = weights(household({"VTI": 5, "ITOT": 8, "XYZ": 10}))
    assert found == pytest.approx({"VTI": 0.2, "ITOT": 0.4, "BND": 0.4, "XYZ": 0.0})


@given(
    st.dictionaries(st.sampled_from(sorted(PRICES)), st.integers(0, 1000).map(float)),
    st.integers(1, 100_000).map(float),
)
def test_the_weights_of_a_class_add_up_to_its_target(positions: dict[str, float], cash: float) -> None:
    found = weights(household(positions, cash))
    assert found["VTI"] + found["ITOT"] == pytest.approx(0.6)
    assert found["BND"] == pytest.approx(0.4)
    assert min(found.values()) >= 0.0


def test_a_fund_that_spans_classes_needs_a_planner() -> None:
    document = household({"VTI": 1}).to_dict()
    document["model"]["classes"]["stock"]["symbols"] = {"VTI": 0.7}
    with pytest.raises(InputError, match=r"model\.classes\.stock\.symbols: .*--rebalancer optimal"):
        weights(Household.from_dict(document))


LOSS = [{"symbol": "VTI", "shares": 10, "cost_per_share": 150, "acquired": "2024-01-02"}]
GAIN = [{"symbol": "VTI", "shares": 10, "cost_per_share": 50, "acquired": "2024-01-02"}]
NEW = [{"symbol": "VTI", "shares": 10, "cost_per_share": 150, "acquired": "2026-11-10"}]


@pytest.mark.parametrize(
    ("rules", "trade", "rule", "place"),
    [
        ({"do_not_trade": True}, Trade("1", "VTI", 1), "DNT-1", "accounts[0]"),
        ({"no_sell": ["VTI"]}, Trade("1", "VTI", -1), "SELL-1", "accounts[0]"),
        ({"no_buy": ["VTI"]}, Trade("1", "VTI", 1), "BUY-1", "accounts[0]"),
        ({"only": ["BND"]}, Trade("1", "VTI", 1), "BUY-1", "accounts[0]"),
        ({"max_position_value": 1050}, Trade("1", "VTI", 1), "BUY-2", "accounts[0]"),
        ({"cash_reserve": 950}, Trade("1", "VTI", 1), "CASH-1", "accounts[0]"),
        ({"cash_flow": -950}, Trade("1", "VTI", 1), "CASH-1", "accounts[0]"),
        ({"policy": {"max_orders": 0}}, Trade("1", "VTI", 1), "CAP-1", "policy.max_orders"),
        ({"policy": {"min_trade_value": 101}}, Trade("1", "VTI", -1), "QTY-3", "accounts[0]"),
        ({"lots": GAIN, "policy": {"max_tax": 9}}, Trade("1", "VTI", -1), "CAP-3", "policy.max_tax"),
        (
            {"lots": GAIN, "policy": {"max_realized_gain": 49}},
            Trade("1", "VTI", -1),
            "CAP-2",
            "policy.max_realized_gain",
        ),
        ({"policy": {"max_drift": 0.1}}, Trade("1", "VTI", -1), "CAP-4", "policy.max_drift"),
        ({"policy": {"mode": "invest_cash"}}, Trade("1", "VTI", -1), "MODE-3", "accounts[0]"),
        ({"lots": NEW}, Trade("1", "VTI", -1), "WASH-2", "accounts[0]"),
    ],
)
def test_a_trade_that_breaks_a_rule_is_refused(
    rules: dict[str, Any], trade: Trade, rule: str, place: str
) -> None:
    # 10 VTI at 100 dollars and 1,000 dollars
    held = household({"VTI": 10}, cash=1000, **rules)
    with pytest.raises(InputError) as caught:
        require_rules_kept(held, [trade])
    (issue,) = caught.value.issues
    assert (issue.where, issue.message.rpartition(" ")[2]) == (place, rule)


@pytest.mark.parametrize(
    ("rules", "trade"),
    [
        ({"no_sell": ["VTI"], "only": ["VTI"]}, Trade("1", "VTI", 1)),
        ({"no_buy": ["VTI"], "only": []}, Trade("1", "VTI", -1)),
        ({"max_position_value": 1100, "cash_reserve": 900}, Trade("1", "VTI", 1)),
        ({"max_position_value": 5, "cash_reserve": 1100}, Trade("1", "VTI", -1)),
        ({"policy": {"max_orders": 1, "min_trade_value": 100}}, Trade("1", "VTI", 1)),
        ({"lots": GAIN, "policy": {"max_tax": 10, "max_realized_gain": 50}}, Trade("1", "VTI", -1)),
        ({"lots": LOSS}, Trade("1", "VTI", -1)),
    ],
)
def test_a_trade_that_breaks_no_rule_passes(rules: dict[str, Any], trade: Trade) -> None:
    require_rules_kept(household({"VTI": 10}, cash=1000, **rules), [trade])


def test_trades_of_one_symbol_are_one_order() -> None:
    held = household({"VTI": 10}, cash=1000, policy={"max_orders": 1, "min_trade_value": 150})
    require_rules_kept(held, [Trade("1", "VTI", 1), Trade("1", "VTI", 1)])


def test_no_trades_break_no_rule() -> None:
    require_rules_kept(household({"VTI": 10}, cash=100, cash_reserve=500), [])


@pytest.mark.parametrize(
    ("sold", "rule"),
    [("VTI", "WASH-3"), ("ITOT", "WASH-3"), ("BND", "")],
)
def test_what_one_account_sold_at_a_loss_another_does_not_buy_back(sold: str, rule: str) -> None:
    # ten days before, the taxable account sold at a loss what the IRA now buys
    document = household({"VTI": 10}, cash=1000).to_dict()
    document["accounts"][0] |= {"kind": "tax_deferred"}
    document["accounts"].append({"label": "T", "account_number": "2", "cash": 0, "positions": {}})
    document["policy"]["wash_sales"] |= {"identical": [["VTI", "ITOT"]]}
    document["recent_trades"] = [
        {
            "account_number": "2",
            "symbol": sold,
            "shares": -5,
            "price": 90,
            "traded": "2026-11-10",
            "gain": -100,
        }
    ]
    held = Household.from_dict(document)
    if not rule:
        require_rules_kept(held, [Trade("1", "VTI", 1)])
        return
    with pytest.raises(InputError, match=rf"accounts\[0\]: 'A': VTI is bought, .* against {rule}"):
        require_rules_kept(held, [Trade("1", "VTI", 1)])


def test_a_loss_that_is_sold_is_not_bought_in_another_account() -> None:
    document = household({"VTI": 10}, lots=LOSS).to_dict()
    document["accounts"].append(
        {"label": "I", "account_number": "2", "cash": 500, "positions": {}, "kind": "tax_deferred"}
    )
    with pytest.raises(InputError, match=r"accounts\[1\]: 'I': VTI is bought, .* against WASH-1"):
        require_rules_kept(Household.from_dict(document), [Trade("1", "VTI", -1), Trade("2", "VTI", 1)])
