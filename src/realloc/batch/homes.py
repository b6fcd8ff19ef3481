"""A household of a part: what many share is read once, and lots come straight from their columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from realloc._reading import Table
from realloc.accounts import Lot
from realloc.batch.rows import Record
from realloc.errors import InputError, Issue
from realloc.household import HOUSEHOLD_KEYS, Household, read_prices
from realloc.models import MODEL_KEYS, PortfolioModel
from realloc.policy import POLICY_KEYS, Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """Prices, a model or a policy that many households refer to.

    `value` is what a document states under `key`, `part` what `Household.read` makes of it, None where something in
    it cannot be used, and `digest` tells it from others.
    """

    key: str
    value: Any
    part: Any
    digest: bytes

    @classmethod
    def of(cls, key: str, value: Any, digest: bytes) -> Shared:
        """Read a value."""
        issues: list[Issue] = []
        match key:
            case "prices":
                part: Any = read_prices(Table(value, key, issues))
            case "model":
                part = PortfolioModel.read(Table(value, key, issues, MODEL_KEYS))
            case _:
                part = Policy.read(Table(value, key, issues, POLICY_KEYS))
        return cls(key=key, value=value, part=None if issues else part, digest=digest)


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
