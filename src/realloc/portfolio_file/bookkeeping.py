"""Lots and recent trades after executions, with the basis that washed losses leave (docs/spec/tax.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from realloc.accounts import Account, Lot
from realloc.errors import InputError, Issue
from realloc.household import Household, RecentTrade
from realloc.portfolio_file.executed import Fill, Outcome
from realloc.tax.exact import ZERO, exact
from realloc.tax.history import Purchase, Sale
from realloc.tax.journal import household_history, lots_after
from realloc.tax.ledger import settle
from realloc.tax.regimes import UnitedStates


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """What a confirmation writes.

    Parameters
    ----------
    lots : mapping of str to tuple of tuple of str and Lot
        By account number: the ledger's name of the lot (rule DET-1 names those without an id) and the lot, of
        every position whose lots are known.
    trades : tuple of RecentTrade
        The executions; a sale at several gains is split into what was gained and what was lost.
    """

    lots: Mapping[str, tuple[tuple[str, Lot], ...]]
    trades: tuple[RecentTrade, ...]


@dataclass(slots=True)
class _Pool:
    """What is left of the lots of one position, by id, the oldest first."""

    left: dict[str, Fraction]

    def take(self, wanted: Fraction, chosen: Sequence[tuple[str, float]]) -> list[tuple[str, Fraction]]:
        """Take shares: of the chosen lots in their order, then of the oldest (26 CFR 1.1012-1(c))."""
        taken: list[tuple[str, Fraction]] = []
        limits = [(name, exact(shares)) for name, shares in chosen]
        limits += [(name, shares) for name, shares in self.left.items()]
        for name, limit in limits:
            count = min(wanted, limit, self.left.get(name, ZERO))
            if count > 0:
                taken.append((name, count))
                self.left[name] -= count
                wanted -= count
        return taken


def keep_books(before: Household, outcomes: Iterable[Outcome]) -> Books:
    """Return the lots and recent trades after executions.

    Parameters
    ----------
    before : Household
        As it was planned with.
    outcomes : iterable of Outcome
        With their fills.

    Raises
    ------
    InputError
        The ledger cannot take a sale, because lots and executions do not fit each other.
    """
    accounts = {account.account_number: account for account in before.accounts}
    history = household_history(before)
    names = {
        (each.account_number, each.id): each
        for each in history.purchases
        if not each.id.startswith(("recent/", "sold/"))
    }
    purchases: list[Purchase] = []
    sales: list[tuple[Outcome, Fill, list[Sale]]] = []
    bought: list[tuple[Outcome, Fill]] = []
    for outcome in outcomes:
        account = accounts[outcome.account_number]
        known = knows_lots(account, outcome.symbol)
        pool = _Pool(left={lot: exact(each.shares) for (number, lot), each in _oldest(names, outcome)})
        chosen = list(outcome.lots)
        for fill in outcome.fills:
            if fill.shares > 0:
                bought.append((outcome, fill))
                if known:
                    purchases.append(_purchase(account, outcome.symbol, fill, purchases, names))
                continue
            pieces = _sales(outcome, fill, pool, chosen) if known else []
            sales.append((outcome, fill, pieces))
    history = replace(
        history,
        purchases=(*history.purchases, *purchases),
        sales=(*history.sales, *(sale for _, _, pieces in sales for sale in pieces)),
    )
    settlement = settle(UnitedStates(), history)
    gains = {id(each): (each.sale, each.gain) for each in settlement.realized}
    trades = [_trade(outcome, fill, fill.shares) for outcome, fill in bought]
    for outcome, fill, pieces in sales:
        trades += _sold(outcome, fill, pieces, list(gains.values()))
    lots = {
        account.account_number: _renamed(account, lots_after(settlement, account.account_number))
        for account in before.accounts
    }
    return Books(lots=lots, trades=tuple(sorted(trades, key=_row)))


def _renamed(account: Account, lots: Iterable[Lot]) -> tuple[tuple[str, Lot], ...]:
    """Return lots of the ledger with the ledger's name and, as their id, the one that they had."""
    own = {lot.id for lot in account.lots if lot.id}
    given = set(names_of_lots(account)) - own
    named = []
    for lot in lots:
        name = lot.id if lot.id in own else lot.id.rpartition("#")[0] or lot.id
        if not name.startswith(("recent/", "sold/")):
            named.append((name, replace(lot, id="") if name in given else lot))
    return tuple(named)


def names_of_lots(account: Account) -> tuple[str, ...]:
    """Return the name of each lot of an account, in its order: its id, or the one of rule DET-1."""
    counts: dict[str, int] = {}
    names = [""] * len(account.lots)
    order = sorted(
        range(len(names)),
        key=lambda n: (account.lots[n].acquired, account.lots[n].cost_per_share, account.lots[n].shares),
    )
    for n in order:
        lot = account.lots[n]
        counts[lot.symbol] = counts.get(lot.symbol, 0) + 1
        names[n] = lot.id or f"{account.account_number}/{lot.symbol}/{counts[lot.symbol]}"
    return tuple(names)


