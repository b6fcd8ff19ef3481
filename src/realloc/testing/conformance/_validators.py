"""What every validator has to do."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import ClassVar

from realloc.plugins.core.base import TradeValidator
from realloc.testing.conformance._plugins import PluginConformance
from realloc.trades import TradeInfo


class ValidatorConformance(PluginConformance):
    """What every validator has to do.

    Attributes
    ----------
    accepted, refused : sequence of TradeInfo
        Trades on which the validator, as `make` builds it, is known to decide so.
    """

    accepted: ClassVar[Sequence[TradeInfo]]
    refused: ClassVar[Sequence[TradeInfo]]

    def make(self) -> TradeValidator:
        """Return the validator."""
        raise NotImplementedError

    def sample(self) -> list[TradeInfo]:
        """Return trades of many shapes, among them those that leave out what they may leave out."""
        return [
            TradeInfo("AAPL", quantity, price, minimum, position, balance)
            for quantity in (-1000.0, -0.5, 0.0, 1.0, 250.0)
            for price in (0.01, 100.0)
            for minimum, position, balance in ((None, None, None), (50.0, 20.0, 1000.0), (0.0, 0.0, 0.0))
        ]

    def test_it_answers_every_trade_with_a_verdict_and_a_reason(self) -> None:
        for trade in (*self.sample(), *self.accepted, *self.refused):
            answer = self.make().validate(trade)
            assert isinstance(answer, tuple)
            ok, reason = answer
            assert isinstance(ok, bool)
            assert isinstance(reason, str)

    def test_a_refusal_has_its_reason_on_one_line_and_an_acceptance_has_none(self) -> None:
        for trade in (*self.sample(), *self.accepted, *self.refused):
            ok, reason = self.make().validate(trade)
            assert bool(reason.strip()) is not ok
            assert "\n" not in reason

    def test_it_accepts_what_it_must_accept(self) -> None:
        assert self.accepted
        for trade in self.accepted:
            assert self.make().validate(trade) == (True, "")

    def test_it_refuses_what_it_must_refuse(self) -> None:
        assert self.refused
        for trade in self.refused:
            assert self.make().validate(trade)[0] is False

    def test_it_decides_the_same_twice_and_in_any_order(self) -> None:
        validator, trades = self.make(), self.sample()
        forward = [validator.validate(trade) for trade in trades]
        backward = [validator.validate(trade) for trade in reversed(trades)]
        assert forward == backward[::-1]

    def test_it_leaves_the_trade_as_it_is(self) -> None:
        for trade in (*self.sample(), *self.accepted, *self.refused):
            before = copy.deepcopy(trade)
            self.make().validate(trade)
            assert trade == before
