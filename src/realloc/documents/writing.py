"""Write a file whole or not at all, and numbers and names so that they are read as they are meant."""

from __future__ import annotations

import contextlib
import csv
import errno
import io
import math
import os
import re
import secrets
import stat
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO

from realloc._printable import one_line
from realloc.errors import ExportError, ExportFolderError

_FORMULA = (
    "(?:[=+@\uff1d\uff0b\uff0d\uff20]|-[^;\t\r\n]*[(|!=&+@])"  # also wide forms, as some languages type them
)
_BEGINS = re.compile(rf'[-\t\r\n]|[\s"]*{_FORMULA}')
_BEGINS_BEHIND = re.compile(rf'([;\t\r\n])(?=[\s"]*{_FORMULA})')
_SIGNED = re.compile(r"[+-][\w.]*([eE][+-]?\d+)?", re.ASCII)
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
_ACCESS_LIST = "system.posix_acl_access"


def write_whole(path: str | os.PathLike[str], content: str | bytes, *, new: bool = False) -> None:
    """Write `content` to `path`: at every moment the file is the old one or the new one, complete.

    The content goes to a temporary file in the same folder, is forced to the disk, and takes the name; see
    `replacing`. A symbolic link keeps pointing. A device or pipe, such as ``/dev/stdout``, is written to
    directly.

    Parameters
    ----------
    path : str or path
        The file.
    content : str or bytes
        A text is written as UTF-8 with its line ends as they are.
    new : bool
        Refuse to replace a file, also one that appears meanwhile.

    Raises
    ------
    ExportFolderError
        The folder does not exist (also a `FileNotFoundError`).
    ExportError
        The file cannot be written, or exists and should be new. Nothing is left behind.
    """
    data = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    try:
        target = Path(path)
        require_place(target)
        if _is_stream(target):
            target.write_bytes(data)
        else:
            with replacing(target.resolve(), new=new) as file:
                file.write(data)
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

    An apostrophe goes before what begins like a formula (``=``, ``+``, ``-``, ``@``): at the start, and behind
    a semicolon, tab or line end, where a spreadsheet of another language begins a cell; spaces and quotation
    marks may stand between. A signed number or single word stays as it is, such as the symbol of an option that
    was sold, and so does a minus sign inside a text that calls nothing.

    Examples
    --------
    >>> spreadsheet_safe("=1+1"), spreadsheet_safe("Joint; =1+1"), spreadsheet_safe("-2.5")
    ("'=1+1", "Joint;' =1+1", '-2.5')
    """
    if _SIGNED.fullmatch(text):
        return text
    begins = _BEGINS.match(text)
    start = begins.end() if begins else 0
    quoted = text[:start] + _BEGINS_BEHIND.sub(r"\1'", text[start:])
    return f"'{quoted}" if begins else quoted


def cell_text(value: object) -> str:
    """Return a text as a cell of a table: never a formula, and of controls the line feed alone, as itself."""
    return spreadsheet_safe(one_line(value, keep="\n"))


def csv_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table as CSV text: commas, line feeds, every cell as `cell_text` has it."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([cell_text(cell) for cell in row] for row in rows)
    return text.getvalue()


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


@contextlib.contextmanager
def replacing(target: Path, *, new: bool = False) -> Iterator[BinaryIO]:
    """Yield a file that takes the name `target` at the end, complete and on the disk; a failure leaves no trace.

    Until then it is a hidden file in the same folder. From its first byte nobody can read it who cannot read
    the file that it replaces, and it ends with that file's permissions, access list and, where the system lets
    us, owner and group. A group that cannot be kept loses its rights.

    Parameters
    ----------
    target : pathlib.Path
        The file, with symbolic links resolved.
    new : bool
        Refuse to replace a file, also one that appears meanwhile.

    Raises
    ------
    FileExistsError
        `new`, and the file exists.
    OSError
        The file cannot be written.
    """
    old = target.stat() if target.exists() else None
    if old is not None and new:
        raise FileExistsError(errno.EEXIST, "the file exists already")
    if old is not None and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, "the file is write-protected")
    temporary = target.with_name(f".realloc-{secrets.token_hex(8)}.tmp")
    descriptor = os.open(temporary, _CREATE, 0o666 if old is None else 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(descriptor)
        if old is not None:
            _like(temporary, target, old)
        if new:
            _claim(temporary, target)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(target.parent)


def _like(temporary: Path, target: Path, old: os.stat_result) -> None:
    """Give a file the owner, group, access list and permissions of the one that it replaces."""
    mode = stat.S_IMODE(old.st_mode)
    if hasattr(os, "chown"):
        with contextlib.suppress(OSError):
            os.chown(temporary, -1, old.st_gid)
        with contextlib.suppress(OSError):
            os.chown(temporary, old.st_uid, -1)
        if temporary.stat().st_gid != old.st_gid:
            mode &= ~stat.S_IRWXG
    if hasattr(os, "getxattr"):
        with contextlib.suppress(OSError):
            os.setxattr(temporary, _ACCESS_LIST, os.getxattr(target, _ACCESS_LIST))
    temporary.chmod(mode)


def _claim(temporary: Path, target: Path) -> None:
    """Take a name that no file has: the file stands there at once, or nothing does.

    Raises
    ------
    FileExistsError
        A file has the name.
    """
    try:
        os.link(temporary, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without links: the name is taken first, the content follows at once
        os.close(os.open(target, _CREATE, 0o600))


def _sync_folder(folder: Path) -> None:
    """Force the new name to the disk where the system can; the content is there already."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
