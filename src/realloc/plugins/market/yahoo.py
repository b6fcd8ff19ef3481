"""Prices from Yahoo Finance by the library yfinance (``realloc[yahoo]``)."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import quote

from realloc.errors import InputError, Issue
from realloc.plugins.core.base import MarketData

CHART = "https://query2.finance.yahoo.com/v8/finance/chart/"

ASKED = {"range": "7d", "interval": "1d"}
"""Seven days reach back over a long weekend."""


class YahooPrices(MarketData):
    """Last closes from Yahoo Finance, in US dollars.

    Parameters
    ----------
    timeout : float
        Seconds to wait for each answer.
    """

    name = "yahoo"

    def __init__(self, timeout: float = 10.0) -> None:
        self.timeout = timeout

    def fetch(self, symbols: Sequence[str]) -> Mapping[str, tuple[float, date]]:
        """Return the last close, not adjusted for dividends, and its day in the exchange's time zone.

        A symbol that Yahoo does not know, or quotes in another currency, is left out.

        Raises
        ------
        InputError
            yfinance is not installed, or Yahoo cannot be reached or does not answer as expected.
        """
        if not symbols:
            return {}
        service = _service()
        prices: dict[str, tuple[float, date]] = {}
        for symbol in symbols:
            try:
                address = f"{CHART}{quote(_spelled(symbol), safe='')}"
                answer = service.get(url=address, params=ASKED, timeout=self.timeout)
                close = _last_close(answer.json())
            except Exception as error:
                message = f"Yahoo Finance gave no answer for {symbol}: {type(error).__name__}: {error}"
                hint = "try again later, or name a price file"
                fault = Issue(code="price.provider", where="yahoo", message=message, hint=hint)
                raise InputError(fault) from error
            if close is not None:
                prices[symbol] = close
        return prices


def _service() -> Any:
    """Return the library's connection, which knows the cookies that Yahoo wants."""
    try:
        from yfinance.data import YfData  # noqa: PLC0415 - an extra, loaded when a person asks for prices
    except ImportError as error:
        raise InputError(
            Issue(
                code="price.provider",
                where="yahoo",
                message="prices from Yahoo Finance need yfinance",
                hint="pip install 'realloc[yahoo]'",
            )
        ) from error
    return YfData()


def _spelled(symbol: str) -> str:
    """Return a symbol as Yahoo spells it: class shares with a hyphen (``BRK-B``)."""
    return re.sub(r"\.(?=[A-Z]$)", "-", symbol)


def _last_close(answer: Mapping[str, Any]) -> tuple[float, date] | None:
    """Return the last close in dollars and its day; None where there is none."""
    chart = answer["chart"]
    if not chart["result"]:
        return None
    result = chart["result"][0]
    if result["meta"]["currency"] != "USD":
        return None
    closes = result["indicators"]["quote"][0].get("close", ())
    for moment, close in reversed(list(zip(result.get("timestamp", ()), closes, strict=True))):
        if close is not None and math.isfinite(close) and close > 0:
            opened = datetime.fromtimestamp(moment, UTC) + timedelta(seconds=result["meta"]["gmtoffset"])
            return round(float(close), 6), opened.date()
    return None
