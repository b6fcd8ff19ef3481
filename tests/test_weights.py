"""Rules VAL-2 (mirror) and VAL-3 (after-tax weights), by hand-computed plans."""

from __future__ import annotations

from typing import Any

import pytest

from realloc.audit import audit_plan, audit_trades
from realloc.engine import rebalance
from realloc.errors import InputError
from realloc.household import Household
from realloc.plan import Plan

MODEL = {
    "name": "60/40",
    "targets": {"stock": 0.6, "bonds": 0.4},
    "classes": {"stock": {"symbols": ["VTI"]}, "bonds": {"symbols": ["BND"]}},
}


def account(number: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"label": number, "account_number": number, "kind": kind, **more}


def household(*accounts: dict[str, Any], **policy: Any) -> Household:
    return Household.from_dict(
        {
            "as_of": "2026-11-20",
            "prices": {"VTI": 100.0, "BND": 100.0},
            "accounts": list(accounts),
            "model": MODEL,
            "policy": policy,
        }
    )


def bought(plan: Plan) -> dict[tuple[str, str], float]:
    return {(trade.account_id, trade.symbol): trade.shares for trade in plan.trades}


class TestMirror:
    def test_each_account_follows_the_model_by_itself(self) -> None:
        accounts = account("A", "taxable", cash=1000.0), account("B", "tax_deferred", cash=5000.0)
        location = {"bonds": ["tax_deferred"]}
        together = rebalance(household(*accounts, location_preference=location))
        assert bought(together) == {("A", "VTI"): 10, ("B", "VTI"): 26, ("B", "BND"): 24}
        mirrored = rebalance(household(*accounts, location_preference=location, mirror=True))
        assert bought(mirrored) == {("A", "VTI"): 6, ("A", "BND"): 4, ("B", "VTI"): 30, ("B", "BND"): 20}
        weights = {(row.account, row.name): row.after for row in mirrored.classes}
        assert weights["A", "stock"] == weights["B", "stock"] == 0.6
        assert ("", "stock") not in weights

    def test_own_targets_stay_and_the_order_of_accounts_is_by_number(self) -> None:
        plan = rebalance(
            household(
                account("A", "taxable", cash=1000.0, targets={"BND": 1.0}),
                account("B", "taxable", cash=1000.0),
                account("0", "taxable", cash=1000.0),
                mirror=True,
            )
        )
        assert bought(plan)["A", "BND"] == 10
        assert [row.account for row in plan.classes] == ["0"] * 3 + ["A"] * 2 + ["B"] * 3

    def test_a_class_that_a_menu_cannot_reach_is_reported_with_its_account(self) -> None:
        plan = rebalance(
            household(
                account("401k", "tax_deferred", cash=1000.0, only=["VTI"]),
                account("B", "taxable", cash=1000.0),
                mirror=True,
            )
        )
        (issue,) = [issue for issue in plan.issues if issue.code == "class.out_of_reach"]
        assert issue.where == "model.targets.bonds"
        assert issue.message == (
            "bonds in 401k stays at less than 0.1% (target 40.0%): no plan under these rules brings it above 0.00%; "
            "in the way: not on the menu in 401k"
        )

    def test_drift_of_accounts_that_cancel_out_counts(self) -> None:
        # together 60/40 exactly; by themselves each is 40 and 60 points off: (0.4 + 0.4 of 1000, 0.6 + 0.6 of 1000)
        accounts = (
            account("A", "taxable", positions={"VTI": 10}, do_not_trade=True),
            account("B", "taxable", positions={"VTI": 2, "BND": 8}, do_not_trade=True),
        )
        assert rebalance(household(*accounts)).household.drift_before == 0.0
        plan = rebalance(household(*accounts, mirror=True))
        assert plan.household.drift_before == pytest.approx((0.4 + 0.4 + 0.4 + 0.4) * 1000 / (2 * 2000))


