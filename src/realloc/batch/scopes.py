"""What the households of a partition aim at, as tables: the groups of each scope, and the symbols that count in them.

Rules VAL-2, CLS-1, CLS-2 and BAND-1, worked out once for each pair of a model and a policy: households that share
both share a `target`, a number. An account with targets of its own has one for itself.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from math import fsum
from typing import Any

import pyarrow as pa

from realloc._reading import Table
from realloc.batch.shared import models_of, policies_of, rows_of
from realloc.errors import InputError, Issue
from realloc.models import CASH, MODEL_KEYS, PortfolioModel
from realloc.policy import POLICY_KEYS, Policy


class Targets:
    """Targets by number, growing while households are looked at."""

    def __init__(self, tables: Mapping[str, Any]) -> None:
        rows = rows_of(tables)
        self.models: dict[Any, PortfolioModel | None] = {
            name: _read(PortfolioModel, MODEL_KEYS, found) for name, found in models_of(rows).items()
        }
        self.policies: dict[Any, Policy | None] = {
            name: _read(Policy, POLICY_KEYS, found) for name, found in policies_of(rows["policies"]).items()
        }
        self.policies[None] = Policy()
        self._numbers: dict[Any, int | None] = {}
        self._groups: list[tuple[int, str, float, float]] = []
        self._cover: list[tuple[int, str, str, float]] = []
        self._loose: list[float] = []

    def of(self, model_id: str, policy_id: str | None, own: str = "") -> int | None:
        """Return the number of a scope's target, None where it cannot be told; `own` is JSON of own targets."""
        key = (model_id, policy_id, own)
        if key not in self._numbers:
            model, policy = self.models.get(model_id), self.policies.get(policy_id)
            self._numbers[key] = None if model is None or policy is None else self._add(model, policy, own)
        return self._numbers[key]

    def by_itself(self, policy_id: str | None) -> bool:
        """Return whether each account follows the model by itself (rule VAL-2)."""
        policy = self.policies.get(policy_id)
        return policy is not None and policy.mirror

    def counts(self, policy_id: str | None, kind: str | None) -> float:
        """Return what a dollar in an account of this kind counts in weights (rule VAL-3)."""
        policy = self.policies.get(policy_id)
        return 1.0 if policy is None else policy.after_tax_weights.get(kind or "taxable", 1.0)

    def groups(self) -> Any:
        """Return a row for each group: target, group, weight and band, both as fractions."""
        return _table(self._groups, ("target", "group", "weight", "band"))

    def cover(self) -> Any:
        """Return a row for each symbol that counts in a group, with its share."""
        return _table(self._cover, ("target", "group", "symbol", "share"))

    def loose(self) -> Any:
        """Return the band of what no group covers, by target (its weight is zero)."""
        return _table(list(enumerate(self._loose)), ("target", "loose_band"))

    def terms(self) -> Any:
        """Return what policies say of spreads and wash sales; an empty text is the default policy."""
        rows = [(name or "", policy) for name, policy in self.policies.items() if policy is not None]
        return pa.table(
            {
                "policy": pa.array([name for name, _ in rows], pa.string()),
                "spread": pa.array([policy.costs.spread_bps for _, policy in rows], pa.float64()),
                "avoid": pa.array([policy.wash_sales.avoid for _, policy in rows], pa.bool_()),
                "window_days": pa.array([policy.wash_sales.window_days for _, policy in rows], pa.int32()),
            }
        )

    def _add(self, model: PortfolioModel, policy: Policy, own: str) -> int | None:
        weights = json.loads(own) if own else model.targets
        total = fsum(weights.values())
        if not total > 0 or min(weights.values()) < 0:
            return None
        number = len(self._loose)
        classes = model.classes
        for name in sorted({*(weights if own else [*classes, *weights]), CASH}):
            asset_class = classes.get(name)
            weight = weights.get(name, 0.0) / total
            band = (asset_class.band if asset_class else None) or policy.band
            self._groups.append((number, name, weight, band.width(weight)))
            if name != CASH:
                members = asset_class.symbols if asset_class else {name: 1.0}
                self._cover += [(number, name, symbol, share) for symbol, share in members.items()]
        self._loose.append(policy.band.width(0.0))
        return number


def identical_of(policies: Mapping[Any, Policy | None]) -> Any:
    """Return symbols with the first of those that are identical to them, by policy (rule WASH-0)."""
    rows: list[tuple[Any, str, str]] = []
    for name, policy in policies.items():
        root: dict[str, str] = {}
        for group in policy.wash_sales.identical if policy else ():
            joined = {symbol for symbol in root if root[symbol] in {root.get(one) for one in group}} | {
                *group
            }
            root |= dict.fromkeys(joined, min(joined))
        rows += [(name or "", symbol, first) for symbol, first in root.items()]
    return pa.table(
        {
            "policy": pa.array([row[0] for row in rows], pa.string()),
            "symbol": pa.array([row[1] for row in rows], pa.string()),
            "alike": pa.array([row[2] for row in rows], pa.string()),
        }
    )


def own_targets(more: str | None) -> str:
    """Return an account's own targets as JSON, empty where it has none.

    Raises
    ------
    ValueError
        They cannot be read.
    """
    if more is None or '"targets"' not in more:
        return ""
    targets = json.loads(more).get("targets") or {}
    if any(
        isinstance(weight, bool) or not isinstance(weight, (int, float)) or weight < 0
        for weight in targets.values()
    ):
        raise ValueError("a weight is no number")
    return json.dumps(targets, sort_keys=True) if targets else ""


def _read(kind: Any, known: Collection[str], found: Any) -> Any:
    """Return a model or a policy, None where it cannot be read."""
    issues: list[Issue] = []
    if found is None or isinstance(found, InputError):
        return None
    value = kind.read(Table(found, "", issues, known))
    return None if issues else value


def _table(rows: list[Any], names: tuple[str, ...]) -> Any:
    kinds = {"target": pa.int64(), "group": pa.string(), "symbol": pa.string()}
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    return pa.table(
        {
            name: pa.array(column, kinds.get(name, pa.float64()))
            for name, column in zip(names, columns, strict=True)
        }
    )
