"""The report of a firm: its bars, its words and that it is one file."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from realloc.batch import Summary
from realloc.report import firm_html
from realloc.report.firm import DRIFT, TAX, binned

FIGURES = Summary(
    run_id="<b>night</b>",
    engine_version="1",
    calm=7,
    planned=3,
    traded=2,
    orders=5,
    timed_out=1,
    value=3_000_000.0,
    tax=-120.0,
    saved=400.0,
    drift_before=0.12,
    drift_after=0.01,
    gap_bps=(0.01, 0.5, 0.6),
    failures={"price.missing": 2, "cash.negative": 11},
    each={
        "drift_before": (0.1, 0.2, 0.004),
        "drift_after": (0.001, 0.0, 0.004),
        "gap_bps": (0.0, 0.5, 0.6),
        "tax": (-20.0, 0.0, 2_000.0),
    },
)


def cells(html: str, heading: str) -> list[list[str]]:
    """Return the rows of the table under a heading."""
    section = html.split(f">{heading}</h2>")[1].split("</section>", maxsplit=1)[0]
    return [
        re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", row)
        for row in re.findall(r"<tr>.*?</tr>", section, re.DOTALL)
    ][1:]


def test_the_tables_count_every_household_once() -> None:
    html = firm_html(FIGURES)
    drift = cells(html, "Drift")
    assert [row[0] for row in drift] == list(DRIFT[1])
    assert [row[1:] for row in drift] == [["1", "3"], *[["0", "0"]] * 4, ["1", "0"], ["1", "0"]]
    assert [row[1] for row in cells(html, "Tax")] == ["0", "0", "1", "1", "0", "1", "0", "0"]
    assert cells(html, "Failures") == [["cash.negative", "11"], ["price.missing", "2"]]


@pytest.mark.parametrize(
    ("value", "at"), [(-10_000.0, 1), (-10_000.01, 0), (0.0, 3), (0.004, 3), (100_000.0, 7)]
)
def test_a_value_is_in_one_bar(value: float, at: int) -> None:
    counts = binned([value], TAX)
    assert sum(counts) == 1
    assert counts[at] == 1


def test_it_is_one_file_in_which_nothing_is_run() -> None:
    html = firm_html(FIGURES)
    assert html == firm_html(FIGURES)
    assert "<b>night" not in html
    assert not re.search(r"<script|<link|src=|https?://(?!www.w3.org)", html)
    assert "7 more households needed no plan" in html


def test_a_run_without_plans_has_a_report() -> None:
    html = firm_html(replace(FIGURES, planned=0, failures={}, each={}))
    assert "0 households planned" in html
    assert "<svg" not in html
