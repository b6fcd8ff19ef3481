"""Plans and failures as rows of the result tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import version
from typing import Any

import pyarrow as pa

from realloc.batch.flatten import Row, json_text
from realloc.batch.tables import RESULTS
from realloc.errors import Issue
from realloc.plan import Plan

Rows = Mapping[str, list[Row]]

DEATHS = 2
"""So many processes may die with a household alone in hand before it is set aside."""

_TRADE = ("sequence", "symbol", "shares", "price", "notional", "reason")
_CLASS = tuple(RESULTS["classes"].names[1:])
_ISSUE = tuple(RESULTS["issues"].names[1:])
_TOTALS = ("value", "drift_before", "drift_after", "realized_short_term", "realized_long_term")
_COSTS = ("objective", "do_nothing", "drift", "tax", "trading", "location")
_PROOF = ("status", "bound", "gap", "gap_bps")


@cache
def engine_version() -> str:
    """Return the version of the package that plans."""
    return version("realloc")


def results_table(rows: Rows) -> dict[str, Any]:
    """Return rows as the tables of `RESULTS`."""
    return {
        name: pa.Table.from_pylist(list(rows.get(name, ())), schema=schema)
        for name, schema in RESULTS.items()
    }


def failure_rows(household_id: str, issues: Iterable[Issue], run_id: str) -> Rows:
    """Return the rows of a failed household, one for each issue."""
    stamp = {"household_id": household_id, "run_id": run_id, "engine_version": engine_version()}
    return {
        "failures": [
            {**stamp, "code": issue.code, "where": issue.where, "message": issue.message} for issue in issues
        ]
    }


def set_aside(household_id: str, run_id: str) -> dict[str, Any]:
    """Return the result tables of a household that killed its process as often as `DEATHS`."""
    issue = Issue(code="worker.died", where="", message=f"its worker died {DEATHS} times")
    return results_table(failure_rows(household_id, [issue], run_id))


def plan_rows(household_id: str, plan: Plan, run_id: str, digest: str) -> Rows:
    """Return the rows of a plan; `digest` is the fingerprint of its household."""
    key = {"household_id": household_id}
    totals, costs, proof = plan.household, plan.costs, plan.certificate
    row = {
        **key,
        "run_id": run_id,
        "engine_version": engine_version(),
        "fingerprint": digest,
        "trades": len(plan.trades),
        **_named(totals, _TOTALS),
        **_named(costs, _COSTS),
        **_named(proof, _PROOF),
    }
    return {
        "plans": [row],
        "trades": [
            {
                **key,
                "account_number": trade.account_id,
                **_named(trade, _TRADE),
                "lots": json_text([lot.to_dict() for lot in trade.lots]),
            }
            for trade in plan.trades
        ],
        "classes": [{**key, **_named(row, _CLASS)} for row in plan.classes],
        "issues": [{**key, **_named(issue, _ISSUE)} for issue in plan.issues],
    }


def _named(record: Any, names: Iterable[str]) -> Row:
    return {name: getattr(record, name) for name in names}
