"""What every exporter has to do."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from realloc.errors import ExportError, ExportFolderError
from realloc.plugins.core.base import Exporter
from realloc.testing.conformance._plugins import PluginConformance
from realloc.trades import Trade


class ExporterConformance(PluginConformance):
    """What every exporter has to do."""

    def make(self, path: Path) -> Exporter:
        """Return an exporter that writes to `path`."""
        raise NotImplementedError

    def trades(self) -> Sequence[Trade]:
        """Return trades that the exporter can write."""
        return [
            Trade("A1", "AAPL", 10),
            Trade("A2", "GOOG", -7),
            Trade("A1", "VTI", 0.125),
            Trade("A2", "BND", 3.0),
        ]

    def written(self, path: Path, trades: Iterable[Any]) -> bytes:
        """Return what the exporter writes to a new file."""
        self.make(path).export(trades)
        return path.read_bytes()

    def test_it_writes_the_file(self, tmp_path: Path) -> None:
        assert self.written(tmp_path / "out", self.trades())

    def test_it_writes_something_else_for_other_trades(self, tmp_path: Path) -> None:
        every = self.written(tmp_path / "every", self.trades())
        for dropped in range(len(self.trades())):
            fewer = [trade for at, trade in enumerate(self.trades()) if at != dropped]
            assert self.written(tmp_path / f"without-{dropped}", fewer) != every

    def test_it_writes_no_trades_without_an_error(self, tmp_path: Path) -> None:
        self.written(tmp_path / "out", [])

    def test_it_writes_mappings_as_it_writes_trades(self, tmp_path: Path) -> None:
        mappings = [trade.to_dict() for trade in self.trades()]
        assert self.written(tmp_path / "a", mappings) == self.written(tmp_path / "b", self.trades())

    def test_it_takes_trades_that_can_be_read_once(self, tmp_path: Path) -> None:
        once = self.written(tmp_path / "a", iter(self.trades()))
        assert once == self.written(tmp_path / "b", self.trades())

    def test_it_writes_the_same_twice(self, tmp_path: Path) -> None:
        exporter = self.make(tmp_path / "out")
        exporter.export(self.trades())
        first = (tmp_path / "out").read_bytes()
        exporter.export(self.trades())
        assert (tmp_path / "out").read_bytes() == first

    def test_it_leaves_the_trades_as_they_are(self, tmp_path: Path) -> None:
        trades = self.trades()
        before = copy.deepcopy(trades)
        self.written(tmp_path / "out", trades)
        assert trades == before

    def test_a_missing_folder_is_an_error_of_its_own(self, tmp_path: Path) -> None:
        with pytest.raises(ExportFolderError):
            self.make(tmp_path / "missing" / "out").export(self.trades())
        assert not (tmp_path / "missing").exists()

    def test_a_folder_in_place_of_the_file_is_an_export_error(self, tmp_path: Path) -> None:
        (tmp_path / "out").mkdir()
        with pytest.raises(ExportError):
            self.make(tmp_path / "out").export(self.trades())

    def test_a_failure_leaves_the_old_file_and_nothing_else(self, tmp_path: Path) -> None:
        old = self.written(tmp_path / "out", self.trades())

        def broken() -> Iterator[Trade]:
            yield self.trades()[0]
            raise ConnectionError("the trades end here")

        with pytest.raises(ConnectionError):
            self.make(tmp_path / "out").export(broken())
        assert [path.name for path in tmp_path.iterdir()] == ["out"]
        assert (tmp_path / "out").read_bytes() == old
