"""The cheapest choice of lots for given sales, exactly: a linear programme with one coupling row."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction

from tests.reference.statement import ZERO, Key, LotTerms, Pair, Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class LotChoice:
    """Tax and net gain of some sales, in dollars, and the shares taken from each lot."""

    tax: Fraction
    gain: Fraction
    taken: Mapping[Key, tuple[Fraction, ...]]


def sellable(pair: Pair, closed: Collection[str]) -> list[int]:
    """Return the places of the lots that may be sold when families in `closed` may take no loss."""
    lots = _lots(pair)
    if pair.standing is None:
        return [
            n
            for n, lot in enumerate(lots)
            if not (lot.loss and pair.family in closed) and n not in pair.closed
        ]
    stops = [
        k for k, n in enumerate(pair.standing) if (lots[n].loss and pair.family in closed) or n in pair.closed
    ]
    return list(pair.standing[: stops[0]] if stops else pair.standing)


def choose_lots(
    statement: Statement, sold: Mapping[Key, Fraction], closed: Collection[str], most_gain: Fraction | None
) -> LotChoice | None:
    """Return the lots of least tax for the sales, or None where there are none within the rules.

    Parameters
    ----------
    statement : Statement
        The problem.
    sold : mapping of (account, symbol) to Fraction
        Shares sold.
    closed : collection of str
        Families of identical symbols of which no loss may be taken (WASH-1, WASH-2).
    most_gain : Fraction, optional
        The cap on net gain (CAP-2).

    Notes
    -----
    For a price `m` on a dollar of gain, filling each sale by ascending ``tax + m * gain`` is best. The order
    changes only where two lots of one sale tie; between two such prices tax is linear in gain, so that the
    cap is met exactly by mixing the fills on both sides of the price where it starts to hold.
    """
    pairs = [(key, statement.pairs[key]) for key in sold if statement.pairs[key].lots is not None]
    open_lots = {key: sellable(pair, closed) for key, pair in pairs}
    for key, pair in pairs:
        if sum((_lots(pair)[n].shares for n in open_lots[key]), ZERO) < sold[key]:
            return None
    before: LotChoice | None = None
    for price in _prices_of_gain(pairs, open_lots):
        taken = {key: _fill(pair, open_lots[key], sold[key], price) for key, pair in pairs}
        now = _choice(pairs, taken)
        if most_gain is None or now.gain <= most_gain:
            return now if before is None or most_gain is None else _mix(before, now, most_gain)
        before = now
    return None


def _lots(pair: Pair) -> tuple[LotTerms, ...]:
    return pair.lots or ()


def _prices_of_gain(pairs: list[tuple[Key, Pair]], open_lots: Mapping[Key, list[int]]) -> list[Fraction]:
    """Return a price of gain below, between and above all those at which two lots of one sale tie."""
    ties = {ZERO}
    for key, pair in pairs:
        lots = [_lots(pair)[n] for n in open_lots[key]]
        for one in lots:
            for other in lots:
                if one.gain < other.gain and other.tax < one.tax:
                    ties.add((one.tax - other.tax) / (other.gain - one.gain))
    return sorted(ties)


def _fill(pair: Pair, places: list[int], shares: Fraction, price: Fraction) -> tuple[Fraction, ...]:
    """Fill a sale by ascending tax plus priced gain; of equals the lot with less gain goes first."""
    lots = _lots(pair)
    taken = [ZERO] * len(lots)
    if pair.standing is None:
        places = sorted(places, key=lambda n: (lots[n].tax + price * lots[n].gain, lots[n].gain))
    for place in places:
        taken[place] = min(lots[place].shares, shares)
        shares -= taken[place]
    return tuple(taken)


def _choice(pairs: list[tuple[Key, Pair]], taken: Mapping[Key, tuple[Fraction, ...]]) -> LotChoice:
    lots = [(lot, shares) for key, pair in pairs for lot, shares in zip(_lots(pair), taken[key], strict=True)]
    return LotChoice(
        tax=sum((lot.tax * shares for lot, shares in lots), ZERO),
        gain=sum((lot.gain * shares for lot, shares in lots), ZERO),
        taken=taken,
    )


def _mix(dear: LotChoice, cheap: LotChoice, gain: Fraction) -> LotChoice:
    """Return the mixture of two fills whose gain is `gain`."""
    part = (dear.gain - gain) / (dear.gain - cheap.gain)
    return LotChoice(
        tax=dear.tax + part * (cheap.tax - dear.tax),
        gain=gain,
        taken={
            key: tuple(a + part * (b - a) for a, b in zip(shares, cheap.taken[key], strict=True))
            for key, shares in dear.taken.items()
        },
    )
