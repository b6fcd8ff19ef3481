"""The text of a file that a person made: its size, its encoding, and what to do where they are wrong."""

from __future__ import annotations

import codecs
from os import PathLike, fspath
from pathlib import Path

from realloc.errors import InputError, Issue, MissingFileError

LARGEST_FILE = 256 * 1024 * 1024
"""Bytes; a larger file is refused before it is read."""

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_text(path: str | PathLike[str]) -> str:
    """Return the text of a file in UTF-8, with or without a byte-order mark, or in UTF-16 with one.

    Raises
    ------
    InputError
        The file is missing, not a file, not readable, empty, larger than `LARGEST_FILE`, or not text. The
        issue's place is the file's name as given.
    """
    name = fspath(path)
    data = _read_bytes(name)
    if not data.strip():
        raise _fault("file.empty", name, "the file is empty")
    try:
        text = data.decode("utf-16" if data.startswith(_UTF16) else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise _fault(
            "file.encoding",
            name,
            f"not text in UTF-8: byte {error.start + 1} is 0x{data[error.start]:02x}",
            "save it as UTF-8 text",
        ) from error
    if "\0" in text:
        raise _fault(
            "file.binary",
            name,
            "not text: it has null characters",
            "save it as UTF-8 text (CSV, JSON or TOML)",
        )
    if not text.strip():
        raise _fault("file.empty", name, "the file is empty")
    return text


def _read_bytes(name: str) -> bytes:
    try:
        with Path(name).open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except FileNotFoundError as error:
        issue = Issue(code="file.missing", where=name, message="no such file", hint="check the path")
        raise MissingFileError(issue) from error
    except IsADirectoryError as error:
        raise _fault("file.folder", name, "this is a folder, not a file", "name a file in it") from error
    except PermissionError as error:
        raise _fault("file.permission", name, "the file may not be read", "check its permissions") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise _fault("file.unreadable", name, f"the file cannot be read: {reason}") from error
    if len(data) > LARGEST_FILE:
        raise _fault(
            "file.size",
            name,
            f"the file is larger than {LARGEST_FILE // 1024**2} MiB",
            "split the household, or check that this is the right file",
        )
    return data


def _fault(code: str, name: str, message: str, hint: str = "") -> InputError:
    return InputError(Issue(code=code, where=name, message=message, hint=hint))
