"""Rules LOT-1 to LOT-6 of docs/spec/tax.md."""

from __future__ import annotations

import itertools
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realloc.accounts import Lot, LotRelief
from realloc.errors import InputError
from realloc.policy import Tax
from realloc.tax.relief import relief_order, relieve, remaining_lots, tax_per_share

SOLD = date(2026, 6, 1)
RATES = Tax(short_term_rate=0.4, long_term_rate=0.2, loss_value=0.5)
ORDERED: tuple[LotRelief, ...] = ("fifo", "lifo", "hifo", "lowest_tax", "average")


def lot(name: str, shares: float, cost: float, acquired: str) -> Lot:
    return Lot(
        symbol="VTI", shares=shares, cost_per_share=cost, acquired=date.fromisoformat(acquired), id=name
    )


LOTS = (
    lot("new", 10, 95.0, "2026-03-02"),
    lot("old", 10, 80.0, "2020-01-02"),
    lot("dear", 10, 120.0, "2024-05-06"),
    lot("gain", 10, 70.0, "2026-01-05"),
)


def taken(method: LotRelief, shares: float) -> list[tuple[str, int]]:
    pieces = relieve(LOTS, shares, price=90.0, sold=SOLD, method=method, tax=RATES)
    return [(piece.lot.id, int(piece.shares)) for piece in pieces]


def test_lot_1_first_in_first_out_is_the_default() -> None:
    assert taken("fifo", 25) == [("old", 10), ("dear", 10), ("gain", 5)]
    assert relieve(LOTS, 25, price=90.0, sold=SOLD) == relieve(LOTS, 25, price=90.0, sold=SOLD, method="fifo")


def test_lot_2_last_in_first_out() -> None:
    assert taken("lifo", 25) == [("new", 10), ("gain", 10), ("dear", 5)]


def test_lot_3_highest_cost_first() -> None:
    assert taken("hifo", 25) == [("dear", 10), ("new", 10), ("old", 5)]


def test_lot_4_lowest_tax_weighs_the_term_and_the_worth_of_a_loss() -> None:
    # Tax a share at 90: dear -30 x 0.2 x 0.5 = -3; new -5 x 0.4 x 0.5 = -1; old +10 x 0.2 = 2;
    # gain +20 x 0.4 = 8.
    assert taken("lowest_tax", 35) == [("dear", 10), ("new", 10), ("old", 10), ("gain", 5)]


def test_lot_4_the_tax_of_a_share_counts_a_loss_at_its_worth() -> None:
    taxes = {one.id: tax_per_share(one, 90.0, SOLD, RATES) for one in LOTS}
    assert taxes == {"dear": -3, "new": -1, "old": 2, "gain": 8}


def test_lot_5_specific_identification_takes_the_chosen_lots() -> None:
    pieces = relieve(LOTS, 7, price=90.0, sold=SOLD, method="specific", chosen={"gain": 3, "dear": 4})
    assert [(piece.lot.id, int(piece.shares), int(piece.gain), piece.term) for piece in pieces] == [
        ("dear", 4, -120, "long"),
        ("gain", 3, 60, "short"),
    ]


