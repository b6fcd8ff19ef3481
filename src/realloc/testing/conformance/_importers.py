"""What every importer has to do."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import pytest

from realloc.accounts import Account
from realloc.errors import InputError
from realloc.models import PortfolioModel
from realloc.plugins.core.base import AccountImporter, AllocationImporter, PriceImporter
from realloc.testing.conformance._plugins import PluginConformance

MUTANTS = 60
"""Damaged copies of the sample file that are tried."""


class ImporterConformance(PluginConformance):
    """What every importer has to do.

    Attributes
    ----------
    sample : bytes
        A file that it reads.
    expected : object
        What it reads from it.
    """

    sample: ClassVar[bytes]
    expected: ClassVar[object]

    def extensions(self) -> Sequence[str]:
        """Return the importer's file name endings."""
        raise NotImplementedError

    def read(self, path: Path) -> object:
        """Return what the importer reads from a file."""
        raise NotImplementedError

    def check(self, result: object) -> None:
        """Fail where a result is not what the kind promises."""
        raise NotImplementedError

    def path(self, folder: Path) -> Path:
        """Return the path of a file that the importer should read."""
        return folder / f"sample{self.extensions()[0]}"

    def read_bytes(self, folder: Path, data: bytes) -> object:
        """Return what the importer reads from a file with these bytes."""
        self.path(folder).write_bytes(data)
        return self.read(self.path(folder))

    def test_it_names_the_files_that_it_reads(self) -> None:
        assert list(self.extensions())
        assert all(extension.startswith(".") for extension in self.extensions())

    def test_it_reads_the_sample(self, tmp_path: Path) -> None:
        result = self.read_bytes(tmp_path, self.sample)
        self.check(result)
        assert result == self.expected

    def test_it_reads_the_same_twice_and_leaves_the_file_as_it_is(self, tmp_path: Path) -> None:
        assert self.read_bytes(tmp_path, self.sample) == self.read(self.path(tmp_path))
        assert self.path(tmp_path).read_bytes() == self.sample
        assert len(list(tmp_path.iterdir())) == 1

    def test_it_reads_a_path_given_as_text(self, tmp_path: Path) -> None:
        assert self.read_bytes(tmp_path, self.sample) == self.read(str(self.path(tmp_path)))  # type: ignore[arg-type]  # that is the test

    def test_a_missing_file_is_an_input_error(self, tmp_path: Path) -> None:
        with pytest.raises(InputError):
            self.read(self.path(tmp_path))

    def test_a_folder_is_an_input_error(self, tmp_path: Path) -> None:
        self.path(tmp_path).mkdir()
        with pytest.raises(InputError):
            self.read(self.path(tmp_path))

    @pytest.mark.parametrize(
        "data",
        [b"", b"\n\n", b"\x00\x01\x02\xff\xfe\xfd" * 50, b"\xff\xfe", b"PK\x03\x04", b"one line of prose\n"],
        ids=["empty", "blank", "binary", "a mark alone", "archive", "prose"],
    )
    def test_a_file_of_another_kind_is_an_input_error(self, tmp_path: Path, data: bytes) -> None:
        with pytest.raises(InputError):
            self.read_bytes(tmp_path, data)

    def test_a_damaged_file_ends_in_a_sound_result_or_an_input_error(self, tmp_path: Path) -> None:
        chance = random.Random(20261120)  # noqa: S311 - a seeded sequence, not a secret
        for _ in range(MUTANTS):
            data = bytearray(self.sample)
            for _ in range(chance.randint(1, 4)):
                at = chance.randrange(len(data))
                data[at : at + chance.randint(0, 3)] = chance.randbytes(chance.randint(0, 3))
            self._read_or_refuse(tmp_path, bytes(data))

    def test_a_file_cut_short_ends_in_a_sound_result_or_an_input_error(self, tmp_path: Path) -> None:
        step = max(1, len(self.sample) // MUTANTS)
        for length in range(0, len(self.sample), step):
            self._read_or_refuse(tmp_path, self.sample[:length])

    def _read_or_refuse(self, folder: Path, data: bytes) -> None:
        try:
            result = self.read_bytes(folder, data)
        except InputError as error:
            issues = error.issues
        else:
            self.check(result)
            return
        assert issues
        assert all(issue.code and issue.message for issue in issues)


class AccountImporterConformance(ImporterConformance):
    """What every account importer has to do."""

    def make(self) -> AccountImporter:
        """Return the importer."""
        raise NotImplementedError

    def extensions(self) -> Sequence[str]:
        """Return the importer's file name endings."""
        return self.make().supported_extensions

    def read(self, path: Path) -> object:
        """Return the accounts in a file."""
        return self.make().account_importer(path)

    def check(self, result: object) -> None:
        """Fail unless these are accounts with numbers that differ, and amounts that are finite."""
        assert isinstance(result, list)
        assert result
        numbers = set()
        for account in result:
            assert isinstance(account, Account)
            assert account.account_number.strip()
            assert account.account_number not in numbers
            numbers.add(account.account_number)
            assert math.isfinite(account.cash)
            assert all(symbol.strip() and symbol != "CASH" for symbol in account.positions)
            assert all(math.isfinite(shares) for shares in account.positions.values())


class PriceImporterConformance(ImporterConformance):
    """What every price importer has to do."""

    def make(self) -> PriceImporter:
        """Return the importer."""
        raise NotImplementedError

    def extensions(self) -> Sequence[str]:
        """Return the importer's file name endings."""
        return self.make().supported_extensions

    def read(self, path: Path) -> object:
        """Return the prices in a file."""
        return self.make().import_prices(path)

    def check(self, result: object) -> None:
        """Fail unless these are positive, finite prices by symbol."""
        assert isinstance(result, dict)
        assert result
        for symbol, price in result.items():
            assert isinstance(symbol, str)
            assert symbol.strip()
            assert isinstance(price, float)
            assert math.isfinite(price)
            assert price > 0


class AllocationImporterConformance(ImporterConformance):
    """What every allocation importer has to do."""

    def make(self) -> AllocationImporter:
        """Return the importer."""
        raise NotImplementedError

    def extensions(self) -> Sequence[str]:
        """Return the importer's file name endings."""
        return self.make().supported_extensions

    def read(self, path: Path) -> object:
        """Return the model in a file."""
        return self.make().import_allocations(path)

    def check(self, result: object) -> None:
        """Fail unless this is a model with weights from 0 that add up to 1 within 0.01."""
        assert isinstance(result, PortfolioModel)
        assert result.targets
        assert all(symbol.strip() for symbol in result.targets)
        assert all(weight >= 0 for weight in result.targets.values())
        assert sum(result.targets.values()) == pytest.approx(1.0, abs=0.01 + 1e-9)
