"""A file that is named and not there is a FileNotFoundError, as users of Python expect, and an InputError."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from realloc import MissingFileError
from realloc.cli.rebalance_csv_input import process_rebalance
from realloc.documents import load_household, read_document
from realloc.errors import InputError
from realloc.plugins.importers.account.account_csv import CSVAccountImporter
from realloc.plugins.importers.allocation.allocation_csv import AllocationCSVImporter
from realloc.plugins.importers.brokers import import_files
from realloc.plugins.importers.prices.prices_csv import PricesCSVImporter
from realloc.portfolio_file import load_portfolio


@pytest.mark.parametrize(
    "read",
    [
        load_household,
        read_document,
        CSVAccountImporter().account_importer,
        AllocationCSVImporter().import_allocations,
        PricesCSVImporter().import_prices,
        lambda path: import_files([path]),
        load_portfolio,
        lambda path: process_rebalance(path, path, path),
    ],
)
def test_a_missing_file_is_both_errors(read: Callable[[Path], Any], tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no such file") as caught:
        read(tmp_path / "nothing.csv")
    assert isinstance(caught.value, MissingFileError)
    assert isinstance(caught.value, InputError)
    assert caught.value.issues[0].code == "file.missing"
