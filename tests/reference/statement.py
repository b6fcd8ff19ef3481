"""A household restated in exact rationals, rule by rule from the specification: the referees' common ground.

Every float is read as its shortest decimal text. Nothing of the optimizer or of the audit is used, so that
agreement with them means something.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from math import floor

from realloc.accounts import KINDS, Account, Lot
from realloc.household import Household
from realloc.models import CASH, Band
from realloc.returns import DEFAULT_RETURNS, Returns
from tests.reference.modes import restrict

Key = tuple[str, str]
"""Account number and symbol."""

ZERO = Fraction(0)


def exact(number: float) -> Fraction:
    """Return the rational that the shortest decimal text of `number` says."""
    return Fraction(str(number))


@dataclass(frozen=True, slots=True, kw_only=True)
class LotTerms:
    """A taxed lot: shares, and per share its gain and tax at the bid."""

    lot: Lot
    shares: Fraction
    gain: Fraction
    tax: Fraction

    @property
    def loss(self) -> bool:
        """Whether selling it is a loss sale (WASH-0)."""
        return self.gain < 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """What may be done with one symbol in one account, and what it costs.

    `may_trade` and `on_menu` say what the account's own rules let be sold and bought; `closed` are the places of
    lots that a mode closes.
    """

    account: str
    symbol: str
    family: str
    held: Fraction
    price: Fraction
    half_spread: Fraction
    unit: Fraction
    may_buy: bool
    may_sell: bool
    most_value: Fraction | None
    location: Fraction
    lots: tuple[LotTerms, ...] | None
    may_trade: bool
    on_menu: bool
    closed: frozenset[int] = frozenset()
    standing: tuple[int, ...] | None = None
    """Places of the lots in the order of the account's standing relief (SELL-3); None: any may be chosen."""
    only_whole: bool = False
    """It may be sold as a whole or not at all (CA-7)."""

    @property
    def bid(self) -> Fraction:
        return self.price * (1 - self.half_spread)

    @property
    def ask(self) -> Fraction:
        return self.price * (1 + self.half_spread)

    def sales(self) -> list[Fraction]:
        """Every quantity that QTY-1 lets one sell, least first."""
        if not self.may_sell:
            return []
        if self.only_whole:
            return [self.held]
        whole = [n * self.unit for n in range(1, floor(self.held / self.unit) + 1)]
        return whole if whole and whole[-1] == self.held else [*whole, self.held]

    def most_bought(self, dollars: Fraction) -> int:
        """How many units `dollars` and BUY-2 let one buy."""
        if not self.may_buy:
            return 0
        if self.most_value is not None:
            dollars = min(dollars, (self.most_value / self.price - self.held) * self.ask)
        return max(0, floor(dollars / (self.ask * self.unit)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Purse:
    """Cash of one account: with its cash flow before trading, its reserve, and its location cost."""

    account: str
    cash: Fraction
    reserve: Fraction
    location: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One target: what counts in it, its dollars and the half-width of its band in dollars.

    `accounts` says what a dollar of each account counts (VAL-3).
    `wanted`: its weight is above zero (BUY-1). `worth` is the value of its scope.
    """

    name: str
    scope: str
    target: Fraction
    width: Fraction
    shares: Mapping[str, Fraction]
    accounts: Mapping[str, Fraction]
    cash: bool
    wanted: bool
    worth: Fraction

    def weight(self, pair: Pair) -> Fraction:
        """Return the part of a pair's value that counts here."""
        return self.shares.get(pair.symbol, ZERO) * self.accounts.get(pair.account, ZERO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """The whole problem. `banned` are the families of which no loss may be taken (WASH-2)."""

    household: Household
    value: Fraction
    drift_value: Fraction
    purses: tuple[Purse, ...]
    pairs: Mapping[Key, Pair]
    groups: tuple[Group, ...]
    banned: frozenset[str]
    avoid: bool

    def cap(self, name: str) -> Fraction | None:
        """Return a policy's cap as a rational."""
        cap = getattr(self.household.policy, name)
        return None if cap is None else exact(cap)


def state(household: Household) -> Statement:
    """Return `household` as a statement."""
    families = _families(household.policy.wash_sales.identical)
    avoid = household.policy.wash_sales.mode == "avoid"
    bought, sold = _recent(household, families) if avoid else (frozenset(), frozenset())
    sole = _sole(household, families)
    groups: list[Group] = []
    pairs: dict[Key, Pair] = {}
    for scope in _scopes(household):
        groups += scope
        wanted = {symbol for group in scope if group.wanted for symbol in group.shares}
        for account in household.accounts:
            if account.account_number not in scope[0].accounts:
                continue
            for symbol in sorted({*wanted, *account.positions} - {CASH}):
                if symbol in household.prices:
                    pairs[account.account_number, symbol] = _pair(
                        household,
                        account,
                        symbol,
                        families.get(symbol, symbol),
                        wanted=symbol in wanted,
                        fresh=families.get(symbol, symbol) not in sold,
                        only_whole=families.get(symbol, symbol) in bought & sole,
                    )
    statement = Statement(
        household=household,
        value=sum((_worth(household, account) for account in household.accounts), ZERO),
        drift_value=sum((_counted(household, account) for account in household.accounts), ZERO),
        purses=tuple(
            Purse(
                account=account.account_number,
                cash=exact(account.cash) + exact(account.cash_flow),
                reserve=exact(account.cash_reserve),
                location=_location(household, account, CASH),
            )
            for account in household.accounts
        ),
        pairs=pairs,
        groups=tuple(groups),
        banned=bought - sole,
        avoid=avoid,
    )
    return restrict(statement)


def _worth(household: Household, account: Account) -> Fraction:
    held = (exact(n) * exact(household.prices[s]) for s, n in account.positions.items() if s != CASH)
    return exact(account.cash) + exact(account.cash_flow) + sum(held, ZERO)


def _after_tax(household: Household, account: Account) -> Fraction:
    return exact(household.policy.after_tax_weights.get(account.kind, 1.0))


def _counted(household: Household, account: Account) -> Fraction:
    """Return what an account counts in weights (VAL-3)."""
    return _worth(household, account) * _after_tax(household, account)


def _scopes(household: Household) -> Iterator[list[Group]]:
    """Yield the groups of each scope (VAL-2, CLS-1, CLS-2)."""
    model = household.model
    common = [account for account in household.accounts if not account.targets]
    for followers in [[account] for account in common] if household.policy.mirror else filter(None, [common]):
        names = [name for name in model.classes if name != CASH]
        names += [name for name in model.targets if name not in {*names, CASH}]
        yield _scope(household, "", followers, model.targets, names)
    for account in household.accounts:
        if account.targets:
            names = [name for name in account.targets if name != CASH]
            yield _scope(household, account.account_number, [account], account.targets, names)


def _scope(
    household: Household, scope: str, accounts: list[Account], targets: Mapping[str, float], names: list[str]
) -> list[Group]:
    value = sum((_counted(household, account) for account in accounts), ZERO)
    total = sum((exact(weight) for weight in targets.values()), ZERO) or Fraction(1)
    numbers = {account.account_number: _after_tax(household, account) for account in accounts}
    classes = household.model.classes

    def group(name: str, shares: dict[str, Fraction]) -> Group:
        weight = exact(targets.get(name, 0.0)) / total
        own = classes[name].band if name in classes else None
        return Group(
            name=name,
            scope=scope,
            target=weight * value,
            width=_width(own or household.policy.band, weight) * max(value, ZERO),
            shares=shares,
            accounts=numbers,
            cash=name == CASH,
            wanted=weight > 0,
            worth=value,
        )

    groups = [group(CASH, {})]
    for name in names:
        shares = {name: Fraction(1)}
        if name in classes:
            shares = {symbol: exact(share) for symbol, share in classes[name].symbols.items()}
        groups.append(group(name, shares))
    covered = {symbol for item in groups for symbol, share in item.shares.items() if share > 0}
    held = {symbol for account in accounts for symbol, shares in account.positions.items() if shares}
    return groups + [group(symbol, {symbol: Fraction(1)}) for symbol in sorted(held - covered - {CASH})]


def _width(band: Band, weight: Fraction) -> Fraction:
    """Return the half-width of a band in weight (BAND-1)."""
    measures = []
    if band.absolute is not None:
        measures.append(exact(band.absolute))
    if band.relative is not None:
        measures.append(exact(band.relative) * weight)
    return min(measures)


def _pool_cost(household: Household, owner: str, symbol: str) -> Fraction:
    """Return what a taxpayer paid for a share on average, to the nearest float (CA-1)."""
    lots = [
        lot
        for account in household.accounts
        for lot in account.lots
        if account.kind == "taxable" and account.owner == owner and lot.symbol == symbol
    ]
    shares = sum((exact(lot.shares) for lot in lots), ZERO)
    paid = sum((exact(lot.shares) * exact(lot.cost_per_share) for lot in lots), ZERO)
    return exact(float(paid / shares)) if shares else ZERO


def _sole(household: Household, families: Mapping[str, str]) -> set[str]:
    """Return the families of which the household has one position, that may go as a whole (CA-7)."""
    if household.policy.tax.regime != "canada" or household.policy.mode == "raise_cash":
        return set()
    held = [
        families.get(symbol, symbol)
        for account in household.accounts
        for symbol, shares in account.positions.items()
        if shares
    ]
    return {family for family in held if held.count(family) == 1}


def _pair(
    household: Household,
    account: Account,
    symbol: str,
    family: str,
    *,
    wanted: bool,
    fresh: bool,
    only_whole: bool,
) -> Pair:
    half = exact(household.spread_bps(symbol)) / 20_000
    price = exact(household.prices[symbol])
    held = exact(account.positions.get(symbol, 0.0))
    trade = not account.do_not_trade
    on_menu = account.only is None or symbol in account.only
    lots = [lot for lot in account.lots if lot.symbol == symbol]
    cap = account.max_position_value
    bid = price * (1 - half)
    costs = {n: exact(lot.cost_per_share) for n, lot in enumerate(lots)}
    if account.lot_relief == "average" and lots:
        paid = sum((exact(lot.shares) * exact(lot.cost_per_share) for lot in lots), ZERO)
        costs = dict.fromkeys(costs, paid / sum((exact(lot.shares) for lot in lots), ZERO))
    canada = household.policy.tax.regime == "canada"
    if canada and account.kind == "taxable":
        costs = dict.fromkeys(costs, _pool_cost(household, account.owner, symbol))
        lots = [replace(lot, cost_per_share=float(costs[n])) for n, lot in enumerate(lots)]
    terms = tuple(_lot(household, lot, bid - costs[n]) for n, lot in enumerate(lots))
    return Pair(
        account=account.account_number,
        symbol=symbol,
        family=family,
        held=held,
        price=price,
        half_spread=half,
        unit=Fraction(1, 1000) if account.fractional else Fraction(1),
        may_buy=trade and wanted and fresh and on_menu and symbol not in account.no_buy,
        may_sell=trade and symbol not in account.no_sell and held > 0,
        most_value=None if cap is None else exact(cap),
        location=_location(household, account, symbol),
        lots=terms if lots and account.kind == "taxable" else None,
        standing=None if canada else _standing(account.lot_relief, terms),
        only_whole=only_whole and any(lot.loss for lot in terms) and account.kind == "taxable",
        may_trade=trade and symbol not in account.no_sell,
        on_menu=wanted and on_menu and symbol not in account.no_buy,
    )


def _standing(relief: str, lots: tuple[LotTerms, ...]) -> tuple[int, ...] | None:
    """Return the order of a standing relief (LOT-1 to LOT-4, LOT-6)."""
    aged = sorted(
        range(len(lots)), key=lambda n: (lots[n].lot.acquired, lots[n].lot.cost_per_share, lots[n].shares)
    )
    if relief == "specific":
        return None
    if relief == "lifo":
        aged = aged[::-1]
    elif relief == "hifo":
        aged.sort(key=lambda n: lots[n].gain)
    elif relief == "lowest_tax":
        aged.sort(key=lambda n: lots[n].tax)
    return tuple(aged)


def _lot(household: Household, lot: Lot, gain: Fraction) -> LotTerms:
    tax = household.policy.tax
    long = is_long_term(lot.acquired, household.as_of)
    rate = exact(tax.long_term_rate if long else tax.short_term_rate)
    if tax.regime == "canada":
        rate = exact(tax.short_term_rate) / 2
    worth = exact(tax.loss_value) if gain < 0 else Fraction(1)
    return LotTerms(lot=lot, shares=exact(lot.shares), gain=gain, tax=gain * rate * worth)


def is_long_term(acquired: date, sold: date) -> bool:
    """Return whether a lot is long-term (TERM-1)."""
    start = acquired + timedelta(days=1)
    try:
        return sold >= start.replace(year=start.year + 1)
    except ValueError:
        return sold >= date(start.year + 1, 3, 1)


def located(household: Household) -> Iterator[tuple[str, str, float]]:
    """Yield name, kind of account and dollars per dollar of the policy's location rules (OBJ-4, RATE-6 to 10)."""
    policy = household.policy
    for name, by_kind in policy.location.items():
        yield from ((name, kind, cost) for kind, cost in by_kind.items())
    for name, order in policy.location_preference.items():
        for kind in KINDS:
            place = order.index(kind) if kind in order else len(order)
            yield name, kind, round(place * policy.location_terms.preference_step, 9)
    returns = policy.location_from_returns
    if returns is True:
        others = {*policy.location, *policy.location_preference}
        returns = {name: usual for name, usual in DEFAULT_RETURNS.items() if name not in others}
    for name, expected in returns.items():
        yearly = expected.income + expected.growth
        costs = {
            "taxable": round(_drag(household, expected), 6),
            "tax_deferred": round(policy.location_terms.withdrawal_rate * yearly, 6),
            "tax_exempt": 0.0,
        }
        kinds = {account.kind for account in household.accounts}
        least = min(costs[kind] for kind in kinds)
        yield from ((name, kind, round(costs[kind] - least, 6)) for kind in kinds)


def _drag(household: Household, returns: Returns) -> float:
    """Return the drag of taxes by walking the years with a value and a basis (RATE-6)."""
    tax, years = household.policy.tax, int(household.policy.location_terms.horizon_years)
    value, basis = 1.0, 1.0
    for _ in range(years):
        income = value * returns.income
        realized = value * returns.growth * returns.turnover
        due = income * (1 - returns.qualified - returns.exempt) * tax.short_term_rate
        due += (income * returns.qualified + realized) * tax.long_term_rate
        basis += income + realized - due
        value += income + value * returns.growth - due
    after_tax = value - tax.long_term_rate * (value - basis)
    return float(returns.income + returns.growth - (after_tax ** (1 / years) - 1))


def _location(household: Household, account: Account, symbol: str) -> Fraction:
    """Return the location cost of a dollar of `symbol`, or of cash, in an account (OBJ-4)."""
    classes = household.model.classes
    costs = [(name, cost) for name, cost in account.location_cost.items()]
    costs += [(name, cost) for name, kind, cost in located(household) if kind == account.kind]
    total = ZERO
    for name, cost in costs:
        if name in classes and name != CASH:
            total += exact(cost) * exact(classes[name].symbols.get(symbol, 0.0))
        elif name == symbol:
            total += exact(cost)
    return total


def _families(identical: Iterable[Iterable[str]]) -> dict[str, str]:
    """Return a representative of each symbol that is identical to others, directly or through others."""
    family: dict[str, str] = {}
    for group in identical:
        members = list(group)
        joined = {family.get(member, member) for member in members} | set(members)
        joined |= {symbol for symbol, name in family.items() if name in joined}
        family |= dict.fromkeys(joined, min(joined)) if joined else {}
    return family


def _recent(household: Household, families: Mapping[str, str]) -> tuple[frozenset[str], frozenset[str]]:
    """Return the families bought, and those sold at a loss, in the window (WASH-2, WASH-3)."""
    first = household.as_of - timedelta(days=household.policy.wash_sales.window_days)
    kinds = {account.account_number: account.kind for account in household.accounts}
    bought: set[str] = set()
    sold: set[str] = set()
    for trade in household.recent_trades:
        if not first <= trade.traded <= household.as_of:
            continue
        if trade.shares > 0:
            bought.add(trade.symbol)
        elif (trade.gain or 0) < 0 and kinds.get(trade.account_number, "taxable") == "taxable":
            sold.add(trade.symbol)
    for account in household.accounts:
        bought |= {lot.symbol for lot in account.lots if first <= lot.acquired <= household.as_of}
    return (
        frozenset(families.get(symbol, symbol) for symbol in bought),
        frozenset(families.get(symbol, symbol) for symbol in sold),
    )
