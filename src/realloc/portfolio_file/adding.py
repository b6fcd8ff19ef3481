"""Add the accounts of broker files that a portfolio file does not name yet."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from realloc.plugins.core.base import StrPath
from realloc.portfolio_file.editing import Kept, add_section
from realloc.portfolio_file.gaps import OPEN
from realloc.portfolio_file.initial import Seen, pattern_of
from realloc.portfolio_file.sources import fits


def add_accounts(kept: Kept, seen: Sequence[Seen], *, mapping: StrPath | None = None) -> tuple[str, ...]:
    """Add entries with an open ``kind`` to the document; nothing is written.

    Parameters
    ----------
    kept : Kept
        The portfolio file.
    seen : sequence of Seen
        Accounts of broker files.
    mapping : str or path, optional
        What the columns of these files mean, where no importer knows them.

    Returns
    -------
    tuple of str
        The account numbers that were added.

    Raises
    ------
    InputError
        ``accounts`` is not a list of sections (``[[accounts]]``).
    """
    there = [str(table.get("account_number", "")) for table in kept.document.get("accounts", ())]
    added = []
    for each in seen:
        if any(number and fits(number, each.account) for number in there):
            continue
        folder = kept.path.parent
        entry: dict[str, Any] = {
            "label": each.account.name or each.account.number,
            "account_number": each.account.number,
            "kind": OPEN,
            "import": pattern_of(Path(each.statement.file), folder),
        }
        if mapping is not None:
            entry["mapping"] = Path(os.path.relpath(mapping, folder)).as_posix()
        hint = each.account.kind_hint
        suggested = f"its name suggests {hint}" if hint else "its name says nothing"
        add_section(kept, "accounts", entry, {"kind": f"taxable, tax_deferred or tax_exempt; {suggested}"})
        added.append(each.account.number)
    return tuple(added)
