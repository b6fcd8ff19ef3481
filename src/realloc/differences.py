"""The arithmetic between current and target shares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from realloc._shares import require_finite, require_prices, whole_difference
from realloc.errors import InputError
from realloc.models import CASH


def compute_portfolio_trades(
    current_shares: Mapping[str, float],
    target_shares: Mapping[str, float],
    prices: Mapping[str, float] | None = None,
    min_trade_quantity: float = 0,
) -> dict[str, int]:
    """Return the whole shares to trade from current to target shares, by symbol.

    Parameters
    ----------
    current_shares, target_shares : mapping of str to float
        Shares by symbol; a symbol that is absent has none. ``CASH`` is left out: it is not traded.
    prices : mapping of str to float, optional
        Dollars per share. Where it is given, everything that is to be traded must have a price.
    min_trade_quantity : float
        Trades of fewer shares are zero.

    Returns
    -------
    dict of str to int
        Shares for every symbol of either side, sorted; negative sells, zero is there. Differences are cut
        towards zero: a trade never goes past its target. One that is whole but for the noise of floating
        point is whole: 28.999999999999996 shares are 29.

    Raises
    ------
    MissingPriceError
        `prices` is given and lacks a symbol that is to be traded.
    InputError
        A number of shares or a price is not usable.

    Examples
    --------
    >>> compute_portfolio_trades({"AAPL": 5, "GOOG": 3}, {"AAPL": 20.5, "VTI": 0.5})
    {'AAPL': 15, 'GOOG': -3, 'VTI': 0}
    """
    require_finite(current_shares, "current_shares")
    require_finite(target_shares, "target_shares")
    trades: dict[str, int] = {}
    for symbol in sorted((current_shares.keys() | target_shares.keys()) - {CASH}):
        shares = whole_difference(current_shares.get(symbol, 0), target_shares.get(symbol, 0))
        trades[symbol] = shares if abs(shares) >= min_trade_quantity else 0
    if prices is not None:
        require_prices(prices, (symbol for symbol, shares in trades.items() if shares))
    return trades


def split_trades(
    current: Mapping[str, float], target: Mapping[str, float], prices: Mapping[str, float] | None = None
) -> dict[str, dict[str, int]]:
    """Return the whole shares to buy and to sell, as positive counts under ``buy`` and ``sell``.

    Raises
    ------
    MissingPriceError, InputError
        As `compute_portfolio_trades`.
    """
    trades = compute_portfolio_trades(current, target, prices)
    return {
        "buy": {symbol: shares for symbol, shares in trades.items() if shares > 0},
        "sell": {symbol: -shares for symbol, shares in trades.items() if shares < 0},
    }


def is_trade_remaining(trades: Mapping[str, float], tolerance: float = 0.01) -> bool:
    """Return whether a trade of more than `tolerance` shares is left."""
    return any(abs(shares) > tolerance for shares in trades.values())


def buy_position(current: float, target: float | None) -> float:
    """Return the shares to buy from `current` to `target`, at least zero; a target of None is zero."""
    return max((target or 0) - current, 0)


def sell_position(current: float, target: float | None) -> float:
    """Return the shares to sell from `current` to `target`, at least zero; a target of None is zero."""
    return max(current - (target or 0), 0)


def calculate_buy_amounts(current: Sequence[float], target: Sequence[float | None]) -> list[float]:
    """Return `buy_position` of each pair.

    Raises
    ------
    InputError
        The lists differ in length.
    """
    return [buy_position(*pair) for pair in _pairs(current, target)]


def calculate_sell_amounts(current: Sequence[float], target: Sequence[float | None]) -> list[float]:
    """Return `sell_position` of each pair.

    Raises
    ------
    InputError
        The lists differ in length.
    """
    return [sell_position(*pair) for pair in _pairs(current, target)]


def _pairs(current: Sequence[float], target: Sequence[float | None]) -> Iterable[tuple[float, float | None]]:
    if len(current) != len(target):
        raise InputError(f"{len(current)} current positions do not go with {len(target)} targets")
    return zip(current, target, strict=True)
