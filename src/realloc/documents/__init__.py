"""The versioned household and plan documents: read from files, and described by a JSON Schema."""

from realloc.documents.reading import household_from, load_household, read_document
from realloc.documents.schemas import schema

__all__ = ["household_from", "load_household", "read_document", "schema"]
