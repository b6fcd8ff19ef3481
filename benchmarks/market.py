"""Synthetic daily prices: fat tails, correlated classes, two funds of each class that are not identical."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from realloc.returns import DEFAULT_RETURNS, Returns

DAYS = 252
"""Trading days in a year."""

MONTH = 21
"""Trading days in a month."""

TAILS = 4.0
"""Degrees of freedom of the daily returns: a Student t, whose tails are those of stock indices (Cont, 2001)."""

CLASSES: dict[str, tuple[str, str]] = {
    "us_stock": ("USA", "USB"),
    "intl_stock": ("INA", "INB"),
    "small_value": ("SVA", "SVB"),
    "bonds": ("BDA", "BDB"),
}
"""Two funds of each class, the preferred one first."""

VOLATILITY = {"us_stock": 0.16, "intl_stock": 0.17, "small_value": 0.21, "bonds": 0.055}
"""Of a year."""

CORRELATION = np.array(
    [[1.00, 0.80, 0.85, 0.05], [0.80, 1.00, 0.72, 0.08], [0.85, 0.72, 1.00, 0.02], [0.05, 0.08, 0.02, 1.00]]
)
TRACKING = 0.012
"""Yearly volatility by which the funds of one class differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """Prices in dollars per share by symbol, of shape (days + 1,), and the expected returns of its class."""

    prices: dict[str, npt.NDArray[np.float64]]
    returns: dict[str, Returns]

    def on(self, day: int) -> dict[str, float]:
        """Return the prices of a day, in whole cents."""
        return {symbol: round(float(path[day]), 2) for symbol, path in self.prices.items()}


def market(years: int, seed: int) -> Market:
    """Return the prices of some years, the same for every run with one seed.

    The growth of each class is that of `DEFAULT_RETURNS` in expectation; its yield is paid as dividends and is no
    part of the price.
    """
    rng = np.random.default_rng(seed)
    days = years * DAYS
    names = list(CLASSES)
    # one scale a day for all classes: they fall together on the days with large moves
    scale = np.sqrt((TAILS - 2) / rng.chisquare(TAILS, days))[:, None]
    moves = rng.standard_normal((days, len(names))) @ np.linalg.cholesky(CORRELATION).T * scale
    prices = {}
    for n, name in enumerate(names):
        common = moves[:, n] * VOLATILITY[name] / np.sqrt(DAYS)
        for symbol in CLASSES[name]:
            own = rng.standard_normal(days) * TRACKING / np.sqrt(DAYS)
            drift = np.log1p(DEFAULT_RETURNS[name].growth) / DAYS
            variance = (VOLATILITY[name] ** 2 + TRACKING**2) / DAYS
            path = np.exp(np.cumsum(drift - variance / 2 + common + own))
            prices[symbol] = 100.0 * np.concatenate([[1.0], path])
    returns = {symbol: DEFAULT_RETURNS[name] for name, pair in CLASSES.items() for symbol in pair}
    return Market(prices=prices, returns=returns)
