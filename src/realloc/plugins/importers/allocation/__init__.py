"""Importers of target models."""
