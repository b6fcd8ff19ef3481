"""Broken portfolio files: ``realloc rebalance`` ends in one line and exit status 2, and writes nothing.

Run as a program, this file prints the table of all cases as Markdown.
"""

from __future__ import annotations

import contextlib
import io
import logging
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from realloc.cli import main as program

GOOD = """\
as_of = 2026-11-20

[[accounts]]
label = "Joint"
account_number = "Z1"
kind = "taxable"
cash = 500.0
positions = { VTI = 10 }
lots = [{ symbol = "VTI", shares = 10, cost_per_share = 200.0, acquired = 2024-01-15 }]

[model]
name = "60/40"
targets = { VTI = 0.6, BND = 0.4 }

[prices]
VTI = 250.0
BND = 72.5
"""
P = "portfolio.toml"
KINDS = "write kind = one of 'taxable', 'tax_deferred', 'tax_exempt'"


def without(text: str) -> str:
    """Return the good file without a line."""
    assert text in GOOD
    return GOOD.replace(text, "")


def instead(old: str, new: str) -> str:
    """Return the good file with another text in place of `old`."""
    assert old in GOOD
    return GOOD.replace(old, new)


IMPORTED = instead("cash = 500.0\npositions = { VTI = 10 }\n", 'import = "downloads/*.csv"\n')

CASES: dict[str, tuple[str | bytes | None, str]] = {
    "no file": (None, f"no {P} here or in a folder above"),
    "empty file": (b"", f"{P}: the file is empty"),
    "spreadsheet saved under this name": (b"PK\x03\x04\x00\x00", f"{P}: not text: it has null characters"),
    "Latin-1": (
        GOOD.replace("Joint", "Épargne").encode("latin-1"),
        f"{P}: not text in UTF-8: byte 43 is 0xc9",
    ),
    "no TOML": ("accounts: Z1\n", f"{P}:1:9: not valid TOML: expected '=' after a key"),
    "a key twice": (
        instead("cash = 500.0", "cash = 500.0\ncash = 5.0"),
        f"{P}:8:11: not valid TOML: cannot overwrite",
    ),
    "misspelt key": (
        instead("cash = 500.0", "cash = 500.0\nno_by = ['BND']"),
        f"{P}: accounts[0].no_by: unknown key 'no_by' (did you mean 'no_buy'?)",
    ),
    "misspelt policy": (
        GOOD + "[policy.tax]\nlong_rate = 0.2\n",
        f"{P}: policy.tax.long_rate: unknown key 'long_rate' (did you mean 'long_term_rate'?)",
    ),
    "no accounts": (
        "[model]\ntargets = { VTI = 1.0 }\n[prices]\nVTI = 1.0\n",
        f"{P}: accounts: a household needs at least one account",
    ),
    "open question about tax": (
        instead('kind = "taxable"', 'kind = "?"'),
        f"{P}: accounts[0].kind: how this account is taxed is not said ({KINDS})",
    ),
    "no such kind": (
        instead('"taxable"', '"roth"'),
        f"{P}: accounts[0].kind: expected one of taxable, tax_deferred, tax_exempt, found 'roth'",
    ),
    "no targets": (
        without("targets = { VTI = 0.6, BND = 0.4 }\n"),
        f"{P}: model.targets: no targets are set",
    ),
    "negative weight": (
        instead("BND = 0.4", "BND = -0.4"),
        f"{P}: model.targets.BND: expected at least 0, found -0.4",
    ),
    "number in quotes": (
        instead("cash = 500.0", 'cash = "500"'),
        f"{P}: accounts[0].cash: expected a number, found the text '500' (write the number without quotes)",
    ),
    "no price": (without("BND = 72.5\n"), "BND is targeted but has no price"),
    "price of zero": (instead("BND = 72.5", "BND = 0"), f"{P}: prices.BND: expected more than 0, found 0"),
    "lots that do not add up": (
        instead("shares = 10, cost", "shares = 9, cost"),
        "the lots of VTI add up to 9 shares, the position has 10",
    ),
    "lot from the future": (
        instead("2024-01-15", "2027-01-15"),
        "acquired on 2027-01-15, after the plan's date 2026-11-20",
    ),
    "account twice": (
        GOOD.replace("[model]", '[[accounts]]\naccount_number = "Z1"\nkind = "taxable"\n\n[model]', 1),
        "account number 'Z1' occurs",
    ),
    "broker file that is not there": (IMPORTED, "no file matches 'downloads/*.csv'"),
    "class and symbol both with a target": (
        instead("BND = 0.4 }", "BND = 0.2, bonds = 0.2 }\nclasses = { bonds = { symbols = ['BND'] } }"),
        "BND",
    ),
    "price in words": (instead("VTI = 250.0", 'VTI = "250 USD"'), "expected a number"),
}


def outcome(content: str | bytes | None) -> tuple[int, str, str, list[str]]:
    """Return exit status, standard output and error, and the files that there are afterwards, in a new folder."""
    out, err = io.StringIO(), io.StringIO()
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        if content is not None:
            Path(P).write_bytes(content.encode() if isinstance(content, str) else content)
        words = ["realloc", "rebalance", "--exporter", "csv", "--export-path", "orders.csv"]
        with (
            patch.object(sys, "argv", words),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            status = program.command()
        left = sorted(path.name for path in Path().iterdir())
    return status, out.getvalue(), err.getvalue(), left


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    yield
    log = logging.getLogger("realloc")
    log.setLevel(logging.NOTSET)
    log.handlers.clear()


def test_the_file_without_a_mistake_is_planned() -> None:
    status, _, _, left = outcome(GOOD)
    assert (status, left) == (0, ["orders.csv", P])


@pytest.mark.parametrize("what", CASES)
def test_a_broken_portfolio_file_ends_in_one_line(what: str) -> None:
    content, message = CASES[what]
    status, out, err, left = outcome(content)
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    assert err.startswith("realloc: error: ")
    assert message in err
    assert left == ([] if content is None else [P])


def table() -> None:
    """Print the cases as Markdown."""
    lines = ["| portfolio file | message | exit status |", "| --- | --- | --- |"]
    for what, (content, _) in CASES.items():
        status, _, err, _ = outcome(content)
        lines.append(f"| {what} | `{err.strip()}` | {status} |")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    table()
