"""Accounts and the tax lots that they hold."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, Self, get_args

from realloc._reading import Table
from realloc.errors import InputError, Issue

AccountKind = Literal["taxable", "tax_deferred", "tax_exempt"]
KINDS: tuple[str, ...] = get_args(AccountKind)

LotRelief = Literal["specific", "fifo", "lifo", "hifo", "lowest_tax", "average"]
RELIEFS: tuple[str, ...] = get_args(LotRelief)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """Shares of one symbol bought together.

    Parameters
    ----------
    symbol : str
        The symbol.
    shares : float
        Shares still held, more than zero.
    cost_per_share : float
        Cost basis in dollars per share.
    acquired : datetime.date
        Trade date of the purchase, from which the holding period counts.
    id : str
        Name of the lot; empty takes ``account/symbol/n``.
    """

    symbol: str
    shares: float
    cost_per_share: float
    acquired: date
    id: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the lot as the household document has it."""
        lot: dict[str, Any] = {
            "symbol": self.symbol,
            "shares": self.shares,
            "cost_per_share": self.cost_per_share,
            "acquired": self.acquired.isoformat(),
        }
        if self.id:
            lot["id"] = self.id
        return lot


@dataclass(slots=True)
class Account:
    """One account: cash, positions and, where they are known, lots and rules of its own.

    Parameters
    ----------
    label : str
        Name for people.
    account_number : str
        Name for machines; unique in a household.
    cash : float
        Dollars.
    positions : mapping of str to float
        Shares by symbol; may be fractional.
    targets : mapping of str to float, optional
        The account's own target weights; empty: the account is part of the household.
    enforce_no_negative_positions : bool
        Refuse negative shares, at construction and in every update of a state.
    kind : {"taxable", "tax_deferred", "tax_exempt"}
        How its gains are taxed.
    owner : str
        Whose account it is.
    lots : tuple of Lot
        Lots of the positions; a taxable position without lots has an unknown basis.
    cash_reserve : float
        Dollars that stay in cash.
    cash_flow : float
        Dollars about to leave (negative) or to arrive (positive).
    only : tuple of str, optional
        Menu: nothing else may be bought. None: no menu.
    no_buy, no_sell : tuple of str
        Symbols that may not be bought, or sold.
    do_not_trade : bool
        No trade at all.
    max_position_value : float, optional
        Cap on a position in dollars; it limits buys and never forces a sale.
    fractional : bool
        Shares may be traded to three decimals.
    lot_relief : {"specific", "fifo", "lifo", "hifo", "lowest_tax", "average"}
        How the broker relieves lots: ``specific`` sells the lots that the plan names, all others are a standing
        order that a plan has to follow (rule SELL-3).
    location_cost : mapping of str to float
        Dollars a year per dollar held here of a symbol or class, beside the policy's.

    Raises
    ------
    ValueError
        A starting position is negative and `enforce_no_negative_positions` is set.
    """

    label: str
    account_number: str
    cash: float
    positions: dict[str, float]
    targets: dict[str, float] = None  # type: ignore[assignment]  # None is read as {} and never kept
    enforce_no_negative_positions: bool = False
    kind: AccountKind = field(default="taxable", kw_only=True)
    owner: str = field(default="", kw_only=True)
    lots: tuple[Lot, ...] = field(default=(), kw_only=True)
    cash_reserve: float = field(default=0.0, kw_only=True)
    cash_flow: float = field(default=0.0, kw_only=True)
    only: tuple[str, ...] | None = field(default=None, kw_only=True)
    no_buy: tuple[str, ...] = field(default=(), kw_only=True)
    no_sell: tuple[str, ...] = field(default=(), kw_only=True)
    do_not_trade: bool = field(default=False, kw_only=True)
    max_position_value: float | None = field(default=None, kw_only=True)
    fractional: bool = field(default=False, kw_only=True)
    lot_relief: LotRelief = field(default="specific", kw_only=True)
    location_cost: dict[str, float] = field(default_factory=dict, kw_only=True)

    def __post_init__(self) -> None:
        self.positions = dict(self.positions)
        self.targets = dict(self.targets or {})
        self.lots = tuple(self.lots)
        if self.enforce_no_negative_positions:
            for symbol, shares in self.positions.items():
                if shares < 0:
                    raise InputError(
                        f"Account {self.label!r} holds {shares:g} shares of {symbol}: "
                        "negative positions are not allowed"
                    )

    def to_dict(self) -> dict[str, Any]:
        """Return the account as the household document has it; fields at their default are left out."""
        account: dict[str, Any] = {
            "label": self.label,
            "account_number": self.account_number,
            "cash": self.cash,
            "positions": dict(self.positions),
            "targets": dict(self.targets),
            "enforce_no_negative_positions": self.enforce_no_negative_positions,
        }
        more: dict[str, Any] = {
            "kind": (self.kind, "taxable"),
            "owner": (self.owner, ""),
            "lots": ([lot.to_dict() for lot in self.lots], []),
            "cash_reserve": (self.cash_reserve, 0.0),
            "cash_flow": (self.cash_flow, 0.0),
            "only": (None if self.only is None else list(self.only), None),
            "no_buy": (list(self.no_buy), []),
            "no_sell": (list(self.no_sell), []),
            "do_not_trade": (self.do_not_trade, False),
            "max_position_value": (self.max_position_value, None),
            "fractional": (self.fractional, False),
            "lot_relief": (self.lot_relief, "specific"),
            "location_cost": (dict(self.location_cost), {}),
        }
        return account | {key: value for key, (value, default) in more.items() if value != default}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Build an account from the household document's form; missing keys take their defaults.

        Raises
        ------
        InputError
            A key is unknown or a value is of the wrong type or out of range.
        """
        issues: list[Issue] = []
        account = cls.read(Table(data, "", issues, ACCOUNT_KEYS))
        if issues:
            raise InputError(issues)
        return account

    @classmethod
    def read(cls, table: Table) -> Self:
        """Build an account from a table that collects the issues."""
        return cls(
            table.text("label", ""),
            table.text("account_number", ""),
            table.number("cash", 0.0),
            table.amounts("positions", {}),
            table.amounts("targets", {}, least=0.0),
            table.flag("enforce_no_negative_positions", default=False),
            kind=table.choice("kind", "taxable", KINDS),
            owner=table.text("owner", ""),
            lots=tuple(_read_lot(lot) for lot in table.tables("lots", LOT_KEYS)),
            cash_reserve=table.number("cash_reserve", 0.0, least=0.0),
            cash_flow=table.number("cash_flow", 0.0),
            only=table.names("only", None),
            no_buy=table.names("no_buy"),
            no_sell=table.names("no_sell"),
            do_not_trade=table.flag("do_not_trade", default=False),
            max_position_value=table.number("max_position_value", None, least=0.0),
            fractional=table.flag("fractional", default=False),
            lot_relief=table.choice("lot_relief", "specific", RELIEFS),
            location_cost=table.amounts("location_cost", {}),
        )


ACCOUNT_KEYS = frozenset(Account.__dataclass_fields__)
LOT_KEYS = frozenset(Lot.__dataclass_fields__)


def _read_lot(table: Table) -> Lot:
    return Lot(
        symbol=table.text("symbol"),
        shares=table.number("shares", above=0.0),
        cost_per_share=table.number("cost_per_share", least=0.0),
        acquired=table.date("acquired"),
        id=table.text("id", ""),
    )


class NamedLots:
    """An account's lots by symbol, with the name of each: its own, or ``account/symbol/n`` (rule DET-1)."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._own = {lot.id for lot in account.lots}
        self._places: dict[str, list[int]] = {}
        for place, lot in enumerate(account.lots):
            self._places.setdefault(lot.symbol, []).append(place)

    @property
    def symbols(self) -> Collection[str]:
        """The symbols of the lots."""
        return self._places.keys()

    def oldest_first(self, symbol: str) -> dict[int, str]:
        """Return the names of a symbol's lots by their places, by date, cost, shares and id."""
        lots, stem, n = self._account.lots, f"{self._account.account_number}/{symbol}/", 0

        def age(place: int) -> tuple[date, float, float, str]:
            lot = lots[place]
            return (lot.acquired, lot.cost_per_share, lot.shares, lot.id)

        names = {}
        for place in sorted(self._places.get(symbol, ()), key=age):
            n += 1
            name = lots[place].id
            if not name:
                while (name := f"{stem}{n}") in self._own:
                    n += 1
            names[place] = name
        return names


def lot_ids(account: Account) -> list[str]:
    """Return the name of each of the account's lots: its own, or ``account/symbol/n`` (rule DET-1)."""
    lots = NamedLots(account)
    names = {place: name for symbol in lots.symbols for place, name in lots.oldest_first(symbol).items()}
    return [names[place] for place in range(len(account.lots))]
