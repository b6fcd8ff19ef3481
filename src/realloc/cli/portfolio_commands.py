"""The subcommands that keep the portfolio file: ``init``, ``import``, ``check`` and ``confirm``."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from datetime import date
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from realloc.accounts import KINDS, AccountKind
from realloc.cli.answer import Answer, Line, money
from realloc.cli.arguments import OUTPUT_DEFAULTS, SharedOutput
from realloc.cli.edge import MISTAKE, start_logging
from realloc.cli.output import show, show_message
from realloc.cli.places import PORTFOLIO, Place, Switch, portfolio_path
from realloc.cli.portfolio_show import check_answer, confirmation_answer, statements_answer
from realloc.cli.waiting import working
from realloc.documents.locking import changing
from realloc.documents.reading import load_household
from realloc.errors import ExportError, InputError
from realloc.plugins.importers.brokers import import_files
from realloc.plugins.importers.brokers.generic_table import GenericTable
from realloc.plugins.importers.brokers.mapping import propose_mapping, save_mapping
from realloc.portfolio_file.adding import add_accounts
from realloc.portfolio_file.confirming import confirm as confirm_plan
from realloc.portfolio_file.editing import open_kept, write_first
from realloc.portfolio_file.initial import Seen, accounts_seen, initial_text
from realloc.portfolio_file.loading import read_portfolio
from realloc.portfolio_file.planned import read_planned
from realloc.portfolio_file.sources import fits

Kinds = Annotated[tuple[str, ...], Parameter(negative="", show_default=False, metavar="NUMBER=KIND")]
Owners = Annotated[tuple[str, ...], Parameter(negative="", show_default=False, metavar="NUMBER=NAME")]


def init(
    *files: Path,
    output: Path = Path(PORTFOLIO),
    kind: Kinds = (),
    owner: Owners = (),
    no_input: Switch = False,
    options: SharedOutput = OUTPUT_DEFAULTS,
) -> int:
    """Begin a portfolio file from broker files.

    On a terminal it asks how each account is taxed. What is not said stays an open question in the file,
    which `realloc check` reports.

    Parameters
    ----------
    files : path
        Files downloaded from brokers, lot files beside positions.
    output : path
        The portfolio file; one that exists is not touched.
    kind : text
        How an account is taxed (taxable, tax_deferred or tax_exempt). Repeatable.
    owner : text
        Whose account it is. Repeatable.
    no_input : bool
        Ask nothing.
    """
    start_logging(options)
    if output.exists():
        raise ExportError(f"{output} exists already: give another name with --output")
    asks = not no_input and sys.stdin.isatty()
    chosen = [*files] or (_ask_files() if asks else [])
    if not chosen:
        raise InputError("no broker files are named (for instance 'realloc init downloads/*.csv')")
    kinds = _pairs(kind, "--kind")
    with working(f"Reading {len(chosen)} files"):
        statements = import_files(chosen)
    if asks:
        open_questions = [
            seen
            for seen in accounts_seen(statements)
            if not any(fits(number, seen.account) for number in kinds)
        ]
        for n, seen in enumerate(open_questions, start=1):
            answer = _ask_kind(seen, f"Account {n} of {len(open_questions)}")
            if answer is not None:
                kinds[seen.account.number] = answer
    write_first(output, initial_text(chosen, output, kinds=kinds, owners=_pairs(owner, "--owner")))
    named = "" if output == Path(PORTFOLIO) else f" {output}"
    told = f"Wrote {output}. Set your targets under [model.targets], then: realloc check{named}"
    records = [{"account_number": number, "kind": said} for number, said in sorted(kinds.items())]
    document = {"portfolio": str(output), "kinds": kinds}
    columns = ("account_number", "kind")
    show(Answer(document=document, columns=columns, records=records, page=[Line(text=told)]), options.format)
    return 0


def import_statements(
    *files: Path,
    explain: Switch = False,
    into: Path | None = None,
    mapping: Path | None = None,
    propose_to: Path | None = None,
    options: SharedOutput = OUTPUT_DEFAULTS,
) -> int:
    """Read broker files and show what is in them.

    Parameters
    ----------
    files : path
        Files downloaded from brokers; each is recognised by its columns.
    explain : bool
        Show what became of every row, and why.
    into : path, optional
        Add the accounts that this portfolio file does not name yet, each with its question about tax open.
    mapping : path, optional
        TOML file that says what the columns mean, for tables that no importer knows.
    propose_to : path, optional
        Write a proposed mapping of the first file's columns here, and stop.
    """
    start_logging(options)
    if not files:
        raise InputError("no files are named (for instance 'realloc import downloads/*.csv')")
    if propose_to is not None:
        save_mapping(propose_mapping(files[0]), propose_to)
        show_message(
            f"Wrote {propose_to}. Correct it, then run: realloc import {files[0]} --mapping {propose_to}"
        )
        return 0
    importers = None if mapping is None else [GenericTable(mapping)]
    with working(f"Reading {len(files)} files"):
        statements = import_files(files, importers=importers)
    added: tuple[str, ...] = ()
    if into is not None:
        with changing(into):
            kept = open_kept(into)
            added = add_accounts(kept, accounts_seen(statements), mapping=mapping)
            if added:
                kept.write()
    told = "" if into is None else f"Added to {into}: {', '.join(added) or 'nothing, every account is there'}"
    show(statements_answer(statements, added, explain=explain, message=told), options.format)
    return 0


def check(
    portfolio: Place = None,
    /,
    *,
    fetch: Switch = False,
    options: SharedOutput = OUTPUT_DEFAULTS,
) -> int:
    """Check a portfolio and everything that it points to; list every issue at once.

    The exit status is 2 where there is an error.

    Parameters
    ----------
    portfolio : path, optional
        Portfolio file, or household document (JSON or TOML).
    fetch : bool
        Ask the provider that [prices] names; nothing else uses the network.
    """
    start_logging(options)
    path = portfolio_path(portfolio)
    with working(f"Reading {path}"):
        read, issues = read_portfolio(path, fetch=fetch)
    show(check_answer(path, read, issues), options.format)
    return 0 if read is not None else MISTAKE


def confirm(
    plan: Path,
    *files: Path,
    portfolio: Place = None,
    traded: date | None = None,
    before: Path | None = None,
    take_files: Switch = False,
    dry_run: Switch = False,
    options: SharedOutput = OUTPUT_DEFAULTS,
) -> int:
    """Compare the broker's next files with a plan; bring the portfolio file up to date.

    Lots and recent trades are updated; comments stay.

    Parameters
    ----------
    plan : path
        The plan document (JSON) that was executed.
    files : path
        The broker's files after the execution; those from before stay in their folder.
    portfolio : path, optional
        The portfolio file.
    traded : date, optional
        Trade date, as YYYY-MM-DD, of executions that the files do not list.
    before : path, optional
        Household document that the plan was made from, where the files from before are gone.
    take_files : bool
        Read the accounts from these files and their next downloads from now on, where `import` does not match them.
    dry_run : bool
        Show what would be recorded and write nothing.
    """
    start_logging(options)
    if not files:
        raise InputError("no files are named: give the broker's files from after the execution")
    planned = read_planned(plan)
    path = portfolio_path(portfolio)
    with nullcontext() if dry_run else changing(path):
        confirmation = confirm_plan(
            path,
            planned,
            files,
            before=None if before is None else load_household(before),
            traded=traded,
            take_files=take_files,
        )
        if not dry_run:
            confirmation.kept.write()
    told = "Nothing was written." if dry_run else f"Updated {path}."
    show(confirmation_answer(confirmation, told), options.format)
    return 0


def _pairs(texts: tuple[str, ...], option: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in texts:
        number, equals, value = (part.strip() for part in text.partition("="))
        if not (number and equals and value) or number in pairs:
            raise InputError(f"{option} {text!r}: expected NUMBER=VALUE, each number once")
        pairs[number] = value
    return pairs


def _ask_files() -> list[Path]:
    show_message("Files downloaded from your brokers, one on a line; an empty line ends:")
    found: list[Path] = []
    while line := _line():
        found.append(Path(line).expanduser())
    return found


def _ask_kind(seen: Seen, place: str) -> AccountKind | None:
    account = seen.account
    hint = f", its name suggests {account.kind_hint}" if account.kind_hint else ""
    show_message(f"{place}: {account.name} {account.number}".rstrip())
    show_message(f"  {seen.statement.broker}, {money(float(account.total))}{hint}. How is it taxed?")
    show_message("  1 taxable   2 tax_deferred   3 tax_exempt   Enter: leave it open")
    while answer := _line():
        for n, kind in enumerate(KINDS, start=1):
            if answer.casefold() in (str(n), kind):
                return kind  # type: ignore[return-value]  # KINDS are the account kinds
        show_message("  Please answer 1, 2, 3 or Enter.")
    return None


def _line() -> str:
    return sys.stdin.readline().strip()
