"""The report of a firm: what a run did to all households, as one HTML page of distributions."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from realloc.documents.writing import write_whole
from realloc.errors import ExportError
from realloc.report.charts import counts_chart
from realloc.report.words import as_shown, dollars, percent

if TYPE_CHECKING:
    from realloc.batch import Summary

DRIFT = (
    (0.005, 0.01, 0.02, 0.05, 0.1, 0.2),
    ("up to 0.5%", "0.5% to 1%", "1% to 2%", "2% to 5%", "5% to 10%", "10% to 20%", "20% and more"),
)
GAP = ((0.01, 0.1, 1.0, 5.0), ("below 0.01", "0.01 to 0.1", "0.1 to 1", "1 to 5", "5 and more"))
TAX = (
    (-10_000.0, -1_000.0, -0.005, 0.005, 1_000.0, 10_000.0, 100_000.0),
    (
        "saves over $10,000", "saves over $1,000", "saves less", "none", "up to $1,000", "up to $10,000",
        "up to $100,000", "more",
    ),
)  # fmt: skip
"""Edges of the bars, and what they are called."""

Bins = tuple[tuple[float, ...], tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """One chart with its table: kinds of households, and how many there are of each."""

    title: str
    about: str
    labels: tuple[str, ...]
    series: tuple[tuple[str, tuple[int, ...]], ...]
    svg: str


def write_firm_report(figures: Summary, path: str | os.PathLike[str]) -> None:
    """Write the report of a run: one HTML file without links, scripts or pictures of elsewhere.

    Parameters
    ----------
    figures : realloc.batch.Summary
        What the run did.
    path : str or path
        The file to write; its folder must exist. It is written whole or not at all.

    Raises
    ------
    ExportError
        The file cannot be written, or jinja2 or matplotlib is not installed (``realloc[report]``).
    """
    write_whole(path, firm_html(figures))


def firm_html(figures: Summary) -> str:
    """Return the report as HTML; see `write_firm_report`. The same figures give the same bytes."""
    try:
        import jinja2  # noqa: PLC0415 - an extra, imported when a report is made
    except ImportError as error:
        raise ExportError(
            "The report needs jinja2, which is not installed: pip install 'realloc[report]'"
        ) from error
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=as_shown,
    )
    environment.filters |= {"dollars": dollars, "percent": percent}
    room = files("realloc.report")
    return environment.from_string(room.joinpath("firm.html").read_text(encoding="utf-8")).render(
        figures=figures,
        failed=figures.failed,
        distributions=_distributions(figures),
        failures=_failures(figures),
        style=room.joinpath("page.css").read_text(encoding="utf-8"),
    )


def binned(values: Sequence[float], bins: Bins) -> tuple[int, ...]:
    """Return how many values there are between the edges; a value on an edge is in the bar above it."""
    edges, labels = bins
    counts = [0] * len(labels)
    for value in values:
        counts[bisect_right(edges, value)] += 1
    return tuple(counts)


def _distributions(figures: Summary) -> list[Distribution]:
    each = figures.each
    if not figures.planned:
        return []
    return [
        _distribution(
            "Drift",
            "How far households are off their target weights, before and after their plans.",
            DRIFT,
            (("before", each["drift_before"]), ("after", each["drift_after"])),
        ),
        _distribution(
            "Gap to the best possible",
            "By how much a better plan could exist, in hundredths of a percent of the household's value.",
            GAP,
            (("households", each["gap_bps"]),),
        ),
        _distribution(
            "Tax",
            "Tax of each plan, losses counted at their value.",
            TAX,
            (("households", each["tax"]),),
        ),
    ]


def _distribution(
    title: str, about: str, bins: Bins, series: Sequence[tuple[str, Sequence[float]]]
) -> Distribution:
    counted = tuple((name, binned(values, bins)) for name, values in series)
    labels = bins[1]
    return Distribution(
        title=title, about=about, labels=labels, series=counted, svg=counts_chart(title, labels, counted)
    )


def _failures(figures: Summary) -> Distribution | None:
    if not figures.failures:
        return None
    codes = sorted(figures.failures, key=lambda code: (-figures.failures[code], code))
    counted = (("households", tuple(figures.failures[code] for code in codes)),)
    return Distribution(
        title="Failures",
        about="Households that could not be planned, by the code of what is wrong first.",
        labels=tuple(codes),
        series=counted,
        svg=counts_chart("Failures", codes, counted),
    )
