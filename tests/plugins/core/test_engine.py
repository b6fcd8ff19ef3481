from __future__ import annotations

from typing import Any

import pytest

from realloc.errors import PluginNotFoundError
from realloc.plugins.core.base import Exporter, Plugin, TradeValidator
from realloc.plugins.core.engine import PluginEngine, ValidationEngine
from realloc.plugins.core.results import RebalanceResult, Refusal
from realloc.plugins.exporters.csv_exporter import CSVExporter
from realloc.plugins.validators.max_position import MaxPositionValidator
from realloc.plugins.validators.minimum_value import MinimumValueValidator
from realloc.trades import Trade, TradeInfo


def test_the_engine_returns_what_was_registered_by_kind_in_order() -> None:
    engine = PluginEngine()
    first, exporter, second = MaxPositionValidator(1), CSVExporter("x"), MinimumValueValidator()
    for plugin in (first, exporter, second):
        engine.register(plugin)
    assert engine.get_plugins_of_type(TradeValidator) == [first, second]  # type: ignore[type-abstract]  # a kind is a type
    assert engine.get_plugins_of_type(Exporter) == [exporter]  # type: ignore[type-abstract]  # a kind is a type
    assert engine.get_plugins_of_type(MinimumValueValidator) == [second]
    assert engine.get_plugins_of_type(Plugin) == [first, exporter, second]  # type: ignore[type-abstract]  # a kind is a type


@pytest.mark.parametrize("thing", [CSVExporter, "csv", None])
def test_what_is_no_plugin_instance_is_not_registered(thing: Any) -> None:
    with pytest.raises(TypeError):
        PluginEngine().register(thing)


def test_without_validators_every_trade_passes() -> None:
    engine = ValidationEngine()
    assert engine.validators == []
    assert engine.validate_trade(TradeInfo("AAPL", 1, 100)) == (True, "")


def test_the_first_refusal_counts() -> None:
    engine = ValidationEngine()
    engine.add_validator(MinimumValueValidator(50))
    engine.add_validator(MaxPositionValidator(10))
    assert engine.validate_trade(TradeInfo("AAPL", 5, 100, current_position=0)) == (True, "")
    ok, reason = engine.validate_trade(TradeInfo("AAPL", 50, 100, current_position=0))
    assert (ok, reason.startswith("Would exceed max position of 10")) == (False, True)
    ok, reason = engine.validate_trade(TradeInfo("AAPL", 50, 0.1, current_position=0))
    assert (ok, "below minimum" in reason) == (False, True)


def test_a_validator_is_added_by_name() -> None:
    engine = ValidationEngine()
    engine.add_validator("max_position", max_position=7)
    assert isinstance(engine.validators[0], MaxPositionValidator)
    with pytest.raises(PluginNotFoundError):
        engine.add_validator("csv")
    assert len(engine.validators) == 1


def test_what_is_no_validator_is_not_added() -> None:
    engine = ValidationEngine()
    thing: Any = CSVExporter("x")
    with pytest.raises(TypeError):
        engine.add_validator(thing)
    with pytest.raises(TypeError):
        engine.add_validator(MaxPositionValidator(1), max_position=2)


def test_a_result_is_its_list_of_trades_and_says_how_the_work_ended() -> None:
    trade, refused = Trade("A1", "AAPL", 5), Trade("A1", "GOOG", 1)
    result = RebalanceResult(
        [trade],
        refused=[Refusal(trade=refused, reason="too small")],
        remaining={"GOOG": 1, "AAPL": 0},
        rounds=2,
        converged=False,
    )
    assert result == [trade]
    assert result.refused[0].reason == "too small"
    assert result.remaining == {"GOOG": 1}
    assert (result.rounds, result.converged) == (2, False)
    assert (RebalanceResult().remaining, RebalanceResult().converged) == ({}, True)
