"""What a command line names to decide with, and what is decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from realloc.errors import Issue
from realloc.plan import Plan
from realloc.plugins.core.base import Exporter, RebalancerPlugin, TradeValidator
from realloc.plugins.core.results import Refusal
from realloc.trades import Trade

if TYPE_CHECKING:
    from realloc.portfolio import PortfolioStateManager


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """The plugins that a command line names, built."""

    rebalancer: RebalancerPlugin
    exporter: Exporter | None
    exporter_name: str
    validators: tuple[TradeValidator, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Trades, with the plan or the states that they come from, and what did not go through."""

    trades: tuple[Trade, ...]
    plan: Plan | None = None
    states: tuple[PortfolioStateManager, ...] = ()
    refused: tuple[Refusal, ...] = ()
    remaining: Mapping[str, float]
    issues: tuple[Issue, ...] = ()
    converged: bool = True
