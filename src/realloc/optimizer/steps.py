"""Further steps of a plan: what else one account could sell or buy to bring a class to its target."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from realloc.optimizer.integer import Repair
from realloc.optimizer.problem import Floats
from realloc.optimizer.reach import Astray, weight_in

TINY = 1e-9
"""Shares, or dollars per dollar, that are float64 noise."""


ACCOUNTS = 3
"""Accounts in which a further buy is weighed: those with the cheapest sales to pay for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """New share counts of one pair that is sold further and one that is bought further; None: cash."""

    sell: tuple[int, float] | None
    buy: tuple[int, float] | None


def opened(made: Repair) -> Repair:
    """Return the same trades with the loss lots open of every wash group that the plan does not trade."""
    problem = made.problem
    traded = np.bincount(problem.pairs.wash, weights=made.shares != 0, minlength=len(problem.coupled)) > 0
    opens = problem.coupled & ~made.sells_losses & ~traded
    if not opens.any():
        return made
    return made.like(problem, made.sells_losses | opens, made.first_sold).at(made.shares)


class Steps:
    """Finds steps that bring a group nearer to its target, in one account, under the rules of its pairs.

    Parameters
    ----------
    made : Repair
        The trades, as `opened` returns them.
    """

    def __init__(self, made: Repair) -> None:
        self.made, self.problem = made, made.problem
        pairs = self.problem.pairs
        self.left = np.where(made.shares <= 0, made.full + made.shares, 0.0)
        wash = np.bincount(pairs.wash, weights=made.shares < 0, minlength=len(self.problem.coupled)) > 0
        shut = (self.problem.coupled & made.sells_losses & wash)[pairs.wash]
        self.room = np.where((made.shares >= 0) & ~shut, pairs.buy_max - made.shares, 0.0)
        self.left = np.where(self.left >= np.minimum(pairs.step, made.full) - TINY, self.left, 0.0)
        off = np.append(made.off[: len(self.problem.groups.target)], 0.0)
        off[self.problem.cash.group] = 0.0
        self.off_by_pair = (off[pairs.groups] * pairs.weights).sum(axis=1)
        self.spare = made.cash - self.problem.cash.reserve

    @cached_property
    def _sales(self) -> list[list[tuple[float, int]]]:
        """For each account what a dollar of the next sale of each of its pairs costs, the cheapest first."""
        pairs, made = self.problem.pairs, self.made
        p = np.flatnonzero(self.left > 0)
        down = made.neighbours()[1][p]
        objective, _ = made.changes(down, p)
        per_dollar = objective / (np.maximum(made.shares[p] - down, TINY) * pairs.price[p])
        sales: list[list[tuple[float, int]]] = [[] for _ in self.spare]
        for cost, pair, n in zip(per_dollar.tolist(), p.tolist(), pairs.account[p].tolist(), strict=True):
            sales[n].append((cost, pair))
        return [sorted(each) for each in sales]

    def is_traded(self, item: Astray) -> bool:
        """Return whether a group that is over is bought, or one that is under may still be bought."""
        weight = weight_in(self.problem, item.index)
        return bool(((weight > 0) & ((self.made.shares > 0) if item.off > 0 else (self.room > 0))).any())

    def towards(self, item: Astray) -> Iterator[Step]:
        """Yield further sales of a group that is over, or further buys of one that is under."""
        return self._over(item) if item.off > 0 else self._under(item)

    def _over(self, item: Astray) -> Iterator[Step]:
        """Yield the cheapest further sale of the group, its proceeds kept or spent where most is missing."""
        pairs, made = self.problem.pairs, self.made
        weight = weight_in(self.problem, item.index)
        candidates = np.flatnonzero((weight > 0) & (self.left > 0))
        if not len(candidates):
            return
        wanted = item.off / (pairs.price * weight)[candidates]
        counts = [self._sold(p, more) for p, more in zip(candidates.tolist(), wanted.tolist(), strict=True)]
        objective, missed = made.changes(np.array(counts), candidates)
        best = int((objective + missed).argmin())
        p, count = int(candidates[best]), counts[best]
        yield Step(sell=(p, count), buy=None)
        n = int(pairs.account[p])
        buyable = (self.room > 0) & (pairs.account == n) & (weight == 0) & (self.off_by_pair < 0)
        buyable &= pairs.wash != pairs.wash[p]
        if buyable.any():
            q = int(np.where(buyable, self.off_by_pair, 0.0).argmin())
            money = float(pairs.bid[p] * (made.shares[p] - count) + max(self.spare[n], 0.0))
            bought = self._bought(q, min(-float(self.off_by_pair[q]), money) / float(pairs.ask[q]))
            if bought > made.shares[q]:
                yield Step(sell=(p, count), buy=(q, bought))

    def _under(self, item: Astray) -> Iterator[Step]:
        """Yield further buys of the group, each paid by the cheapest sale in its account or by spare cash."""
        pairs = self.problem.pairs
        weight = weight_in(self.problem, item.index)
        buyable = np.flatnonzero((weight > 0) & (self.room > 0))
        worst_first = buyable[pairs.rank[buyable].argsort(kind="stable")[::-1]]
        preferred = dict(zip(pairs.account[worst_first].tolist(), worst_first.tolist(), strict=True))
        found: list[tuple[float, int, int]] = []
        for n, q in sorted(preferred.items()):
            if self.spare[n] >= -item.off / 2:
                yield from self._paid(item, weight, None, q)
            pays = (
                sale
                for sale in self._sales[n]
                if weight[sale[1]] == 0 and pairs.wash[sale[1]] != pairs.wash[q]
            )
            cost, p = next(pays, (0.0, -1))
            if p >= 0:
                found.append((cost + float(pairs.location[q]), p, q))
        for _, p, q in sorted(found)[:ACCOUNTS]:
            yield from self._paid(item, weight, p, q)

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
        """Return the allowed share count after buying at most `wanted` more; as it is if none can be."""
        pairs, made = self.problem.pairs, self.made
        step, now = float(pairs.step[q]), float(made.shares[q])
        more = np.floor(min(wanted, float(self.room[q])) / step + TINY) * step
        return round(now + more, 9) if more > 0 and now + more >= pairs.least[q] else now
