"""Asset classes proposed from the names of funds, as comments: a person decides."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from realloc.plugins.importers.statement import StatementAccount

_WORDS = (
    ("money_market", r"MONEY M(?:AR)?KE?T|TREASURY ONLY|CASH RESERVES"),
    ("bonds", r"BOND|TREASUR|T-?BILL|FIXED INCOME|\bTIPS\b|MUNI|AGGREGATE"),
    ("real_estate", r"REAL ESTATE|\bREITS?\b"),
    ("international_stock", r"INTL|INTERNATIONAL|EX[- ]?US|EMERGING|DEVELOPED|EUROPE|PACIFIC|GLOBAL EX"),
    ("us_stock", r"TOTAL ST(?:OC)?K|500|\bUS\b|U\.S\.|LARGE|SMALL|MID|GROWTH|VALUE|STOCK|INDEX"),
)


def class_proposal(accounts: Iterable[StatementAccount]) -> str:
    """Return commented classes for the symbols held, by words in their descriptions."""
    members: dict[str, list[str]] = {}
    for account in accounts:
        for held in account.positions:
            name = _class_of(held.description)
            if name and held.symbol not in members.setdefault(name, []):
                members[name].append(held.symbol)
    if not members:
        return ""
    lines = [
        "",
        "# Symbols that may stand for each other are a class; the first one is bought. A class has one target,",
        "# and its symbols then have none of their own. Guessed from the funds' names:",
    ]
    for name, _ in _WORDS:
        if symbols := members.get(name):
            listed = ", ".join(json.dumps(symbol) for symbol in sorted(symbols))
            lines += [f"# [model.classes.{name}]", f"# symbols = [{listed}]"]
    return "\n".join(lines) + "\n"


def _class_of(description: str) -> str:
    text = description.upper()
    return next((name for name, words in _WORDS if re.search(words, text)), "")
