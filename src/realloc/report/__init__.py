"""The report for the person across the table: one HTML file that needs nothing else, or one PDF."""

from __future__ import annotations

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
