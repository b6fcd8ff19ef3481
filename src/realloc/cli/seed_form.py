"""The faults of an input document that `rebalance_json_input.main` has always named in these words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from realloc.errors import Issue

REQUIRED = ("accounts", "model", "prices")


def first_fault(document: Mapping[str, Any]) -> Issue | None:
    """Return the first such fault, with its place; None where the document has none."""
    for code, where, message in _faults(document):
        return Issue(code=code, where=where, message=message)
    return None


def _faults(document: Mapping[str, Any]) -> Any:
    missing = [key for key in REQUIRED if key not in document]
    if missing:
        names = ", ".join(map(repr, missing))
        yield "key.missing", "", f"Missing required keys in input file: {{{names}}}"
        return
    prices, accounts, model = document["prices"], document["accounts"], document["model"]
    if not isinstance(prices, Mapping):
        yield "type.object", "prices", "Prices must be a dictionary mapping symbols to prices"
    elif not all(map(_is_price, prices.values())):
        yield "number.range", "prices", "All prices must be positive numbers"
    if not isinstance(accounts, list):
        yield "type.list", "accounts", "Accounts must be a list of account objects"
    if not isinstance(model, Mapping):
        yield "type.object", "model", "Model must be a dictionary with 'label' and 'targets' fields"
    elif not ("label" in model or "name" in model) or "targets" not in model:
        yield "key.missing", "model", "Model must contain 'label' and 'targets' fields"


def _is_price(value: object) -> bool:
    if isinstance(value, Mapping):
        value = value.get("price")
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0
