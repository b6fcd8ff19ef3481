"""Seeded synthetic households of four sizes, as documents: what the benchmarks and the slower tests run on.

Everything is drawn from ``random.Random(seed)`` of the standard library, so that a size, a variant and a seed
name one household on every machine. What is drawn is meant to be as awkward as a real family's papers:
classes with several equivalent symbols and weights that have drifted, lots with gains and with losses, short
and long, dividend-reinvestment fractions in 10 to 15 lots of a hundred, a 401(k) with a menu, an employer's
stock that may not be traded, names that may not be bought, legacy stocks of no class, reserves, a withdrawal,
purchases and loss sales of the last weeks, identical funds, spreads of 1 to 10 basis points and costs of
location.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import exp, log
from random import Random
from typing import Any, Literal

from realloc.household import Household

AS_OF = date(2026, 6, 30)

Size = Literal["S", "M", "L", "XL"]
Variant = Literal["base", "semi", "cap"]
SIZES: tuple[Size, ...] = ("S", "M", "L", "XL")
VARIANTS: tuple[Variant, ...] = ("base", "semi", "cap")

CLASSES: tuple[tuple[str, float, float, float], ...] = (
    # name, weight, dollars per dollar and year of holding it in a taxable account, and in a tax-deferred one
    ("us_large", 0.30, 0.0, 0.0008),
    ("intl_developed", 0.16, 0.0, 0.0006),
    ("core_bonds", 0.20, 0.0012, 0.0),
    ("us_small", 0.08, 0.0003, 0.0004),
    ("emerging", 0.07, 0.0, 0.0005),
    ("reit", 0.05, 0.0014, 0.0),
    ("tips", 0.06, 0.0013, 0.0),
    ("high_yield", 0.04, 0.0020, 0.0),
    ("short_term", 0.03, 0.0010, 0.0),
    ("commodities", 0.01, 0.0010, 0.0),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountShape:
    """One account to draw: its kind, its part of the value and of the lots, and whether it has a menu."""

    label: str
    kind: str
    value: float
    lots: float
    menu: bool = False
    reserve: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a size means.

    `classes` of zero gives every symbol a target of its own. `legacy` symbols belong to no class; the first
    of them is the employer's stock.
    """

    accounts: tuple[AccountShape, ...]
    symbols: int
    lots: int
    lots_per_position: float
    value: float
    classes: int
    legacy: int
    no_buy: int
    identical: int
    recent: int


_TAXABLE, _DEFERRED, _EXEMPT = "taxable", "tax_deferred", "tax_exempt"

SHAPES: dict[Size, Shape] = {
    "S": Shape(
        accounts=(
            AccountShape(label="Joint", kind=_TAXABLE, value=0.6, lots=0.6, reserve=500.0),
            AccountShape(label="IRA", kind=_DEFERRED, value=0.4, lots=0.4),
        ),
        symbols=6,
        lots=10,
        lots_per_position=1.5,
        value=120_000.0,
        classes=3,
        legacy=0,
        no_buy=0,
        identical=0,
        recent=1,
    ),
    "M": Shape(
        accounts=(
            AccountShape(label="Joint", kind=_TAXABLE, value=0.30, lots=0.36, reserve=10_000.0),
            AccountShape(label="Trust", kind=_TAXABLE, value=0.18, lots=0.24, reserve=5_000.0),
            AccountShape(label="Ann IRA", kind=_DEFERRED, value=0.17, lots=0.14),
            AccountShape(label="Bob IRA", kind=_DEFERRED, value=0.12, lots=0.12),
            AccountShape(label="Ann 401(k)", kind=_DEFERRED, value=0.14, lots=0.04, menu=True),
            AccountShape(label="Bob Roth", kind=_EXEMPT, value=0.09, lots=0.10),
        ),
        symbols=30,
        lots=200,
        lots_per_position=3.2,
        value=4_000_000.0,
        classes=8,
        legacy=3,
        no_buy=2,
        identical=3,
        recent=4,
    ),
    "L": Shape(
        accounts=(
            AccountShape(label="Joint", kind=_TAXABLE, value=0.28, lots=0.30, reserve=50_000.0),
            AccountShape(label="Trust A", kind=_TAXABLE, value=0.16, lots=0.20, reserve=25_000.0),
            AccountShape(label="Trust B", kind=_TAXABLE, value=0.12, lots=0.15),
            AccountShape(label="Ann", kind=_TAXABLE, value=0.06, lots=0.08),
            AccountShape(label="Ann IRA", kind=_DEFERRED, value=0.10, lots=0.07),
            AccountShape(label="Bob IRA", kind=_DEFERRED, value=0.09, lots=0.06),
            AccountShape(label="Ann 401(k)", kind=_DEFERRED, value=0.06, lots=0.01, menu=True),
            AccountShape(label="Bob 401(k)", kind=_DEFERRED, value=0.05, lots=0.01, menu=True),
            AccountShape(label="Ann Roth", kind=_EXEMPT, value=0.05, lots=0.07),
            AccountShape(label="Bob Roth", kind=_EXEMPT, value=0.03, lots=0.05),
        ),
        symbols=120,
        lots=1_500,
        lots_per_position=3.2,
        value=26_000_000.0,
        classes=10,
        legacy=8,
        no_buy=6,
        identical=8,
        recent=10,
    ),
    "XL": Shape(
        accounts=(AccountShape(label="Index", kind=_TAXABLE, value=1.0, lots=1.0, reserve=10_000.0),),
        symbols=500,
        lots=3_000,
        lots_per_position=6.0,
        value=12_000_000.0,
        classes=0,
        legacy=6,
        no_buy=6,
        identical=4,
        recent=10,
    ),
}


