"""Standard output of a command, which its own words alone reach."""

from __future__ import annotations

import os
import sys

STDOUT, STDERR = 1, 2


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
    sys.stdout = os.fdopen(
        own,
        "w",
        encoding=stream.encoding,
        errors=stream.errors,
        buffering=1 if stream.line_buffering else -1,
    )


def _open_standard_error() -> None:
    """Lead standard error nowhere where it is closed: its number must not become that of another file."""
    try:
        os.fstat(STDERR)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), STDERR)
    if sys.stderr is None:
        sys.stderr = os.fdopen(STDERR, "w", encoding="utf-8", closefd=False)
