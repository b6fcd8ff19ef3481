"""Plans as result tables: nothing of a plan document is lost."""

from __future__ import annotations

import json
from typing import Any

import pytest

from benchmarks.households import document
from realloc import Household, rebalance
from realloc.batch import RESULTS
from realloc.batch.results import plan_rows, results_table
from realloc.documents import schema

NOT_PLANNED = {"fewer_orders", "orders", "share"}
"""How far plans of a few orders get is asked for by a command of its own; a batch does not plan it."""


def homes() -> dict[str, dict[str, Any]]:
    """Households whose plans together have every section of a plan document."""
    plain, harvesting, washing = (document("S", seed) for seed in (1, 2, 3))
    harvesting["policy"]["harvest"] = {}
    harvesting["tax_year"] = {"realized_short_term": 500.0, "carried_long_term": 4000.0}
    washing["policy"]["wash_sales"] = {"mode": "allow"}
    for home in (harvesting, washing):
        home["accounts"][0]["owner"] = "Ann"
        for lot in home["accounts"][0]["lots"]:
            lot["cost_per_share"] = round(3 * lot["cost_per_share"], 2)
    bought = next(iter(washing["accounts"][0]["positions"]))
    trade = {"account_number": "T001", "symbol": bought, "shares": 1, "price": 9.0, "traded": "2026-06-20"}
    washing["recent_trades"] = [trade]
    plain["accounts"][0]["cash_reserve"] = 1e9
    plain["accounts"][1]["targets"] = {"CASH": 1.0}
    return {"plain": plain, "harvesting": harvesting, "washing": washing, "many": document("M", 0)}


def rebuilt(results: dict[str, Any], household_id: str) -> dict[str, Any]:
    """Put a plan document together from the tables alone."""
    rows = {
        name: [
            {key: value for key, value in row.items() if key != "household_id"}
            for row in table.to_pylist()
            if row["household_id"] == household_id
        ]
        for name, table in results.items()
    }
    (plan,) = rows["plans"]
    for name, column in (
        ("no_buy", "accounts"),
        ("no_buy", "owners"),
        ("harvest", "replacement"),
        ("trades", "lots"),
    ):
        for row in rows[name]:
            row[column] = json.loads(row[column])
    for row in rows["trades"]:
        row["account_id"] = row.pop("account_number")
    for name, column in (("wash_sales", "bought"), ("no_buy", "until"), ("harvest", "switch_back_from")):
        for row in rows[name]:
            row[column] = row[column].isoformat()
    for row in rows["classes"]:
        if not row["account"]:
            row.pop("account")

    def some(*names: str) -> dict[str, Any]:
        return {name: plan[name] for name in names}

    found: dict[str, Any] = {
        **{name: rows[name] for name in ("trades", "accounts", "classes", "issues")},
        "household": some(
            "value", "drift_before", "drift_after", "realized_short_term", "realized_long_term"
        ),
        "costs": some("objective", "do_nothing", "drift", "tax", "trading", "location"),
        "certificate": some("status", "objective", "bound", "gap", "gap_bps"),
        "wash_sales": {
            "disallowed": rows["wash_sales"],
            "deferred": plan["wash_deferred"],
            "lost": plan["wash_lost"],
            "no_buy": rows["no_buy"],
        },
    }
    if rows["tax_years"]:
        (found["tax_year"],) = rows["tax_years"]
    if plan["harvest_loss"] is not None:
        sums = {key: plan[f"harvest_{key}"] for key in ("loss", "tax_saved", "deferred")}
        found["harvest"] = {**sums, "sales": rows["harvest"]}
    return found


@pytest.fixture(scope="module")
def plans() -> dict[str, Any]:
    return {name: rebalance(Household.from_dict(home)) for name, home in homes().items()}


def test_a_plan_document_comes_back_from_its_rows(plans: dict[str, Any]) -> None:
    rows: dict[str, list[Any]] = {name: [] for name in RESULTS}
    for household_id, plan in plans.items():
        for name, made in plan_rows(household_id, plan, "r1", "f").items():
            rows[name] += made
    results = results_table(rows)
    for household_id, plan in plans.items():
        assert rebuilt(results, household_id) == json.loads(json.dumps(plan.to_dict()))


def test_every_key_of_the_plan_schema_was_in_a_document_that_came_back(plans: dict[str, Any]) -> None:
    def keys(value: Any) -> set[str]:
        if isinstance(value, list):
            return {key for one in value for key in keys(one)}
        return (
            set(value) | {key for one in value.values() for key in keys(one)}
            if isinstance(value, dict)
            else set()
        )

    def named(part: Any) -> set[str]:
        if isinstance(part, list):
            return {key for one in part for key in named(one)}
        if not isinstance(part, dict):
            return set()
        own = set(part.get("properties", {})) if isinstance(part.get("properties"), dict) else set()
        return own | {key for one in part.values() for key in named(one)}

    seen = {key for plan in plans.values() for key in keys(plan.to_dict())}
    assert named(schema("plan")) - NOT_PLANNED <= seen
