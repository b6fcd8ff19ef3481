"""What an importer reads from one broker file, before a person has said how the accounts are taxed.

Amounts are `decimal.Decimal`, as the file prints them; lots and trades are the domain's own values.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, Literal, Self

from realloc.accounts import Account, AccountKind, Lot
from realloc.errors import InputError, Issue
from realloc.household import RecentTrade
from realloc.plugins.core.base import Plugin, StrPath
from realloc.trades import plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """How sure an importer is that a file is of its format: 0 (not at all) to 1, with the reason."""

    confidence: float
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """One position of a statement.

    Parameters
    ----------
    symbol : str
        Ticker; empty where the file gives none.
    shares : Decimal
        Negative for a short position.
    price, value : Decimal, optional
        Dollars per share and in all; None where the file states neither.
    cost_basis : Decimal, optional
        Dollars in all; None where it is not known.
    description : str
        Name of the instrument.
    priced_on : datetime.date, optional
        Date of the price, where the file has one for each.
    why : str
        Why it must not be touched; empty for a position that may be traded.
    """

    symbol: str
    shares: Decimal
    price: Decimal | None = None
    value: Decimal | None = None
    cost_basis: Decimal | None = None
    description: str = ""
    priced_on: date | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tie:
    """A total that the file states, in dollars, and the same total of the rows that were read."""

    what: str
    stated: Decimal
    found: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What became of one row of a file; `where` is file and row."""

    where: str
    action: Literal["read", "cash", "untouchable", "skipped", "checked"]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementAccount:
    """One account of a statement.

    Parameters
    ----------
    number : str
        As printed, or its visible end behind three dots (``...0123``), or the broker's name where the file
        names no account.
    name : str
        As printed.
    kind_hint : {"taxable", "tax_deferred", "tax_exempt"}, optional
        What the name suggests; a person decides.
    cash : Decimal, optional
        Spendable dollars; None where the file does not state cash.
    positions : tuple of Holding
        By symbol; each symbol once.
    lots : tuple of Lot
        Of all symbols whose lots are known; they add up to the positions.
    untouchable : tuple of Holding
        Options, shorts, bonds and unknown instruments, in the file's order.
    ties : tuple of Tie
        Totals of the file that were checked.
    """

    number: str
    name: str = ""
    kind_hint: AccountKind | None = None
    cash: Decimal | None = None
    positions: tuple[Holding, ...] = ()
    lots: tuple[Lot, ...] = ()
    untouchable: tuple[Holding, ...] = ()
    ties: tuple[Tie, ...] = ()

    @property
    def lots_only(self) -> bool:
        """Whether the file has nothing but lots for this account, to be joined to its positions."""
        return self.cash is None and not self.positions and not self.untouchable

    @property
    def total(self) -> Decimal:
        """Cash and every holding that has a value, in dollars."""
        held = (holding.value for holding in (*self.positions, *self.untouchable))
        return sum((value for value in held if value is not None), self.cash or Decimal(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """Dollars per share of a symbol, the date where the file says it, and the file."""

    symbol: str
    price: Decimal
    as_of: date | None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One broker file, read.

    Parameters
    ----------
    file : str
        Path of the file, as it was given.
    importer : str
        Name of the importer that read it.
    broker : str
        Name for people.
    as_of : datetime.date, optional
        The date that the file states.
    accounts : tuple of StatementAccount
        In the file's order.
    trades : tuple of RecentTrade
        In the file's order; a sale has its gain where the file states it.
    notes : tuple of Note
        What was read, what was skipped and why, row by row.
    issues : tuple of Issue
        Warnings.
    """

    file: str
    importer: str
    broker: str
    as_of: date | None = None
    accounts: tuple[StatementAccount, ...] = ()
    trades: tuple[RecentTrade, ...] = ()
    notes: tuple[Note, ...] = ()
    issues: tuple[Issue, ...] = ()

    @property
    def prices(self) -> tuple[Price, ...]:
        """The price of each symbol that may be traded, by symbol; the first of several in one file."""
        first: dict[str, Price] = {}
        for account in self.accounts:
            for held in account.positions:
                if held.price:
                    dated = held.priced_on or self.as_of
                    price = Price(symbol=held.symbol, price=held.price, as_of=dated, source=self.file)
                    first.setdefault(held.symbol, price)
        return tuple(first[symbol] for symbol in sorted(first))

    def to_dict(self) -> dict[str, Any]:
        """Return the statement as JSON values; amounts become numbers."""
        return {
            "file": self.file,
            "importer": self.importer,
            "broker": self.broker,
            "as_of": self.as_of.isoformat() if self.as_of else None,
            "accounts": [_account_dict(account) for account in self.accounts],
            "trades": [trade.to_dict() for trade in self.trades],
            "notes": [{"where": note.where, "action": note.action, "text": note.text} for note in self.notes],
            "issues": [issue.to_dict() for issue in self.issues],
        }


class StatementImporter(Plugin):
    """Reads a broker's file of positions, lots or transactions."""

    kind = "statement importer"
    CALLS: ClassVar = {"matches": ("path",), "read": ("path",)}

    broker: ClassVar[str]
    """Name of the broker, for people."""

    supported_extensions: ClassVar[Sequence[str]] = (".csv",)
    """The file name endings that it reads."""

    @classmethod
    def load_statement_importer(cls, name: str, **kwargs: Any) -> Self:
        """Build the statement importer `name`; raises as `load_plugin` does."""
        return cls.load_plugin(name, **kwargs)

    @abstractmethod
    def matches(self, path: StrPath) -> Match:
        """Return how sure it is that the file is of its format; never raises for what is in the file."""

    @abstractmethod
    def read(self, path: StrPath) -> Statement:
        """Read the file.

        Raises
        ------
        InputError
            The file cannot be read, a row is not understood, or a total does not tie to the cent. All
            faults in one, each with file, row and column.
        """


def to_account(account: StatementAccount, kind: AccountKind) -> Account:
    """Return the domain's account: cash, tradable positions and lots.

    Untouchable holdings stay outside: they are not planned with. Cash that the file does not state is 0.

    Parameters
    ----------
    account : StatementAccount
        What was read.
    kind : {"taxable", "tax_deferred", "tax_exempt"}
        How the account is taxed: the person's decision.
    """
    return Account(
        account.name or account.number,
        account.number,
        float(account.cash or 0),
        {held.symbol: plain(float(held.shares)) for held in account.positions},
        kind=kind,
        lots=account.lots,
    )


def gather_prices(statements: Iterable[Statement]) -> tuple[tuple[Price, ...], tuple[Issue, ...]]:
    """Return the newest price of each symbol, and a warning where files differ by more than 0.5%.

    A price without a date counts as older than any with one; of equal dates the first file's is taken.
    """
    newest: dict[str, Price] = {}
    issues: list[Issue] = []
    for price in (price for statement in statements for price in statement.prices):
        other = newest.setdefault(price.symbol, price)
        if abs(price.price - other.price) > Decimal("0.005") * min(price.price, other.price):
            issues.append(
                Issue(
                    code="price.conflict",
                    where=price.source,
                    message=f"{price.symbol} is {_priced(price)} here and {_priced(other)} in {other.source}",
                    hint="import files of one day, or state the price yourself",
                    severity="warning",
                )
            )
        if (price.as_of or date.min) > (other.as_of or date.min):
            newest[price.symbol] = price
    return tuple(newest[symbol] for symbol in sorted(newest)), tuple(issues)


def fault(code: str, where: str, message: str, hint: str = "") -> InputError:
    """Return the error for one fault."""
    return InputError(Issue(code=code, where=where, message=message, hint=hint))


def _priced(price: Price) -> str:
    return f"${price.price}" + (f" ({price.as_of.isoformat()})" if price.as_of else "")


def _account_dict(account: StatementAccount) -> dict[str, Any]:
    return {
        "number": account.number,
        "name": account.name,
        "kind_hint": account.kind_hint,
        "cash": _number(account.cash),
        "positions": [_holding_dict(held) for held in account.positions],
        "untouchable": [_holding_dict(held) for held in account.untouchable],
        "lots": [lot.to_dict() for lot in account.lots],
        "total": _number(account.total),
        "ties": [
            {"what": tie.what, "stated": _number(tie.stated), "found": _number(tie.found)}
            for tie in account.ties
        ],
    }


def _holding_dict(held: Holding) -> dict[str, Any]:
    values = {
        "symbol": held.symbol,
        "shares": _number(held.shares),
        "price": _number(held.price),
        "value": _number(held.value),
        "cost_basis": _number(held.cost_basis),
        "description": held.description,
        "why": held.why,
    }
    return {key: value for key, value in values.items() if value not in (None, "")}


def _number(amount: Decimal | None) -> float | None:
    return None if amount is None else plain(float(amount))
