"""Work that takes a while: said on the terminal after a second, and stopped by Ctrl-C at once."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread, Timer
from typing import TypeVar

T = TypeVar("T")

PATIENCE = 1.0
"""Seconds after which a person wants to know what is being done."""

_running: list[Event] = []
"""One event for each piece of work that has begun and not ended; it is set at the end."""


def interrupted_work() -> bool:
    """Return whether work that was interrupted still runs; the program must then end without waiting for it."""
    return any(not ended.is_set() for ended in _running)


def wait_for(what: str, function: Callable[[], T]) -> T:
    """Return what `function` returns, or raise what it raises.

    It runs in a thread of its own, so that Ctrl-C is heard while the solver works. On a terminal, `what` is
    shown on standard error once it takes longer than a second.
    """
    results: list[T] = []
    errors: list[BaseException] = []
    ended = Event()  # an interrupted Thread.join may take the thread for dead

    def work() -> None:
        try:
            results.append(function())
        except BaseException as error:  # noqa: BLE001 - it is raised again below
            errors.append(error)
        finally:
            ended.set()

    _running[:] = [ended]
    with working(what):
        Thread(target=work, daemon=True).start()
        while not ended.wait(0.05):
            pass
    if errors:
        raise errors[0]
    return results[0]


@contextmanager
def working(what: str) -> Iterator[None]:
    """Show on a terminal's standard error what is being done, once it takes longer than a second."""
    if not sys.stderr.isatty():
        yield
        return
    from realloc.cli.screen import console  # noqa: PLC0415 - rich loads where a person reads

    status = console(stderr=True).status(what)
    timer = Timer(PATIENCE, status.start)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        status.stop()
