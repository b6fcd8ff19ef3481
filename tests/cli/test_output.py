"""One answer in four forms, and tables that are never wider than the screen."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from benchmarks import households
from realloc.cli.answer import Answer, Grid, Line, grid, money, notes, percent, plural, points, shares
from realloc.cli.commands import COMMANDS
from realloc.cli.main import build_app, main
from realloc.cli.output import show
from realloc.errors import InputError, Issue, Severity
from realloc.policy import Policy

ROOT = Path(__file__).parents[2]
HOUSEHOLD = str(ROOT / "examples" / "household.json")
PORTFOLIO = str(ROOT / "examples" / "portfolio")
ANSWER = Answer(
    document={"a": [1, None]},
    columns=("name", "amount", "flag", "missing"),
    records=[{"name": "=SUM(A1)", "amount": -1.5, "flag": True}, {"name": "b\nc", "amount": 0.1 + 0.2}],
    page=[Line(text="Result", strong=True), grid("Title", ["Name|"], ["Amount"], [("*x*", "$1.00")])],
)


def printed(capsys: pytest.CaptureFixture[str], form: str, answer: Answer = ANSWER) -> str:
    show(answer, form)
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0, "$0.00"),
        (1234.5, "$1,234.50"),
        (-0.004, "$0.00"),
        (-1234.567, "-$1,234.57"),
        (1e9, "$1,000,000,000.00"),
    ],
)
def test_money_is_dollars_and_cents(amount: float, text: str) -> None:
    assert money(amount) == text


def test_percentages_have_a_tenth_and_no_negative_zero() -> None:
    assert [percent(x) for x in (0.1019, 0.0003, -0.0001, -0.05)] == ["10.2%", "0.0%", "0.0%", "-5.0%"]
    assert [points(x) for x in (0.05, -0.05, 0.0001, -0.0001)] == ["+5.0%", "-5.0%", "0.0%", "0.0%"]
    assert [shares(x) for x in (1000, 0.125, -3.5)] == ["1,000", "0.125", "-3.5"]
    assert [plural(n, "order") for n in (0, 1, 2)] == ["0 orders", "1 order", "2 orders"]


def test_json_is_the_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(printed(capsys, "json")) == {"a": [1, None]}


def test_csv_has_exact_numbers_and_no_formulas(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, "csv") == (
        "name,amount,flag,missing\n'=SUM(A1),-1.5,true,\nb\\nc,0.30000000000000004,,\n"
    )


def test_markdown_escapes_what_would_be_markup(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, "markdown") == (
        "**Result**\n\n### Title\n\n| Name\\| | Amount |\n| --- | ---: |\n| \\*x\\* | $1.00 |\n"
    )


def test_notes_come_errors_first() -> None:
    severities: tuple[Severity, ...] = ("info", "warning", "error")
    issues = [Issue(code="c", where="w", message=each, severity=each) for each in severities]
    assert [row[0] for row in notes(issues)[0].rows] == ["error", "warning", "info"]
    assert notes([]) == []


texts = st.text(st.characters(codec="utf-8"), max_size=60)


@given(
    st.lists(st.tuples(texts, texts, st.floats(-1e12, 1e12), st.floats(0, 1e9)), max_size=4),
    st.integers(40, 140),
)
def test_no_line_is_wider_than_the_screen(rows: list[tuple[str, str, float, float]], width: int) -> None:
    cells = [(a, b, money(c), shares(d)) for a, b, c, d in rows]
    page: list[Grid | Line] = [
        Line(text="x " * 90),
        grid("A title", ["First", "Second"], ["Money", "Shares"], cells),
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", str(width))
        out = io.StringIO()
        patch.setattr("sys.stdout", out)
        show(Answer(document=None, columns=(), records=(), page=page), "table")
    lines = out.getvalue().splitlines()
    assert all(cell_len(line) <= width for line in lines)
    for cell in cells:  # an amount is never cut
        assert any(cell[2] in line for line in lines)


def test_the_name_of_a_plugin_stays_in_one_piece(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plugins"]) == 0
    words = capsys.readouterr().out.split()
    assert {"tdameritrade_transactions", "fidelity_closed_lots"} <= set(words)


@given(st.lists(st.text("abc-_", max_size=40), min_size=1, max_size=6), st.integers(20, 140))
def test_a_table_of_words_fits_the_screen(words: list[str], width: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", str(width))
        out = io.StringIO()
        patch.setattr("sys.stdout", out)
        page: list[Grid | Line] = [grid("A", [f"C{n}" for n in range(len(words))], ["M"], [(*words, "1.00")])]
        show(Answer(document=None, columns=(), records=(), page=page), "table")
    assert all(cell_len(line) <= width for line in out.getvalue().splitlines())


WORDS = {
    "drift": ["drift", HOUSEHOLD],
    "check": ["check", PORTFOLIO],
    "rebalance": ["rebalance", HOUSEHOLD, "--why"],
    "default": ["rebalance", HOUSEHOLD, "--rebalancer", "default"],
    "what-if": [
        "rebalance",
        HOUSEHOLD,
        "--what-if",
        "max_orders=3",
        "--what-if",
        "accounts[JNT-4410].cash_flow=-10000",
    ],
    "explain": ["explain", "JNT-4410", HOUSEHOLD],
    "compare": ["compare", HOUSEHOLD, "--attempt", "max_orders=3", "--quiet"],
    "import": ["import", f"{PORTFOLIO}/downloads/PortfolioDownload.csv"],
    "plugins": ["plugins"],
}


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("command", WORDS)
def test_every_page_fits_the_screen_and_no_amount_is_cut(
    command: str, width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    assert main(WORDS[command]) in (0, 1)
    page = capsys.readouterr().out
    assert max(map(cell_len, page.splitlines())) <= width
    assert "…" not in page
    assert all(re.fullmatch(r"-?\$\d{1,3}(,\d{3})*(\.\d\d)?", x) for x in re.findall(r"-?\$[\d,.]*\d", page))


@pytest.mark.parametrize("command", WORDS)
def test_every_command_has_every_form(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*WORDS[command], "--format", "json"]) in (0, 1)
    json.loads(capsys.readouterr().out)
    assert main([*WORDS[command], "--format", "csv"]) in (0, 1)
    header, *rows = csv.reader(io.StringIO(capsys.readouterr().out))
    assert rows
    assert {len(row) for row in rows} == {len(header)}
    assert main([*WORDS[command], "--format", "markdown"]) in (0, 1)
    page = capsys.readouterr().out
    for block in re.findall(r"(?:^\|.*\n)+", page, re.MULTILINE):
        columns = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
        assert len(columns) == 1


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself_and_its_exit_statuses(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main([name, "--help"]) == 0
    page = capsys.readouterr().out
    text = " ".join(page.split())
    assert text.startswith(f"Usage: realloc {name}")
    assert COMMANDS[name].line in text  # its line in the list is the first one of its help
    assert "2 the input cannot be used" in text
    assert max(map(len, page.splitlines())) <= 80


def test_the_program_s_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    page = capsys.readouterr().out
    assert main(["--help"]) == 0
    assert capsys.readouterr().out == page
    assert re.findall(r"^  ([\w-]+)", page, re.MULTILINE) == list(COMMANDS)


def test_a_path_wider_than_the_screen_stays_in_one_piece(capsys: pytest.CaptureFixture[str]) -> None:
    path = "/" + "a-long-folder/" * 12 + "trades.csv"
    answer = Answer(document={}, columns=(), records=[], page=[Line(text=f"Wrote 3 orders to {path}.")])
    assert printed(capsys, "table", answer).splitlines() == ["Wrote 3 orders to", f"{path}."]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_example_of_the_help_can_be_typed(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--help"]) == 0
    page = capsys.readouterr().out
    assert COMMANDS[name].examples
    for example in COMMANDS[name].examples:
        assert f"\n  {example}\n" in page
        words = shlex.split(example.partition(" > ")[0])
        assert words[:2] == ["realloc", name]
        build_app().parse_args(words[1:], exit_on_error=False, print_error=False)
    assert [line for line in page.splitlines() if line != line.rstrip()] == []


def test_a_word_is_broken_only_where_no_line_holds_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    rows = [("tdameritrade_transactions", "the quick brown fox jumps over the lazy dog, again and again")]
    printed(
        capsys, "table", Answer(document=0, columns=(), records=(), page=[grid("", ["A", "B"], [], rows)])
    )
    rows = [("downloads/Portfolio_Positions_Aug-03-2026.csv", "x" * 30)]
    page = printed(
        capsys, "table", Answer(document=0, columns=(), records=(), page=[grid("", ["A", "B"], [], rows)])
    )
    assert [line.split()[0] for line in page.splitlines()[2:]] == [
        "downloads/Portfolio_",
        "Positions_Aug-03-2026.csv",
    ]


def leaves(document: dict[str, Any], above: str) -> Iterator[str]:
    for key, value in document.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, f"{above}.{key}")
        else:
            yield f"{above}.{key}"


def test_the_keys_of_a_document_are_listed_with_what_they_take(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "household", "--keys", "policy", "--format", "json"]) == 0
    listed = {key["key"]: key for key in json.loads(capsys.readouterr().out)["keys"]}
    assert set(leaves(Policy().to_dict(), "policy")) <= set(listed)
    assert listed["policy.harvest"]["value"] == "table"
    assert listed["policy.after_tax_weights.taxable"]["value"] == "number, above 0, to 1"
    assert listed["policy.tax.loss_value"] == {
        "key": "policy.tax.loss_value",
        "value": "number 0 to 1",
        "default": "0.5",
        "meaning": "What a loss is worth, relative to its rate.",
    }
    assert listed["policy.max_orders"]["value"] == "whole number, 0 or more"
    assert main(["schema", "household", "--keys", "all", "--format", "csv"]) == 0
    keys = {row[0] for row in csv.reader(io.StringIO(capsys.readouterr().out))}
    assert {"as_of", "accounts[NUMBER].lots[N].acquired", "model.targets"} <= keys
    with pytest.raises(InputError, match="--keys polcy: no key begins so"):
        main(["schema", "household", "--keys", "polcy"])


def test_a_plan_of_many_orders_begins_with_what_each_account_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    place = tmp_path / "large.json"
    place.write_text(json.dumps(households.document("M", 3)))
    assert main(["rebalance", str(place)]) == 0
    page = capsys.readouterr().out
    headings = [
        line.split(":")[0].split(" (")[0]
        for line in page.splitlines()
        if re.match(r"[A-Z][\w ]+( \(|:|,|$)", line)
    ]
    wanted = ["Worth trading", "What to do", "What it costs and saves", "How close to the best possible"]
    places = [
        headings.index(each)
        for each in [*wanted, "What stood in the way, and what to know", "Where it leads"]
    ]
    assert places == sorted(places)
    assert page.index("Where it leads") < page.index("Side   Symbol")
    assert page.count("sold at a loss") == 1  # the windows of many symbols are one note
