"""A rebalancer that plans households: its plan is printed, exported and put before the validators."""

from __future__ import annotations

import json
import sys
from dataclasses import fields, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from realloc.cli import rebalance_json_input
from realloc.cli.answer import Grid
from realloc.cli.plan_document import read_plan
from realloc.cli.plan_view import plan_answer
from realloc.cli.rebalance_json_input import read_household
from realloc.documents import schema
from realloc.errors import Issue
from realloc.harvested import Harvested, HarvestedSale
from realloc.household import Household
from realloc.plan import (
    AccountCash,
    Certificate,
    ClassWeight,
    FewerOrders,
    HouseholdTotals,
    NoBuy,
    Plan,
    PlanCosts,
    PlannedWashSales,
    WashSale,
    YearAfter,
)
from realloc.plugins.core.base import RebalancerPlugin
from realloc.plugins.core.results import RebalanceResult
from realloc.trades import LotSale, Trade

DOCUMENT = {
    "prices": {"VTI": 250.0, "BND": 50.0},
    "accounts": [{"label": "Joint", "account_number": "Z1", "cash": 0, "positions": {"VTI": 30}}],
    "model": {"name": "60/40", "targets": {"VTI": 0.6, "BND": 0.4}},
}
LOT = LotSale(id="a1", shares=12, cost_per_share=200.0, acquired=date(2020, 1, 2), term="long", gain=600.0)
PLAN = Plan(
    trades=(
        Trade(
            "Z1", "VTI", -12, price=250.0, notional=-3000.0, sequence=1, lots=(LOT,), reason="Sells stock."
        ),
        Trade("Z1", "BND", 60, price=50.0, notional=3000.0, sequence=2, reason="Buys bonds."),
    ),
    accounts=(AccountCash(account_number="Z1", cash_before=0.0, cash_after=0.0, shortfall=12.5),),
    classes=(
        ClassWeight(name="VTI", target=0.6, before=1.0, after=0.6, band=0.05),
        ClassWeight(name="BND", target=0.4, before=0.0, after=0.4, band=0.05, account="Z1"),
    ),
    household=HouseholdTotals(
        value=7500.0, drift_before=0.4, drift_after=0.0, realized_short_term=0.0, realized_long_term=600.0
    ),
    costs=PlanCosts(objective=120.0, do_nothing=378.0, drift=0.0, tax=120.0, trading=0.0, location=0.0),
    certificate=Certificate(status="certified", objective=120.0, bound=119.5, gap=0.5, gap_bps=0.667),
    issues=(Issue(code="x", where="accounts[Z1]", message="a note", hint="a hint", severity="warning"),),
    wash_sales=PlannedWashSales(
        disallowed=(
            WashSale(
                account_number="Z1", symbol="VTI", lot="", shares=2.0, disallowed=4.0, effect="lost",
                replaced_in="I1", replaced_by="VTI", bought=date(2026, 3, 1),
            ),
        ),
        deferred=1.0, lost=4.0,
        no_buy=(NoBuy(symbol="VTI", until=date(2026, 3, 31), accounts=("I1", "Z1"), owners=("Ann",)),),
    ),
    tax_year=YearAfter(
        realized_short_term=-50.0, realized_long_term=600.0, taxed_short_term=0.0, taxed_long_term=550.0,
        deducted=0.0, carried_short_term=1.0, carried_long_term=2.0, tax_before=10.0, tax=120.0,
    ),
    harvest=Harvested(
        loss=500.0, tax_saved=185.0, deferred=100.0, sales=(
            HarvestedSale(
                account_number="Z1", symbol="VTI", shares=2.0, loss=500.0, tax_saved=185.0, deferred=100.0,
                replacement=("ITOT",), switch_back_from=date(2026, 4, 1),
            ),
        ),
    ),
    fewer_orders=(FewerOrders(orders=1, objective=200.0, share=0.69),),
)  # fmt: skip


class Planner(RebalancerPlugin):
    """Hands out the plan above."""

    name = "planner"

    def execute_rebalance(self, *_: Any, **__: Any) -> RebalanceResult:
        raise AssertionError("a household is planned, not worked step by step")

    def plan(self, household: Household) -> Plan:
        assert household.model.name == "60/40"
        return PLAN


