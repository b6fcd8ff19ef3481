"""Broker files: one module for each format, and how a file finds its importer."""
