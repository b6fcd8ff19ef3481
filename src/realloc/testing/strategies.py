"""Hypothesis strategies for households: small, lumpy and full of rules that get into each other's way.

`households` draws what a rebalancer must survive: penny stocks beside one share of a $500,000 stock,
fractional tails, empty accounts, menus that forbid what they list, reserves above everything that an account
holds, funds that span classes, bands of zero, groups of identical symbols, purchases and loss sales on the
edge of the wash-sale window, caps of zero and accounts with targets of their own. Every household is valid
input.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Literal

from hypothesis import strategies as st

from realloc.accounts import KINDS
from realloc.household import Household

AS_OF = date(2026, 3, 1)
"""The day after 28 February 2026: a day on which terms are easily got wrong."""

Size = Literal["tiny", "small"]
SYMBOLS = ("AAA", "BBB", "CCC", "DDD", "EEE")
HUGE = 500_000.0
AGES = (0, 1, 29, 30, 31, 200, 364, 365, 366, 367, 1_500)
"""Ages of lots and trades in days: around the wash-sale window and around one year."""

_LIMITS: dict[Size, dict[str, Any]] = {
    "tiny": {"accounts": 2, "symbols": 3, "shares": 3, "cash": 900.0, "price": (150.0, 900.0)},
    "small": {"accounts": 3, "symbols": 5, "shares": 60, "cash": 20_000.0, "price": (5.0, 900.0)},
}


def households(size: Size = "small") -> st.SearchStrategy[Household]:
    """Return a strategy for households.

    Parameters
    ----------
    size : {"small", "tiny"}
        ``small``: up to three accounts and five symbols. ``tiny``: up to two accounts, three symbols and a
        few shares, so that every plan can be tried.
    """
    return documents(size).map(Household.from_dict)


@st.composite
def documents(draw: st.DrawFn, size: Size = "small") -> dict[str, Any]:
    """Draw a household document; the parameters are those of `households`."""
    limits = _LIMITS[size]
    symbols = list(SYMBOLS[: draw(st.sampled_from([limits["symbols"], *range(1, limits["symbols"] + 1)]))])
    prices = {symbol: draw(_prices(size)) for symbol in symbols}
    model = draw(_models(symbols))
    accounts = [
        draw(_accounts(size, f"A{number}", prices, model))
        for number in range(draw(st.integers(1, limits["accounts"])))
    ]
    spread = st.sampled_from([0.0, 3.0, 10.0, 200.0])
    return {
        "as_of": AS_OF.isoformat(),
        "prices": {
            symbol: {"price": price, "spread_bps": draw(spread)} if draw(_rarely()) else price
            for symbol, price in prices.items()
        },
        "accounts": accounts,
        "model": model,
        "recent_trades": draw(st.lists(_recent_trades(symbols), max_size=2)),
        "policy": draw(_policies(symbols, list(model.get("classes", {})))),
    }


def _rarely() -> st.SearchStrategy[bool]:
    return st.sampled_from([False, False, False, True])


def _mostly_none(values: list[Any]) -> st.SearchStrategy[Any]:
    return st.sampled_from([None] * (4 * len(values)) + values)


@st.composite
def _prices(draw: st.DrawFn, size: Size) -> float:
    low, high = _LIMITS[size]["price"]
    ordinary = st.floats(low, high).map(lambda price: round(price, 2))
    lumpy = st.sampled_from(
        [0.05, 0.37, 1.0, 100.0, 250.0, HUGE] if size == "small" else [200.0, 300.0, HUGE]
    )
    return draw(draw(st.sampled_from([ordinary, ordinary, lumpy])))


@st.composite
def _models(draw: st.DrawFn, symbols: list[str]) -> dict[str, Any]:
    """Draw targets by class and by symbol; some symbols belong to two classes, some to none."""
    classes: dict[str, dict[str, float]] = {}
    targets: dict[str, float] = {}
    weights = st.integers(0, 5)
    for symbol in symbols:
        place = draw(st.sampled_from(["stocks", "stocks", "bonds", "both", "own", "none"]))
        if place == "both":
            stocks, bonds = draw(st.sampled_from([(0.6, 0.4), (0.5, 0.3), (0.25, 0.5)]))
            classes.setdefault("stocks", {})[symbol] = stocks
            classes.setdefault("bonds", {})[symbol] = bonds
        elif place in {"stocks", "bonds"}:
            classes.setdefault(place, {})[symbol] = 1.0
        elif place == "own":
            targets[symbol] = float(draw(weights))
    targets |= {name: float(draw(weights)) for name in classes if draw(st.integers(0, 5))}
    if draw(st.booleans()):
        targets["CASH"] = draw(st.sampled_from([0.0, 0.1, 1.0]))
    if not any(targets.values()):
        targets["CASH"] = 1.0
    stated: dict[str, Any] = {}
    for name, shares in classes.items():
        whole = all(share == 1.0 for share in shares.values())
        stated[name] = {"symbols": list(shares) if whole else shares}
        if draw(_rarely()):
            stated[name]["band"] = draw(_bands())
    if draw(_rarely()):
        stated["CASH"] = {"band": draw(_bands())}
    return {"name": "drawn", "targets": targets, "classes": stated}


def _bands() -> st.SearchStrategy[dict[str, float]]:
    absolute = st.sampled_from([0.0, 0.005, 0.05, 0.3])
    relative = st.sampled_from([0.0, 0.1, 0.25, 1.0])
    return st.one_of(
        st.fixed_dictionaries({"absolute": absolute}),
        st.fixed_dictionaries({"relative": relative}),
        st.fixed_dictionaries({"absolute": absolute, "relative": relative}),
    )


@st.composite
def _accounts(
    draw: st.DrawFn, size: Size, number: str, prices: dict[str, float], model: dict[str, Any]
) -> dict[str, Any]:
    limits = _LIMITS[size]
    symbols = list(prices)
    fractional = draw(_rarely())
    account: dict[str, Any] = {
        "label": f"Account {number}",
        "account_number": number,
        "kind": draw(st.sampled_from(["taxable", "taxable", "tax_deferred", "tax_exempt"])),
        "cash": draw(
            st.one_of(
                st.just(0.0), st.floats(limits["cash"] / 3, limits["cash"]).map(lambda cash: round(cash, 2))
            )
        ),
        "positions": {},
        "fractional": fractional,
    }
    if fractional and size == "tiny":
        symbols = [symbol for symbol in symbols if prices[symbol] == HUGE]
        account["only"] = symbols
    lots: list[dict[str, Any]] = []
    for symbol in symbols:
        milli = draw(_milli_shares(size, prices[symbol], fractional=fractional))
        if milli:
            account["positions"][symbol] = milli / 1000
            lots += draw(_lots(symbol, milli, prices[symbol]))
    account["lots"] = lots
    worth = account["cash"] + sum(prices[s] * n for s, n in account["positions"].items())
    account |= draw(_account_rules(symbols, worth, account.get("only")))
    if draw(_rarely()):
        account["targets"] = draw(_own_targets(model, list(prices)))
    return account


@st.composite
def _milli_shares(draw: st.DrawFn, size: Size, price: float, *, fractional: bool) -> int:
    """Draw thousandths of shares: none, whole shares, or whole shares with a fractional tail."""
    if draw(_rarely()):
        return 0
    if fractional and size == "tiny":
        return draw(st.integers(0, 4))
    most = 1 if price >= HUGE else _LIMITS[size]["shares"]
    tail = draw(st.integers(1, 999)) if draw(_rarely()) else 0
    return 1000 * draw(st.integers(0, most)) + tail


@st.composite
def _lots(draw: st.DrawFn, symbol: str, milli: int, price: float) -> list[dict[str, Any]]:
    """Draw no lots, or one to three that add up to the position."""
    if draw(_rarely()):
        return []
    cuts = sorted(draw(st.sets(st.integers(1, milli - 1), max_size=2))) if milli > 1 else []
    return [
        {
            "symbol": symbol,
            "shares": (end - start) / 1000,
            "cost_per_share": round(price * draw(st.floats(0.3, 1.7)), 2),
            "acquired": (AS_OF - timedelta(days=draw(st.sampled_from(AGES[3:])))).isoformat(),
        }
        for start, end in zip([0, *cuts], [*cuts, milli], strict=True)
    ]


@st.composite
def _account_rules(
    draw: st.DrawFn, symbols: list[str], worth: float, menu: list[str] | None
) -> dict[str, Any]:
    """Draw what an account may not do; the rules may contradict each other."""
    some = st.lists(st.sampled_from(symbols), unique=True, max_size=2) if symbols else st.just([])
    rules: dict[str, Any] = {
        "no_buy": draw(some) if draw(_rarely()) else [],
        "no_sell": draw(some) if draw(_rarely()) else [],
        "only": draw(some) if menu is None and draw(_rarely()) else menu,
        "do_not_trade": draw(st.sampled_from([False] * 9 + [True])),
        "cash_reserve": 0.0,
        "max_position_value": round(worth * 0.4, 2) if draw(_rarely()) else None,
    }
    if draw(_rarely()):
        rules["cash_reserve"] = draw(st.sampled_from([50.0, round(worth / 2, 2), round(2 * worth + 1, 2)]))
    if draw(_rarely()):
        rules["cash_flow"] = draw(st.sampled_from([250.0, round(-worth / 4, 2), round(-worth / 2, 2)]))
    if draw(_rarely()):
        rules["location_cost"] = {name: draw(_location_costs()) for name in [*symbols[:1], "CASH", "bonds"]}
    return rules


def _location_costs() -> st.SearchStrategy[float]:
    return st.sampled_from([0.0, 0.001, 0.02, -0.005])


@st.composite
def _own_targets(draw: st.DrawFn, model: dict[str, Any], symbols: list[str]) -> dict[str, float]:
    """Draw an account's own weights: either classes or symbols, so that nothing counts twice."""
    classes = [name for name in model["classes"] if name != "CASH"]
    names = draw(st.sampled_from([classes, symbols])) or symbols
    targets = {name: float(draw(st.integers(0, 3))) for name in names}
    return targets | {"CASH": draw(st.sampled_from([0.1, 1.0]))}


