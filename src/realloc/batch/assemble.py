"""Household documents from tables, whatever the order of the rows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Any

from realloc.accounts import Lot
from realloc.batch.homes import Home, Shared
from realloc.batch.rows import Grouped, Lots, Record, records, stated
from realloc.batch.tables import RULES, SHARED, TABLES, UNREADABLE
from realloc.errors import InputError, Issue

_ACCOUNT = tuple(
    name for name in TABLES["accounts"].names if name not in ("household_id", "custodian", "more")
)
_TRADE = tuple(TABLES["recent_trades"].names[1:])
_REFERRED = {
    "prices": ("prices",), "model": ("models", "targets", "classes", "members"), "policy": ("policies",),
}  # fmt: skip
"""The tables of each key of a document that households share."""


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
    for household_id, home in homes_of(tables):
        yield household_id, home if isinstance(home, InputError) else home.document()


def homes_of(tables: Mapping[str, Any]) -> Iterator[tuple[str, Home | InputError]]:
    """Yield each household's id and its rows, or what is wrong with them; see `households_of`."""
    shared = _shared(tables)
    own = {
        "accounts": Grouped(tables["accounts"].drop_columns(["custodian"])),
        "positions": Grouped(tables["positions"]),
        "lots": Lots(tables["lots"]),
        "restrictions": Grouped(tables["restrictions"]),
        "recent_trades": Grouped(tables["recent_trades"]),
    }
    said = Grouped(tables["households"].select(["household_id", "as_of", "more"]))
    homes = records(tables["households"].sort_by("household_id"))
    for household_id, rows in groupby(homes, key=lambda row: row["household_id"] or ""):
        row, *others = rows
        if others or not household_id:
            text = "this household is there twice" if household_id else "a household has no id"
            yield household_id, InputError(Issue(code="household.id", where="households", message=text))
        else:
            yield household_id, _home(row, {**own, "households": said}, shared)


def _shared(tables: Mapping[str, Any]) -> dict[str, dict[Any, Shared | InputError]]:
    """Return what households refer to, by its key in a document and its id."""
    rows = {name: Grouped(tables[name]) for name in SHARED}
    found: Mapping[str, Mapping[str, Record | InputError | None]] = {
        "prices": _prices(rows["prices"]),
        "model": models_of(tables),
        "policy": policies_of(tables["policies"]),
    }

    def digest(key: str, name: Any) -> bytes:
        made = hashlib.sha256(key.encode())
        for table in _REFERRED[key]:
            rows[table].digest(made, name)
        return made.digest()

    return {
        key: {
            name: one if isinstance(one, InputError) else Shared.of(key, one, digest(key, name))
            for name, one in values.items()
            if one is not None
        }
        for key, values in found.items()
    }


def _home(
    row: Record, own: Mapping[str, Grouped], shared: Mapping[str, Mapping[Any, Shared | InputError]]
) -> Home | InputError:
    issues: list[Issue] = []
    document: Record = {} if row["as_of"] is None else {"as_of": row["as_of"]}
    referred: list[Shared] = []
    for key, known in shared.items():
        column = SHARED[_REFERRED[key][0]]
        name = row[column]
        found = known.get(name)
        if isinstance(found, InputError):
            issues += found.issues
        elif found is not None:
            referred.append(found)
            document[key] = found.value
        elif name is not None:
            text = f"there is no {key} {name!r}"
            issues.append(Issue(code="reference", where=f"households.{column}", message=text))
    more = _more(row["more"], "households.more", issues)
    if UNREADABLE in more:
        return InputError([Issue(**issue) for issue in more[UNREADABLE]])
    household_id = row["household_id"]
    accounts, lots = _accounts({name: rows.of(household_id) for name, rows in own.items()}, issues)
    if accounts:
        document["accounts"] = accounts
    trades = own["recent_trades"].of(household_id)
    if trades:
        document["recent_trades"] = [stated(_TRADE, trade) for trade in trades]
    _merge(document, more, "households.more", issues)
    if "as_of" not in document:
        issues.append(
            Issue(code="key.missing", where="households.as_of", message="the date of the decision is missing")
        )
    if issues:
        return InputError(issues)
    return Home(
        stated=document, shared=referred, lots=lots, fingerprint=_fingerprint(household_id, own, referred)
    )


