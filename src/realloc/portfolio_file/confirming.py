"""After the orders: what was executed, by the broker's new files, and the portfolio file brought up to date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from os import PathLike
from pathlib import Path

from realloc.accounts import Account
from realloc.audit import audit_trades
from realloc.errors import InputError, Issue
from realloc.household import Household, RecentTrade
from realloc.plugins.core.base import StrPath
from realloc.plugins.importers.brokers import import_files
from realloc.plugins.importers.statement import Statement, StatementAccount
from realloc.portfolio_file.bookkeeping import Books, check_sums, keep_books
from realloc.portfolio_file.editing import Kept, open_kept
from realloc.portfolio_file.executed import SAME_SHARES, Outcome, compare, find_fills
from realloc.portfolio_file.following import require_imported, require_loaded
from realloc.portfolio_file.loading import load_portfolio
from realloc.portfolio_file.planned import PlannedOrders
from realloc.portfolio_file.sources import fits
from realloc.portfolio_file.updating import update
from realloc.tax.exact import exact
from realloc.trades import plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """What became of a plan.

    Parameters
    ----------
    outcomes : tuple of Outcome
        Every order, and every change that nobody ordered, by account and symbol.
    drift_before, drift_planned, drift_after : float
        Household drift: before the plan, as the plan promised it, and now. Fractions.
    recorded : tuple of RecentTrade
        What is added to ``recent_trades``.
    household : Household
        As it is now: new positions, cash and prices, updated lots.
    issues : tuple of Issue
        What is estimated or could not be recorded.
    kept : Kept
        The portfolio file with the updates in it, not yet written.
    """

    outcomes: tuple[Outcome, ...]
    drift_before: float
    drift_planned: float
    drift_after: float
    recorded: tuple[RecentTrade, ...]
    household: Household
    issues: tuple[Issue, ...]
    kept: Kept


def confirm(
    path: str | PathLike[str],
    planned: PlannedOrders,
    files: Sequence[StrPath],
    *,
    before: Household | None = None,
    traded: date | None = None,
    today: date | None = None,
    take_files: bool = False,
) -> Confirmation:
    """Compare the broker's next files with a plan, and bring lots and recent trades up to date.

    Parameters
    ----------
    path : str or path
        The portfolio file. Nothing is written: `Confirmation.kept` does that.
    planned : PlannedOrders
        The plan that was executed.
    files : sequence of str or path
        The broker's files after the execution.
    before : Household, optional
        The household that was planned with. None reads the portfolio as if `files` were not there: the
        files from before are still in their folder.
    traded : datetime.date, optional
        The trade date of executions that the files do not list. They are then recorded at the plan's price.
    today : datetime.date, optional
        See `load_portfolio`.
    take_files : bool
        Read the accounts from `files` and their next downloads from now on, where ``import`` does not match them.

    Raises
    ------
    InputError
        A file cannot be used or is not what ``import`` would read, an execution has no date, an execution is
        recorded already, or lots do not add up to the new positions.
    """
    kept = open_kept(path)
    old = before or _before(path, files, today)
    statements = import_files(files)
    after = _after(old, statements, files)
    outcomes = compare(
        planned.orders,
        {account.account_number: account.positions for account in old.accounts},
        {
            number: {held.symbol: plain(float(held.shares)) for held in account.positions}
            for number, account in after.items()
        },
    )
    issues: list[Issue] = []
    filled = _fill(outcomes, planned, old, statements, traded, issues)
    _refuse_twice(old, filled)
    books = keep_books(old, (each for each in filled if each.fills))
    now = _now(old, after, statements, books)
    update(kept, old, now, after, books)
    require_imported(kept, now, after, statements, take_files=take_files)
    require_loaded(kept, now, after, today)
    return Confirmation(
        outcomes=filled,
        drift_before=_drift(old),
        drift_planned=planned.drift_after,
        drift_after=_drift(now),
        recorded=books.trades,
        household=now,
        issues=tuple(issues),
        kept=kept,
    )


def _before(path: str | PathLike[str], files: Sequence[StrPath], today: date | None) -> Household:
    try:
        return load_portfolio(path, today=today, without=[Path(file) for file in files]).household
    except InputError as error:
        gone = any(issue.code in ("import.none", "import.account") for issue in error.issues)
        advice = Issue(
            code="confirm.before",
            where="",
            message="the files from before the orders are needed beside the new ones",
            hint="name the household document that the plan was made from",
        )
        raise InputError([*error.issues, *([advice] if gone else [])]) from error


def _after(
    old: Household, statements: Sequence[Statement], files: Sequence[StrPath]
) -> dict[str, StatementAccount]:
    """Return the accounts of the new files by the household's account numbers."""
    after: dict[str, StatementAccount] = {}
    for account in old.accounts:
        found = [
            each
            for statement in statements
            for each in statement.accounts
            if not each.lots_only and fits(account.account_number, each)
        ]
        if len(found) > 1:
            message = f"account {account.account_number} fits {', '.join(each.number for each in found)}"
            raise InputError(Issue(code="import.account", where="", message=message))
        if found:
            after[account.account_number] = found[0]
    if not after:
        names = ", ".join(str(file) for file in files)
        raise InputError(
            Issue(code="import.account", where=names, message="no account of the portfolio is in the files")
        )
    return after


