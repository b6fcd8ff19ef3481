"""The household document as Arrow tables, and the plan document as others: their schemas, both ways.

A table has a row for each thing of its name. Models, policies and prices are shared by reference: thousands of
households have one of each. What an account says beside its columns, and models and policies, are kept as the JSON
of the household document, so that every document goes through unchanged, with keys that are not yet invented too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

import pyarrow as pa

from realloc.errors import InputError, Issue
from realloc.plan import Plan

_TEXT, _NUMBER, _DATE = pa.string(), pa.float64(), pa.date32()


def _schema(**columns: Any) -> Any:
    return pa.schema([pa.field(name, kind) for name, kind in columns.items()])


TABLES: Mapping[str, Any] = {
    "households": _schema(
        household_id=_TEXT, as_of=_DATE, model_id=_TEXT, policy_id=_TEXT, prices_id=_TEXT,
        more=_TEXT,
    ),
    "accounts": _schema(
        household_id=_TEXT, account_number=_TEXT, label=_TEXT, kind=_TEXT, owner=_TEXT, cash=_NUMBER,
        cash_reserve=_NUMBER, cash_flow=_NUMBER, more=_TEXT,
    ),
    "positions": _schema(household_id=_TEXT, account_number=_TEXT, symbol=_TEXT, shares=_NUMBER),
    "lots": _schema(
        household_id=_TEXT, account_number=_TEXT, symbol=_TEXT, shares=_NUMBER, cost_per_share=_NUMBER,
        acquired=_DATE, id=_TEXT,
    ),
    "recent_trades": _schema(
        household_id=_TEXT, account_number=_TEXT, symbol=_TEXT, shares=_NUMBER, price=_NUMBER, traded=_DATE,
        gain=_NUMBER,
    ),
    "prices": _schema(prices_id=_TEXT, symbol=_TEXT, price=_NUMBER, spread_bps=_NUMBER),
    "models": _schema(model_id=_TEXT, document=_TEXT),
    "policies": _schema(policy_id=_TEXT, document=_TEXT),
}  # fmt: skip
"""The input: `more` is JSON of a household's or an account's other keys, `document` that of a model or policy."""

SHARED = ("prices", "models", "policies")
"""Tables that are not by household."""

RESULTS: Mapping[str, Any] = {
    "plans": _schema(
        household_id=_TEXT, run_id=_TEXT, engine_version=_TEXT, fingerprint=_TEXT, status=_TEXT, trades=pa.int64(),
        value=_NUMBER, drift_before=_NUMBER, drift_after=_NUMBER, realized_short_term=_NUMBER,
        realized_long_term=_NUMBER, objective=_NUMBER, do_nothing=_NUMBER, drift=_NUMBER, tax=_NUMBER, trading=_NUMBER,
        location=_NUMBER, bound=_NUMBER, gap=_NUMBER, gap_bps=_NUMBER,
    ),
    "trades": _schema(
        household_id=_TEXT, account_number=_TEXT, sequence=pa.int64(), symbol=_TEXT, shares=_NUMBER, price=_NUMBER,
        notional=_NUMBER, lots=_TEXT, reason=_TEXT,
    ),
    "classes": _schema(
        household_id=_TEXT, account=_TEXT, name=_TEXT, target=_NUMBER, before=_NUMBER, after=_NUMBER, band=_NUMBER
    ),
    "issues": _schema(household_id=_TEXT, code=_TEXT, severity=_TEXT, where=_TEXT, message=_TEXT, hint=_TEXT),
    "failures": _schema(
        household_id=_TEXT, run_id=_TEXT, engine_version=_TEXT, code=_TEXT, where=_TEXT, message=_TEXT
    ),
}  # fmt: skip
"""The output: every household is once in `plans` or has its rows in `failures`. `lots` is JSON."""

_ACCOUNT = ("label", "account_number", "kind", "owner", "cash", "cash_reserve", "cash_flow")


def tables_of(documents: Iterable[tuple[str, Mapping[str, Any]]]) -> dict[str, Any]:
    """Return household documents as tables.

    Parameters
    ----------
    documents : iterable of (str, mapping)
        The household's id and its document, with an ``as_of``.

    Returns
    -------
    dict of str to pyarrow.Table
        By the names of `TABLES`. Equal models, policies and prices are there once.

    Raises
    ------
    InputError
        An id is there twice.
    """
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}
    shared: dict[str, set[str]] = {name: set() for name in SHARED}
    seen: set[str] = set()
    for household_id, document in documents:
        if household_id in seen:
            raise InputError(
                Issue(code="household.duplicate", where=household_id, message="this household is there twice")
            )
        seen.add(household_id)
        rest = document.keys() - {"as_of", "model", "policy", "prices", "accounts", "recent_trades"}
        names = {}
        for table, key in (("models", "model"), ("policies", "policy")):
            text = _json(document.get(key, {}))
            names[key] = _name(text)
            if names[key] not in shared[table]:
                shared[table].add(names[key])
                rows[table].append({f"{key}_id": names[key], "document": text})
        names["prices"] = _name(_json(document["prices"]))
        if names["prices"] not in shared["prices"]:
            shared["prices"].add(names["prices"])
            for symbol, price in document["prices"].items():
                quote = price if isinstance(price, Mapping) else {"price": price}
                rows["prices"].append({"prices_id": names["prices"], "symbol": symbol, **quote})
        rows["households"].append(
            {
                "household_id": household_id,
                "as_of": date.fromisoformat(str(document["as_of"])),
                **{f"{key}_id": name for key, name in names.items()},
                "more": _json({key: document[key] for key in rest}) if rest else None,
            }
        )
        for trade in document.get("recent_trades", ()):
            traded = date.fromisoformat(str(trade["traded"]))
            rows["recent_trades"].append({"household_id": household_id, **trade, "traded": traded})
        for account in document["accounts"]:
            _add_account(rows, household_id, account)
    return {name: pa.Table.from_pylist(rows[name], schema=schema) for name, schema in TABLES.items()}


def _add_account(
    rows: dict[str, list[dict[str, Any]]], household_id: str, account: Mapping[str, Any]
) -> None:
    number = account.get("account_number", "")
    key = {"household_id": household_id, "account_number": number}
    more = {name: value for name, value in account.items() if name not in (*_ACCOUNT, "positions", "lots")}
    rows["accounts"].append({**key, **{name: account.get(name) for name in _ACCOUNT}, "more": _json(more)})
    rows["positions"] += [
        {**key, "symbol": symbol, "shares": shares} for symbol, shares in account.get("positions", {}).items()
    ]
    rows["lots"] += [
        {**key, **lot, "acquired": date.fromisoformat(str(lot["acquired"]))}
        for lot in account.get("lots", ())
    ]


def households_of(tables: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any] | InputError]]:
    """Yield each household's id and its document, or what is wrong with its rows.

    Parameters
    ----------
    tables : mapping of str to pyarrow.Table
        As `TABLES` has them; rows in any order.
    """
    shared = {
        "model": _documents(tables["models"], "model_id"),
        "policy": _documents(tables["policies"], "policy_id"),
        "prices": _prices(tables["prices"]),
    }
    by_household = {
        name: _grouped(tables[name]) for name in ("accounts", "positions", "lots", "recent_trades")
    }
    for row in tables["households"].to_pylist():
        household_id = row["household_id"]
        own = {name: groups.get(household_id, []) for name, groups in by_household.items()}
        yield household_id, _document(row, own, shared)


def _document(
    row: Mapping[str, Any], own: Mapping[str, list[dict[str, Any]]], shared: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any] | InputError:
    issues: list[Issue] = []
    document: dict[str, Any] = {"as_of": row["as_of"].isoformat()} if row["as_of"] else {}
    for key, known in shared.items():
        found = known.get(row[f"{key}_id"])
        if isinstance(found, (dict, list)):
            document[key] = found
        else:
            text = found or f"there is no {key} {row[f'{key}_id']!r}"
            issues.append(Issue(code="reference", where=f"households.{key}_id", message=text))
    document |= _more(row, "households.more", issues)
    accounts: dict[str, dict[str, Any]] = {}
    for account in own["accounts"]:
        number = account["account_number"]
        more = _more(account, f"accounts[{number}].more", issues)
        if number in accounts:
            issues.append(
                Issue(code="account.duplicate", where=f"accounts[{number}]", message="it is there twice")
            )
        stated = {name: account[name] for name in _ACCOUNT if account[name] is not None}
        accounts[number] = {**stated, **more, "positions": {}, "lots": []}
    for position in own["positions"]:
        held = _of(accounts, position, "positions", issues).setdefault("positions", {})
        held[position["symbol"]] = held.get(position["symbol"], 0.0) + (position["shares"] or 0.0)
    for lot in own["lots"]:
        account = _of(accounts, lot, "lots", issues)
        account.setdefault("lots", []).append(_values(lot, "acquired"))
    document["accounts"] = list(accounts.values())
    document["recent_trades"] = [
        {"account_number": trade["account_number"], **_values(trade, "traded")}
        for trade in own["recent_trades"]
    ]
    return InputError(issues) if issues else document


def _more(row: Mapping[str, Any], where: str, issues: list[Issue]) -> dict[str, Any]:
    """Return the further keys of a household or an account."""
    try:
        more: dict[str, Any] = json.loads(row.get("more") or "{}")
    except ValueError as error:
        issues.append(Issue(code="json", where=where, message=f"not JSON: {error}"))
        return {}
    return more


def _of(
    accounts: Mapping[str, dict[str, Any]], row: Mapping[str, Any], table: str, issues: list[Issue]
) -> dict[str, Any]:
    account = accounts.get(row["account_number"])
    if account is None:
        text = f"there is no account {row['account_number']!r}"
        issues.append(Issue(code="account.unknown", where=f"{table}[{row['symbol']}]", message=text))
        return {}
    return account


def _values(row: Mapping[str, Any], day: str) -> dict[str, Any]:
    """Return what a row says, without keys and nulls."""
    values = {
        key: value
        for key, value in row.items()
        if value is not None and key not in ("household_id", "account_number")
    }
    return values | ({day: row[day].isoformat()} if row[day] else {})


def _documents(table: Any, key: str) -> dict[str, Any]:
    """Return documents by id; a text says why one cannot be read."""
    found: dict[str, Any] = {}
    for row in table.to_pylist():
        try:
            found[row[key]] = json.loads(row["document"])
        except (TypeError, ValueError) as error:
            found[row[key]] = f"the document of {row[key]!r} is not JSON: {error}"
    return found


def _prices(table: Any) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for row in table.to_pylist():
        quote = (
            row["price"]
            if row["spread_bps"] is None
            else {"price": row["price"], "spread_bps": row["spread_bps"]}
        )
        found.setdefault(row["prices_id"], {})[row["symbol"]] = quote
    return found


def _grouped(table: Any) -> dict[str, list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in table.to_pylist():
        groups.setdefault(row["household_id"], []).append(row)
    return groups


def plan_rows(household_id: str, plan: Plan, stamp: Mapping[str, str]) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of `RESULTS` that a plan makes; `stamp` is run, version and fingerprint."""
    document = plan.to_dict()
    key = {"household_id": household_id}
    certificate = {name: document["certificate"][name] for name in ("status", "bound", "gap", "gap_bps")}
    return {
        "plans": [
            {
                **key,
                **stamp,
                **document["household"],
                **document["costs"],
                **certificate,
                "trades": len(plan.trades),
            }
        ],
        "trades": [
            {
                **key,
                "account_number": trade["account_id"],
                **{
                    name: trade.get(name)
                    for name in ("sequence", "symbol", "shares", "price", "notional", "reason")
                },
                "lots": _json(trade.get("lots", [])),
            }
            for trade in document["trades"]
        ],
        "classes": [{**key, "account": "", **row} for row in document["classes"]],
        "issues": [{**key, **issue} for issue in document["issues"]],
    }


def fingerprint(document: Mapping[str, Any]) -> str:
    """Return a digest of a household document, the same whatever the order of its rows."""
    accounts = sorted(document["accounts"], key=lambda account: str(account.get("account_number")))
    return hashlib.sha256(_json({**document, "accounts": accounts}).encode()).hexdigest()


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


def _name(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
