"""What many households refer to: prices, models and policies, read once for all of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Any

from realloc._reading import Table
from realloc.batch.rows import Grouped, Record, merge, more_of
from realloc.batch.tables import SHARED
from realloc.errors import InputError, Issue
from realloc.household import read_prices
from realloc.models import MODEL_KEYS, PortfolioModel
from realloc.policy import POLICY_KEYS, Policy

_TABLES = {
    "prices": ("prices",), "model": ("models", "targets", "classes", "members"), "policy": ("policies",),
}  # fmt: skip
"""The tables of each key of a document that households share."""

REFERENCES = {key: SHARED[tables[0]] for key, tables in _TABLES.items()}
"""The column of `households` that refers to each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """Prices, a model or a policy that many households refer to.

    `value` is what a document states under `key`, `part` what `Household.read` makes of it, None where something in
    it cannot be used, and `digest` tells it from others.
    """

    key: str
    value: Any
    part: Any
    digest: bytes

    @classmethod
    def of(cls, key: str, value: Any, digest: bytes) -> Shared:
        """Read a value."""
        issues: list[Issue] = []
        match key:
            case "prices":
                part: Any = read_prices(Table(value, key, issues))
            case "model":
                part = PortfolioModel.read(Table(value, key, issues, MODEL_KEYS))
            case _:
                part = Policy.read(Table(value, key, issues, POLICY_KEYS))
        return cls(key=key, value=value, part=None if issues else part, digest=digest)


def shared_of(tables: Mapping[str, Any]) -> dict[str, dict[Any, Shared | InputError]]:
    """Return what households refer to, by its key in a document and its id, or what is wrong with it."""
    rows = rows_of(tables)
    found: Mapping[str, Mapping[Any, Record | InputError | None]] = {
        "prices": _prices(rows["prices"]),
        "model": models_of(rows),
        "policy": policies_of(rows["policies"]),
    }

    def digest(key: str, name: Any) -> bytes:
        made = hashlib.sha256(key.encode())
        for table in _TABLES[key]:
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


def rows_of(tables: Mapping[str, Any]) -> dict[str, Grouped]:
    """Return the rows of the tables `SHARED` by what they belong to."""
    return {name: Grouped(tables[name]) for name in SHARED}


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


def policies_of(rows: Grouped) -> dict[Any, Record | InputError]:
    """Return policies by id, or what is wrong with one."""
    return {name: _policy(name, [text for (text,) in rows.of(name)]) for name in rows.spans}


def _policy(name: Any, texts: list[str | None]) -> Record | InputError:
    issues: list[Issue] = []
    policies = [more_of(text or "", f"policies[{name}].document", issues) for text in texts]
    issues += [_twice(f"policies[{name}]") for _ in texts[1:]]
    return InputError(issues) if issues else policies[0]


def models_of(rows: Mapping[str, Grouped]) -> dict[Any, Record | InputError | None]:
    """Return models by id, or what is wrong with one; None where rows refer to a model that is not there."""
    names = {name for table in _TABLES["model"] for name in rows[table].spans}
    return {name: _model(name, {table: rows[table].of(name) for table in _TABLES["model"]}) for name in names}


def _model(model_id: Any, rows: Mapping[str, list[tuple[Any, ...]]]) -> Record | InputError | None:
    issues: list[Issue] = []
    where = f"models[{model_id}]"
    if not rows["models"]:
        return None
    (name, more), *others = rows["models"]
    issues += [_twice(where)] if others else []
    targets: Record = {}
    for target, weight in rows["targets"]:
        if target in targets:
            issues.append(_twice(f"{where}.targets[{target}]"))
        targets[target] = weight
    classes: Record = {}
    for one, absolute, relative, said in rows["classes"]:
        if one in classes:
            issues.append(_twice(f"{where}.classes[{one}]"))
        measures = (("absolute", absolute), ("relative", relative))
        band = {measure: width for measure, width in measures if width is not None}
        classes[one] = {"band": band} if band else {}
        place = f"{where}.classes[{one}].more"
        merge(classes[one], more_of(said, place, issues), place, issues)
    _members(classes, rows["members"], where, issues)
    model: Record = {} if name is None else {"name": name}
    model |= {key: value for key, value in (("targets", targets), ("classes", classes)) if value}
    merge(model, more_of(more, f"{where}.more", issues), f"{where}.more", issues)
    return InputError(issues) if issues else model


def _members(classes: Record, rows: list[tuple[Any, ...]], where: str, issues: list[Issue]) -> None:
    """Put members into their classes, in the order of rank: a list of symbols, or shares by symbol."""
    for name, members in groupby(rows, itemgetter(0)):
        listed = [(symbol, share) for _, _, symbol, share in members]
        place = f"{where}.classes[{name}]"
        if name not in classes:
            text = f"there is no class {name!r}"
            issues.append(Issue(code="reference", where=place, message=text))
            continue
        shares = {symbol: 1.0 if share is None else share for symbol, share in listed}
        if len(shares) < len(listed):
            issues.append(_twice(f"{place}.symbols"))
        if "symbols" in classes[name]:
            issues.append(_twice(f"{place}.symbols"))
        whole = all(share is None for _, share in listed)
        classes[name]["symbols"] = list(shares) if whole else shares


def _twice(where: str) -> Issue:
    return Issue(code="row.duplicate", where=where, message="it is there twice")
