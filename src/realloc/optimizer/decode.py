"""Read arrays back into a plan: trades with their lots, and every figure of the plan document."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import ROUND_FLOOR, Decimal
from math import floor, fsum, inf

import numpy as np

from realloc.accounts import Account, NamedLots, lot_ids
from realloc.errors import Issue
from realloc.household import Household
from realloc.optimizer.harvest_section import harvest_section
from realloc.optimizer.integer import Repair
from realloc.optimizer.problem import Problem
from realloc.plan import (
    AccountCash,
    Certificate,
    CertificateStatus,
    ClassWeight,
    HouseholdTotals,
    Plan,
    PlanCosts,
    PlannedWashSales,
    YearAfter,
)
from realloc.tax.planned import wash_sales_of
from realloc.tax.quotes import exact_bid
from realloc.tax.regimes import regime_of
from realloc.tax.relief import average_cost, relief_places
from realloc.tax.year import year_after
from realloc.trades import LotSale, Trade, plain

CENT = Decimal("0.01")

NOTHING = Decimal(0)

PART_DIGITS = 9
"""Decimals of the shares of a lot that is sold in part: times its gain a share, less than a cap can tell."""


def trades_of(problem: Problem, made: Repair) -> list[Trade]:
    """Return the trades in order of execution: sells, then buys, each by account number and symbol."""
    pairs = problem.pairs
    traded = np.flatnonzero(made.shares)
    columns = (made.shares, pairs.account, pairs.symbol, pairs.held)
    rows = [
        (count > 0, problem.accounts[n].account_number, problem.symbols[s], p, n, count, held)
        for p, count, n, s, held in zip(traded.tolist(), *(c[traded].tolist() for c in columns), strict=True)
    ]
    books: dict[int, NamedLots] = {}
    out = []
    for sequence, (bought, number, symbol, p, n, count, held) in enumerate(sorted(rows), start=1):
        shares = plain(_stated(count, held))
        if not bought and n not in books:
            books[n] = NamedLots(problem.accounts[n])
        price = problem.household.prices[symbol]
        out.append(
            Trade(
                number,
                symbol,
                shares,
                price=price,
                notional=round(shares * price, 2) + 0.0,
                sequence=sequence,
                lots=() if bought else _lots_sold(problem, made, p, -shares, books[n]),
            )
        )
    return out


def _lots_sold(problem: Problem, made: Repair, p: int, shares: float, book: NamedLots) -> tuple[LotSale, ...]:
    """Fill a sale from the pair's lots: by the account's relief, else by rising tax where gains are taxed."""
    pairs, household = problem.pairs, problem.household
    account = problem.accounts[pairs.account[p]]
    symbol = problem.symbols[pairs.symbol[p]]
    bid = float(pairs.bid[p])
    names = book.oldest_first(symbol)
    average = None
    if names and account.lot_relief == "average":
        average = float(average_cost([account.lots[place] for place in names]))
    regime = regime_of(household.policy.tax)
    sales = []
    for place, sold in _taken(account, _parts(problem, made, p, account, names), shares):
        lot = account.lots[place]
        cost = lot.cost_per_share if average is None else average
        sales.append(
            LotSale(
                id=names[place],
                shares=sold,
                cost_per_share=cost,
                acquired=lot.acquired,
                term=regime.term(lot.acquired, household.as_of),
                gain=_figure((bid - cost) * sold),
            )
        )
    return tuple(sales)


def _parts(
    problem: Problem, made: Repair, p: int, account: Account, oldest_first: Collection[int]
) -> Iterator[tuple[int, Decimal]]:
    """Yield places of lots with the shares that they can supply, in the order in which a sale takes them."""
    if account.kind == "taxable":
        parts = slice(made.part_first[p], made.part_first[p + 1])
        lots = made.part_lot[parts]
        columns = (problem.lots.place[lots], made.part_shares[parts], problem.lots.shares[lots])
        for place, shares, whole in zip(*(column.tolist() for column in columns), strict=True):
            if place >= 0 and shares:
                held = account.lots[place].shares
                yield place, Decimal(repr(held if shares == whole else min(held, round(shares, PART_DIGITS))))
        return
    if account.lot_relief == "specific" or not oldest_first:
        order: Iterable[int] = oldest_first
    else:
        places = sorted(oldest_first)
        relief = relief_places(
            [account.lots[place] for place in places],
            method=account.lot_relief,
            price=exact_bid(problem.household, account.lots[places[0]].symbol),
            sold=problem.household.as_of,
            tax=problem.household.policy.tax,
        )
        order = [places[n] for n in relief]
    for place in order:
        yield place, Decimal(repr(account.lots[place].shares))


def _taken(account: Account, parts: Iterator[tuple[int, Decimal]], shares: float) -> list[tuple[int, float]]:
    """Return what a sale takes from each lot; two parts of one lot are one."""
    left = Decimal(repr(shares))
    taken: dict[int, Decimal] = {}
    for place, supply in parts:
        if left <= 0:
            break
        more = min(left, supply)
        if place in taken:
            more = min(more, Decimal(repr(account.lots[place].shares)) - taken[place])
        if more > 0:
            left -= more
            taken[place] = taken.get(place, NOTHING) + more
    return [(place, float(sold)) for place, sold in taken.items()]


def plan_of(
    problem: Problem, made: Repair, idle: Repair, certificate: Certificate, issues: Sequence[Issue]
) -> Plan:
    """Return the plan of the trades in `made`, without reasons, beside doing nothing in `idle`."""
    household = problem.household
    trades = trades_of(problem, made)
    taxable = {account.account_number for account in problem.accounts if account.kind == "taxable"}
    gains = {
        term: _dollars(
            fsum(lot.gain for t in trades if t.account_id in taxable for lot in t.lots if lot.term == term)
        )
        for term in ("short", "long")
    }
    washes = wash_sales_of(household, trades) if household.policy.tax.regime == "us" else PlannedWashSales()
    return Plan(
        trades=tuple(trades),
        accounts=tuple(_cash_after(problem, trades)),
        classes=tuple(_weights(problem, made, idle)),
        household=HouseholdTotals(
            value=_dollars(problem.value),
            drift_before=idle.drift(),
            drift_after=made.drift(),
            realized_short_term=gains["short"],
            realized_long_term=gains["long"],
        ),
        costs=PlanCosts(
            objective=_figure(made.objective()),
            do_nothing=_figure(idle.objective()),
            **{name: _figure(value) for name, value in made.parts().items()},
        ),
        certificate=certificate,
        issues=tuple(issues),
        wash_sales=washes,
        tax_year=_year_after(household, trades, washes, gains) if household.tax_year else None,
        harvest=harvest_section(
            household, trades, {account.account_number: lot_ids(account) for account in problem.accounts}
        )
        if household.policy.harvests
        else None,
    )


def _year_after(
    household: Household, trades: Sequence[Trade], washes: PlannedWashSales, gains: Mapping[str, float]
) -> YearAfter:
    """Return the year with the plan's gains and those of its losses that count."""
    term = {(trade.account_id, lot.id): lot.term for trade in trades for lot in trade.lots}
    counted = dict(gains)
    for sale in washes.disallowed:
        counted[term.get((sale.account_number, sale.lot), "short")] += sale.disallowed
    return year_after(household, short_term=counted["short"], long_term=counted["long"])


