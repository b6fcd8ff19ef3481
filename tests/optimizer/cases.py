"""Households that the optimizer's tests state in a few lines, and how they look into arrays and plans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import timedelta
from fractions import Fraction
from random import Random
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from realloc.accounts import RELIEFS
from realloc.household import Household
from realloc.modes import MODES
from realloc.optimizer.problem import Floats, Pairs, Problem
from realloc.policy import WASH_MODES
from realloc.testing import strategies
from tests.reference.statement import Key, exact

AS_OF = "2026-03-01"

drawn = settings(
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],  # making an example smaller takes long, and it is small
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
"""How properties are searched here: the same examples in every run."""


def household(
    accounts: Sequence[Mapping[str, Any]] | Mapping[str, Any],
    prices: Mapping[str, Any],
    targets: Mapping[str, float],
    *,
    classes: Mapping[str, Any] | None = None,
    recent: Sequence[Mapping[str, Any]] = (),
    **policy: Any,
) -> Household:
    """Return a household of the first of March 2026; accounts are numbered A, B, C unless they say else."""
    listed = [accounts] if isinstance(accounts, Mapping) else accounts
    return Household.from_dict(
        {
            "as_of": AS_OF,
            "prices": dict(prices),
            "accounts": [{"account_number": "ABCDEFG"[n], **account} for n, account in enumerate(listed)],
            "model": {"name": "model", "targets": dict(targets), "classes": dict(classes or {})},
            "recent_trades": list(recent),
            "policy": policy,
        }
    )


def seeded(seed: int) -> Random:
    """Return a source of draws that a seed names."""
    return Random(seed)


def crowded(seed: int, *, accounts: int, symbols: int, **policy: Any) -> dict[str, Any]:
    """Return the document of a household whose taxable accounts hold most symbols, each with a target of its own."""
    draw = Random(seed)
    names = [f"S{n:02}" for n in range(symbols)]
    prices = {name: round(draw.uniform(10, 500), 2) for name in names}
    rows = []
    for n in range(accounts):
        held = {name: draw.randint(2, 300) for name in names if draw.random() < 0.6}
        lots = [
            lot(
                name,
                part,
                round(prices[name] * draw.uniform(0.3, 1.4), 2),
                f"20{draw.randint(10, 25)}-05-1{part % 10}",
            )
            for name, shares in held.items()
            for part in (shares // 2, shares - shares // 2)
        ]
        rows.append({"account_number": f"A{n}", "cash": 9000, "positions": held, "lots": lots})
    model = {"name": "x", "targets": {name: draw.random() for name in names}}
    return {"as_of": "2026-11-20", "prices": prices, "accounts": rows, "model": model, "policy": policy}


def lot(symbol: str, shares: float, cost: float, acquired: str = "2020-01-02", **more: Any) -> dict[str, Any]:
    """Return a lot as a document has it."""
    return {"symbol": symbol, "shares": shares, "cost_per_share": cost, "acquired": acquired, **more}


@st.composite
def whole_documents(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a household with every mode, lot relief and rule for wash sales, and lots bought in the last days."""
    document = draw(strategies.documents("small"))
    policy = document["policy"]
    policy["mode"] = draw(st.sampled_from(["full", "full", *MODES]))
    policy["wash_sales"] |= {"mode": draw(st.sampled_from(["allow", "allow", *WASH_MODES]))}
    del policy["wash_sales"]["avoid"]
    policy["tax"] |= draw(st.sampled_from([{}, {"defer_days": 60}]))
    policy["max_short_term_gain"] = draw(st.sampled_from([None, None, 0.0, 40.0]))
    for account in document["accounts"]:
        account["lot_relief"] = draw(st.sampled_from(["specific", "specific", *RELIEFS]))
        for lot in account["lots"]:
            if draw(st.booleans()):
                lot["acquired"] = (strategies.AS_OF - timedelta(days=draw(st.integers(0, 31)))).isoformat()
    return document


def place(problem: Problem, account: str, symbol: str) -> int:
    """Return where a pair stands in the arrays.

    Raises
    ------
    KeyError
        The problem has no such pair: nothing may be traded there.
    """
    for p, key in enumerate(keys(problem)):
        if key == (account, symbol):
            return p
    raise KeyError((account, symbol))


def keys(problem: Problem) -> list[Key]:
    """Return account number and symbol of every pair, in the order of the arrays."""
    pairs = problem.pairs
    return [
        (problem.accounts[account].account_number, problem.symbols[symbol])
        for account, symbol in zip(pairs.account.tolist(), pairs.symbol.tolist(), strict=True)
    ]


def values(pairs: Pairs, field: str, at: int) -> float:
    """Return one pair's entry of an array."""
    return float(getattr(pairs, field)[at])


def buyable(problem: Problem) -> set[Key]:
    """Return the pairs that may be bought."""
    return {key for key, most in zip(keys(problem), problem.pairs.buy_max, strict=True) if most > 0}


def sellable(problem: Problem) -> dict[Key, float]:
    """Return the most shares to sell of the pairs that may be sold."""
    most = zip(keys(problem), problem.pairs.sell_max.tolist(), strict=True)
    return {key: shares for key, shares in most if shares > 0}


def lots_of(problem: Problem, account: str, symbol: str) -> list[Any]:
    """Return shares, tax and gain in dollars per share of the lots of a pair that may be sold."""
    p, lots = place(problem, account, symbol), problem.lots
    return [
        (float(lots.shares[n]), float(lots.tax[n]), float(lots.gain[n]))
        for n in range(int(lots.first[p]), int(lots.first[p + 1]))
    ]


def same(one: Any, other: Any) -> bool:
    """Return whether two records are equal to the last bit, but for what counts the household's rows."""
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other)
    if is_dataclass(one) and not isinstance(one, (type, Household)):
        return type(one) is type(other) and all(
            same(getattr(one, field.name), getattr(other, field.name))
            for field in fields(one)
            if field.name not in {"household", "accounts", "place"}
        )
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def shares_of(problem: Problem, counts: Floats) -> dict[Key, Fraction]:
    """Return share counts by pair as the rationals that they stand for."""
    return {
        key: exact(round(count, 9))
        for key, count in zip(keys(problem), counts.tolist(), strict=True)
        if count
    }
