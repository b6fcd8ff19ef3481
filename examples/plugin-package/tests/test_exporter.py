from __future__ import annotations

from pathlib import Path

from realloc_tickets.exporter import TicketExporter

from realloc.testing.conformance import ExporterConformance
from realloc.trades import Trade


class TestConformance(ExporterConformance):
    plugin = TicketExporter
    entry_point = "tickets"

    def make(self, path: Path) -> TicketExporter:
        return TicketExporter(path)


def test_a_trade_is_a_sentence(tmp_path: Path) -> None:
    TicketExporter(tmp_path / "out.txt").export([Trade("A1", "AAPL", 10), Trade("A2", "GOOG", -2.5)])
    assert (tmp_path / "out.txt").read_text() == "A1: buy 10 AAPL\nA2: sell 2.5 GOOG\n"
