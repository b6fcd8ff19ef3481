"""Why the plan did not trade further: the best step that it left, what that costs and what it saves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np

from realloc.errors import Issue
from realloc.optimizer.blocks import Blocks
from realloc.optimizer.integer import Repair
from realloc.optimizer.problem import Floats, sum_by
from realloc.optimizer.reach import VISIBLE, Astray
from realloc.optimizer.steps import TINY, Step, Steps, opened
from realloc.optimizer.words import NOTHING, cents, listing, percent, shares, usd

MOST = 3
"""Classes that are spoken of."""

DIGITS = 9
"""Decimals of a cost per dollar: what differs by less is float64 noise, and the first of such steps is the best."""

PARTS = ("drift", "tax", "trading", "location")
"""Parts of the objective, as `Repair.parts` names them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Weighed:
    """A step, the limit that it breaks, its cost per dollar that it moves a group, and its cost by part."""

    step: Step
    limit: str
    per_dollar: float
    change: dict[str, float]


def stops(blocks: Blocks, groups: Sequence[Astray]) -> Iterator[Issue]:
    """Yield for the costliest classes that could come nearer to their targets why they did not."""
    made = blocks.made
    open_groups = [g for g in groups if abs(g.off) - g.out_of_reach >= VISIBLE * g.scope.value][:MOST]
    if not open_groups or not len(made.shares):
        return
    start = opened(made)
    search = Steps(start)
    found = search.towards(open_groups)
    weighed = _weigh(start, found) if found else []
    for item in open_groups:
        steps = [each for each, (of, _) in zip(weighed, found, strict=True) if of is item]
        if not steps:
            rules = _ruled_out(blocks, search, item)
            if rules:
                what = "may be sold" if item.off > 0 else "may be bought"
                message = f"{item.state}: nothing more of it {what}; in the way: {'; '.join(rules)}"
                yield Issue(code="stop.rule", where=item.where, message=message, severity="info")
            continue
        best = min(steps, key=lambda each: (each.limit != "", each.per_dollar))
        step = _say(start, best.step)
        if best.limit:
            message = f"{item.state}: {step} would {best.limit}"
            yield Issue(code="stop.limit", where=item.where, message=message, severity="info")
        elif sum(best.change.values()) > NOTHING:
            message = f"{item.state}: {step} would {_balance(start, best.change)}"
            yield Issue(code="stop.cost", where=item.where, message=message, severity="info")


def _weigh(made: Repair, found: Sequence[tuple[Astray, Step]]) -> list[_Weighed]:
    """Return what each step towards a group does."""
    problem, n = made.problem, len(found)
    pairs, cash = problem.pairs, problem.cash
    parts = [(row, *part) for row, (_, step) in enumerate(found) for part in (step.sell, step.buy) if part]
    row, at, counts = (np.array(column) for column in zip(*parts, strict=True))
    account = pairs.account[at]
    present = (made.pair_cost, made.pair_cash, made.pair_tax, made.pair_gain, made.pair_short)
    cost, came, *gains = (then - now[at] for then, now in zip(made.weigh(counts, at), present, strict=True))
    value = (counts - made.shares[at]) * pairs.price[at]
    located = pairs.location[at] * value + cash.location[account] * came
    tax, gain, short, cost, location = (sum_by(row, each, n) for each in (*gains, cost, located))
    off, kept = (np.repeat(each[None], n, axis=0) for each in (made.off, made.cash))
    np.add.at(kept, (row, account), came)
    np.add.at(off, (row, cash.group[account]), came * cash.weight[account])
    np.add.at(off, (row[:, None], pairs.groups[at]), value[:, None] * pairs.weights[at])
    drift = made.deviation(off, made.band).sum(axis=1) - made.parts()["drift"]
    orders = sum_by(row, (counts != 0) * 1.0 - (made.shares[at] != 0), n)
    group = [item.index for item, _ in found]
    moved = np.abs(off[range(n), group] - made.off[group])
    columns = (drift, tax, cost - tax - location, location)
    return [
        _Weighed(
            step=step,
            limit=limit,
            per_dollar=round(sum(parts) / far, DIGITS),
            change=dict(zip(PARTS, parts, strict=True)),
        )
        for (_, step), limit, far, parts in zip(
            found,
            _limits(made, orders, (gain, short, tax), kept, off),
            moved.tolist(),
            np.transpose(columns).tolist(),
            strict=True,
        )
    ]


def _limits(made: Repair, orders: Floats, gains: Sequence[Floats], kept: Floats, off: Floats) -> list[str]:
    """Return for each step the first limit that it breaks, empty where it breaks none.

    Parameters
    ----------
    made : Repair
        The trades.
    orders, gains
        Orders, gain, short-term gain and tax that each step adds.
    kept, off : array of float
        Cash by account and dollars off target by group after each step.
    """
    problem, policy = made.problem, made.problem.household.policy
    limits, value = problem.limits, problem.drift_value
    broken: list[tuple[str, list[bool]]] = []
    if isfinite(limits.orders):
        over = orders > limits.orders - np.count_nonzero(made.shares)
        broken.append((f"exceed max_orders of {policy.max_orders}", over.tolist()))
    for name, room, now, more in zip(
        ("max_realized_gain", "max_short_term_gain", "max_tax"),
        (limits.gain, limits.short_gain, limits.tax),
        (made.pair_gain, made.pair_short, made.pair_tax),
        gains,
        strict=True,
    ):
        if isfinite(room):
            over = more > max(room - float(now.sum()), 0.0) + NOTHING
            broken.append((f"exceed {name} of {cents(getattr(policy, name))}", over.tolist()))
    short = np.asarray((kept < np.minimum(problem.cash.reserve, made.cash) - NOTHING).any(axis=1))
    broken.append(("leave an account below its reserve", short.tolist()))
    if policy.max_drift is not None and value > 0:
        drift = made.drift()
        verb = "raise household drift further above" if drift > policy.max_drift else "exceed"
        over = np.abs(off).sum(axis=1) > 2 * value * (max(policy.max_drift, drift) + TINY)
        broken.append((f"{verb} max_drift of {percent(policy.max_drift)}", over.tolist()))
    return [next((limit for limit, steps in broken if steps[n]), "") for n in range(len(off))]


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
