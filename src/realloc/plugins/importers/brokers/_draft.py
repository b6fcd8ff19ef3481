"""A statement while it is being read: rows and faults, until it is a `Statement` or an `InputError`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from realloc.accounts import Lot
from realloc.errors import InputError, Issue
from realloc.household import RecentTrade
from realloc.plugins.importers.brokers._cells import unit
from realloc.plugins.importers.brokers._instruments import kind_hint, untouchable_reason
from realloc.plugins.importers.statement import Holding, Note, Statement, StatementAccount, Tie

CENT = Decimal("0.01")
_MOST_ISSUES = 50
_SAME_SHARES = Decimal("0.000001")
_CASH = frozenset({"CASH", "USD"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LotRow:
    """A lot as the file has it; `basis` is dollars for all shares, None where it is not known."""

    symbol: str
    shares: Decimal
    basis: Decimal | None
    acquired: date | None
    id: str = ""


@dataclass(slots=True)
class AccountDraft:
    """An account while it is being read."""

    number: str
    name: str = ""
    cash: Decimal | None = None
    states_cash: bool = True
    held: dict[str, Holding] = field(default_factory=dict)
    untouchable: list[Holding] = field(default_factory=list)
    lots: list[tuple[str, LotRow]] = field(default_factory=list)
    ties: list[Tie] = field(default_factory=list)

    @property
    def total(self) -> Decimal:
        """Cash and all values so far."""
        values = [holding.value for holding in (*self.held.values(), *self.untouchable)]
        return sum((value for value in values if value is not None), self.cash or Decimal(0))


class Draft:
    """Rows of one file on their way to a statement.

    Parameters
    ----------
    file, importer, broker : str
        Name of the file, of the importer, of the broker.
    """

    def __init__(self, file: str, importer: str, broker: str) -> None:
        self.file = file
        self.importer = importer
        self.broker = broker
        self.as_of: date | None = None
        self.accounts: dict[str, AccountDraft] = {}
        self.trades: list[RecentTrade] = []
        self.notes: list[Note] = []
        self.issues: list[Issue] = []

    def fault(self, code: str, where: str, message: str, hint: str = "") -> None:
        """Record an error: the file will be refused."""
        self.issues.append(Issue(code=code, where=where, message=message, hint=hint))

    def warn(self, code: str, where: str, message: str, hint: str = "") -> None:
        """Record a warning."""
        self.issues.append(Issue(code=code, where=where, message=message, hint=hint, severity="warning"))

    def note(
        self, where: str, action: Literal["read", "cash", "untouchable", "skipped", "checked"], text: str
    ) -> None:
        """Record what became of a row."""
        self.notes.append(Note(where=where, action=action, text=text))

    def account(self, number: str, name: str = "") -> AccountDraft:
        """Return the account with this number, new where there is none yet."""
        account = self.accounts.setdefault(number, AccountDraft(number, name))
        account.name = account.name or name
        return account

    def no_cash(self, accounts: Iterable[AccountDraft], hint: str = "enter the cash yourself") -> None:
        """Record that the file does not state the cash of these accounts, of those that have none so far."""
        for account in accounts:
            if account.cash is not None:
                continue
            account.states_cash = False
            name = f"{account.name} {account.number}".strip()
            self.warn("cash.unknown", self.file, f"the file states no cash for {name}", hint)

    def add_cash(self, account: AccountDraft, where: str, amount: Decimal, what: str) -> None:
        """Add dollars to the account's cash."""
        account.cash = (account.cash or Decimal(0)) + amount
        self.note(where, "cash", f"{what}: ${amount}")

    def hold(
        self,
        account: AccountDraft,
        where: str,
        holding: Holding,
        *,
        type_text: str = "",
        currency: str = "USD",
        priced: bool = True,
    ) -> None:
        """Add a position; one that is not a plain long holding in US dollars becomes untouchable.

        A holding with the symbol ``CASH`` or ``USD``, at one dollar a share, is cash.

        Parameters
        ----------
        account : AccountDraft
            Whose it is.
        where : str
            File and row.
        holding : Holding
            The row; a missing price or value is computed from the other.
        type_text, currency : str
            Type of the instrument as printed (may be empty), and the currency of its value.
        priced : bool
            Whether files of this format state prices; one without is then untouchable.
        """
        holding = _completed(holding)
        if not holding.shares and not holding.value:
            self.note(where, "skipped", f"{holding.symbol or holding.description}: nothing is held")
            return
        why = holding.why or untouchable_reason(
            holding.symbol, holding.description, type_text, holding.shares
        )
        if priced and not holding.price:
            why = why or "without a price in the file"
        if currency == "USD" and holding.symbol in _CASH and holding.value == holding.shares:
            self.add_cash(account, where, holding.shares, holding.description or holding.symbol)
        elif currency != "USD":
            self._hold_foreign(account, where, holding, currency)
        elif why:
            self._keep(account, where, replace(holding, why=why))
        elif self._plausible(where, holding):
            other = account.held.get(holding.symbol)
            if other is not None and _apart(other.price, holding.price):
                text = (
                    f"{holding.symbol} at ${holding.price} here and at ${other.price} above, in one account"
                )
                self.fault("price.conflict", where, text, "the row is damaged; download the file again")
            account.held[holding.symbol] = holding if other is None else _sum(other, holding)
            self.note(where, "read", f"{holding.shares} {holding.symbol}" + (", added" if other else ""))

    def _hold_foreign(self, account: AccountDraft, where: str, holding: Holding, currency: str) -> None:
        money = f", worth {holding.value} {currency}" if holding.value is not None else ""
        why = f"in {currency}{money}: only US dollars are planned with"
        self._keep(account, where, replace(holding, price=None, value=None, cost_basis=None, why=why))

    def _keep(self, account: AccountDraft, where: str, holding: Holding) -> None:
        account.untouchable.append(holding)
        name = holding.symbol or holding.description or "a holding"
        self.note(where, "untouchable", f"{holding.shares} {name}: {holding.why}")
        self.warn(
            "holding.untouchable",
            where,
            f"{name} is {holding.why}",
            f"it is kept as it is; {_worth(holding)} left out of the household's value and of the plan",
        )

    def _plausible(self, where: str, holding: Holding) -> bool:
        shares, price, value = holding.shares, holding.price, holding.value
        if price is not None and price < 0:
            self.fault(
                "price.range", where, f"{holding.symbol} has the price {price}", "no price is negative"
            )
            return False
        if price is None or value is None:
            return True
        apart = abs(shares * price - value)
        if apart <= CENT:
            return True
        slack = price * min(unit(shares), Decimal("0.001")) / 2 + shares * min(unit(price), CENT) / 2 + CENT
        if apart > slack:
            self.fault(
                "value.mismatch",
                where,
                f"{shares} {holding.symbol} at ${price} are ${(shares * price).quantize(CENT)}, not ${value}",
                "the row is damaged, or its columns are not what their names say",
            )
            return False
        return True

    def tie(self, account: AccountDraft, where: str, what: str, stated: Decimal) -> None:
        """Check a total that the file states against what was read for the account so far."""
        self.tie_amounts(where, what, stated, account.total, account)

    def tie_amounts(
        self, where: str, what: str, stated: Decimal, found: Decimal, account: AccountDraft
    ) -> None:
        """Check a stated total against a sum; they agree to the cent or the file is refused."""
        account.ties.append(Tie(what=what, stated=stated, found=found))
        if abs(stated - found) >= Decimal("0.005"):
            name = f"{account.name} {account.number}".strip()
            self.fault(
                "total.mismatch",
                where,
                f"{what} of {name} is ${stated:,} in the file, its rows add up to ${found:,}: "
                f"${stated - found:,} of difference",
                "rows are missing or damaged; download the file again",
            )
        else:
            self.note(where, "checked", f"{what} ${stated:,} ties")

    def finish(self) -> Statement:
        """Return the statement.

        Raises
        ------
        InputError
            Some row or total is wrong; all faults are listed.
        """
        accounts = tuple(self._finish_account(account) for account in self.accounts.values())
        if not accounts and not self.trades:
            self.fault("file.nothing", self.file, "no position, lot or trade was found", "check the download")
        self._compare_prices(accounts)
        errors = [issue for issue in self.issues if issue.severity == "error"]
        if errors:
            more = len(errors) - _MOST_ISSUES
            if more > 0:
                text = f"{more} more faults of the same file are not shown"
                errors = [*errors[:_MOST_ISSUES], Issue(code="file.more", where=self.file, message=text)]
            raise InputError(errors)
        return Statement(
            file=self.file,
            importer=self.importer,
            broker=self.broker,
            as_of=self.as_of,
            accounts=accounts,
            trades=tuple(self.trades),
            notes=tuple(self.notes),
            issues=tuple(self.issues),
        )

    def _finish_account(self, account: AccountDraft) -> StatementAccount:
        lots_only = account.lots and not account.held and not account.untouchable
        if account.cash is None and account.states_cash and not lots_only:
            account.cash = Decimal(0)
        return StatementAccount(
            number=account.number,
            name=account.name,
            kind_hint=kind_hint(account.name),
            cash=account.cash,
            positions=tuple(account.held[symbol] for symbol in sorted(account.held)),
            lots=tuple(self._lots(account)),
            untouchable=tuple(account.untouchable),
            ties=tuple(account.ties),
        )

    def _lots(self, account: AccountDraft) -> list[Lot]:
        by_symbol: dict[str, list[tuple[str, LotRow]]] = {}
        for where, lot in account.lots:
            by_symbol.setdefault(lot.symbol, []).append((where, lot))
        lots: list[Lot] = []
        for symbol, rows in by_symbol.items():
            where = rows[0][0]
            held = account.held.get(symbol)
            shares = sum((lot.shares for _, lot in rows), Decimal(0))
            if held is not None and abs(shares - held.shares) > _SAME_SHARES:
                self.fault(
                    "lot.sum",
                    where,
                    f"the lots of {symbol} are {shares} shares, its position is {held.shares}",
                    "download positions and lots again, on the same day",
                )
            if any(lot.basis is None or lot.acquired is None for _, lot in rows):
                self.warn(
                    "lot.unknown",
                    where,
                    f"a lot of {symbol} has no cost basis or no date, so none of its lots is used",
                    "its gain is unknown until the broker states all of its lots",
                )
                continue
            lots += [found for row, lot in rows if (found := self._lot(row, lot)) is not None]
        return lots

    def _lot(self, where: str, lot: LotRow) -> Lot | None:
        if lot.basis is None or lot.acquired is None:
            return None
        if lot.shares <= 0 or lot.basis < 0:
            self.fault("lot.range", where, f"a lot of {lot.shares} shares with the basis ${lot.basis}")
            return None
        if self.as_of is not None and lot.acquired > self.as_of:
            text = f"a lot acquired on {lot.acquired}, after the file's date {self.as_of}"
            self.fault("lot.date", where, text)
            return None
        return Lot(
            symbol=lot.symbol,
            shares=float(lot.shares),
            cost_per_share=float(lot.basis / lot.shares),
            acquired=lot.acquired,
            id=lot.id,
        )

    def _compare_prices(self, accounts: tuple[StatementAccount, ...]) -> None:
        first: dict[str, Decimal] = {}
        for account in accounts:
            for held in account.positions:
                if held.price and _apart(held.price, other := first.setdefault(held.symbol, held.price)):
                    self.warn(
                        "price.conflict",
                        self.file,
                        f"{held.symbol} has the prices ${other} and ${held.price}; the first is used",
                        "check which one is right",
                    )


