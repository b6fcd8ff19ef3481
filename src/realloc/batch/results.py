"""Plans and failures as rows of the result tables."""

from __future__ import annotations

import hashlib
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
    document = plan.to_dict()
    key = {"household_id": household_id}
    row = {
        **key,
        "run_id": run_id,
        "engine_version": engine_version(),
        "fingerprint": digest,
        "trades": len(plan.trades),
        **document["household"],
        **document["costs"],
        **document["certificate"],
    }
    return {
        "plans": [row],
        "trades": [
            {
                **key,
                "account_number": trade["account_id"],
                **{name: trade.get(name) for name in _TRADE},
                "lots": json_text(trade.get("lots", [])),
            }
            for trade in document["trades"]
        ],
        "classes": [{**key, "account": "", **row} for row in document["classes"]],
        "issues": [{**key, **issue} for issue in document["issues"]],
    }


def fingerprint(document: Mapping[str, Any]) -> str:
    """Return a digest of a household document, the same whatever the order of its rows."""
    accounts = [
        {
            key: sorted(value, key=json_text) if isinstance(value, (list, tuple)) else value
            for key, value in account.items()
        }
        for account in document["accounts"]
    ]
    accounts.sort(key=lambda account: str(account.get("account_number")))
    trades = sorted(document.get("recent_trades", ()), key=json_text)
    text = json_text({**document, "accounts": accounts, "recent_trades": trades})
    return hashlib.sha256(text.encode()).hexdigest()
