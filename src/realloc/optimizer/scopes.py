"""What has a target: the groups of each scope (rules VAL-2, CLS-1, CLS-2 and BAND-1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum

from realloc.accounts import Account
from realloc.household import Household
from realloc.models import CASH


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A class, a symbol with its own target, an unassigned symbol, or cash: weights as fractions."""

    name: str
    target: float
    band: float
    members: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Accounts that follow one set of weights together, their value in dollars and their groups, cash last.

    `own` is the number of the account that follows weights by itself, empty for the household; `targets` is
    where the household document has the weights. `value` counts each account as the policy says (rule VAL-3).
    `cover` maps a symbol to the positions in `groups` that it counts in, with its shares.
    `wanted` maps a symbol that may be bought (rule BUY-1) to its place in its class, 0 for the preferred one.
    """

    own: str
    targets: str
    accounts: tuple[Account, ...]
    value: float
    groups: tuple[Group, ...]
    cover: Mapping[str, tuple[tuple[int, float], ...]]
    wanted: Mapping[str, int]


def account_value(account: Account, household: Household) -> float:
    """Return cash, cash flow and shares at their price, in dollars (rule VAL-1)."""
    held = (shares * household.prices[symbol] for symbol, shares in account.positions.items() if shares)
    return fsum([account.cash, account.cash_flow, *held])


def drift_weight(account: Account, household: Household) -> float:
    """Return what a dollar in an account counts in weights and drift (rule VAL-3)."""
    return household.policy.after_tax_weights.get(account.kind, 1.0)


def scopes_of(household: Household) -> list[Scope]:
    """Return the household's scope, if any account follows it, and one for each account by itself (VAL-2)."""
    accounts = sorted(household.accounts, key=lambda account: account.account_number)
    followers = [account for account in accounts if not account.targets]
    if household.policy.mirror:
        return [_scope(household, [account], account.account_number) for account in accounts]
    scopes = [_scope(household, followers, "")] if followers else []
    return scopes + [_scope(household, [a], a.account_number) for a in accounts if a.targets]


def _scope(household: Household, accounts: Sequence[Account], own: str) -> Scope:
    classes = household.model.classes
    by_itself = bool(accounts[0].targets)
    targets = accounts[0].targets if by_itself else household.model.targets
    total = fsum(targets.values())
    counted = targets if by_itself else [*classes, *targets]
    members: dict[str, Mapping[str, float]] = {
        name: classes[name].symbols if name in classes else {name: 1.0}
        for name in sorted({*counted} - {CASH})
    }
    covered = {symbol for symbols in members.values() for symbol in symbols}
    held = {symbol for account in accounts for symbol, shares in account.positions.items() if shares > 0}
    unassigned = sorted(held - covered)
    groups = [
        _group(household, name, targets.get(name, 0.0) / total, symbols) for name, symbols in members.items()
    ]
    groups += [_group(household, symbol, 0.0, {symbol: 1.0}, named=False) for symbol in unassigned]
    groups.append(_group(household, CASH, targets.get(CASH, 0.0) / total, {}))
    cover: dict[str, tuple[tuple[int, float], ...]] = {}
    wanted: dict[str, int] = {}
    for n, group in enumerate(groups):
        for rank, (symbol, share) in enumerate(group.members.items()):
            if share > 0:
                cover[symbol] = (*cover.get(symbol, ()), (n, share))
                if group.target > 0:
                    wanted[symbol] = min(rank, wanted.get(symbol, rank))
    return Scope(
        own=own,
        targets=f"accounts[{own}].targets" if by_itself else "model.targets",
        accounts=tuple(accounts),
        value=fsum(account_value(one, household) * drift_weight(one, household) for one in accounts),
        groups=tuple(groups),
        cover=cover,
        wanted=wanted,
    )


def _group(
    household: Household, name: str, target: float, members: Mapping[str, float], *, named: bool = True
) -> Group:
    asset_class = household.model.classes.get(name) if named else None
    band = (asset_class.band if asset_class else None) or household.policy.band
    return Group(name=name, target=target, band=band.width(target), members=members)
