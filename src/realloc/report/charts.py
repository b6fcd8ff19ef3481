"""The report's charts: drawn by matplotlib, as inline SVG whose colours are the page's own.

matplotlib knows no style sheets, so each colour is drawn as a code of its own that becomes a CSS variable:
one chart serves the light and the dark page. The same values give the same bytes.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from realloc._printable import one_line
from realloc.errors import ExportError
from realloc.plan import ClassWeight

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 4.6
"""Inches; 331 units of the drawing, so that 9-point text is legible on a phone and not large beside a table."""
HUES = 8
"""Colours that tell classes apart; the rest is grey and told by the table."""

_INK, _SOFT, _BAND, _BEFORE, _AFTER, _GOOD, _COST, _PAPER = (f"#fe00{n:02x}" for n in range(8))
_HUES = tuple(f"#fe01{n:02x}" for n in range(HUES + 1))
_VARIABLES = dict(
    zip(
        (_INK, _SOFT, _BAND, _BEFORE, _AFTER, _GOOD, _COST, _PAPER),
        ("ink", "soft", "band", "before", "after", "good", "cost", "paper"),
        strict=True,
    )
) | {code: f"hue{n}" for n, code in enumerate(_HUES)}
_SETTINGS: Any = {
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.family": "sans-serif",
    "font.size": 9,
    "text.color": _INK,
    "axes.edgecolor": _SOFT,
    "axes.labelcolor": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
}


def drift_chart(rows: Sequence[ClassWeight]) -> str:
    """Draw the weight of each class before and after, over its band and target; empty without rows."""
    if not rows:
        return ""
    with _Drawing("drift", height=0.75 + 0.34 * len(rows)) as drawing:
        axes = drawing.axes
        names = [_short(row.name) for row in rows]
        for y, row in enumerate(rows):
            low, high = max(0.0, row.target - row.band), row.target + row.band
            axes.barh(y, 100 * (high - low), left=100 * low, height=0.62, color=_BAND)
            axes.plot([100 * row.target] * 2, [y - 0.36, y + 0.36], color=_INK, linewidth=1.4)
            axes.plot([100 * row.before, 100 * row.after], [y, y], color=_SOFT, linewidth=1, zorder=3)
        ys = range(len(rows))
        style: dict[str, Any] = {"linestyle": "none", "markersize": 6.5, "zorder": 4}
        axes.plot(
            [100 * row.before for row in rows], ys, marker="o", markerfacecolor=_PAPER,
            markeredgecolor=_BEFORE, markeredgewidth=1.6, label="before", **style,
        )  # fmt: skip
        axes.plot(
            [100 * row.after for row in rows], ys, marker="o", markerfacecolor=_AFTER,
            markeredgecolor=_AFTER, label="after", **style,
        )  # fmt: skip
        axes.plot([], [], color=_INK, linewidth=1.4, label="target")
        axes.barh([0], [0], color=_BAND, label="band")
        _rows(axes, names)
        axes.set_xlim(left=0)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}%")
        drawing.legend(4)
    return drawing.svg


def accounts_chart(labels: Sequence[str], held: Sequence[Mapping[str, float]], names: Sequence[str]) -> str:
    """Draw what each account holds, by class, in dollars; classes beyond the colours there are share one."""
    if not labels:
        return ""
    shown = list(names[:HUES])
    with _Drawing("accounts", height=1.05 + 0.4 * len(labels)) as drawing:
        axes = drawing.axes
        left = [0.0] * len(labels)
        parts = [(name, [max(0.0, row.get(name, 0.0)) for row in held]) for name in shown]
        if len(names) > HUES:
            rest = [fsum_of(row, names[HUES:]) for row in held]
            parts.append((f"{len(names) - HUES} more", rest))
        for code, (name, widths) in zip(_HUES, parts, strict=False):
            axes.barh(
                range(len(labels)),
                widths,
                left=left,
                height=0.66,
                color=code,
                label=_short(name),
                edgecolor=_PAPER,
                linewidth=0.8,
            )
            left = [start + width for start, width in zip(left, widths, strict=True)]
        _rows(axes, [_short(label) for label in labels])
        axes.set_xlim(left=0)
        axes.xaxis.set_major_formatter(lambda value, _: compact(value))
        drawing.legend(2)
    return drawing.svg


def fsum_of(row: Mapping[str, float], names: Sequence[str]) -> float:
    """Return the dollars of some classes, none below zero."""
    return sum(max(0.0, row.get(name, 0.0)) for name in names)


def costs_chart(steps: Sequence[tuple[str, float, bool]]) -> str:
    """Draw the way from one cost to another: steps of name, dollars and whether it is a total."""
    with _Drawing("costs", height=0.6 + 0.4 * len(steps)) as drawing:
        axes = drawing.axes
        at = 0.0
        widest = max((abs(amount) for _, amount, _ in steps), default=1.0) or 1.0
        for y, (_, amount, total) in enumerate(steps):
            start = 0.0 if total else at
            color = _BEFORE if total and y == 0 else _AFTER if total else _COST if amount > 0 else _GOOD
            axes.barh(y, amount, left=start, height=0.62, color=color)
            at = start + amount
            sign = "\u2212" if amount < 0 else "+" if amount > 0 and not total else ""
            axes.text(
                max(at, start) + widest * 0.015, y, f"{sign}${abs(amount):,.2f}", va="center", ha="left"
            )
        _rows(axes, [name for name, _, _ in steps])
        low, high = axes.get_xlim()
        axes.set_xlim(min(low, 0.0), max(high, widest) * 1.45)
        axes.xaxis.set_major_formatter(lambda value, _: compact(value))
        axes.locator_params(axis="x", nbins=4)
    return drawing.svg


def counts_chart(name: str, labels: Sequence[str], series: Sequence[tuple[str, Sequence[int]]]) -> str:
    """Draw how many there are of each kind: a row for each label, with a bar for each series (one or two)."""
    with _Drawing(
        name, height=0.5 + 0.25 * (len(series) > 1) + (0.22 + 0.12 * len(series)) * len(labels)
    ) as drawing:
        axes = drawing.axes
        thick = 0.7 / len(series)
        most = max((count for _, counts in series for count in counts), default=0) or 1
        colours = (_AFTER,) if len(series) == 1 else (_BEFORE, _AFTER)
        for n, ((title, counts), code) in enumerate(zip(series, colours, strict=True)):
            ys = [y + (n - (len(series) - 1) / 2) * thick for y in range(len(labels))]
            axes.barh(ys, counts, height=0.9 * thick, color=code, label=one_line(title))
            for y, count in zip(ys, counts, strict=True):
                axes.text(count + most * 0.015, y, f"{count:,}", va="center", ha="left", fontsize=8)
        _rows(axes, labels)
        axes.set_xlim(0, most * 1.2)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        axes.locator_params(axis="x", nbins=4, integer=True)
        if len(series) > 1:
            drawing.legend(len(series))
    return drawing.svg


def compact(dollars: float) -> str:
    """Return dollars as an axis has room for: ``$1.2M``, ``$350k``, ``$12``."""
    for size, unit in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(dollars) >= size:
            return f"{'-' if dollars < 0 else ''}${abs(dollars) / size:.3g}{unit}"
    return f"{'-' if dollars < 0 else ''}${abs(dollars):.3g}"


class _Drawing:
    """One chart while it is drawn; `svg` is there afterwards."""

    svg: str
    axes: Axes

    def __init__(self, name: str, height: float) -> None:
        try:
            import matplotlib as mpl  # noqa: PLC0415 - an extra, imported when a chart is drawn
            from matplotlib.figure import Figure  # noqa: PLC0415
        except ImportError as error:
            raise ExportError(
                "The report needs matplotlib, which is not installed: pip install 'realloc[report]'"
            ) from error
        self._context = mpl.rc_context({**_SETTINGS, "svg.hashsalt": name})
        self._context.__enter__()
        self._figure: Figure = Figure(figsize=(WIDTH, height), layout="constrained")
        self.axes = self._figure.add_subplot()

    def __enter__(self) -> Self:
        return self

    def legend(self, columns: int) -> None:
        """Put the legend above the chart."""
        self._figure.legend(
            loc="outside upper left", ncols=columns, frameon=False, fontsize=9, handlelength=1.2
        )

    def __exit__(self, *raised: object) -> None:
        if raised[0] is None:
            drawn = io.StringIO()
            self._figure.savefig(
                drawn, format="svg", transparent=True, metadata={"Date": None, "Creator": None}
            )
            self.svg = _inline(drawn.getvalue())
        self._context.__exit__(None, None, None)


def _rows(axes: Axes, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), labels=[one_line(name) for name in names])
    axes.invert_yaxis()
    axes.tick_params(length=0)
    axes.grid(axis="x", color=_SOFT, linewidth=0.4, alpha=0.5)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left", "bottom"):
        axes.spines[side].set_visible(False)


def _short(name: str) -> str:
    shown = one_line(name)
    return shown if len(shown) <= 20 else shown[:19] + "\u2026"


def _inline(text: str) -> str:
    """Return a drawing as part of a page: no prolog, no names that another chart has too, the page's colours."""
    svg = text[text.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, count=1, flags=re.DOTALL)
    svg = re.sub(r' id="(?:figure|axes|patch|matplotlib|text|line2d|xtick|ytick|legend)[\w.]*"', "", svg)
    svg = re.sub(r'<svg [^>]*viewBox="([^"]*)"[^>]*>', r'<svg viewBox="\1" aria-hidden="true">', svg, count=1)
    for code, name in _VARIABLES.items():
        svg = svg.replace(code, f"var(--{name})")
    return svg
