"""Scopes and their groups: VAL-2, CLS-1, CLS-2 and BAND-1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from realloc.audit.exact import ONE, ZERO, exact
from realloc.household import Household
from realloc.models import CASH, Band


class Group(NamedTuple):
    """A class, a symbol or ``CASH`` with its target; see CLS-1.

    `weight`, `width` (of the band), `target` and `band` (both in dollars) are multiplied by the sum of the
    weights of the scope, so that normalising them divides nothing. `shares` is the share of each symbol that
    counts; None for ``CASH``.
    """

    name: str
    weight: Decimal
    width: Decimal
    target: Decimal
    band: Decimal
    shares: Mapping[str, Decimal] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Accounts that share targets (VAL-2); `account` is empty for the household's.

    `total_weight` is the sum of the weights, or 1 where that is zero; `values` are dollars by symbol before
    trading, `cash` has the cash flows in it, and `wanted` are the symbols that BUY-1 lets in.
    """

    account: str
    total_weight: Decimal
    groups: tuple[Group, ...]
    wanted: frozenset[str]
    values: Mapping[str, Decimal]
    cash: Decimal
    value: Decimal


def open_scope(
    household: Household,
    account: str,
    targets: Mapping[str, float],
    values: dict[str, Decimal],
    cash: Decimal,
) -> Scope:
    """Return a scope from its targets, its dollars by symbol and its cash before trading."""
    classes = household.model.classes
    weights = {name: exact(weight) for name, weight in targets.items()}
    total = sum(weights.values(), ZERO) or ONE
    value = sum(values.values(), cash)
    members: dict[str, Mapping[str, Decimal] | None] = {CASH: None}
    for name in sorted({*classes, *targets} if not account else targets):
        if name in classes and name != CASH:
            parts = classes[name].symbols
            members[name] = {symbol: exact(part) for symbol, part in parts.items() if part > 0}
        elif name != CASH:
            members[name] = {name: ONE}
    covered = {symbol for parts in members.values() if parts for symbol in parts}
    wanted = {
        symbol for name, parts in members.items() if parts and weights.get(name, ZERO) > 0 for symbol in parts
    }
    groups = [
        _group(name, parts, _band(household, name), weights.get(name, ZERO), total, value)
        for name, parts in members.items()
    ]
    groups += [
        _group(symbol, {symbol: ONE}, household.policy.band, ZERO, total, value)
        for symbol in values
        if symbol not in covered
    ]
    return Scope(
        account=account,
        total_weight=total,
        groups=tuple(sorted(groups, key=lambda group: group.name)),
        wanted=frozenset(wanted),
        values=values,
        cash=cash,
        value=value,
    )


def _band(household: Household, name: str) -> Band:
    asset_class = household.model.classes.get(name)
    own = None if asset_class is None else asset_class.band
    return household.policy.band if own is None else own


def _group(
    name: str,
    parts: Mapping[str, Decimal] | None,
    band: Band,
    weight: Decimal,
    total: Decimal,
    value: Decimal,
) -> Group:
    measures = []
    if band.absolute is not None:
        measures.append(exact(band.absolute) * total)
    if band.relative is not None:
        measures.append(exact(band.relative) * weight)
    width = min(measures)
    return Group(name, weight, width, weight * value, width * max(value, ZERO), parts)
