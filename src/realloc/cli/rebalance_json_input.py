"""The commands ``rebalance-cli`` and ``rebalance-cli-json``, loaded when they are called."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from realloc.cli.edge import run
from realloc.errors import InputError

if TYPE_CHECKING:
    from realloc.household import Household
    from realloc.trades import is_trade_remaining

__all__ = ["command", "is_trade_remaining", "main", "read_household"]

COMMAND = "rebalance-cli"


def __getattr__(name: str) -> Any:
    if name != "is_trade_remaining":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from realloc.trades import is_trade_remaining  # noqa: PLC0415 - users of 0.1 import it from here

    return is_trade_remaining


def command() -> int:
    """Run the command and return its exit status: 0, or 2 where the input cannot be used."""
    return run(COMMAND, lambda: _main(read_household))


def main() -> list[dict[str, Any]]:
    """Run the command with ``sys.argv`` from Python.

    Returns
    -------
    list of dict
        The trades: ``account_id``, ``symbol`` and ``shares`` (negative sells).

    Raises
    ------
    ValueError
        The input cannot be used, for instance "Missing required keys in input file: {'prices'}".
    ReallocError
        A plugin or an output path cannot be used.
    """
    return _main(_read_with_fixed_words)


def read_household(path: str) -> Household:
    """Read the household of a document whose model is named and has targets.

    Raises
    ------
    InputError
        The document cannot be used; every issue has the file and the place in it.
    """
    from realloc.cli import seed_form  # noqa: PLC0415 - once the command runs
    from realloc.documents import household_from, read_document  # noqa: PLC0415
    from realloc.documents.reading import at_file  # noqa: PLC0415

    document = read_document(path)
    household = household_from(document, path)
    fault = seed_form.first_fault(document)
    if fault:
        raise InputError(at_file(path, [fault]))
    return household


def _read_with_fixed_words(path: str) -> Household:
    from realloc.cli import seed_form  # noqa: PLC0415 - once the command runs
    from realloc.documents import read_document  # noqa: PLC0415

    fault = seed_form.first_fault(read_document(path))
    if fault:
        raise InputError(fault.message)
    return read_household(path)


def _main(read: Callable[[str], Household]) -> list[dict[str, Any]]:
    from realloc.cli.rebalance_document import rebalance_document  # noqa: PLC0415 - once the command runs

    return rebalance_document(read)