class TestAfterTaxWeights:
    def test_pre_tax_dollars_count_for_less(self) -> None:
        # 4,000 x 0.75 = 3,000 in the IRA and 3,000 taxable: stock is to be 3,600 of 6,000, that is all of the
        # taxable account and 600 / 0.75 = 800 dollars of the IRA.
        accounts = account("A", "taxable", cash=3000.0), account("B", "tax_deferred", cash=4000.0)
        location = {"bonds": ["tax_deferred"]}
        plan = rebalance(
            household(*accounts, location_preference=location, after_tax_weights={"tax_deferred": 0.75})
        )
        assert bought(plan) == {("A", "VTI"): 30, ("B", "VTI"): 8, ("B", "BND"): 32}
        assert {row.name: row.after for row in plan.classes} == {"CASH": 0.0, "bonds": 0.4, "stock": 0.6}
        assert plan.household.value == 7000.0
        assert plan.household.drift_after == 0.0

    def test_drift_is_charged_and_measured_in_after_tax_dollars(self) -> None:
        # 3,000 of stock and 4,000 x 0.5 = 2,000 of bonds: value 5,000, stock 60%. Counted alike it is 3/7.
        accounts = (
            account("A", "taxable", positions={"VTI": 30}, do_not_trade=True),
            account("B", "tax_deferred", positions={"BND": 40}, do_not_trade=True),
        )
        plan = rebalance(household(*accounts, after_tax_weights={"tax_deferred": 0.5}))
        assert plan.household.drift_before == 0.0
        assert plan.costs.do_nothing == 0.0
        # with 0.25 bonds are 1,000 of 4,000: 25% against 40%, 600 dollars off on both sides. The bands are 200:
        # 2 x (200 x 0.004 + 400 x 0.06) = 49.60
        plan = rebalance(household(*accounts, after_tax_weights={"tax_deferred": 0.25}))
        assert plan.household.drift_before == pytest.approx(0.15)
        assert plan.costs.do_nothing == pytest.approx(49.6)
        assert plan.household.value == 7000.0

    def test_an_account_with_own_targets_keeps_its_weights_and_drifts_for_less(self) -> None:
        # 1,000 dollars of which all should be bonds: weights as they are, 0.5 x 2 x 1,000 dollars off; the bands
        # are 5% of 500, and 0 for the unassigned symbol: half of what they are without the weight
        own = account("A", "tax_deferred", positions={"VTI": 10}, targets={"BND": 1.0}, do_not_trade=True)
        whole = rebalance(household(own))
        half = rebalance(household(own, after_tax_weights={"tax_deferred": 0.5}))
        assert half.classes == whole.classes
        assert half.household.drift_before == whole.household.drift_before == 1.0
        assert half.costs.do_nothing == pytest.approx(whole.costs.do_nothing / 2)

    def test_tax_and_cash_stay_in_real_dollars(self) -> None:
        lots = [{"symbol": "VTI", "shares": 20, "cost_per_share": 90.0, "acquired": "2020-01-02"}]
        taxable = account("A", "taxable", positions={"VTI": 20}, lots=lots)
        plan = rebalance(household(taxable, after_tax_weights={"taxable": 0.9}))
        # a share sold saves 2 x 100 x 0.9 x 0.06 of drift beyond the band and 0.72 inside it, for 2.00 of tax
        assert bought(plan) == {("A", "VTI"): -7, ("A", "BND"): 7}
        assert plan.costs.tax == 7 * 10 * 0.2
        assert plan.accounts[0].cash_after == 0.0


def test_the_audit_refuses_figures_of_the_other_weights() -> None:
    accounts = (
        account("A", "taxable", positions={"VTI": 30}),
        account("B", "tax_deferred", positions={"BND": 40}),
    )
    plain = household(*accounts)
    weighed = household(*accounts, after_tax_weights={"tax_deferred": 0.5})
    codes = {issue.code for issue in audit_plan(weighed, rebalance(plain)).errors}
    assert {"CLS-2", "OBJ-1", "OBJ-5"} <= codes
    mirrored = household(*accounts, mirror=True)
    assert "CLS-1" in {issue.code for issue in audit_plan(mirrored, rebalance(plain)).errors}
    assert audit_trades(mirrored, ()).household.drift_before > 0


@pytest.mark.parametrize(
    ("policy", "where"),
    [
        ({"after_tax_weights": {"tax_deferred": 0}}, "policy.after_tax_weights.tax_deferred"),
        ({"after_tax_weights": {"tax_deferred": 1.1}}, "policy.after_tax_weights.tax_deferred"),
        ({"after_tax_weights": {"roth": 1.0}}, "policy.after_tax_weights.roth"),
        ({"mirror": "yes"}, "policy.mirror"),
    ],
)
def test_a_mistake_is_one_issue_with_its_place(policy: dict[str, Any], where: str) -> None:
    with pytest.raises(InputError) as caught:
        household(account("A", "taxable"), **policy)
    (issue,) = caught.value.issues
    assert issue.where == where


def test_both_come_back_from_the_document_as_they_were() -> None:
    stated = household(account("A", "taxable"), mirror=True, after_tax_weights={"tax_deferred": 0.75})
    assert Household.from_dict(stated.to_dict()) == stated
    assert stated.to_dict()["policy"]["after_tax_weights"] == {"tax_deferred": 0.75}
