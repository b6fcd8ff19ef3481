"""Whole shares: round a relaxed solution, then repair it move by move, every move weighed in dollars.

A *move* takes one pair to the next share count that the rules allow (QTY-1, QTY-3): a share more or less, from
nothing to the least order and back, from the last whole share to the whole position and back. All moves are
weighed at once in numpy; the best is made, until none helps. Moves in pairs are weighed where asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from math import isfinite
from types import MappingProxyType

import numpy as np

from realloc.optimizer.deadline import NEVER, Deadline
from realloc.optimizer.problem import Flags, Floats, Ints, Lots, Problem, sum_by
from realloc.optimizer.washes import Family

NEGLIGIBLE = 1e-7
"""Dollars: a gain or a violation below this is float64 noise."""

NOISE = 1e-8
"""Units of the model: a change of what is missed below this is float64 noise; a thousandth of a share is worth more."""

STRIDES = 4.0 ** np.arange(14)
"""Multiples of a step that are tried when a pair moves again."""

ORDER_MISSED = 1000.0
"""Dollars that an order beyond the cap on orders counts as missed."""

MOVES = 1000
"""Most moves of one kind in a row: what could still be moved is small change, and shows in the gap."""

MOST_MOVES = 2 * MOVES
"""Moves after which no further turn of steps and leaps is begun."""

AT_ONCE = 64
"""Most moves that are looked at to be made at once."""

ROUNDS = 32
"""Most times that a descent makes moves at once: these are single steps, and strides go further."""

BROKEN, SHORT, ASTRAY = 1e18, 1e10, 1e4
"""Dollars of score per dollar that a cap is broken, a reserve missed, or the cap on drift exceeded (OBJ-6)."""


class Repair:
    """Trades under repair: share counts by pair, and what they do to cash, groups and caps.

    Parameters
    ----------
    problem : Problem
        The arrays.
    sells_losses : array of bool
        For each wash group: True lets its loss lots be sold and forbids its buys (rule WASH-1). Only
        coupled groups are read.
    first_sold : array of float, optional
        Shares of each lot that a sale takes before all others of its pair, where caps on gains or tax choose
        among lots. None: by the order of the lots alone.
    deadline : Deadline
        Until when moves are made for a better objective, also by every repair that comes from this one.
    """

    families: Mapping[int, Family] = MappingProxyType({})

    def __init__(
        self,
        problem: Problem,
        sells_losses: Flags,
        first_sold: Floats | None = None,
        *,
        deadline: Deadline = NEVER,
    ) -> None:
        self.problem, self.deadline = problem, deadline
        pairs, lots, groups = problem.pairs, problem.lots, problem.groups
        self.sells_losses, self.first_sold = sells_losses, first_sold
        self.part_lot, self.part_shares, first = parts_of(lots, first_sold)
        of_lot = self.part_lot
        loss_side = (problem.coupled & sells_losses)[pairs.wash]
        gain_side = (problem.coupled & ~sells_losses)[pairs.wash]
        open_lot = ~(lots.loss & gain_side[lots.pair])
        shares = self.part_shares = np.where(open_lot[of_lot], self.part_shares, 0.0)
        totals = np.zeros((4, len(shares) + 1))
        each = (shares * figures[of_lot] for figures in (lots.tax, lots.gain, lots.short_gain))
        np.cumsum([shares, *each], axis=1, out=totals[:, 1:])
        self.reach, self.tax_at, self.gain_at, self.short_at = totals
        self.start, self.tax_start, self.gain_start, self.short_start = totals.take(first[:-1], axis=1)
        self.part_first = first
        open_shares = self.reach[first[1:]] - self.start
        closed = open_shares < np.minimum(pairs.sell_max, pairs.held) - 1e-6
        whole_open = np.floor(open_shares / pairs.step + 1e-9) * pairs.step
        self.full = np.where(closed, np.minimum(whole_open, pairs.sell_max), pairs.sell_max)
        self.whole = np.where(closed, self.full, pairs.whole)
        self.least_sale = np.where(closed, pairs.least, pairs.least_sale)
        self.full = np.where(self.full >= self.least_sale, self.full, 0.0)
        self.least_sale = np.where(self.full > 0, self.least_sale, 0.0)
        self.buy_max = np.where(loss_side, 0.0, pairs.buy_max)
        self.noise = min(NEGLIGIBLE, NOISE * problem.unit)
        self.shares = np.zeros(len(pairs.held))
        self.slot = np.concatenate([pairs.groups, problem.cash.group[pairs.account][:, None]], axis=1)
        self.band = np.append(groups.band, np.inf)
        self.slot_band = self.band[self.slot]
        self.extra = problem.limits.outside_band - problem.limits.inside_band
        limits = problem.limits
        self.held_rate = pairs.price * (1 - pairs.location)
        self.paid_rate = 1 - problem.cash.location[pairs.account]
        self.caps = isfinite(min(limits.gain, limits.short_gain, limits.tax, limits.drift))
        self.convex = not (limits.on_orders or self.caps or self.families or pairs.relieved.any())
        self.ranged = groups.ranged or bool(np.isfinite(problem.cash.most).any())
        self.low = np.append(groups.low - groups.target, -np.inf)
        self.high = np.append(groups.high - groups.target, np.inf)
        self.refresh()

    def on(self, problem: Problem) -> Repair:
        """Return the same trades under another problem of the same arrays."""
        other = self.like(problem, self.sells_losses, self.first_sold)
        other.set(self.shares)
        return other

    def like(self, problem: Problem, sells_losses: Flags, first_sold: Floats | None) -> Repair:
        """Return an empty repair of the same kind."""
        return Repair(problem, sells_losses, first_sold, deadline=self.deadline)

    def at(self, shares: Floats) -> Repair:
        """Return other trades with the same lots open."""
        other = copy(self)
        other.set(shares)
        return other

    def set(self, shares: Floats) -> None:
        """Take these share counts as they are."""
        self.shares = shares.copy()
        self.refresh()

    def round(self, buy: Floats, sell: Floats) -> None:
        """Take a relaxed solution: buys rounded down, sales up, both to counts that the rules allow."""
        pairs = self.problem.pairs
        sold = sum_by(self.problem.lots.pair, sell, len(pairs.held))
        net = buy - sold
        slack = 1e-6
        down = np.floor(net / pairs.step + slack) * pairs.step
        down = np.where(down >= pairs.least, np.minimum(down, self.buy_max), 0.0)
        up = np.ceil(-net / pairs.step - slack) * pairs.step
        up = np.where(up > self.whole, self.full, np.maximum(up, 0.0))
        small = (up > 0) & (up < self.least_sale)
        up = np.where(small, np.where(2 * up >= self.least_sale, self.least_sale, 0.0), up)
        self.set(np.where(net > 0, down, -np.minimum(up, self.full)) + 0.0)

    def refresh(self) -> None:
        """Derive cash, group values and totals from the share counts."""
        problem = self.problem
        pairs, groups, cash = problem.pairs, problem.groups, problem.cash
        self.known_parts: dict[str, float] | None = None
        weighed = self.weigh(self.shares, slice(None))
        self.pair_cost, self.pair_cash, self.pair_tax, self.pair_gain, self.pair_short = weighed
        self.cash = cash.before + sum_by(pairs.account, self.pair_cash, len(cash.before))
        value = (self.shares * pairs.price)[:, None] * pairs.weights
        off = sum_by(pairs.groups.ravel(), value.ravel(), len(groups.target) + 1).astype(float)
        off[: len(groups.target)] += groups.before - groups.target
        off += sum_by(cash.group, cash.weight * self.cash, len(off))
        off[-1] = 0.0
        self.off = off

    def move(self, pair: int, count: float) -> None:
        """Take one pair to another share count."""
        pairs = self.problem.pairs
        value = (count - self.shares[pair]) * pairs.price[pair]
        self.shares[pair] = count
        self.known_parts = None
        weighed = self.weigh(self.shares[pair : pair + 1], slice(pair, pair + 1))
        came = float(weighed[1][0]) - self.pair_cash[pair]
        totals_by_pair = (self.pair_cost, self.pair_cash, self.pair_tax, self.pair_gain, self.pair_short)
        for totals, now in zip(totals_by_pair, weighed, strict=True):
            totals[pair] = now[0]
        account = pairs.account[pair]
        self.cash[account] += came
        np.add.at(self.off, pairs.groups[pair], value * pairs.weights[pair])
        self.off[self.problem.cash.group[account]] += came * self.problem.cash.weight[account]
        self.off[-1] = 0.0

    def weigh(self, shares: Floats, at: slice | Ints) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        """Return the cost (drift apart), the cash that comes in, tax, gain and short-term gain of pairs `at`.

        All in dollars; the last axis of `shares` is the pairs.
        """
        problem = self.problem
        pairs, limits = problem.pairs, problem.limits
        reach = self.start[at] + np.maximum(-shares, 0.0)
        tax = np.interp(reach, self.reach, self.tax_at) - self.tax_start[at]
        gain = short = tax
        if self.caps:
            gain = np.interp(reach, self.reach, self.gain_at) - self.gain_start[at]
            short = np.interp(reach, self.reach, self.short_at) - self.short_start[at]
        paid = np.where(shares > 0, pairs.ask[at], pairs.bid[at]) * shares
        cost = tax - self.held_rate[at] * shares
        if limits.order_cost:
            order = shares != 0
            paid += limits.commission * order
            cost += limits.order * order
        cost += self.paid_rate[at] * paid
        return cost, -paid, tax, gain, short

    def cash_of(self, counts: Floats, at: Ints) -> Floats:
        """Return the cash in dollars that comes in if the pairs `at` are traded as `counts` say."""
        return self.weigh(counts, at)[1]

    def parts(self) -> dict[str, float]:
        """Return the parts of the objective in dollars: drift, tax, trading and location."""
        if self.known_parts is None:
            self.known_parts = self._parts()
        return self.known_parts

    def _parts(self) -> dict[str, float]:
        problem = self.problem
        pairs, limits = problem.pairs, problem.limits
        traded = self.shares * np.where(self.shares > 0, pairs.ask - pairs.price, pairs.bid - pairs.price)
        located = pairs.location * pairs.price * self.shares
        return {
            "drift": float(self.deviation(self.off, self.band).sum()),
            "tax": float(self.pair_tax.sum()),
            "trading": float(traded.sum()) + limits.order_cost * int(np.count_nonzero(self.shares)),
            "location": float(located.sum() + problem.cash.location @ self.cash) + problem.location,
        }

    def objective(self) -> float:
        """Return the objective in dollars."""
        return sum(self.parts().values())

    def drift(self) -> float:
        """Return household drift, a fraction (rule OBJ-5)."""
        value = self.problem.drift_value
        return float(np.abs(self.off).sum()) / (2 * value) if value > 0 else 0.0

    def missed(self) -> tuple[float, float, float]:
        """Return what caps and ranges are broken by (a surplus order counts as a thousand), and what is missed.

        That is dollars of reserves, and of the cap on drift.
        """
        problem, limits = self.problem, self.problem.limits
        broken = ORDER_MISSED * max(0.0, int(np.count_nonzero(self.shares)) - limits.orders)
        if self.caps:
            broken += max(0.0, float(self.pair_gain.sum()) - limits.gain - NEGLIGIBLE)
            broken += max(0.0, float(self.pair_short.sum()) - limits.short_gain - NEGLIGIBLE)
            broken += max(0.0, float(self.pair_tax.sum()) - limits.tax - NEGLIGIBLE)
        if self.ranged:
            broken += float(self._outside(self.off, slice(None)).sum())
            broken += float(np.maximum(self.cash - problem.cash.most - NEGLIGIBLE, 0.0).sum())
        short = float(np.maximum(problem.cash.reserve - self.cash - NEGLIGIBLE, 0.0).sum())
        astray = 0.0
        if isfinite(limits.drift):
            off = float(np.abs(self.off).sum()) / 2
            astray = max(0.0, off - limits.drift * problem.drift_value - NEGLIGIBLE)
        return broken, short, astray

    def deviation(self, off: Floats, band: Floats) -> Floats:
        """Return the drift cost in dollars of groups that are `off` dollars from their targets."""
        far = np.abs(off)
        inside = self.problem.limits.inside_band
        return np.asarray(inside * far + self.extra * np.maximum(far - band, 0.0))

    def _outside(self, off: Floats, slots: Ints | slice) -> Floats:
        """Return the dollars that groups which are `off` dollars from their targets are outside their ranges."""
        return np.asarray(
            np.maximum(self.low[slots] - off - NEGLIGIBLE, 0.0)
            + np.maximum(off - self.high[slots] - NEGLIGIBLE, 0.0)
        )

    def neighbours(self) -> tuple[Floats, Floats]:
        """Return for each pair the next share count above and below; the present one where there is none."""
        pairs, n = self.problem.pairs, self.shares
        step, least = pairs.step, pairs.least
        up = np.where(n == 0, least, np.round(n + step, 3))
        up = np.where(-n > self.whole, -self.whole, up)
        up = np.where((n < 0) & (-up < self.least_sale), 0.0, up)
        return np.where(up > self.buy_max, n, up) + 0.0, self.below()

    def below(self) -> Floats:
        """Return for each pair the next share count below; the present one where there is none."""
        pairs, n = self.problem.pairs, self.shares
        down = np.where(n == 0, -self.least_sale, n - pairs.step)
        down = np.where((n > 0) & (down < pairs.least), 0.0, down)
        return self._sale(down) + 0.0

    def leaps(self) -> tuple[Floats, Floats, Floats]:
        """Return for each pair share counts further away.

        No trade; what brings its first group to the target, as far as cash and holding go; and in an account
        short of its reserve the sale that covers it.
        """
        problem, pairs = self.problem, self.problem.pairs
        n = np.maximum(self.shares, -self.whole)
        spare = (self.cash - problem.cash.reserve)[pairs.account]
        wanted = -self.off[pairs.groups[:, 0]] / (pairs.price * problem.cash.weight[pairs.account])
        affordable = (
            np.floor(np.maximum(spare - problem.limits.commission, 0.0) / pairs.ask / pairs.step) * pairs.step
        )
        centre = n + np.clip(np.trunc(wanted / pairs.step) * pairs.step, -np.inf, affordable)
        centre = np.where(centre > 0, np.minimum(centre, self.buy_max), centre)
        centre = np.where((centre > 0) & (centre < pairs.least), 0.0, centre)
        need = np.where(n < 0, 0.0, problem.limits.commission) - spare
        cover = np.where(spare < 0, n - np.ceil(need / pairs.bid / pairs.step) * pairs.step, n)
        cover = np.where((cover > 0) & (cover < pairs.least), 0.0, cover)
        centre, cover = (
            self._sale(np.where((c < 0) & (-c < self.least_sale), -self.least_sale, c)) + 0.0
            for c in (centre, cover)
        )
        return np.zeros(len(n)), centre, cover

    def _sale(self, count: Floats) -> Floats:
        """Take sales beyond what may be sold in whole steps to the whole position, where that may be sold."""
        steps = np.round(count, 3)
        return np.where(-steps > self.whole, -self.full, steps)

    def changes(self, counts: Floats, at: slice | Ints = slice(None)) -> tuple[Floats, Floats]:
        """Return what taking each pair alone to its entry in `counts` does: to the objective, and to what is missed.

        Both are in dollars; what is missed is weighted, so that their sum ranks moves as rule OBJ-6 does. `at`
        names the pairs of the last axis of `counts`, all by default.
        """
        problem = self.problem
        pairs, limits, cash = problem.pairs, problem.limits, problem.cash
        account = pairs.account[at]
        cost, came, tax, gain, short = self.weigh(counts, at)
        came -= self.pair_cash[at]
        value = (counts - self.shares[at]) * pairs.price[at]
        slot = self.slot[at]
        before = self.off[slot]
        after = np.empty((*counts.shape, slot.shape[-1]))
        after[..., :-1] = value[..., None] * pairs.weights[at]
        after[..., -1] = came * cash.weight[account]
        after += before
        band = self.slot_band[at]
        objective = cost - (self.pair_cost[at] + self.deviation(before, band).sum(axis=-1))
        objective += self.deviation(after, band).sum(axis=-1)
        slack = self.cash[account] - cash.reserve[account] + NEGLIGIBLE
        missed = SHORT * self._beyond_noise(np.maximum(-slack - came, 0.0) - np.maximum(-slack, 0.0))
        if self.ranged:
            beyond = (self._outside(after, slot) - self._outside(before, slot)).sum(axis=-1)
            over = self.cash[account] - cash.most[account] - NEGLIGIBLE
            beyond += np.maximum(over + came, 0.0) - np.maximum(over, 0.0)
            missed += BROKEN * self._beyond_noise(beyond)
        if self.caps:
            changes = (gain - self.pair_gain[at], short - self.pair_short[at], tax - self.pair_tax[at])
            missed += self._cap_change(changes, before, after)
        if np.isfinite(limits.orders):
            orders = (counts != 0) * 1.0 - (self.shares[at] != 0)
            excess = np.count_nonzero(self.shares) - limits.orders
            missed += BROKEN * ORDER_MISSED * (np.maximum(excess + orders, 0.0) - max(excess, 0.0))
        return objective, missed

    def _cap_change(self, changes: tuple[Floats, Floats, Floats], before: Floats, after: Floats) -> Floats:
        """Return what changes of gain, short-term gain, tax and drift do to their caps, in weighted dollars."""
        limits = self.problem.limits
        total = np.zeros(changes[0].shape)
        made_by_cap = (self.pair_gain, self.pair_short, self.pair_tax)
        caps = (limits.gain, limits.short_gain, limits.tax)
        for made, change, cap in zip(made_by_cap, changes, caps, strict=True):
            excess = made.sum() - cap - NEGLIGIBLE
            total += BROKEN * self._beyond_noise(np.maximum(excess + change, 0.0) - max(excess, 0.0))
        if np.isfinite(limits.drift):
            excess = np.abs(self.off).sum() / 2 - limits.drift * self.problem.drift_value - NEGLIGIBLE
            drift = (np.abs(after) - np.abs(before)).sum(axis=-1) / 2
            total += ASTRAY * self._beyond_noise(np.maximum(excess + drift, 0.0) - max(excess, 0.0))
        return total

    def cover(self) -> None:
        """Sell what reserves that are missed need, the dearest last, whatever the time; nothing else is moved.

        Sales that break a cap for it are left out.
        """
        while self.missed()[1] > NEGLIGIBLE:
            counts = np.concatenate([self.leaps()[1:], self.below()[None]])
            objective, missed = self.changes(counts)
            score = np.where(missed < -SHORT * NEGLIGIBLE, objective + missed, np.inf)
            best = int(score.argmin())
            if not np.isfinite(score.flat[best]):
                break
            kind, p = divmod(best, len(self.shares))
            count = float(counts.flat[best])
            self.move(p, self._stride(p, count) if kind == len(counts) - 1 else count)
        self.refresh()

    def _beyond_noise(self, missed: Floats) -> Floats:
        """Take changes of what is missed that are float64 noise as none."""
        return np.where(np.abs(missed) > self.noise, missed, 0.0)

    def improve(self) -> None:
        """Make the best moves until none lowers the score, or time is up.

        Where something is missed, leaps may reach it at once and single steps may keep nearer to what was rounded:
        the better of the two is taken.
        """
        if max(self.missed()) > NEGLIGIBLE:
            stepped = self.at(self.shares)
            stepped.descend()
            self._descend(self.leaps)
            self.descend()
            if stepped.score() < self.score():
                self.shares = stepped.shares
        else:
            self.descend()
        self.refresh()

    def descend(self) -> None:
        """Make steps, then leaps, and so on in turn, until a turn no longer lowers the score.

        Where the score is convex in the count of each pair, a leap gains nothing when no step does. A turn may end
        where it began: what a thousandth of a share does to a cap can be noise, and that of a leap is not.
        """
        made = self._descend(self.neighbours)
        before = np.inf
        while not self.convex and made < MOST_MOVES and self.score() < before - NEGLIGIBLE:
            before = self.score()
            leapt = self._descend(self.leaps)
            stepped = self._descend(self.neighbours) if leapt else 0
            if not stepped:
                break
            made += leapt + stepped

    def _descend(self, moves: Callable[[], tuple[Floats, ...]]) -> int:
        """Make the best of some kinds of moves until none lowers the score; return how often one was made.

        Moves that do not meet are made at once, until that is no better than the best of them alone.
        """
        n = len(self.shares)
        made = 0
        last = -1
        at_once = True
        while n and made < MOVES and not self.deadline.passed():
            counts = np.array(moves())
            objective, missed = self.changes(counts)
            score = np.where(counts == self.shares, np.inf, objective + missed)
            best = int(score.argmin())
            if score.flat[best] >= -NEGLIGIBLE:
                break
            made += 1
            at_once = at_once and made <= ROUNDS and self._move_apart(counts, score)
            if not at_once:
                p, count = best % n, float(counts.flat[best])
                self.move(p, self._stride(p, count) if p == last else count)
                last = p
        return made

    def _move_apart(self, counts: Floats, score: Floats) -> bool:
        """Make the best moves that share no group, as far as cash goes, if they lower the score more than one does."""
        order = np.argsort(score, axis=None, kind="stable")[:AT_ONCE]
        order = order[score.flat[order] < -NEGLIGIBLE]
        apart = self._apart(order % len(self.shares), counts.flat[order])
        if len(apart) == 1:
            return False
        chosen = order[apart]
        before, shares = self.score(), self.shares
        after = shares.copy()
        after[chosen % len(shares)] = counts.flat[chosen]
        self.set(after)
        if self.score() - before < score.flat[order[0]]:
            return True
        self.set(shares)
        return False

    def _apart(self, pairs: Ints, counts: Floats) -> list[int]:
        """Return the places of moves that share no group with one before them, and that their account can pay."""
        problem = self.problem
        spent = (counts - self.shares[pairs]) * problem.pairs.ask[pairs]
        spare = np.maximum(self.cash - problem.cash.reserve, 0.0).tolist()
        rows = zip(
            problem.pairs.account[pairs].tolist(),
            problem.pairs.groups[pairs].tolist(),
            spent.tolist(),
            strict=True,
        )
        none = len(problem.groups.target)
        touched: set[int] = set()
        apart = []
        for place, (account, groups, cost) in enumerate(rows):
            own = {group for group in groups if group != none}
            if cost <= spare[account] and own and touched.isdisjoint(own):
                touched |= own
                spare[account] -= cost
                apart.append(place)
        return apart

    def score(self) -> float:
        """Return what moves lower: the objective and what is missed, weighted as rule OBJ-6 ranks them."""
        broken, short, astray = self.missed()
        return self.objective() + BROKEN * broken + SHORT * short + ASTRAY * astray

    def _stride(self, p: int, count: float) -> float:
        """Return the best count for a pair that moves again: `count`, or that step many times over."""
        pairs, now = self.problem.pairs, self.shares[p]
        if -min(now, count) > self.whole[p]:
            return count
        counts = np.round(now + (count - now) * STRIDES, 3)
        low, high = (pairs.least[p], self.buy_max[p]) if count > 0 else (-self.whole[p], -self.least_sale[p])
        counts = counts[(counts >= low) & (counts <= high)]
        if not len(counts):
            return count
        objective, missed = self.changes(counts[:, None], slice(p, p + 1))
        return float(counts[(objective + missed).argmin()])


def parts_of(lots: Lots, first_sold: Floats | None) -> tuple[Ints, Floats, Ints]:
    """Return the parts of lots in the order in which each pair sells them.

    Returns
    -------
    tuple of arrays
        The lot and the shares of each part, and for each pair its first part (shape: pairs + 1).
    """
    everything = np.arange(len(lots.pair))
    if first_sold is None:
        return everything, lots.shares, lots.first
    first_sold = np.clip(first_sold, 0.0, lots.shares)
    of = np.concatenate([everything, everything])
    later = np.repeat([0, 1], len(everything))
    order = np.lexsort((of, later, lots.pair[of]))
    shares = np.concatenate([first_sold, lots.shares - first_sold])
    return of[order], shares[order], 2 * lots.first