@pytest.fixture(autouse=True)
def _with_the_planner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(RebalancerPlugin, "load_rebalancer", lambda _: Planner())
    Path("in.json").write_text(json.dumps(DOCUMENT), encoding="utf-8")


def command(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["rebalance-cli", "in.json", "--rebalancer", "planner", *words])
    return rebalance_json_input.command()


def test_the_plan_is_printed_with_trades_reasons_certificate_and_issues(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(monkeypatch) == 0
    printed = capsys.readouterr()
    lines = [" ".join(line.split()) for line in printed.out.splitlines() if line]
    wanted = (
        "Worth trading: 2 orders in 1 account, together worth $258.00.",
        "The household is worth $7,500.00; its drift is 40.0% and becomes 0.0%.",
        "Joint (Z1), taxable: cash $0.00, then $0.00",
        "sell VTI 1 12 $250.00 $3,000.00",
        "buy BND 2 60 $50.00 $3,000.00",
        "Tax on the sales $120.00",
        "Cost of doing nothing $378.00",
        "Saved by trading $258.00",
        "Realized gains: $0.00 short-term, $600.00 long-term.",
        "warning accounts[Z1]: a note (a hint)",
        "Joint: BND 40.0% 5.0% 0.0% 40.0%",
    )
    places = [lines.index(line) for line in wanted]
    assert places == sorted(places)  # is it worth it, what to do, what it costs, what stood in the way
    assert (
        "How close to the best possible: within $0.50 of it, 0.667 bps of the household. No plan under these "
        "rules can cost less than $119.50."
    ) in " ".join(lines)
    assert "Sells stock." not in printed.out
    assert printed.err == ""


def test_the_plan_document_is_printed_and_keeps_its_schema(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(monkeypatch, "--format", "json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document == PLAN.to_dict()
    Draft202012Validator(schema("plan"), format_checker=FormatChecker()).validate(document)


def test_the_schema_refuses_a_plan_with_a_key_too_many() -> None:
    validator = Draft202012Validator(schema("plan"))
    for section in ("household", "costs", "certificate"):
        document = PLAN.to_dict()
        document[section]["more"] = 1
        assert not validator.is_valid(document)


def test_the_trades_of_a_plan_are_exported(monkeypatch: pytest.MonkeyPatch) -> None:
    assert command(monkeypatch, "--exporter", "csv", "--export-path", "out.csv") == 0
    assert Path("out.csv").read_text() == "Account,Symbol,Shares\nZ1,VTI,-12\nZ1,BND,60\n"


def test_a_plan_that_a_validator_refuses_is_not_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--validator", "max_position:max_position=50", "--exporter", "csv", "--export-path", "out.csv"]
    assert command(monkeypatch, *words) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("rebalance-cli: error: trades[1]: Would exceed max position of 50")
    assert not Path("out.csv").exists()


def test_the_household_reaches_the_planner_as_the_document_says() -> None:
    assert read_household("in.json").to_dict()["accounts"][0]["positions"] == {"VTI": 30.0}


def test_a_saved_plan_is_read_back_with_every_field(tmp_path: Path) -> None:
    """A field that a plan gets must be read back too: here every one is set."""
    assert all(getattr(PLAN, field.name) for field in fields(PLAN))
    place = tmp_path / "plan.json"
    place.write_text(json.dumps(PLAN.to_dict()), encoding="utf-8")
    assert read_plan(place) == PLAN


def test_the_page_tells_the_tax_year_where_the_household_states_it() -> None:
    household = Household.from_dict(DOCUMENT)
    titles = [part.title for part in plan_answer(PLAN, household).page if isinstance(part, Grid)]
    assert "The tax year with this plan: tax $120.00, without it $10.00" in titles
    assert "Harvested losses" in titles
    without = plan_answer(replace(PLAN, tax_year=None), household).page
    assert not any(isinstance(part, Grid) and "tax year" in part.title for part in without)
