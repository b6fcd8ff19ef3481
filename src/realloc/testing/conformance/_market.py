"""What every provider of market data has to do."""

from __future__ import annotations

import math
from datetime import date
from typing import ClassVar

import pytest

from realloc.plugins.core.base import MarketData
from realloc.testing.conformance._plugins import PluginConformance


class MarketDataConformance(PluginConformance):
    """What every provider of market data has to do, on recorded answers.

    Attributes
    ----------
    known : str
        A symbol that the recorded answers have.
    unknown : str
        One that they do not have.
    """

    known: ClassVar[str]
    unknown: ClassVar[str]

    @pytest.fixture
    def provider(self) -> MarketData:
        """Return the provider; override it to answer from recordings."""
        raise NotImplementedError

    def test_a_price_is_a_positive_number_with_its_day(self, provider: MarketData) -> None:
        answers = provider.fetch([self.known])
        assert set(answers) == {self.known}
        price, day = answers[self.known]
        assert math.isfinite(price)
        assert price > 0
        assert type(day) is date

    def test_an_unknown_symbol_is_left_out_and_harms_no_other(self, provider: MarketData) -> None:
        assert set(provider.fetch([self.unknown, self.known])) == {self.known}

    def test_no_symbols_have_no_prices(self, provider: MarketData) -> None:
        assert dict(provider.fetch([])) == {}

    def test_a_symbol_has_the_spelling_of_the_question(self, provider: MarketData) -> None:
        assert set(provider.fetch((self.known,))) <= {self.known}
