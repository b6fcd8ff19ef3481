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
from realloc.checking import SHARES_TOLERANCE
from realloc.household import Household
from realloc.models import CASH
from realloc.optimizer.deferral import with_deferred
from realloc.optimizer.modes import restrict
from realloc.optimizer.restriction import FRACTION, Restriction
from realloc.optimizer.scopes import Scope, account_value, drift_weight, scopes_of
from realloc.tax.exact import exact
from realloc.tax.location import LocationCosts, resolved_location
from realloc.tax.quotes import exact_bid
from realloc.tax.regimes import rates_of, regime_of
from realloc.tax.relief import average_cost, relief_places

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
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
    scopes = tuple(scopes_of(household))
    wash = _wash_rules(household)
    restriction = with_deferred(restrict(household, scopes), household)
    groups, first_group = _groups(household, scopes, restriction)
    seats = _seats(household, scopes, first_group, wash, restriction)
    table = _PairTable(household, seats, wash, restriction)
    pairs, lots = table.arrays(scopes, len(groups.target))
    cash, limits = _cash(seats, scopes, restriction), _limits(household)
    pairs, lots, cash = _settle_reserves(pairs, lots, cash, limits)
    pairs = replace(pairs, buy_max=_useful_buys(pairs, groups, cash, limits))
    avoid = household.policy.wash_sales.avoid or restriction.distinct
    coupled = coupled_groups(pairs, lots, len(table.roots), avoid=avoid)
    return Problem(
        household=household,
        accounts=tuple(seat.account for seat in seats),
        symbols=table.symbols,
        scopes=scopes,
        restriction=restriction,
        value=fsum(account_value(seat.account, household) for seat in seats),
        drift_value=fsum(scope.value for scope in scopes),
        pairs=pairs,
        lots=lots,
        groups=groups,
        cash=cash,
        limits=limits,
        coupled=coupled,
        location=fsum(
            seat.location[symbol] * shares * household.prices[symbol]
            for seat in seats
            for symbol, shares in seat.account.positions.items()
            if shares and symbol in seat.location
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class _Seat:
    """An account with the place of its scope, the scope's first group, and what it may buy.

    `held` is what it may trade of what it holds, `lots` are those of a taxable account by symbol, each with its
    place. `counts` is what a dollar counts in weights (rule VAL-3), `location` what it costs in a symbol or in cash.
    """

    account: Account
    scope: int
    first_group: int
    menu: set[str]
    held: set[str]
    lots: Mapping[str, list[tuple[int, Lot]]]
    counts: float
    location: Mapping[str, float]


def _seats(
    household: Household,
    scopes: tuple[Scope, ...],
    first_group: list[int],
    wash: _WashRules,
    restriction: Restriction,
) -> list[_Seat]:
    """Return the accounts in the order of their numbers."""
    scope_of = {one.account_number: s for s, scope in enumerate(scopes) for one in scope.accounts}
    by_kind = resolved_location(household)
    unbuyable = wash.unbuyable(household)
    wanted = [(scope.wanted.keys() & household.prices.keys()) - unbuyable for scope in scopes]
    seats = []
    for account in sorted(household.accounts, key=lambda account: account.account_number):
        s = scope_of[account.account_number]
        trades = not account.do_not_trade
        seats.append(
            _Seat(
                account=account,
                scope=s,
                first_group=first_group[s],
                menu=_menu(account, wanted[s], restriction) if trades else set(),
                held={
                    symbol
                    for symbol, shares in account.positions.items()
                    if shares > SHARES_TOLERANCE and trades
                },
                lots=_lots_by_symbol(account),
                counts=drift_weight(account, household),
                location=_location_costs(household, account, by_kind),
            )
        )
    return seats


def _lots_by_symbol(account: Account) -> dict[str, list[tuple[int, Lot]]]:
    """Return the lots of a taxable account with their places."""
    lots: dict[str, list[tuple[int, Lot]]] = {}
    if account.kind == "taxable":
        for place, lot in enumerate(account.lots):
            lots.setdefault(lot.symbol, []).append((place, lot))
    return lots


def _cash(seats: Sequence[_Seat], scopes: Sequence[Scope], restriction: Restriction) -> Cash:
    numbers = [seat.account.account_number for seat in seats]
    floors = [restriction.floors.get(number, -inf) for number in numbers]
    reserves = [_cents_above(seat.account.cash_reserve) for seat in seats]
    return Cash(
        before=np.array([seat.account.cash + seat.account.cash_flow for seat in seats]),
        reserve=np.array([max(both) for both in zip(reserves, floors, strict=True)]),
        most=np.array([restriction.ceilings.get(number, inf) for number in numbers]),
        location=np.array([seat.location.get(CASH, 0.0) for seat in seats]),
        group=np.array([seat.first_group + len(scopes[seat.scope].groups) - 1 for seat in seats]),
        weight=np.array([seat.counts for seat in seats]),
        short=np.zeros(len(seats), dtype=bool),
    )


def _limits(household: Household) -> Limits:
    policy, year = household.policy, household.tax_year
    return Limits(
        inside_band=policy.drift.inside_band,
        outside_band=policy.drift.outside_band,
        commission=policy.costs.commission,
        order=policy.costs.order,
        orders=_cap(policy.max_orders),
        gain=_room(policy.max_realized_gain, year.net if year else 0.0),
        short_gain=_room(policy.max_short_term_gain, year.net_short_term if year else 0.0),
        tax=_cap(policy.max_tax),
        drift=_cap(policy.max_drift),
    )


def _cap(value: float | None) -> float:
    return inf if value is None else value


def _room(cap: float | None, so_far: float) -> float:
    """Return the dollars of gain that a cap leaves a plan after the year so far."""
    return inf if cap is None else max(0.0, cap - so_far)


def _cents_above(dollars: float) -> float:
    """Return dollars rounded up to the cent: cash is rounded down before it is compared (rule CASH-1)."""
    return float(Decimal(repr(dollars)).quantize(Decimal("0.01"), ROUND_CEILING))


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


def _menu(account: Account, wanted: set[str], restriction: Restriction) -> set[str]:
    """Return what the account may buy of what its scope wants (rule BUY-1), as far as the policy's mode lets it."""
    menu = wanted.difference(account.no_buy)
    if account.only is not None:
        menu &= set(account.only)
    if restriction.buys is not None:
        menu = {symbol for symbol in menu if (account.account_number, symbol) in restriction.buys}
    return menu


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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
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
        lost, root = self.sold_at_loss, self.root
        return {symbol for symbol in household.prices if root.get(symbol, symbol) in lost}


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


class _PairTable:
    """The pairs as rows, sorted by wash group, symbol and account: what the flat arrays are made of."""

    def __init__(
        self, household: Household, seats: Sequence[_Seat], wash: _WashRules, restriction: Restriction
    ) -> None:
        self.household, self.seats, self.wash, self.restriction = household, seats, wash, restriction
        regime = regime_of(household.policy.tax)
        self.tax = rates_of(household.policy.tax)
        self.cutoff: date = regime.long_until(household.as_of)
        self.sold_whole = regime.sold_whole(household)
        open_to = [seat.menu | seat.held for seat in seats]
        self.symbols = tuple(sorted(set().union(*open_to), key=lambda symbol: (wash.group(symbol), symbol)))
        heads = [wash.group(symbol) for symbol in self.symbols]
        self.roots = tuple(dict.fromkeys(heads))
        at = [
            (s, n)
            for s, symbol in enumerate(self.symbols)
            for n, names in enumerate(open_to)
            if symbol in names
        ]
        self.rows = [(seats[n], self.symbols[s]) for s, n in at]
        self.account = np.array([n for _, n in at], dtype=np.intp)
        self.symbol = np.array([s for s, _ in at], dtype=np.intp)
        root_index = {root: n for n, root in enumerate(self.roots)}
        self.group = np.array([root_index[root] for root in heads], dtype=np.intp)
        self.price = np.array([household.prices[symbol] for symbol in self.symbols], dtype=float)
        self.half = np.array([household.spread_bps(symbol) for symbol in self.symbols], dtype=float) / 20_000
        self.held = np.array(
            [seat.account.positions.get(symbol, 0.0) for seat, symbol in self.rows], dtype=float
        )
        fractional = np.array([seat.account.fractional for seat in seats], dtype=bool)
        self.step = np.where(fractional[self.account], FRACTION, 1.0)
        self.bid = (self.price * (1 - self.half))[self.symbol]

    def arrays(self, scopes: Sequence[Scope], n_groups: int) -> tuple[Pairs, Lots]:
        """Return the pairs and their lots as arrays."""
        lots, sell_max = self._lots()
        rows, symbol, held, step = self.rows, self.symbol, self.held, self.step
        price = self.price[symbol]
        groups, weights, rank = self._cover(scopes, n_groups)
        smallest = self.household.policy.min_trade_value
        least = self._least(price, smallest)
        whole = np.floor(held / step * (1 + 1e-12)) * step
        whole = np.where((whole >= held) | (sell_max < held), sell_max, whole)
        for p in self._must_go_whole():
            whole[p] = 0.0
        small = whole < least
        enough = (sell_max == held) & ((held > 0) | (smallest == 0))
        for p in np.flatnonzero(small & enough).tolist() if smallest else ():
            enough[p] = _decimal(held[p]) * _decimal(price[p]) >= _decimal(smallest)
        pairs = Pairs(
            account=self.account,
            symbol=symbol,
            wash=self.group[symbol],
            held=held,
            price=price,
            bid=self.bid,
            ask=(self.price * (1 + self.half))[symbol],
            location=np.array([seat.location.get(name, 0.0) for seat, name in rows], dtype=float),
            buy_max=self._buy_max(price),
            sell_max=sell_max,
            whole=whole,
            least=least,
            least_sale=np.where(small, np.where(enough, held, inf), least),
            step=step,
            groups=groups,
            weights=weights,
            rank=rank,
            relieved=np.array(
                [seat.account.lot_relief != "specific" and name in seat.lots for seat, name in rows],
                dtype=bool,
            ),
        )
        return pairs, lots

    def _cover(self, scopes: Sequence[Scope], n_groups: int) -> tuple[Ints, Floats, Ints]:
        """Return each pair's groups, what a dollar of it counts in each, and its symbol's place in its class."""
        covers = [scope.cover.get(symbol, ()) for scope in scopes for symbol in self.symbols]
        width = max((len(cover) for cover in covers), default=1)
        padding = ((0, 0.0),) * width
        cells = [cell for cover in covers for entry in (*cover, *padding[len(cover) :]) for cell in entry]
        places = [scope.wanted.get(symbol, 0) for scope in scopes for symbol in self.symbols]
        at = np.array([seat.scope for seat in self.seats], dtype=np.intp)[self.account] * len(self.symbols)
        at += self.symbol
        cover = np.array(cells, dtype=float).reshape(-1, width, 2)[at]
        first = np.array([seat.first_group for seat in self.seats], dtype=np.intp)
        counts = np.array([seat.counts for seat in self.seats], dtype=float)
        share = cover[:, :, 1]
        groups = cover[:, :, 0].astype(np.intp) + first[self.account, None]
        rank = np.array(places, dtype=np.intp)[at]
        return np.where(share > 0, groups, n_groups), share * counts[self.account, None], rank

    def _least(self, price: Floats, smallest: float) -> Floats:
        """Return the fewest shares of an order (rule QTY-3)."""
        if not smallest:
            return self.step
        kinds = list(zip(price.tolist(), self.step.tolist(), strict=True))
        least = {kind: shares_worth(smallest, *kind) for kind in set(kinds)}
        return np.array([least[kind] for kind in kinds], dtype=float)

    def _buy_max(self, price: Floats) -> Floats:
        """Return the most shares that may be bought (rules BUY-1 and BUY-2)."""
        most = [inf if symbol in seat.menu else 0.0 for seat, symbol in self.rows]
        for p, (seat, _) in enumerate(self.rows):
            cap = seat.account.max_position_value
            if cap is not None and most[p]:
                most[p] = shares_within(cap, float(price[p]), float(self.step[p]), float(self.held[p]))
        return np.array(most, dtype=float)

    def _must_go_whole(self) -> list[int]:
        """Return the pairs whose position is at a loss and may be sold as a whole or not at all (rule CA-7)."""
        return [
            p
            for p, (seat, symbol) in enumerate(self.rows if self.sold_whole else ())
            if (seat.account.account_number, symbol) in self.sold_whole
            and self.wash.group(symbol) in self.wash.bought
            and any(lot.cost_per_share > self.bid[p] for _, lot in seat.lots.get(symbol, ()))
        ]

    def _sellable(self) -> list[int]:
        """Return the pairs that may be sold (rule SELL-1)."""
        sells = self.restriction.sells
        return [
            p
            for p, ((seat, symbol), held) in enumerate(zip(self.rows, self.held.tolist(), strict=True))
            if held > SHARES_TOLERANCE
            and symbol not in seat.account.no_sell
            and (sells is None or (seat.account.account_number, symbol) in sells)
        ]

    def _lots(self) -> tuple[Lots, Floats]:
        """Return the lots that may be sold, and the most shares that each pair may sell.

        A position without lots is like one that was bought long ago at today's bid: it has no gain.
        """
        sellable = self._sellable()
        sell_max = np.zeros(len(self.rows))
        sell_max[sellable] = self.held[sellable]
        entries: list[tuple[str, int, int, float, float, int]] = []
        relieved: list[tuple[float, ...]] = []
        for p in sellable:
            seat, symbol = self.rows[p]
            lots = seat.lots.get(symbol)
            if not lots:
                entries.append(("", p, -1, float(self.held[p]), float(self.bid[p]), 0))
            elif seat.account.lot_relief == "specific":
                entries += [
                    (lot.id, p, place, lot.shares, lot.cost_per_share, lot.acquired.toordinal())
                    for place, lot in lots
                ]
            else:
                rows = self._relieved(p, seat.account, lots)
                relieved += rows
                if len(rows) < len(lots):
                    sell_max[p] = self._steps(p, [row[2] for row in rows])
        columns, left_out = self._by_tax(entries)
        for p, shares in left_out.items():
            sell_max[p] = self._steps(p, shares)
        if relieved:
            both = np.concatenate([columns, np.array(relieved).T], axis=1)
            columns = both[:, np.argsort(both[0], kind="stable")]
        pair = columns[0].astype(np.intp)
        return Lots(
            pair=pair,
            place=columns[1].astype(np.intp),
            shares=columns[2],
            tax=columns[3],
            gain=columns[4],
            short_gain=columns[5],
            loss=columns[6] > 0,
            first=np.searchsorted(pair, np.arange(len(self.rows) + 1)),
        ), sell_max

    def _by_tax(
        self, entries: list[tuple[str, int, int, float, float, int]]
    ) -> tuple[Floats, dict[int, list[float]]]:
        """Return lots in the order of pairs and rising tax, and the shares of pairs that may not sell all of them."""
        entries.sort(key=itemgetter(0))  # ids decide last
        _, *columns = zip(*entries, strict=True) if entries else [()] * 6
        pair, place, shares, cost, day = (np.array(column, dtype=float) for column in columns)
        at = pair.astype(np.intp)
        gain = self.bid[at] - cost
        loss = gain < 0
        is_long = day <= self.cutoff.toordinal()
        rate = np.where(is_long, self.tax.long_term_rate, self.tax.short_term_rate)
        tax = gain * rate * np.where(loss, self.tax.loss_value, 1.0)
        kept = self._may_go(at, place, loss)
        order = np.lexsort((shares, cost, day, tax, at))
        order = order[kept[order]]
        found = np.array([pair, place, shares, tax, gain, np.where(is_long, 0.0, gain), loss])[:, order]
        left_out = {p: shares[kept & (at == p)].tolist() for p in set(at[~kept].tolist())}
        return found, left_out

    def _may_go(self, pair: Ints, place: Floats, loss: Flags) -> Flags:
        """Return the lots that may be sold: no loss that a purchase washes (WASH-2), none that is closed."""
        bought = self.wash.bought
        keeps_losses = np.array([self.wash.group(symbol) in bought for symbol in self.symbols], dtype=bool)
        washed: Flags = loss & keeps_losses[self.symbol][pair]
        for n in np.flatnonzero(washed).tolist() if self.sold_whole else ():
            seat, symbol = self.rows[pair[n]]
            washed[n] = (seat.account.account_number, symbol) not in self.sold_whole
        closed = self.restriction.closed_lots
        if closed:
            owners = [self.rows[p][0].account.account_number for p in pair]
            washed |= np.array(
                [key in closed for key in zip(owners, place.tolist(), strict=True)], dtype=bool
            )
        return ~washed

    def _steps(self, p: int, shares: Sequence[float]) -> float:
        """Return the whole steps in the shares of some lots."""
        step = float(self.step[p])
        return floor(fsum(shares) / step + 1e-9) * step

    def _relieved(self, p: int, account: Account, lots: Sequence[tuple[int, Lot]]) -> list[tuple[float, ...]]:
        """Return the lots of a pair in the order of its account's relief, as far as they may be sold."""
        household, symbol = self.household, self.rows[p][1]
        listed = [lot for _, lot in lots]
        bid = exact_bid(household, symbol)
        order = relief_places(
            listed, method=account.lot_relief, price=bid, sold=household.as_of, tax=self.tax
        )
        average = average_cost(listed) if account.lot_relief == "average" else None
        found: list[tuple[float, ...]] = []
        loses = False
        for n in order:
            place, lot = lots[n]
            gain = float(bid - (exact(lot.cost_per_share) if average is None else average))
            loses = loses or gain < 0
            closed = (account.account_number, place) in self.restriction.closed_lots
            if closed or (loses and self.wash.group(symbol) in self.wash.bought):
                break
            is_long = lot.acquired <= self.cutoff
            rate = self.tax.long_term_rate if is_long else self.tax.short_term_rate
            tax = gain * rate * (self.tax.loss_value if gain < 0 else 1.0)
            found.append((p, place, lot.shares, tax, gain, 0.0 if is_long else gain, loses))
        return found


def sum_by(index: Ints, values: Floats | Flags, n: int) -> Floats:
    """Return the sums of `values` by their `index`, an array of length `n`."""
    return np.asarray(np.bincount(index, weights=values, minlength=n), dtype=float)


def _decimal(number: float) -> Decimal:
    """Return the decimal that a number's shortest text names."""
    return Decimal(repr(float(number)))


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


def sided_by_pair(problem: Problem) -> Problem:
    """Return the problem in which each pair is its own wash group, and buys or sells its losses (rule QTY-2)."""
    n = len(problem.pairs.held)
    pairs = replace(problem.pairs, wash=np.arange(n))
    return replace(problem, pairs=pairs, coupled=coupled_groups(pairs, problem.lots, n, avoid=True))
