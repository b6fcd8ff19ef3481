"""The report as a PDF, laid out by WeasyPrint: the same page, by its own print style, without a browser."""

from __future__ import annotations

import os
import re

from realloc.documents.writing import write_whole
from realloc.errors import ExportError
from realloc.household import Household
from realloc.plan import Plan
from realloc.report.page import report_html

_PALETTE = re.compile(r":root \{(.*?)\}", re.DOTALL)
_COLOUR = re.compile(r"--(\w+): (#[0-9a-f]{6});")
_USE = re.compile(r"var\(--(\w+)\)")


def write_pdf(
    household: Household, plan: Plan, path: str | os.PathLike[str], *, full_numbers: bool = False
) -> None:
    """Write the report of a plan as a PDF with tags for screen readers.

    Parameters
    ----------
    household, plan, full_numbers
        As for `realloc.report.write_report`.
    path : str or path
        The file to write; its folder must exist. It is written whole or not at all.

    Raises
    ------
    ExportError
        The file cannot be written, or WeasyPrint or Pango (``realloc[pdf]``), jinja2 or matplotlib is missing.
    """
    write_whole(path, report_pdf(household, plan, full_numbers=full_numbers))


def report_pdf(household: Household, plan: Plan, *, full_numbers: bool = False) -> bytes:
    """Return the report as a PDF; see `write_pdf`. The same plan gives the same bytes."""
    try:
        from weasyprint import HTML  # noqa: PLC0415 - an extra, imported when a PDF is made
    except (ImportError, OSError) as error:  # OSError: Pango is not there
        raise ExportError(
            "The PDF needs WeasyPrint and Pango: pip install 'realloc[pdf]' and, on Debian, apt install "
            "libpangoft2-1.0-0 (or print the HTML report from a browser)"
        ) from error
    page = _in_plain_colours(report_html(household, plan, full_numbers=full_numbers))
    written: bytes = HTML(string=page, url_fetcher=_nothing).write_pdf(pdf_tags=True)
    return written


def _in_plain_colours(page: str) -> str:
    """Return a page whose colours are those of its light palette: SVG does not take CSS variables everywhere."""
    palette = _PALETTE.search(page)
    colours = dict(_COLOUR.findall(palette[1])) if palette else {}
    return _USE.sub(lambda use: colours.get(use[1], use[0]), page)


def _nothing(url: str) -> None:
    """Refuse to load anything: the page needs nothing else."""
    raise ValueError(f"the report loads nothing, and not {url}")
