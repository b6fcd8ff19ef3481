"""What the household's owner wants: the prices of drift and tax, the costs of trading, and hard limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self, get_args

from realloc._reading import Table, join
from realloc.accounts import KINDS
from realloc.errors import InputError, Issue
from realloc.models import BAND_KEYS, Band
from realloc.modes import (
    DEFAULT_DESTINATION,
    DESTINATIONS,
    HARVEST_KEYS,
    MODES,
    PARTIAL_KEYS,
    Destination,
    Harvest,
    Mode,
    Partial,
)
from realloc.returns import (
    DEFAULT_LOCATION_TERMS,
    LOCATION_TERMS_KEYS,
    LocationTerms,
    ReturnsByClass,
    read_preferences,
    read_returns,
)

WashMode = Literal["avoid", "allow", "warn"]
WASH_MODES: tuple[str, ...] = get_args(WashMode)

Regime = Literal["us", "canada"]
REGIMES: tuple[str, ...] = get_args(Regime)

DEFAULT_BAND = Band(absolute=0.05, relative=0.25)
"""Swedroe's 5/25 rule: the lesser of five percentage points and a quarter of the target."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """Dollars charged per dollar off target, up to the band and beyond it."""

    inside_band: float = 0.004
    outside_band: float = 0.06


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """What the rates come from where a document states a person instead of rates (rule RATE-4).

    Parameters
    ----------
    filing_status : {"single", "married_joint", "head_of_household", "married_separate"}
        As on the return.
    ordinary_income, long_term_income : float
        Dollars expected in the year, before the deduction.
    year : int
        Tax year with a table of rates.
    state_rate : float
        Marginal state and local rate on gains, 0.05 for 5%.
    deduction : float, optional
        Dollars; None takes the standard deduction.
    niit : bool
        Count the net investment income tax.
    """

    filing_status: str
    ordinary_income: float
    year: int
    state_rate: float = 0.0
    long_term_income: float = 0.0
    deduction: float | None = None
    niit: bool = True

    def to_dict(self) -> dict[str, Any]:
        """Return the keys of the household document; those at their default are left out."""
        stated = {key: getattr(self, key) for key in ("filing_status", "ordinary_income", "year")}
        more = {
            "state_rate": (self.state_rate, 0.0),
            "long_term_income": (self.long_term_income, 0.0),
            "deduction": (self.deduction, None),
            "niit": (self.niit, True),
        }
        return stated | {key: value for key, (value, default) in more.items() if value != default}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tax:
    """Rates on realized gains in taxable accounts; a loss is worth `loss_value` times its rate.

    Parameters
    ----------
    short_term_rate, long_term_rate : float
        Dollars of tax per dollar of gain.
    loss_value : float
        What a loss is worth as a part of its rate.
    defer_days : int
        A lot with a gain that turns long-term within so many days is kept, unless a reserve needs it (rule DEFER-1).
    filing : Filing, optional
        The person that both rates come from, where the document states one.
    regime : {"us", "canada"}
        Whose rules gains follow (rules CA-1 to CA-7 for Canada, where half of a gain is taxed at
        `short_term_rate` and `long_term_rate` is not used for gains).
    """

    short_term_rate: float = 0.37
    long_term_rate: float = 0.20
    loss_value: float = 0.5
    defer_days: int = field(default=0, repr=False)
    filing: Filing | None = field(default=None, repr=False)
    regime: Regime = "us"

    def to_dict(self) -> dict[str, Any]:
        """Return the tax as the household document has it: the person where there is one, else the rates."""
        rates = {"short_term_rate": self.short_term_rate, "long_term_rate": self.long_term_rate}
        stated = self.filing.to_dict() if self.filing else rates
        more = {"defer_days": self.defer_days} if self.defer_days else {}
        return {**stated, "loss_value": self.loss_value, "regime": self.regime, **more}

    @classmethod
    def read(cls, table: Table) -> Self:
        """Build the tax from a table that collects the issues."""
        loss_value = table.number("loss_value", 0.5, least=0.0, most=1.0)
        days = table.whole("defer_days", 0, least=0) or 0
        regime = table.choice("regime", "us", REGIMES)
        filing = [key for key in FILING_KEYS if key in table]
        if filing and regime != "us":
            table.fault(
                "tax.regime",
                join(table.where, filing[0]),
                f"{filing[0]!r} is for United States rates, and the regime is {regime!r}",
                "state 'short_term_rate', the marginal rate on ordinary income",
            )
            return cls(loss_value=loss_value, regime=regime)
        if not filing:
            return cls(
                regime=regime,
                short_term_rate=table.number("short_term_rate", 0.37, least=0.0, most=1.0),
                long_term_rate=table.number("long_term_rate", 0.20, least=0.0, most=1.0),
                loss_value=loss_value,
                defer_days=min(days, LONGEST_DEFERRAL),
            )
        both = [key for key in ("short_term_rate", "long_term_rate") if key in table]
        if both:
            table.fault(
                "tax.both",
                join(table.where, both[0]),
                f"{both[0]!r} stands beside {filing[0]!r}, from which it is worked out",
                "keep the rates, or the filing status with the income",
            )
            return cls(loss_value=loss_value)
        return replace(cls._of_person(table, loss_value), defer_days=min(days, LONGEST_DEFERRAL))

    @classmethod
    def _of_person(cls, table: Table, loss_value: float) -> Self:
        from realloc.tax.rates import tax_policy  # noqa: PLC0415 - the one call upwards: a person becomes rates

        faults = len(table.issues)
        filing = Filing(
            filing_status=table.text("filing_status"),
            ordinary_income=table.number("ordinary_income", least=0.0),
            year=(table.whole("year", 0, least=1) if "year" in table else table.number("year")) or 0,
            state_rate=table.number("state_rate", 0.0, least=0.0, most=1.0),
            long_term_income=table.number("long_term_income", 0.0, least=0.0),
            deduction=table.number("deduction", None, least=0.0),
            niit=table.flag("niit", default=True),
        )
        if len(table.issues) > faults:
            return cls(loss_value=loss_value)
        try:
            rates = tax_policy(
                filing_status=filing.filing_status,  # type: ignore[arg-type]  # an unknown one is refused there
                ordinary_income=filing.ordinary_income,
                year=filing.year,
                state_rate=filing.state_rate,
                long_term_income=filing.long_term_income,
                deduction=filing.deduction,
                niit=filing.niit,
            )
        except InputError as error:
            for issue in error.issues:
                table.fault(issue.code, join(table.where, issue.where), issue.message, issue.hint)
            return cls(loss_value=loss_value)
        return cls(
            short_term_rate=rates.short_term_rate,
            long_term_rate=rates.long_term_rate,
            loss_value=loss_value,
            filing=filing,
        )


