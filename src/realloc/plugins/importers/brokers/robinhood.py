"""Robinhood: account activity; positions, lots and cash are rebuilt from the whole history."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from realloc.household import RecentTrade
from realloc.plugins.importers.brokers._cells import normal, unit
from realloc.plugins.importers.brokers._draft import CENT, AccountDraft, Draft, LotRow
from realloc.plugins.importers.brokers._importer import SheetImporter
from realloc.plugins.importers.brokers._instruments import clean_symbol
from realloc.plugins.importers.brokers._sheet import Sheet
from realloc.plugins.importers.brokers._table import ColumnSpec, Record, only_table, records
from realloc.plugins.importers.statement import Holding

ACCOUNT = "Robinhood"
"""What the account is called: the file does not name it."""

_OPTION_CODES = {"bto": 1, "btc": 1, "sto": -1, "stc": -1, "oexp": 0, "oasgn": 0, "oexcs": 0}
_RECEIVED = {"acati", "acats", "rec", "reci", "transferin"}


@dataclass(slots=True)
class _Stack:
    """Open lots of one symbol, oldest first; `known` is false once shares came without a basis."""

    lots: list[tuple[str, LotRow]] = field(default_factory=list)
    known: bool = True

    @property
    def shares(self) -> Decimal:
        return sum((lot.shares for _, lot in self.lots), Decimal(0))


class RobinhoodActivity(SheetImporter):
    """Robinhood activity, rebuilt into positions and first-in-first-out lots."""

    name = "robinhood_activity"
    broker = "Robinhood"
    columns = ColumnSpec(
        {
            "date": ("Activity Date",),
            "symbol": ("Instrument",),
            "description": ("Description",),
            "code": ("Trans Code",),
            "quantity": ("Quantity",),
            "price": ("Price",),
            "amount": ("Amount",),
        },
        required=("date", "symbol", "code", "quantity", "amount"),
    )

    def parse(self, sheet: Sheet, draft: Draft) -> None:
        """Replay the rows in time; the file has the newest first."""
        account = draft.account(ACCOUNT)
        account.cash = Decimal(0)
        stacks: dict[str, _Stack] = {}
        options: dict[str, Decimal] = {}
        rows = [
            (day, record)
            for record in records(only_table(sheet, self.columns, draft), draft)
            if (day := record.need_date("date"))
        ]
        newest_first = not rows or rows[0][0] >= rows[-1][0]
        for day, record in sorted(reversed(rows) if newest_first else rows, key=lambda row: row[0]):
            _replay(record, draft, (day, stacks, options))
        for symbol, stack in stacks.items():
            _hold(draft, account, symbol, stack)
        for name, contracts in options.items():
            if contracts:
                held = Holding(symbol="", shares=contracts, description=name, why="an option")
                draft.hold(account, draft.file, held, priced=False)
        draft.warn("account.unnamed", draft.file, f"the file names no account; it is called {ACCOUNT!r}")
        draft.warn(
            "price.missing",
            draft.file,
            "activity has no market prices",
            "give prices in a file of their own",
        )


def _replay(record: Record, draft: Draft, state: tuple[date, dict[str, _Stack], dict[str, Decimal]]) -> None:
    day, stacks, options = state
    code = normal(record.text("code"))
    amount = record.amount("amount") or Decimal(0)
    quantity = Decimal(0) if code in _OPTION_CODES else record.amount("quantity") or Decimal(0)
    symbol = clean_symbol(record.text("symbol"))
    account = draft.account(ACCOUNT)
    if code in {"buy", "sell"}:
        trade = (symbol, quantity, amount, day)
        if not symbol or quantity <= 0:
            draft.fault("row.cell", record.at("quantity"), f"a {code} of {quantity} {symbol or 'nothing'}")
        elif _priced(record, draft, code, quantity, amount):
            (_buy if code == "buy" else _sell)(record, draft, stacks.setdefault(symbol, _Stack()), trade)
    elif code in _OPTION_CODES:
        _option(record, options, _OPTION_CODES[code])
    elif code in {"spl", "sps"} and symbol and quantity:
        _split(record, draft, stacks.setdefault(symbol, _Stack()), quantity)
    elif code in _RECEIVED and symbol and quantity > 0:
        stack = stacks.setdefault(symbol, _Stack())
        stack.known = False
        stack.lots.append((record.where, LotRow(symbol=symbol, shares=quantity, basis=None, acquired=None)))
        draft.note(record.where, "read", f"{quantity} {symbol} received, basis unknown")
    elif symbol and quantity:
        draft.fault(
            "row.code",
            record.at("code"),
            f"{record.text('code')!r} moves {quantity} {symbol} in a way that is not known",
            "state the account's positions in a file of their own",
        )
    if amount:
        draft.add_cash(account, record.where, amount, f"{record.text('code')} {symbol}".strip())


def _priced(record: Record, draft: Draft, code: str, quantity: Decimal, amount: Decimal) -> bool:
    """Check shares at their price against the amount; a sale may lose up to 1% and a dollar to fees."""
    price = record.amount("price")
    if (amount < 0) != (code == "buy") and amount:
        draft.fault("row.range", record.at("amount"), f"a {code} with the amount {amount}", "check the row")
        return False
    if price is None:
        return True
    gross = quantity * price
    slack = price * unit(quantity) / 2 + quantity * min(unit(price), CENT) / 2 + CENT
    fees = Decimal(0) if code == "buy" else gross / 100 + 1
    if not -slack - fees <= abs(amount) - gross <= slack:
        draft.fault(
            "value.mismatch",
            record.at("amount"),
            f"{quantity} shares at ${price} are ${gross}, not ${abs(amount)}",
            "the row is damaged; download the file again",
        )
        return False
    return True


def _buy(record: Record, draft: Draft, stack: _Stack, trade: tuple[str, Decimal, Decimal, date]) -> None:
    symbol, shares, amount, day = trade
    stack.lots.append((record.where, LotRow(symbol=symbol, shares=shares, basis=-amount, acquired=day)))
    price = float(-amount / shares)
    draft.trades.append(
        RecentTrade(account_number=ACCOUNT, symbol=symbol, shares=float(shares), price=price, traded=day)
    )
    draft.note(record.where, "read", f"bought {shares} {symbol} on {day}")


def _sell(record: Record, draft: Draft, stack: _Stack, trade: tuple[str, Decimal, Decimal, date]) -> None:
    symbol, shares, amount, day = trade
    if shares > stack.shares:
        draft.fault(
            "history.short",
            record.where,
            f"{shares} {symbol} sold on {day}, {stack.shares} held by this history",
            "download the activity since the account was opened",
        )
        return
    left, cost = shares, Decimal(0)
    while left > 0:
        where, lot = stack.lots[0]
        taken = min(left, lot.shares)
        basis = None if lot.basis is None else lot.basis * taken / lot.shares
        cost += basis or Decimal(0)
        rest = replace(
            lot,
            shares=lot.shares - taken,
            basis=None if lot.basis is None or basis is None else lot.basis - basis,
        )
        stack.lots[0:1] = [(where, rest)] if rest.shares else []
        left -= taken
    gain = float(round(amount - cost, 2)) if stack.known else None
    trade_price = float(amount / shares)
    draft.trades.append(
        RecentTrade(
            account_number=ACCOUNT,
            symbol=symbol,
            shares=-float(shares),
            price=trade_price,
            traded=day,
            gain=gain,
        )
    )
    draft.note(record.where, "read", f"sold {shares} {symbol} on {day}, gain {gain}")


def _split(record: Record, draft: Draft, stack: _Stack, more: Decimal) -> None:
    held = stack.shares
    if held <= 0 or held + more <= 0:
        draft.fault(
            "history.short", record.where, f"a split adds {more} shares to {held}", "download all activity"
        )
        return
    stack.lots = [
        (where, replace(lot, shares=lot.shares * (held + more) / held)) for where, lot in stack.lots
    ]
    draft.note(record.where, "read", f"split: {held} become {held + more}")


def _option(record: Record, options: dict[str, Decimal], side: int) -> None:
    name = " ".join(record.text("description").split())
    name = name.removeprefix("Option Expiration for ")
    if not side:
        options[name] = Decimal(0)
    else:
        quantity = record.need_amount("quantity") or Decimal(0)
        options[name] = options.get(name, Decimal(0)) + side * quantity
    record.draft.note(record.where, "read", f"option {name}")


def _hold(draft: Draft, account: AccountDraft, symbol: str, stack: _Stack) -> None:
    if not stack.shares:
        return
    bases = [lot.basis for _, lot in stack.lots]
    cost = None if None in bases else sum((basis for basis in bases if basis is not None), Decimal(0))
    held = Holding(symbol=symbol, shares=stack.shares, cost_basis=cost)
    draft.hold(account, draft.file, held, priced=False)
    if symbol in account.held:
        account.lots += stack.lots
