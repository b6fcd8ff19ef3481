"""The text of a file, whatever its encoding, or a plain word about why it has none."""

from __future__ import annotations

import codecs
import logging
import os
import re
from pathlib import Path

from realloc.errors import InputError, Issue, MissingFileError
from realloc.plugins.core.base import StrPath

LARGEST_FILE = 64 * 2**20
"""Bytes; a table of positions or prices beyond this is not believed."""

HEAD = 2**16
"""Bytes at the start of a file by which its format is recognised."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16: its mark begins with that of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WORKBOOKS = (
    (b"PK\x03\x04", "an Excel workbook or another archive"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook"),
)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")

log = logging.getLogger(__name__)


def read_text(path: StrPath) -> str:
    """Return the text of a file.

    The encoding is that of the byte-order mark, else UTF-8, else (with a note in the log) Windows-1252.

    Raises
    ------
    InputError
        The file is missing, a folder, unreadable, too large, or not a text.
    """
    return _decode(read_bytes(path), os.fspath(path))


def read_head(path: StrPath) -> str:
    """Return the whole lines within the first `HEAD` bytes of a file; raises as `read_text` does."""
    data = read_bytes(path, most=HEAD)
    if len(data) == HEAD:
        end = b"\n\x00" if data.startswith(codecs.BOM_UTF16_LE) or data[1:2] == b"\x00" else b"\n"
        cut = data.rfind(end)
        data = data[: cut + len(end)] if cut >= 0 else data
    return _decode(data, os.fspath(path))


def read_bytes(path: StrPath, *, most: int | None = None) -> bytes:
    """Return the bytes of a file, or the first `most` of them; raises as `read_text` does."""
    source = os.fspath(path)
    try:
        with Path(path).open("rb") as file:
            data = file.read(LARGEST_FILE + 1 if most is None else most)
    except FileNotFoundError:
        message = "there is no such file"
        raise MissingFileError(
            Issue(code="file.missing", where=source, message=message, hint="check the path")
        ) from None
    except IsADirectoryError:
        raise _unusable(source, "file.folder", "this is a folder", "give the path of a file in it") from None
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise _unusable(source, "file.unreadable", f"the file cannot be read: {reason}") from None
    if len(data) > LARGEST_FILE:
        limit = f"the file is larger than {LARGEST_FILE // 2**20} MB"
        raise _unusable(source, "file.size", limit, "split it, or remove what is not needed")
    return data


def _decode(data: bytes, source: str) -> str:
    for start, what in _WORKBOOKS:
        if data.startswith(start):
            raise _unusable(
                source, "file.binary", f"this is {what}, not a CSV file", "save it as CSV (UTF-8)"
            )
    marked = next((encoding for mark, encoding in _MARKS if data.startswith(mark)), None)
    for encoding in (marked,) if marked else (_unmarked_utf16(data), "utf-8", "cp1252"):
        if encoding is None:
            continue
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding == "cp1252":
            log.info("%s is not UTF-8: it is read as Windows-1252", source)
        if _CONTROL.search(text.rstrip("\x1a\x00")):
            break
        return text.rstrip("\x1a\x00")
    raise _unusable(source, "file.binary", "this is not a text file", "save it as CSV (UTF-8)")


def _unmarked_utf16(data: bytes) -> str | None:
    """Return the encoding of mostly western text in UTF-16, where every second byte is zero."""
    if len(data) < 2 or len(data) % 2 or b"\x00" not in data:
        return None
    half = len(data) // 2
    if data[1::2].count(0) > 0.8 * half:
        return "utf-16-le"
    return "utf-16-be" if data[0::2].count(0) > 0.8 * half else None


def _unusable(source: str, code: str, message: str, hint: str = "") -> InputError:
    return InputError(Issue(code=code, where=source, message=message, hint=hint))
