"""What every statement importer has to do."""

from __future__ import annotations

import contextlib
import json
import random
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import pytest

from realloc.errors import InputError
from realloc.testing.conformance._plugins import PluginConformance
from realloc.testing.mutations import mutated

if TYPE_CHECKING:
    from realloc.plugins.importers.statement import Statement, StatementImporter

MUTANTS = 60
"""Damaged copies of the sample file that are tried."""


class StatementImporterConformance(PluginConformance):
    """What every statement importer has to do.

    Attributes
    ----------
    sample : pathlib.Path
        A file that it reads.
    """

    sample: ClassVar[Path]

    def make(self) -> StatementImporter:
        """Return the importer under test."""
        raise NotImplementedError

    def test_it_recognises_its_sample_and_says_why(self) -> None:
        match = self.make().matches(self.sample)
        assert 0.5 <= match.confidence <= 1
        assert match.reason

    def test_it_does_not_claim_a_file_of_nothing_or_none_at_all(self, tmp_path: Path) -> None:
        path = tmp_path / self.sample.name
        assert self.make().matches(path).confidence == 0
        path.write_bytes(b"")
        assert self.make().matches(path).confidence < 0.5
        with pytest.raises(InputError):
            self.make().read(path)

    def test_it_reads_the_same_twice_and_leaves_the_file_as_it_is(self) -> None:
        before = self.sample.read_bytes()
        assert self.make().read(self.sample) == self.make().read(self.sample)
        assert self.sample.read_bytes() == before

    def test_its_statement_says_where_it_comes_from_and_is_plain_json(self) -> None:
        statement = self.make().read(self.sample)
        check_statement(statement)
        assert statement.importer == self.make().name
        assert statement.notes
        assert json.loads(json.dumps(statement.to_dict()))["broker"] == statement.broker

    def test_damaged_copies_end_in_a_sound_statement_or_in_an_input_error(self, tmp_path: Path) -> None:
        generator = random.Random(0)  # noqa: S311 - repeatable damage
        path = tmp_path / self.sample.name
        for _ in range(MUTANTS):
            path.write_bytes(mutated(self.sample.read_bytes(), generator))
            self.make().matches(path)
            with contextlib.suppress(InputError):
                check_statement(self.make().read(path))


def check_statement(statement: Statement) -> None:
    """Fail where a statement is not sound: totals that do not tie, a symbol twice, shares of nothing."""
    for account in statement.accounts:
        assert account.number
        symbols = [held.symbol for held in account.positions]
        assert len(set(symbols)) == len(symbols)
        assert all(held.shares > 0 and not held.why for held in account.positions)
        assert all(held.why for held in account.untouchable)
        assert all(abs(tie.stated - tie.found) * 200 < 1 for tie in account.ties)
    assert all(issue.severity != "error" for issue in statement.issues)
