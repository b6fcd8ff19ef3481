"""The published schemas of the tables that go into a batch and come out of it.

A table has a row for each thing of its name. Models, policies and prices are shared by reference: thousands of
households have one of each. Policies are JSON of the household document, and so is what a household, an account, a
model or a class says beside its columns (`more`), so that every document goes through unchanged, with keys that are
not yet invented too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

_TEXT, _NUMBER, _DATE, _FLAG, _COUNT = pa.string(), pa.float64(), pa.date32(), pa.bool_(), pa.int64()

_HOUSEHOLD = (_TEXT, "the household")
_ACCOUNT = (_TEXT, "number of the account")
_SYMBOL = (_TEXT, "the symbol")
_MORE = (_TEXT, "JSON of the document's other keys; null: there are none")
_STAMP = {
    "household_id": _HOUSEHOLD,
    "run_id": (_TEXT, "the run"),
    "engine_version": (_TEXT, "version of realloc that planned"),
}


def _schema(columns: Mapping[str, tuple[Any, str]]) -> Any:
    return pa.schema(
        [pa.field(name, kind, metadata={"description": text}) for name, (kind, text) in columns.items()]
    )


TABLES: Mapping[str, Any] = {
    "households": _schema({
        "household_id": _HOUSEHOLD,
        "as_of": (_DATE, "date of the decision"),
        "model_id": (_TEXT, "its model"),
        "policy_id": (_TEXT, "its policy; null: the default policy"),
        "prices_id": (_TEXT, "its prices"),
        "more": _MORE,
    }),
    "accounts": _schema({
        "household_id": _HOUSEHOLD,
        "account_number": _ACCOUNT,
        "label": (_TEXT, "name for people"),
        "kind": (_TEXT, "taxable (also where null), tax_deferred or tax_exempt"),
        "owner": (_TEXT, "whose account it is"),
        "custodian": (_TEXT, "who holds it; names the file of its orders, no part of the document"),
        "cash": (_NUMBER, "dollars"),
        "cash_reserve": (_NUMBER, "dollars that stay in cash"),
        "cash_flow": (_NUMBER, "dollars about to leave (negative) or to arrive"),
        "max_position_value": (_NUMBER, "cap on a position in dollars"),
        "fractional": (_FLAG, "trades to three decimals of a share"),
        "do_not_trade": (_FLAG, "no trade at all"),
        "more": _MORE,
    }),
    "positions": _schema({
        "household_id": _HOUSEHOLD,
        "account_number": _ACCOUNT,
        "symbol": _SYMBOL,
        "shares": (_NUMBER, "shares; rows of one symbol in one account are added up"),
    }),
    "lots": _schema({
        "household_id": _HOUSEHOLD,
        "account_number": _ACCOUNT,
        "symbol": _SYMBOL,
        "shares": (_NUMBER, "shares still held"),
        "cost_per_share": (_NUMBER, "dollars"),
        "acquired": (_DATE, "trade date of the purchase"),
        "id": (_TEXT, "name of the lot"),
    }),
    "restrictions": _schema({
        "household_id": _HOUSEHOLD,
        "account_number": _ACCOUNT,
        "rule": (_TEXT, "only (the menu), no_buy or no_sell"),
        "symbol": (_TEXT, "the symbol; null with only: a menu with nothing on it"),
    }),
    "recent_trades": _schema({
        "household_id": _HOUSEHOLD,
        "account_number": _ACCOUNT,
        "symbol": _SYMBOL,
        "shares": (_NUMBER, "shares; negative for a sale"),
        "price": (_NUMBER, "dollars per share"),
        "traded": (_DATE, "trade date"),
        "gain": (_NUMBER, "realized gain of a sale in dollars"),
    }),
    "prices": _schema({
        "prices_id": (_TEXT, "the list of prices"),
        "symbol": _SYMBOL,
        "price": (_NUMBER, "dollars per share"),
        "spread_bps": (_NUMBER, "full bid/ask spread in 1/10,000; null: the policy's"),
    }),
    "models": _schema({"model_id": (_TEXT, "the model"), "name": (_TEXT, "name for people"), "more": _MORE}),
    "targets": _schema({
        "model_id": (_TEXT, "the model"),
        "name": (_TEXT, "a class, a symbol or CASH"),
        "weight": (_NUMBER, "weight; the weights of a model are scaled to sum to 1"),
    }),
    "classes": _schema({
        "model_id": (_TEXT, "the model"),
        "name": (_TEXT, "the class"),
        "band_absolute": (_NUMBER, "half-width of its band in weight"),
        "band_relative": (_NUMBER, "half-width of its band relative to its target"),
        "more": _MORE,
    }),
    "members": _schema({
        "model_id": (_TEXT, "the model"),
        "class": (_TEXT, "the class"),
        "rank": (_COUNT, "place in the class; the first is preferred for buying"),
        "symbol": _SYMBOL,
        "share": (_NUMBER, "part of the symbol that is in the class; null: all of it"),
    }),
    "policies": _schema({
        "policy_id": (_TEXT, "the policy"),
        "document": (_TEXT, "JSON of the household document's policy"),
    }),
}  # fmt: skip
"""What goes in. Each column's ``description`` stands in its metadata."""