def document(size: Size, seed: int, variant: Variant = "base") -> dict[str, Any]:
    """Return one household document.

    Parameters
    ----------
    size : {"S", "M", "L", "XL"}
        Which of `SHAPES`.
    seed : int
        Names the household within its size.
    variant : {"base", "semi", "cap"}
        ``base`` has no cost per order; ``semi`` a minimum trade of $500 and $5 for every order; ``cap`` that,
        no net realized gain and at most ten orders. The variants of one seed are the same household.

    Examples
    --------
    >>> len(document("S", 1)["prices"])
    6
    """
    return draw(SHAPES[size], Random(f"{size}/{seed}"), variant)


def household(size: Size, seed: int, variant: Variant = "base") -> Household:
    """Return what `document` draws, as the engine takes it."""
    return Household.from_dict(document(size, seed, variant))


def batch(count: int, seed: int = 0, variant: Variant = "base") -> Iterator[dict[str, Any]]:
    """Yield `count` documents like M: a quarter to two and a half times its value, 120 to 280 lots."""
    for number in range(count):
        rng = Random(f"batch/{seed}/{number}")
        shape = replace(
            SHAPES["M"],
            value=4_000_000.0 * exp(rng.uniform(log(0.25), log(2.5))),
            lots=rng.randint(120, 280),
            symbols=rng.randint(24, 36),
        )
        yield draw(shape, rng, variant)


