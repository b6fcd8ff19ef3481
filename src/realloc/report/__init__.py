"""The report for the person across the table: one HTML file that needs nothing else."""

from __future__ import annotations

from realloc.report.page import report_html, write_report

__all__ = ["report_html", "write_report"]