def _completed(holding: Holding) -> Holding:
    """Fill in the price or the value from the other, rounded half up to 6 decimals or to the cent."""
    shares, price, value = holding.shares, holding.price, holding.value
    if price is None and value is not None and shares:
        price = (value / shares).quantize(_SAME_SHARES, ROUND_HALF_UP)
        return replace(holding, price=Decimal(f"{price:f}".rstrip("0").rstrip(".")))
    if value is None and price is not None:
        return replace(holding, value=(price * shares).quantize(CENT, ROUND_HALF_UP))
    return holding


def _sum(one: Holding, other: Holding) -> Holding:
    """Return two rows of one symbol as one position; a price that differs a little is taken anew."""
    both = Holding(
        symbol=one.symbol,
        shares=one.shares + other.shares,
        price=one.price if one.price == other.price else None,
        value=_plus(one.value, other.value),
        cost_basis=_plus(one.cost_basis, other.cost_basis),
        description=one.description,
        priced_on=one.priced_on,
        why=one.why,
    )
    return _completed(both)


def _worth(holding: Holding) -> str:
    return "its value is" if holding.value is None else f"its ${holding.value:,.2f} are"


def _apart(one: Decimal | None, other: Decimal | None) -> bool:
    """Return whether two prices of one symbol differ by more than 0.5%."""
    return one is not None and other is not None and abs(one - other) > min(one, other) / 200


def _plus(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else one + other
