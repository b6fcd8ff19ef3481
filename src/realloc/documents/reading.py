"""Read household documents from JSON and TOML files; every fault has its file and its place in it."""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from os import PathLike, fspath
from typing import Any

from realloc._reading import join, kind_of
from realloc.documents.text import read_text
from realloc.errors import InputError, Issue
from realloc.household import Household

LONGEST_INTEGER = 400
"""Digits; an integer with more is read as a float, which has no room for it either."""

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")

_JSON_HINTS = {
    "Expecting property name": "keys stand in double quotes, and no comma stands before a closing bracket",
    "Expecting value": "a value is missing, or is not one that JSON knows",
    "Expecting ',' delimiter": "a comma or a closing bracket is missing before this place",
    "Expecting ':' delimiter": "a colon stands between a key and its value",
    "Extra data": "the document ends before this place",
    "Unterminated string": "the closing quote is missing",
}


def load_household(path: str | PathLike[str], *, today: date | None = None) -> Household:
    """Read a household document.

    Parameters
    ----------
    path : str or path
        A JSON file, or a TOML file by the ending ``.toml``.
    today : datetime.date, optional
        What ``as_of`` means where the document does not say; None takes the computer's date.

    Raises
    ------
    InputError
        The file cannot be read, or something in it cannot be used; the place of every issue starts with the
        file's name.
    """
    return household_from(read_document(path), path, today=today)


def household_from(
    document: Mapping[str, Any], path: str | PathLike[str], *, today: date | None = None
) -> Household:
    """Build the household of a document that came from `path`, which is where its issues are.

    Raises
    ------
    InputError
        Something in the document cannot be used.
    """
    try:
        return Household.from_dict(document, today=today)
    except InputError as error:
        raise InputError(at_file(path, error.issues)) from error


def at_file(path: str | PathLike[str], issues: Iterable[Issue]) -> list[Issue]:
    """Return the issues with their places below the file's name."""
    name = fspath(path)
    return [replace(issue, where=f"{name}: {issue.where}" if issue.where else name) for issue in issues]


def read_document(path: str | PathLike[str]) -> dict[str, Any]:
    """Read a JSON object, or a TOML document by the ending ``.toml``, from a file.

    Raises
    ------
    InputError
        The file cannot be read, is not valid JSON or TOML (with line and column), repeats a key in an object,
        holds a number that is not finite, is nested too deeply, or is not an object.
    """
    return document_of(read_text(path), fspath(path))


def document_of(text: str, name: str) -> dict[str, Any]:
    """Return the document of a file's text; `name` is the file's. Raises as `read_document` does."""
    hooks = _Hooks(text)
    parse = _parse_toml if name.casefold().endswith(".toml") else _parse_json
    try:
        document = parse(text, hooks, name)
        doubts = list(_doubts(document, "")) if hooks.doubtful else []
    except RecursionError as error:
        raise InputError(
            Issue(code="document.depth", where=name, message="objects and lists are nested too deeply")
        ) from error
    if doubts:
        raise InputError(at_file(name, doubts))
    if not isinstance(document, dict):
        raise InputError(
            Issue(
                code="type.object",
                where=name,
                message=f"expected an object, found {kind_of(document)}",
                hint="the document starts with '{'",
            )
        )
    return document


class _Repeating(dict[str, Any]):
    """An object of which `repeated` names the keys that occur more than once."""

    repeated: tuple[str, ...] = ()


class _Hooks:
    """Hooks of the parsers. `doubtful` is set where the finished document needs a second look.

    A parser does not know the place of a value; the second look, which few documents need, finds it.
    """

    def __init__(self, text: str) -> None:
        self.doubtful = _SURROGATE.search(text) is not None

    def number(self, text: str) -> float:
        value = float(text)
        self.doubtful = self.doubtful or not math.isfinite(value)
        return value

    def integer(self, text: str) -> float:
        return int(text) if len(text) <= LONGEST_INTEGER else self.number(text)

    def table(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        table = dict(pairs)
        if len(table) == len(pairs):
            return table
        self.doubtful = True
        marked = _Repeating(table)
        counts = Counter(key for key, _ in pairs)
        marked.repeated = tuple(key for key in table if counts[key] > 1)
        return marked


def _parse_json(text: str, hooks: _Hooks, name: str) -> Any:
    try:
        return json.loads(
            text,
            object_pairs_hook=hooks.table,
            parse_float=hooks.number,
            parse_int=hooks.integer,
            parse_constant=hooks.number,
        )
    except json.JSONDecodeError as error:
        hint = next((hint for start, hint in _JSON_HINTS.items() if error.msg.startswith(start)), "")
        raise InputError(
            Issue(
                code="document.json",
                where=f"{name}:{error.lineno}:{error.colno}",
                message=f"not valid JSON: {_lower(error.msg)}",
                hint=hint,
            )
        ) from error


def _parse_toml(text: str, hooks: _Hooks, name: str) -> Any:
    try:
        return tomllib.loads(text, parse_float=hooks.number)
    except ValueError as error:
        message = str(error)
        found = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", message)
        place = f":{found[1]}:{found[2]}" if found and found[1] else ""
        raise InputError(
            Issue(
                code="document.toml",
                where=f"{name}{place}",
                message=f"not valid TOML: {_lower(message[: found.start()] if found and place else message)}",
            )
        ) from error


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _doubts(value: Any, where: str) -> Iterator[Issue]:
    """Yield repeated keys and numbers that are not finite, with their JSON path."""
    if isinstance(value, float) and not math.isfinite(value):
        yield Issue(
            code="number.finite",
            where=where,
            message=f"expected a finite number, found {value}",
            hint="write a plain number such as 12.5",
        )
    elif isinstance(value, str) and not _is_text(value):
        yield _half_character(where)
    elif isinstance(value, list):
        for n, item in enumerate(value):
            yield from _doubts(item, f"{where}[{n}]")
    elif isinstance(value, dict):
        for key in getattr(value, "repeated", ()):
            yield Issue(
                code="key.duplicate",
                where=join(where, key),
                message=f"{key!r} occurs twice in one object",
                hint="keep one of the two",
            )
        for key, item in value.items():
            if _is_text(key):
                yield from _doubts(item, join(where, key))
            else:
                yield _half_character(where)


def _is_text(value: str) -> bool:
    """Return whether a text can be written: JSON can name halves of characters, which no file can hold."""
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _half_character(where: str) -> Issue:
    return Issue(
        code="text.surrogate", where=where, message="a text has half of a surrogate pair (\\ud800 to \\udfff)"
    )
