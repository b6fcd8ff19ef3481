"""Lot relief: which lots a sale takes, by the account's method (26 USC 1012, 26 CFR 1.1012-1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from realloc._reading import nearest
from realloc.accounts import RELIEFS, Lot, LotRelief
from realloc.errors import InputError, Issue
from realloc.policy import Tax
from realloc.tax.exact import ZERO, exact
from realloc.tax.terms import Term, term_of

TOLERANCE = Fraction(1, 1_000_000)
"""Shares by which a position and its lots may differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relieved:
    """Shares that a sale takes from one lot.

    Parameters
    ----------
    lot : Lot
        The lot as it was before the sale.
    shares : Fraction
        Shares taken from it.
    cost_per_share : Fraction
        Basis in dollars per share that counts: the lot's own, or the average of all lots.
    gain : Fraction
        Dollars: shares times (price less basis); negative for a loss.
    term : {"short", "long"}
        By the lot's date of purchase.
    """

    lot: Lot
    shares: Fraction
    cost_per_share: Fraction
    gain: Fraction
    term: Term


def relief_order(
    lots: Sequence[Lot], *, method: LotRelief, price: float, sold: date, tax: Tax | None = None
) -> tuple[Lot, ...]:
    """Return `lots` in the order in which `method` takes them (rules LOT-1 to LOT-4).

    Parameters
    ----------
    lots : sequence of Lot
        Lots of one symbol in one account.
    method : {"fifo", "lifo", "hifo", "lowest_tax", "average"}
        Ties go to the earlier, then the cheaper, then the smaller lot, then by id. ``average`` takes shares
        first in, first out.
    price : float
        Dollars per share received.
    sold : datetime.date
        Trade date of the sale.
    tax : Tax, optional
        Rates for ``lowest_tax``; None takes the policy's defaults.

    Raises
    ------
    InputError
        The method is unknown or has no order of its own (``specific``).
    """
    places = relief_places(lots, method=method, price=price, sold=sold, tax=tax)
    return tuple(lots[place] for place in places)


def relief_places(
    lots: Sequence[Lot], *, method: LotRelief, price: float | Fraction, sold: date, tax: Tax | None = None
) -> tuple[int, ...]:
    """Return the places of `lots` in the order in which `method` takes them; see `relief_order`."""

    def age(place: int) -> tuple[date, float, float, str]:
        lot = lots[place]
        return (lot.acquired, lot.cost_per_share, lot.shares, lot.id)

    oldest_first = sorted(range(len(lots)), key=age)
    if method in ("fifo", "average"):
        return tuple(oldest_first)
    if method == "lifo":
        return tuple(reversed(oldest_first))
    if method == "hifo":
        return tuple(sorted(oldest_first, key=lambda place: -lots[place].cost_per_share))
    if method == "lowest_tax":
        rates = tax or Tax()
        each = [tax_per_share(lot, price, sold, rates) for lot in lots]
        return tuple(sorted(oldest_first, key=each.__getitem__))
    raise _fault("relief.method", f"the method {method!r} has no order of lots", nearest(method, RELIEFS))


def average_cost(lots: Sequence[Lot]) -> Fraction:
    """Return the average basis of all shares of `lots` in dollars per share (rule LOT-6).

    Parameters
    ----------
    lots : sequence of Lot
        All lots of one symbol in one account, at least one.
    """
    held = sum((exact(lot.shares) for lot in lots), ZERO)
    return sum((exact(lot.shares) * exact(lot.cost_per_share) for lot in lots), ZERO) / held


def tax_per_share(lot: Lot, price: float | Fraction, sold: date, tax: Tax) -> Fraction:
    """Return the tax in dollars on one share of `lot` sold at `price`; a loss is negative (rule OBJ-2)."""
    gain = exact(price) - exact(lot.cost_per_share)
    rate = tax.long_term_rate if term_of(lot.acquired, sold) == "long" else tax.short_term_rate
    return gain * exact(rate) * (exact(tax.loss_value) if gain < 0 else 1)


