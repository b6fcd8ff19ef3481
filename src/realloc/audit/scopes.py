"""Scopes and their groups: VAL-2, CLS-1, CLS-2 and BAND-1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple, Self

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

    Dollars are counted as VAL-3 says.

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
    own_targets: Mapping[str, float],
    values: dict[str, Decimal],
    cash: Decimal,
) -> Scope:
    """Return a scope from its own targets, if any, its dollars by symbol and its cash before trading."""
    classes = household.model.classes
    targets = own_targets or household.model.targets
    weights = {name: exact(weight) for name, weight in targets.items()}
    total = sum(weights.values(), ZERO) or ONE
    value = sum(values.values(), cash)
    members: dict[str, Mapping[str, Decimal] | None] = {CASH: None}
    for name in sorted(own_targets or {*classes, *targets}):
        if name in classes and name != CASH:
            parts = classes[name].symbols
            members[name] = {symbol: exact(part) for symbol, part in parts.items() if part > 0}
        elif name != CASH:
            members[name] = {name: ONE}
    covered = {symbol for parts in members.values() if parts for symbol in parts}
    wanted = {
        symbol for name, parts in members.items() if parts and weights.get(name, ZERO) > 0 for symbol in parts
    }
    usual = _Measures.of(household.policy.band, total)
    groups = []
    for name, shares in members.items():
        own = classes[name].band if name in classes else None
        measures = usual if own is None else _Measures.of(own, total)
        groups.append(_group(name, weights.get(name, ZERO), measures, value, shares))
    groups += [
        _group(symbol, ZERO, usual, value, {symbol: ONE}) for symbol in values if symbol not in covered
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


class _Measures(NamedTuple):
    """The measures of a band: `absolute` is multiplied by the sum of the weights."""

    absolute: Decimal | None
    relative: Decimal | None

    @classmethod
    def of(cls, band: Band, total: Decimal) -> Self:
        return cls(
            None if band.absolute is None else exact(band.absolute) * total,
            None if band.relative is None else exact(band.relative),
        )

    def width(self, weight: Decimal) -> Decimal:
        if self.relative is None:
            return ZERO if self.absolute is None else self.absolute
        relative = self.relative * weight
        return relative if self.absolute is None else min(relative, self.absolute)


def _group(
    name: str, weight: Decimal, measures: _Measures, value: Decimal, parts: Mapping[str, Decimal] | None
) -> Group:
    width = measures.width(weight)
    return Group(name, weight, width, weight * value, width * max(value, ZERO), parts)
