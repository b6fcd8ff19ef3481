"""What the batch commands say: the figures of a run and of the monitor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from realloc.cli.answer import Answer, Grid, Line, money, percent, plural

if TYPE_CHECKING:
    from realloc.batch import Progress, Summary


def run_answer(summary: Summary, end: Progress) -> Answer:
    """Return the answer of a run: its figures, and what of an earlier run was kept, planned again or taken out."""
    document: dict[str, Any] = {
        "households": summary.planned + summary.failed + summary.calm,
        "done_before": end.before,
        "changed": end.changed,
        "tried_again": end.retried,
        "gone": end.gone,
        "not_needed": summary.calm,
        "planned": summary.planned,
        "traded": summary.traded,
        "orders": summary.orders,
        "value": summary.value,
        "drift_before": summary.drift_before,
        "drift_after": summary.drift_after,
        "tax": summary.tax,
        "saved": summary.saved,
        "gap_bps_median": summary.gap_bps[0],
        "gap_bps_p99": summary.gap_bps[1],
        "gap_bps_most": summary.gap_bps[2],
        "stopped_by_time": summary.timed_out,
        "failed": summary.failed,
        "failures": summary.failures,
    }
    columns = tuple(key for key in document if key != "failures")
    record = {key: document[key] for key in columns}
    return Answer(document=document, columns=columns, records=[record], page=_run_page(summary, end))


def _run_page(summary: Summary, end: Progress) -> list[Grid | Line]:
    first = f"{plural(summary.planned, 'household')} planned"
    first += f", {end.before:,} of them before" if end.before else ""
    first += f", {end.changed:,} again because they changed" if end.changed else ""
    first += f", {summary.failed:,} failed"
    first += f", {end.retried:,} that had failed tried again" if end.retried else ""
    first += f", {end.gone:,} of before taken out" if end.gone else ""
    first += f", {summary.calm:,} need no plan." if summary.calm else "."
    closest = (
        f"How close to the best possible: {summary.gap_bps[0]:.3f} bps of a household's value at the median, "
        f"{summary.gap_bps[1]:.3f} at the 99th percentile, {summary.gap_bps[2]:.3f} at most"
    )
    closest += (
        f"; the time limit stopped the search of {plural(summary.timed_out, 'household')}."
        if summary.timed_out
        else "."
    )
    page: list[Grid | Line] = [
        Line(text=first, strong=True),
        Line(
            text=f"{plural(summary.traded, 'household')} trade, {plural(summary.orders, 'order')} in all, worth "
            f"{money(summary.saved)} against doing nothing; drift {percent(summary.drift_before)} before, "
            f"{percent(summary.drift_after)} after, by value; tax {money(summary.tax)}."
        ),
        Line(text=closest),
    ]
    return [*page, *_counts("Failures", "Code", summary.failures)]


def monitor_answer(rows: Any, place: str) -> Answer:
    """Return the answer of the monitor: how many households need a plan, and for which reasons."""
    counts: dict[str, int] = {}
    for words in rows["reasons"].to_pylist():
        for word in words.split():
            counts[word] = counts.get(word, 0) + 1
    needed = sum(rows["needed"].to_pylist())
    document = {"households": rows.num_rows, "needed": needed, "reasons": dict(sorted(counts.items()))}
    record = {"households": rows.num_rows, "needed": needed, **document["reasons"]}
    page: list[Grid | Line] = [
        Line(text=f"{needed:,} of {plural(rows.num_rows, 'household')} need a plan.", strong=True),
        *_counts("Reasons", "Reason", document["reasons"]),
    ]
    if place:
        page.append(Line(text=f"Wrote {place}."))
    return Answer(document=document, columns=tuple(record), records=[record], page=page)


def _counts(title: str, name: str, counts: Mapping[str, int]) -> list[Grid]:
    if not counts:
        return []
    rows = tuple((code, f"{count:,}") for code, count in counts.items())
    return [Grid(title=title, columns=((name, "left"), ("Households", "right")), rows=rows)]
