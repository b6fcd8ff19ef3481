"""Blanks that a person has to fill: they are named, and never guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from realloc._reading import Table, join
from realloc.accounts import KINDS, AccountKind

OPEN = "?"
"""What stands where a person has to say something."""


def fill_gaps(
    top: Table,
    accounts: Sequence[Table],
    clean: dict[str, Any],
    hints: Mapping[str, AccountKind | None],
) -> None:
    """Report blanks, and put something harmless in their place so that the rest can be checked.

    Parameters
    ----------
    top : Table
        The portfolio document.
    accounts : sequence of Table
        Its accounts.
    clean : dict
        The household document in the making; ``accounts`` in the same order.
    hints : mapping
        What the imported name of an account suggests, by JSON path.
    """
    for table, account in zip(accounts, clean["accounts"], strict=True):
        kind = table.value.get("kind")
        if kind == OPEN or (kind is None and "import" in table):
            account["kind"] = "tax_deferred"  # of the kinds the one without warnings of its own
            hint = hints.get(table.where)
            suggested = f"; its name suggests {hint!r}" if hint else ""
            table.fault(
                "account.kind",
                join(table.where, "kind"),
                "how this account is taxed is not said",
                f"write kind = one of {', '.join(repr(name) for name in KINDS)}{suggested}",
            )
    clean.setdefault("model", {})
    clean.setdefault("prices", {})
    model = clean["model"]
    if isinstance(model, Mapping) and not model.get("targets"):
        top.fault(
            "model.targets",
            "model.targets",
            "no targets are set",
            "write the weights that you want under [model.targets]",
        )
