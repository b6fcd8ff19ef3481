"""Beancount ledgers, by beancount itself: true lots with cost, date and label.

Loading a ledger runs what it includes and the plugins that it names, as every beancount program does.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

from realloc.errors import InputError, Issue
from realloc.household import RecentTrade
from realloc.plugins.core.base import StrPath
from realloc.plugins.importers.brokers._draft import Draft, LotRow
from realloc.plugins.importers.brokers._instruments import clean_symbol
from realloc.plugins.importers.statement import Holding, Match, Statement, StatementImporter, fault
from realloc.plugins.importers.text import read_head, read_text

_DIRECTIVE = re.compile(r"^\d{4}-\d\d-\d\d\s+(?:open\s+Assets:|\*|!|txn|commodity|price)", re.MULTILINE)


class BeancountLedger(StatementImporter):
    """Beancount ledger (needs ``realloc[beancount]``)."""

    name = "beancount"
    broker = "beancount"
    supported_extensions: ClassVar[Sequence[str]] = (".beancount", ".bean")

    def matches(self, path: StrPath) -> Match:
        """Return how sure it is that the file is a beancount ledger."""
        try:
            head = read_head(path)
        except InputError as error:
            return Match(confidence=0.0, reason=str(error))
        if Path(path).suffix in self.supported_extensions:
            return Match(confidence=0.97, reason="its file name ending")
        if _DIRECTIVE.search(head):
            return Match(confidence=0.8, reason="dated directives of a ledger")
        return Match(confidence=0.0, reason="no dated directives of a ledger")

    def read(self, path: StrPath) -> Statement:
        """Read what the ledger's asset accounts hold after its last entry."""
        draft = Draft(os.fspath(path), self.name, self.broker)
        entries = _load(path)
        prices = {
            entry.currency: (entry.date, entry.amount.number)
            for entry in entries
            if type(entry).__name__ == "Price" and entry.amount.currency == "USD"
        }
        held: dict[str, dict[tuple[str, Any], Decimal]] = {}
        for entry in entries:
            if type(entry).__name__ == "Transaction":
                for posting in entry.postings:
                    _post(draft, held, posting, entry.date)
        money = _currencies(entries)
        for number, inventory in held.items():
            _add_account(draft, number, inventory, (prices, money))
        return draft.finish()


def _load(path: StrPath) -> list[Any]:
    file = os.fspath(path)
    read_text(path)
    try:
        from beancount import loader  # noqa: PLC0415 - an extra, imported when a ledger is read
    except ImportError as error:
        raise fault(
            "file.extra", file, "beancount files need beancount", "pip install 'realloc[beancount]'"
        ) from error
    loader.initialize(use_cache=False)
    try:
        entries, errors, _ = loader.load_file(str(Path(path).absolute()))
    except Exception as error:
        raise fault("file.ledger", file, f"beancount cannot load it: {error}", "run bean-check") from error
    if errors:
        raise InputError(_issue(error, file) for error in errors[:50])
    return list(entries)


def _issue(error: Any, file: str) -> Issue:
    line = (error.source or {}).get("lineno", 0)
    message = " ".join(str(error.message).split())[:300]
    return Issue(code="file.ledger", where=f"{file}:{line}", message=message, hint="run bean-check")


def _currencies(entries: Iterable[Any]) -> set[str]:
    """Return what costs and prices are stated in: holding it is holding money."""
    found = {"USD"}
    for entry in entries:
        if type(entry).__name__ == "Price":
            found.add(entry.amount.currency)
        elif type(entry).__name__ == "Transaction":
            stated = (one for posting in entry.postings for one in (posting.cost, posting.price))
            found.update(one.currency for one in stated if one is not None)
    return found


def _group(account: str, commodity: str) -> str:
    """Return the account of a posting without a last part that names the commodity or ``Cash``."""
    parent, _, leaf = account.rpartition(":")
    return parent if parent.count(":") and leaf.casefold() in {commodity.casefold(), "cash"} else account


def _post(draft: Draft, held: dict[str, dict[tuple[str, Any], Decimal]], posting: Any, traded: date) -> None:
    if not posting.account.startswith("Assets:"):
        return
    number, commodity = posting.units.number, posting.units.currency
    group = _group(posting.account, commodity)
    inventory = held.setdefault(group, {})
    key = (commodity, posting.cost)
    inventory[key] = inventory.get(key, Decimal(0)) + number
    cost, price = posting.cost, posting.price
    if cost is None or cost.currency != "USD":
        return
    paid = price.number if price is not None and price.currency == "USD" else cost.number
    gain = float((paid - cost.number) * -number) if number < 0 and price is not None else None
    draft.trades.append(
        RecentTrade(
            account_number=group,
            symbol=clean_symbol(commodity),
            shares=float(number),
            price=float(paid),
            traded=traded,
            gain=gain,
        )
    )


def _add_account(
    draft: Draft,
    number: str,
    inventory: dict[tuple[str, Any], Decimal],
    known: tuple[dict[str, tuple[date, Decimal]], set[str]],
) -> None:
    prices, money = known
    inventory = {key: shares for key, shares in inventory.items() if shares}
    if all(commodity in money for commodity, _ in inventory):
        draft.note(draft.file, "skipped", f"{number} holds no commodity but money")
        return
    account = draft.account(number, number.replace(":", " ").removeprefix("Assets "))
    for commodity in dict.fromkeys(commodity for commodity, _ in inventory):
        lots = [(cost, shares) for (other, cost), shares in inventory.items() if other == commodity]
        total = sum((shares for _, shares in lots), Decimal(0))
        if commodity == "USD":
            draft.add_cash(account, f"{draft.file}:{number}", total, "dollars")
            continue
        where = f"{draft.file}:{number}:{commodity}"
        if commodity in money:
            cash = Holding(symbol="", shares=total, description=f"{commodity} cash")
            draft.hold(account, where, cash, currency=commodity)
            continue
        symbol = clean_symbol(commodity)
        dated, price = prices.get(commodity, (None, None))
        currency = next((cost.currency for cost, _ in lots if cost is not None), "USD")
        priced = all(cost is not None and cost.currency == currency for cost, _ in lots)
        holding = Holding(
            symbol=symbol,
            shares=total,
            price=price,
            cost_basis=sum((cost.number * shares for cost, shares in lots), Decimal(0)) if priced else None,
            priced_on=dated,
        )
        draft.hold(account, where, holding, currency=currency, priced=False)
        if priced and symbol in account.held:
            account.lots += [
                (
                    where,
                    LotRow(
                        symbol=symbol,
                        shares=shares,
                        basis=cost.number * shares,
                        acquired=cost.date,
                        id=cost.label or "",
                    ),
                )
                for cost, shares in lots
            ]