def relieve(
    lots: Sequence[Lot],
    shares: float | Fraction,
    *,
    price: float,
    sold: date,
    method: LotRelief = "fifo",
    tax: Tax | None = None,
    chosen: Mapping[str, float] | None = None,
) -> tuple[Relieved, ...]:
    """Return what a sale of `shares` takes from `lots`, in order (rules LOT-1 to LOT-6).

    Parameters
    ----------
    lots : sequence of Lot
        All lots of one symbol in one account, before the sale.
    shares : float
        Shares sold, more than zero. Up to 1e-6 more than the lots hold sells all of them.
    price : float
        Dollars per share received.
    sold : datetime.date
        Trade date of the sale.
    method : {"fifo", "lifo", "hifo", "lowest_tax", "specific", "average"}
        First in first out is what the law takes where nothing is identified.
    tax : Tax, optional
        Rates for ``lowest_tax``; None takes the policy's defaults.
    chosen : mapping of str to float, optional
        Shares by lot id, for ``specific``; they must add up to `shares` (within 1e-6).

    Raises
    ------
    InputError
        The shares are not positive or more than the lots hold, the lots are of several symbols, the method is
        unknown, or the chosen lots do not exist, do not hold as much or do not add up.

    Examples
    --------
    >>> lots = [Lot(symbol="VTI", shares=10, cost_per_share=80.0, acquired=date(2020, 1, 2), id="a"),
    ...         Lot(symbol="VTI", shares=10, cost_per_share=95.0, acquired=date(2026, 3, 2), id="b")]
    >>> [(r.lot.id, int(r.shares), int(r.gain), r.term)
    ...  for r in relieve(lots, 12, price=90.0, sold=date(2026, 6, 1), method="hifo")]
    [('b', 10, -50, 'short'), ('a', 2, 20, 'long')]
    """
    if len({lot.symbol for lot in lots}) > 1:
        raise _fault("relief.symbols", "the lots are of several symbols", "pass the lots of one symbol")
    held = sum((exact(lot.shares) for lot in lots), ZERO)
    wanted = exact(shares)
    if wanted <= 0:
        raise _fault("relief.shares", f"expected shares to sell above zero, found {float(wanted):g}")
    if wanted > held + TOLERANCE:
        raise _fault(
            "relief.oversold", f"cannot sell {float(wanted):g} shares: the lots hold {float(held):g}"
        )
    if method == "specific":
        taken = _choose(lots, wanted, chosen or {})
    else:
        order = relief_order(lots, method=method, price=price, sold=sold, tax=tax)
        taken = _take(order, min(wanted, held))
    average = average_cost(lots) if method == "average" else None
    return tuple(
        _relieved(lot, count, exact(lot.cost_per_share) if average is None else average, price, sold)
        for lot, count in taken
    )


def remaining_lots(
    lots: Sequence[Lot], relieved: Sequence[Relieved], *, method: LotRelief = "fifo"
) -> tuple[Lot, ...]:
    """Return the lots that a sale leaves, in their given order.

    Parameters
    ----------
    lots : sequence of Lot
        The lots before the sale.
    relieved : sequence of Relieved
        What the sale took from them.
    method : str
        With ``average`` the basis of every lot that is left becomes the average too (rule LOT-6); it is
        rounded to the nearest float.
    """
    taken: dict[Lot, Fraction] = {}
    for piece in relieved:
        taken[piece.lot] = taken.get(piece.lot, ZERO) + piece.shares
    left = []
    for lot in lots:
        shares = exact(lot.shares)
        minus = min(shares, taken.get(lot, ZERO))
        if minus:
            taken[lot] -= minus
        if shares > minus:
            left.append(replace(lot, shares=float(shares - minus)))
    if method == "average":
        average = float(average_cost(lots))
        left = [replace(lot, cost_per_share=average) for lot in left]
    return tuple(left)


def _take(order: Sequence[Lot], wanted: Fraction) -> list[tuple[Lot, Fraction]]:
    taken = []
    for lot in order:
        count = min(wanted, exact(lot.shares))
        if count > 0:
            taken.append((lot, count))
            wanted -= count
    return taken


def _choose(lots: Sequence[Lot], wanted: Fraction, chosen: Mapping[str, float]) -> list[tuple[Lot, Fraction]]:
    by_id = {lot.id: lot for lot in lots if lot.id}
    taken = []
    for name in sorted(chosen):
        count = exact(chosen[name])
        if name not in by_id:
            raise _fault("relief.chosen", f"there is no lot {name!r}", nearest(name, by_id))
        if not 0 < count <= exact(by_id[name].shares):
            raise _fault(
                "relief.chosen",
                f"cannot take {float(count):g} shares from lot {name!r}, which has {by_id[name].shares:g}",
            )
        taken.append((by_id[name], count))
    total = sum((count for _, count in taken), ZERO)
    if abs(total - wanted) > TOLERANCE:
        raise _fault(
            "relief.chosen",
            f"the chosen lots add up to {float(total):g} shares, the sale is {float(wanted):g}",
            "choose lots for every share of the sale",
        )
    return sorted(taken, key=lambda pair: (pair[0].acquired, pair[0].id))


def _relieved(lot: Lot, shares: Fraction, cost: Fraction, price: float, sold: date) -> Relieved:
    return Relieved(
        lot=lot,
        shares=shares,
        cost_per_share=cost,
        gain=shares * (exact(price) - cost),
        term=term_of(lot.acquired, sold),
    )


def _fault(code: str, message: str, hint: str = "") -> InputError:
    return InputError(Issue(code=code, where="", message=message, hint=hint))