def _fill(
    outcomes: Sequence[Outcome],
    planned: PlannedOrders,
    old: Household,
    statements: Sequence[Statement],
    traded: date | None,
    issues: list[Issue],
) -> tuple[Outcome, ...]:
    known = {(trade.symbol, trade.traded, trade.shares) for trade in old.recent_trades}
    news = [
        replace(trade, account_number=account.account_number)
        for statement in statements
        for trade in statement.trades
        for account in old.accounts
        if fits(account.account_number, StatementAccount(number=trade.account_number))
        and (trade.symbol, trade.traded, trade.shares) not in known
    ]
    prices = {(order.account_number, order.symbol): order.price for order in planned.orders}
    latest = {price.symbol: float(price.price) for statement in statements for price in statement.prices}
    filled = []
    for outcome in outcomes:
        if not outcome.traded:
            filled.append(outcome)
            continue
        where = f"{outcome.account_number}/{outcome.symbol}"
        price = prices.get(
            (outcome.account_number, outcome.symbol),
            latest.get(outcome.symbol, old.prices.get(outcome.symbol)),
        )
        fills = find_fills(outcome, news, _estimate(old, outcome, price), traded)
        if not fills:
            issues.append(_undated(where, outcome, price))
        elif not fills[0].stated:
            issues.append(_estimated(where, outcome, fills[0].price, fills[0].traded))
        filled.append(replace(outcome, fills=fills))
    errors = [issue for issue in issues if issue.severity == "error"]
    if errors:
        raise InputError(errors)
    return tuple(filled)


def _estimate(old: Household, outcome: Outcome, price: float | None) -> Fraction | None:
    """Return bid or ask, the price at which a plan expects to trade (rule OBJ-3)."""
    if price is None:
        return None
    half = exact(old.spread_bps(outcome.symbol)) / 20_000
    return exact(price) * (1 - half if outcome.traded < 0 else 1 + half)


def _undated(where: str, outcome: Outcome, price: float | None) -> Issue:
    shares = f"{float(outcome.traded):+,.3f}".rstrip("0").rstrip(".")
    if price is None:
        return Issue(
            code="confirm.price",
            where=where,
            message=f"{shares} shares, but neither the files nor the plan have a price",
            hint="state the price under [prices]",
        )
    return Issue(
        code="confirm.date",
        where=where,
        message=f"{shares} shares were traded, but the files do not say when",
        hint="give the trade date (--traded): wash-sale windows and holding periods count from it",
    )


def _estimated(where: str, outcome: Outcome, price: Fraction, traded: date) -> Issue:
    source = "plan's" if outcome.planned else "file's"
    lots = ", and its lots as the plan named them, then the oldest" if outcome.lots else ""
    return Issue(
        code="confirm.estimate",
        where=where,
        message=f"recorded on {traded} at the {source} price of ${float(price):,.4f}{lots}",
        hint="correct cost, price and gain in the portfolio file by the broker's confirmation",
        severity="warning" if outcome.status != "executed" else "info",
    )


def _refuse_twice(old: Household, outcomes: Sequence[Outcome]) -> None:
    """Refuse executions that the portfolio has already: they would count twice."""
    known: dict[tuple[str, str, date, bool], Fraction] = {}
    for trade in old.recent_trades:
        key = (trade.account_number, trade.symbol, trade.traded, trade.shares > 0)
        known[key] = known.get(key, Fraction(0)) + exact(trade.shares)
    again = [
        Issue(
            code="confirm.again",
            where=f"{outcome.account_number}/{outcome.symbol}",
            message=f"the trade of {fill.traded} is among the recent trades already",
            hint="the plan was confirmed before; if it was another trade, record it by hand",
        )
        for outcome in outcomes
        for fill in outcome.fills
        if abs(
            known.get((outcome.account_number, outcome.symbol, fill.traded, fill.shares > 0), 0) - fill.shares
        )
        <= SAME_SHARES
    ]
    if again:
        raise InputError(again)


def _now(
    old: Household,
    after: Mapping[str, StatementAccount],
    statements: Sequence[Statement],
    books: Books,
) -> Household:
    """Return the household as it is now."""
    accounts = []
    for account in old.accounts:
        new = after.get(account.account_number)
        lots = [lot for _, lot in books.lots[account.account_number]]
        if new is None:
            accounts.append(replace(account, lots=tuple(lots)))
            continue
        stated = {lot.symbol for lot in new.lots}
        positions = {held.symbol: plain(float(held.shares)) for held in new.positions}
        mine = [lot for lot in lots if lot.symbol not in stated]
        check_sums(account.account_number, mine, positions)
        accounts.append(_renewed(account, new, positions, (*new.lots, *mine)))
    prices = {price.symbol: float(price.price) for statement in statements for price in statement.prices}
    days = [old.as_of, *(statement.as_of for statement in statements if statement.as_of)]
    days += [trade.traded for trade in books.trades]
    return replace(
        old,
        as_of=max(days),
        prices={**old.prices, **prices},
        accounts=tuple(accounts),
        recent_trades=(*old.recent_trades, *books.trades),
    )


def _renewed(
    account: Account, new: StatementAccount, positions: dict[str, float], lots: Sequence[object]
) -> Account:
    return replace(
        account,
        cash=account.cash if new.cash is None else float(new.cash),
        positions=positions,
        lots=tuple(lots),  # type: ignore[arg-type]  # they are lots
    )


def _drift(household: Household) -> float:
    return float(audit_trades(household, ()).household.drift_before)
