"""The report for the person across the table: one HTML file that needs nothing else, or one PDF."""

from __future__ import annotations

from typing import TYPE_CHECKING

from realloc._lazy import lazily

if TYPE_CHECKING:
    from realloc.report.firm import firm_html, write_firm_report
    from realloc.report.page import report_html, write_report
    from realloc.report.pdf import report_pdf, write_pdf

__all__ = [
    "firm_html",
    "report_html",
    "report_pdf",
    "write_firm_report",
    "write_pdf",
    "write_report",
]

_HOME = {
    "firm_html": "firm",
    "report_html": "page",
    "report_pdf": "pdf",
    "write_firm_report": "firm",
    "write_pdf": "pdf",
    "write_report": "page",
}
__getattr__ = lazily("realloc.report", _HOME)
