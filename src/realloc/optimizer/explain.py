"""Say why each trade is made, with figures that follow from the plan itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from realloc.optimizer.integer import Repair
from realloc.optimizer.problem import Problem
from realloc.trades import Trade


def explain(problem: Problem, made: Repair, trades: tuple[Trade, ...]) -> tuple[Trade, ...]:
    """Return the trades with their reasons: what each is for, what it costs, what the plan would lose without it."""
    if not trades:
        return trades
    objective, missed = made.changes(np.zeros(len(made.shares)))
    alone = np.where(missed > 0, np.inf, objective)
    place = {
        (problem.accounts[a].account_number, problem.symbols[s]): p
        for p, (a, s) in enumerate(
            zip(problem.pairs.account.tolist(), problem.pairs.symbol.tolist(), strict=True)
        )
    }
    return tuple(
        replace(trade, reason=_reason(problem, made, place[trade.account_id, trade.symbol], trade, alone))
        for trade in trades
    )


def _reason(problem: Problem, made: Repair, p: int, trade: Trade, alone: np.ndarray) -> str:
    pairs = problem.pairs
    without = float(alone[p])
    groups = [g for g in pairs.groups[p].tolist() if g < len(problem.groups.target)]
    purpose = _purpose(problem, groups, selling=trade.shares < 0)
    cost = _cost(problem, made, p, trade)
    if without == np.inf:
        value = "without it a cash reserve or a limit would be broken"
    elif without > 0.005:
        value = f"leaving it out alone would make the plan {_usd(without)} worse"
    else:
        value = "it works together with the other trades"
    return f"{purpose}{cost}; {value}."


def _purpose(problem: Problem, groups: list[int], *, selling: bool) -> str:
    names = _group_names(problem)
    off = {g: problem.groups.before[g] - problem.groups.target[g] for g in groups}
    verb = "Sells from" if selling else "Buys for"
    parts = []
    for g in groups:
        worth = problem.value or 1.0
        side = "over" if off[g] > 0 else "under"
        parts.append(f"{names[g]}, {abs(off[g]) / worth:.1%} of the household {side} its target before")
    return f"{verb} {' and '.join(parts)}" if parts else ("Sells" if selling else "Buys")


def _group_names(problem: Problem) -> list[str]:
    return [group.name for scope in problem.scopes for group in scope.groups]


def _cost(problem: Problem, made: Repair, p: int, trade: Trade) -> str:
    if trade.shares > 0:
        return ""
    account = problem.accounts[problem.pairs.account[p]]
    if account.kind != "taxable":
        return ", without tax in this account"
    tax = float(made.pair_tax[p])
    gain = sum(lot.gain for lot in trade.lots)
    if not trade.lots:
        return ", with an unknown cost basis"
    if tax < -0.005:
        return (
            f", taking a loss of {_usd(-gain)} that saves {_usd(-tax)} of tax"
            if gain < 0
            else f", saving {_usd(-tax)} of tax"
        )
    if tax > 0.005:
        return f", from the lots that cost the least tax: {_usd(tax)} on a gain of {_usd(gain)}"
    return ", at no tax"


def _usd(amount: float) -> str:
    return f"${amount:,.2f}"