@st.composite
def _recent_trades(draw: st.DrawFn, symbols: list[str]) -> dict[str, Any]:
    bought = draw(st.booleans())
    trade: dict[str, Any] = {
        "account_number": draw(st.sampled_from(["A0", "A1", "ELSEWHERE"])),
        "symbol": draw(st.sampled_from(symbols)),
        "shares": 2.0 if bought else -2.0,
        "price": 10.0,
        "traded": (AS_OF - timedelta(days=draw(st.sampled_from(AGES[:5])))).isoformat(),
    }
    if not bought:
        trade["gain"] = draw(st.sampled_from([-4.0, -4.0, 4.0]))
    return trade


@st.composite
def _policies(draw: st.DrawFn, symbols: list[str], classes: list[str]) -> dict[str, Any]:
    inside, outside = draw(
        st.sampled_from(
            [(0.004, 0.06), (0.004, 0.06), (0.0, 0.06), (0.05, 0.05), (0.01, 1.0), (0.02, 0.5), (0.0, 0.0)]
        )
    )
    pairs = st.lists(st.sampled_from(symbols), min_size=2, max_size=2)
    policy: dict[str, Any] = {
        "drift": {"inside_band": inside, "outside_band": outside},
        "tax": draw(
            st.sampled_from(
                [{}, {"loss_value": 1.0}, {"short_term_rate": 0.2, "long_term_rate": 0.3, "loss_value": 0.0}]
            )
        ),
        "costs": {
            "spread_bps": draw(st.sampled_from([0.0, 0.0, 5.0, 100.0])),
            "commission": draw(st.sampled_from([0.0, 0.0, 0.0, 1.0, 7.95])),
            "order": draw(st.sampled_from([0.0, 0.0, 0.0, 5.0])),
        },
        "min_trade_value": draw(st.sampled_from([0.0, 0.0, 0.0, 100.0, 500.0])),
        "max_orders": draw(_mostly_none([0, 1, 2, 3])),
        "max_realized_gain": draw(_mostly_none([0.0, 40.0])),
        "max_tax": draw(_mostly_none([0.0, 25.0])),
        "max_drift": draw(_mostly_none([0.0, 0.02, 0.2])),
        "wash_sales": {
            "avoid": draw(st.sampled_from([True, True, True, False])),
            "identical": draw(st.lists(pairs, max_size=2)),
        },
    }
    if draw(_rarely()):
        policy["band"] = draw(_bands())
    if draw(_rarely()):
        names = [*(name for name in classes if name != "CASH"), "CASH", symbols[0]]
        policy |= draw(_locations(names))
    if draw(st.sampled_from([False] * 5 + [True])):
        policy["tax"] = policy["tax"] | {"regime": "canada"}
    policy["mirror"] = draw(_rarely())
    if draw(_rarely()):
        policy["after_tax_weights"] = {"tax_deferred": draw(st.sampled_from([0.25, 0.75])), "taxable": 0.9}
    return policy


@st.composite
def _locations(draw: st.DrawFn, names: list[str]) -> dict[str, Any]:
    """Draw location costs: as dollars, by preference or from returns; each name has one rule."""
    rules: dict[str, Any] = {}
    for name in names:
        key = draw(st.sampled_from(["location", "location", "location_preference", "location_from_returns"]))
        rule: Any = {"taxable": draw(_location_costs())}
        if key == "location_preference":
            rule = draw(st.permutations(KINDS))[: draw(st.integers(0, 3))]
        elif key == "location_from_returns":
            rule = {"yield": draw(st.sampled_from([0.0, 0.04])), "growth": draw(st.sampled_from([0.0, 0.05]))}
            rule |= {
                "qualified": draw(st.sampled_from([0.0, 0.9])),
                "turnover": draw(st.sampled_from([0.0, 0.2])),
            }
        rules.setdefault(key, {})[name] = rule
    if draw(_rarely()) and "location_from_returns" not in rules:
        rules["location_from_returns"] = True
    return rules
