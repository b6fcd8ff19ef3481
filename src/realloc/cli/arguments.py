"""What the commands have in common on the command line, and how a command line becomes a call."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from textwrap import indent
from typing import Annotated, Any, Literal

from cyclopts import App, CycloptsError, Group, Parameter, Token
from cyclopts.validators import Number

from realloc.cli.help_pages import HelpFormatter
from realloc.errors import InputError

Form = Literal["table", "json", "csv", "markdown"]

POLICY_GROUP, _PLUGINS, _OUTPUT = (
    Group(name, sort_key=n) for n, name in enumerate(("Policy of this run", "Plugins", "Output"), start=1)
)
_PLUGIN = "NAME[:key=value,...]"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputOptions:
    """How a command speaks.

    Parameters
    ----------
    format : {"table", "json", "csv", "markdown"}
        What is printed on standard output.
    quiet : bool
        Less on standard error.
    verbose : bool
        Details on standard error, account numbers among them.
    """

    format: Annotated[Form, Parameter(group=_OUTPUT)] = "table"
    quiet: Annotated[bool, Parameter(negative="", show_default=False, group=_OUTPUT)] = False
    verbose: Annotated[bool, Parameter(negative="", show_default=False, group=_OUTPUT)] = False

    def __post_init__(self) -> None:
        if self.quiet and self.verbose:
            raise InputError("--quiet and --verbose exclude each other")


Rebalancer = Annotated[str, Parameter(group=_PLUGINS, metavar=_PLUGIN)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options(OutputOptions):
    """Plugins and output of a command that makes trades.

    Parameters
    ----------
    rebalancer : str
        Plugin that decides the trades.
    exporter : str, optional
        Plugin that writes the trades, for instance csv.
    export_path : str, optional
        File that the exporter writes.
    validator : tuple of str
        Plugin that may refuse a trade, for instance minimum_value:min_value=100. Repeatable.
    format : {"table", "json", "csv", "markdown"}
        What is printed on standard output.
    quiet : bool
        Less on standard error.
    verbose : bool
        Details on standard error, account numbers among them.
    """

    rebalancer: Rebalancer = "default"
    exporter: Annotated[str | None, Parameter(group=_PLUGINS, metavar=_PLUGIN)] = None
    export_path: Annotated[str | None, Parameter(group=_PLUGINS, metavar="FILE")] = None
    validator: Annotated[
        tuple[str, ...], Parameter(negative="", show_default=False, group=_PLUGINS, metavar=_PLUGIN)
    ] = ()

    def __post_init__(self) -> None:
        OutputOptions.__post_init__(self)
        if self.export_path is not None and self.exporter is None:
            raise InputError("--export-path needs --exporter (for instance '--exporter csv')")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOptions(Options):
    """The same, with the rebalancer that keeps every rule."""

    rebalancer: Rebalancer = "optimal"


def _whole(_: type, tokens: Sequence[Token]) -> int:
    """Read a whole number; cyclopts takes 2.5 for one and rounds it."""
    text = tokens[0].value
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"expected a whole number, found {text!r}") from None


DEFAULTS = Options()
PLAN_DEFAULTS = PlanOptions()
OUTPUT_DEFAULTS = OutputOptions()

Shared = Annotated[Options, Parameter(name="*")]
SharedPlan = Annotated[PlanOptions, Parameter(name="*")]
Whole = Annotated[int, Parameter(converter=_whole)]
Rounds = Annotated[Whole, Parameter(validator=Number(gte=0))]
SharedOutput = Annotated[OutputOptions, Parameter(name="*")]


def call(
    function: Callable[..., Any], *, command: str, example: str, arguments: Sequence[str] | None = None
) -> Any:
    """Call `function` with what stands on the command line.

    Parameters
    ----------
    function : callable
        Its signature and docstring are the options and the help.
    command : str
        Name of the command.
    example : str
        Shown at the end of the help.
    arguments : sequence of str, optional
        None takes ``sys.argv``.

    Returns
    -------
    object
        What the function returns; None after ``--help`` and ``--version``.

    Raises
    ------
    InputError
        The command line cannot be used.
    """
    app = App(
        name=command,
        help_epilogue=f"Example:\n{indent(example, '  ')}",
        help_format="plaintext",
        help_formatter=HelpFormatter(),
        suppress_keyboard_interrupt=False,
        version=package_version,
    )
    app.default(function)
    return invoke(app, command=command, arguments=arguments)


def package_version() -> str:
    """Return the version of the installed package."""
    from importlib.metadata import version  # noqa: PLC0415 - slow to load, seldom asked

    return version("realloc")


def invoke(app: App, *, command: str, arguments: Sequence[str] | None = None) -> Any:
    """Run an application with what stands on the command line, and return what its function returns.

    Raises
    ------
    InputError
        The command line cannot be used.
    """
    try:
        return app(
            sys.argv[1:] if arguments is None else list(arguments),
            exit_on_error=False,
            print_error=False,
            result_action="return_value",
        )
    except CycloptsError as error:
        raise InputError(
            f"{str(error).strip().rstrip('.')} ('{command} --help' shows the options)"
        ) from error


def parse_plugin(text: str, option: str = "--validator") -> tuple[str, dict[str, Any]]:
    """Return name and arguments of ``NAME:key=value,key=value``, as an option has it.

    A value that is a number or ``true`` or ``false`` is read as such, any other as text: also a number with
    zeros in front, which is a name.

    Raises
    ------
    InputError
        The text is not of this form, or a key occurs twice.
    """
    name, colon, rest = text.partition(":")
    arguments: dict[str, Any] = {}
    for part in rest.split(",") if colon else ():
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not (key.isidentifier() and equals and value) or key in arguments:
            raise InputError(
                f"{option} {text!r}: found {part!r} where key=value is expected "
                "(for instance 'minimum_value:min_value=100')"
            )
        arguments[key] = _value(value)
    if not name.strip():
        raise InputError(f"{option} {text!r}: no plugin is named")
    return name.strip(), arguments


def _value(text: str) -> Any:
    if text in ("true", "false"):
        return text == "true"
    if re.match(r"0\d", text):
        return text
    for number in (int, float):
        try:
            value = number(text)
        except ValueError:
            continue
        return value if math.isfinite(value) else text
    return text
