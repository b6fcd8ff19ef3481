"""The subcommands ``demo``, ``schema`` and ``completion``."""

from __future__ import annotations

import sys
from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from realloc.cli.answer import Answer, Line
from realloc.cli.arguments import OUTPUT_DEFAULTS, PLAN_DEFAULTS, SharedOutput, SharedPlan
from realloc.cli.changes import NO_CHANGES, SharedPolicy
from realloc.cli.edge import start_logging
from realloc.cli.output import show
from realloc.cli.places import Changes, Switch
from realloc.cli.planning_commands import rebalance
from realloc.cli.portfolio_schema import portfolio_schema
from realloc.cli.schema_keys import keys_answer
from realloc.documents import schema
from realloc.documents.writing import write_whole
from realloc.errors import ExportError


def demo(
    *,
    save: Path | None = None,
    what_if: Changes = (),
    why: Switch = False,
    fewer: Switch = False,
    policy: SharedPolicy = NO_CHANGES,
    options: SharedPlan = PLAN_DEFAULTS,
) -> int:
    """Plan the household that comes with the program.

    Parameters
    ----------
    save : path, optional
        Write its household document here, to try the other commands on, and stop.
    what_if : tuple of str
        As for --set: the plan with and without it, side by side. Repeatable.
    why : bool
        Say the reason of every order.
    fewer : bool
        Say how far plans of a few of these orders get.
    """
    resource = files("realloc.cli").joinpath("demo_household.json")
    if save is not None:
        start_logging(options)
        if save.exists():
            raise ExportError(f"{save} exists already: give another name with --save")
        write_whole(save, resource.read_text(encoding="utf-8"), new=True)
        told = [Line(text=f"Wrote {save}. Try: realloc drift {save}")]
        record = {"path": str(save)}
        show(Answer(document=record, columns=tuple(record), records=[record], page=told), options.format)
        return 0
    with as_file(resource) as path:
        return rebalance(path, what_if=what_if, why=why, fewer=fewer, policy=policy, options=options)


def print_schema(
    document: Literal["household", "plan", "portfolio"],
    /,
    *,
    keys: Annotated[str | None, Parameter(show_default=False, metavar="KEY")] = None,
    options: SharedOutput = OUTPUT_DEFAULTS,
) -> int:
    """Print the JSON Schema of a document, or its keys with their meaning.

    The schema itself is JSON, whatever the format.

    Parameters
    ----------
    document : {"household", "plan", "portfolio"}
        Household document, plan document, or portfolio file.
    keys : str, optional
        List the keys below this one instead, such as policy or policy.tax; "all" lists every key.
    """
    start_logging(options)
    text = portfolio_schema() if document == "portfolio" else schema(document)
    if keys is None:
        show(Answer(document=text, columns=(), records=[]), "json")
    else:
        show(keys_answer(text, "" if keys == "all" else keys), options.format)
    return 0


def completion(
    shell: Literal["bash", "zsh", "fish", "powershell"],
    /,
    *,
    install: Switch = False,
    options: SharedOutput = OUTPUT_DEFAULTS,
) -> int:
    """Print or install the completion of commands and options for a shell.

    Parameters
    ----------
    shell : {"bash", "zsh", "fish", "powershell"}
        Your shell.
    install : bool
        Put it where the shell finds it, instead of printing it.
    """
    from realloc.cli.main import build_app  # noqa: PLC0415 - the program itself, which loads this command

    start_logging(options)
    app = build_app()
    if not install:
        sys.stdout.write(app.generate_completion(shell=shell))
        return 0
    try:
        path = app.install_completion(shell=shell)
    except OSError as error:
        raise ExportError(f"the completion cannot be installed: {error.strerror or error}") from error
    record = {"path": str(path)}
    told = [Line(text=f"Wrote {path}. Start a new shell to use it.")]
    show(Answer(document=record, columns=tuple(record), records=[record], page=told), options.format)
    return 0
