"""Why the plan did not trade further: the best step that it left, what that costs and what it saves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from realloc.errors import Issue
from realloc.optimizer.blocks import Blocks
from realloc.optimizer.integer import Repair
from realloc.optimizer.problem import Floats
from realloc.optimizer.reach import VISIBLE, Astray
from realloc.optimizer.words import NOTHING, cents, listing, percent, shares, usd

MOST = 3
"""Classes that are spoken of."""

TINY = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """New share counts of one pair that is sold further and one that is bought further; None: cash."""

    sell: tuple[int, float] | None
    buy: tuple[int, float] | None


def stops(blocks: Blocks, groups: Sequence[Astray]) -> Iterator[Issue]:
    """Yield for the costliest classes that could come nearer to their targets why they did not."""
    made = blocks.made
    open_groups = [g for g in groups if abs(g.off) - g.out_of_reach >= VISIBLE * g.scope.value][:MOST]
    if not open_groups or not len(made.shares):
        return
    search = _Steps(made)
    scratch = Repair(made.problem, made.sells_losses)
    for item in open_groups:
        steps = list(search.over(item) if item.off > 0 else search.under(item))
        if not steps:
            yield Issue(code="stop.rule", where=item.where, message=_ruled_out(blocks, item), severity="info")
            continue
        weighed = [_weigh(made, scratch, step) for step in steps]
        best = min(range(len(steps)), key=lambda n: (weighed[n][0] != "", sum(weighed[n][1].values()), n))
        limit, change = weighed[best]
        step = _say(made, steps[best])
        if limit:
            yield Issue(
                code="stop.limit",
                where=item.where,
                message=f"{item.state}: {step} would {limit}",
                severity="info",
            )
        elif sum(change.values()) > NOTHING:
            message = f"{item.state}: {step} would {_balance(made, change)}"
            yield Issue(code="stop.cost", where=item.where, message=message, severity="info")


class _Steps:
    """Finds the steps that bring a group nearer to its target, within one account and the rules of its pairs."""

    def __init__(self, made: Repair) -> None:
        self.made, self.problem = made, made.problem
        pairs = self.problem.pairs
        self.left = np.where(made.shares <= 0, made.full + made.shares, 0.0)
        self.room = np.where(made.shares >= 0, made.buy_max - made.shares, 0.0)
        self.left = np.where(self.left >= np.minimum(pairs.step, made.full) - TINY, self.left, 0.0)
        off = np.append(made.off[: len(self.problem.groups.target)], 0.0)
        off[self.problem.cash.group] = 0.0
        self.off_by_pair = (off[pairs.groups] * pairs.weights).sum(axis=1)
        self.spare = made.cash - self.problem.cash.reserve

    def _weights(self, item: Astray) -> Floats:
        pairs = self.problem.pairs
        return np.asarray(np.where(pairs.groups == item.index, pairs.weights, 0.0).sum(axis=1))

    def over(self, item: Astray) -> Iterator[Step]:
        """Yield the cheapest further sale of the group, its proceeds kept and then spent where most is missing."""
        pairs, made = self.problem.pairs, self.made
        weight = self._weights(item)
        candidates = np.flatnonzero((weight > 0) & (self.left > 0))
        if not len(candidates):
            return
        counts = made.shares.copy()
        for p in candidates.tolist():
            counts[p] = self._sold(p, item.off / float(pairs.price[p] * weight[p]))
        objective, missed = made.changes(counts)
        p = int(candidates[(objective + missed)[candidates].argmin()])
        sale = (p, float(counts[p]))
        yield Step(sell=sale, buy=None)
        n = int(pairs.account[p])
        buyable = (self.room > 0) & (pairs.account == n) & (weight == 0) & (self.off_by_pair < 0)
        if buyable.any():
            q = int(np.where(buyable, self.off_by_pair, 0.0).argmin())
            money = float(pairs.bid[p] * (made.shares[p] - counts[p]) + max(self.spare[n], 0.0))
            wanted = min(-float(self.off_by_pair[q]), money) / float(pairs.ask[q])
            count = self._bought(q, wanted)
            if count > made.shares[q]:
                yield Step(sell=sale, buy=(q, count))

    def under(self, item: Astray) -> Iterator[Step]:
        """Yield the cheapest further buy of the group, paid by a sale in its account, or by cash that is spare."""
        pairs, made = self.problem.pairs, self.made
        weight = self._weights(item)
        buyable = (weight > 0) & (self.room > 0)
        down = made.neighbours()[1]
        objective, _ = made.changes(down)
        step_down = np.maximum(made.shares - down, TINY) * pairs.price
        per_dollar = np.where((self.left > 0) & (weight == 0), objective / step_down, np.inf)
        best: tuple[float, int, int] | None = None
        for n in np.unique(pairs.account[buyable]).tolist():
            mine = pairs.account == n
            q = int(np.where(mine & buyable, pairs.rank, np.inf).argmin())
            if self.spare[n] >= -item.off / 2:
                yield from self._paid(item, weight, None, q)
            p = int(np.where(mine, per_dollar, np.inf).argmin())
            cost = float(per_dollar[p] + pairs.location[q])
            if mine[p] and np.isfinite(cost) and (best is None or cost < best[0]):
                best = cost, p, q
        if best is not None:
            yield from self._paid(item, weight, best[1], best[2])

    def _paid(self, item: Astray, weight: Floats, p: int | None, q: int) -> Iterator[Step]:
        """Yield the buy of q that closes the group's gap as far as a sale of p and spare cash pay for it."""
        pairs, made = self.problem.pairs, self.made
        step = float(pairs.step[q])
        money = max(float(self.spare[pairs.account[q]]), 0.0)
        wanted = max(
            -item.off / float(pairs.price[q] * weight[q]),
            step,
            float(pairs.least[q]) if made.shares[q] == 0 else 0.0,
        )
        sale = None
        if p is not None:
            unit = float(pairs.bid[p] * pairs.step[p])
            need = max(wanted * float(pairs.ask[q]) - money, 0.0)
            sale = (p, self._sold(p, float(np.ceil(need / unit) * pairs.step[p])))
            money += float(pairs.bid[p] * (made.shares[p] - sale[1]))
        count = self._bought(q, min(wanted, money / float(pairs.ask[q])))
        if count > made.shares[q]:
            yield Step(sell=sale, buy=(q, count))

    def _sold(self, p: int, wanted: float) -> float:
        """Return the allowed share count after selling about `wanted` shares more, at least one step."""
        pairs, made = self.problem.pairs, self.made
        step = float(pairs.step[p])
        total = -float(made.shares[p]) + max(round(wanted / step), 1) * step
        full, whole = float(made.full[p]), float(made.whole[p])
        total = min(max(total, float(made.least_sale[p])), full)
        if whole < total < full:
            total = whole if whole > -float(made.shares[p]) else full
        return -round(total, 9)

    def _bought(self, q: int, wanted: float) -> float:
        """Return the allowed share count after buying at most `wanted` shares more; as it is where none can be."""
        pairs, made = self.problem.pairs, self.made
        step, now = float(pairs.step[q]), float(made.shares[q])
        more = np.floor(min(wanted, float(self.room[q])) / step + TINY) * step
        return round(now + more, 9) if more > 0 and now + more >= pairs.least[q] else now


