"""Which importer a file needs, and several files at once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from realloc.errors import InputError, Issue
from realloc.plugins.core.base import StrPath
from realloc.plugins.core.discovery import list_plugins
from realloc.plugins.importers.brokers._sheet import is_workbook, read_sheet
from realloc.plugins.importers.brokers.joining import join_lots
from realloc.plugins.importers.statement import Match, Statement, StatementImporter
from realloc.plugins.importers.text import read_head

ENOUGH = 0.5
"""The confidence that an importer needs."""

CLEAR = 0.05
"""By how much the first has to be surer than the second."""


def statement_importers() -> list[StatementImporter]:
    """Return one of every statement importer that is installed, by name."""
    names = [plugin.name for plugin in list_plugins() if plugin.kind == StatementImporter.kind]
    return [StatementImporter.load_statement_importer(name) for name in names]


def recognise(
    path: StrPath, importers: Sequence[StatementImporter] | None = None
) -> tuple[StatementImporter, Match]:
    """Return the importer that a file needs, with its reason.

    Parameters
    ----------
    path : str or path
        The file.
    importers : sequence of StatementImporter, optional
        Which to ask; None asks all that are installed.

    Raises
    ------
    InputError
        The file cannot be opened, no importer knows it, or two are equally sure.
    """
    file = os.fspath(path)
    if is_workbook(path):
        read_sheet(path, head=True)
    else:
        read_head(path)
    asked = statement_importers() if importers is None else importers
    found = sorted(
        ((importer, importer.matches(path)) for importer in asked),
        key=lambda pair: (-pair[1].confidence, pair[0].name),
    )
    sure = [pair for pair in found if pair[1].confidence >= ENOUGH]
    if not sure and len(found) == 1:
        only, match = found[0]
        hint = "name a file of this kind, or correct the mapping of its columns"
        text = f"{only.name} cannot read this file: {match.reason}"
        raise InputError(Issue(code="file.unknown", where=file, message=text, hint=hint))
    if not sure:
        raise InputError(
            Issue(
                code="file.unknown",
                where=file,
                message="no importer knows this file",
                hint=f"propose a mapping of its columns: realloc import {file} --propose-to mapping.toml",
            )
        )
    if len(sure) > 1 and sure[0][1].confidence - sure[1][1].confidence < CLEAR:
        names = " and ".join(f"{importer.name} ({match.reason})" for importer, match in sure[:2])
        raise InputError(
            Issue(
                code="file.ambiguous",
                where=file,
                message=f"the file fits {names}",
                hint="name the importer that is meant",
            )
        )
    return sure[0]


def import_files(
    paths: Iterable[StrPath], *, importers: Sequence[StatementImporter] | None = None
) -> tuple[Statement, ...]:
    """Read files of any known format and join lots to their positions.

    Parameters
    ----------
    paths : iterable of str or path
        The files, in any order.
    importers : sequence of StatementImporter, optional
        Which to ask; None asks all that are installed.

    Raises
    ------
    InputError
        A file is not known or cannot be used, or files do not fit each other; the faults of all files in one.
    """
    asked = statement_importers() if importers is None else importers
    statements: list[Statement] = []
    errors: list[InputError] = []
    for path in paths:
        try:
            importer, _ = recognise(path, asked)
            statements.append(importer.read(path))
        except InputError as error:
            errors.append(error)
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise InputError(issue for error in errors for issue in error.issues)
    return join_lots(statements)