LONGEST_DEFERRAL = 366
"""Days: every lot is long-term by then."""

FILING_KEYS = tuple(Filing.__dataclass_fields__)
TAX_KEYS = frozenset({*Tax.__dataclass_fields__, *FILING_KEYS} - {"filing"})


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
    """What a plan does about wash sales (26 USC 1091).

    Parameters
    ----------
    avoid : bool, optional
        Make the plan without any. True is the mode ``avoid``, False the mode ``warn``; one of the two keys is enough.
    mode : {"avoid", "allow", "warn"}, optional
        ``avoid`` (the default) makes a plan without any; ``allow`` lets a denied loss have no value (rule WASH-4);
        ``warn`` plans as if there were no rule, and names each wash sale.
    window_days : int
        Days before and after a sale at a loss in which a purchase washes it.
    identical : tuple of tuple of str
        Groups of symbols that are substantially identical.

    Raises
    ------
    InputError
        `avoid` and `mode` contradict each other.
    """

    avoid: bool | None = None
    mode: WashMode | None = None
    window_days: int = 30
    identical: tuple[tuple[str, ...], ...] = ()

    def __post_init__(self) -> None:
        mode = self.mode or ("warn" if self.avoid is False else "avoid")
        if self.avoid is not None and self.avoid != (mode == "avoid"):
            raise InputError(
                Issue(
                    code="wash_sales.both",
                    where="mode",
                    message=f"the mode {mode!r} contradicts 'avoid' = {str(self.avoid).lower()}",
                    hint="keep one of the two keys",
                )
            )
        object.__setattr__(self, "mode", mode)
        object.__setattr__(self, "avoid", mode == "avoid")

    def to_dict(self) -> dict[str, Any]:
        """Return what the household document has: the mode by its older key where that says it."""
        stated = {"mode": self.mode} if self.mode == "allow" else {"avoid": self.avoid}
        return {
            **stated,
            "window_days": self.window_days,
            "identical": [list(group) for group in self.identical],
        }


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
        Cap on net realized gain in taxable accounts, dollars; it counts the household's `tax_year`.
    max_short_term_gain : float, optional
        The same for short-term gains alone.
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
    mirror : bool
        Each account follows the model by itself, not all accounts together (rule VAL-2).
    after_tax_weights : mapping of str to float
        What a dollar in a kind of account counts in weights and drift, above 0 and up to 1; kinds that are
        left out count 1 (rule VAL-3).
    mode : str
        What is traded for; see `realloc.modes` and the rules MODE-1 to MODE-6.
    destination : {"target", "midpoint", "edge"}
        How far the mode ``outside_band`` may bring back a class that is outside its band.
    harvest : Harvest, optional
        Thresholds of harvesting; with them it is a part of a ``full`` plan too.
    partial : Partial, optional
        The two symbols of the mode ``partial``.
    """

    drift: Drift = Drift()
    band: Band = DEFAULT_BAND
    tax: Tax = Tax()
    costs: Costs = Costs()
    min_trade_value: float = 0.0
    max_orders: int | None = None
    max_realized_gain: float | None = None
    max_short_term_gain: float | None = None
    max_tax: float | None = None
    max_drift: float | None = None
    wash_sales: WashSales = WashSales()
    location: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    location_preference: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    location_from_returns: ReturnsByClass = field(default_factory=dict)
    location_terms: LocationTerms = DEFAULT_LOCATION_TERMS
    mirror: bool = False
    after_tax_weights: Mapping[str, float] = field(default_factory=dict)
    mode: Mode = "full"
    destination: Destination = DEFAULT_DESTINATION
    harvest: Harvest | None = None
    partial: Partial | None = None

    @property
    def harvests(self) -> Harvest | None:
        """The thresholds where this policy harvests: in the modes ``harvest`` and, where they are set, ``full``."""
        if self.mode == "harvest":
            return self.harvest or Harvest()
        return self.harvest if self.mode == "full" else None

    def to_dict(self) -> dict[str, Any]:
        """Return the policy as the household document has it, every field stated."""
        return {
            "drift": {"inside_band": self.drift.inside_band, "outside_band": self.drift.outside_band},
            "band": self.band.to_dict(),
            "tax": self.tax.to_dict(),
            "costs": {
                "spread_bps": self.costs.spread_bps,
                "commission": self.costs.commission,
                "order": self.costs.order,
            },
            "min_trade_value": self.min_trade_value,
            "max_orders": self.max_orders,
            "max_realized_gain": self.max_realized_gain,
            "max_short_term_gain": self.max_short_term_gain,
            "max_tax": self.max_tax,
            "max_drift": self.max_drift,
            "wash_sales": self.wash_sales.to_dict(),
            "location": {name: dict(costs) for name, costs in self.location.items()},
            "location_preference": {name: list(kinds) for name, kinds in self.location_preference.items()},
            "location_from_returns": self.location_from_returns is True
            or {name: returns.to_dict() for name, returns in self.location_from_returns.items()},
            "location_terms": self.location_terms.to_dict(),
            "mirror": self.mirror,
            "after_tax_weights": dict(self.after_tax_weights),
            "mode": self.mode,
            "destination": self.destination,
            "harvest": None if self.harvest is None else self.harvest.to_dict(),
            "partial": None if self.partial is None else self.partial.to_dict(),
        }

    @classmethod
    def read(cls, table: Table) -> Self:
        """Build a policy from a table that collects the issues."""
        drift = table.table("drift", Drift.__dataclass_fields__)
        costs = table.table("costs", Costs.__dataclass_fields__)
        policy = cls(
            drift=Drift(
                inside_band=drift.number("inside_band", 0.004, least=0.0, most=1.0),
                outside_band=drift.number("outside_band", 0.06, least=0.0, most=1.0),
            ),
            band=Band.read(table.table("band", BAND_KEYS)) if "band" in table else DEFAULT_BAND,
            tax=Tax.read(table.table("tax", TAX_KEYS)),
            costs=Costs(
                spread_bps=costs.number("spread_bps", 0.0, least=0.0, most=10_000.0),
                commission=costs.number("commission", 0.0, least=0.0),
                order=costs.number("order", 0.0, least=0.0),
            ),
            min_trade_value=table.number("min_trade_value", 0.0, least=0.0),
            max_orders=table.whole("max_orders", None, least=0),
            max_realized_gain=table.number("max_realized_gain", None, least=0.0),
            max_short_term_gain=table.number("max_short_term_gain", None, least=0.0),
            max_tax=table.number("max_tax", None, least=0.0),
            max_drift=table.number("max_drift", None, least=0.0, most=1.0),
            wash_sales=_read_wash_sales(table.table("wash_sales", WashSales.__dataclass_fields__)),
            location=_read_location(table.table("location")),
            location_preference=read_preferences(table.table("location_preference")),
            location_from_returns=read_returns(table, "location_from_returns"),
            location_terms=LocationTerms.read(table.table("location_terms", LOCATION_TERMS_KEYS)),
            mirror=table.flag("mirror", default=False),
            after_tax_weights=_read_after_tax_weights(table.table("after_tax_weights", KINDS)),
            mode=table.choice("mode", "full", MODES),
            destination=table.choice("destination", DEFAULT_DESTINATION, DESTINATIONS),
            harvest=None if _absent(table, "harvest") else Harvest.read(table.table("harvest", HARVEST_KEYS)),
            partial=None if _absent(table, "partial") else Partial.read(table.table("partial", PARTIAL_KEYS)),
        )
        if policy.mode == "partial" and policy.partial is None:
            table.fault(
                "mode.partial",
                join(table.where, "partial"),
                "the mode 'partial' needs the symbol to sell and the one to buy",
                'write {"sell": SYMBOL, "buy": SYMBOL}',
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


def _absent(table: Table, key: str) -> bool:
    return table.value.get(key) is None


INSTEAD: Mapping[tuple[str, ...], tuple[str, ...]] = {
    **{("tax", key): ("short_term_rate", "long_term_rate") for key in FILING_KEYS},
    **{("tax", key): FILING_KEYS for key in ("short_term_rate", "long_term_rate")},
    ("wash_sales", "mode"): ("avoid",),
    ("wash_sales", "avoid"): ("mode",),
}
"""Keys of the policy that say the same as others: setting one takes those others out of a document."""


def _read_wash_sales(table: Table) -> WashSales:
    identical = table.value.get("identical", ())
    where = join(table.where, "identical")
    if not isinstance(identical, (list, tuple)):
        table.fault("type.list", where, "expected a list of lists of symbols")
        identical = ()
    groups = tuple(table.check_names(group, f"{where}[{n}]") for n, group in enumerate(identical))
    days = table.whole("window_days", 30, least=0) or 0
    avoid = table.flag("avoid", default=True) if "avoid" in table else None
    mode = table.choice("mode", "avoid", WASH_MODES) if "mode" in table else None
    try:
        return WashSales(avoid=avoid, mode=mode, window_days=days, identical=groups)
    except InputError as error:
        for issue in error.issues:
            table.fault(issue.code, join(table.where, issue.where), issue.message, issue.hint)
        return WashSales(window_days=days, identical=groups)


def _read_after_tax_weights(table: Table) -> dict[str, float]:
    return {kind: table.number(kind, above=0.0, most=1.0) for kind in table.value if kind in KINDS}


def _read_location(table: Table) -> dict[str, dict[str, float]]:
    location: dict[str, dict[str, float]] = {}
    for name, _ in table.entries():
        costs = table.table(name, KINDS)
        location[name] = {kind: costs.number(kind, 0.0) for kind in costs.value if kind in KINDS}
    return location
