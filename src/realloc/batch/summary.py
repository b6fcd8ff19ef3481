"""What a run did, in figures: over all households, and each household's own for charts."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow.compute as pc

from realloc.batch.manifest import read_manifest
from realloc.batch.store import read_monitored, read_results

_PLAN = (
    "household_id", "trades", "value", "drift_before", "drift_after", "tax", "gap_bps", "status", "objective",
    "do_nothing",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A run in figures.

    Parameters
    ----------
    run_id, engine_version : str
        The run, and what planned it.
    calm : int
        Households that needed no plan, by the monitor; 0 where all were planned.
    planned, traded, orders, timed_out : int
        Households with a plan, of them those with orders, orders, and those whose search was stopped.
    value, tax, saved : float
        Dollars: what the planned households are worth, tax of their plans, and what the plans are worth against
        doing nothing.
    drift_before, drift_after : float
        By value.
    gap_bps : tuple of float
        Median, 99th percentile and most, in 1/10,000 of a household's value.
    failures : dict of str to int
        Failed households by the code of their first issue.
    each : dict of str to sequence of float
        ``drift_before``, ``drift_after``, ``gap_bps`` and ``tax`` of each planned household.
    """

    run_id: str
    engine_version: str
    calm: int
    planned: int
    traded: int
    orders: int
    timed_out: int
    value: float
    tax: float
    saved: float
    drift_before: float
    drift_after: float
    gap_bps: tuple[float, float, float]
    failures: dict[str, int]
    each: dict[str, Sequence[float]]

    @property
    def failed(self) -> int:
        """Households that could not be planned."""
        return sum(self.failures.values())


def summarise(folder: str | os.PathLike[str]) -> Summary:
    """Return what the run in a folder did.

    Raises
    ------
    InputError
        There are no results, or they cannot be read.
    """
    plans = read_results(folder, ["plans"], _PLAN)["plans"]
    failures = read_results(folder, ["failures"], ("household_id", "code"))["failures"]
    manifest = read_manifest(folder)
    value = plans["value"]
    gaps = plans["gap_bps"]
    return Summary(
        run_id=manifest["run_id"],
        engine_version=manifest["engine_version"],
        calm=_calm(folder),
        planned=plans.num_rows,
        traded=pc.sum(pc.greater(plans["trades"], 0)).as_py() or 0,
        orders=_total(plans["trades"]),
        timed_out=pc.sum(pc.equal(plans["status"], "time_limit")).as_py() or 0,
        value=_total(value),
        tax=_total(plans["tax"]),
        saved=_total(pc.subtract(plans["do_nothing"], plans["objective"])),
        drift_before=_by_value(plans["drift_before"], value),
        drift_after=_by_value(plans["drift_after"], value),
        gap_bps=tuple(pc.quantile(gaps, q=[0.5, 0.99, 1.0], interpolation="lower").to_pylist())
        if plans.num_rows
        else (0.0, 0.0, 0.0),
        failures=_codes(failures),
        each={name: plans[name].to_pylist() for name in ("drift_before", "drift_after", "gap_bps", "tax")},
    )


def _codes(failures: Any) -> dict[str, int]:
    first: dict[str, str] = {}
    for row in failures.to_pylist():
        first.setdefault(row["household_id"], row["code"])
    counts: dict[str, int] = {}
    for code in first.values():
        counts[code] = counts.get(code, 0) + 1
    return dict(sorted(counts.items()))


def _calm(folder: str | os.PathLike[str]) -> int:
    monitored = read_monitored(folder)
    return 0 if monitored is None else int(_total(pc.invert(monitored["needed"])))


def _total(column: Any) -> Any:
    return pc.sum(column).as_py() or 0


def _by_value(column: Any, value: Any) -> float:
    whole = _total(value)
    return float(_total(pc.multiply(column, value)) / whole) if whole else 0.0