def test_lot_6_average_basis_is_that_of_all_shares_and_terms_go_first_in_first_out() -> None:
    # (95 + 80 + 120 + 70) x 10 / 40 = 91.25 a share
    pieces = relieve(LOTS, 25, price=90.0, sold=SOLD, method="average")
    assert [(piece.lot.id, piece.cost_per_share, piece.term) for piece in pieces] == [
        ("old", Fraction("91.25"), "long"),
        ("dear", Fraction("91.25"), "long"),
        ("gain", Fraction("91.25"), "short"),
    ]
    assert sum(piece.gain for piece in pieces) == 25 * Fraction("-1.25")
    left = remaining_lots(LOTS, pieces, method="average")
    assert [(rest.id, rest.shares, rest.cost_per_share) for rest in left] == [
        ("new", 10, 91.25),
        ("gain", 5, 91.25),
    ]


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"old": 5.0}, "add up to 5 shares, the sale is 7"),
        ({"old": 11.0}, "cannot take 11 shares"),
        ({"odl": 7.0}, "did you mean 'old'"),
        ({"old": -1.0, "new": 8.0}, "cannot take -1 shares"),
        ({}, "add up to 0 shares"),
    ],
)
def test_lot_5_a_choice_that_does_not_cover_the_sale_is_refused(
    chosen: dict[str, float], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        relieve(LOTS, 7, price=90.0, sold=SOLD, method="specific", chosen=chosen)


def test_more_than_the_lots_hold_is_refused_and_a_float_tail_is_not() -> None:
    with pytest.raises(InputError, match="the lots hold 40"):
        relieve(LOTS, 41, price=90.0, sold=SOLD)
    tenths = (lot("a", 0.1, 1.0, "2020-01-02"), lot("b", 0.2, 1.0, "2020-01-03"))
    pieces = relieve(tenths, 0.1 + 0.2, price=2.0, sold=SOLD)
    assert sum(piece.shares for piece in pieces) == Fraction(3, 10)
    assert remaining_lots(tenths, pieces) == ()


@pytest.mark.parametrize("shares", [0, -1, float("nan"), float("inf")])
def test_shares_that_are_no_sale_are_refused(shares: float) -> None:
    with pytest.raises(InputError):
        relieve(LOTS, shares, price=90.0, sold=SOLD)


def test_lots_of_two_symbols_and_unknown_methods_are_refused() -> None:
    other = Lot(symbol="BND", shares=1, cost_per_share=1.0, acquired=SOLD)
    with pytest.raises(InputError, match="several symbols"):
        relieve((*LOTS, other), 1, price=90.0, sold=SOLD)
    with pytest.raises(InputError, match="fifo"):
        relieve(LOTS, 1, price=90.0, sold=SOLD, method="fiffo")  # type: ignore[arg-type]


def lots_strategy() -> st.SearchStrategy[list[Lot]]:
    one = st.builds(
        Lot,
        symbol=st.just("VTI"),
        shares=st.integers(1, 3),
        cost_per_share=st.integers(50, 150).map(lambda cents: cents / 10),
        acquired=st.dates(date(2024, 1, 1), SOLD),
    )
    return st.lists(one, min_size=1, max_size=4)


@given(lots_strategy(), st.data())
def test_every_method_sells_the_shares_once_and_keeps_the_basis(lots: list[Lot], data: st.DataObject) -> None:
    held = int(sum(one.shares for one in lots))
    shares = data.draw(st.integers(1, held))
    method = data.draw(st.sampled_from(ORDERED))
    pieces = relieve(lots, shares, price=10.0, sold=SOLD, method=method)
    assert sum(piece.shares for piece in pieces) == shares
    left = remaining_lots(lots, pieces, method=method)
    assert sum(one.shares for one in left) == held - shares
    before = sum(Fraction(str(one.cost_per_share)) * int(one.shares) for one in lots)
    after = sum(Fraction(one.cost_per_share) * Fraction(one.shares) for one in left)
    sold_basis = sum(piece.shares * piece.cost_per_share for piece in pieces)
    assert float(after + sold_basis) == pytest.approx(float(before), abs=1e-9)
    assert sum(piece.gain for piece in pieces) == shares * 10 - sold_basis


@given(lots_strategy(), st.data())
def test_lot_4_no_choice_of_single_shares_costs_less_tax_than_lowest_tax(
    lots: list[Lot], data: st.DataObject
) -> None:
    shares = data.draw(st.integers(1, int(sum(one.shares for one in lots))))
    taxes = []
    for one in lots:
        long = (SOLD - one.acquired).days > 366 or (SOLD.replace(year=SOLD.year - 1) - one.acquired).days > 0
        gain = 10 - Fraction(str(one.cost_per_share))
        rate = Fraction(1, 5) if long else Fraction(2, 5)
        taxes += [gain * rate * (Fraction(1, 2) if gain < 0 else 1)] * int(one.shares)
    best = min(sum(choice, Fraction(0)) for choice in itertools.combinations(taxes, shares))
    pieces = relieve(lots, shares, price=10.0, sold=SOLD, method="lowest_tax", tax=RATES)
    paid = Fraction(0)
    for piece in pieces:
        rate = Fraction(1, 5) if piece.term == "long" else Fraction(2, 5)
        paid += piece.gain * rate * (Fraction(1, 2) if piece.gain < 0 else 1)
    assert paid == best


@given(lots_strategy(), st.sampled_from(ORDERED), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_has_no_meaning(lots: list[Lot], method: LotRelief, random: object) -> None:
    shuffled = list(lots)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    assert relief_order(shuffled, method=method, price=10.0, sold=SOLD) == relief_order(
        lots, method=method, price=10.0, sold=SOLD
    )
