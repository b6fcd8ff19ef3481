"""Schwab: positions of one account or of all accounts, in every generation of header and total row."""

from __future__ import annotations

import re
from decimal import Decimal

from realloc.plugins.importers.brokers._cells import find_date, normal
from realloc.plugins.importers.brokers._draft import CENT, AccountDraft, Draft
from realloc.plugins.importers.brokers._importer import SURE, SheetImporter, holding_of
from realloc.plugins.importers.brokers._instruments import masked
from realloc.plugins.importers.brokers._sheet import Sheet
from realloc.plugins.importers.brokers._table import ColumnSpec, Record, open_table, records
from realloc.plugins.importers.statement import Holding, Match

_TITLE = re.compile(r"Positions for (?:account )?(?P<who>.*?)\sas of\b(?P<when>.*)", re.IGNORECASE)
_MASK = re.compile(r"(?:\.{3}|\u2026|[X*]{2,12}-?)[0-9A-Z]{2,5}\Z", re.IGNORECASE)
_TOTALS = {"accounttotal", "positionstotal", "total", "accountstotal"}


class SchwabPositions(SheetImporter):
    """Schwab positions of one or all accounts."""

    name = "schwab_positions"
    broker = "Schwab"
    columns = ColumnSpec(
        {
            "symbol": ("Symbol",),
            "description": ("Description",),
            "quantity": ("Qty (Quantity)", "Quantity", "Qty"),
            "price": ("Price",),
            "value": ("Mkt Val (Market Value)", "Market Value", "Mkt Val"),
            "basis": ("Cost Basis",),
            "gain": ("Gain $ (Gain/Loss $)", "Gain/Loss $", "Gain $"),
            "type": ("Security Type", "Asset Type"),
        },
        required=("symbol", "quantity", "value"),
    )

    def recognise(self, sheet: Sheet) -> Match:
        """Return how sure it is: the title line tells the format, the old column names alone do not."""
        found = super().recognise(sheet)
        if not found.confidence:
            return found
        if any(_TITLE.match(", ".join(row.texts)) for row in sheet.rows[:10]):
            return Match(confidence=SURE, reason="its title line and its columns")
        if any("(Market Value)" in cell for row in sheet.rows[:50] for cell in row.cells):
            return Match(confidence=0.7, reason="its columns, without the title line")
        return Match(confidence=0.0, reason="no title line 'Positions for ...'")

    def parse(self, sheet: Sheet, draft: Draft) -> None:
        """Read each section: an account line, a header, rows, a total."""
        open_table(sheet, self.columns)
        headers: list[int] = []
        while (found := self.columns.find(sheet, headers[-1] + 1 if headers else 0)) is not None:
            headers.append(found)
        lines = [_account_line(sheet, header) for header in headers]
        ends = [line if line is not None else header for header, line in zip(headers, lines, strict=True)]
        for header, line, end in zip(headers, lines, [*ends[1:], None], strict=True):
            text = "" if line is None else ", ".join(sheet.rows[line].texts)
            if title := _title(sheet):
                draft.as_of = find_date(title["when"])
            account = _account(text, draft)
            if account is None:
                where = sheet.where(sheet.rows[header])
                draft.fault(
                    "header.account", where, "no account is named above this header", "download again"
                )
                continue
            _read_section(sheet, self.columns, header, end, (account, draft))


def _title(sheet: Sheet) -> re.Match[str] | None:
    titles = (_TITLE.match(", ".join(row.texts)) for row in sheet.rows[:10])
    return next((title for title in titles if title), None)


def _account_line(sheet: Sheet, header: int) -> int | None:
    """Return the index of the last row above the header that is not blank, if it can name an account."""
    for index in range(header - 1, -1, -1):
        row = sheet.rows[index]
        if not row.blank:
            return index if len(row.texts) <= 2 else None
    return None


def _account(line: str, draft: Draft) -> AccountDraft | None:
    title = _TITLE.match(line)
    who = title["who"].rstrip() if title else line
    if not who or normal(who) == "allaccounts":
        return None
    found = _MASK.search(who)
    number, name = (masked(found.group()), who[: found.start()]) if found else (who, who)
    if number in draft.accounts:
        draft.fault(
            "account.twice", draft.file, f"two accounts are shown as {number}", "import them one by one"
        )
    return draft.account(number, name.rstrip(" -"))


def _read_section(
    sheet: Sheet, columns: ColumnSpec, header: int, end: int | None, into: tuple[AccountDraft, Draft]
) -> None:
    account, draft = into
    total: Record | None = None
    for record in records(open_table(sheet, columns, header), draft, end=end, unique=True):
        kind = normal(record.text("symbol"))
        if kind in _TOTALS:
            if total is not None:
                draft.fault(
                    "total.twice", record.where, "a second total row in one account", "download again"
                )
            total = record
        elif kind in {"cashcashinvestments", "cashandcashinvestments", "cash"}:
            if (value := record.need_amount("value")) is not None:
                draft.add_cash(account, record.where, value, "cash and cash investments")
        elif kind == "futurescash":
            value = record.need_amount("value") or Decimal(0)
            held = Holding(
                symbol="",
                shares=Decimal(1),
                value=value,
                description="Futures Cash",
                why="cash of a futures account",
            )
            draft.hold(account, record.where, held)
        elif holding := holding_of(record):
            draft.hold(account, record.where, holding, type_text=record.text("type"))
    if total is None:
        draft.fault(
            "total.missing", draft.file, f"account {account.number} has no total row", "download it again"
        )
    elif (stated := total.need_amount("value")) is not None:
        draft.tie(account, total.where, "total", stated)
        _check_basis(account, draft, total)


def _check_basis(account: AccountDraft, draft: Draft, total: Record) -> None:
    stated = total.amount("basis")
    known = [held.cost_basis for held in account.held.values() if held.cost_basis is not None]
    if stated is not None and not account.untouchable and abs(sum(known) - stated) > CENT * (len(known) + 1):
        draft.warn(
            "basis.total",
            total.at("basis"),
            f"the cost basis of account {account.number} is ${stated:,}, its rows add up to ${sum(known):,}",
            "check the positions' cost basis with the broker",
        )
