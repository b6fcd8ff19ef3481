"""The exporters that come with the package."""

from realloc.plugins.exporters import csv_exporter
from realloc.plugins.exporters import csv_exporter as csv_exporters

__all__ = ["csv_exporter", "csv_exporters"]
