"""Why the plan did not trade further: the best step that it left, what that costs and what it saves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from realloc.errors import Issue
from realloc.optimizer.blocks import Blocks
from realloc.optimizer.integer import Repair
from realloc.optimizer.reach import VISIBLE, Astray
from realloc.optimizer.steps import TINY, Step, Steps, opened
from realloc.optimizer.words import NOTHING, cents, listing, percent, shares, usd

MOST = 3
"""Classes that are spoken of."""


def stops(blocks: Blocks, groups: Sequence[Astray]) -> Iterator[Issue]:
    """Yield for the costliest classes that could come nearer to their targets why they did not."""
    made = blocks.made
    open_groups = [g for g in groups if abs(g.off) - g.out_of_reach >= VISIBLE * g.scope.value][:MOST]
    if not open_groups or not len(made.shares):
        return
    start = opened(made)
    search = Steps(start)
    for item in open_groups:
        steps = list(search.over(item) if item.off > 0 else search.under(item))
        if not steps:
            rules = _ruled_out(blocks, search, item)
            if rules:
                what = "may be sold" if item.off > 0 else "may be bought"
                message = f"{item.state}: nothing more of it {what}; in the way: {'; '.join(rules)}"
                yield Issue(code="stop.rule", where=item.where, message=message, severity="info")
            continue
        weighed = [_weigh(start, step, item.index) for step in steps]
        limit, _, best, change = min(
            (
                (limit, sum(change.values()) / moved, n, change)
                for n, (limit, moved, change) in enumerate(weighed)
            ),
            key=lambda entry: (entry[0] != "", entry[1], entry[2]),
        )
        step = _say(start, steps[best])
        if limit:
            message = f"{item.state}: {step} would {limit}"
            yield Issue(code="stop.limit", where=item.where, message=message, severity="info")
        elif sum(change.values()) > NOTHING:
            message = f"{item.state}: {step} would {_balance(start, change)}"
            yield Issue(code="stop.cost", where=item.where, message=message, severity="info")


def _weigh(made: Repair, step: Step, group: int) -> tuple[str, float, dict[str, float]]:
    """Return the limit that a step breaks, the dollars that it moves a group, and its change of each cost."""
    counts = made.shares.copy()
    for part in (step.sell, step.buy):
        if part:
            counts[part[0]] = part[1]
    scratch = made.at(counts)
    before = made.parts()
    moved = abs(float(scratch.off[group] - made.off[group]))
    return _limit(made, scratch), moved, {name: now - before[name] for name, now in scratch.parts().items()}


def _limit(made: Repair, scratch: Repair) -> str:
    limits, policy = made.problem.limits, made.problem.household.policy
    if np.count_nonzero(scratch.shares) > limits.orders:
        return f"exceed max_orders of {policy.max_orders}"
    for name, room, then, now in (
        ("max_realized_gain", limits.gain, scratch.pair_gain, made.pair_gain),
        ("max_short_term_gain", limits.short_gain, scratch.pair_short, made.pair_short),
        ("max_tax", limits.tax, scratch.pair_tax, made.pair_tax),
    ):
        if float(then.sum()) > max(room, float(now.sum())) + NOTHING:
            return f"exceed {name} of {cents(getattr(policy, name))}"
    if (scratch.cash < np.minimum(made.problem.cash.reserve, made.cash) - NOTHING).any():
        return "leave an account below its reserve"
    if policy.max_drift is not None and scratch.drift() > max(policy.max_drift, made.drift()) + TINY:
        verb = "raise household drift further above" if made.drift() > policy.max_drift else "exceed"
        return f"{verb} max_drift of {percent(policy.max_drift)}"
    return ""


def _say(made: Repair, step: Step) -> str:
    problem = made.problem
    pairs = problem.pairs
    words = []
    for verb, part in (("selling", step.sell), ("buying", step.buy)):
        if part:
            p, count = part
            amount = shares(abs(count - float(made.shares[p])))
            last = verb == "selling" and -count >= pairs.held[p] - TINY
            words.append(
                f"{verb} {'the last ' if last else ''}{amount}{'' if last else ' more'} "
                f"{problem.symbols[pairs.symbol[p]]}"
            )
            number = problem.accounts[pairs.account[p]].account_number
    return f"{' and '.join(words)} in {number}"


def _balance(made: Repair, change: dict[str, float]) -> str:
    names = {"tax": "tax", "trading": "spread", "location": "location cost", "drift": "drift"}
    if made.problem.limits.order_cost > 0:
        names["trading"] = "trading costs"
    costs = [f"{usd(change[part])} of {name}" for part, name in names.items() if change[part] > NOTHING]
    saved = [f"{usd(-change[part])} of {name}" for part, name in names.items() if change[part] < -NOTHING]
    return f"cost {listing(costs)}" + (f" to save {listing(saved)}" if saved else " and save nothing")


def _ruled_out(blocks: Blocks, search: Steps, item: Astray) -> list[str]:
    """Return the rules that leave no further step for a group; none where something else does."""
    if search.is_traded(item):
        return []
    if item.off > 0:
        return blocks.to_sell(item.scope.accounts, item.group.members)
    open_to, rules = blocks.to_buy(item.scope, item.group.members)
    losses = blocks.losses_sold(item.group.members)
    if open_to and not losses:
        return []
    return [*rules, losses] if losses else rules
