"""Compare what a plan states of wash sales with what the audit matched (WASH-4 to WASH-7)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal

from realloc.audit.book import Book
from realloc.audit.claimed_figures import ROUNDED_CENT, agrees, differs
from realloc.audit.exact import CENT, LIMIT_TOLERANCE, ZERO, exact, usd
from realloc.audit.identity import identities
from realloc.audit.lots import is_number
from realloc.audit.terms import shifted
from realloc.audit.washed import Washed
from realloc.errors import Issue
from realloc.plan import NoBuy, PlannedWashSales


def check_wash_claims(book: Book, claim: PlannedWashSales, washed: Washed) -> Iterator[Issue]:
    """Check disallowed losses, their sums, and the window after the plan."""
    yield from _check_disallowed(claim, washed)
    for name, lost in (("deferred", False), ("lost", True)):
        amounts = [each.amount for each in washed.denied if (not each.supply.taxable) == lost]
        total = sum(amounts, ZERO)
        if not agrees(getattr(claim, name), total, CENT):
            yield differs("WASH-6", f"wash_sales.{name}", name, getattr(claim, name), usd(total))
    yield from _check_no_buy(book, claim, _last_days(book, washed))


def _check_disallowed(claim: PlannedWashSales, washed: Washed) -> Iterator[Issue]:
    figures: dict[tuple[str, ...], tuple[Decimal, Decimal]] = {}
    for each in washed.denied:
        effect = "deferred" if each.supply.taxable else "lost"
        place = (each.account, each.symbol, each.lot, effect, each.supply.key[2], each.supply.symbol)
        day = each.supply.key[0].isoformat()
        shares, amount = figures.get((*place, day), (ZERO, ZERO))
        figures[*place, day] = (shares + each.shares, amount + each.amount)
    stated: dict[tuple[str, ...], tuple[Decimal, Decimal]] = {}
    for sale in claim.disallowed:
        if not (is_number(sale.shares) and is_number(sale.disallowed)):
            where = f"wash_sales.disallowed[{sale.symbol!r} in {sale.account_number}]"
            message = f"${sale.disallowed} of loss on {sale.shares} shares: both have to be numbers"
            yield Issue(code="WASH-4", where=where, message=message)
            continue
        place = (sale.account_number, sale.symbol, sale.lot, sale.effect, sale.replaced_in, sale.replaced_by)
        day = sale.bought.isoformat()
        shares, amount = stated.get((*place, day), (ZERO, ZERO))
        stated[*place, day] = (shares + exact(sale.shares), amount + exact(sale.disallowed))
    for key in sorted({*figures, *stated}):
        shares, amount = figures.get(key, (ZERO, ZERO))
        said, dollars = stated.get(key, (ZERO, ZERO))
        if abs(said - shares) > LIMIT_TOLERANCE or abs(dollars - amount) > ROUNDED_CENT:
            where = f"wash_sales.disallowed[{key[1]!r} in {key[0]}]"
            yield differs("WASH-4", where, "the disallowed loss", usd(dollars), usd(amount))


def _check_no_buy(book: Book, claim: PlannedWashSales, expected: Mapping[str, date]) -> Iterator[Issue]:
    """Check the days through which symbols must not be bought, in every account, and whose the accounts are."""
    owners = {number: account.owner for number, account in book.accounts.items()}
    everyone = {*owners.values()} - {""}
    whole = [b for b in claim.no_buy if b.accounts == (*owners,) and everyone <= {*b.owners}]
    if len(whole) == len(claim.no_buy) == len(expected) and {b.symbol: b.until for b in whole} == expected:
        return
    stated: dict[str, dict[str, NoBuy]] = {}
    for block in claim.no_buy:
        stated.setdefault(block.symbol, {}).update(dict.fromkeys(block.accounts, block))
    for symbol in sorted({*stated, *expected}):
        blocks = stated.get(symbol, {})
        wanted = dict.fromkeys(owners, expected[symbol]) if symbol in expected else {}
        for number in sorted({*blocks, *wanted}):
            said, last, owner = blocks.get(number), wanted.get(number), owners.get(number)
            until = None if said is None else said.until
            if until != last or (said is not None and owner and owner not in said.owners):
                where = f"wash_sales.no_buy[{symbol!r}]"
                yield differs("WASH-7", where, f"the end of the window in account {number}", until, last)


def _last_days(book: Book, washed: Washed) -> dict[str, date]:
    """Return the day through which each symbol must not be bought."""
    rules = book.household.policy.wash_sales
    identity = identities(rules.identical)
    ends = {sold: shifted(sold, rules.window_days) for sold in {*washed.standing.values()}}
    until: dict[str, date] = {}
    for symbol, sold in washed.standing.items():
        end = ends[sold]
        mine = identity.get(symbol, symbol)
        for name in {symbol, *(other for other, one in identity.items() if one == mine)}:
            if end >= book.household.as_of:
                until[name] = max(end, until.get(name, end))
    return until
