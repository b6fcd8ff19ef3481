"""What a trade is for, why in this account and from these lots, and what it costs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from realloc.accounts import Account
from realloc.optimizer.integer import Repair
from realloc.optimizer.words import NOTHING, cents, group_names, group_values, usd
from realloc.trades import Trade

KINDS = {"taxable": "taxable", "tax_deferred": "tax-deferred", "tax_exempt": "tax-exempt"}


class Purposes:
    """The plan's figures that reasons are made of, as lists over pairs and groups.

    Parameters
    ----------
    made : Repair
        The trades.
    traded : sequence of int
        Pairs, in the order of the plan's trades.
    """

    def __init__(self, made: Repair, traded: Sequence[int]) -> None:
        self.made, self.problem = made, made.problem
        pairs, groups, cash = self.problem.pairs, self.problem.groups, self.problem.cash
        self.names, self.values = group_names(self.problem), group_values(self.problem)
        before = groups.before - groups.target
        before += np.bincount(cash.group, weights=cash.before * cash.weight, minlength=len(before))
        self.before: list[float] = before.tolist()
        self.target: list[float] = groups.target.tolist()
        self.tax: list[float] = made.pair_tax.tolist()
        self.account: list[int] = pairs.account.tolist()
        self.held: list[float] = pairs.held.tolist()
        self.location: list[float] = pairs.location.tolist()
        self.value: list[float] = (pairs.price * made.shares).tolist()
        self.cash_without: list[float] = (made.cash[pairs.account] - made.pair_cash).tolist()
        self.cash_group: list[int] = cash.group.tolist()
        held_cost = pairs.location * pairs.price * made.shares
        located = held_cost + cash.location[pairs.account] * made.pair_cash
        self.located: list[float] = located.tolist()
        half = np.where(made.shares > 0, pairs.ask - pairs.price, pairs.bid - pairs.price)
        self.trading: list[float] = (half * made.shares + self.problem.limits.order_cost).tolist()
        rows = zip(traded, pairs.groups[traded].tolist(), pairs.weights[traded].tolist(), strict=True)
        self.groups = {p: [(g, w) for g, w in zip(gs, ws, strict=True) if w > 0] for p, gs, ws in rows}
        self.sold: dict[int, list[int]] = {}
        self.losses: dict[int, list[int]] = {}
        for p, own in self.groups.items():
            for g, _ in own if self.value[p] < 0 else ():
                self.sold.setdefault(g, []).append(p)
                if self.tax[p] < -NOTHING:
                    self.losses.setdefault(g, []).append(p)

    def of(self, pair: int, trade: Trade) -> str:
        """Return the purpose and the cost of the trade of a pair."""
        account = self.problem.accounts[self.account[pair]]
        return self._sale(pair, trade, account) if trade.shares < 0 else self._buy(pair, trade, account)

    def _furthest(self, pair: int, sign: int) -> int | None:
        """Return the group of a pair that was most over (`sign` 1) or under (-1) its target in dollars."""
        off = [(sign * self.before[g] * w, g) for g, w in self.groups[pair]]
        worst, group = max(off, default=(0.0, -1))
        return group if worst > NOTHING else None

    def _weights(self, verb: str, group: int) -> str:
        """Return what is done to a group, with its weight before and its target."""
        name, value = self.names[group], self.values[group]
        if value <= 0:
            return f"{verb} {name}"
        target = f"{self.target[group] / value:.1%}"
        before = f"{(self.target[group] + self.before[group]) / value:.1%}"
        if self.target[group] <= 0:
            return f"{verb} {name} ({before}, no target)"
        if before == target:
            return f"Keeps {name} at its target of {target}"
        return f"{verb} {name} ({before}, target {target})"

    def _sale(self, pair: int, trade: Trade, account: Account) -> str:
        over = self._furthest(pair, 1)
        need = cash_need(account)
        cost = self._sale_cost(pair, trade, account)
        if need and self.cash_without[pair] < account.cash_reserve - NOTHING:
            return f"Raises cash for {need}{cost}"
        if over is not None:
            return self._weights("Trims", over) + cost
        if self.tax[pair] < -NOTHING:
            return "Takes " + cost.removeprefix(", taking ")
        if self.located[pair] < -NOTHING:
            return f"Saves {usd(-self.located[pair])} of location cost here{cost}"
        cash = self.cash_group[self.account[pair]]
        if self.before[cash] < -NOTHING:
            return self._weights("Raises", cash) + cost
        return f"Sells {trade.symbol} here{cost}"

    def _sale_cost(self, pair: int, trade: Trade, account: Account) -> str:
        tax = self.tax[pair]
        spread = self._spread(pair)
        after = f", for {spread}" if spread else ""
        if account.kind != "taxable":
            return f", with no tax in this {KINDS[account.kind]} account{after}"
        if not trade.lots:
            return f", with an unknown cost basis{after}"
        some = -trade.shares < self.held[pair]
        lots = ", least-taxed lots first" if some else ""
        gains = sum(lot.gain for lot in trade.lots if lot.gain > 0)
        losses = sum(-lot.gain for lot in trade.lots if lot.gain < 0)
        both = gains > NOTHING and losses > NOTHING
        if tax > NOTHING:
            of = f"gains {usd(gains)}, losses {usd(losses)}" if both else f"gain {usd(gains)}"
            return f", for {usd(tax)} of tax ({of}){' and ' if spread else ''}{spread}{lots}"
        if tax < -NOTHING:
            of = f"losses of {usd(losses)} less gains of {usd(gains)}" if both else f"a loss of {usd(losses)}"
            return f", taking {of}, which saves {usd(-tax)} of tax{lots}{after}"
        return f", at no tax{lots}{after}"

    def _spread(self, pair: int) -> str:
        costs = self.trading[pair]
        word = "trading costs" if self.problem.limits.order_cost > 0 else "spread"
        return f"{usd(costs)} of {word}" if costs >= 1 else ""

    def _buy(self, pair: int, trade: Trade, account: Account) -> str:
        under = self._furthest(pair, -1)
        spread = self._spread(pair)
        cost = f", for {spread}" if spread else ""
        here = self._why_here(pair, account)
        if under is not None:
            return self._weights("Fills", under) + here + cost
        first = self.groups[pair][0][0]
        name = self.names[first]
        if first in self.losses:
            lost = self.problem.symbols[self.problem.pairs.symbol[self.losses[first][0]]]
            return f"Keeps {name} near its target while {lost} is sold at a loss{here}{cost}"
        if first in self.sold:
            return f"Keeps {name} near its target while it is sold in another account{here}{cost}"
        cash = self.cash_group[self.account[pair]]
        if self.before[cash] > NOTHING:
            return self._weights("Invests", cash) + here + cost
        return f"Adds {trade.symbol} here{here}{cost}"

    def _why_here(self, pair: int, account: Account) -> str:
        """Say what speaks for this account: a lower location cost than where the class is sold, or a menu."""
        group = self.groups[pair][0][0]
        saved = [
            ((self.location[other] - self.location[pair]) * self.value[pair], -other)
            for other in self.sold.get(group, ())
            if self.account[other] != self.account[pair]
        ]
        most, other = max(saved, default=(0.0, 0))
        if most > NOTHING:
            symbol = self.problem.symbols[self.problem.pairs.symbol[-other]]
            number = self.problem.accounts[self.account[-other]].account_number
            return f", at {usd(most)} less location cost than {symbol} in {number}"
        return ", from this account's menu" if account.only is not None else ""


def cash_need(account: Account) -> str:
    """Return what an account has to raise cash for, in words; empty where its cash is enough."""
    if account.cash + account.cash_flow >= account.cash_reserve - NOTHING:
        return ""
    if account.cash_flow >= 0:
        return f"the reserve of {cents(account.cash_reserve)}"
    withdrawal = f"the withdrawal of {cents(-account.cash_flow)}"
    if account.cash < account.cash_reserve - NOTHING:
        return f"{withdrawal} and the reserve of {cents(account.cash_reserve)}"
    return withdrawal
