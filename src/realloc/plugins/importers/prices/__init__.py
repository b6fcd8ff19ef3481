"""Importers of prices."""
