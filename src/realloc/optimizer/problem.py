"""The household as arrays: the only place where money becomes float64 and labels become positions.

Arrays are flat over *pairs* (an account and a symbol that it holds or may buy), over the *lots* that may be
sold, over *groups* (what has a target: classes, symbols, unassigned symbols, cash) and over accounts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal
from math import floor, fsum, inf
from operator import itemgetter

import numpy as np
import numpy.typing as npt

from realloc._reading import LARGEST
from realloc.accounts import Account, Lot
from realloc.check import SHARES_TOLERANCE
from realloc.household import Household
from realloc.models import CASH
from realloc.optimizer.deferral import with_deferred
from realloc.optimizer.modes import restrict
from realloc.optimizer.restriction import Restriction
from realloc.optimizer.scopes import Scope, account_value, drift_weight, scopes_of
from realloc.tax.exact import exact
from realloc.tax.location import LocationCosts, resolved_location
from realloc.tax.quotes import exact_bid
from realloc.tax.regimes import rates_of, regime_of
from realloc.tax.relief import average_cost, relief_places

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]

FRACTION = 0.001
"""Step of share counts in a fractional account (rule QTY-1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Everything that may be traded: flat over pairs of account and symbol, sorted by wash group.

    `price`, `bid` and `ask` are dollars per share, `location` dollars per dollar, the rest shares.
    `whole` is the largest sale in whole steps; `least` and `least_sale` are the smallest orders. `groups`
    and `weights` have shape (pairs, k): the groups that a pair counts in and what a dollar of it counts in
    each, padded with the number of groups and zero. `rank` is
    the symbol's place in its class, 0 for the preferred one. `relieved` marks taxed pairs whose lots go in the
    order of a standing relief (rule SELL-3).
    """

    account: Ints
    symbol: Ints
    wash: Ints
    held: Floats
    price: Floats
    bid: Floats
    ask: Floats
    location: Floats
    buy_max: Floats
    sell_max: Floats
    whole: Floats
    least: Floats
    least_sale: Floats
    step: Floats
    groups: Ints
    weights: Floats
    rank: Ints
    relieved: Flags


@dataclass(frozen=True, slots=True, kw_only=True)
class Lots:
    """Lots that may be sold, by pair and within it by rising tax: tax and gain in dollars per share.

    Those of a relieved pair are in the order of its relief, and `loss` marks every lot behind the first loss: a
    sale that reaches it is a loss sale. `short_gain` is the gain of a short-term lot, zero for a long-term one.
    `first` has shape (pairs + 1,): the lots of pair p are ``first[p]:first[p + 1]``. `place` is a lot's position
    in its account's `lots`, -1 for a position without lots.
    """

    pair: Ints
    shares: Floats
    tax: Floats
    gain: Floats
    short_gain: Floats
    loss: Flags
    first: Ints
    place: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """What has a target, in dollars: target, band, and value of holdings before trading (cash apart).

    `low` and `high` are the range in which a mode lets the value after the plan be, infinite where it is free.
    """

    target: Floats
    band: Floats
    before: Floats
    low: Floats
    high: Floats

    @property
    def ranged(self) -> bool:
        """Whether some group has a range."""
        return bool(np.isfinite(self.low).any() or np.isfinite(self.high).any())

    def deviations(self) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
        """Return the least and the most dollars below the target, and the same above it."""
        under, over = self.target - self.high, self.target - self.low
        return (
            (np.maximum(under, 0.0), np.maximum(over, 0.0)),
            (np.maximum(-over, 0.0), np.maximum(-under, 0.0)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cash:
    """Cash of each account in dollars, its flow counted in; its location cost; the group that it counts in.

    `weight` is what a dollar of the account counts in its groups (rule VAL-3). `most` is what a mode lets it end
    at, infinite where it is free. `short` marks an account whose reserve no allowed sale reaches (rule CASH-2);
    its `reserve` here is the most that it can reach.
    """

    before: Floats
    reserve: Floats
    most: Floats
    location: Floats
    group: Ints
    weight: Floats
    short: Flags


@dataclass(frozen=True, slots=True, kw_only=True)
class Private:
    """Pairs whose only group has no other pair: their whole trade-off but cash is decided by themselves."""

    pair: Ints
    group: Ints
    lots: Ints
    owner: Ints
    """For each of `lots` (positions in the flat lots), the place in `pair` of the pair that it belongs to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Prices and caps of the policy; a cap that is not set is infinite.

    The caps on gains are what the year so far leaves of them, at least zero (rules CAP-2 and CAP-5).
    """

    inside_band: float
    outside_band: float
    commission: float
    order: float
    orders: float
    gain: float
    short_gain: float
    tax: float
    drift: float

    @property
    def on_orders(self) -> bool:
        """Whether an order costs something, or only so many may be made."""
        return self.order_cost > 0 or self.orders < inf

    @property
    def order_cost(self) -> float:
        """Dollars of the objective per order."""
        return self.commission + self.order


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A household as arrays.

    `accounts` are sorted by number, `symbols` by wash group and name. `coupled` has one flag per wash group: a
    loss sale in it and a buy in it exclude each other. `restriction` is what the policy's mode forbids. `location`
    is the location cost in dollars of the shares held before. `value` is V in dollars, `drift_value` what
    household drift is a part of (OBJ-5).
    """

    household: Household
    accounts: tuple[Account, ...]
    symbols: tuple[str, ...]
    scopes: tuple[Scope, ...]
    restriction: Restriction
    value: float
    drift_value: float
    pairs: Pairs
    lots: Lots
    groups: Groups
    cash: Cash
    limits: Limits
    coupled: Flags
    private: Private
    location: float

    @property
    def unit(self) -> float:
        """Dollars in one unit of the solver's models: 1/10,000 of all that the household has or owes."""
        gross = float(np.abs(self.cash.before).sum() + self.groups.before.sum())
        return max(gross, 1.0) * 1e-4


def build(household: Household) -> Problem:
    """Build the arrays of a household that `realloc.check` found sound.

    Rules that concern one pair alone (menus, no-buy, no-sell, caps on positions, recent purchases and loss
    sales) become bounds here: rules BUY-1, BUY-2, SELL-1, QTY-1, QTY-3, DNT-1, WASH-2 and WASH-3.
    """
    household = regime_of(household.policy.tax).plain(household)
    policy = household.policy
    scopes = tuple(scopes_of(household))
    accounts = tuple(sorted(household.accounts, key=lambda account: account.account_number))
    wash = _wash_rules(household)
    by_kind = resolved_location(household)
    location = [_location_costs(household, account, by_kind) for account in accounts]
    restriction = with_deferred(restrict(household, scopes), household)
    groups, first_group = _groups(household, scopes, restriction)
    candidates = {scope.own or a.account_number: s for s, scope in enumerate(scopes) for a in scope.accounts}
    rows: list[tuple[str, str, int]] = []
    table = _PairTable(household, wash, restriction)
    unbuyable = wash.unbuyable(household)
    for n, account in enumerate(accounts):
        menu: set[str] = set()
        if not account.do_not_trade:
            menu = _menu(account, scopes[candidates[account.account_number]], household) - unbuyable
            menu = _open_to(menu, account, restriction)
            names = {symbol for symbol, shares in account.positions.items() if shares > SHARES_TOLERANCE}
            rows += [(wash.group(symbol), symbol, n) for symbol in names | menu]
        table.open(account, menu)
    rows.sort()
    symbols = tuple(dict.fromkeys(symbol for _, symbol, _ in rows))
    roots = tuple(dict.fromkeys(root for root, _, _ in rows))
    scope_of = [candidates[account.account_number] for account in accounts]
    counts = [drift_weight(account, household) for account in accounts]
    for root, symbol, n in rows:
        s = scope_of[n]
        cover = tuple((first_group[s] + g, share * counts[n]) for g, share in scopes[s].cover[symbol])
        table.add(n, symbol, root, cover, location[n].get(symbol, 0.0), scopes[s].wanted.get(symbol, 0))
    pairs, lots = table.arrays(symbols, roots, len(groups.target))
    cash = Cash(
        before=np.array([account.cash + account.cash_flow for account in accounts]),
        reserve=np.array(
            [
                max(_cents_above(a.cash_reserve), restriction.floors.get(a.account_number, -inf))
                for a in accounts
            ]
        ),
        most=np.array([restriction.ceilings.get(account.account_number, inf) for account in accounts]),
        location=np.array([costs.get(CASH, 0.0) for costs in location]),
        group=np.array([_cash_group(first_group, scopes, candidates[a.account_number]) for a in accounts]),
        weight=np.array(counts),
        short=np.zeros(len(accounts), dtype=bool),
    )
    limits = Limits(
        inside_band=policy.drift.inside_band,
        outside_band=policy.drift.outside_band,
        commission=policy.costs.commission,
        order=policy.costs.order,
        orders=_cap(policy.max_orders),
        gain=_room(policy.max_realized_gain, household.tax_year.net if household.tax_year else 0.0),
        short_gain=_room(
            policy.max_short_term_gain, household.tax_year.net_short_term if household.tax_year else 0.0
        ),
        tax=_cap(policy.max_tax),
        drift=_cap(policy.max_drift),
    )
    pairs, lots, cash = _settle_reserves(pairs, lots, cash, limits)
    pairs = replace(pairs, buy_max=_useful_buys(pairs, groups, cash, limits))
    coupled = coupled_groups(pairs, lots, len(roots), avoid=policy.wash_sales.avoid or restriction.distinct)
    return Problem(
        household=household,
        accounts=accounts,
        symbols=symbols,
        scopes=scopes,
        restriction=restriction,
        value=fsum(account_value(account, household) for account in accounts),
        drift_value=fsum(scope.value for scope in scopes),
        pairs=pairs,
        lots=lots,
        groups=groups,
        cash=cash,
        limits=limits,
        coupled=coupled,
        private=private_pairs(pairs, lots, len(groups.target), coupled | limits.on_orders),
        location=fsum(
            costs[symbol] * shares * household.prices[symbol]
            for account, costs in zip(accounts, location, strict=True)
            for symbol, shares in account.positions.items()
            if shares and symbol in costs
        ),
    )


def _cap(value: float | None) -> float:
    return inf if value is None else value


def _room(cap: float | None, so_far: float) -> float:
    """Return the dollars of gain that a cap leaves a plan after the year so far."""
    return inf if cap is None else max(0.0, cap - so_far)


def _cents_above(dollars: float) -> float:
    """Return dollars rounded up to the cent: cash is rounded down before it is compared (rule CASH-1)."""
    return float(Decimal(repr(dollars)).quantize(Decimal("0.01"), ROUND_CEILING))


def _cash_group(first_group: list[int], scopes: tuple[Scope, ...], scope: int) -> int:
    return first_group[scope] + len(scopes[scope].groups) - 1


def _groups(
    household: Household, scopes: tuple[Scope, ...], restriction: Restriction
) -> tuple[Groups, list[int]]:
    target: list[float] = []
    band: list[float] = []
    before: list[float] = []
    first: list[int] = []
    for scope in scopes:
        first.append(len(target))
        target += [group.target * scope.value for group in scope.groups]
        band += [group.band * max(scope.value, 0.0) for group in scope.groups]
        parts: list[list[float]] = [[] for _ in scope.groups]
        for account in scope.accounts:
            counts = drift_weight(account, household)
            for symbol, shares in account.positions.items():
                for g, share in scope.cover.get(symbol, ()) if shares else ():
                    parts[g].append(shares * household.prices[symbol] * share * counts)
        before += [fsum(part) for part in parts]
    ranges = np.array(restriction.ranges or [(-inf, inf)] * len(target))
    return Groups(
        target=np.array(target),
        band=np.array(band),
        before=np.array(before),
        low=ranges[:, 0],
        high=ranges[:, 1],
    ), first


def _menu(account: Account, scope: Scope, household: Household) -> set[str]:
    """Return what the account may buy (rule BUY-1)."""
    menu = set(scope.wanted) & household.prices.keys()
    if account.only is not None:
        menu &= set(account.only)
    return menu - set(account.no_buy)


def _open_to(menu: set[str], account: Account, restriction: Restriction) -> set[str]:
    """Return what is left of a menu in the policy's mode."""
    if restriction.buys is None:
        return menu
    return {symbol for symbol in menu if (account.account_number, symbol) in restriction.buys}


def _location_costs(household: Household, account: Account, policy: LocationCosts) -> dict[str, float]:
    """Return location costs in dollars per dollar of each symbol, and of ``CASH``, in an account (rule OBJ-4)."""
    named = dict(account.location_cost)
    for name, by_kind in policy.items():
        named[name] = named.get(name, 0.0) + by_kind.get(account.kind, 0.0)
    costs: dict[str, float] = {}
    for name, cost in named.items():
        asset_class = household.model.classes.get(name)
        members = {name: 1.0} if asset_class is None or name == CASH else asset_class.symbols
        for symbol, share in members.items():
            costs[symbol] = costs.get(symbol, 0.0) + cost * share
    return costs


@dataclass(frozen=True, slots=True, kw_only=True)
class _WashRules:
    """Groups of identical symbols by their least name, and those with recent purchases or loss sales."""

    root: Mapping[str, str]
    bought: frozenset[str]
    sold_at_loss: frozenset[str]

    def group(self, symbol: str) -> str:
        return self.root.get(symbol, symbol)

    def unbuyable(self, household: Household) -> set[str]:
        if not self.sold_at_loss:
            return set()
        return {symbol for symbol in household.prices if self.group(symbol) in self.sold_at_loss}


def _wash_rules(household: Household) -> _WashRules:
    """Read rules WASH-0, WASH-2 and WASH-3 off the household."""
    wash = household.policy.wash_sales
    root: dict[str, str] = {}
    for group in wash.identical:
        met = {root.get(symbol, symbol) for symbol in group}
        joined = {*group, *(symbol for symbol, head in root.items() if head in met)}
        root |= dict.fromkeys(joined, min(joined, default=""))
    bought: set[str] = set()
    sold_at_loss: set[str] = set()
    if wash.avoid:
        since = household.as_of - timedelta(days=wash.window_days)
        sheltered = {a.account_number for a in household.accounts if a.kind != "taxable"}
        for trade in household.recent_trades:
            if trade.traded >= since:
                if trade.shares > 0:
                    bought.add(root.get(trade.symbol, trade.symbol))
                elif (trade.gain or 0.0) < 0 and trade.account_number not in sheltered:
                    sold_at_loss.add(root.get(trade.symbol, trade.symbol))
        for account in household.accounts:
            bought |= {root.get(lot.symbol, lot.symbol) for lot in account.lots if lot.acquired >= since}
    return _WashRules(root=root, bought=frozenset(bought), sold_at_loss=frozenset(sold_at_loss))


_BY_TAX = itemgetter(0, 1, 2, 3, 4)


class _PairTable:
    """Collects the flat lists of pairs and lots."""

    def __init__(self, household: Household, wash: _WashRules, restriction: Restriction) -> None:
        self.household = household
        self.wash = wash
        self.restriction = restriction
        regime = regime_of(household.policy.tax)
        self.tax = rates_of(household.policy.tax)
        self.cutoff: date = regime.long_until(household.as_of)
        self.sold_whole = regime.sold_whole(household)
        self.rows: list[tuple[float, ...]] = []
        self.names: list[tuple[str, str]] = []
        self.cover: list[tuple[tuple[int, float], ...]] = []
        self.lots: list[tuple[float, float, float, float, bool]] = []
        self.places: list[int] = []
        self.first = [0]
        self.accounts: list[tuple[Account, set[str], dict[str, list[tuple[int, Lot]]]]] = []
        self.quotes: dict[str, tuple[float, float, float]] = {}

    def open(self, account: Account, menu: set[str]) -> None:
        """Take the next account, with what it may buy."""
        lots: dict[str, list[tuple[int, Lot]]] = {}
        if account.kind == "taxable":
            for place, lot in enumerate(account.lots):
                lots.setdefault(lot.symbol, []).append((place, lot))
        self.accounts.append((account, menu, lots))

    def _quote(self, symbol: str) -> tuple[float, float, float]:
        quote = self.quotes.get(symbol)
        if quote is None:
            price = self.household.prices[symbol]
            half = self.household.spread_bps(symbol) / 20_000
            quote = self.quotes[symbol] = (price, price * (1 - half), price * (1 + half))
        return quote

    def add(
        self, n: int, symbol: str, root: str, cover: tuple[tuple[int, float], ...], location: float, rank: int
    ) -> None:
        """Add the pair of the account `n` and a symbol."""
        account, menu, lots = self.accounts[n]
        price, bid, ask = self._quote(symbol)
        held = account.positions.get(symbol, 0.0)
        step = FRACTION if account.fractional else 1.0
        sell_max = self._sellable(account, lots.get(symbol, []), symbol, held, root)
        buy_max = 0.0
        if symbol in menu:
            buy_max = inf
            if account.max_position_value is not None:
                buy_max = shares_within(account.max_position_value, price, step, held)
        smallest = self.household.policy.min_trade_value
        least = shares_worth(smallest, price, step) if smallest else step
        whole = floor(held / step * (1 + 1e-12)) * step
        if whole >= held or sell_max < held:
            whole = sell_max
        least_sale = least
        if self._must_go_whole(account, lots.get(symbol, ()), symbol, root):
            whole = 0.0
        if whole < least:
            enough = sell_max == held and Decimal(repr(held)) * Decimal(repr(price)) >= Decimal(
                repr(smallest)
            )
            least_sale = held if enough else inf
        relieved = account.lot_relief != "specific" and bool(lots.get(symbol))
        self.rows.append(
            (
                n,
                held,
                price,
                bid,
                ask,
                location,
                buy_max,
                sell_max,
                whole,
                least,
                least_sale,
                step,
                rank,
                relieved,
            )
        )
        self.names.append((symbol, root))
        self.cover.append(cover)
        self.first.append(len(self.lots))

    def _must_go_whole(
        self, account: Account, lots: Sequence[tuple[int, Lot]], symbol: str, root: str
    ) -> bool:
        """Return whether a position at a loss may be sold as a whole or not at all (rule CA-7)."""
        if root not in self.wash.bought or (account.account_number, symbol) not in self.sold_whole:
            return False
        return any(lot.cost_per_share > self.quotes[symbol][1] for _, lot in lots)

    def _sellable(
        self, account: Account, lots: list[tuple[int, Lot]], symbol: str, held: float, root: str
    ) -> float:
        """Append the lots of a pair that may be sold, by rising tax, and return the most shares to sell."""
        if held <= SHARES_TOLERANCE or symbol in account.no_sell:
            return 0.0
        if not self.restriction.may_sell(account.account_number, symbol):
            return 0.0
        if not lots:
            self.lots.append((held, 0.0, 0.0, 0.0, False))
            self.places.append(-1)
            return held
        if account.lot_relief != "specific":
            return self._relieved(account, lots, symbol, held, root)
        bid = self.quotes[symbol][1]
        short, long, loss_value = self.tax.short_term_rate, self.tax.long_term_rate, self.tax.loss_value
        keeps_losses = root in self.wash.bought
        only_whole = (account.account_number, symbol) in self.sold_whole
        closed = self.restriction.closed_lots
        found = []
        for place, lot in lots:
            gain = bid - lot.cost_per_share
            if (gain < 0 and keeps_losses and not only_whole) or (account.account_number, place) in closed:
                continue
            is_long = lot.acquired <= self.cutoff
            tax = gain * (long if is_long else short) * (loss_value if gain < 0 else 1.0)
            found.append((tax, lot.acquired.toordinal(), lot.cost_per_share, lot.shares, lot.id, gain, place))
        found.sort(key=_BY_TAX)
        cutoff = self.cutoff.toordinal()
        self.lots += [(e[3], e[0], e[5], 0.0 if e[1] <= cutoff else e[5], e[5] < 0) for e in found]
        self.places += [entry[6] for entry in found]
        if len(found) == len(lots):
            return held
        step = FRACTION if account.fractional else 1.0
        return floor(fsum(entry[3] for entry in found) / step + 1e-9) * step

    def _relieved(
        self, account: Account, lots: list[tuple[int, Lot]], symbol: str, held: float, root: str
    ) -> float:
        """Append the lots of a pair in the order of its account's relief, and return the most shares to sell."""
        household = self.household
        listed = [lot for _, lot in lots]
        bid = exact_bid(household, symbol)
        order = relief_places(
            listed, method=account.lot_relief, price=bid, sold=household.as_of, tax=self.tax
        )
        average = average_cost(listed) if account.lot_relief == "average" else None
        supply, loses = [], False
        for place in order:
            lot = listed[place]
            gain = float(bid - (exact(lot.cost_per_share) if average is None else average))
            loses = loses or gain < 0
            closed = (account.account_number, lots[place][0]) in self.restriction.closed_lots
            if closed or (loses and root in self.wash.bought):
                break
            is_long = lot.acquired <= self.cutoff
            rate = self.tax.long_term_rate if is_long else self.tax.short_term_rate
            tax = gain * rate * (self.tax.loss_value if gain < 0 else 1.0)
            self.lots.append((lot.shares, tax, gain, 0.0 if is_long else gain, loses))
            self.places.append(lots[place][0])
            supply.append(lot.shares)
        if len(supply) == len(listed):
            return held
        step = FRACTION if account.fractional else 1.0
        return floor(fsum(supply) / step + 1e-9) * step

    def arrays(self, symbols: tuple[str, ...], roots: tuple[str, ...], n_groups: int) -> tuple[Pairs, Lots]:
        """Return what was collected as arrays."""
        symbol_index = {symbol: n for n, symbol in enumerate(symbols)}
        root_index = {root: n for n, root in enumerate(roots)}
        columns = np.array(self.rows, dtype=float).reshape(-1, 14).T
        width = max((len(cover) for cover in self.cover), default=1)
        padding = (n_groups, 0.0)
        cover = np.array([(*c, *[padding] * (width - len(c))) for c in self.cover]).reshape(-1, width, 2)
        lots = np.array(self.lots, dtype=float).reshape(-1, 5).T
        first = np.array(self.first, dtype=np.intp)
        pairs = Pairs(
            account=columns[0].astype(np.intp),
            symbol=np.array([symbol_index[symbol] for symbol, _ in self.names], dtype=np.intp),
            wash=np.array([root_index[root] for _, root in self.names], dtype=np.intp),
            held=columns[1],
            price=columns[2],
            bid=columns[3],
            ask=columns[4],
            location=columns[5],
            buy_max=columns[6],
            sell_max=columns[7],
            whole=columns[8],
            least=columns[9],
            least_sale=columns[10],
            step=columns[11],
            groups=cover[:, :, 0].astype(np.intp),
            weights=cover[:, :, 1],
            rank=columns[12].astype(np.intp),
            relieved=columns[13] > 0,
        )
        return pairs, Lots(
            pair=np.repeat(np.arange(len(self.rows)), np.diff(first)),
            shares=lots[0],
            tax=lots[1],
            gain=lots[2],
            short_gain=lots[3],
            loss=lots[4] > 0,
            first=first,
            place=np.array(self.places, dtype=np.intp),
        )


def sum_by(index: Ints, values: Floats | Flags, n: int) -> Floats:
    """Return the sums of `values` by their `index`, an array of length `n`."""
    return np.asarray(np.bincount(index, weights=values, minlength=n), dtype=float)


def shares_within(value: float, price: float, step: float, held: float) -> float:
    """Return how many shares can be added to `held` so that all are worth at most `value` (exactly)."""
    room = Decimal(repr(value)) / Decimal(repr(price)) - Decimal(repr(held))
    return max(0.0, float(room // Decimal(repr(step))) * step)


def shares_worth(value: float, price: float, step: float) -> float:
    """Return the fewest shares, at least one step, that are worth `value` dollars (exactly)."""
    steps = max(1, floor(value / price / step))
    if value > 0:
        exact, each = Decimal(repr(value)), Decimal(repr(price)) * Decimal(repr(step))
        while steps * each < exact:
            steps += 1
    return round(steps * step, 3)


def _settle_reserves(pairs: Pairs, lots: Lots, cash: Cash, limits: Limits) -> tuple[Pairs, Lots, Cash]:
    """Forget sales that are too small for an order, and find the accounts whose reserve no sale reaches.

    Those sell all that brings cash, and buy nothing: their reserve becomes the most that they can reach.
    """
    proceeds = pairs.bid * pairs.sell_max - limits.commission
    possible = pairs.sell_max >= pairs.least_sale
    useful = possible & (proceeds > 0)
    most = cash.before + sum_by(pairs.account, np.where(useful, proceeds, 0.0), len(cash.before))
    short = most < cash.reserve - 1e-9
    in_short = short[pairs.account]
    sold = np.where(in_short, useful, possible)
    if not sold.all():
        keep = sold[lots.pair]
        counts = np.bincount(lots.pair[keep], minlength=len(pairs.held))
        lots = Lots(
            pair=lots.pair[keep],
            shares=lots.shares[keep],
            tax=lots.tax[keep],
            gain=lots.gain[keep],
            short_gain=lots.short_gain[keep],
            loss=lots.loss[keep],
            first=np.concatenate([[0], np.cumsum(counts)]),
            place=lots.place[keep],
        )
    pairs = replace(
        pairs,
        buy_max=np.where(in_short, 0.0, pairs.buy_max),
        sell_max=np.where(sold, pairs.sell_max, 0.0),
        whole=np.where(sold, pairs.whole, 0.0),
    )
    return pairs, lots, replace(cash, short=short, reserve=np.where(short, most, cash.reserve))


def _useful_buys(pairs: Pairs, groups: Groups, cash: Cash, limits: Limits) -> Floats:
    """Lower the caps on buys to what the account can pay for and what can lower the objective.

    Buying past the point where every group of a symbol is above its band only moves money from cash to a group
    in which a dollar off target costs as much: never better, unless location or a drift cap say so.
    """
    n_groups = len(groups.target)
    can_buy = pairs.buy_max > 0
    sales = pairs.bid * pairs.sell_max
    funds = cash.before - cash.reserve + sum_by(pairs.account, sales, len(cash.before))
    payable = (funds[pairs.account] - sales) / pairs.ask + pairs.step
    value = pairs.sell_max * pairs.price
    sellable = np.zeros(n_groups + 1)
    np.add.at(sellable, pairs.groups, value[:, None] * pairs.weights)
    top = np.maximum(groups.target + groups.band, groups.low)
    room = np.append(top - groups.before, 0.0) + sellable
    with np.errstate(divide="ignore", invalid="ignore"):
        fill = (room[pairs.groups] - value[:, None] * pairs.weights) / pairs.weights
    fill = np.where(pairs.weights > 0, fill, -inf).max(axis=1)
    useful = np.maximum(fill, 0.0) / pairs.price + np.maximum(pairs.step, pairs.least)
    half = pairs.ask / pairs.price - 1
    saves = half * (1 - limits.outside_band) + pairs.location >= cash.location[pairs.account] * (1 + half)
    whole = pairs.weights.sum(axis=1) >= cash.weight[pairs.account] - 1e-12
    applies = saves & whole & (limits.drift == inf)
    most = np.minimum(np.minimum(pairs.buy_max, LARGEST), np.maximum(payable, 0.0))
    most = np.where(applies, np.minimum(most, useful), most)
    most = np.floor(most / pairs.step + 1e-9) * pairs.step
    return np.where(can_buy & (most >= pairs.least), most, 0.0)


def coupled_groups(pairs: Pairs, lots: Lots, n_wash: int, *, avoid: bool) -> Flags:
    """Return which wash groups have both a loss lot to sell and something to buy (rule WASH-1)."""
    loss = np.zeros(n_wash, dtype=bool)
    buys = np.zeros(n_wash, dtype=bool)
    if avoid:
        loss[pairs.wash[lots.pair[lots.loss]]] = True
        buys[pairs.wash[pairs.buy_max > 0]] = True
    return loss & buys


def private_pairs(pairs: Pairs, lots: Lots, n_groups: int, torn: Flags) -> Private:
    """Find the pairs that are alone in their only group and in their wash group, of the wash groups in `torn`.

    Elsewhere a price of the group's own would not raise the bound.
    """
    counts = np.bincount(pairs.groups.ravel(), minlength=n_groups + 1)
    alone = (counts[pairs.groups[:, 0]] == 1) & (pairs.groups[:, 1:] == n_groups).all(axis=1)
    alone &= pairs.weights[:, 0] > 0
    alone &= ((np.bincount(pairs.wash, minlength=len(torn)) == 1) & torn)[pairs.wash]
    chosen = np.flatnonzero(alone)
    place = np.full(len(pairs.held), -1)
    place[chosen] = np.arange(len(chosen))
    owner = place[lots.pair]
    return Private(
        pair=chosen, group=pairs.groups[chosen, 0], lots=np.flatnonzero(owner >= 0), owner=owner[owner >= 0]
    )
