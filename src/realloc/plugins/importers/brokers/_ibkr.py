"""What the two Interactive Brokers formats share: positions at two levels of detail, cash by currency."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from realloc.plugins.importers.brokers._cells import normal
from realloc.plugins.importers.brokers._draft import AccountDraft, Draft, LotRow
from realloc.plugins.importers.statement import Holding

_TRADABLE = {"stk", "stocks", "stock", "etf", "etfs", "fund", "funds", "mutualfunds"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionRow:
    """A row of open positions; `level` is ``summary`` or ``lot``.

    `acquired` is the day from which the holding period of a lot counts, `opened` the day of the purchase.
    """

    where: str
    level: str
    category: str
    currency: str
    holding: Holding
    acquired: date | None = None
    opened: date | None = None
    id: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """Which instrument it is a row of."""
        return (normal(self.category), self.currency, self.holding.symbol)


def add_positions(draft: Draft, account: AccountDraft, rows: Iterable[PositionRow]) -> list[PositionRow]:
    """Add positions from summary rows and lots from lot rows, and return the rows that were counted.

    The two levels state the same shares twice. An instrument that has lot rows only is the sum of them.
    """
    rows = list(rows)
    summed = {row.key for row in rows if row.level == "summary"}
    counted = [row for row in rows if row.level == "summary" or row.key not in summed]
    seen: set[tuple[tuple[str, str, str], Holding]] = set()
    for row in counted:
        if row.level == "summary" and (row.key, row.holding) in seen:
            text = f"the position of {row.holding.symbol} is the same as one above"
            draft.fault("row.twice", row.where, text, "it would count twice; download the file again")
        seen.add((row.key, row.holding))
        _hold(draft, account, row)
    for row in rows:
        if row.level == "lot" and row.currency == "USD" and row.holding.symbol in account.held:
            held = row.holding
            lot = LotRow(
                symbol=held.symbol,
                shares=held.shares,
                basis=held.cost_basis,
                acquired=row.acquired,
                id=row.id,
            )
            account.lots.append((row.where, lot))
            draft.note(row.where, "read", f"lot of {held.shares} {held.symbol}, acquired {row.acquired}")
    return counted


def add_cash(draft: Draft, account: AccountDraft, where: str, currency: str, amount: Decimal) -> None:
    """Add cash in US dollars; another currency is kept untouchable."""
    if currency == "USD":
        draft.add_cash(account, where, amount, "ending cash")
    elif amount:
        held = Holding(symbol="", shares=amount, description=f"{currency} cash")
        draft.hold(account, where, held, currency=currency)


def _hold(draft: Draft, account: AccountDraft, row: PositionRow) -> None:
    kind = "" if normal(row.category) in _TRADABLE else row.category or "unknown"
    draft.hold(account, row.where, row.holding, type_text=kind, currency=row.currency)
