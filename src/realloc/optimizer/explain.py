"""Say why each trade is made, with figures that follow from the plan itself."""

from __future__ import annotations

from dataclasses import replace

from realloc.optimizer.integer import Repair
from realloc.optimizer.purpose import Purposes
from realloc.optimizer.worth import worths
from realloc.trades import Trade


def explain(made: Repair, trades: tuple[Trade, ...]) -> tuple[Trade, ...]:
    """Return the trades with their reasons.

    A reason is one sentence: what the trade is for, why in this account and from these lots, what it costs,
    and what it is worth: the rise of the objective, in dollars, if it alone is undone. A sale that pays for
    buys cannot be undone alone: it names them and the worth of all trades of its account.

    Parameters
    ----------
    made : Repair
        The trades, with the problem that they solve.
    trades : tuple of Trade
        The same trades as they stand in the plan.
    """
    if not trades:
        return trades
    problem = made.problem
    names = (
        (problem.accounts[account].account_number, problem.symbols[symbol])
        for account, symbol in zip(problem.pairs.account.tolist(), problem.pairs.symbol.tolist(), strict=True)
    )
    place = {name: pair for pair, name in enumerate(names)}
    traded = [place[trade.account_id, trade.symbol] for trade in trades]
    purposes = Purposes(made, traded)
    return tuple(
        replace(trade, reason="; ".join(part for part in (purposes.of(pair, trade), worth) if part) + ".")
        for pair, trade, worth in zip(traded, trades, worths(made, traded), strict=True)
    )
