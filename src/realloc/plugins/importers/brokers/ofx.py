"""OFX and QFX investment statements of any broker, by the library `ofxtools`."""

from __future__ import annotations

import io
import os
import re
import warnings
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, ClassVar

from realloc.errors import InputError
from realloc.household import RecentTrade
from realloc.plugins.core.base import StrPath
from realloc.plugins.importers.brokers._draft import AccountDraft, Draft
from realloc.plugins.importers.brokers._instruments import clean_symbol
from realloc.plugins.importers.lines import LONGEST_CELL
from realloc.plugins.importers.statement import Holding, Match, Statement, StatementImporter, fault
from realloc.plugins.importers.text import HEAD, read_bytes

_KEPT = {"POSDEBT": "a bond", "POSOPT": "an option", "POSOTHER": "an instrument of another kind"}
AGAIN = "download it again"

DAY = len("YYYYMMDD")
"""Characters of a date and time that are its day, as the broker wrote it (OFX 1.6, section 3.2.8.2)."""

DEEPEST = 64
"""Elements inside each other; the format nests ten. The parser recurses, so that depth is bounded before it reads."""

_ELEMENT = re.compile(r"<(/?)([^<>]*)>([^<]*)")
_TRADES = {"BUYSTOCK": 1, "BUYMF": 1, "REINVEST": 1, "SELLSTOCK": -1, "SELLMF": -1}


class OfxStatement(StatementImporter):
    """OFX or QFX investment statement (needs ``realloc[ofx]``)."""

    name = "ofx"
    broker = "OFX"
    supported_extensions: ClassVar[Sequence[str]] = (".ofx", ".qfx")

    def matches(self, path: StrPath) -> Match:
        """Return how sure it is that the file is an OFX investment statement."""
        try:
            head = read_bytes(path, most=HEAD)
        except InputError as error:
            return Match(confidence=0.0, reason=str(error))
        if b"<OFX>" not in head.upper():
            return Match(confidence=0.0, reason="no <OFX> element")
        if b"<INVSTMT" in head.upper():
            return Match(confidence=0.99, reason="an OFX investment statement")
        return Match(confidence=0.6, reason="an <OFX> element, no investment statement at its start")

    def read(self, path: StrPath) -> Statement:
        """Read positions, cash and trades of every account in the file."""
        draft = Draft(os.fspath(path), self.name, self.broker)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                _read_response(_parse(path), draft)
            except InputError:
                raise
            except Exception as error:
                text = " ".join(str(error).split())[:200]
                raise fault("file.ofx", draft.file, f"not a valid OFX file: {text}", AGAIN) from error
        _read_warnings([str(warning.message) for warning in caught], draft)
        return draft.finish()


def _parse(path: StrPath) -> Any:
    data = read_bytes(path)
    _check_depth(data.decode("latin-1"), os.fspath(path))
    try:
        from ofxtools.Parser import OFXTree  # noqa: PLC0415 - an extra, imported when such a file is read
    except ImportError as error:
        hint = "pip install 'realloc[ofx]'"
        raise fault("file.extra", os.fspath(path), "OFX files need ofxtools", hint) from error
    tree = OFXTree()
    tree.parse(io.BytesIO(data.removeprefix(b"\xef\xbb\xbf").lstrip()))
    for element in tree.iter():
        if element.tag.startswith("DT") and element.text:
            # the library takes times to Greenwich, which is the next day for an evening in New York
            element.text = element.text.strip()[:DAY]
    return tree.convert()


def _check_depth(text: str, file: str) -> None:
    """Refuse elements nested beyond what the format knows, and values longer than any cell.

    An element with a value may leave out its end tag (OFX 1.6, section 2.3.2), so it opens nothing.
    """
    depth, leaf = 0, ""
    for found in _ELEMENT.finditer(text):
        end, tag, value = found.groups()
        if len(value) > LONGEST_CELL:
            raise fault("file.ofx", _line(file, text, found), f"{tag} has {len(value):,} characters", AGAIN)
        if end:
            depth -= tag != leaf
            leaf = ""
        elif value.strip():
            leaf = tag
        else:
            depth, leaf = depth + 1, ""
        if depth > DEEPEST:
            message = f"{tag} stands inside more than {DEEPEST} other elements"
            raise fault("file.ofx", _line(file, text, found), message, AGAIN)


def _line(file: str, text: str, found: re.Match[str]) -> str:
    return f"{file}:{text.count(chr(10), 0, found.start()) + 1}"


