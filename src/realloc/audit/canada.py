"""Canadian gains (CA-1, CA-6, CA-7): one average cost by taxpayer and symbol, one rate, losses of sole positions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from realloc.accounts import Account, Lot
from realloc.audit.exact import ZERO, exact, ratio
from realloc.household import Household
from realloc.policy import Tax

HALF = Decimal("0.5")
"""Part of a gain that is taxed."""


def rates_by_term(tax: Tax) -> dict[bool, Decimal]:
    """Return dollars of tax per dollar of gain, of long-term lots (True) and of others: in Canada one rate."""
    if tax.regime == "canada":
        return dict.fromkeys((True, False), exact(tax.short_term_rate) * HALF)
    return {True: exact(tax.long_term_rate), False: exact(tax.short_term_rate)}


def with_average_costs(household: Household) -> Household:
    """Return the household with the average cost, to the nearest float, on all shares that a taxpayer pools."""
    totals: dict[tuple[str, str], list[Decimal]] = {}
    for account in household.accounts:
        for lot in account.lots if account.kind == "taxable" else ():
            total = totals.setdefault((account.owner, lot.symbol), [ZERO, ZERO])
            total[0] += exact(lot.cost_per_share) * exact(lot.shares)
            total[1] += exact(lot.shares)
    average = {pool: float(ratio(cost, shares)) for pool, (cost, shares) in totals.items()}
    return replace(household, accounts=tuple(_with_costs(account, average) for account in household.accounts))


def _with_costs(account: Account, average: Mapping[tuple[str, str], float]) -> Account:
    if account.kind != "taxable":
        return account
    lots = [replace(lot, cost_per_share=average[account.owner, lot.symbol]) for lot in _named(account)]
    return replace(account, lots=tuple(lots), lot_relief="specific")


def _named(account: Account) -> list[Lot]:
    """Return the lots with their default ids (DET-1), which go by the costs that they were bought at."""
    taken = {lot.id for lot in account.lots}
    last: dict[str, int] = {}
    named = []
    for lot in sorted(account.lots, key=lambda lot: (lot.acquired, lot.cost_per_share, lot.shares, lot.id)):
        n = last.get(lot.symbol, 0) + 1
        while not lot.id and f"{account.account_number}/{lot.symbol}/{n}" in taken:
            n += 1
        last[lot.symbol] = n
        named.append(replace(lot, id=lot.id or f"{account.account_number}/{lot.symbol}/{n}"))
    return named


def sole_positions(household: Household, identity: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    """Return account and symbol of positions that have no identical one in any account; none while raising cash."""
    if household.policy.tax.regime != "canada" or household.policy.mode == "raise_cash":
        return frozenset()
    held = [
        (identity.get(symbol, symbol), (account.account_number, symbol))
        for account in household.accounts
        for symbol, shares in account.positions.items()
        if shares
    ]
    names = [name for name, _ in held]
    return frozenset(position for name, position in held if names.count(name) == 1)
