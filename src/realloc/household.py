"""The household document: everything that the engine needs to decide trades, as one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from math import fsum
from typing import Any, Self

from realloc._reading import Table, join
from realloc.accounts import ACCOUNT_KEYS, Account
from realloc.errors import InputError, Issue
from realloc.models import MODEL_KEYS, PortfolioModel
from realloc.policy import POLICY_KEYS, Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class RecentTrade:
    """A trade already made, for the wash-sale windows.

    Parameters
    ----------
    account_number, symbol : str
        Where and what.
    shares : float
        Negative for a sale.
    price : float
        Dollars per share.
    traded : datetime.date
        Trade date.
    gain : float, optional
        Realized gain of a sale in dollars; None where it is not known.
    """

    account_number: str
    symbol: str
    shares: float
    price: float
    traded: date
    gain: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the trade as the household document has it."""
        trade: dict[str, Any] = {
            "account_number": self.account_number,
            "symbol": self.symbol,
            "shares": self.shares,
            "price": self.price,
            "traded": self.traded.isoformat(),
        }
        if self.gain is not None:
            trade["gain"] = self.gain
        return trade

    @classmethod
    def read(cls, table: Table) -> Self:
        """Build a trade from a table that collects the issues."""
        return cls(
            account_number=table.text("account_number"),
            symbol=table.text("symbol"),
            shares=table.number("shares"),
            price=table.number("price", 0.0, least=0.0),
            traded=table.date("traded"),
            gain=table.number("gain", None),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class YearSoFar:
    """Realized gains of the year so far and losses carried into it, in dollars, outside this plan.

    Parameters
    ----------
    realized_short_term, realized_long_term : float
        Net gain of the year so far; negative for a net loss.
    carried_short_term, carried_long_term : float
        Losses of earlier years, as positive dollars.
    """

    realized_short_term: float = 0.0
    realized_long_term: float = 0.0
    carried_short_term: float = 0.0
    carried_long_term: float = 0.0

    @property
    def net_short_term(self) -> float:
        """Short-term gain so far, less what was carried into the year."""
        return self.realized_short_term - self.carried_short_term

    @property
    def net(self) -> float:
        """Gain so far of both terms, less what was carried into the year."""
        return fsum(
            (
                self.realized_short_term,
                self.realized_long_term,
                -self.carried_short_term,
                -self.carried_long_term,
            )
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the year as the household document has it."""
        return {key: getattr(self, key) for key in YEAR_KEYS}

    @classmethod
    def read(cls, table: Table) -> Self:
        """Build the year from a table that collects the issues."""
        return cls(
            realized_short_term=table.number("realized_short_term", 0.0),
            realized_long_term=table.number("realized_long_term", 0.0),
            carried_short_term=table.number("carried_short_term", 0.0, least=0.0),
            carried_long_term=table.number("carried_long_term", 0.0, least=0.0),
        )


YEAR_KEYS = tuple(YearSoFar.__dataclass_fields__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Household:
    """Accounts, prices and one target, with the policy under which trades are decided.

    Parameters
    ----------
    as_of : datetime.date
        Date of the decision.
    prices : mapping of str to float
        Dollars per share by symbol, more than zero.
    spreads_bps : mapping of str to float
        Full bid/ask spread in 1/10,000 for symbols that have their own.
    accounts : tuple of Account
        At least one, with account numbers that differ.
    model : PortfolioModel
        Targets and classes.
    recent_trades : tuple of RecentTrade
        Trades of the last weeks in any account of the household.
    policy : Policy
        Prices of drift and tax, costs and limits.
    tax_year : YearSoFar, optional
        What the year has brought so far; the caps on gains count it, and the plan reports the year after it.

    Examples
    --------
    >>> household = Household.from_dict({
    ...     "as_of": "2026-11-20",
    ...     "prices": {"VTI": 250.0, "BND": 72.5},
    ...     "accounts": [{"label": "IRA", "account_number": "A1", "cash": 1000.0, "positions": {"VTI": 10},
    ...                   "kind": "tax_deferred"}],
    ...     "model": {"name": "60/40", "targets": {"VTI": 0.6, "BND": 0.4}},
    ... })
    >>> household.accounts[0].kind
    'tax_deferred'
    """

    as_of: date
    prices: Mapping[str, float]
    accounts: tuple[Account, ...]
    model: PortfolioModel
    spreads_bps: Mapping[str, float] = field(default_factory=dict)
    recent_trades: tuple[RecentTrade, ...] = ()
    policy: Policy = Policy()
    tax_year: YearSoFar | None = None

    def spread_bps(self, symbol: str) -> float:
        """Return the full bid/ask spread of `symbol` in 1/10,000."""
        return self.spreads_bps.get(symbol, self.policy.costs.spread_bps)

    def _repr_html_(self) -> str:
        from realloc.notebook import household_html  # noqa: PLC0415 - tables load where they are asked for

        return household_html(self)

    def to_dict(self) -> dict[str, Any]:
        """Return the household document; a name that is empty is left out, as a document cannot state it."""
        return {
            "as_of": self.as_of.isoformat(),
            "prices": {
                symbol: {"price": price, "spread_bps": self.spreads_bps[symbol]}
                if symbol in self.spreads_bps
                else price
                for symbol, price in self.prices.items()
            },
            "accounts": [_named(account.to_dict(), "label") for account in self.accounts],
            "model": _named(self.model.to_dict(), "name"),
            "recent_trades": [trade.to_dict() for trade in self.recent_trades],
            "policy": self.policy.to_dict(),
            **({} if self.tax_year is None else {"tax_year": self.tax_year.to_dict()}),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], *, today: date | None = None) -> Self:
        """Build a household from its document.

        Parameters
        ----------
        data : mapping
            The document, as JSON or TOML give it.
        today : datetime.date, optional
            What ``as_of`` means where the document does not say; None takes the computer's date.

        Raises
        ------
        InputError
            Something in the document cannot be used; all of it is listed, each with its JSON path.
        """
        issues: list[Issue] = []
        household = cls.read(Table(data, "", issues, HOUSEHOLD_KEYS), today=today)
        if issues:
            raise InputError(issues)
        return household

    @classmethod
    def from_frames(
        cls,
        *,
        positions: Any,
        prices: Any,
        model: Mapping[str, Any],
        accounts: Any = None,
        lots: Any = None,
        recent_trades: Any = None,
        policy: Mapping[str, Any] | None = None,
        as_of: date | str | None = None,
    ) -> Self:
        """Build a household from tables of pandas, polars or pyarrow.

        Columns are called as the keys of the document; case, spaces and underscores do not matter, and ``Account
        Id`` and ``Quantity`` are understood.

        Parameters
        ----------
        positions : data frame
            ``account_number``, ``symbol``, ``shares``. The rows of the symbol ``CASH`` are dollars; rows of one
            symbol in one account are added up.
        prices : data frame
            ``symbol``, ``price`` (dollars per share) and optionally ``spread_bps``.
        model : mapping
            Targets and classes, as the document has them.
        accounts : data frame, optional
            ``account_number`` and any other key of an account: ``label``, ``kind``, ``owner``, ``cash_reserve``
            and so on. Without it every account is taxable.
        lots : data frame, optional
            ``account_number``, ``symbol``, ``shares``, ``cost_per_share``, ``acquired`` and optionally ``id``.
        recent_trades : data frame, optional
            ``account_number``, ``symbol``, ``shares`` (negative: sold), ``traded``, and optionally ``price``
            and ``gain``.
        policy : mapping, optional
            As the document has it.
        as_of : datetime.date or str, optional
            Date of the decision; None takes the computer's date.

        Raises
        ------
        InputError
            Something in the tables cannot be used; all of it is listed, each with table, row and column, or with
            its place in the document that the tables make.
        ExportError
            narwhals is not installed (``realloc[frames]``).

        Examples
        --------
        >>> import polars as pl
        >>> positions = pl.DataFrame({"account_number": ["A1", "A1"], "symbol": ["VTI", "CASH"], "shares": [10, 1000]})
        >>> prices = pl.DataFrame({"symbol": ["VTI", "BND"], "price": [250.0, 72.5]})
        >>> model = {"name": "60/40", "targets": {"VTI": 0.6, "BND": 0.4}}
        >>> Household.from_frames(positions=positions, prices=prices, model=model).accounts[0].cash
        1000.0
        """
        tables = {
            "positions": positions,
            "prices": prices,
            "accounts": accounts,
            "lots": lots,
            "recent_trades": recent_trades,
        }
        from realloc.frames import household_tables  # noqa: PLC0415 - tables load where they are asked for

        document = household_tables({name: table for name, table in tables.items() if table is not None})
        document |= {"model": model, "policy": policy or {}}
        if as_of is not None:
            document["as_of"] = as_of.isoformat() if isinstance(as_of, date) else as_of
        return cls.from_dict(document)

    @classmethod
    def read(cls, table: Table, *, today: date | None = None, parts: Mapping[str, Any] | None = None) -> Self:
        """Build a household from a table that collects the issues.

        `parts` are values of its keys that were read before: what `read_prices` returns, a model, a policy.
        """
        parts = parts or {}
        missing = {key for key in ("prices", "accounts", "model") if key not in table}
        for key in sorted(missing):
            table.fault("key.missing", key, f"missing {key!r}")
        prices, spreads = parts.get("prices") or read_prices(table.table("prices"))
        return cls(
            as_of=table.date("as_of", today or date.today()),  # noqa: DTZ011 - a calendar date, not an instant
            prices=prices,
            spreads_bps=spreads,
            accounts=tuple(Account.read(account) for account in table.tables("accounts", ACCOUNT_KEYS)),
            model=parts.get("model") or PortfolioModel.read(table.table("model", MODEL_KEYS)),
            recent_trades=tuple(
                RecentTrade.read(trade)
                for trade in table.tables("recent_trades", RecentTrade.__dataclass_fields__)
            ),
            policy=parts.get("policy") or Policy.read(table.table("policy", POLICY_KEYS)),
            tax_year=YearSoFar.read(table.table("tax_year", YEAR_KEYS)) if "tax_year" in table else None,
        )


PRICE_KEYS = frozenset({"price", "spread_bps"})
HOUSEHOLD_KEYS = frozenset({"as_of", "prices", "accounts", "model", "recent_trades", "policy", "tax_year"})


def read_prices(table: Table) -> tuple[dict[str, float], dict[str, float]]:
    """Return prices and spreads by symbol from a table that collects the issues."""
    prices: dict[str, float] = {}
    spreads: dict[str, float] = {}
    for symbol, value in table.entries():
        if isinstance(value, Mapping):
            detail = Table(value, join(table.where, symbol), table.issues, PRICE_KEYS)
            prices[symbol] = detail.number("price", above=0.0)
            if "spread_bps" in detail:
                spreads[symbol] = detail.number("spread_bps", least=0.0, most=10_000.0)
        else:
            prices[symbol] = table.check_number(value, join(table.where, symbol), above=0.0)
    return prices, spreads


def _named(part: dict[str, Any], key: str) -> dict[str, Any]:
    return part if part[key] else {name: value for name, value in part.items() if name != key}