def _read_response(response: Any, draft: Draft) -> None:
    organisation = getattr(getattr(getattr(response, "sonrs", None), "fi", None), "org", None)
    draft.broker = organisation or draft.broker
    names = _names(response)
    for statement in response.statements:
        if type(statement).__name__ == "INVSTMTRS":
            _read_statement(statement, names, draft)
        else:
            draft.note(draft.file, "skipped", f"a statement of the kind {type(statement).__name__}")


def _read_warnings(texts: list[str], draft: Draft) -> None:
    """Refuse a file of which the library left something out; a vendor's own tag is only noted."""
    for text in texts:
        tag = text.partition("unknown tag ")[2].partition(";")[0]
        if "." in tag or "SONRS" in text:
            draft.note(draft.file, "skipped", text)
        else:
            draft.fault("file.ofx", draft.file, text, AGAIN)


def _names(response: Any) -> dict[str, tuple[str, str]]:
    """Return ticker and name by the security's id; files without a list of securities occur."""
    names: dict[str, tuple[str, str]] = {}
    for security in response.securities or ():
        names[security.uniqueid] = (clean_symbol(security.ticker or ""), security.secname or "")
    return names


def _read_statement(statement: Any, names: dict[str, tuple[str, str]], draft: Draft) -> None:
    number = statement.account.acctid
    where = f"{draft.file}:{number}"
    if number in draft.accounts:
        draft.fault("account.twice", where, "the account occurs twice", "download one statement")
    account = draft.account(number)
    as_of = statement.dtasof.date()
    if draft.as_of not in {None, as_of}:
        draft.warn("file.dates", where, f"statements of {draft.as_of} and of {as_of} in one file")
    draft.as_of = max(draft.as_of or as_of, as_of)
    currency = (statement.curdef or "").upper()
    seen: set[tuple[object, ...]] = set()
    for position in statement.positions or ():
        same = (position.uniqueid, position.heldinacct, position.units, position.mktval)
        if same in seen:
            text = f"the position of {position.uniqueid} is the same as one above"
            draft.fault("row.twice", where, text, "it would count twice; download the file again")
        seen.add(same)
        _read_position(position, names, currency, (account, draft))
    _read_cash(statement, currency, account, draft)
    for trade in statement.transactions or ():
        _read_trade(trade, names, account, draft)


def _read_position(
    position: Any, names: dict[str, tuple[str, str]], currency: str, into: tuple[AccountDraft, Draft]
) -> None:
    account, draft = into
    kind = type(position).__name__
    symbol, name = names.get(position.uniqueid, ("", ""))
    where = f"{draft.file}:{account.number}:{position.uniqueid}"
    short = position.postype == "SHORT"
    shares: Decimal = -abs(position.units) if short else position.units
    holding = Holding(
        symbol=symbol,
        shares=shares,
        price=position.unitprice,
        value=position.mktval,
        description=name or f"{position.uniqueidtype} {position.uniqueid}",
        priced_on=position.dtpriceasof.date() if position.dtpriceasof else None,
        why=_KEPT.get(kind, ""),
    )
    own = getattr(position, "currency", None)
    if own is not None:
        currency = str(getattr(own, "cursym", None) or currency).upper()
    draft.hold(account, where, holding, currency=currency)


def _read_cash(statement: Any, currency: str, account: AccountDraft, draft: Draft) -> None:
    where = f"{draft.file}:{account.number}:INVBAL"
    balances = statement.balances
    if balances is None:
        draft.no_cash([account])
    elif currency == "USD":
        draft.add_cash(account, where, balances.availcash, "available cash")
        for name in ("marginbalance", "shortbalance"):
            if getattr(balances, name, None):
                draft.warn("cash.margin", where, f"{name} is ${getattr(balances, name)}; it is not counted")
    elif balances.availcash:
        held = Holding(symbol="", shares=balances.availcash, description=f"{currency} cash")
        draft.hold(account, where, held, currency=currency)


def _read_trade(trade: Any, names: dict[str, tuple[str, str]], account: AccountDraft, draft: Draft) -> None:
    kind = type(trade).__name__
    where = f"{draft.file}:{account.number}:{kind}"
    side = _TRADES.get(kind)
    if side is None:
        draft.note(where, "skipped", "no purchase and no sale of shares")
        return
    symbol, _ = names.get(trade.uniqueid, ("", ""))
    if not symbol or not trade.units:
        draft.warn(
            "trade.unknown", where, f"a trade of {trade.uniqueid} without ticker or shares is left out"
        )
        return
    traded = (trade.dttrade or trade.dtsettle).date()
    shares = side * abs(trade.units)
    price = float(trade.unitprice or 0)
    draft.trades.append(
        RecentTrade(
            account_number=account.number, symbol=symbol, shares=float(shares), price=price, traded=traded
        )
    )
    draft.note(where, "read", f"{shares} {symbol} on {traded}")
