"""The report for the person across the table: one HTML file that needs nothing else, or one PDF."""

from __future__ import annotations

from realloc.report.page import report_html, write_report
from realloc.report.pdf import report_pdf, write_pdf

__all__ = ["report_html", "report_pdf", "write_pdf", "write_report"]
