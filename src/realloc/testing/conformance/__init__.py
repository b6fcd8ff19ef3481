"""What every plugin of a kind has to do, as tests to inherit.

Derive a test class from the suite of the plugin's kind, say in it how the plugin is built, and pytest runs
the whole suite on it::

    class TestMyExporter(ExporterConformance):
        plugin = MyExporter
        entry_point = "mine"

        def make(self, path: Path) -> MyExporter:
            return MyExporter(path)
"""

# ruff: noqa: E402 - pytest explains the assertions of modules that are registered before they are imported
import pytest

pytest.register_assert_rewrite(
    *(
        f"{__name__}._{kind}"
        for kind in ("plugins", "exporters", "importers", "market", "rebalancers", "statements", "validators")
    )
)

from realloc.testing.conformance._exporters import ExporterConformance
from realloc.testing.conformance._importers import (
    AccountImporterConformance,
    AllocationImporterConformance,
    PriceImporterConformance,
)
from realloc.testing.conformance._market import MarketDataConformance
from realloc.testing.conformance._rebalancers import RebalancerConformance
from realloc.testing.conformance._statements import StatementImporterConformance
from realloc.testing.conformance._validators import ValidatorConformance

__all__ = [
    "AccountImporterConformance",
    "AllocationImporterConformance",
    "ExporterConformance",
    "MarketDataConformance",
    "PriceImporterConformance",
    "RebalancerConformance",
    "StatementImporterConformance",
    "ValidatorConformance",
]
