"""Household documents from tables, whatever the order of the rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any

from realloc.accounts import Lot
from realloc.batch.homes import Home
from realloc.batch.rows import Grouped, Lots, Record, digest_of, merge, more_of, records, stated
from realloc.batch.shared import REFERENCES, Shared, shared_of
from realloc.batch.tables import RULES, TABLES, UNREADABLE
from realloc.errors import InputError, Issue

_ACCOUNT = tuple(
    name for name in TABLES["accounts"].names if name not in ("household_id", "custodian", "more")
)
_TRADE = tuple(TABLES["recent_trades"].names[1:])


def households_of(tables: Mapping[str, Any]) -> Iterator[tuple[str, Record | InputError]]:
    """Yield each household's id and its document, or what is wrong with its rows.

    Parameters
    ----------
    tables : mapping of str to pyarrow.Table
        As `TABLES` has them; rows in any order.

    Yields
    ------
    tuple of str and dict or InputError
        In the order of ids. Accounts and their rows are in the order of their cells; models, policies and prices are
        the same objects in every household that refers to them.
    """
    for household_id, home in homes_of(tables):
        yield household_id, home if isinstance(home, InputError) else home.document()


def homes_of(tables: Mapping[str, Any]) -> Iterator[tuple[str, Home | InputError]]:
    """Yield each household's id and its rows, or what is wrong with them; see `households_of`."""
    shared, own = shared_of(tables), _own_rows(tables)
    digests = {name: digest_of(own.values(), name) for name in own["households"].spans}
    homes = records(tables["households"].sort_by("household_id"))
    for household_id, rows in groupby(homes, key=lambda row: row["household_id"] or ""):
        row, *others = rows
        if others or not household_id:
            text = "this household is there twice" if household_id else "a household has no id"
            yield household_id, InputError(Issue(code="household.id", where="households", message=text))
        else:
            yield household_id, _home(row, own, shared, digests[household_id])


def fingerprints_of(tables: Mapping[str, Any]) -> dict[str, str]:
    """Return the fingerprint of each household: of its rows and of what they refer to, the same in any order.

    Two households have the same one where they have the same content, however their tables store it.
    """
    shared, own = shared_of(tables), _own_rows(tables)
    found = {}
    for row in records(tables["households"]):
        named = (known.get(row[REFERENCES[key]]) for key, known in shared.items())
        referred = [one for one in named if isinstance(one, Shared)]
        digest = digest_of(own.values(), row["household_id"])
        found[row["household_id"]] = _fingerprint(digest, referred)
    return found


def _fingerprint(digest: bytes, referred: Iterable[Shared]) -> str:
    made = hashlib.sha256(digest)
    for one in referred:
        made.update(one.key.encode() + one.digest)
    return made.hexdigest()


def _own_rows(tables: Mapping[str, Any]) -> dict[str, Grouped]:
    """Return the rows that belong to one household each, by household."""
    return {
        "accounts": Grouped(tables["accounts"].drop_columns(["custodian"])),
        "positions": Grouped(tables["positions"]),
        "lots": Lots(tables["lots"]),
        "restrictions": Grouped(tables["restrictions"]),
        "recent_trades": Grouped(tables["recent_trades"]),
        "households": Grouped(tables["households"].select(["household_id", "as_of", "more"])),
    }


def _home(
    row: Record,
    own: Mapping[str, Grouped],
    shared: Mapping[str, Mapping[Any, Shared | InputError]],
    digest: bytes,
) -> Home | InputError:
    issues: list[Issue] = []
    document: Record = {} if row["as_of"] is None else {"as_of": row["as_of"]}
    referred: list[Shared] = []
    for key, known in shared.items():
        column = REFERENCES[key]
        name = row[column]
        found = known.get(name)
        if isinstance(found, InputError):
            issues += found.issues
        elif found is not None:
            referred.append(found)
            document[key] = found.value
        elif name is not None:
            text = f"there is no {key} {name!r}"
            issues.append(Issue(code="reference", where=f"households.{column}", message=text))
    more = more_of(row["more"], "households.more", issues)
    if UNREADABLE in more:
        return InputError([Issue(**issue) for issue in more[UNREADABLE]])
    household_id = row["household_id"]
    accounts, lots = _accounts({name: rows.of(household_id) for name, rows in own.items()}, issues)
    if accounts:
        document["accounts"] = accounts
    trades = own["recent_trades"].of(household_id)
    if trades:
        document["recent_trades"] = [stated(_TRADE, trade) for trade in trades]
    merge(document, more, "households.more", issues)
    if "as_of" not in document:
        issues.append(
            Issue(code="key.missing", where="households.as_of", message="the date of the decision is missing")
        )
    if issues:
        return InputError(issues)
    return Home(stated=document, shared=referred, lots=lots, fingerprint=_fingerprint(digest, referred))


def _accounts(
    own: Mapping[str, list[tuple[Any, ...]]], issues: list[Issue]
) -> tuple[list[Record], list[tuple[Lot, ...] | None]]:
    """Return the accounts, and beside them the lots of each that can be used as they are."""
    accounts: dict[Any, Record] = {}
    mores: dict[Any, Record] = {}
    for number, *cells, more in own["accounts"]:
        if number in accounts:
            issues.append(
                Issue(code="account.duplicate", where=f"accounts[{number}]", message="it is there twice")
            )
        accounts[number] = {**stated(_ACCOUNT, (number, *cells)), "positions": {}, "lots": []}
        mores[number] = more_of(more, f"accounts[{number}].more", issues)
    for number, symbol, shares in own["positions"]:
        if number not in accounts:
            issues.append(_unknown(number, f"positions[{symbol}]"))
            continue
        held = accounts[number]["positions"]
        before = held.get(symbol, 0.0)
        held[symbol] = None if shares is None or before is None else before + shares
    read: dict[Any, tuple[Lot, ...]] = {}
    for number, rows in groupby(own["lots"], itemgetter(0)):
        lots = [lot for _, lot in rows]
        if number not in accounts:
            symbols = (lot.symbol if isinstance(lot, Lot) else lot.get("symbol") for lot in lots)
            issues += [_unknown(number, f"lots[{symbol}]") for symbol in symbols]
            continue
        accounts[number]["lots"] = lots
        if isinstance(lots[0], Lot):
            read[number] = tuple(lots)
    _restrict(accounts, own["restrictions"], issues)
    for number, more in mores.items():
        if more:
            merge(accounts[number], more, f"accounts[{number}].more", issues)
    for number in read:
        accounts[number]["lots"] = []
    return list(accounts.values()), [read.get(number) for number in accounts]


def _restrict(accounts: dict[Any, Record], rows: list[tuple[Any, ...]], issues: list[Issue]) -> None:
    """Add the menus and the symbols that may not be bought or sold."""
    for number, rule, symbol in rows:
        where = f"restrictions[{symbol}]"
        account = accounts.get(number)
        if account is None:
            issues.append(_unknown(number, where))
            account = {}
        if rule not in RULES or (symbol is None and rule != "only"):
            text = f"expected one of {', '.join(RULES)} and a symbol, found {rule!r} and {symbol!r}"
            issues.append(Issue(code="restriction", where=where, message=text))
            continue
        names = account.setdefault(rule, [])
        if symbol is not None:
            names.append(symbol)


def _unknown(number: Any, where: str) -> Issue:
    return Issue(code="account.unknown", where=where, message=f"there is no account {number!r}")