def certificate_of(
    problem: Problem, objective: float, bound: float, status: CertificateStatus
) -> Certificate:
    """Return the certificate; the bound is rounded down to a millionth of a dollar.

    An infinite bound is that of a plan that is the only one: its objective.
    """
    objective = _figure(objective)
    bound = min(objective, float(floor(bound * 1e6) / 1e6) if bound < inf else objective)
    gap = _figure(objective - bound)
    return Certificate(
        status=status,
        objective=objective,
        bound=bound,
        gap=gap,
        gap_bps=gap / problem.value * 1e4 if problem.value > 0 else 0.0,
    )


def _stated(count: float, held: float) -> float:
    """Return shares as a plan states them: a whole position as it is held, else to thousandths."""
    return -held if count == -held else round(count, 3)


def _dollars(amount: float) -> float:
    return round(amount, 2) + 0.0


def _figure(amount: float) -> float:
    return round(amount, 6) + 0.0


def exact_cash(made: Repair, n: int) -> Decimal:
    """Return the cash of an account after its trades, in exact dollars."""
    problem = made.problem
    pairs, account = problem.pairs, problem.accounts[n]
    traded = np.flatnonzero((pairs.account == n) & (made.shares != 0))
    columns = (pairs.symbol[traded], made.shares[traded], pairs.held[traded])
    changes = [
        _proceeds(problem.household, problem.symbols[s], _stated(count, held))
        for s, count, held in zip(*(column.tolist() for column in columns), strict=True)
    ]
    return sum(changes, _cash_before(account))


def exact_shortfall(made: Repair) -> Decimal:
    """Return what is missing to the reserves, cash rounded down to the cent (rules CASH-1 and CASH-2)."""
    accounts = enumerate(made.problem.accounts)
    return sum((_to_the_cent(account, exact_cash(made, n))[1] for n, account in accounts), NOTHING)


def _to_the_cent(account: Account, cash: Decimal) -> tuple[Decimal, Decimal]:
    """Return an account's cash rounded down to the cent, and what is then missing to its reserve."""
    cash = cash.quantize(CENT, ROUND_FLOOR)
    return cash, max(Decimal(repr(account.cash_reserve)) - cash, NOTHING)


def _cash_before(account: Account) -> Decimal:
    return Decimal(repr(account.cash)) + Decimal(repr(account.cash_flow))


def _proceeds(household: Household, symbol: str, shares: float) -> Decimal:
    """Return what a trade brings into an account, in exact dollars; less than nothing for a purchase."""
    half = Decimal(repr(household.spread_bps(symbol))) / 20_000
    value = Decimal(repr(shares)) * Decimal(repr(household.prices[symbol]))
    return -value * (1 + half if shares > 0 else 1 - half) - Decimal(repr(household.policy.costs.commission))


def _cash_after(problem: Problem, trades: Sequence[Trade]) -> Iterator[AccountCash]:
    """Yield each account's cash, exact and then rounded down to the cent (rule CASH-1)."""
    changes: dict[str, Decimal] = {}
    for trade in trades:
        change = _proceeds(problem.household, trade.symbol, trade.shares)
        changes[trade.account_id] = changes.get(trade.account_id, NOTHING) + change
    for account in problem.accounts:
        cash = _cash_before(account) + changes.get(account.account_number, NOTHING)
        after, missing = _to_the_cent(account, cash)
        yield AccountCash(
            account_number=account.account_number,
            cash_before=account.cash,
            cash_after=float(after),
            shortfall=float(missing),
        )


def _weights(problem: Problem, made: Repair, idle: Repair) -> Iterator[ClassWeight]:
    """Yield the groups of every scope, by scope and name."""
    first, before, after = 0, idle.off.tolist(), made.off.tolist()
    for scope in problem.scopes:
        worth = scope.value
        for g, group in sorted(enumerate(scope.groups, start=first), key=lambda entry: entry[1].name):
            yield ClassWeight(
                name=group.name,
                target=group.target,
                before=group.target + before[g] / worth if worth > 0 else 0.0,
                after=group.target + after[g] / worth if worth > 0 else 0.0,
                band=group.band,
                account=scope.own,
            )
        first += len(scope.groups)
