from __future__ import annotations

import builtins
import json
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from realloc.errors import InputError
from realloc.plugins.core.base import MarketData
from realloc.plugins.market.yahoo import YahooPrices
from realloc.testing.conformance import MarketDataConformance

pytest.importorskip("yfinance")

RECORDED = Path(__file__).parents[2] / "data" / "market"


class Answer:
    """A recorded answer of Yahoo's chart service."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.status_code = 200

    def json(self) -> Any:
        return json.loads(self.text)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Answer from the recorded files; return the addresses that were asked for."""
    addresses: list[str] = []

    def get(_: object, url: str, params: object = None, timeout: object = None) -> Answer:
        assert params is not None
        assert timeout
        addresses.append(url)
        name = url.rpartition("/")[2]
        file = RECORDED / f"yahoo_chart_{name}.json"
        return Answer((file if file.exists() else RECORDED / "yahoo_chart_missing.json").read_text())

    monkeypatch.setattr("yfinance.data.YfData.get", get)
    return addresses


class TestYahooConformance(MarketDataConformance):
    plugin = YahooPrices
    entry_point = "yahoo"
    known = "VTI"
    unknown = "NOSUCH"

    @pytest.fixture
    def provider(self, asked: list[str]) -> MarketData:
        assert asked == []
        return YahooPrices()


def test_the_last_close_of_each_symbol_has_its_day_in_new_york(asked: list[str]) -> None:
    prices = YahooPrices().fetch(["VTI", "BRK.B"])
    assert prices == {"VTI": (250.1, date(2026, 11, 20)), "BRK.B": (512.25, date(2026, 11, 19))}
    assert {address.rpartition("/")[2] for address in asked} == {"VTI", "BRK-B"}


def test_an_unknown_symbol_and_one_in_another_currency_are_left_out(asked: list[str]) -> None:
    assert YahooPrices().fetch(["NOSUCH", "XIC.TO"]) == {}
    assert asked


def test_nothing_is_asked_where_no_symbol_is_wanted(asked: list[str]) -> None:
    assert YahooPrices().fetch([]) == {}
    assert asked == []


def test_a_network_fault_is_one_error_that_names_the_symbol(monkeypatch: pytest.MonkeyPatch) -> None:
    def get(*_: object, **__: object) -> Answer:
        raise OSError("network is unreachable")

    monkeypatch.setattr("yfinance.data.YfData.get", get)
    with pytest.raises(InputError, match=r"no answer for VTI: .*unreachable.*price file"):
        YahooPrices().fetch(["VTI"])


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real: Callable[..., Any] = builtins.__import__

    def fake(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("yfinance"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    for name in [name for name in sys.modules if name.split(".")[0] == "yfinance"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", fake)
    with pytest.raises(InputError, match=r"realloc\[yahoo\]"):
        YahooPrices().fetch(["VTI"])


def test_the_plugin_is_found_by_its_name() -> None:
    assert isinstance(MarketData.load_market_data("yahoo", timeout=3.0), YahooPrices)
