"""Everything that a person can get wrong ends in one line on standard error and exit status 2.

Run as a program, this file prints the table of all cases as Markdown.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from realloc.cli import partial_rebalance_main, rebalance_csv_input, rebalance_json_input
from realloc.documents import text

COMMANDS: dict[str, Callable[[], int]] = {
    "rebalance-cli": rebalance_json_input.command,
    "rebalance-cli-csv": rebalance_csv_input.command,
    "partial-rebalance-cli": partial_rebalance_main.command,
}
LIMIT = 2**20
EXPORT = ["--exporter", "csv", "--export-path", "out.csv"]
DOCUMENT: dict[str, Any] = {
    "prices": {"AAPL": 100, "GOOG": 100},
    "accounts": [{"label": "A", "account_number": "1", "cash": 1000, "positions": {"AAPL": 5}}],
    "model": {"label": "Balanced", "targets": {"AAPL": 0.6, "GOOG": 0.4}},
}
ACCOUNTS = "Account Label,Account Id,Symbol,Shares\nA,1,AAPL,5\nA,1,CASH,1000\n"
MODEL = "Symbol,Target Weight\nAAPL,0.6\nGOOG,0.4\n"
PRICES = "Symbol,Price\nAAPL,100\nGOOG,100\n"


@dataclass(frozen=True, kw_only=True)
class Case:
    """A mistake: files, command line, and the line that it ends in (None: it is no mistake)."""

    what: str
    message: str | None
    files: Mapping[str, bytes]
    arguments: list[str]
    command: str = "rebalance-cli"
    makes: list[str] = field(default_factory=list)


def raw(what: str, data: bytes | str, message: str | None, *, name: str = "in.json") -> Case:
    """Return the case of a file with these bytes."""
    content = data.encode() if isinstance(data, str) else data
    return Case(what=what, message=message, files={name: content}, arguments=[name, *EXPORT])


def changed(what: str, change: dict[str, Any], message: str | None) -> Case:
    """Return the case of the good document with other values at the top."""
    return raw(what, json.dumps(DOCUMENT | change), message)


def account(what: str, change: dict[str, Any], message: str | None) -> Case:
    """Return the case of the good document with another account."""
    return changed(what, {"accounts": [DOCUMENT["accounts"][0] | change]}, message)


def arguments(what: str, extra: list[str], message: str | None, command: str = "rebalance-cli") -> Case:
    """Return the case of the good document with other arguments."""
    good = {"in.json": json.dumps(DOCUMENT).encode()}
    return Case(what=what, message=message, files=good, arguments=["in.json", *extra], command=command)


def table(what: str, message: str | None, encoding: str = "utf-8", **files: str) -> Case:
    """Return the case of three CSV files of which some are not good."""
    good = {"accounts": ACCOUNTS, "model": MODEL, "prices": PRICES} | files
    return Case(
        what=what,
        message=message,
        files={f"{name}.csv": content.encode(encoding) for name, content in good.items()},
        arguments=[
            "--accounts",
            "accounts.csv",
            "--allocations",
            "model.csv",
            "--prices",
            "prices.csv",
            "--export",
            "out.csv",
        ],
        command="rebalance-cli-csv",
    )


GOOD = json.dumps(DOCUMENT)
CASES = [
    # the file
    Case(
        what="missing file",
        message="in.json: no such file (check the path)",
        files={},
        arguments=["in.json", *EXPORT],
    ),
    Case(
        what="folder for a file",
        message="in.json: this is a folder, not a file (name a file in it)",
        files={},
        arguments=["in.json", *EXPORT],
        makes=["in.json"],
    ),
    raw("empty file", b"", "in.json: the file is empty"),
    raw(
        "binary file",
        b"\x89PNG\r\n\x1a\n\0\0",
        "in.json: not text in UTF-8: byte 1 is 0x89 (save it as UTF-8 text)",
    ),
    raw(
        "huge file",
        b" " * (LIMIT + 1),
        "in.json: the file is larger than 1 MiB (split the household, or check that this is the right file)",
    ),
    raw(
        "null characters",
        b'{"a": "\0"}',
        "in.json: not text: it has null characters (save it as UTF-8 text (CSV, JSON or TOML))",
    ),
    raw("byte-order mark", b"\xef\xbb\xbf" + GOOD.encode(), None),
    raw("UTF-16", GOOD.encode("utf-16"), None),
    raw(
        "UTF-16 without a mark",
        GOOD.encode("utf-16-le"),
        "in.json: not text: it has null characters (save it as UTF-8 text (CSV, JSON or TOML))",
    ),
    raw(
        "Latin-1",
        GOOD.replace("Balanced", "Équilibré").encode("latin-1"),
        "in.json: not text in UTF-8: byte 153 is 0xc9 (save it as UTF-8 text)",
    ),
    raw("Windows line ends", json.dumps(DOCUMENT, indent=2).replace("\n", "\r\n"), None),
    raw(
        "invalid JSON",
        '{"prices": {"AAPL": 100,}}',
        "in.json:1:25: not valid JSON: expecting property name enclosed in double quotes (keys stand in double quotes, and no comma stands before a closing bracket)",
    ),
    raw(
        "single quotes",
        "{'prices': {}}",
        "in.json:1:2: not valid JSON: expecting property name enclosed in double quotes (keys stand in double quotes, and no comma stands before a closing bracket)",
    ),
    raw(
        "cut-off JSON",
        GOOD[:60],
        "in.json:1:61: not valid JSON: expecting ':' delimiter (a colon stands between a key and its value)",
    ),
    raw("invalid TOML", "[prices]\nAAPL = \n", "in.toml:2:8: not valid TOML: invalid value", name="in.toml"),
    raw("nested too deeply", "[" * 100_000, "in.json: objects and lists are nested too deeply"),
    # the document
    raw(
        "a list for the document",
        "[1, 2]",
        "in.json: expected an object, found a list (the document starts with '{')",
    ),
    changed(
        "no prices",
        {"prices": {}},
        "in.json: accounts[0].positions.AAPL: AAPL is held but has no price (add 'AAPL' to 'prices'); in.json: model.targets.AAPL: AAPL is targeted but has no price (add 'AAPL' to 'prices'); in.json: model.targets.GOOG: GOOG is targeted but has no price (add 'GOOG' to 'prices')",
    ),
    raw("missing keys", '{"accounts": [], "model": {}}', "in.json: prices: missing 'prices'"),
    changed("unknown key", {"polizy": {}}, "in.json: polizy: unknown key 'polizy' (did you mean 'policy'?)"),
    account(
        "misspelled restriction",
        {"no_sel": ["AAPL"]},
        "in.json: accounts[0].no_sel: unknown key 'no_sel' (did you mean 'no_sell'?)",
    ),
    changed("prices as a list", {"prices": [100, 100]}, "in.json: prices: expected an object, found a list"),
    changed(
        "accounts as an object",
        {"accounts": {}},
        "in.json: accounts: expected a list of objects, found an object",
    ),
    changed(
        "an account as text",
        {"accounts": ["A"]},
        "in.json: accounts[0]: expected an object, found the text 'A'",
    ),
    changed("no account", {"accounts": []}, "in.json: accounts: a household needs at least one account"),
    changed("model as a list", {"model": ["AAPL"]}, "in.json: model: expected an object, found a list"),
    changed(
        "model without targets",
        {"model": {"label": "Balanced"}},
        "in.json: model: Model must contain 'label' and 'targets' fields",
    ),
    changed(
        "model without a name",
        {"model": {"targets": {"AAPL": 1}}},
        "in.json: model: Model must contain 'label' and 'targets' fields",
    ),
    changed(
        "model with name and label",
        {"model": {"name": "a", "label": "b", "targets": {"AAPL": 1}}},
        "in.json: model.label: 'name' and 'label' are the same (keep one)",
    ),
    # prices
    raw(
        "NaN as a price",
        GOOD.replace('"AAPL": 100', '"AAPL": NaN'),
        "in.json: prices.AAPL: expected a finite number, found nan (write a plain number such as 12.5)",
    ),
    raw(
        "Infinity as a price",
        GOOD.replace('"AAPL": 100', '"AAPL": Infinity'),
        "in.json: prices.AAPL: expected a finite number, found inf (write a plain number such as 12.5)",
    ),
    changed(
        "negative price",
        {"prices": {"AAPL": -100, "GOOG": 100}},
        "in.json: prices.AAPL: expected more than 0, found -100",
    ),
    changed(
        "price of zero",
        {"prices": {"AAPL": 0, "GOOG": 100}},
        "in.json: prices.AAPL: expected more than 0, found 0",
    ),
    changed(
        "price as text",
        {"prices": {"AAPL": "100", "GOOG": 100}},
        "in.json: prices.AAPL: expected a number, found the text '100' (write the number without quotes)",
    ),
    changed(
        "price with a currency sign",
        {"prices": {"AAPL": "$1,000.00", "GOOG": 100}},
        "in.json: prices.AAPL: expected a number, found the text '$1,000.00' (write the number without quotes)",
    ),
    changed(
        "price of null",
        {"prices": {"AAPL": None, "GOOG": 100}},
        "in.json: prices.AAPL: expected a number, found null",
    ),
    raw(
        "two prices for one symbol",
        GOOD.replace('"AAPL": 100', '"AAPL": 100, "AAPL": 90'),
        "in.json: prices.AAPL: 'AAPL' occurs twice in one object (keep one of the two)",
    ),
    changed(
        "held symbol without a price",
        {"prices": {"GOOG": 100}, "model": {"name": "a", "targets": {"GOOG": 1}}},
        "in.json: accounts[0].positions.AAPL: AAPL is held but has no price (add 'AAPL' to 'prices')",
    ),
    changed(
        "targeted symbol without a price",
        {"prices": {"AAPL": 100, "GOGO": 100}},
        "in.json: model.targets.GOOG: GOOG is targeted but has no price (did you mean 'GOGO'?)",
    ),
    # accounts and weights
    account(
        "negative cash",
        {"cash": -5},
        "in.json: accounts[0].cash: cash is negative (-5) (a withdrawal to come goes into 'cash_flow')",
    ),
    raw(
        "cash that is not finite",
        GOOD.replace("1000", "-Infinity"),
        "in.json: accounts[0].cash: expected a finite number, found -inf (write a plain number such as 12.5)",
    ),
    account(
        "cash as text",
        {"cash": "1000"},
        "in.json: accounts[0].cash: expected a number, found the text '1000' (write the number without quotes)",
    ),
    account(
        "cash beyond belief",
        {"cash": 1e20},
        "in.json: accounts[0].cash: expected a finite number up to 1e+15, found 1e+20",
    ),
    account(
        "negative shares",
        {"positions": {"AAPL": -5}},
        "in.json: accounts[0].positions.AAPL: -5 shares: short positions are not planned",
    ),
    raw(
        "shares that are not finite",
        GOOD.replace('"AAPL": 5', '"AAPL": 1e999'),
        "in.json: accounts[0].positions.AAPL: expected a finite number, found inf (write a plain number such as 12.5)",
    ),
    account(
        "CASH as a position",
        {"positions": {"CASH": 5}},
        "in.json: accounts[0].positions.CASH: CASH is not a security (put it into 'cash')",
    ),
    account(
        "no account number",
        {"account_number": ""},
        "in.json: accounts[0].account_number: expected a text, found an empty one",
    ),
    changed(
        "one account number twice",
        {"accounts": DOCUMENT["accounts"] * 2},
        "in.json: accounts[0].account_number: account number '1' occurs 2 times (give each account a number of its own); in.json: accounts[1].account_number: account number '1' occurs 2 times (give each account a number of its own)",
    ),
    changed(
        "weights that sum to zero",
        {"model": {"label": "a", "targets": {"AAPL": 0, "GOOG": 0}}},
        'in.json: model.targets: the weights sum to zero (for all cash write {"CASH": 1})',
    ),
    changed(
        "negative weight",
        {"model": {"label": "a", "targets": {"AAPL": 1.5, "GOOG": -0.5}}},
        "in.json: model.targets.GOOG: expected at least 0, found -0.5",
    ),
    changed(
        "impossible date",
        {"as_of": "2026-02-30"},
        "in.json: as_of: expected a date, found the text '2026-02-30' (write it as year-month-day, for instance '2026-11-20')",
    ),
    account(
        "rule that the rebalancer breaks",
        {"no_buy": ["GOOG"]},
        "in.json: accounts[0]: 'A': account 1 must not buy GOOG, against BUY-1 (use '--rebalancer optimal', which plans with it)",
    ),
    # the command line
    Case(
        what="no file named",
        message="Parameter INPUT_FILE requires an argument ('rebalance-cli --help' shows the options)",
        files={},
        arguments=[],
    ),
    arguments(
        "unknown option",
        ["--exporte", "csv"],
        "Unknown option: --exporte. Did you mean --exporter? ('rebalance-cli --help' shows the options)",
    ),
    arguments(
        "text for a number",
        ["--iterations", "ten"],
        "Invalid value for --iterations: expected a whole number, found 'ten' ('rebalance-cli --help' shows the options)",
    ),
    arguments(
        "a fraction for a whole number",
        ["--iterations", "2.5"],
        "Invalid value for --iterations: expected a whole number, found '2.5' ('rebalance-cli --help' shows the options)",
    ),
    arguments(
        "negative rounds",
        ["--iterations", "-1"],
        "Invalid value \"-1\" for --iterations. Must be >= 0 ('rebalance-cli --help' shows the options)",
    ),
    arguments("quiet and verbose", ["--quiet", "--verbose"], "--quiet and --verbose exclude each other"),
    arguments(
        "export path alone",
        ["--export-path", "out.csv"],
        "--export-path needs --exporter (for instance '--exporter csv')",
    ),
    arguments(
        "exporter without a path",
        ["--exporter", "csv"],
        "Plugin 'csv' of realloc 0.2.0: missing a required argument: 'path'; its arguments are (path)",
    ),
    arguments(
        "unknown exporter",
        ["--exporter", "cvs", "--export-path", "out.csv"],
        "No plugin named 'cvs' found (did you mean 'csv'?)",
    ),
    arguments(
        "plugin of another kind",
        ["--exporter", "default", "--export-path", "out.csv"],
        "Plugin 'default' is not a valid Exporter",
    ),
    arguments(
        "unknown rebalancer",
        ["--rebalancer", "optimum"],
        "No plugin named 'optimum' found (did you mean 'optimal'?)",
    ),
    arguments(
        "unknown validator",
        ["--validator", "min_value:min_value=3", *EXPORT],
        "No plugin named 'min_value' found (did you mean 'minimum_value'?)",
    ),
    arguments(
        "validator without arguments",
        ["--validator", "max_position", *EXPORT],
        "Plugin 'max_position' of realloc 0.2.0: missing a required argument: 'max_position'; its arguments are (max_position)",
    ),
    arguments(
        "unknown argument of a validator",
        ["--validator", "max_position:most=3", *EXPORT],
        "Plugin 'max_position' of realloc 0.2.0: it has no argument 'most' (known: max_position); its arguments are (max_position)",
    ),
    arguments(
        "unusable argument of a validator",
        ["--validator", "max_position:max_position=many", *EXPORT],
        "Plugin 'max_position' of realloc 0.2.0 cannot be built: InputError: max_position must be a number, not 'many'",
    ),
    arguments(
        "validator in no form",
        ["--validator", "max_position:100", *EXPORT],
        "--validator 'max_position:100': found '100' where key=value is expected (for instance 'minimum_value:min_value=100')",
    ),
    arguments(
        "output folder that does not exist",
        ["--exporter", "csv", "--export-path", "no/out.csv"],
        "Cannot write no/out.csv: the folder no does not exist",
    ),
    arguments(
        "output device that is full",
        ["--exporter", "csv", "--export-path", "/dev/full"],
        "Cannot write /dev/full: No space left on device",
    ),
    Case(
        what="folder for the output",
        message="Cannot write out.csv: it is a folder, not a file",
        files={"in.json": GOOD.encode()},
        arguments=["in.json", *EXPORT],
        makes=["out.csv"],
    ),
    arguments(
        "nothing to sell or buy is named",
        [],
        "Parameter --sell-symbol requires an argument ('partial-rebalance-cli --help' shows the options)",
        "partial-rebalance-cli",
    ),
    arguments(
        "unknown symbol",
        ["--sell-symbol", "APPL", "--buy-symbol", "GOOG", *EXPORT],
        "--sell-symbol: 'APPL' has no price in the input (did you mean 'AAPL'?)",
        "partial-rebalance-cli",
    ),
    arguments(
        "one symbol twice",
        ["--sell-symbol", "GOOG", "--buy-symbol", "GOOG", *EXPORT],
        "--sell-symbol and --buy-symbol are both 'GOOG'",
        "partial-rebalance-cli",
    ),
    # CSV files
    table("good CSV", None),
    table("CSV: byte-order mark", None, encoding="utf-8-sig"),
    table("CSV: UTF-16", None, encoding="utf-16"),
    table("CSV: Windows line ends", None, accounts=ACCOUNTS.replace("\n", "\r\n")),
    table("CSV: two rows of one symbol", None, accounts=ACCOUNTS + "A,1,AAPL,2\n"),
    table("CSV: semicolons", None, accounts=ACCOUNTS.replace(",", ";")),
    table(
        "CSV: thousands separators and currency signs",
        None,
        prices='Symbol,Price\nAAPL,"$1,100.50"\nGOOG,100\n',
    ),
    table("CSV: empty", "prices.csv: the file is empty", prices=""),
    table(
        "CSV: missing column",
        "prices.csv:1: Missing required columns: Price (found: Symbol, Cost)",
        prices="Symbol,Cost\nAAPL,100\n",
    ),
    table(
        "CSV: text for shares",
        "accounts.csv:2:Shares: Invalid share amount for AAPL: expected a number, found 'five' (write a plain number such as 1234.50)",
        accounts=ACCOUNTS.replace("AAPL,5", "AAPL,five"),
    ),
    table(
        "CSV: no CASH row",
        "accounts.csv:2:Symbol: Account 'A' (1) is missing required CASH position (add a row A,1,CASH,0)",
        accounts="Account Label,Account Id,Symbol,Shares\nA,1,AAPL,5\n",
    ),
    table(
        "CSV: negative shares",
        "accounts.csv: accounts[0].positions.AAPL: -5 shares: short positions are not planned",
        accounts=ACCOUNTS.replace("AAPL,5", "AAPL,-5"),
    ),
    table(
        "CSV: NaN for shares",
        "accounts.csv:2:Shares: Invalid share amount for AAPL: expected a number, found 'nan' (write a plain number such as 1234.50)",
        accounts=ACCOUNTS.replace("AAPL,5", "AAPL,nan"),
    ),
    table(
        "CSV: text for a price",
        "prices.csv:2:Price: Invalid price for AAPL: expected a number, found 'n/a' (write a plain number such as 1234.50)",
        prices=PRICES.replace("AAPL,100", "AAPL,n/a"),
    ),
    table(
        "CSV: price of zero",
        "prices.csv:2:Price: Price must be positive for AAPL: found 0",
        prices=PRICES.replace("AAPL,100", "AAPL,0"),
    ),
    table(
        "CSV: two prices of one date",
        "prices.csv:4:Price: two prices for AAPL: 100 in line 2 and 101 here (keep one)",
        prices=PRICES + "AAPL,101\n",
    ),
    table(
        "CSV: latest of several dates",
        None,
        prices="Symbol,Price,Date\nAAPL,100,2026-11-20\nAAPL,90,2026-11-19\nGOOG,100,2026-11-20\n",
    ),
    table(
        "CSV: held symbol without a price",
        "accounts.csv: accounts[0].positions.AAPL: AAPL is held but has no price (add 'AAPL' to 'prices')",
        prices="Symbol,Price\nGOOG,100\n",
        model="Symbol,Target Weight\nGOOG,1\n",
    ),
    table("CSV: totals below the table", None, accounts=ACCOUNTS + "Total,,,1500\n"),
    table("CSV: footer below the table", None, prices=PRICES + "Prices as of 20 November 2026\n"),
    table(
        "CSV: weights that sum to zero",
        "model.csv:Target Weight: Target weights must sum to 1 within 0.01, but sum to 0 (correct the weights)",
        model="Symbol,Target Weight\nAAPL,0\nGOOG,0\n",
    ),
    table(
        "CSV: weights that do not sum to one",
        "model.csv:Target Weight: Target weights must sum to 1 within 0.01, but sum to 100 (write percentages with their sign, 60%)",
        model="Symbol,Target Weight\nAAPL,60\nGOOG,40\n",
    ),
    table("CSV: binary", "prices.csv: this is not a text file (save it as CSV (UTF-8))", prices="\0\1\2"),
    table(
        "CSV: one account number, two labels",
        "accounts.csv:4:Account Label: account 1 is 'A' in line 2 and 'B' here (use one label, or correct the account id)",
        accounts=ACCOUNTS + "B,1,GOOG,3\n",
    ),
]


FOUND_AT_WORK = {"rule that the rebalancer breaks", "output device that is full"}
"""Mistakes that show only when trades are decided or written, after the log has begun."""


def outcome(case: Case, folder: Path) -> tuple[int, str, str]:
    """Run a case in a folder and return exit status, standard output and standard error."""
    for name, data in case.files.items():
        (folder / name).write_bytes(data)
    for name in case.makes:
        (folder / name).mkdir()
    output, errors = io.StringIO(), io.StringIO()
    before, argv = Path.cwd(), sys.argv
    try:
        os.chdir(folder)
        sys.argv = [case.command, *case.arguments]
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
            status = COMMANDS[case.command]()
    finally:
        os.chdir(before)
        sys.argv = argv
    return status, output.getvalue(), errors.getvalue()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.what)
def test_a_mistake_ends_in_one_line_that_says_what_to_do(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "/dev/full" in case.arguments and not Path("/dev/full").exists():
        pytest.skip("this system has no full device")
    monkeypatch.setattr(text, "LARGEST_FILE", LIMIT)
    status, output, errors = outcome(case, tmp_path)
    if case.message is None:
        assert status == 0, errors
        assert output
        return
    *log, line = errors.splitlines()
    assert line == f"{case.command}: error: {case.message}"
    assert not log or case.what in FOUND_AT_WORK
    assert status == 2
    assert not output
    assert not (tmp_path / "out.csv").is_file()


def print_table() -> None:
    """Print what every case ends in, as Markdown."""
    text.LARGEST_FILE = LIMIT
    print("| bad input | message | exit status |\n| --- | --- | --- |")
    for case in CASES:
        with tempfile.TemporaryDirectory() as folder:
            status, _, errors = outcome(case, Path(folder))
        line = "accepted" if status == 0 else errors.splitlines()[-1].replace("|", "\\|")
        print(f"| {case.what} | `{line}` | {status} |")


if __name__ == "__main__":
    print_table()
