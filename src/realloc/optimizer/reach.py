"""How near to its target a class can get at most under the rules, and which rules stand in the way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor, inf

import numpy as np

from realloc.errors import Issue
from realloc.models import CASH
from realloc.optimizer.blocks import Blocks
from realloc.optimizer.problem import Floats, sum_by
from realloc.optimizer.scopes import Group, Scope
from realloc.optimizer.words import listing, percent

VISIBLE = 0.001
"""A class nearer to its target than this part of its scope's value is left without a word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Astray:
    """A group that the plan leaves off target.

    `weight` is what a dollar of each pair counts in it, `off` is dollars over (under: negative) after the plan;
    `out_of_reach` are the dollars of it that no plan under the rules can mend, zero where that is not known.
    """

    index: int
    scope: Scope
    group: Group
    weight: Floats
    off: float
    out_of_reach: float

    @property
    def where(self) -> str:
        """The place of the target in the household document, by account number."""
        return f"{self.scope.targets}.{self.group.name}"

    @property
    def state(self) -> str:
        """The group with its weight after the plan and its target."""
        after = percent(max(0.0, self.group.target + self.off / self.scope.value))
        target = f"target {self.group.target:.1%}" if self.group.target > 0 else "no target"
        mirrored = self.scope.own and not self.scope.accounts[0].targets
        return f"{self.group.name}{f' in {self.scope.own}' if mirrored else ''} stays at {after} ({target})"


def astray(blocks: Blocks) -> list[Astray]:
    """Return the classes and symbols that are visibly off target after the plan, the costliest first."""
    made, problem = blocks.made, blocks.problem
    off = made.off[: len(problem.groups.target)]
    cost = made.deviation(off, problem.groups.band).tolist()
    placed = [(scope, group) for scope in problem.scopes for group in scope.groups]
    found = [
        (-cost[index], group.name, index, far)
        for index, ((scope, group), far) in enumerate(zip(placed, off.tolist(), strict=True))
        if group.name != CASH and abs(far) >= VISIBLE * scope.value > 0
    ]
    return [_astray(blocks, index, *placed[index], far) for _, _, index, far in sorted(found)]


def _astray(blocks: Blocks, index: int, scope: Scope, group: Group, off: float) -> Astray:
    """Return a group with the dollars from target to the best value that the rules allow."""
    groups, pairs = blocks.problem.groups, blocks.problem.pairs
    weight = ((pairs.groups == index) * pairs.weights).sum(axis=1)
    before, target = float(groups.before[index]), float(groups.target[index])
    if off > 0:
        most = before - float((pairs.sell_max * pairs.price * weight).sum()) - target
    else:
        most = target - (before + _gain(blocks, scope, group, weight))
    return Astray(index=index, scope=scope, group=group, weight=weight, off=off, out_of_reach=max(0.0, most))


def _gain(blocks: Blocks, scope: Scope, group: Group, weight: Floats) -> float:
    """Return dollars that the group cannot gain more of: each account puts all that it can into it."""
    problem = blocks.problem
    pairs, cash = problem.pairs, problem.cash
    members = [(s, share) for s, share in group.members.items() if s in scope.wanted]
    best, room = np.zeros(len(cash.before)), np.zeros(len(cash.before))
    for account in scope.accounts:
        n = blocks.number[account.account_number]
        allowed = [(s, share) for s, share in members if not blocks.why_not_buy(account, s)]
        if allowed and not cash.short[n]:
            best[n] = cash.weight[n] * max(share for _, share in allowed)
            room[n] = cash.weight[n] * _room(blocks, n, allowed)
    gained = np.maximum(best[pairs.account] - weight, 0.0)
    moved = sum_by(pairs.account, pairs.sell_max * pairs.bid * gained, len(best))
    added = np.maximum(best * (cash.before - cash.reserve) + moved, 0.0)
    return float(np.minimum(added, room).sum())


def _room(blocks: Blocks, n: int, allowed: Sequence[tuple[str, float]]) -> float:
    account = blocks.problem.accounts[n]
    most = account.max_position_value
    if most is None:
        return inf
    prices = blocks.household.prices
    return sum(max(0.0, most - account.positions.get(s, 0.0) * prices[s]) * share for s, share in allowed)


def out_of_reach(blocks: Blocks, groups: Sequence[Astray]) -> Iterator[Issue]:
    """Yield for each class that the rules keep visibly from its target, however much was traded, what keeps it.

    It is a warning, unless a mode was asked for that does not trade for all targets.
    """
    for item in groups:
        if item.out_of_reach < VISIBLE * item.scope.value:
            continue
        best = item.group.target
        if item.off > 0:
            best += item.out_of_reach / item.scope.value
            bound = f"below {floor(best * 1e4) / 1e4:.2%}"
            rules = blocks.to_sell(item.scope.accounts, item.group.members)
        else:
            best -= item.out_of_reach / item.scope.value
            bound = f"above {ceil(best * 1e4) / 1e4:.2%}"
            open_to, rules = blocks.to_buy(item.scope, item.group.members)
            if open_to:
                rules.append(f"only so much can be paid for in {listing(sorted(open_to))}")
        yield Issue(
            code="class.out_of_reach",
            where=item.where,
            message=f"{item.state}: no plan under these rules brings it {bound}"
            + (f"; in the way: {'; '.join(rules)}" if rules else ""),
            severity="warning" if blocks.household.policy.mode == "full" else "info",
        )
