"""Interactive Brokers: Flex Query as XML, the best source of lots."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import ClassVar
from xml.parsers import expat

from realloc.errors import InputError
from realloc.household import RecentTrade
from realloc.plugins.core.base import StrPath
from realloc.plugins.importers.brokers._cells import parse_amount, parse_date
from realloc.plugins.importers.brokers._draft import AccountDraft, Draft
from realloc.plugins.importers.brokers._ibkr import PositionRow, add_cash, add_positions
from realloc.plugins.importers.brokers._instruments import clean_symbol
from realloc.plugins.importers.lines import LONGEST_CELL
from realloc.plugins.importers.statement import Holding, Match, Statement, StatementImporter, fault
from realloc.plugins.importers.text import HEAD, read_bytes


@dataclass(frozen=True, slots=True)
class Element:
    """One XML element: its name, line and attributes."""

    tag: str
    line: int
    attributes: Mapping[str, str]


class IbkrFlex(StatementImporter):
    """Interactive Brokers Flex Query XML with positions, lots and cash."""

    name = "ibkr_flex"
    broker = "Interactive Brokers"
    supported_extensions: ClassVar[Sequence[str]] = (".xml",)

    def matches(self, path: StrPath) -> Match:
        """Return how sure it is that the file is a Flex Query answer."""
        try:
            head = read_bytes(path, most=HEAD)
        except InputError as error:
            return Match(confidence=0.0, reason=str(error))
        if b"<FlexQueryResponse" in head.replace(b"\x00", b""):
            return Match(confidence=0.99, reason="a FlexQueryResponse element")
        return Match(confidence=0.0, reason="no FlexQueryResponse element")

    def read(self, path: StrPath) -> Statement:
        """Read positions, lots and cash of every account in the answer."""
        draft = Draft(os.fspath(path), self.name, self.broker)
        positions: dict[str, list[PositionRow]] = {}
        cash: dict[str, list[Element]] = {}
        for element in _elements(path):
            number = element.attributes.get("accountId", "")
            if element.tag not in {"FlexStatement", "OpenPosition", "CashReportCurrency"}:
                continue
            if not number:
                where = _where(draft, element, "accountId")
                draft.fault("row.account", where, "accountId is missing", "select it in the query")
            elif element.tag == "FlexStatement":
                draft.account(number, element.attributes.get("acctAlias", ""))
                draft.as_of = draft.as_of or _date(draft, element, "toDate")
            elif element.tag == "OpenPosition":
                draft.account(number, element.attributes.get("acctAlias", ""))
                if row := _position(draft, element):
                    positions.setdefault(number, []).append(row)
            else:
                cash.setdefault(number, []).append(element)
        for number, rows in positions.items():
            account = draft.account(number)
            add_positions(draft, account, rows)
            _add_tacked(draft, account, rows)
        for number, elements in cash.items():
            _add_cash(draft, draft.account(number), elements)
        without = [account for number, account in draft.accounts.items() if number not in cash]
        draft.no_cash(without, "select the Cash Report in the query")
        return draft.finish()


def _elements(path: StrPath) -> list[Element]:
    name = os.fspath(path)
    data = read_bytes(path)
    parser = expat.ParserCreate()
    elements: list[Element] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        for attribute, value in attributes.items():
            if len(value) > LONGEST_CELL:
                where = f"{name}:{parser.CurrentLineNumber}:{tag}.{attribute}"
                raise fault(
                    "file.length", where, f"a value of {len(value):,} characters", "download it again"
                )
        elements.append(Element(tag, parser.CurrentLineNumber, attributes))

    def doctype(*_: object) -> None:
        raise fault(
            "file.doctype", name, "the file defines a document type", "download it from the broker again"
        )

    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise fault("file.xml", name, f"not well-formed: {error}", "download it again") from error
    if not elements or elements[0].tag != "FlexQueryResponse":
        raise fault("file.xml", name, "no Flex Query answer", "download the Flex Query as XML")
    return elements


def _where(draft: Draft, element: Element, attribute: str = "") -> str:
    place = f"{draft.file}:{element.line}:{element.tag}"
    return f"{place}.{attribute}" if attribute else place


def _amount(draft: Draft, element: Element, attribute: str, *, needed: bool = False) -> Decimal | None:
    try:
        amount = parse_amount(element.attributes.get(attribute, ""))
    except ValueError as error:
        draft.fault("row.cell", _where(draft, element, attribute), str(error))
        return None
    if amount is None and needed:
        draft.fault(
            "row.cell", _where(draft, element, attribute), f"{attribute} is missing", "select it in the query"
        )
    return amount


def _date(draft: Draft, element: Element, attribute: str) -> date | None:
    try:
        return parse_date(element.attributes.get(attribute, ""))
    except ValueError as error:
        draft.fault("row.cell", _where(draft, element, attribute), str(error))
        return None


def _position(draft: Draft, element: Element) -> PositionRow | None:
    values = element.attributes
    shares = _amount(draft, element, "position", needed=True)
    level = values.get("levelOfDetail", "SUMMARY").casefold()
    if level not in {"summary", "lot"}:
        draft.fault("row.cell", _where(draft, element, "levelOfDetail"), f"unknown level {level!r}")
    if shares is None:
        return None
    if values.get("side", "").casefold() == "short":
        shares = -abs(shares)
    multiplier = _amount(draft, element, "multiplier")
    holding = Holding(
        symbol=clean_symbol(values.get("symbol", "")),
        shares=shares,
        price=_amount(draft, element, "markPrice"),
        value=_amount(draft, element, "positionValue"),
        cost_basis=_amount(draft, element, "costBasisMoney"),
        description=values.get("description", ""),
        why="" if multiplier in {None, Decimal(1)} else f"a contract of {multiplier} units",
    )
    if not values.get("currency"):
        draft.fault(
            "row.cell", _where(draft, element, "currency"), "currency is missing", "select it in the query"
        )
    opened = _date(draft, element, "openDateTime")
    began = _date(draft, element, "holdingPeriodDateTime") or opened
    return PositionRow(
        where=_where(draft, element),
        level=level,
        category=values.get("assetCategory", ""),
        currency=values.get("currency", "").upper(),
        holding=holding,
        acquired=began if level == "lot" else None,
        opened=opened if level == "lot" else None,
        id=values.get("originatingTransactionID", ""),
    )


def _add_tacked(draft: Draft, account: AccountDraft, rows: list[PositionRow]) -> None:
    """Add the purchase of each lot whose holding period starts before it, as a wash sale makes it.

    The lot's date is the holding period's, for the term; the purchase itself still counts in the
    wash-sale window, so it becomes a recent trade.
    """
    for row in rows:
        held = row.holding
        if (
            row.opened is None
            or row.acquired is None
            or row.opened <= row.acquired
            or held.cost_basis is None
        ):
            continue
        if held.symbol not in account.held or held.shares <= 0:
            continue
        draft.trades.append(
            RecentTrade(
                account_number=account.number,
                symbol=held.symbol,
                shares=float(held.shares),
                price=float(held.cost_basis / held.shares),
                traded=row.opened,
            )
        )
        text = f"{held.shares} {held.symbol} bought on {row.opened}; the holding period starts {row.acquired}"
        draft.note(row.where, "read", text)


def _add_cash(draft: Draft, account: AccountDraft, elements: list[Element]) -> None:
    base: Decimal | None = None
    currencies: set[str] = set()
    for element in elements:
        currency = element.attributes.get("currency", "").upper()
        amount = _amount(draft, element, "endingCash", needed=True)
        if amount is None:
            continue
        if currency == "BASE_SUMMARY":
            base = amount
        elif not currency or currency in currencies:
            draft.fault(
                "row.cell", _where(draft, element, "currency"), f"the currency {currency!r} occurs twice"
            )
        else:
            currencies.add(currency)
            add_cash(draft, account, _where(draft, element), currency, amount)
    if not currencies:
        where = _where(draft, elements[0])
        draft.fault(
            "cash.currency",
            where,
            "cash is stated in the base currency only",
            "select a breakout by currency",
        )
    elif currencies == {"USD"} and base is not None:
        draft.tie_amounts(
            _where(draft, elements[0]), "ending cash", base, account.cash or Decimal(0), account
        )
