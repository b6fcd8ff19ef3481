"""Beancount ledgers, by beancount itself: true lots with cost, date and label.

A ledger may name Python code to run (``plugin``) and other files to read (``include``), and beancount does both when
it loads one. So a ledger is looked at by beancount's parser first, which does neither; one that names anything of
the kind is refused unless its owner trusts it (https://beancount.github.io/docs/beancount_language_syntax.html).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

from realloc.errors import InputError, Issue
from realloc.household import RecentTrade
from realloc.plugins.core.base import StrPath
from realloc.plugins.importers.brokers._draft import Draft, LotRow
from realloc.plugins.importers.brokers._instruments import clean_symbol
from realloc.plugins.importers.lines import LONGEST_LINE
from realloc.plugins.importers.statement import Holding, Match, Statement, StatementImporter, fault
from realloc.plugins.importers.text import read_head, read_text

LOADING_OPTIONS = {"documents": "reads folders", "insert_pythonpath": "loads code from the ledger's folder"}
"""Options of a ledger that reach beyond it, with what they do."""


class BeancountLedger(StatementImporter):
    """Beancount ledger (needs ``realloc[beancount]``).

    Parameters
    ----------
    trusted : bool
        Whether the ledger may run the plugins and read the files that it names.
    """

    name = "beancount"
    broker = "beancount"
    supported_extensions: ClassVar[Sequence[str]] = (".beancount", ".bean")

    def __init__(self, *, trusted: bool = False) -> None:
        self.trusted = trusted

    def matches(self, path: StrPath) -> Match:
        """Return how sure it is that the file is a beancount ledger: by its name alone."""
        try:
            read_head(path)
        except InputError as error:
            return Match(confidence=0.0, reason=str(error))
        if Path(path).suffix in self.supported_extensions:
            return Match(confidence=0.97, reason="its file name ending")
        return Match(confidence=0.0, reason="its name does not end as a ledger's")

    def read(self, path: StrPath) -> Statement:
        """Read what the ledger's asset accounts hold after its last entry.

        Raises
        ------
        InputError
            The ledger has errors, or names code to run or other files to read and is not trusted.
        """
        draft = Draft(os.fspath(path), self.name, self.broker)
        entries = _load(path, trusted=self.trusted)
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


def _load(path: StrPath, *, trusted: bool) -> list[Any]:
    file = os.fspath(path)
    text = read_text(path)
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > LONGEST_LINE:
            raise fault(
                "file.length", f"{file}:{number}", f"a line of {len(line):,} characters", "shorten it"
            )
    try:
        from beancount import loader  # noqa: PLC0415 - an extra, imported when a ledger is read
        from beancount.parser import parser  # noqa: PLC0415
    except ImportError as error:
        raise fault(
            "file.extra", file, "beancount files need beancount", "pip install 'realloc[beancount]'"
        ) from error
    if not trusted:
        options = parser.parse_string(text, report_filename=file)[2]
        if faults := list(_reaches_out(options, text, file)):
            raise InputError(faults)
    loader.initialize(use_cache=False)
    try:
        entries, errors, _ = loader.load_file(str(Path(path).absolute()))
    except Exception as error:
        raise fault("file.ledger", file, f"beancount cannot load it: {error}", "run bean-check") from error
    if errors:
        raise InputError(_issue(error, file) for error in errors[:50])
    return list(entries)


def _reaches_out(options: Any, text: str, file: str) -> Iterator[Issue]:
    """Yield an issue for each directive by which a parsed ledger has code run or other files read."""
    named = [("plugin", name, "runs code") for name, _ in options["plugin"]]
    named += [("include", name, "reads another file") for name in options["include"]]
    named += [("option", name, does) for name, does in LOADING_OPTIONS.items() if options[name]]
    for directive, name, does in named:
        yield Issue(
            code="file.trust",
            where=f"{file}:{_line_of(directive, name, text)}",
            message=f"the ledger {does}: {directive} {name!r}",
            hint="if the ledger is yours, set 'trusted = true' for this account in the portfolio file",
        )


def _line_of(directive: str, name: str, text: str) -> int:
    """Return the line of a directive, the first line that begins with its word and has its name."""
    lines = text.splitlines()
    found = (n for n, line in enumerate(lines, 1) if line.split()[:1] == [directive] and name in line)
    return next(found, 1)


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
