"""The report in a real browser: wide and narrow, light and dark, and on paper."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks import households
from realloc import Household, rebalance
from realloc.report import write_firm_report, write_report
from tests.report.test_firm import FIGURES

sync_api = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="chromium is not installed (requirements/system.txt)"
)

EXAMPLE = Path(__file__).parents[2] / "examples" / "household.json"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip

FAULTS = """
() => {
  const faults = [], page = document.documentElement;
  if (page.scrollWidth > window.innerWidth) faults.push(`the page is ${page.scrollWidth} wide`);
  const shown = (box) => box.width > 0 && box.height > 0;
  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (!node.data.trim() || !node.parentElement.checkVisibility()) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) if (shown(box)) texts.push([node, box]);
  }
  const scrolls = (node) => node.parentElement.closest('.scroll');
  for (const [node, box] of texts)
    if ((box.right > window.innerWidth + 1 || box.left < -1) && !scrolls(node))
      faults.push(`cut off: ${node.data.trim().slice(0, 40)}`);
  texts.sort((a, b) => a[1].top - b[1].top);
  for (let i = 0; i < texts.length; i++)
    for (let k = i + 1; k < texts.length && texts[k][1].top < texts[i][1].bottom - 3; k++) {
      const [one, a] = texts[i], [other, b] = texts[k];
      if (one === other || scrolls(one) !== scrolls(other)) continue;
      if (Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2 &&
          Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 3)
        faults.push(`overlap: ${one.data.trim().slice(0, 30)} / ${other.data.trim().slice(0, 30)}`);
    }
  const channel = (c) => { c /= 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
  const light = (rgb) => 0.2126 * channel(rgb[0]) + 0.7152 * channel(rgb[1]) + 0.0722 * channel(rgb[2]);
  const numbers = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const paper = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = numbers(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  for (const [node] of texts) {
    const style = getComputedStyle(node.parentElement);
    const svg = node.parentElement.closest('svg');
    const ink = light(numbers(svg ? style.fill : style.color)), ground = light(paper(node.parentElement));
    const ratio = (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
    if (ratio < 4.5) faults.push(`contrast ${ratio.toFixed(2)}: ${node.data.trim().slice(0, 40)}`);
  }
  return faults;
}
"""

TOFU = """
() => {
  const draw = (text) => {
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = 24;
    const pen = canvas.getContext('2d');
    pen.font = '16px ' + getComputedStyle(document.body).fontFamily;
    pen.fillText(text, 2, 18);
    return canvas.toDataURL();
  };
  const missing = draw('\\u{10FFFD}');
  return [...new Set(document.body.innerText)].filter((sign) => sign.trim() && draw(sign) === missing);
}
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("reports")
    drawn = {
        "example": Household.from_dict(json.loads(EXAMPLE.read_text(encoding="utf-8"))),
        "M": households.household("M", 3),
        "L": households.household("L", 3),
        "XL": households.household("XL", 3),
    }
    for name, household in drawn.items():
        write_report(household, rebalance(household), folder / f"{name}.html")
    write_firm_report(FIGURES, folder / "firm.html")
    return {name: folder / f"{name}.html" for name in (*drawn, "firm")}


def opened(
    browser: Any, path: Path, width: int, scheme: str, *, unfold: bool = True
) -> tuple[Any, list[str]]:
    """Open a report, with all its parts unfolded; return the page and what it complained of or asked for."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda asked: complaints.append(asked.url) if asked.url != path.as_uri() else None)
    page.goto(path.as_uri())
    if unfold:
        page.evaluate("() => document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    return page, complaints


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("name", ["example", "M", "firm"])
def test_nothing_overflows_overlaps_or_pales(
    browser: Any, reports: dict[str, Path], name: str, width: int, scheme: str
) -> None:
    page, complaints = opened(browser, reports[name], width, scheme)
    assert page.evaluate(FAULTS) == []
    assert page.evaluate(TOFU) == []
    assert complaints == []
    page.close()


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("name", ["L", "XL"])
def test_large_households_are_in_order_as_they_open(
    browser: Any, reports: dict[str, Path], name: str, width: int
) -> None:
    page, complaints = opened(browser, reports[name], width, "light", unfold=False)
    assert page.evaluate(FAULTS) == []
    assert page.evaluate("document.documentElement.scrollHeight") < 20_000
    assert complaints == []
    page.close()


def test_the_largest_household_stays_on_a_narrow_page(browser: Any, reports: dict[str, Path]) -> None:
    page, complaints = opened(browser, reports["XL"], 360, "light")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert complaints == []
    page.close()


def test_charts_take_the_colours_of_the_page(browser: Any, reports: dict[str, Path]) -> None:
    colours = {}
    for scheme in ("light", "dark"):
        page, _ = opened(browser, reports["example"], 1280, scheme)
        colours[scheme] = page.evaluate("getComputedStyle(document.querySelector('figure svg text')).fill")
        page.close()
    assert colours["light"] == "rgb(28, 36, 48)"
    assert colours["dark"] == "rgb(232, 236, 242)"


def test_paper_shows_what_the_screen_folds(browser: Any, reports: dict[str, Path]) -> None:
    page = browser.new_page(viewport={"width": 700, "height": 900})
    page.goto(reports["M"].as_uri())
    page.emulate_media(media="print")
    folded = "[...document.querySelectorAll('details:not([open]) table')]"
    heights = page.evaluate(f"{folded}.map((table) => table.getBoundingClientRect().height)")
    assert heights
    assert min(heights) > 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 700
    assert page.pdf(format="A4")[:5] == b"%PDF-"
    page.close()


def test_the_checks_can_fail(browser: Any, tmp_path: Path) -> None:
    bad = tmp_path / "bad.html"
    bad.write_text(
        "<body style='background:#fff'><p style='color:#ccc'>pale</p><div style='width:3000px'>wide</div>"
        "<p style='position:absolute;top:200px;left:5px'>one over</p>"
        "<p style='position:absolute;top:203px;left:9px'>another</p><p>\U0010fffd</p></body>",
        encoding="utf-8",
    )
    page, _ = opened(browser, bad, 360, "light")
    faults = " ".join(page.evaluate(FAULTS))
    assert "wide" in faults
    assert "overlap" in faults
    assert "contrast" in faults
    assert page.evaluate(TOFU) == ["\U0010fffd"]
    page.close()
