from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from benchmarks import households as synthetic
from realloc.household import Household
from realloc.optimizer.private import MOST_SIDED, Private
from realloc.optimizer.problem import Problem, build
from realloc.optimizer.relaxation import BUYS, SELLS_LOSSES
from tests.optimizer.cases import household, lot, place, seeded

SPREAD = replace(
    synthetic.SHAPES["XL"],
    accounts=synthetic.SHAPES["M"].accounts[:4],
    symbols=12,
    lots=60,
    legacy=2,
    no_buy=1,
    identical=1,
    recent=2,
)


def names(problem: Problem, wash: int) -> set[str]:
    pairs = problem.pairs
    return {problem.symbols[symbol] for symbol in pairs.symbol[pairs.wash == wash]}


def test_private_groups_share_nothing_but_cash_and_have_a_wash_group_with_two_sides() -> None:
    sides = {"cash": 5000, "kind": "tax_exempt"}
    losers = ["ONE", "TWIN", "LEFT", "RIGHT", "WIDE"]
    home = household(
        [
            {
                "cash": 100,
                "positions": {**dict.fromkeys(losers, 1), "GAIN": 1},
                "lots": [*(lot(symbol, 1, 20.0) for symbol in losers), lot("GAIN", 1, 5.0)],
            },
            sides,
        ],
        dict.fromkeys([*losers, "MATE", "GAIN"], 10),
        {"ONE": 1, "TWIN": 1, "MATE": 1, "GAIN": 1, "BOTH": 1, "HALF": 1, "REST": 1},
        classes={
            "BOTH": {"symbols": ["LEFT", "RIGHT"]},
            "HALF": {"symbols": {"WIDE": 0.5}},
            "REST": {"symbols": {"WIDE": 0.5}},
        },
        wash_sales={"identical": [["TWIN", "MATE"]]},
    )
    problem = build(home)
    private = Private(problem)
    members = [set[str]() for _ in private.first]
    for wash, case in zip(private.washes, private.cases, strict=True):
        members[private.owner[case]] |= names(problem, wash)
    # GAIN has no loss to sell, and WIDE counts in two groups; TWIN and MATE are identical and tie theirs together
    assert sorted(map(sorted, members)) == [["LEFT", "RIGHT"], ["MATE", "TWIN"], ["ONE"]]
    assert sorted(np.bincount(private.owner)) == [2, 2, 4]
    assert np.bincount(private.block).tolist() == [2 if "TWIN" in one else 1 for one in members]
    one = problem.pairs.groups[place(problem, "A", "ONE"), 0]
    assert one in private.group


def test_groups_of_many_wash_groups_with_two_sides_are_not_private() -> None:
    symbols = [f"S{n}" for n in range(MOST_SIDED + 1)]
    home = household(
        [
            {
                "cash": 0,
                "positions": dict.fromkeys(symbols, 1),
                "lots": [lot(symbol, 1, 20.0) for symbol in symbols],
            },
            {"cash": 5000, "kind": "tax_exempt"},
        ],
        dict.fromkeys(symbols, 10),
        {"stocks": 1},
        classes={"stocks": {"symbols": symbols}},
    )
    assert not len(Private(build(home)).group)
    document = home.to_dict()
    document["model"]["classes"]["stocks"]["symbols"] = symbols[1:]
    assert len(Private(build(Household.from_dict(document))).group) == 1


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("shape", [synthetic.SHAPES["M"], SPREAD])
def test_a_case_costs_the_most_that_any_price_of_its_group_shows(shape: synthetic.Shape, seed: int) -> None:
    problem = build(Household.from_dict(synthetic.draw(shape, seeded(seed), "base")))
    pairs, lots, groups = problem.pairs, problem.lots, problem.groups
    private, rng = Private(problem), seeded(seed)
    inside, outside = problem.limits.inside_band, problem.limits.outside_band
    buy = np.array([rng.uniform(-0.1, 0.1) for _ in pairs.price]) * pairs.price
    sell = np.array([rng.uniform(-0.1, 0.1) for _ in lots.pair]) * pairs.price[lots.pair]
    found = private.bounds(buy, sell, np.zeros(len(pairs.price)), inside, outside)
    expected = []
    for block in range(len(private.first)):
        members = private.group[private.block == block]
        washes = sorted({int(pairs.wash[p]) for p in np.flatnonzero(np.isin(pairs.groups[:, 0], members))})
        two = [wash for wash in washes if problem.coupled[wash]]
        for chosen in product((BUYS, SELLS_LOSSES), repeat=len(two)):
            side = dict(zip(two, chosen, strict=True))
            cost = 0.0
            for group in members:
                off = float(groups.target[group] - groups.before[group])
                trades = [
                    (buy[p], -pairs.price[p] * pairs.weights[p, 0], pairs.buy_max[p])
                    for p in np.flatnonzero(pairs.groups[:, 0] == group)
                    if side.get(int(pairs.wash[p])) != SELLS_LOSSES
                ]
                trades += [
                    (sell[k], pairs.price[lots.pair[k]] * pairs.weights[lots.pair[k], 0], lots.shares[k])
                    for k in np.flatnonzero(pairs.groups[lots.pair, 0] == group)
                    if not (lots.loss[k] and side.get(int(pairs.wash[lots.pair[k]])) == BUYS)
                ]
                prices = [-outside, -inside, inside, outside]
                prices += [-each / value for each, value, _ in trades if abs(each / value) < outside]
                cost += max(
                    y * off
                    + min(inside - abs(y), 0.0) * groups.band[group]
                    + sum(shares * min(each + value * y, 0.0) for each, value, shares in trades)
                    for y in prices
                )
            expected.append(cost)
    assert sorted(found) == pytest.approx(sorted(expected), rel=1e-9, abs=1e-9 * problem.value)
