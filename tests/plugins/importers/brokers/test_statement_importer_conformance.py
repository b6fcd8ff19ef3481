"""Three importers of different make keep what the kind promises."""

from __future__ import annotations

from pathlib import Path

from realloc.plugins.importers.brokers.fidelity_positions import FidelityPositions
from realloc.plugins.importers.brokers.generic_table import GenericTable
from realloc.plugins.importers.brokers.ibkr_flex import IbkrFlex
from realloc.testing.conformance import StatementImporterConformance

DATA = Path(__file__).parents[3] / "data" / "brokers"


class TestFidelityPositions(StatementImporterConformance):
    plugin = FidelityPositions
    entry_point = "fidelity_positions"
    sample = DATA / "fidelity_positions_2026.csv"

    def make(self) -> FidelityPositions:
        return FidelityPositions()


class TestIbkrFlex(StatementImporterConformance):
    plugin = IbkrFlex
    entry_point = "ibkr_flex"
    sample = DATA / "ibkr_flex.xml"

    def make(self) -> IbkrFlex:
        return IbkrFlex()


class TestGenericTable(StatementImporterConformance):
    plugin = GenericTable
    entry_point = "generic_table"
    sample = DATA / "table_lots.csv"

    def make(self) -> GenericTable:
        return GenericTable(DATA / "table_lots.toml")
