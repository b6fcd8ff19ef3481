"""The report as a PDF: the same page in plain colours, without a browser."""

from __future__ import annotations

import json
import re
import sys
import zlib
from pathlib import Path

import pytest

from realloc import ExportError, Household, Plan, rebalance
from realloc.report import report_html, report_pdf, write_pdf
from realloc.report.pdf import _in_plain_colours

EXAMPLE = Path(__file__).parents[2] / "examples" / "household.json"


try:
    import weasyprint
except (ImportError, OSError):  # OSError: Pango is not there
    weasyprint = None


@pytest.fixture(scope="module")
def planned() -> tuple[Household, Plan]:
    household = Household.from_dict(json.loads(EXAMPLE.read_text(encoding="utf-8")))
    return household, rebalance(household)


@pytest.mark.skipif(weasyprint is None, reason="Pango is not installed (requirements/system.txt)")
def test_the_pdf_is_whole_tagged_and_the_same_each_time(
    planned: tuple[Household, Plan], tmp_path: Path
) -> None:
    write_pdf(*planned, tmp_path / "report.pdf")
    written = (tmp_path / "report.pdf").read_bytes()
    assert written.startswith(b"%PDF-")
    assert written.rstrip().endswith(b"%%EOF")
    streams = re.findall(rb"stream\n(.*?)\nendstream", written, re.DOTALL)
    assert b"/StructTreeRoot" in b"".join(zlib.decompress(stream) for stream in streams if stream[:1] == b"x")
    assert written == report_pdf(*planned)
    assert list(tmp_path.iterdir()) == [tmp_path / "report.pdf"]


def test_charts_are_drawn_in_the_light_palette(planned: tuple[Household, Plan]) -> None:
    html = report_html(*planned)
    plain = _in_plain_colours(html)
    assert "var(--" in html
    assert "var(--" not in plain
    light = dict(re.findall(r"--(\w+): (#\w{6})", html.split("}")[0]))
    assert f"stroke: {light['before']}" in plain


def test_a_name_that_looks_like_a_colour_stays_as_it_is() -> None:
    assert (
        _in_plain_colours(":root { --ink: #111111; }<p>var(--evil)")
        == ":root { --ink: #111111; }<p>var(--evil)"
    )


def test_without_the_library_the_message_says_what_to_install(
    planned: tuple[Household, Plan], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(ExportError, match=r"pip install 'realloc\[pdf\]'"):
        write_pdf(*planned, tmp_path / "report.pdf")
    assert list(tmp_path.iterdir()) == []
