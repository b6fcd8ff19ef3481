"""Further steps of a plan: what else one account could sell or buy to bring a class to its target."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from realloc.optimizer.integer import Repair
from realloc.optimizer.problem import Floats, Ints
from realloc.optimizer.reach import Astray

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

    def is_traded(self, item: Astray) -> bool:
        """Return whether a group that is over is bought, or one that is under may still be bought."""
        return bool(((item.weight > 0) & ((self.made.shares > 0) if item.off > 0 else (self.room > 0))).any())

    def towards(self, items: Sequence[Astray]) -> list[tuple[Astray, Step]]:
        """Return further sales of each group that is over, and further buys of each that is under."""
        sales = [self._sales(item) for item in items]
        objective, missed = self.made.changes(
            np.concatenate([counts for _, counts in sales]), np.concatenate([pairs for pairs, _ in sales])
        )
        found: list[tuple[Astray, Step]] = []
        first = 0
        for item, (pairs, counts) in zip(items, sales, strict=True):
            mine = slice(first, first + len(pairs))
            first = mine.stop
            if item.off > 0:
                steps = self._over(item.weight, pairs, counts, (objective + missed)[mine])
            else:
                steps = self._under(item, pairs, counts, objective[mine])
            found += [(item, step) for step in steps]
        return found

    def _sales(self, item: Astray) -> tuple[Ints, Floats]:
        """Return pairs and the share counts after further sales.

        Those are sales of a group that is over, as far as they bring it to its target; the next sales of anything
        else, where it is under.
        """
        if item.off <= 0:
            others = np.flatnonzero((item.weight == 0) & (self.left > 0))
            return others, self.made.below()[others]
        members = np.flatnonzero((item.weight > 0) & (self.left > 0))
        wanted = item.off / (self.problem.pairs.price * item.weight)[members]
        return members, np.array(
            [self._sold(p, more) for p, more in zip(members.tolist(), wanted.tolist(), strict=True)]
        )

    def _over(self, weight: Floats, candidates: Ints, counts: Floats, score: Floats) -> Iterator[Step]:
        """Yield the cheapest further sale of the group, its proceeds kept or spent where most is missing."""
        if not len(candidates):
            return
        pairs, made = self.problem.pairs, self.made
        best = int(score.argmin())
        p, count = int(candidates[best]), float(counts[best])
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

    def _under(self, item: Astray, sold: Ints, counts: Floats, cost: Floats) -> Iterator[Step]:
        """Yield further buys of the group, each paid by the cheapest sale in its account or by spare cash."""
        pairs = self.problem.pairs
        per_dollar = cost / (np.maximum(self.made.shares[sold] - counts, TINY) * pairs.price[sold])
        order = per_dollar.argsort(kind="stable")
        cheapest = sold[order]
        columns = (per_dollar[order], cheapest, pairs.account[cheapest], pairs.wash[cheapest])
        rows = list(zip(*(column.tolist() for column in columns), strict=True))
        buyable = np.flatnonzero((item.weight > 0) & (self.room > 0))
        worst_first = buyable[pairs.rank[buyable].argsort(kind="stable")[::-1]]
        preferred = dict(zip(pairs.account[worst_first].tolist(), worst_first.tolist(), strict=True))
        found: list[tuple[float, int, int]] = []
        for n, q in sorted(preferred.items()):
            if self.spare[n] >= -item.off / 2:
                yield from self._paid(item, None, q)
            wash = pairs.wash[q]
            pays = ((each, p) for each, p, account, group in rows if account == n and group != wash)
            found += [(each + float(pairs.location[q]), p, q) for each, p in islice(pays, 1)]
        for _, p, q in sorted(found)[:ACCOUNTS]:
            yield from self._paid(item, p, q)

    def _paid(self, item: Astray, p: int | None, q: int) -> Iterator[Step]:
        """Yield the buy of q that closes the group's gap as far as a sale of p and spare cash pay for it."""
        pairs, made = self.problem.pairs, self.made
        step = float(pairs.step[q])
        money = max(float(self.spare[pairs.account[q]]), 0.0)
        wanted = max(
            -item.off / float(pairs.price[q] * item.weight[q]),
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
