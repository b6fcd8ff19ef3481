"""Write executions into a portfolio file: lots, recent trades and, where they stand there, positions."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any

from realloc.accounts import Account, Lot
from realloc.errors import InputError, Issue
from realloc.household import Household
from realloc.plugins.importers.statement import StatementAccount
from realloc.portfolio_file.bookkeeping import Books, names_of_lots
from realloc.portfolio_file.editing import Kept, set_positions, set_rows, set_value
from realloc.portfolio_file.sources import fits


def update(
    kept: Kept,
    old: Household,
    now: Household,
    after: Mapping[str, StatementAccount],
    books: Books,
) -> None:
    """Change the document of a portfolio file to what is so after executions; nothing is written.

    Parameters
    ----------
    kept : Kept
        The portfolio file.
    old, now : Household
        Before and after, with the same accounts.
    after : mapping of str to StatementAccount
        The new files' accounts by account number.
    books : Books
        Lots and recent trades.

    Raises
    ------
    InputError
        The changed file would not say what it should; the file stays as it is.
    """
    document = kept.document
    tables: Sequence[MutableMapping[str, Any]] = document.get("accounts", [])
    if len(tables) != len(old.accounts):
        raise _fault(kept, "the accounts of the household that was planned with are not those of the file")
    for table, before, new in zip(tables, old.accounts, now.accounts, strict=True):
        number = str(table.get("account_number", before.account_number)).strip()
        if number != before.account_number and not fits(
            number, StatementAccount(number=before.account_number)
        ):
            raise _fault(kept, f"expected the account {before.account_number}, found {number}")
        _update_account(table, before, new, after.get(before.account_number), books)
    if books.trades:
        there = len(document.get("recent_trades", []))
        rows: list[tuple[int | None, Mapping[str, Any]]] = [(place, {}) for place in range(there)]
        for trade in books.trades:
            values = trade.to_dict() | {"traded": trade.traded}
            rows.append((None, values))
        set_rows(document, "recent_trades", rows)
    if "as_of" in document and str(document["as_of"]) < now.as_of.isoformat():
        set_value(document, "as_of", now.as_of)
    _look_again(kept)


def _update_account(
    table: MutableMapping[str, Any],
    before: Account,
    new: Account,
    stated: StatementAccount | None,
    books: Books,
) -> None:
    from_file = {lot.symbol for lot in stated.lots} if stated else set()
    if stated is not None and "import" not in table:
        set_value(table, "cash", new.cash)
        set_positions(table, new.positions)
    elif stated is not None and stated.cash is None and "cash" in table:
        set_value(table, "cash", new.cash)
    written = [str(row.get("symbol", "")).strip() for row in table.get("lots", [])]
    names = dict(zip(names_of_lots(before), before.lots, strict=True))
    places = _places(table, before)
    own = set(written)
    rows: list[tuple[int | None, Mapping[str, Any]]] = []
    used: set[str] = set()
    for name, lot in books.lots[before.account_number]:
        if lot.symbol in from_file or (stated is None and lot.symbol not in own):
            continue
        if stated is None and "import" in table and lot.symbol not in own:
            continue
        if name in places and name not in used:
            used.add(name)
            rows.append((places[name], _changes(names[name], lot)))
        else:
            rows.append((None, lot.to_dict() | {"acquired": lot.acquired}))
    if rows or written:
        set_rows(table, "lots", sorted(rows, key=lambda row: (row[0] is None, row[0] or 0)))


def _places(table: Mapping[str, Any], account: Account) -> dict[str, int]:
    """Return the place in the file of each lot, by the ledger's name."""
    free = list(zip(names_of_lots(account), account.lots, strict=True))
    places: dict[str, int] = {}
    for place, row in enumerate(table.get("lots", [])):
        for name, lot in free:
            mine = (lot.symbol, lot.shares, lot.cost_per_share, lot.id, lot.acquired.isoformat())
            found = (
                str(row.get("symbol", "")).strip(),
                row.get("shares"),
                row.get("cost_per_share"),
                str(row.get("id", "")).strip(),
                str(row.get("acquired", "")).strip()[:10],
            )
            if mine == found:
                places[name] = place
                free.remove((name, lot))
                break
    return places


def _changes(before: Lot, after: Lot) -> dict[str, Any]:
    values = {
        "shares": after.shares,
        "cost_per_share": after.cost_per_share,
        "acquired": after.acquired,
    }
    return {key: value for key, value in values.items() if value != getattr(before, key)}


def _look_again(kept: Kept) -> None:
    """Refuse a text that another reader would understand differently."""
    try:
        again = tomllib.loads(kept.text)
    except tomllib.TOMLDecodeError as error:
        raise _fault(kept, f"the file cannot be edited: {error}") from error
    if again != kept.document.unwrap():
        raise _fault(kept, "the file cannot be edited without changing the rest of it")


def _fault(kept: Kept, message: str) -> InputError:
    return InputError(Issue(code="confirm.file", where=str(kept.path), message=message))
