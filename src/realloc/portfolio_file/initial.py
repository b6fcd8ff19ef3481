"""Write the first portfolio file from broker files; what only a person knows stays an explicit blank."""

from __future__ import annotations

import glob
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import get_args

from realloc._reading import nearest
from realloc.accounts import KINDS, AccountKind
from realloc.errors import InputError, Issue
from realloc.orders import OrderSettings, is_fund
from realloc.plugins.core.base import StrPath
from realloc.plugins.importers.brokers import import_files
from realloc.plugins.importers.statement import Statement, StatementAccount
from realloc.portfolio_file.dating import glob_of
from realloc.portfolio_file.gaps import OPEN
from realloc.portfolio_file.proposals import class_proposal
from realloc.portfolio_file.sources import fits

HEAD = """\
# {name}: the household's accounts, targets and rules. Edit it freely; comments stay.
# Check it with: realloc check {file}
"""

TARGETS = """
[model]
name = "Target"

# What you want, as weights. Take the comment signs off and set your own; they are scaled to sum to 1.
# The weights below are what is held now{part}.
[model.targets]
"""

PRICES = """
[prices]
# Prices come from the imported files. A price of your own counts before them:
# VTI = 250.10
# file = "prices.csv"
# provider = "yahoo"
"""

REST = """
[policy]
min_trade_value = 100.0  # no order is smaller; 0.0 makes the smallest ones too

# [policy.wash_sales]
# identical = [["VTI", "VTSAX"]]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """An account in the files from which a portfolio is begun, and the file that has its positions."""

    account: StatementAccount
    statement: Statement


def accounts_seen(statements: Iterable[Statement]) -> tuple[Seen, ...]:
    """Return the accounts of broker files, in their order; files of lots alone are left out."""
    return tuple(
        Seen(account=account, statement=statement)
        for statement in statements
        for account in statement.accounts
        if not account.lots_only
    )


def initial_text(
    files: Sequence[StrPath],
    target: Path,
    *,
    kinds: Mapping[str, str] | None = None,
    owners: Mapping[str, str] | None = None,
) -> str:
    """Return the first portfolio file for broker files.

    Parameters
    ----------
    files : sequence of str or path
        Files of any known format; lot files beside their positions files.
    target : pathlib.Path
        Where the portfolio file will be: patterns are relative to its folder.
    kinds : mapping of str to {"taxable", "tax_deferred", "tax_exempt"}, optional
        By account number, or its visible end. An account without stays ``kind = "?"``, which
        `check_portfolio` reports; what its name suggests is a comment.
    owners : mapping of str to str, optional
        By account number, or its visible end.

    Raises
    ------
    InputError
        A file cannot be used, a kind is not one of the three, or a number is no account of the files.
    """
    statements = import_files(files)
    seen = accounts_seen(statements)
    _check(kinds or {}, owners or {}, seen)
    patterns = {os.fspath(file): pattern_of(Path(file), target.parent) for file in files}
    parts = [HEAD.format(name=target.name, file=target.name)]
    for each in seen:
        extra = [patterns[os.fspath(file)] for file in files if _has_lots_of(file, each, statements)]
        parts.append(_account(each, [patterns[each.statement.file], *extra], kinds or {}, owners or {}))
        parts.append(_elsewhere(each, seen))
    weights = _weights(seen)
    part = "" if weights else ": nothing with a price"
    parts.append(TARGETS.format(part=part))
    parts.append("".join(f"# {_key(symbol)} = {weight}\n" for symbol, weight in weights))
    parts.append(class_proposal(each.account for each in seen))
    parts.append(PRICES)
    parts.append(REST)
    return "".join(parts)


def pattern_of(file: Path, folder: Path) -> str:
    """Return the pattern for a file and its next downloads, relative to a portfolio's folder.

    The folder is left literal, and the file's name becomes a pattern by `glob_of`.
    """
    pattern = glob_of(file.name)
    try:
        parent = Path(os.path.relpath(file.resolve().parent, folder.resolve()))
    except ValueError:  # another drive
        parent = file.resolve().parent
    text = glob.escape(parent.as_posix())
    return pattern if text == "." else f"{text}/{pattern}"


def _check(kinds: Mapping[str, str], owners: Mapping[str, str], seen: Sequence[Seen]) -> None:
    issues = []
    for number, kind in kinds.items():
        if kind not in get_args(AccountKind):
            message = f"expected a kind of account for {number}, found {kind!r}"
            issues.append(Issue(code="account.kind", where="", message=message, hint=nearest(kind, KINDS)))
    for number in {*kinds, *owners}:
        if sum(fits(number, each.account) for each in seen) != 1:
            listed = [each.account.number for each in seen]
            message = f"{number!r} is not one account of the files"
            issues.append(
                Issue(code="account.unknown", where="", message=message, hint=nearest(number, listed))
            )
    if issues:
        raise InputError(sorted(issues, key=str))


def _has_lots_of(file: StrPath, seen: Seen, statements: Iterable[Statement]) -> bool:
    """Return whether a file gave lots to an account of another file."""
    name = os.fspath(file)
    joined = next(each for each in statements if each.file == seen.statement.file)
    if name == joined.file or any(each.file == name and each.accounts for each in statements):
        return False
    return any(note.where == name and "joined" in note.text for note in joined.notes)


def _account(seen: Seen, patterns: Sequence[str], kinds: Mapping[str, str], owners: Mapping[str, str]) -> str:
    account, broker = seen.account, seen.statement.broker
    kind = next((value for number, value in kinds.items() if fits(number, account)), None)
    owner = next((value for number, value in owners.items() if fits(number, account)), "")
    choices = ", ".join(KINDS)
    comment = ""
    if kind is None:
        hint = f"its name suggests {account.kind_hint}" if account.kind_hint else "its name says nothing"
        comment = f"  # one of {choices}; {hint}"
    source = _quoted(patterns[0]) if len(patterns) == 1 else f"[{', '.join(map(_quoted, patterns))}]"
    lines = [
        "",
        f"[[accounts]]  # {_comment(broker)}, ${account.total:,.2f}",
        f"label = {_quoted(account.name or account.number)}",
        f"account_number = {_quoted(account.number)}",
        f"kind = {_quoted(kind or OPEN)}{comment}",
    ]
    lines += [f"owner = {_quoted(owner)}"] if owner else []
    lines.append(f"import = {source}")
    if account.cash is None:
        lines.append("cash = 0.0  # the file does not state it: write what is there")
    known = {lot.symbol for lot in account.lots}
    without = [held for held in account.positions if held.symbol not in known]
    if without and (kind or account.kind_hint) in ("taxable", None):
        lines.append("# The file has no lots of these positions; with them gains are known:")
        lines.append("# lots = [")
        lines += [f"#     {_lot_example(held.symbol, held.shares, held.cost_basis)}" for held in without]
        lines.append("# ]")
    return "\n".join(lines) + "\n"


def _elsewhere(seen: Seen, others: Iterable[Seen]) -> str:
    """Return the mutual funds that only other brokers hold as not to be bought here: few brokers sell them all."""
    here, elsewhere = set[str](), set[str]()
    for each in others:
        funds = {held.symbol for held in each.account.positions if is_fund(held.symbol, OrderSettings())}
        (here if each.statement.broker == seen.statement.broker else elsewhere).update(funds)
    listed = ", ".join(map(_quoted, sorted(elsewhere - here)))
    broker = _comment(seen.statement.broker)
    return (
        f"no_buy = [{listed}]  # mutual funds of other brokers: take out what {broker} sells\n"
        if listed
        else ""
    )


def _lot_example(symbol: str, shares: Decimal, cost_basis: Decimal | None) -> str:
    average = (
        f"{cost_basis / shares:.4f} on average" if cost_basis is not None and shares else "not in the file"
    )
    return (
        f"{{ symbol = {_quoted(symbol)}, shares = {shares:f}, cost_per_share = {OPEN}, acquired = {OPEN} }},"
        f"  # cost: {average}; one line for each purchase"
    )


def _weights(seen: Sequence[Seen]) -> list[tuple[str, str]]:
    """Return what is held now by symbol, the largest first, as weights to a tenth of a percent."""
    values: dict[str, Decimal] = {}
    for each in seen:
        values["CASH"] = values.get("CASH", Decimal(0)) + max(each.account.cash or Decimal(0), Decimal(0))
        for held in each.account.positions:
            value = held.value if held.value is not None else held.shares * (held.price or 0)
            values[held.symbol] = values.get(held.symbol, Decimal(0)) + value
    total = sum(values.values(), Decimal(0))
    if not total:
        return []
    ordered = sorted(values.items(), key=lambda pair: (-pair[1], pair[0]))
    return [(symbol, f"{value / total:.3f}") for symbol, value in ordered if value]


def _key(text: str) -> str:
    return text if text.replace("-", "").replace("_", "").isalnum() and text.isascii() else _quoted(text)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _comment(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text)
