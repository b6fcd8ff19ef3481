"""The keys of a document as a table for people: read from its JSON Schema, so that a new key is listed by itself."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from realloc.cli.answer import Answer, grid
from realloc.errors import InputError

COLUMNS = ("key", "value", "default", "meaning")

_ENTRY = {"accounts": "NUMBER", "recent_trades": "N", "lots": "N"}
_VAST = 1e15
"""Numbers of which the schema says no more than that they are finite."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key: its path, what it takes, what it is where nothing is said, and what it means."""

    path: str
    value: str
    default: str
    meaning: str


def keys_answer(schema: Mapping[str, Any], below: str) -> Answer:
    """Return the keys of a document that begin with `below`; all of them for an empty text.

    Raises
    ------
    InputError
        No key begins so.
    """
    keys = list(_keys(schema, schema, ""))
    chosen = [
        key
        for key in keys
        if not below or key.path == below or key.path.startswith((f"{below}.", f"{below}["))
    ]
    if not chosen:
        tops = ", ".join(dict.fromkeys(key.path.split(".")[0].split("[")[0] for key in keys))
        raise InputError(f"--keys {below}: no key begins so (these do: {tops})")
    records = [
        {"key": key.path, "value": key.value, "default": key.default, "meaning": key.meaning}
        for key in chosen
    ]
    rows = [
        (key.path, f"{key.value} [{key.default}]" if key.default else key.value, key.meaning)
        for key in chosen
    ]
    page = [grid("", ["Key", "Value [default]", "Meaning"], [], rows)]
    return Answer(document={"keys": records}, columns=COLUMNS, records=records, page=page)


def _keys(schema: Mapping[str, Any], node: Mapping[str, Any], path: str) -> Iterator[Key]:
    for name, stated in node.get("properties", {}).items():
        part = _resolved(schema, stated)
        where = f"{path}.{name}" if path else name
        below = part
        if part.get("type") == "array":
            item = _resolved(schema, part.get("items", {}))
            if "properties" in item:
                where, below = f"{where}[{_ENTRY.get(name, 'N')}]", item
        if "properties" in below:
            if part.get("description"):
                yield Key(path=where, value=_value(schema, part), default="", meaning=part["description"])
            yield from _keys(schema, below, where)
            continue
        default = part.get("default")
        yield Key(
            path=where,
            value=_value(schema, part),
            default="" if default is None else json.dumps(default).strip('"'),
            meaning=part.get("description", ""),
        )


def _resolved(schema: Mapping[str, Any], node: Any) -> dict[str, Any]:
    """Return a part of the schema with what it refers to below what it says itself."""
    if not isinstance(node, Mapping):
        return {}
    if "$ref" not in node:
        return dict(node)
    referred = schema["$defs"][node["$ref"].rpartition("/")[2]]
    return {**_resolved(schema, referred), **{key: value for key, value in node.items() if key != "$ref"}}


def _value(schema: Mapping[str, Any], part: Mapping[str, Any]) -> str:
    """Return in a few words what a key takes."""
    if "enum" in part:
        return " or ".join(map(str, part["enum"]))
    kinds = part.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else [kind for kind in kinds if kind != "null"]
    if not kinds:
        choices = [
            _value(schema, _resolved(schema, each)) for each in part.get("oneOf", part.get("anyOf", []))
        ]
        return " or ".join(dict.fromkeys(filter(None, choices)))
    if kinds == ["array"]:
        return f"list of {_value(schema, _resolved(schema, part.get('items', {})))}"
    if kinds == ["object"]:
        inner = _resolved(schema, part.get("additionalProperties", {}))
        return f"table of {_value(schema, inner)}" if _value(schema, inner) else "table"
    words = {"boolean": "true or false", "string": "date" if part.get("format") == "date" else "text"}
    return " or ".join(words.get(kind) or _number(kind, part) for kind in kinds)


def _number(kind: str, part: Mapping[str, Any]) -> str:
    word = "whole number" if kind == "integer" else "number"
    low, above, high = part.get("minimum"), part.get("exclusiveMinimum"), part.get("maximum")
    least = (
        f"above {above:g}"
        if above is not None
        else ""
        if low is None or low <= -_VAST
        else f"{low:g} or more"
    )
    if high is None or high >= _VAST:
        return f"{word}, {least}" if least else word
    return (
        f"{word} {low:g} to {high:g}"
        if above is None and low is not None
        else f"{word}, {least}, to {high:g}"
    )
