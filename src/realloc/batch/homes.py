"""A household of a part, as a document and as a value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from realloc._reading import Table
from realloc.accounts import Lot
from realloc.batch.rows import Record
from realloc.batch.shared import Shared
from realloc.errors import InputError, Issue
from realloc.household import HOUSEHOLD_KEYS, Household


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """The rows of a household.

    `stated` is its document with what it shares, but without the lots that can be used as they are: those stand in
    `lots`, one tuple for each account, None where the document has them. The fingerprint is a digest of all rows.
    """

    stated: Record
    shared: Sequence[Shared]
    lots: Sequence[tuple[Lot, ...] | None]
    fingerprint: str

    def document(self) -> Record:
        """Return the household document."""
        if not any(self.lots):
            return self.stated
        accounts = [
            account if lots is None else {**account, "lots": [lot.to_dict() for lot in lots]}
            for account, lots in zip(self.stated["accounts"], self.lots, strict=True)
        ]
        return {**self.stated, "accounts": accounts}

    def household(self) -> Household:
        """Return the household, as `Household.from_dict` reads its document.

        Raises
        ------
        InputError
            Something in it cannot be used.
        """
        issues: list[Issue] = []
        parts = {one.key: one.part for one in self.shared if self.stated[one.key] is one.value}
        household = Household.read(Table(self.stated, "", issues, HOUSEHOLD_KEYS), parts=parts)
        if issues:
            raise InputError(issues)
        for account, lots in zip(household.accounts, self.lots, strict=bool(self.lots)):
            if lots is not None:
                account.lots = lots
        return household