def _weigh(made: Repair, scratch: Repair, step: Step) -> tuple[str, dict[str, float]]:
    """Return the limit that a step would break, in words, and its change of each part of the objective."""
    counts = made.shares.copy()
    for part in (step.sell, step.buy):
        if part:
            counts[part[0]] = part[1]
    scratch.set(counts)
    before = made.parts()
    return _limit(made, scratch), {name: now - before[name] for name, now in scratch.parts().items()}


def _limit(made: Repair, scratch: Repair) -> str:
    limits, policy = made.problem.limits, made.problem.household.policy
    if np.count_nonzero(scratch.shares) > limits.orders:
        return f"exceed max_orders of {policy.max_orders}"
    if float(scratch.pair_gain.sum()) > max(limits.gain, float(made.pair_gain.sum())) + NOTHING:
        return f"exceed max_realized_gain of {cents(limits.gain)}"
    if float(scratch.pair_tax.sum()) > max(limits.tax, float(made.pair_tax.sum())) + NOTHING:
        return f"exceed max_tax of {cents(limits.tax)}"
    if (scratch.cash < np.minimum(made.problem.cash.reserve, made.cash) - NOTHING).any():
        return "leave an account below its reserve"
    if policy.max_drift is not None and scratch.drift() > max(policy.max_drift, made.drift()) + TINY:
        return f"exceed max_drift of {percent(policy.max_drift)}"
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


def _ruled_out(blocks: Blocks, item: Astray) -> str:
    if item.off > 0:
        rules = blocks.to_sell(item.scope.accounts, item.group.members)
        return f"{item.state}: nothing more of it may be sold" + (f"; {'; '.join(rules)}" if rules else "")
    open_to, rules = blocks.to_buy(item.scope, item.group.members)
    if open_to:
        rules.append(f"nothing is left to pay for it in {listing(sorted(open_to))}")
    return f"{item.state}: nothing more of it can be bought" + (f"; {'; '.join(rules)}" if rules else "")
