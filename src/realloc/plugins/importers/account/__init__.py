"""Importers of accounts."""
