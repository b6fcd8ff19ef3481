"""The modes of the policy restated for the referees: what MODE-2 to MODE-5 close, and what they limit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from math import floor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.reference.statement import Key, Pair, Purse, Statement

CENT = Fraction(1, 100)


def restrict(statement: Statement) -> Statement:
    """Return the statement with the pairs closed that the mode closes."""
    policy = statement.household.policy
    pairs = dict(statement.pairs)
    for key, pair in pairs.items():
        buys, sells = pair.may_buy, pair.may_sell
        if policy.mode in ("hold", "raise_cash"):
            buys = False
        if policy.mode in ("hold", "invest_cash"):
            sells = False
        if policy.mode == "raise_cash":
            sells = sells and is_short(purse_of(statement, pair.account))
        if policy.mode == "partial" and policy.partial is not None:
            buys = buys and pair.symbol == policy.partial.buy
            sells = sells and pair.symbol == policy.partial.sell
        pairs[key] = replace(pair, may_buy=buys, may_sell=sells)
    return replace(statement, pairs=pairs)


def purse_of(statement: Statement, account: str) -> Purse:
    """Return the cash of one account."""
    return next(purse for purse in statement.purses if purse.account == account)


def is_short(purse: Purse) -> bool:
    """Return whether an account is below its reserve before it trades."""
    return purse.cash < purse.reserve


def mode_faults(
    statement: Statement, orders: Mapping[Key, Fraction], cash: Mapping[str, Fraction], losing: set[Key]
) -> list[str]:
    """Return what a plan breaks of the limits of its mode; closed pairs are for `faults` to find.

    `losing` are the sales that take a loss.
    """
    if statement.household.policy.mode != "raise_cash":
        return []
    caps = ("max_tax", "max_realized_gain", "max_short_term_gain")
    capped = any(statement.cap(name) is not None for name in caps)
    found = []
    for purse in statement.purses:
        sales = {key: n for key, n in orders.items() if key[0] == purse.account}
        over = cash[purse.account] - purse.reserve
        if not sales or over < 0:
            continue
        held = [pair for key, pair in statement.pairs.items() if key[0] == purse.account and pair.held]
        least = Fraction(str(statement.household.policy.min_trade_value))
        found += ["MODE-4 ceiling"] if over > max(pair.price for pair in held) + least else []
        for key, shares in sales.items():
            exact_cash = raw_cash(statement, orders)[purse.account]
            less = next_smaller(statement, statement.pairs[key], -shares)
            rest = Fraction(floor((exact_cash - less) * 100), 100)
            if rest >= purse.reserve and not (capped and key in losing):
                found.append(f"MODE-4 {key}")
    return found


def raw_cash(statement: Statement, orders: Mapping[Key, Fraction]) -> dict[str, Fraction]:
    """Return cash after the plan, not rounded."""
    commission = Fraction(str(statement.household.policy.costs.commission))
    cash = {purse.account: purse.cash for purse in statement.purses}
    for key, shares in orders.items():
        pair = statement.pairs[key]
        cash[key[0]] -= shares * (pair.ask if shares > 0 else pair.bid) + commission
    return cash


def next_smaller(statement: Statement, pair: Pair, sold: Fraction) -> Fraction:
    """Return what the next smaller sale brings less, in dollars; no sale at all saves the commission."""
    least = Fraction(str(statement.household.policy.min_trade_value))
    smaller = [n for n in pair.sales() if n < sold and n * pair.price >= least]
    if smaller:
        return (sold - max(smaller)) * pair.bid
    return sold * pair.bid - Fraction(str(statement.household.policy.costs.commission))
