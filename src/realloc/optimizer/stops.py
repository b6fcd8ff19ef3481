"""Why the plan did not trade further: the best step that it left, what that would cost and what it would save."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from realloc.errors import Issue
from realloc.optimizer.blocks import Blocks
from realloc.optimizer.integer import Repair
from realloc.optimizer.problem import Flags, Floats
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
        """Yield further buys of the group in each account that may, paid by cash or by the cheapest sale there."""
        pairs, made = self.problem.pairs, self.made
        weight = self._weights(item)
        objective, _ = made.changes(made.neighbours()[1])
        step_down = np.maximum(made.shares - made.neighbours()[1], TINY) * pairs.price
        per_dollar = np.where((self.left > 0) & (weight == 0), objective / step_down, np.inf)
        for n in range(len(self.problem.accounts)):
            mine = pairs.account == n
            q = _first(mine & (weight > 0) & (self.room > 0), pairs.rank)
            if q is None:
                continue
            wanted = max(-item.off / float(pairs.price[q] * weight[q]), float(pairs.step[q]))
            count = self._bought(q, min(wanted, max(float(self.spare[n]), 0.0) / float(pairs.ask[q])))
            if count > made.shares[q]:
                yield Step(sell=None, buy=(q, count))
            p = _first(mine & np.isfinite(per_dollar), per_dollar)
            if p is None:
                continue
            need = max(wanted * float(pairs.ask[q]) - float(self.spare[n]), 0.0)
            sold = self._sold(p, np.ceil(need / float(pairs.bid[p] * pairs.step[p])) * float(pairs.step[p]))
            money = float(self.spare[n] + pairs.bid[p] * (made.shares[p] - sold))
            count = self._bought(q, min(wanted, max(money, 0.0) / float(pairs.ask[q])))
            if count > made.shares[q]:
                yield Step(sell=(p, sold), buy=(q, count))

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


def _first(flags: Flags, order: Floats) -> int | None:
    """Return the flagged place with the least `order`."""
    return int(np.where(flags, order, np.inf).argmin()) if flags.any() else None


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
