"""Say why each trade is made, with figures that follow from the plan itself."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from realloc.optimizer.integer import Repair
from realloc.optimizer.purpose import Purposes
from realloc.optimizer.worth import worths
from realloc.trades import Trade


def explain(made: Repair, trades: Sequence[Trade]) -> None:
    """Write into the trades their reasons.

    A reason is one sentence: what the trade is for, why in this account and from these lots, what it costs,
    and what it is worth: the rise of the objective, in dollars, if it alone is undone. A sale that pays for
    buys cannot be undone alone: it names them and the worth of all trades of its account.

    Parameters
    ----------
    made : Repair
        The trades, with the problem that they solve.
    trades : sequence of Trade
        The same trades as they stand in the plan.
    """
    if not trades:
        return
    problem = made.problem
    found = np.flatnonzero(made.shares)
    accounts, symbols = (of[found].tolist() for of in (problem.pairs.account, problem.pairs.symbol))
    place = {
        (problem.accounts[account].account_number, problem.symbols[symbol]): pair
        for pair, account, symbol in zip(found.tolist(), accounts, symbols, strict=True)
    }
    traded = np.array([place[trade.account_id, trade.symbol] for trade in trades])
    purposes = Purposes(made, traded)
    for n, (trade, worth) in enumerate(zip(trades, worths(made, traded), strict=True)):
        purpose = purposes.of(n, trade)
        trade.reason = f"{purpose}; {worth}." if worth else f"{purpose}."
