"""Household documents from tables, whatever the order of the rows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from realloc.batch.tables import RULES, TABLES, UNREADABLE
from realloc.errors import InputError, Issue

Record = dict[str, Any]

_OWN = ("accounts", "positions", "lots", "restrictions", "recent_trades")
_ACCOUNT = tuple(
    name for name in TABLES["accounts"].names if name not in ("household_id", "custodian", "more")
)


def households_of(tables: Mapping[str, Any]) -> Iterator[tuple[str, Record | InputError]]:
    """Yield each household's id and its document, or what is wrong with its rows.

    Parameters
    ----------
    tables : mapping of str to pyarrow.Table
        As `TABLES` has them; rows in any order.

    Yields
    ------
    tuple of str and dict or InputError
        In the order of ids. Accounts and their rows are in the order of their cells; models, policies and prices are
        the same objects in every household that refers to them.
    """
    shared = {
        "prices": _prices(tables["prices"]),
        "model": models_of(tables),
        "policy": policies_of(tables["policies"]),
    }
    own = {name: _Grouped(tables[name]) for name in _OWN}
    homes = tables["households"].sort_by("household_id").to_pylist()
    for household_id, rows in groupby(homes, key=lambda row: row["household_id"] or ""):
        row, *others = rows
        if others or not household_id:
            text = "this household is there twice" if household_id else "a household has no id"
            yield household_id, InputError(Issue(code="household.id", where="households", message=text))
        else:
            yield household_id, _document(row, {name: own[name].of(household_id) for name in _OWN}, shared)


class _Grouped:
    """The rows of a table by household, as tuples of its other columns in the order of cells."""

    def __init__(self, table: Any) -> None:
        names = table.schema.names
        ordered = table.sort_by([(name, "ascending") for name in names]) if table.num_rows else table
        columns = [_values(ordered[name]) for name in names]
        self.rows = list(zip(*columns[1:], strict=True))
        self.spans: dict[Any, tuple[int, int]] = {}
        start = 0
        for run in _runs(ordered["household_id"]):
            self.spans[run["values"]] = (start, start + run["counts"])
            start += run["counts"]

    def of(self, household_id: str) -> list[tuple[Any, ...]]:
        start, end = self.spans.get(household_id, (0, 0))
        return self.rows[start:end]


def _runs(ids: Any) -> list[Record]:
    """Return the values of a sorted column with how often each is there."""
    counted: list[Record] = pc.value_counts(ids).to_pylist()
    return counted


def _values(column: Any) -> list[Any]:
    """Return a column as Python values, dates as text."""
    if pa.types.is_date(column.type):
        column = column.cast(pa.string())
    if column.null_count and not pa.types.is_string(column.type):
        values: list[Any] = column.to_pylist()
        return values
    fast: list[Any] = column.to_numpy().tolist()  # some times faster, but it has no null but for texts
    return fast


def _document(
    row: Record, own: Mapping[str, list[tuple[Any, ...]]], shared: Mapping[str, Mapping[str, Any]]
) -> Record | InputError:
    issues: list[Issue] = []
    document: Record = {} if row["as_of"] is None else {"as_of": row["as_of"].isoformat()}
    for key, known in shared.items():
        name = row["prices_id" if key == "prices" else f"{key}_id"]
        if name is None:
            continue
        found = known.get(name)
        if isinstance(found, InputError):
            issues += found.issues
        elif found is None:
            place = "prices_id" if key == "prices" else f"{key}_id"
            issues.append(
                Issue(code="reference", where=f"households.{place}", message=f"there is no {key} {name!r}")
            )
        else:
            document[key] = found
    more = _more(row["more"], "households.more", issues)
    if UNREADABLE in more:
        return InputError([Issue(**issue) for issue in more[UNREADABLE]])
    accounts = _accounts(own, issues)
    if accounts:
        document["accounts"] = accounts
    if own["recent_trades"]:
        document["recent_trades"] = [_stated(_TRADE, trade) for trade in own["recent_trades"]]
    _merge(document, more, "households.more", issues)
    if "as_of" not in document:
        issues.append(
            Issue(code="key.missing", where="households.as_of", message="the date of the decision is missing")
        )
    return InputError(issues) if issues else document


def _accounts(own: Mapping[str, list[tuple[Any, ...]]], issues: list[Issue]) -> list[Record]:
    accounts: dict[Any, Record] = {}
    mores: dict[Any, Record] = {}
    for cells in own["accounts"]:
        number, *_ = cells
        if number in accounts:
            issues.append(
                Issue(code="account.duplicate", where=f"accounts[{number}]", message="it is there twice")
            )
        accounts[number] = {**_stated(_ACCOUNT, _picked(cells)), "positions": {}, "lots": []}
        mores[number] = _more(cells[-1], f"accounts[{number}].more", issues)
    for number, symbol, shares in own["positions"]:
        held = _of(accounts, number, f"positions[{symbol}]", issues)["positions"]
        before = held.get(symbol, 0.0)
        held[symbol] = None if shares is None or before is None else before + shares
    for number, *lot in own["lots"]:
        _of(accounts, number, f"lots[{lot[0]}]", issues)["lots"].append(_stated(_LOT, lot))
    for number, rule, symbol in own["restrictions"]:
        where = f"restrictions[{symbol}]"
        account = _of(accounts, number, where, issues)
        if rule not in RULES or (symbol is None and rule != "only"):
            text = f"expected one of {', '.join(RULES)} and a symbol, found {rule!r} and {symbol!r}"
            issues.append(Issue(code="restriction", where=where, message=text))
            continue
        names = account.setdefault(rule, [])
        if symbol is not None:
            names.append(symbol)
    for number, more in mores.items():
        if more:
            _merge(accounts[number], more, f"accounts[{number}].more", issues)
    return list(accounts.values())


_LOT = tuple(TABLES["lots"].names[2:])
_TRADE = tuple(TABLES["recent_trades"].names[1:])
_PICKED = tuple(TABLES["accounts"].names[1:].index(name) for name in _ACCOUNT)


def _picked(cells: tuple[Any, ...]) -> list[Any]:
    return [cells[n] for n in _PICKED]


def _stated(names: tuple[str, ...], cells: Any) -> Record:
    """Return the cells that are not null by name."""
    if None not in cells:
        return dict(zip(names, cells, strict=True))
    return {name: cell for name, cell in zip(names, cells, strict=True) if cell is not None}


def _of(accounts: dict[Any, Record], number: Any, where: str, issues: list[Issue]) -> Record:
    account = accounts.get(number)
    if account is None:
        issues.append(Issue(code="account.unknown", where=where, message=f"there is no account {number!r}"))
        return {"positions": {}, "lots": []}
    return account


def _more(text: str | None, where: str, issues: list[Issue]) -> Record:
    """Return the object that a cell of JSON is."""
    if text is None:
        return {}
    try:
        more = json.loads(text, object_pairs_hook=_unique)
        if "\\u" in text:
            json.dumps(more, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except (ValueError, RecursionError) as error:
        issues.append(Issue(code="json", where=where, message=f"not JSON: {error}"))
        return {}
    if not isinstance(more, dict):
        issues.append(Issue(code="json", where=where, message="it is no JSON object"))
        return {}
    return more


def _unique(pairs: list[tuple[str, Any]]) -> Record:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key occurs twice in an object")
    return found


def _merge(record: Record, more: Record, where: str, issues: list[Issue]) -> None:
    """Add what `more` says; a column that says something of the same key contradicts it."""
    twice = [key for key in more if record.get(key)]
    if twice:
        text = f"{', '.join(sorted(twice))} stands in rows and columns as well"
        issues.append(Issue(code="key.duplicate", where=where, message=text))
    record |= more


def policies_of(table: Any) -> dict[str, Record | InputError]:
    """Return policies by id, or what is wrong with one."""
    found: dict[str, Record | InputError] = {}
    for row in table.to_pylist():
        name, issues = row["policy_id"], list[Issue]()
        text = row["document"]
        policy = _more("" if text is None else text, f"policies[{name}].document", issues)
        if name in found:
            issues.append(_twice(f"policies[{name}]"))
        found[name] = InputError(issues) if issues else policy
    return found


def _twice(where: str) -> Issue:
    return Issue(code="row.duplicate", where=where, message="it is there twice")


def _prices(table: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    ordered = table.sort_by([("prices_id", "ascending"), ("symbol", "ascending")])
    columns = (_values(ordered[name]) for name in TABLES["prices"].names)
    for name, symbol, price, spread in zip(*columns, strict=True):
        prices = found.setdefault(name, {})
        if isinstance(prices, InputError):
            continue
        if symbol in prices:
            found[name] = InputError([_twice(f"prices[{name}][{symbol}]")])
        else:
            prices[symbol] = price if spread is None else {"price": price, "spread_bps": spread}
    return found


def models_of(tables: Mapping[str, Any]) -> dict[str, Record | InputError | None]:
    """Return models by id, or what is wrong with one; None where rows refer to a model that is not there."""
    grouped: dict[str, dict[str, list[Record]]] = {}
    for table in ("models", "targets", "classes", "members"):
        order = [(name, "ascending") for name in TABLES[table].names[:3]]
        for row in tables[table].sort_by(order).to_pylist():
            grouped.setdefault(row["model_id"], {}).setdefault(table, []).append(row)
    return {name: _model(name, rows) for name, rows in grouped.items()}


def _model(model_id: str, rows: Mapping[str, list[Record]]) -> Record | InputError | None:
    issues: list[Issue] = []
    where = f"models[{model_id}]"
    if "models" not in rows:
        return None
    if len(rows["models"]) > 1:
        issues.append(_twice(where))
    row = rows["models"][0]
    model: Record = {} if row["name"] is None else {"name": row["name"]}
    targets: Record = {}
    for target in rows.get("targets", ()):
        if target["name"] in targets:
            issues.append(_twice(f"{where}.targets[{target['name']}]"))
        targets[target["name"]] = target["weight"]
    classes: Record = {}
    for one in rows.get("classes", ()):
        if one["name"] in classes:
            issues.append(_twice(f"{where}.classes[{one['name']}]"))
        classes[one["name"]] = _class(one, where, issues)
    _members(classes, rows.get("members", ()), where, issues)
    model |= {key: value for key, value in (("targets", targets), ("classes", classes)) if value}
    _merge(model, _more(row["more"], f"{where}.more", issues), f"{where}.more", issues)
    return InputError(issues) if issues else model


def _class(row: Record, where: str, issues: list[Issue]) -> Record:
    band = {
        measure: row[f"band_{measure}"]
        for measure in ("absolute", "relative")
        if row[f"band_{measure}"] is not None
    }
    found = {"band": band} if band else {}
    place = f"{where}.classes[{row['name']}].more"
    _merge(found, _more(row["more"], place, issues), place, issues)
    return found


def _members(classes: Record, rows: Any, where: str, issues: list[Issue]) -> None:
    """Put members into their classes, in the order of rank: a list of symbols, or shares by symbol."""
    members: dict[str, list[Record]] = {}
    for row in rows:
        members.setdefault(row["class"], []).append(row)
    for name, listed in members.items():
        place = f"{where}.classes[{name}]"
        if name not in classes:
            text = f"there is no class {name!r}"
            issues.append(Issue(code="reference", where=place, message=text))
            continue
        symbols = [row["symbol"] for row in listed]
        if len(set(symbols)) < len(symbols):
            issues.append(_twice(f"{place}.symbols"))
        if "symbols" in classes[name]:
            issues.append(_twice(f"{place}.symbols"))
        whole = all(row["share"] is None for row in listed)
        shares = {row["symbol"]: 1.0 if row["share"] is None else row["share"] for row in listed}
        classes[name]["symbols"] = symbols if whole else shares