def _fingerprint(household_id: str, own: Mapping[str, Grouped], referred: list[Shared]) -> str:
    """Return a digest of a household's rows and of what they refer to; rows in any order make the same one."""
    digest = hashlib.sha256(b"household")
    for rows in own.values():
        rows.digest(digest, household_id)
    for shared in referred:
        digest.update(shared.digest)
    return digest.hexdigest()


def _accounts(
    own: Mapping[str, list[tuple[Any, ...]]], issues: list[Issue]
) -> tuple[list[Record], list[tuple[Lot, ...] | None]]:
    """Return the accounts, and beside them the lots of each that can be used as they are."""
    accounts: dict[Any, Record] = {}
    mores: dict[Any, Record] = {}
    for number, *cells, more in own["accounts"]:
        if number in accounts:
            issues.append(
                Issue(code="account.duplicate", where=f"accounts[{number}]", message="it is there twice")
            )
        accounts[number] = {**stated(_ACCOUNT, (number, *cells)), "positions": {}, "lots": []}
        mores[number] = _more(more, f"accounts[{number}].more", issues)
    for number, symbol, shares in own["positions"]:
        if number not in accounts:
            issues.append(_unknown(number, f"positions[{symbol}]"))
            continue
        held = accounts[number]["positions"]
        before = held.get(symbol, 0.0)
        held[symbol] = None if shares is None or before is None else before + shares
    read: dict[Any, tuple[Lot, ...]] = {}
    for number, rows in groupby(own["lots"], itemgetter(0)):
        lots = [lot for _, lot in rows]
        if number not in accounts:
            symbols = (lot.symbol if isinstance(lot, Lot) else lot.get("symbol") for lot in lots)
            issues += [_unknown(number, f"lots[{symbol}]") for symbol in symbols]
            continue
        accounts[number]["lots"] = lots
        if isinstance(lots[0], Lot):
            read[number] = tuple(lots)
    _restrict(accounts, own["restrictions"], issues)
    for number, more in mores.items():
        if more:
            _merge(accounts[number], more, f"accounts[{number}].more", issues)
    for number in read:
        accounts[number]["lots"] = []
    return list(accounts.values()), [read.get(number) for number in accounts]


def _restrict(accounts: dict[Any, Record], rows: list[tuple[Any, ...]], issues: list[Issue]) -> None:
    """Add the menus and the symbols that may not be bought or sold."""
    for number, rule, symbol in rows:
        where = f"restrictions[{symbol}]"
        account = accounts.get(number)
        if account is None:
            issues.append(_unknown(number, where))
            account = {}
        if rule not in RULES or (symbol is None and rule != "only"):
            text = f"expected one of {', '.join(RULES)} and a symbol, found {rule!r} and {symbol!r}"
            issues.append(Issue(code="restriction", where=where, message=text))
            continue
        names = account.setdefault(rule, [])
        if symbol is not None:
            names.append(symbol)


def _unknown(number: Any, where: str) -> Issue:
    return Issue(code="account.unknown", where=where, message=f"there is no account {number!r}")


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
    for row in records(table):
        name, issues = row["policy_id"], list[Issue]()
        text = row["document"]
        policy = _more("" if text is None else text, f"policies[{name}].document", issues)
        if name in found:
            issues.append(_twice(f"policies[{name}]"))
        found[name] = InputError(issues) if issues else policy
    return found


def _twice(where: str) -> Issue:
    return Issue(code="row.duplicate", where=where, message="it is there twice")


def _prices(rows: Grouped) -> dict[str, Record | InputError]:
    """Return prices by id, or what is wrong with them."""
    found: dict[str, Record | InputError] = {}
    for name in rows.spans:
        quotes = rows.of(name)
        prices = {
            symbol: price if spread is None else {"price": price, "spread_bps": spread}
            for symbol, price, spread in quotes
        }
        if len(prices) == len(quotes):
            found[name] = prices
        else:
            twice = next(symbol for (symbol, *_), (other, *_) in pairwise(quotes) if symbol == other)
            found[name] = InputError([_twice(f"prices[{name}][{twice}]")])
    return found


def models_of(tables: Mapping[str, Any]) -> dict[str, Record | InputError | None]:
    """Return models by id, or what is wrong with one; None where rows refer to a model that is not there."""
    grouped: dict[str, dict[str, list[Record]]] = {}
    for table in ("models", "targets", "classes", "members"):
        order = [(name, "ascending") for name in TABLES[table].names[:3]]
        for row in records(tables[table].sort_by(order)):
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
