"""Write a file whole or not at all, and numbers and names so that they are read as they are meant."""

from __future__ import annotations

import contextlib
import math
import os
import re
import secrets
import stat
from decimal import Decimal
from pathlib import Path

from realloc.errors import ExportError, ExportFolderError

_FORMULA_START = ("=", "@", "\t", "\r", "\n")
_ORDINARY_SIGNED = re.compile(r"[+-][\w .*/^-]*", re.ASCII)


def write_whole(path: str | os.PathLike[str], content: str | bytes) -> None:
    """Write `content` to `path`: at every moment the file is the old one or the new one, complete.

    The content goes to a temporary file in the same folder, is forced to the disk, and takes the name. A
    file that exists keeps its permissions; a symbolic link keeps pointing. A device or pipe, such as
    ``/dev/stdout``, is written to directly.

    Parameters
    ----------
    path : str or path
        The file.
    content : str or bytes
        A text is written as UTF-8 with its line ends as they are.

    Raises
    ------
    ExportFolderError
        The folder does not exist (also a `FileNotFoundError`).
    ExportError
        The file cannot be written. Nothing is left behind.
    """
    data = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    try:
        target = Path(path)
        require_place(target)
        if _is_stream(target):
            target.write_bytes(data)
        else:
            _replace(target.resolve(), data)
    except (OSError, ValueError) as error:
        if isinstance(error, ExportError):
            raise
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise ExportError(f"Cannot write {os.fspath(path)}: {reason}") from error


def require_place(target: Path) -> None:
    """Refuse a path at which no file can be: a folder, or one whose folder does not exist.

    Raises
    ------
    ExportFolderError
        The folder does not exist (also a `FileNotFoundError`).
    ExportError
        The path is a folder.
    """
    if target.is_dir():
        raise ExportError(f"Cannot write {target}: it is a folder, not a file")
    if not target.parent.is_dir():
        raise ExportFolderError(f"Cannot write {target}: the folder {target.parent} does not exist")


def spreadsheet_safe(text: str) -> str:
    """Return a text that a spreadsheet does not run as a formula.

    A text that begins like a formula gets an apostrophe in front. Account numbers and symbols, also option
    symbols that begin with a minus sign, stay as they are.
    """
    formula = text.startswith(_FORMULA_START) or (
        text.startswith(("+", "-")) and not _ORDINARY_SIGNED.fullmatch(text)
    )
    return f"'{text}" if formula else text


def share_text(shares: float) -> str:
    """Return a number of shares exactly, without an exponent; whole ones without a decimal point.

    Raises
    ------
    ValueError
        It is not a finite number.
    """
    if not math.isfinite(shares):
        raise ValueError(f"{shares} shares")
    if shares == int(shares):
        return str(int(shares))
    return format(Decimal(str(shares)), "f")


def _is_stream(target: Path) -> bool:
    return target.exists() and (not target.is_file() or target.is_relative_to("/dev"))


def _replace(target: Path, data: bytes) -> None:
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else None
    if mode is not None and not os.access(target, os.W_OK):
        raise PermissionError(0, "the file is write-protected")
    temporary = target.with_name(f".realloc-{secrets.token_hex(8)}.tmp")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            temporary.chmod(mode)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    """Force the new name to the disk where the system can; the content is there already."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