def draw(shape: Shape, rng: Random, variant: Variant = "base") -> dict[str, Any]:
    """Return a household document of `shape`."""
    names = _Names.draw(shape, rng)
    prices = {
        symbol: {"price": round(exp(rng.uniform(log(18.0), log(480.0))), 2), "spread_bps": spread}
        for symbol in names.all
        for spread in [round(rng.uniform(1.0, 10.0), 1)]
    }
    accounts = [
        _account(shape, account, number, names, prices, rng)
        for number, account in enumerate(shape.accounts, start=1)
    ]
    return {
        "as_of": AS_OF.isoformat(),
        "prices": prices,
        "accounts": accounts,
        "model": _model(shape, names),
        "recent_trades": _recent_trades(shape, accounts, names, prices, rng),
        "policy": _policy(shape, names, variant, rng),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Names:
    """Symbols, what they belong to and what they weigh in the target."""

    targets: dict[str, float]
    classes: dict[str, list[str]]
    legacy: list[str]

    @property
    def wanted(self) -> list[str]:
        """Symbols of a class or with a target."""
        return [symbol for symbols in self.classes.values() for symbol in symbols] or list(self.targets)

    @property
    def all(self) -> list[str]:
        return [*self.wanted, *self.legacy]

    def weight(self, symbol: str) -> float:
        """Return what a symbol would weigh if its class were shared out evenly; little for a legacy one."""
        for name, symbols in self.classes.items():
            if symbol in symbols:
                return self.targets[name] / len(symbols)
        return self.targets.get(symbol, 0.01)

    @classmethod
    def draw(cls, shape: Shape, rng: Random) -> _Names:
        legacy = ["EMPL", *(f"OLD{number}" for number in range(1, shape.legacy))][: shape.legacy]
        wanted = shape.symbols - len(legacy)
        if not shape.classes:
            sizes = [exp(rng.gauss(0.0, 1.1)) for _ in range(wanted)]
            return cls(
                targets={f"X{n:03d}": size / sum(sizes) for n, size in enumerate(sizes)},
                classes={},
                legacy=legacy,
            )
        chosen = CLASSES[: shape.classes]
        classes: dict[str, list[str]] = {name: [] for name, *_ in chosen}
        for number in range(wanted):
            name = chosen[number % len(chosen)][0]
            classes[name].append(f"{name.replace('_', '')[:5].upper()}{number // len(chosen)}")
        weights = {name: weight * rng.uniform(0.8, 1.25) for name, weight, *_ in chosen}
        total = sum(weights.values())
        return cls(
            targets={name: weight / total for name, weight in weights.items()}, classes=classes, legacy=legacy
        )


def _model(shape: Shape, names: _Names) -> dict[str, Any]:
    targets = {name: round(0.99 * weight, 6) for name, weight in names.targets.items()}
    model: dict[str, Any] = {"name": "target", "targets": targets | {"CASH": 0.01}}
    if shape.classes:
        model["classes"] = {name: {"symbols": symbols} for name, symbols in names.classes.items()}
        model["classes"]["CASH"] = {"band": {"absolute": 0.005}}
    return model


def _account(
    shape: Shape,
    account: AccountShape,
    number: int,
    names: _Names,
    prices: dict[str, dict[str, float]],
    rng: Random,
) -> dict[str, Any]:
    value = shape.value * account.value
    lots = max(2, round(shape.lots * account.lots))
    wanted = names.wanted
    menu = sorted(rng.sample(wanted, max(4, len(wanted) // 5))) if account.menu else []
    pool = menu or wanted
    count = min(len(pool), lots, max(2, round(lots / shape.lots_per_position)))
    held = rng.sample(pool, count)
    if account.kind == _TAXABLE:
        held += names.legacy if number == 1 else names.legacy[1::2]
    held = held[:lots]
    worth = {symbol: names.weight(symbol) * exp(rng.gauss(0.0, 0.45)) for symbol in held}
    cash = value * rng.uniform(0.005, 0.03)
    scale = (value - cash) / sum(worth.values())
    counts = dict.fromkeys(held, 1)
    for symbol in rng.choices(held, k=lots - len(held)):
        counts[symbol] += 1
    drawn = [
        lot
        for symbol in held
        for lot in _lots(symbol, worth[symbol] * scale, counts[symbol], prices[symbol]["price"], rng)
    ]
    positions: dict[str, float] = {}
    for lot in drawn:
        positions[lot["symbol"]] = round(positions.get(lot["symbol"], 0.0) + lot["shares"], 3)
    out: dict[str, Any] = {
        "label": account.label,
        "account_number": f"{account.kind[:1].upper()}{number:03d}",
        "kind": account.kind,
        "cash": round(cash + account.reserve, 2),
        "positions": positions,
        "cash_reserve": account.reserve,
    }
    if account.menu:
        return out | {"only": menu}
    no_buy = rng.sample(wanted, shape.no_buy) if shape.no_buy else []
    employer = [name for name in names.legacy[:1] if name in positions]
    out |= {"lots": drawn, "no_buy": sorted({*no_buy, *employer}), "no_sell": employer}
    if account.kind == _DEFERRED and rng.random() < 0.4:
        out["cash_flow"] = -float(round(value * rng.uniform(0.005, 0.03), -2))
    return out


def _lots(symbol: str, worth: float, count: int, price: float, rng: Random) -> list[dict[str, Any]]:
    parts = [rng.uniform(0.3, 1.0) for _ in range(count)]
    return [_lot(symbol, worth * part / sum(parts), price, rng) for part in parts]


def _lot(symbol: str, worth: float, price: float, rng: Random) -> dict[str, Any]:
    """One lot: old ones mostly have gains, young ones as often losses, and one in eight is reinvested."""
    age = rng.randint(1, 365) if rng.random() < 0.25 else rng.randint(366, 3_300)
    growth = rng.gauss(0.055 * age / 365, 0.22)
    fraction = round(rng.random(), 3) if rng.random() < 0.125 else 0.0
    return {
        "symbol": symbol,
        "shares": max(1, round(worth / price)) + fraction,
        "cost_per_share": round(price * exp(-growth), 2),
        "acquired": (AS_OF - timedelta(days=age)).isoformat(),
    }


def _recent_trades(
    shape: Shape,
    accounts: list[dict[str, Any]],
    names: _Names,
    prices: dict[str, dict[str, float]],
    rng: Random,
) -> list[dict[str, Any]]:
    """Purchases and loss sales by turns, most of them within the 30 days."""
    trades: list[dict[str, Any]] = []
    for number, symbol in enumerate(rng.sample(names.wanted, shape.recent)):
        bought = number % 2 == 0
        account = rng.choice([item for item in accounts if bought or item["kind"] == _TAXABLE])
        shares = rng.randint(2, 40)
        trade = {
            "account_number": account["account_number"],
            "symbol": symbol,
            "shares": shares if bought else -shares,
            "price": round(prices[symbol]["price"] * rng.uniform(0.9, 1.1), 2),
            "traded": (AS_OF - timedelta(days=rng.randint(2, 40))).isoformat(),
        }
        trades.append(trade if bought else trade | {"gain": -round(shares * rng.uniform(1.0, 9.0), 2)})
    return trades


def _policy(shape: Shape, names: _Names, variant: Variant, rng: Random) -> dict[str, Any]:
    if names.classes:
        families = [symbols for symbols in names.classes.values() if len(symbols) > 1]
        identical = [rng.sample(symbols, 2) for symbols in rng.sample(families, shape.identical)]
    else:
        twins = rng.sample(names.wanted, 2 * shape.identical)
        identical = [twins[n : n + 2] for n in range(0, len(twins), 2)]
    policy: dict[str, Any] = {
        "wash_sales": {"identical": identical},
        "location": {
            name: {_TAXABLE: taxable, _DEFERRED: deferred}
            for name, _, taxable, deferred in CLASSES
            if name in names.classes
        },
    }
    if variant != "base":
        policy |= {"min_trade_value": 500.0, "costs": {"order": 5.0}}
    if variant == "cap":
        policy |= {"max_realized_gain": 0.0, "max_orders": 10}
    return policy
