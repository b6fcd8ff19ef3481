"""Standard output of a command, which its own words alone reach."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from typing import Any, TextIO

from realloc.errors import ExportError

STDOUT, STDERR = 1, 2


class _Output(io.FileIO):
    """The raw stream of standard output: what cannot be written there is said of it and of no other file."""

    def write(self, data: Any, /) -> int:
        """Write bytes.

        Raises
        ------
        BrokenPipeError
            The reader of the output has enough.
        ExportError
            They cannot be written.
        """
        try:
            return super().write(data)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise ExportError(f"Cannot write to standard output: {error.strerror or error}") from error


def own_standard_output() -> None:
    """Keep what ``sys.stdout`` writes apart from what libraries write to file descriptor 1.

    From here to the end of the process the descriptor leads to standard error, which leads nowhere where it is
    closed, and ``sys.stdout`` to where standard output led. C code of a library may print when it ends, so this is not
    undone: it is for a process that runs one command. Where ``sys.stdout`` is closed or somebody else's stream,
    nothing is done.
    """
    _open_standard_error()
    stream = sys.stdout
    try:
        if stream.fileno() != STDOUT:
            return
    except (AttributeError, OSError, ValueError):  # closed, or not a file
        return
    stream.flush()
    own = os.dup(STDOUT)
    os.dup2(STDERR, STDOUT)
    sys.stdout = io.TextIOWrapper(
        io.BufferedWriter(_Output(own, "w")),
        encoding=stream.encoding,
        errors=stream.errors,
        # without a buffer (``PYTHONUNBUFFERED``) a question stands on the screen before its answer is read: here, too
        line_buffering=bool(stream.line_buffering or getattr(stream, "write_through", False)),
    )


def drop_output(stream: TextIO) -> None:
    """Lead a stream that cannot be written nowhere, so that the end of the process does not try again."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def _open_standard_error() -> None:
    """Lead standard error nowhere where it is closed: its number must not become that of another file."""
    try:
        os.fstat(STDERR)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), STDERR)
    if sys.stderr is None:
        sys.stderr = os.fdopen(STDERR, "w", encoding="utf-8", closefd=False)
