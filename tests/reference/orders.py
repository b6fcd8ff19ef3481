"""Any orders of a household, drawn, good or bad."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import strategies as st

from tests.reference.evaluate import Answer, evaluate
from tests.reference.statement import ZERO, Key, Statement


@st.composite
def orders(draw: st.DrawFn, statement: Statement) -> Answer:
    """Draw orders of a household, as many shares as are held or as cash pays, taking lots in any order."""
    made: dict[Key, Fraction] = {}
    taken: dict[Key, tuple[Fraction, ...]] = {}
    for key, pair in statement.pairs.items():
        side = draw(st.sampled_from(["sell", "buy", "none"]))
        if side == "buy":
            made[key] = Fraction(draw(st.integers(1, 6)))
        if side == "sell" and pair.held:
            sold = Fraction(draw(st.integers(1, max(1, int(pair.held)))))
            made[key] = -min(sold, pair.held)
            left, amounts = -made[key], [ZERO] * len(pair.lots or ())
            for place in draw(st.permutations(range(len(amounts)))):
                amounts[place] = min(left, (pair.lots or ())[place].shares)
                left -= amounts[place]
            taken |= {key: tuple(amounts)} if pair.lots is not None else {}
    return evaluate(statement, made, taken)
