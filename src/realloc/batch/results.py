"""Plans and failures as rows of the result tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib.metadata import version
from operator import attrgetter
from typing import Any

import pyarrow as pa

from realloc.batch.flatten import Row, json_text
from realloc.batch.tables import RESULTS
from realloc.errors import Issue
from realloc.plan import Plan, PlannedWashSales
from realloc.trades import Trade

Rows = Mapping[str, list[Row]]

DEATHS = 2
"""So many processes may die with a household alone in hand before it is set aside."""


def _cells(*names: str) -> Callable[[Any], Row]:
    """Return what takes cells of these names off a value."""
    take = attrgetter(*names)
    return lambda record: dict(zip(names, take(record), strict=True))


def _cells_of(table: str, *others: str) -> Callable[[Any], Row]:
    """Return what takes the cells of a result table off a value, but the household's id and some others."""
    return _cells(*(name for name in RESULTS[table].names[1:] if name not in others))


_trade = _cells("sequence", "symbol", "shares", "price", "notional", "reason")
_class, _account, _issue = _cells_of("classes"), _cells_of("accounts"), _cells_of("issues")
_wash_sale, _tax_year = _cells_of("wash_sales"), _cells_of("tax_years")
_no_buy, _harvested = _cells_of("no_buy", "accounts", "owners"), _cells_of("harvest", "replacement")
_totals = _cells("value", "drift_before", "drift_after", "realized_short_term", "realized_long_term")
_costs = _cells("objective", "do_nothing", "drift", "tax", "trading", "location")
_proof = _cells("status", "bound", "gap", "gap_bps")


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
    washed, harvest = plan.wash_sales or PlannedWashSales(), plan.harvest
    row = {
        **key,
        "run_id": run_id,
        "engine_version": engine_version(),
        "fingerprint": digest,
        "trades": len(plan.trades),
        **_totals(plan.household),
        **_costs(plan.costs),
        **_proof(plan.certificate),
    }
    if plan.wash_sales is not None:
        row |= {"wash_deferred": washed.deferred, "wash_lost": washed.lost}
    if harvest is not None:
        row |= {
            "harvest_loss": harvest.loss,
            "harvest_tax_saved": harvest.tax_saved,
            "harvest_deferred": harvest.deferred,
        }
    return {
        "plans": [row],
        "trades": [
            {**key, **_trade(trade), "account_number": trade.account_id, "lots": _lots(trade)}
            for trade in plan.trades
        ],
        "classes": [key | _class(one) for one in plan.classes],
        "accounts": [key | _account(account) for account in plan.accounts],
        "wash_sales": [key | _wash_sale(sale) for sale in washed.disallowed],
        "no_buy": [
            {**key, **_no_buy(one), "accounts": json_text(one.accounts), "owners": json_text(one.owners)}
            for one in washed.no_buy
        ],
        "harvest": [
            {**key, **_harvested(sale), "replacement": json_text(sale.replacement)}
            for sale in (harvest.sales if harvest else ())
        ],
        "tax_years": [key | _tax_year(plan.tax_year)] if plan.tax_year else [],
        "issues": [key | _issue(issue) for issue in plan.issues],
    }


def _lots(trade: Trade) -> str:
    return json_text([lot.to_dict() for lot in trade.lots]) if trade.lots else "[]"
