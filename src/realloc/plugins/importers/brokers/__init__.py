"""Broker files: one module for each format, and how a file finds its importer."""

from realloc.plugins.importers.brokers.recognise import import_files, recognise, statement_importers

__all__ = ["import_files", "recognise", "statement_importers"]