SHARED: Mapping[str, str] = {
    "prices": "prices_id",
    "models": "model_id",
    "targets": "model_id",
    "classes": "model_id",
    "members": "model_id",
    "policies": "policy_id",
}
"""Tables that are not by household, with the column of `households` that refers to them."""

RULES = ("only", "no_buy", "no_sell")
"""The rules of `restrictions`, which are keys of an account."""

UNREADABLE = "issues"
"""The key in the ``more`` of a household whose document could not be read: what is wrong with it."""

RESULTS: Mapping[str, Any] = {
    "plans": _schema({
        **_STAMP,
        "fingerprint": (_TEXT, "digest of the household's rows and of what they refer to, the same in any order"),
        "status": (_TEXT, "certified or time_limit"),
        "trades": (_COUNT, "orders"),
        "value": (_NUMBER, "dollars before trading"),
        "drift_before": (_NUMBER, "half the sum of absolute deviations from the target weights"),
        "drift_after": (_NUMBER, "the same after the plan"),
        "realized_short_term": (_NUMBER, "dollars of gain"),
        "realized_long_term": (_NUMBER, "dollars of gain"),
        "objective": (_NUMBER, "dollars: drift, tax, trading and location"),
        "do_nothing": (_NUMBER, "objective without trades, dollars"),
        "drift": (_NUMBER, "its part in the objective, dollars"),
        "tax": (_NUMBER, "the same"),
        "trading": (_NUMBER, "the same"),
        "location": (_NUMBER, "the same"),
        "bound": (_NUMBER, "dollars; no plan under these rules costs less"),
        "gap": (_NUMBER, "objective less bound, dollars"),
        "gap_bps": (_NUMBER, "gap in 1/10,000 of the value"),
        "wash_deferred": (_NUMBER, "dollars of loss that wash sales defer; null: not stated"),
        "wash_lost": (_NUMBER, "dollars of loss that wash sales lose for good"),
        "harvest_loss": (_NUMBER, "dollars of loss that are harvested; null: the policy does not harvest"),
        "harvest_tax_saved": (_NUMBER, "dollars of tax that they save now"),
        "harvest_deferred": (_NUMBER, "dollars of that which later sales pay back"),
    }),
    "trades": _schema({
        "household_id": _HOUSEHOLD,
        "account_number": _ACCOUNT,
        "sequence": (_COUNT, "place in the order of execution of the household"),
        "symbol": _SYMBOL,
        "shares": (_NUMBER, "shares; negative for a sale"),
        "price": (_NUMBER, "dollars per share"),
        "notional": (_NUMBER, "dollars; negative for a sale"),
        "lots": (_TEXT, "JSON of the lots that a sale takes"),
        "reason": (_TEXT, "one sentence that a client can read"),
    }),
    "classes": _schema({
        "household_id": _HOUSEHOLD,
        "account": (_TEXT, "the account whose own targets these are; empty: the household's"),
        "name": (_TEXT, "class, symbol or CASH"),
        "target": (_NUMBER, "weight"),
        "before": (_NUMBER, "weight"),
        "after": (_NUMBER, "weight"),
        "band": (_NUMBER, "half-width in weight"),
    }),
    "accounts": _schema({
        "household_id": _HOUSEHOLD,
        "account_number": _ACCOUNT,
        "cash_before": (_NUMBER, "dollars, as the household states them"),
        "cash_after": (_NUMBER, "dollars with the cash flow and the trades, rounded down to the cent"),
        "shortfall": (_NUMBER, "dollars missing to the reserve where no allowed sale reaches it"),
    }),
    "wash_sales": _schema({
        "household_id": _HOUSEHOLD,
        "account_number": (_TEXT, "account in which the loss is taken"),
        "symbol": (_TEXT, "symbol that is sold at a loss"),
        "lot": (_TEXT, "name of the lot; empty: a sale of the last days"),
        "shares": (_NUMBER, "shares whose loss does not count"),
        "disallowed": (_NUMBER, "dollars of that loss"),
        "effect": (_TEXT, "deferred or lost"),
        "replaced_in": (_TEXT, "account of the purchase"),
        "replaced_by": (_TEXT, "symbol of the purchase"),
        "bought": (_DATE, "its trade date"),
    }),
    "no_buy": _schema({
        "household_id": _HOUSEHOLD,
        "symbol": (_TEXT, "symbol that must not be bought, or a loss would be denied"),
        "until": (_DATE, "last day of that"),
        "accounts": (_TEXT, "JSON list of the accounts in which a purchase would count"),
        "owners": (_TEXT, "JSON list of whose they are"),
    }),
    "harvest": _schema({
        "household_id": _HOUSEHOLD,
        "account_number": _ACCOUNT,
        "symbol": (_TEXT, "symbol that is sold"),
        "shares": (_NUMBER, "shares of harvestable lots"),
        "loss": (_NUMBER, "dollars of their loss, above zero"),
        "tax_saved": (_NUMBER, "dollars of tax that it saves now"),
        "deferred": (_NUMBER, "dollars of that which a later sale of the replacement pays back"),
        "replacement": (_TEXT, "JSON list of the symbols that are bought instead"),
        "switch_back_from": (_DATE, "first day on which buying the symbol back is no wash sale"),
    }),
    "tax_years": _schema({
        "household_id": _HOUSEHOLD,
        "realized_short_term": (_NUMBER, "dollars of net gain of the year with the plan"),
        "realized_long_term": (_NUMBER, "the same"),
        "taxed_short_term": (_NUMBER, "dollars of net gain taxed at the rate, after netting and carried losses"),
        "taxed_long_term": (_NUMBER, "the same"),
        "deducted": (_NUMBER, "dollars of net loss deducted from other income"),
        "carried_short_term": (_NUMBER, "dollars of loss carried into the next year"),
        "carried_long_term": (_NUMBER, "the same"),
        "tax_before": (_NUMBER, "dollars of tax of the year without the plan"),
        "tax": (_NUMBER, "dollars of tax of the year with it"),
    }),
    "issues": _schema({
        "household_id": _HOUSEHOLD,
        "code": (_TEXT, "what kind of issue"),
        "severity": (_TEXT, "warning or info"),
        "where": (_TEXT, "place in the household document"),
        "message": (_TEXT, "what was found"),
        "hint": (_TEXT, "what to do"),
    }),
    "failures": _schema({
        **_STAMP,
        "code": (_TEXT, "what kind of issue"),
        "where": (_TEXT, "place in the household document or the tables"),
        "message": (_TEXT, "what was found"),
    }),
}  # fmt: skip
"""What comes out: every household is once in `plans` or has its rows in `failures`.

All of a plan document is in its rows; `tax_years` has one where the household states its year so far.
"""