def knows_lots(account: Account, symbol: str) -> bool:
    """Return whether the lots of a position are known: it has some, or it is new in a taxable account."""
    if any(lot.symbol == symbol for lot in account.lots):
        return True
    new = not account.positions.get(symbol)
    return new and (account.kind == "taxable" or bool(account.lots))


def check_sums(number: str, lots: Sequence[Lot], positions: Mapping[str, float]) -> None:
    """Refuse lots that do not add up to the new positions.

    Raises
    ------
    InputError
        They do not, within a thousandth of a share; the rounding of the broker's file is left to the lot.
    """
    totals: dict[str, Fraction] = {}
    for lot in lots:
        totals[lot.symbol] = totals.get(lot.symbol, ZERO) + exact(lot.shares)
    for symbol, total in totals.items():
        held = exact(positions.get(symbol, 0.0))
        if abs(total - held) > Fraction(1, 1_000_000):
            raise InputError(
                Issue(
                    code="lot.sum",
                    where=f"accounts[{number}].lots",
                    message=f"the lots of {symbol} would be {float(total):g} shares, "
                    f"the new position is {float(held):g}",
                    hint="correct the lots in the portfolio file to what was held before, then confirm again",
                )
            )


def _oldest(
    names: Mapping[tuple[str, str], Purchase], outcome: Outcome
) -> list[tuple[tuple[str, str], Purchase]]:
    mine = [
        (key, each)
        for key, each in names.items()
        if (each.account_number, each.symbol) == (outcome.account_number, outcome.symbol)
    ]
    return sorted(mine, key=lambda pair: (pair[1].bought, pair[0]))


def _purchase(
    account: Account,
    symbol: str,
    fill: Fill,
    purchases: Sequence[Purchase],
    names: Mapping[tuple[str, str], Purchase],
) -> Purchase:
    taken = {key[1] for key in names if key[0] == account.account_number}
    taken |= {each.id for each in purchases if each.account_number == account.account_number}
    base = f"{symbol}-{fill.traded.isoformat()}"
    name, n = base, 1
    while name in taken:
        n += 1
        name = f"{base}-{n}"
    return Purchase(
        account_number=account.account_number,
        id=name,
        symbol=symbol,
        shares=fill.shares,
        cost_per_share=fill.price,
        bought=fill.traded,
        owner=account.owner,
        kind=account.kind,
    )


def _sales(outcome: Outcome, fill: Fill, pool: _Pool, chosen: list[tuple[str, float]]) -> list[Sale]:
    taken = pool.take(-fill.shares, chosen)
    used = dict(taken)
    chosen[:] = [
        (name, float(exact(shares) - used.get(name, ZERO)))
        for name, shares in chosen
        if exact(shares) > used.get(name, ZERO)
    ]
    return [
        Sale(
            account_number=outcome.account_number,
            symbol=outcome.symbol,
            shares=count,
            price=fill.price,
            sold=fill.traded,
            lot=name,
        )
        for name, count in taken
    ]


def _sold(
    outcome: Outcome, fill: Fill, pieces: Sequence[Sale], gains: Sequence[tuple[Sale, Fraction]]
) -> list[RecentTrade]:
    """Return a sale as recent trades: shares sold at a loss apart from the others."""
    parts: dict[bool, tuple[Fraction, Fraction]] = {}
    for piece in pieces:
        gain = sum((amount for sale, amount in gains if sale is piece), ZERO)
        counted = any(sale is piece for sale, _ in gains)
        if counted:
            shares, total = parts.get(gain < 0, (ZERO, ZERO))
            parts[gain < 0] = (shares + exact(piece.shares), total + gain)
    rest = -fill.shares - sum((shares for shares, _ in parts.values()), ZERO)
    trades = [_trade(outcome, fill, -shares, gain) for _, (shares, gain) in sorted(parts.items()) if shares]
    return [*trades, _trade(outcome, fill, -rest)] if rest > 0 else trades


def _trade(outcome: Outcome, fill: Fill, shares: Fraction, gain: Fraction | None = None) -> RecentTrade:
    return RecentTrade(
        account_number=outcome.account_number,
        symbol=outcome.symbol,
        shares=float(shares),
        price=float(round(fill.price, 6)),
        traded=fill.traded,
        gain=None if gain is None else float(round(gain, 2)),
    )


def _row(trade: RecentTrade) -> tuple[date, str, str, float]:
    return trade.traded, trade.account_number, trade.symbol, trade.shares
