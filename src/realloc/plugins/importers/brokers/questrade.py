"""Questrade: positions as the API answers them, in JSON, without account and currency."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, ClassVar

from realloc._reading import Table
from realloc.errors import InputError
from realloc.plugins.core.base import StrPath
from realloc.plugins.importers.brokers._draft import Draft
from realloc.plugins.importers.brokers._instruments import clean_symbol
from realloc.plugins.importers.lines import LONGEST_CELL
from realloc.plugins.importers.statement import Holding, Match, Statement, StatementImporter, fault
from realloc.plugins.importers.text import read_head, read_text

ACCOUNT = "Questrade"
"""What the account is called: the answer does not name it."""

_CANADIAN = (".TO", ".VN", ".V", ".CN", ".NE")


class QuestradePositions(StatementImporter):
    """Questrade positions JSON."""

    name = "questrade_positions"
    broker = "Questrade"
    supported_extensions: ClassVar[Sequence[str]] = (".json",)

    def matches(self, path: StrPath) -> Match:
        """Return how sure it is that the file is an answer with positions."""
        try:
            head = read_head(path)
        except InputError as error:
            return Match(confidence=0.0, reason=str(error))
        if head.lstrip().startswith("{") and '"positions"' in head and '"openQuantity"' in head:
            return Match(confidence=0.95, reason="positions with openQuantity")
        return Match(confidence=0.0, reason="no JSON positions with openQuantity")

    def read(self, path: StrPath) -> Statement:
        """Read each position; a symbol of a Canadian exchange is held in Canadian dollars."""
        draft = Draft(os.fspath(path), self.name, self.broker)
        try:
            data = json.loads(read_text(path), parse_float=Decimal)
        except (ValueError, RecursionError) as error:
            raise fault("file.json", draft.file, f"not JSON: {error}", "download it again") from error
        answer = Table(data, draft.file, draft.issues)
        for position in _positions(answer):
            if (
                max((len(text) for text in position.value.values() if isinstance(text, str)), default=0)
                > LONGEST_CELL
            ):
                raise fault(
                    "file.length", position.where, "a value of too many characters", "download it again"
                )
            _read_position(position, draft)
        draft.warn("account.unnamed", draft.file, f"the file names no account; it is called {ACCOUNT!r}")
        draft.no_cash(draft.accounts.values())
        return draft.finish()


def _positions(answer: Table) -> list[Table]:
    value = answer.value.get("positions")
    if not isinstance(value, list):
        answer.fault("key.missing", answer.where, "no list of positions", "download it again")
        return []
    return [Table(item, f"{answer.where}:positions[{at}]", answer.issues) for at, item in enumerate(value)]


def _read_position(position: Table, draft: Draft) -> None:
    symbol = clean_symbol(position.text("symbol"))
    shares = _decimal(position, "openQuantity", needed=True)
    reorganised = position.value.get("isUnderReorg") is True
    holding = Holding(
        symbol=symbol,
        shares=shares or Decimal(0),
        price=_decimal(position, "currentPrice"),
        value=_decimal(position, "currentMarketValue"),
        cost_basis=_decimal(position, "totalCost"),
        why="under reorganisation" if reorganised else "",
    )
    currency = "CAD" if symbol.endswith(_CANADIAN) else "USD"
    draft.hold(draft.account(ACCOUNT), position.where, holding, currency=currency)


def _decimal(position: Table, key: str, *, needed: bool = False) -> Decimal | None:
    value: Any = position.value.get(key)
    if value is None and not needed:
        return None
    before = len(position.issues)
    position.number(key)
    return None if len(position.issues) > before else Decimal(str(value))
