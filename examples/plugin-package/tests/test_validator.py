from __future__ import annotations

from realloc_tickets.validator import NeverBuyValidator

from realloc.testing.conformance import ValidatorConformance
from realloc.trades import TradeInfo


class TestConformance(ValidatorConformance):
    plugin = NeverBuyValidator
    entry_point = "never_buy"
    accepted = (TradeInfo("DVL", -5, 10.0), TradeInfo("VTI", 5, 10.0))
    refused = (TradeInfo("DVL", 5, 10.0),)

    def make(self) -> NeverBuyValidator:
        return NeverBuyValidator(["DVL"])
