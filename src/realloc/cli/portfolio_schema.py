"""The JSON Schema of the portfolio file: that of the household document, with what the file adds to it."""

from __future__ import annotations

from typing import Any

from realloc.documents import schema

_IMPORT: dict[str, Any] = {
    "import": {
        "description": "Pattern of the broker's files, relative to the portfolio file, or several.",
        "oneOf": [{"$ref": "#/$defs/name"}, {"$ref": "#/$defs/names"}],
    },
    "importer": {"$ref": "#/$defs/name", "description": "Plugin that reads the files."},
    "mapping": {"$ref": "#/$defs/name", "description": "TOML file that says what the columns mean."},
    "trusted": {
        "type": "boolean",
        "default": False,
        "description": "Whether a ledger may run the plugins and read the files that it names.",
    },
}
_PRICES: dict[str, Any] = {
    "file": {"$ref": "#/$defs/name", "description": "CSV or Parquet file with prices."},
    "provider": {"$ref": "#/$defs/name", "description": "Market-data plugin, asked only with --fetch."},
    "date": {"$ref": "#/$defs/date", "description": "Date of the prices that stand here."},
}
_CHECKS: dict[str, Any] = {
    "description": "What is worth a warning.",
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "stale_days": {"type": "integer", "minimum": 0, "default": 7},
        "price_conflict": {"$ref": "#/$defs/fraction", "default": 0.005},
        "ignore_accounts": {"$ref": "#/$defs/names"},
    },
}


def portfolio_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of the portfolio file, as TOML values become JSON."""
    document: dict[str, Any] = schema("household")
    account, properties = document["$defs"]["account"], document["properties"]
    account["properties"] |= _IMPORT
    account["required"] = []
    account["anyOf"] = [{"required": ["account_number"]}, {"required": ["import"]}]
    prices = properties["prices"]
    prices["properties"] = _PRICES
    prices["additionalProperties"]["then"]["required"] = []
    prices["additionalProperties"]["then"]["minProperties"] = 1
    properties["checks"] = _CHECKS
    return document | {
        "$id": "urn:realloc:portfolio",
        "title": "Portfolio file",
        "description": "portfolio.toml: the household document, and where positions and prices come from.",
        "required": ["accounts", "model"],
    }
