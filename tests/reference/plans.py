"""Between the referees' answers and the plans and trades of the product."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from realloc.household import Household
from realloc.trades import LotSale, Trade
from tests.reference.evaluate import Answer, evaluate
from tests.reference.statement import ZERO, Key, Pair, Statement, exact, is_long_term


def read_trades(statement: Statement, trades: Sequence[Trade]) -> Answer:
    """Return what trades that name their lots cost."""
    orders: dict[Key, Fraction] = {}
    taken: dict[Key, tuple[Fraction, ...]] = {}
    for trade in trades:
        key = (trade.account_id, trade.symbol)
        assert key not in orders, f"two orders of {key}"
        orders[key] = exact(trade.shares)
        pair = statement.pairs[key]
        if trade.shares < 0 and pair.lots is not None:
            named = {sale.id: exact(sale.shares) for sale in trade.lots}
            names = lot_names(statement.household, pair)
            assert set(named) <= set(names), f"unknown lots {sorted(set(named) - set(names))}"
            taken[key] = tuple(named.get(name, ZERO) for name in names)
    return evaluate(statement, orders, taken)


def lot_names(household: Household, pair: Pair) -> list[str]:
    """Return the ids of a pair's lots in their order, by DET-1 where they have none."""
    account = next(account for account in household.accounts if account.account_number == pair.account)
    lots = [lot for lot in account.lots if lot.symbol == pair.symbol]
    ranked = sorted(
        range(len(lots)), key=lambda n: (lots[n].acquired, lots[n].cost_per_share, lots[n].shares, n)
    )
    rank = {place: n for n, place in enumerate(ranked, start=1)}
    return [lot.id or f"{pair.account}/{pair.symbol}/{rank[place]}" for place, lot in enumerate(lots)]


def as_trades(statement: Statement, answer: Answer) -> list[Trade]:
    """Return an answer as trades that name their lots; sales of untaxed lots take the first listed ones."""
    return [
        Trade(key[0], key[1], float(shares), lots=_sales(statement, key, -shares, answer.taken.get(key)))
        for key, shares in answer.orders.items()
    ]


def _sales(
    statement: Statement, key: Key, sold: Fraction, taken: tuple[Fraction, ...] | None
) -> tuple[LotSale, ...]:
    household, pair = statement.household, statement.pairs[key]
    account = next(account for account in household.accounts if account.account_number == pair.account)
    lots = [lot for lot in account.lots if lot.symbol == pair.symbol]
    sales = []
    for place, (lot, name) in enumerate(zip(lots, lot_names(household, pair), strict=True)):
        shares = min(exact(lot.shares), max(sold, ZERO)) if taken is None else taken[place]
        sold -= shares
        if shares > 0:
            sales.append(
                LotSale(
                    id=name,
                    shares=float(shares),
                    cost_per_share=lot.cost_per_share,
                    acquired=lot.acquired,
                    term="long" if is_long_term(lot.acquired, household.as_of) else "short",
                    gain=float(shares * (pair.bid - exact(lot.cost_per_share))),
                )
            )
    return tuple(sales)


def shuffled(household: Household, seed: int) -> Household:
    """Return the same household with its rows in another order: all whose order has no meaning (DET-1)."""
    rng = random.Random(seed)
    document = household.to_dict()
    for account in document["accounts"]:
        account["positions"] = _mixed(account["positions"], rng)
        rng.shuffle(account.get("lots", []))
    rng.shuffle(document["accounts"])
    rng.shuffle(document["recent_trades"])
    document["prices"] = _mixed(document["prices"], rng)
    return Household.from_dict(document)


def _mixed(mapping: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    items = list(mapping.items())
    rng.shuffle(items)
    return dict(items)
