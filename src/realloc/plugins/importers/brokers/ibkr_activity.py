"""Interactive Brokers: activity statement as CSV; a row starts with its section and its kind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from realloc.plugins.importers.brokers._cells import find_date, normal
from realloc.plugins.importers.brokers._draft import AccountDraft, Draft
from realloc.plugins.importers.brokers._ibkr import PositionRow, add_cash, add_positions
from realloc.plugins.importers.brokers._importer import SURE, SheetImporter, holding_of
from realloc.plugins.importers.brokers._sheet import Row, Sheet
from realloc.plugins.importers.brokers._table import ColumnSpec, Record, Table
from realloc.plugins.importers.statement import Match

_FIELDS = ColumnSpec({"name": ("Field Name",), "value": ("Field Value",)}, required=("name", "value"))
_CASH = ColumnSpec(
    {"what": ("Currency Summary",), "currency": ("Currency",), "total": ("Total",), "account": ("Account",)},
    required=("what", "currency", "total"),
)
_TABLES = {
    "statement": _FIELDS,
    "accountinformation": _FIELDS,
    "cashreport": _CASH,
}
_POSITIONS = {"openpositions", "longopenpositions", "shortopenpositions"}
_BASE = "basecurrencysummary"


class IbkrActivity(SheetImporter):
    """Interactive Brokers activity statement."""

    name = "ibkr_activity"
    broker = "Interactive Brokers"
    columns = ColumnSpec(
        {
            "level": ("DataDiscriminator",),
            "category": ("Asset Category",),
            "currency": ("Currency",),
            "symbol": ("Symbol",),
            "account": ("Account",),
            "opened": ("Open",),
            "quantity": ("Quantity",),
            "multiplier": ("Mult",),
            "basis": ("Cost Basis",),
            "price": ("Close Price",),
            "value": ("Value",),
            "gain": ("Unrealized P/L",),
        },
        required=("level", "category", "currency", "symbol", "quantity", "value"),
    )

    def recognise(self, sheet: Sheet) -> Match:
        """Return how sure it is: sections with header rows, and a statement's sections among them."""
        kinds = {normal(row.cells[0]) for row in sheet.rows if _kind(row) == "header"}
        if "statement" in kinds and kinds & {*_POSITIONS, "accountinformation", "cashreport"}:
            return Match(confidence=SURE, reason="the sections of an activity statement")
        if kinds & _POSITIONS:
            return Match(confidence=0.8, reason="a section of open positions")
        return Match(confidence=0.0, reason="no sections with header rows")

    def parse(self, sheet: Sheet, draft: Draft) -> None:
        """Read account, positions, lots and cash; every other section is skipped with a note."""
        found = list(_section_rows(sheet, self.columns, draft))
        fields = {
            normal(record.text("name")): record.text("value")
            for section, record in found
            if section in _TABLES and section != "cashreport"
        }
        period = fields.get("period", "").rpartition(" - ")[2]
        draft.as_of = find_date(period)
        number = fields.get("account", "").partition(" ")[0]
        if not number:
            draft.fault("header.account", draft.file, "no account number under Account Information")
            return
        account = draft.account(number, fields.get("accountalias", "") or fields.get("name", ""))
        positions = [record for section, record in found if section in _POSITIONS]
        totals = [record for record in positions if _kind(record.row) == "total"]
        rows = [
            row for record in positions if _kind(record.row) == "data" and (row := _position(record, number))
        ]
        counted = add_positions(draft, account, rows)
        if counted and not totals:
            draft.warn(
                "total.missing", draft.file, "the positions have no total row", "the file may be cut off"
            )
        _check_totals(draft, account, totals, counted)
        _read_cash(draft, account, [record for section, record in found if section == "cashreport"], fields)


def _kind(row: Row) -> str:
    return normal(row.cells[1]) if len(row.cells) > 2 else ""


