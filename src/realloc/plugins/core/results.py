"""What a rebalancer hands back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from realloc.trades import Trade


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A trade that a rule refused, and the rule's reason."""

    trade: Trade
    reason: str


class RebalanceResult(list[Trade]):
    """The trades of a rebalance, in order of execution: a list that also says how the work ended.

    Parameters
    ----------
    trades : iterable of Trade
        The trades made.
    refused : iterable of Refusal
        Trades that a validator refused.
    remaining : mapping of str to float, optional
        Portfolio-level shares by symbol that are still to trade; negative to sell. Zeros are left out.
    rounds : int
        Rounds that were worked.
    converged : bool
        False where the work stopped at its limit of rounds.
    """

    __slots__ = ("converged", "refused", "remaining", "rounds")

    def __init__(
        self,
        trades: Iterable[Trade] = (),
        *,
        refused: Iterable[Refusal] = (),
        remaining: Mapping[str, float] | None = None,
        rounds: int = 0,
        converged: bool = True,
    ) -> None:
        super().__init__(trades)
        self.refused = tuple(refused)
        self.remaining = {symbol: shares for symbol, shares in (remaining or {}).items() if shares}
        self.rounds = rounds
        self.converged = converged
