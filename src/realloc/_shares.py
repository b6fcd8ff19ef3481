"""The arithmetic of whole shares: sizes, values and targets, safe from the noise of floating point.

A number that differs from a whole one by no more than `TOLERANCE`, relative to the sizes that it was made
from, is that whole number: ``0.29 * 100`` is 28.999999999999996 to a computer and 29 shares to its owner.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping

from realloc._reading import LARGEST, kind_of
from realloc.accounts import Account
from realloc.errors import InputError, Issue, MissingPriceError
from realloc.models import CASH

TOLERANCE = 1e-12
"""Relative size of what is noise; well above the rounding of sums, far below any amount that is meant."""


def whole(shares: float, scale: float = 1.0) -> int:
    """Return `shares` cut to a whole number towards zero; `scale` is the size of what they were made from."""
    size = math.floor(abs(shares) + TOLERANCE * max(1.0, abs(shares), scale))
    return size if shares > 0 else -size


def whole_difference(current: float, target: float) -> int:
    """Return the whole shares from `current` towards `target`, never past it."""
    return whole(target - current, max(abs(current), abs(target)))


def affordable(cash: float, price: float) -> int:
    """Return how many whole shares `cash` dollars pay for."""
    return whole(min(cash / price, LARGEST)) if cash > 0 else 0


def settled(before: float, change: float) -> float:
    """Return the amount after a change; what is zero but for noise is zero."""
    after = before + change
    return after if abs(after) > TOLERANCE * max(abs(before), abs(change)) else 0


def in_order(trades: Mapping[str, float]) -> list[str]:
    """Return the symbols in order of execution: sells before buys, small before large, ties by symbol."""
    return sorted(trades, key=lambda symbol: (trades[symbol] >= 0, abs(trades[symbol]), symbol))


def listed(accounts: Iterable[Account] | Mapping[str, Account]) -> list[Account]:
    """Return accounts as a list, from any collection of them or from a mapping by account number."""
    return list(accounts.values() if isinstance(accounts, Mapping) else accounts)


def require_finite(amounts: Mapping[str, float], where: str) -> None:
    """Refuse amounts that are not finite numbers.

    Raises
    ------
    InputError
        All of them, each with its name.
    """
    issues = [
        Issue(
            code="type.number" if isinstance(amount, bool) or not _is_number(amount) else "number.range",
            where=f"{where}[{name!r}]",
            message=f"expected a finite number, found {kind_of(amount)}",
        )
        for name, amount in amounts.items()
        if isinstance(amount, bool) or not _is_number(amount) or not math.isfinite(amount)
    ]
    if issues:
        raise InputError(issues)


def _is_number(value: object) -> bool:
    return hasattr(value, "__float__") and not isinstance(value, str)


def require_prices(prices: Mapping[str, float], symbols: Iterable[str]) -> None:
    """Refuse symbols that cannot be valued.

    Raises
    ------
    MissingPriceError
        Symbols without a price, all of them.
    InputError
        A price that is not a finite number above zero.
    """
    symbols = sorted(symbols)
    missing = [symbol for symbol in symbols if symbol not in prices]
    if missing:
        raise MissingPriceError(
            Issue(
                code="price.missing",
                where=f"prices[{symbol!r}]",
                message=f"no price for {symbol}",
                hint="add its price in dollars per share",
            )
            for symbol in missing
        )
    needed = {symbol: prices[symbol] for symbol in symbols}
    require_finite(needed, "prices")
    wrong = [
        Issue(
            code="number.range",
            where=f"prices[{symbol!r}]",
            message=f"expected a price above zero, found {price:g}",
        )
        for symbol, price in needed.items()
        if price <= 0
    ]
    if wrong:
        raise InputError(wrong)


def require_securities(positions: Iterable[str]) -> None:
    """Refuse `CASH` as a position.

    Raises
    ------
    InputError
        One is named `CASH`: whether it is dollars or a security must not be guessed.
    """
    if CASH in positions:
        raise InputError(
            Issue(
                code="cash.position",
                where="positions",
                message="CASH is not a position",
                hint="state it as the account's cash",
            )
        )


def market_value(positions: Mapping[str, float], prices: Mapping[str, float]) -> float:
    """Return the value of positions in dollars; a position of zero shares needs no price.

    Raises
    ------
    MissingPriceError, InputError
        As `require_prices` and `require_securities`.
    """
    require_securities(positions)
    held = {symbol: shares for symbol, shares in positions.items() if shares}
    require_finite(held, "positions")
    require_prices(prices, held)
    return math.fsum(shares * prices[symbol] for symbol, shares in held.items())


def symbol_weights(targets: Mapping[str, float], classes: Collection[str] = ()) -> dict[str, float]:
    """Return the weights scaled to sum to 1, `CASH` included; all-zero weights stay as they are.

    Parameters
    ----------
    targets : mapping of str to float
        Weights by symbol and for `CASH`.
    classes : collection of str
        The model's class names: a class says nothing about which of its symbols to trade.

    Raises
    ------
    InputError
        A weight is not finite, names a class, or the weights sum to less than zero.
    """
    require_finite(targets, "targets")
    named = sorted(name for name in classes if name != CASH and targets.get(name))
    if named:
        raise InputError(
            Issue(
                code="target.class",
                where=f"targets[{name!r}]",
                message=f"{name} is a class, and portfolio-level targets are symbols",
                hint="rebalance with the optimal rebalancer, or target a symbol",
            )
            for name in named
        )
    total = math.fsum(targets.values())
    if total < 0:
        raise InputError(
            Issue(code="targets.sum", where="targets", message="the weights sum to less than zero")
        )
    return {symbol: weight / total if total else weight for symbol, weight in targets.items()}


def shares_at_target(
    value: float, weights: Mapping[str, float], prices: Mapping[str, float]
) -> dict[str, float]:
    """Return the fractional shares of each symbol at its weight of `value` dollars; `CASH` is left out.

    A symbol of weight zero needs no price. A value below zero wants no shares.

    Raises
    ------
    MissingPriceError, InputError
        As `require_prices`.
    """
    weights = {symbol: weight for symbol, weight in weights.items() if symbol != CASH}
    require_prices(prices, (symbol for symbol, weight in weights.items() if weight))
    value = max(value, 0.0)
    return {symbol: value * weight / prices[symbol] if weight else 0.0 for symbol, weight in weights.items()}
