"""What the household's owner wants: the prices of drift and tax, the costs of trading, and hard limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from realloc._reading import Table, join
from realloc.accounts import KINDS
from realloc.models import BAND_KEYS, Band
from realloc.returns import (
    DEFAULT_LOCATION_TERMS,
    LOCATION_TERMS_KEYS,
    LocationTerms,
    ReturnsByClass,
    read_preferences,
    read_returns,
)

DEFAULT_BAND = Band(absolute=0.05, relative=0.25)
"""Swedroe's 5/25 rule: the lesser of five percentage points and a quarter of the target."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """Dollars charged per dollar off target, up to the band and beyond it."""

    inside_band: float = 0.004
    outside_band: float = 0.06


@dataclass(frozen=True, slots=True, kw_only=True)
class Tax:
    """Rates on realized gains in taxable accounts; a loss is worth `loss_value` times its rate."""

    short_term_rate: float = 0.37
    long_term_rate: float = 0.20
    loss_value: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """Costs of trading.

    Parameters
    ----------
    spread_bps : float
        Full bid/ask spread in 1/10,000 for symbols without their own; half is paid on each side.
    commission : float
        Dollars of cash per order.
    order : float
        Dollars of bother per order, not paid to anyone.
    """

    spread_bps: float = 0.0
    commission: float = 0.0
    order: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WashSales:
    """How wash sales are kept away (26 USC 1091).

    Parameters
    ----------
    avoid : bool
        Make the plan without any.
    window_days : int
        Days before and after a sale at a loss in which a purchase washes it.
    identical : tuple of tuple of str
        Groups of symbols that are substantially identical.
    """

    avoid: bool = True
    window_days: int = 30
    identical: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Everything that is chosen rather than given.

    Parameters
    ----------
    drift, tax, costs, wash_sales
        See their classes.
    band : Band
        For every class or symbol without its own.
    min_trade_value : float
        Dollars; no order is smaller.
    max_orders : int, optional
        Cap on orders; an order is one symbol, one side, one account.
    max_realized_gain : float, optional
        Cap on net realized gain in taxable accounts, dollars.
    max_tax : float, optional
        Cap on the plan's tax, dollars.
    max_drift : float, optional
        Cap on household drift after the plan, a fraction; reported where it is out of reach.
    location : mapping
        Dollars a year per dollar of a symbol or class (first key) held in a kind of account (second key).
    location_preference : mapping of str to tuple of str
        Kinds of account by symbol or class, the most preferred first.
    location_from_returns : mapping of str to Returns, or True
        Expected returns by symbol or class, from which location costs are computed; True: usual ones for the
        classes that are named in neither of the other two. No name occurs in more than one of the three.
    location_terms : LocationTerms
        The numbers by which the two become dollars.
    """

    drift: Drift = Drift()
    band: Band = DEFAULT_BAND
    tax: Tax = Tax()
    costs: Costs = Costs()
    min_trade_value: float = 0.0
    max_orders: int | None = None
    max_realized_gain: float | None = None
    max_tax: float | None = None
    max_drift: float | None = None
    wash_sales: WashSales = WashSales()
    location: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    location_preference: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    location_from_returns: ReturnsByClass = field(default_factory=dict)
    location_terms: LocationTerms = DEFAULT_LOCATION_TERMS

    def to_dict(self) -> dict[str, Any]:
        """Return the policy as the household document has it, every field stated."""
        return {
            "drift": {"inside_band": self.drift.inside_band, "outside_band": self.drift.outside_band},
            "band": self.band.to_dict(),
            "tax": {
                "short_term_rate": self.tax.short_term_rate,
                "long_term_rate": self.tax.long_term_rate,
                "loss_value": self.tax.loss_value,
            },
            "costs": {
                "spread_bps": self.costs.spread_bps,
                "commission": self.costs.commission,
                "order": self.costs.order,
            },
            "min_trade_value": self.min_trade_value,
            "max_orders": self.max_orders,
            "max_realized_gain": self.max_realized_gain,
            "max_tax": self.max_tax,
            "max_drift": self.max_drift,
            "wash_sales": {
                "avoid": self.wash_sales.avoid,
                "window_days": self.wash_sales.window_days,
                "identical": [list(group) for group in self.wash_sales.identical],
            },
            "location": {name: dict(costs) for name, costs in self.location.items()},
            "location_preference": {name: list(kinds) for name, kinds in self.location_preference.items()},
            "location_from_returns": self.location_from_returns is True
            or {name: returns.to_dict() for name, returns in self.location_from_returns.items()},
            "location_terms": self.location_terms.to_dict(),
        }

    @classmethod
    def read(cls, table: Table) -> Self:
        """Build a policy from a table that collects the issues."""
        drift = table.table("drift", Drift.__dataclass_fields__)
        tax = table.table("tax", Tax.__dataclass_fields__)
        costs = table.table("costs", Costs.__dataclass_fields__)
        policy = cls(
            drift=Drift(
                inside_band=drift.number("inside_band", 0.004, least=0.0, most=1.0),
                outside_band=drift.number("outside_band", 0.06, least=0.0, most=1.0),
            ),
            band=Band.read(table.table("band", BAND_KEYS)) if "band" in table else DEFAULT_BAND,
            tax=Tax(
                short_term_rate=tax.number("short_term_rate", 0.37, least=0.0, most=1.0),
                long_term_rate=tax.number("long_term_rate", 0.20, least=0.0, most=1.0),
                loss_value=tax.number("loss_value", 0.5, least=0.0, most=1.0),
            ),
            costs=Costs(
                spread_bps=costs.number("spread_bps", 0.0, least=0.0, most=10_000.0),
                commission=costs.number("commission", 0.0, least=0.0),
                order=costs.number("order", 0.0, least=0.0),
            ),
            min_trade_value=table.number("min_trade_value", 0.0, least=0.0),
            max_orders=table.whole("max_orders", None, least=0),
            max_realized_gain=table.number("max_realized_gain", None, least=0.0),
            max_tax=table.number("max_tax", None, least=0.0),
            max_drift=table.number("max_drift", None, least=0.0, most=1.0),
            wash_sales=_read_wash_sales(table.table("wash_sales", WashSales.__dataclass_fields__)),
            location=_read_location(table.table("location")),
            location_preference=read_preferences(table.table("location_preference")),
            location_from_returns=read_returns(table, "location_from_returns"),
            location_terms=LocationTerms.read(table.table("location_terms", LOCATION_TERMS_KEYS)),
        )
        if policy.drift.outside_band < policy.drift.inside_band:
            table.fault(
                "drift.order",
                join(drift.where, "outside_band"),
                "drift beyond the band must not cost less than drift inside it",
                f"raise it to at least {policy.drift.inside_band:g}",
            )
        return policy


POLICY_KEYS = frozenset(Policy.__dataclass_fields__)


def _read_wash_sales(table: Table) -> WashSales:
    identical = table.value.get("identical", ())
    where = join(table.where, "identical")
    if not isinstance(identical, (list, tuple)):
        table.fault("type.list", where, "expected a list of lists of symbols")
        identical = ()
    groups = tuple(table.check_names(group, f"{where}[{n}]") for n, group in enumerate(identical))
    return WashSales(
        avoid=table.flag("avoid", default=True),
        window_days=table.whole("window_days", 30, least=0) or 0,
        identical=groups,
    )


def _read_location(table: Table) -> dict[str, dict[str, float]]:
    location: dict[str, dict[str, float]] = {}
    for name, _ in table.entries():
        costs = table.table(name, KINDS)
        location[name] = {kind: costs.number(kind, 0.0) for kind in costs.value if kind in KINDS}
    return location
