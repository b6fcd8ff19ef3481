"""Any CSV or Excel table of positions or lots, by a mapping of its columns."""

from __future__ import annotations

from decimal import Decimal

from realloc.errors import InputError
from realloc.plugins.core.base import StrPath
from realloc.plugins.importers.brokers._cells import normal
from realloc.plugins.importers.brokers._draft import Draft, LotRow
from realloc.plugins.importers.brokers._importer import SheetImporter, holding_of
from realloc.plugins.importers.brokers._sheet import Sheet
from realloc.plugins.importers.brokers._table import ColumnSpec, Record, only_table, open_table, records
from realloc.plugins.importers.brokers.mapping import ColumnMapping, load_mapping
from realloc.plugins.importers.statement import Match, Statement, fault

_TOTALS = {"total", "totals", "grandtotal", "accounttotal", "portfoliototal"}
_KEYS = {"shares": "quantity", "cost_basis": "basis"}


class GenericTable(SheetImporter):
    """Any CSV or Excel table, by a mapping of its columns.

    Parameters
    ----------
    mapping : ColumnMapping or str or path, optional
        The mapping, or the TOML file that has it; without one no file matches.
    """

    name = "generic_table"
    broker = "Table"

    def __init__(self, mapping: ColumnMapping | StrPath | None = None) -> None:
        if mapping is not None and not isinstance(mapping, ColumnMapping):
            mapping = load_mapping(mapping)
        self.mapping = mapping
        names = {_KEYS.get(key, key): (name,) for key, name in mapping.columns.items()} if mapping else {}
        self.spec = ColumnSpec(names, required=tuple(names))

    def matches(self, path: StrPath) -> Match:
        """Return how sure it is: every mapped column is there."""
        if self.mapping is None:
            return Match(confidence=0.0, reason="no mapping of its columns is given")
        return super().matches(path)

    def recognise(self, sheet: Sheet) -> Match:
        """Return how sure it is, from the rows at the start of the file."""
        try:
            open_table(sheet, self.spec)
        except InputError as error:
            return Match(confidence=0.0, reason=error.issues[0].message)
        return Match(confidence=0.9, reason="every mapped column is there")

    def read(self, path: StrPath) -> Statement:
        """Read the file by the mapping.

        Raises
        ------
        InputError
            There is no mapping, or as `StatementImporter.read` says.
        """
        if self.mapping is None:
            hint = "propose one from the header, look at it, and give it"
            raise fault("mapping.none", str(path), "a table needs a mapping of its columns", hint)
        return super().read(path)

    def parse(self, sheet: Sheet, draft: Draft) -> None:
        """Read each row as cash, a position, or a lot where it has a date."""
        mapping = self.mapping or ColumnMapping(columns={})
        for record in records(only_table(sheet, self.spec, draft), draft):
            symbol = record.text("symbol")
            if normal(symbol or record.row.texts[0]) in _TOTALS:
                _total(record, draft)
                continue
            number = record.text("account") or mapping.account_number
            if not number:
                draft.fault("row.account", record.at("account"), "the row names no account")
                continue
            account = draft.account(number, record.text("account_name") or mapping.account_name)
            if symbol.upper() in mapping.cash_symbols:
                amount = record.amount("value")
                amount = record.need_amount("quantity") if amount is None else amount
                if amount is not None:
                    draft.add_cash(account, record.where, amount, symbol)
            elif holding := holding_of(record):
                currency = record.text("currency").upper() or "USD"
                draft.hold(account, record.where, holding, type_text=record.text("type"), currency=currency)
                if "acquired" in mapping.columns and holding.symbol in account.held:
                    lot = LotRow(
                        symbol=holding.symbol,
                        shares=holding.shares,
                        basis=holding.cost_basis,
                        acquired=record.date("acquired", mapping.date_format),
                        id=record.text("lot"),
                    )
                    account.lots.append((record.where, lot))
        if not any(account.ties for account in draft.accounts.values()):
            draft.no_cash(draft.accounts.values(), "add a row of cash, or enter the cash yourself")


def _total(record: Record, draft: Draft) -> None:
    """Check a row of totals against everything above it."""
    stated = record.amount("value")
    found = sum((account.total for account in draft.accounts.values()), Decimal(0))
    if stated is None or not draft.accounts:
        draft.note(record.where, "skipped", "a row of totals without a value")
    else:
        draft.tie_amounts(record.where, "total", stated, found, next(iter(draft.accounts.values())))
