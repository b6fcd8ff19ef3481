"""The edge of a command: exit statuses, one line for each error, logs and arguments of plugins."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realloc._printable import one_line
from realloc.cli.arguments import Options, OutputOptions, parse_plugin
from realloc.cli.decision import Decision, Tools
from realloc.cli.edge import FAILURE, MISTAKE, run, start_logging
from realloc.cli.work import export
from realloc.errors import AuditError, ExportError, InputError, Issue, ReallocError, SolverError
from realloc.household import Household
from realloc.plugins.core.base import Exporter
from realloc.plugins.rebalancers.default_rebalancer import DefaultRebalancer


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    yield
    log = logging.getLogger("realloc")
    log.setLevel(logging.NOTSET)
    log.handlers.clear()


def fails(error: BaseException) -> int:
    def function() -> None:
        raise error

    return run("cmd", function)


@pytest.mark.parametrize(
    "error",
    [
        InputError("x"),
        AuditError([Issue(code="c", where="", message="x")]),
        SolverError("x"),
        ExportError("x"),
        ReallocError("x"),
    ],
)
def test_an_error_of_the_package_is_one_line_and_exit_status_2(
    error: ReallocError, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fails(error) == MISTAKE == 2
    assert capsys.readouterr().err == "cmd: error: x\n"


def test_many_issues_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    assert fails(InputError(Issue(code="c", where=f"a[{n}]", message="bad") for n in range(9))) == MISTAKE
    assert capsys.readouterr().err == "cmd: error: a[0]: bad; a[1]: bad; a[2]: bad; and 6 more\n"


def test_a_fault_of_a_plugin_is_one_line_and_another_status(capsys: pytest.CaptureFixture[str]) -> None:
    assert fails(KeyError("oh\nno")) == FAILURE == 70
    printed = capsys.readouterr().err
    assert printed == "cmd: unexpected fault: KeyError: 'oh\\nno' (--verbose shows where)\n"


def test_with_verbose_a_fault_shows_its_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    start_logging(OutputOptions(verbose=True))
    fails(KeyError("oh"))
    assert "Traceback" in capsys.readouterr().err


def test_an_interruption_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert fails(KeyboardInterrupt()) == 130
    assert capsys.readouterr().err == "cmd: interrupted\n"


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        (OutputOptions(), ["info", "warning: careful"]),
        (OutputOptions(quiet=True), ["warning: careful"]),
        (OutputOptions(verbose=True), ["debug", "info", "warning: careful"]),
    ],
)
def test_the_log_is_as_loud_as_asked(
    options: OutputOptions, shown: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    start_logging(OutputOptions())
    start_logging(options, usual=logging.INFO)
    log = logging.getLogger("realloc.somewhere")
    log.debug("debug")
    log.info("info")
    log.warning("careful")
    assert capsys.readouterr().err.splitlines() == shown


@pytest.mark.parametrize(
    ("options", "shown"),
    [(OutputOptions(), ["warning: careful", "error: lost"]), (OutputOptions(quiet=True), ["error: lost"])],
)
def test_the_program_realloc_logs_warnings_and_quietly_errors_alone(
    options: OutputOptions, shown: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    start_logging(options)
    log = logging.getLogger("realloc.somewhere")
    log.info("info")
    log.warning("careful")
    log.error("lost")
    assert capsys.readouterr().err.splitlines() == shown


@given(st.text())
def test_any_text_becomes_one_printable_line(text: str) -> None:
    line = one_line(text)
    assert line.isprintable()
    assert text != line or text.isprintable()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", ("a", {})),
        ("max:most=10", ("max", {"most": 10})),
        ("max:most=1e3,strict=true,note=x y", ("max", {"most": 1000.0, "strict": True, "note": "x y"})),
        (" max : most = -2.5 ", ("max", {"most": -2.5})),
        ("v:limit=nan", ("v", {"limit": "nan"})),
        ("v:path=a:b=c", ("v", {"path": "a:b=c"})),
        ("v:accounts=00123", ("v", {"accounts": "00123"})),
    ],
)
def test_a_plugin_with_its_arguments_is_read(text: str, expected: tuple[str, dict[str, Any]]) -> None:
    assert parse_plugin(text) == expected


@pytest.mark.parametrize(
    "text", ["", ":a=1", "v:", "v:a", "v:a=", "v:=1", "v:a=1,a=2", "v:a b=1", "v:a=1,,b=2"]
)
def test_a_plugin_in_no_form_is_an_input_error(text: str) -> None:
    with pytest.raises(InputError, match="--validator"):
        parse_plugin(text)


def test_options_that_exclude_each_other_are_refused() -> None:
    with pytest.raises(InputError, match="--quiet and --verbose"):
        Options(quiet=True, verbose=True)
    with pytest.raises(InputError, match="--export-path needs --exporter"):
        Options(export_path="x")


HOUSEHOLD = Household.from_dict(
    {
        "prices": {"VTI": 250.0},
        "accounts": [{"label": "IRA", "account_number": "A1"}],
        "model": {"name": "all", "targets": {"VTI": 1.0}},
    },
    today=date(2026, 11, 20),
)


class Broken(Exporter):
    """Fails in its own way."""

    name = "broken"

    def export(self, trades: Iterable[Any]) -> None:  # noqa: ARG002 - the interface
        raise ZeroDivisionError("no such broker")


def test_a_fault_of_an_exporter_is_an_export_error_with_its_name() -> None:
    tools = Tools(rebalancer=DefaultRebalancer(), exporter=Broken(), exporter_name="broken", validators=())
    with pytest.raises(ExportError, match="Exporter 'broken' failed: ZeroDivisionError: no such broker"):
        export(Decision(trades=(), remaining={}), tools, HOUSEHOLD)
