"""Read a household and a plan as the purchases and sales that a ledger starts from."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from fractions import Fraction

from realloc.accounts import Account, Lot, NamedLots
from realloc.household import Household, RecentTrade
from realloc.tax.exact import ZERO, exact
from realloc.tax.history import DenialRules, History, Purchase, Sale, shifted
from realloc.tax.ledger import Settlement
from realloc.tax.relief import average_cost
from realloc.trades import Trade


def household_history(
    household: Household,
    trades: Sequence[Trade] = (),
    *,
    symbols: Collection[str] | None = None,
    since: date = date.min,
    unrelated_owners: Iterable[str] = (),
    uncounted_accounts: Iterable[str] = (),
) -> History:
    """Return the lots, recent trades and planned trades of a household (rules LEDGER-14 to LEDGER-16).

    Parameters
    ----------
    household : Household
        Its lots are what is held now: recent purchases that they show are counted once.
    trades : sequence of Trade
        Planned trades at the household's date; sales are read by their `lots`.
    symbols : collection of str, optional
        Only what concerns these symbols; None takes everything.
    since : datetime.date
        Leave out lots and recent purchases of earlier days that no planned sale takes.
    unrelated_owners : iterable of str
        Owners whose trades concern nobody else.
    uncounted_accounts : iterable of str
        Accounts whose purchases deny no loss.
    """
    accounts = {account.account_number: account for account in household.accounts}
    rules = DenialRules(
        window_days=household.policy.wash_sales.window_days,
        identical=household.policy.wash_sales.identical,
        unrelated_owners=frozenset(unrelated_owners),
        uncounted_accounts=frozenset(uncounted_accounts),
    )

    def concerns(symbol: str) -> bool:
        return symbols is None or symbol in symbols

    purchases = [purchase for account in household.accounts for purchase in _lots(account, concerns)]
    recent = [trade for trade in household.recent_trades if concerns(trade.symbol)]
    purchases += _recent_purchases(recent, accounts, purchases)
    taken = {(trade.account_id, lot.id) for trade in trades for lot in trade.lots}
    purchases = [
        each for each in purchases if each.bought >= since or (each.account_number, each.id) in taken
    ]
    sales: list[Sale] = []
    losses = sorted(recent_losses(household), key=_row)
    for n, loss in enumerate(losses):
        if concerns(loss.symbol):
            bought, sold = _recent_loss(loss, n, accounts, shifted(losses[0].traded, -rules.window_days - 1))
            purchases.append(bought)
            sales.append(sold)
    for n, trade in enumerate(trades):
        if concerns(trade.symbol):
            bought_now, sold_now = _planned(household, accounts[trade.account_id], trade, n)
            purchases += bought_now
            sales += sold_now
    return History(purchases=tuple(purchases), sales=tuple(sales), rules=rules)


def recent_losses(household: Household) -> list[RecentTrade]:
    """Return the recent sales at a loss that counts: of accounts that are taxable, or not of the household."""
    sheltered = {account.account_number for account in household.accounts if account.kind != "taxable"}
    return [
        trade
        for trade in household.recent_trades
        if trade.shares < 0
        and trade.gain is not None
        and trade.gain < 0
        and trade.account_number not in sheltered
    ]


def lots_after(settlement: Settlement, account_number: str) -> tuple[Lot, ...]:
    """Return the lots that a ledger leaves in one account, with the basis and dates that washes gave them.

    Parameters
    ----------
    settlement : Settlement
        Past and planned trades, worked out.
    account_number : str
        The account. A recent purchase that no lot showed is among its lots.

    Returns
    -------
    tuple of Lot
        Shares and cost are rounded to the nearest float. `Lot.acquired` is the date for the term, which a
        wash makes earlier than the trade date; keep the purchase among the recent trades for the windows.
        The parts of a split lot are called ``id``, ``id#2`` and so on.
    """
    counts: dict[str, int] = {}
    lots = []
    for each in settlement.book:
        if each.purchase.account_number == account_number:
            name = each.purchase.id
            counts[name] = counts.get(name, 0) + 1
            lots.append(
                Lot(
                    symbol=each.purchase.symbol,
                    shares=float(each.shares),
                    cost_per_share=float(each.basis),
                    acquired=each.held_from,
                    id=name if counts[name] == 1 else f"{name}#{counts[name]}",
                )
            )
    return tuple(lots)


def _planned(
    household: Household, account: Account, trade: Trade, n: int
) -> tuple[list[Purchase], list[Sale]]:
    """Return a planned trade: a purchase at the ask, or a sale of each of its lots at the bid."""
    half = exact(household.spread_bps(trade.symbol)) / 20_000
    price = exact(household.prices[trade.symbol] if trade.price is None else trade.price)
    sales = [
        Sale(
            account_number=trade.account_id,
            symbol=trade.symbol,
            shares=lot.shares,
            price=price * (1 - half),
            sold=household.as_of,
            lot=lot.id,
        )
        for lot in trade.lots
    ]
    if trade.shares <= 0:
        return [], sales
    bought = Purchase(
        account_number=trade.account_id,
        id=f"plan/{trade.symbol}/{n + 1}",
        symbol=trade.symbol,
        shares=trade.shares,
        cost_per_share=price * (1 + half),
        bought=household.as_of,
        owner=account.owner,
        kind=account.kind,
    )
    return [bought], sales


def _lots(account: Account, concerns: Callable[[str], bool]) -> Iterator[Purchase]:
    """Yield the lots of some symbols as purchases, with the ids that rule DET-1 gives to those without one."""
    named = NamedLots(account)
    for symbol in filter(concerns, named.symbols):
        names = named.oldest_first(symbol)
        lots = [account.lots[place] for place in names]
        average = average_cost(lots) if account.lot_relief == "average" else None
        for name, lot in zip(names.values(), lots, strict=True):
            yield Purchase(
                account_number=account.account_number,
                id=name,
                symbol=symbol,
                shares=lot.shares,
                cost_per_share=lot.cost_per_share if average is None else average,
                bought=lot.acquired,
                owner=account.owner,
                kind=account.kind,
            )


def _recent_purchases(
    recent: Iterable[RecentTrade], accounts: Mapping[str, Account], shown: Sequence[Purchase]
) -> list[Purchase]:
    """Return recent purchases that no lot shows, such as those of accounts without lots."""
    bought: dict[tuple[str, str, date], tuple[Fraction, Fraction]] = {}
    for trade in recent:
        if trade.shares > 0:
            key = (trade.account_number, trade.symbol, trade.traded)
            shares, cost = bought.get(key, (ZERO, ZERO))
            bought[key] = (
                shares + exact(trade.shares),
                cost + exact(trade.shares) * exact(trade.price),
            )
    lots: dict[tuple[str, str, date], Fraction] = {}
    for each in shown:
        key = (each.account_number, each.symbol, each.bought)
        if key in bought:
            lots[key] = lots.get(key, ZERO) + exact(each.shares)
    more = []
    for key, (shares, cost) in sorted(bought.items()):
        unseen = shares - lots.get(key, ZERO)
        if unseen > 0:
            number, symbol, traded = key
            account = accounts.get(number)
            more.append(
                Purchase(
                    account_number=number,
                    id=f"recent/{symbol}/{traded}",
                    symbol=symbol,
                    shares=unseen,
                    cost_per_share=cost / shares,
                    bought=traded,
                    owner=account.owner if account else "",
                    kind=account.kind if account else "taxable",
                )
            )
    return more


def _row(trade: RecentTrade) -> tuple[date, str, str, float, float, float]:
    gain = 0.0 if trade.gain is None else trade.gain
    return (trade.traded, trade.account_number, trade.symbol, trade.shares, trade.price, gain)


def _recent_loss(
    trade: RecentTrade, n: int, accounts: Mapping[str, Account], acquired: date
) -> tuple[Purchase, Sale]:
    """Return a recent loss as a lot that was acquired before every window, to replace nothing, and its sale."""
    account = accounts.get(trade.account_number)
    shares = -exact(trade.shares)
    bought = Purchase(
        account_number=trade.account_number,
        id=f"sold/{trade.symbol}/{n + 1}",
        symbol=trade.symbol,
        shares=shares,
        cost_per_share=exact(trade.price) - exact(trade.gain or 0.0) / shares,
        bought=acquired,
        owner=account.owner if account else "",
    )
    sold = Sale(
        account_number=trade.account_number,
        symbol=trade.symbol,
        shares=shares,
        price=trade.price,
        sold=trade.traded,
        lot=bought.id,
        reported=True,
    )
    return bought, sold
