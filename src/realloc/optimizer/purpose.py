"""What a trade is for, why in this account and from these lots, and what it costs."""

from __future__ import annotations

import numpy as np

from realloc.accounts import Account
from realloc.optimizer.integer import Repair
from realloc.optimizer.problem import Ints
from realloc.optimizer.words import NOTHING, cents, usd
from realloc.trades import Trade

KINDS = {"taxable": "taxable", "tax_deferred": "tax-deferred", "tax_exempt": "tax-exempt"}


class Purposes:
    """The plan's figures that reasons are made of, as lists over its trades and over groups.

    Parameters
    ----------
    made : Repair
        The trades.
    traded : array of int
        Pairs, in the order of the plan's trades.
    """

    def __init__(self, made: Repair, traded: Ints) -> None:
        self.problem = made.problem
        pairs, groups, cash = self.problem.pairs, self.problem.groups, self.problem.cash
        account, price, shares = pairs.account[traded], pairs.price[traded], made.shares[traded]
        location, came = pairs.location[traded], made.pair_cash[traded]
        half = np.where(shares > 0, pairs.ask[traded], pairs.bid[traded]) - price
        before = groups.before - groups.target
        before += np.bincount(cash.group, weights=cash.before * cash.weight, minlength=len(before))
        self.scales = [(group.name, scope.value) for scope in self.problem.scopes for group in scope.groups]
        self.before: list[float] = before.tolist()
        self.target: list[float] = groups.target.tolist()
        self.tax: list[float] = made.pair_tax[traded].tolist()
        self.account: list[int] = account.tolist()
        self.pair: list[int] = traded.tolist()
        self.symbol = [self.problem.symbols[s] for s in pairs.symbol[traded].tolist()]
        self.held: list[float] = pairs.held[traded].tolist()
        self.location: list[float] = location.tolist()
        self.value: list[float] = (price * shares).tolist()
        self.cash_without: list[float] = (made.cash[account] - came).tolist()
        self.cash_group: list[int] = cash.group[account].tolist()
        self.located: list[float] = (location * price * shares + cash.location[account] * came).tolist()
        self.trading: list[float] = (half * shares + self.problem.limits.order_cost).tolist()
        covers = zip(pairs.groups[traded].tolist(), pairs.weights[traded].tolist(), strict=True)
        self.groups = [[(g, w) for g, w in zip(*cover, strict=True) if w > 0] for cover in covers]
        self.sold: dict[int, list[int]] = {}
        self.losses: dict[int, list[int]] = {}
        for n in np.flatnonzero(shares < 0).tolist():
            for g, _ in self.groups[n]:
                self.sold.setdefault(g, []).append(n)
                if self.tax[n] < -NOTHING:
                    self.losses.setdefault(g, []).append(n)

    def of(self, n: int, trade: Trade) -> str:
        """Return the purpose and the cost of the trade at a place of the plan."""
        account = self.problem.accounts[self.account[n]]
        return self._sale(n, trade, account) if trade.shares < 0 else self._buy(n, trade, account)

    def _furthest(self, n: int, sign: int) -> int | None:
        """Return the group of a trade that was most over (`sign` 1) or under (-1) its target in dollars."""
        off = [(sign * self.before[g] * w, g) for g, w in self.groups[n]]
        worst, group = max(off, default=(0.0, -1))
        return group if worst > NOTHING else None

    def _weights(self, verb: str, group: int) -> str:
        """Return what is done to a group, with its weight before and its target."""
        name, value = self.scales[group]
        if value <= 0:
            return f"{verb} {name}"
        target = f"{self.target[group] / value:.1%}"
        before = f"{(self.target[group] + self.before[group]) / value:.1%}"
        if self.target[group] <= 0:
            return f"{verb} {name} ({before}, no target)"
        if before == target:
            return f"Keeps {name} at its target of {target}"
        return f"{verb} {name} ({before}, target {target})"

    def _sale(self, n: int, trade: Trade, account: Account) -> str:
        over = self._furthest(n, 1)
        need = cash_need(account)
        cost = self._sale_cost(n, trade, account)
        if need and self.cash_without[n] < account.cash_reserve - NOTHING:
            return f"Raises cash for {need}{cost}"
        if over is not None:
            return self._weights("Trims", over) + cost
        if self.tax[n] < -NOTHING:
            return "Takes " + cost.removeprefix(", taking ")
        if self.located[n] < -NOTHING:
            return f"Saves {usd(-self.located[n])} of location cost here{cost}"
        cash = self.cash_group[n]
        if self.before[cash] < -NOTHING:
            return self._weights("Raises", cash) + cost
        return f"Sells {trade.symbol} here{cost}"

    def _sale_cost(self, n: int, trade: Trade, account: Account) -> str:
        tax = self.tax[n]
        spread = self._spread(n)
        after = f", for {spread}" if spread else ""
        if account.kind != "taxable":
            return f", with no tax in this {KINDS[account.kind]} account{after}"
        if not trade.lots:
            return f", with an unknown cost basis{after}"
        some = -trade.shares < self.held[n]
        lots = ", least-taxed lots first" if some else ""
        gains = sum([lot.gain for lot in trade.lots if lot.gain > 0])
        losses = -sum([lot.gain for lot in trade.lots if lot.gain < 0])
        both = gains > NOTHING and losses > NOTHING
        if tax > NOTHING:
            of = f"gains {usd(gains)}, losses {usd(losses)}" if both else f"gain {usd(gains)}"
            return f", for {usd(tax)} of tax ({of}){' and ' if spread else ''}{spread}{lots}"
        if tax < -NOTHING:
            of = f"losses of {usd(losses)} less gains of {usd(gains)}" if both else f"a loss of {usd(losses)}"
            return f", taking {of}, which saves {usd(-tax)} of tax{lots}{after}"
        return f", at no tax{lots}{after}"

    def _spread(self, n: int) -> str:
        costs = self.trading[n]
        word = "trading costs" if self.problem.limits.order_cost > 0 else "spread"
        return f"{usd(costs)} of {word}" if costs >= 1 else ""

    def _buy(self, n: int, trade: Trade, account: Account) -> str:
        under = self._furthest(n, -1)
        spread = self._spread(n)
        cost = f", for {spread}" if spread else ""
        here = self._why_here(n, account)
        if under is not None:
            return self._weights("Fills", under) + here + cost
        first = self.groups[n][0][0]
        name, _ = self.scales[first]
        if first in self.losses:
            lost = self.symbol[self.losses[first][0]]
            return f"Keeps {name} near its target while {lost} is sold at a loss{here}{cost}"
        if first in self.sold:
            return f"Keeps {name} near its target while it is sold in another account{here}{cost}"
        cash = self.cash_group[n]
        if self.before[cash] > NOTHING:
            return self._weights("Invests", cash) + here + cost
        return f"Adds {trade.symbol} here{here}{cost}"

    def _why_here(self, n: int, account: Account) -> str:
        """Say what speaks for this account: a lower location cost than where the class is sold, or a menu."""
        group = self.groups[n][0][0]
        saved = [
            ((self.location[other] - self.location[n]) * self.value[n], -self.pair[other], other)
            for other in self.sold.get(group, ())
            if self.account[other] != self.account[n]
        ]
        most, _, other = max(saved, default=(0.0, 0, 0))
        if most > NOTHING:
            number = self.problem.accounts[self.account[other]].account_number
            return f", at {usd(most)} less location cost than {self.symbol[other]} in {number}"
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
