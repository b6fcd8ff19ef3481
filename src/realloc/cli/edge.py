"""The edge of every command: where errors become one line and an exit status, and where logs go."""

from __future__ import annotations

import gc
import logging
import shutil
import sys
import textwrap
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from realloc._printable import one_line
from realloc.cli.own_output import drop_output, own_standard_output
from realloc.errors import InputError, ReallocError

if TYPE_CHECKING:
    from realloc.cli.arguments import OutputOptions

MISTAKE = 2
"""Exit status where the input, the arguments or the output path cannot be used."""

NOTHING_TO_DO = 1
"""Exit status where there is nothing to trade, a rule is broken (``audit``) or the work did not converge."""

FAILURE = 70
"""Exit status of a fault of the program or of a plugin (``EX_SOFTWARE``), apart from all that is said by 1."""

INTERRUPTED = 130
"""Exit status after Ctrl-C."""

FEW_COLLECTIONS = 100_000
"""Objects made since the last collection before the next one. A command makes most of its objects while its modules
load and keeps them to its end: with the usual 700, a sixth of its start went into looking for garbage among them."""

SHOWN = 3
"""Issues of one error that are shown; the rest is counted."""

log = logging.getLogger("realloc")


def run(command: str, function: Callable[[], Any]) -> int:
    """Run a command and return its exit status; what went wrong is one line on standard error."""
    gc.set_threshold(FEW_COLLECTIONS)
    own_standard_output()
    if sys.stdout is None:
        _say(f"{command}: error: Cannot write to standard output: it is closed")
        return MISTAKE
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        function()
        sys.stdout.flush()
    except ReallocError as error:
        status = MISTAKE
        _say(f"{command}: error: {summary(error)}")
    except BrokenPipeError:  # the reader of the output has enough
        status = 0
    except KeyboardInterrupt:
        status = INTERRUPTED
        _say(f"{command}: interrupted")
    except Exception as error:
        status = FAILURE
        log.debug("The fault in full:", exc_info=error)
        _say(f"{command}: unexpected fault: {type(error).__name__}: {error} (--verbose shows where)")
    else:
        return 0
    try:
        sys.stdout.flush()
    except (ReallocError, OSError):  # it was said, or something before it
        drop_output(sys.stdout)
    return status


def summary(error: ReallocError) -> str:
    """Return the error's text; of many issues the first and how many more there are."""
    if not isinstance(error, InputError) or len(error.issues) <= SHOWN:
        return str(error)
    shown = "; ".join(str(issue) for issue in error.issues[:SHOWN])
    return f"{shown}; and {len(error.issues) - SHOWN} more"


def _say(text: str) -> None:
    """Print a line on standard error; a terminal that is narrower gets it in lines of whole words."""
    line = one_line(text)
    if sys.stderr.isatty():
        width = shutil.get_terminal_size().columns
        line = textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False)
    try:
        print(line, file=sys.stderr, flush=True)  # noqa: T201 - the command's own line
    except OSError:  # nobody can be told: the exit status still says it
        drop_output(sys.stderr)


class _Handler(logging.Handler):
    """Writes each record as a line to the standard error of the moment."""

    def emit(self, record: logging.LogRecord) -> None:
        line = record.getMessage()
        if record.levelno >= logging.WARNING:
            line = f"{record.levelname.lower()}: {line}"
        _say(line)
        if record.exc_info and record.exc_info[1]:
            sys.stderr.write(logging.Formatter().formatException(record.exc_info))
            sys.stderr.write("\n")


def start_logging(options: OutputOptions, *, usual: int = logging.WARNING) -> None:
    """Send the package's logs to standard error.

    Parameters
    ----------
    options : OutputOptions
        ``--verbose`` asks for all, ``--quiet`` for the next level above the usual one.
    usual : int
        The least level that is shown without either.
    """
    for handler in [handler for handler in log.handlers if isinstance(handler, _Handler)]:
        log.removeHandler(handler)
    log.addHandler(_Handler())
    if options.verbose:
        log.setLevel(logging.DEBUG)
    else:
        log.setLevel(usual + 10 if options.quiet else usual)
