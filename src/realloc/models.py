"""The household's target: weights by symbol or asset class, and the classes with their bands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from realloc._reading import Table, join
from realloc.errors import InputError, Issue

CASH = "CASH"
"""The class without symbols whose value is all cash; never a security, never traded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """How far a weight may stray before it costs more: the lesser of the measures given.

    Parameters
    ----------
    absolute : float, optional
        In weight: 0.05 is five percentage points.
    relative : float, optional
        Relative to the target weight: 0.25 of a 20% target is five percentage points.
    """

    absolute: float | None = None
    relative: float | None = None

    def width(self, target: float) -> float:
        """Return the half-width in weight around `target` (the lesser measure; Swedroe's 5/25 rule)."""
        measures = [self.absolute, None if self.relative is None else self.relative * target]
        return min(measure for measure in measures if measure is not None)

    def to_dict(self) -> dict[str, float]:
        """Return the measures that are set."""
        both = {"absolute": self.absolute, "relative": self.relative}
        return {name: value for name, value in both.items() if value is not None}

    @classmethod
    def read(cls, table: Table) -> Self:
        """Build a band from a table that collects the issues."""
        band = cls(
            absolute=table.number("absolute", None, least=0.0, most=1.0),
            relative=table.number("relative", None, least=0.0),
        )
        if band.absolute is None and band.relative is None:
            table.fault("band.empty", table.where, "a band needs 'absolute' or 'relative'")
            return cls(absolute=0.0)
        return band


BAND_KEYS = frozenset(Band.__dataclass_fields__)


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetClass:
    """Symbols that count towards one target.

    Parameters
    ----------
    symbols : mapping of str to float
        Symbol to the share of it that is in this class (1 unless the fund spans classes). The first is
        preferred for buying; the rest count and may stay.
    band : Band, optional
        The class's own band; None takes the policy's.
    """

    symbols: Mapping[str, float] = field(default_factory=dict)
    band: Band | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the class as the household document has it."""
        whole = all(share == 1.0 for share in self.symbols.values())
        out: dict[str, Any] = {"symbols": list(self.symbols) if whole else dict(self.symbols)}
        if self.band is not None:
            out["band"] = self.band.to_dict()
        return out

    @classmethod
    def read(cls, table: Table) -> Self:
        """Build a class from a table that collects the issues."""
        raw = table.value.get("symbols", ())
        where = join(table.where, "symbols")
        if isinstance(raw, Mapping):
            symbols = table.check_amounts(raw, where, least=0.0, most=1.0)
        else:
            names = table.check_names(raw, where)
            for name in {name for name in names if names.count(name) > 1}:
                table.fault("class.duplicate", where, f"{name!r} occurs twice")
            symbols = dict.fromkeys(names, 1.0)
        band = Band.read(table.table("band", BAND_KEYS)) if "band" in table else None
        return cls(symbols=symbols, band=band)


CLASS_KEYS = frozenset(AssetClass.__dataclass_fields__)


class PortfolioModel:
    """Target weights of a portfolio.

    Parameters
    ----------
    name : str
        Name of the model.
    targets : mapping of str to float, optional
        Weight by symbol, by class name, or ``CASH``. They need not sum to 1: `normalize` scales them.
    enforce_long_only : bool
        Refuse negative weights.
    classes : mapping of str to AssetClass, optional
        Asset classes by name.

    Raises
    ------
    ValueError
        A weight is negative and `enforce_long_only` is set.
    """

    def __init__(
        self,
        name: str,
        targets: Mapping[str, float] | None = None,
        enforce_long_only: bool = True,
        *,
        classes: Mapping[str, AssetClass] | None = None,
    ) -> None:
        self.name = name
        self.enforce_long_only = enforce_long_only
        self.targets: dict[str, float] = {}
        self.classes: dict[str, AssetClass] = dict(classes or {})
        for symbol, weight in (targets or {}).items():
            self.add_target(symbol, weight)

    def __repr__(self) -> str:
        return f"PortfolioModel({self.name!r}, {self.targets!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PortfolioModel):
            return NotImplemented
        return self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]  # mutable

    @property
    def label(self) -> str:
        """The name; the seed's documents call it so."""
        return self.name

    def add_target(self, symbol: str, weight: float) -> None:
        """Set the weight of a symbol or class.

        Raises
        ------
        ValueError
            The weight is negative in a long-only model.
        """
        if self.enforce_long_only and weight < 0:
            raise InputError(f"Negative weight {weight:g} for {symbol}: the model is long-only")
        self.targets[symbol] = weight

    def update_target(self, symbol: str, weight: float) -> None:
        """Set the weight of a symbol or class; the same rules as `add_target`."""
        self.add_target(symbol, weight)

    def remove_target(self, symbol: str) -> None:
        """Forget a symbol or class; one that is not there is no error."""
        self.targets.pop(symbol, None)

    def get_target(self, symbol: str) -> float:
        """Return the weight of a symbol or class, zero where it has none."""
        return self.targets.get(symbol, 0.0)

    def normalize(self) -> dict[str, float]:
        """Scale the weights to sum to 1, keeping their relative sizes, and return them.

        Weights that are all zero come back as they are.
        """
        total = sum(self.targets.values())
        if total:
            self.targets = {symbol: weight / total for symbol, weight in self.targets.items()}
        return dict(self.targets)

    def to_dict(self) -> dict[str, Any]:
        """Return the model as the household document has it."""
        model: dict[str, Any] = {"name": self.name, "targets": dict(self.targets)}
        if not self.enforce_long_only:
            model["enforce_long_only"] = False
        if self.classes:
            model["classes"] = {
                name: {"band": asset_class.band.to_dict()}
                if name == CASH and asset_class.band is not None
                else asset_class.to_dict()
                for name, asset_class in self.classes.items()
            }
        return model

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Build a model from the household document's form; ``label`` and ``name`` are the same.

        Raises
        ------
        InputError
            A key is unknown or a value is of the wrong type or out of range.
        """
        issues: list[Issue] = []
        model = cls.read(Table(data, "", issues, MODEL_KEYS))
        if issues:
            raise InputError(issues)
        return model

    @classmethod
    def read(cls, table: Table) -> Self:
        """Build a model from a table that collects the issues."""
        if "name" in table and "label" in table:
            table.fault(
                "key.duplicate", join(table.where, "label"), "'name' and 'label' are the same", "keep one"
            )
        name = table.text("label", "") if "label" in table else table.text("name", "")
        long_only = table.flag("enforce_long_only", default=True)
        classes = table.table("classes")
        return cls(
            name,
            table.amounts("targets", {}, least=0.0 if long_only else None),
            long_only,
            classes={key: AssetClass.read(classes.table(key, CLASS_KEYS)) for key, _ in classes.entries()},
        )


MODEL_KEYS = frozenset({"name", "label", "targets", "enforce_long_only", "classes"})