def _section_rows(sheet: Sheet, positions: ColumnSpec, draft: Draft) -> Iterator[tuple[str, Record]]:
    """Yield the rows of the sections that are read, each with the header above it."""
    table: Table | None = None
    skipped: dict[str, bool] = {}
    for index, row in enumerate(sheet.rows):
        if row.blank:
            continue
        section, kind = normal(row.cells[0]), _kind(row)
        spec = positions if section in _POSITIONS else _TABLES.get(section)
        if spec is None:
            if section not in skipped:
                skipped[section] = kind == "header"
                draft.note(sheet.where(row), "skipped", f"section {row.cells[0]!r}")
                if kind != "header":
                    draft.fault(
                        "row.section", sheet.where(row), f"the section {row.cells[0]!r} has no header"
                    )
        elif kind == "header":
            table = _open(sheet, spec, index, draft)
        elif kind in {"data", "total"} and table is not None:
            if normal(table.header.cells[0]) != section:
                draft.fault(
                    "row.section", sheet.where(row), "a row without the header of its section above it"
                )
            elif len(row.cells) < len(table.header.cells) - 1 or any(row.cells[len(table.header.cells) :]):
                draft.fault("row.width", sheet.where(row), "the row does not have the cells of its header")
            else:
                yield section, Record(table, row, draft)
        elif kind not in {"subtotal", "notes"}:
            draft.fault("row.section", sheet.where(row), f"a row of the unknown kind {row.cells[1:2]}")


def _open(sheet: Sheet, spec: ColumnSpec, index: int, draft: Draft) -> Table | None:
    row = sheet.rows[index]
    if missing := spec.missing(row):
        draft.fault("header.missing", sheet.where(row), f"the section lacks {', '.join(missing)}")
        return None
    keys = spec.keys(row)
    return Table(sheet, spec, index, {key: at for at, key in reversed(list(enumerate(keys))) if key})


def _position(record: Record, number: str) -> PositionRow | None:
    level = normal(record.text("level"))
    holding = holding_of(record)
    if level not in {"summary", "lot"} or holding is None:
        if holding is not None:
            record.draft.fault("row.cell", record.at("level"), f"unknown level {record.text('level')!r}")
        return None
    if record.text("account") not in {"", number}:
        record.draft.fault(
            "row.account", record.at("account"), "a statement of several accounts", "export one by one"
        )
    multiplier = record.amount("multiplier")
    if multiplier not in {None, Decimal(1)}:
        holding = replace(holding, why=f"a contract of {multiplier} units")
    return PositionRow(
        where=record.where,
        level=level,
        category=record.text("category"),
        currency=record.need_text("currency").upper(),
        holding=holding,
        acquired=record.date("opened") if level == "lot" else None,
    )


def _check_totals(
    draft: Draft, account: AccountDraft, totals: list[Record], counted: list[PositionRow]
) -> None:
    """Check the total of each category in each currency.

    A position in another currency is followed by its total in the base currency as well: of several totals
    with one currency the one that ties is the total of the rows in it.
    """
    groups: dict[tuple[str, str], list[Record]] = {}
    for record in totals:
        key = (normal(record.text("category")), record.text("currency").upper())
        groups.setdefault(key, []).append(record)
    for key, group in groups.items():
        rows = [row.holding for row in counted if (normal(row.category), row.currency) == key]
        if not rows:
            draft.note(group[0].where, "skipped", f"total of {' '.join(key)}: no rows in this currency")
            continue
        found = {
            "value": sum((held.value or Decimal(0) for held in rows), Decimal(0)),
            "basis": sum((held.cost_basis or Decimal(0) for held in rows), Decimal(0)),
        }
        record = min(group, key=lambda one: abs((one.amount("value") or Decimal(0)) - found["value"]))
        for name, amount in found.items():
            if (stated := record.amount(name)) is not None:
                what = f"total {record.table.name(name)} of {record.text('category')}"
                draft.tie_amounts(record.where, what, stated, amount, account)


def _read_cash(draft: Draft, account: AccountDraft, rows: list[Record], fields: dict[str, str]) -> None:
    ending = [record for record in rows if normal(record.text("what")) == "endingcash"]
    for record in rows:
        if record not in ending:
            draft.note(record.where, "skipped", f"{record.text('what')} {record.text('currency')}")
    base = [record for record in ending if normal(record.text("currency")) == _BASE]
    others = [record for record in ending if record not in base]
    if not others and fields.get("basecurrency", "") == "USD":
        others, base = base, []
    for record in others:
        amount = record.need_amount("total")
        currency = record.text("currency").upper()
        if amount is not None:
            add_cash(draft, account, record.where, "USD" if normal(currency) == _BASE else currency, amount)
    if rows and not ending:
        draft.fault("cash.unknown", rows[0].where, "the cash report has no ending cash", "download it again")
    elif not ending:
        draft.no_cash([account], "include the Cash Report section")
    if base and {record.text("currency").upper() for record in others} == {"USD"}:
        stated = base[0].need_amount("total")
        if stated is not None:
            draft.tie_amounts(base[0].where, "ending cash", stated, account.cash or Decimal(0), account)
