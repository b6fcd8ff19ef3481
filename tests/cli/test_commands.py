"""The commands do what the README says, and print it for people and for programs."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from realloc.cli import list_plugins, partial_rebalance_main, rebalance_csv_input, rebalance_json_input
from realloc.errors import InputError

DOCUMENT: dict[str, Any] = {
    "prices": {"AAPL": 100, "GOOG": 100},
    "accounts": [{"label": "A", "account_number": "1", "cash": 1000, "positions": {"AAPL": 5}}],
    "model": {"label": "Balanced", "targets": {"AAPL": 0.6, "GOOG": 0.4}},
}
# 1,500 dollars, 60/40 at 100 dollars: 9 AAPL of which 5 are held, 6 GOOG; small before large
TRADES = [
    {"account_id": "1", "symbol": "AAPL", "shares": 4},
    {"account_id": "1", "symbol": "GOOG", "shares": 6},
]
TWO_ACCOUNTS = DOCUMENT | {
    "accounts": [
        {"label": "IRA", "account_number": "SECRET-1", "cash": 1000, "positions": {"AAPL": 5}},
        {"label": "Joint", "account_number": "SECRET-2", "cash": 120, "positions": {"GOOG": 1, "AAPL": 20}},
    ]
}


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    yield
    logging.getLogger("realloc").setLevel(logging.NOTSET)
    for handler in list(logging.getLogger("realloc").handlers):
        logging.getLogger("realloc").removeHandler(handler)


def arguments(monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    monkeypatch.setattr(sys, "argv", ["command", *words])


def save(document: Any = DOCUMENT, name: str = "input.json") -> str:
    Path(name).write_text(json.dumps(document), encoding="utf-8")
    return name


@pytest.mark.parametrize("key", ["label", "name"])
def test_the_model_is_named_by_label_or_by_name(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    save(DOCUMENT | {"model": {key: "Balanced", "targets": {"AAPL": 0.6, "GOOG": 0.4}}})
    arguments(monkeypatch, "input.json", "--exporter", "csv", "--export-path", "trades.csv")
    assert rebalance_json_input.command() == 0
    assert Path("trades.csv").read_text(encoding="utf-8") == "Account,Symbol,Shares\n1,AAPL,4\n1,GOOG,6\n"


def test_main_returns_the_trades_and_logs_the_way_to_them(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    arguments(monkeypatch, save())
    assert rebalance_json_input.main() == TRADES
    for title in ("Initial Account States", "Target Portfolio (shares)", "Current Portfolio (shares)"):
        assert f"=== {title} ===" in caplog.text


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (
            {k: v for k, v in DOCUMENT.items() if k != "prices"},
            "Missing required keys in input file: {'prices'}",
        ),
        ({"prices": {}}, "Missing required keys in input file: {'accounts', 'model'}"),
        (DOCUMENT | {"prices": [1]}, "Prices must be a dictionary mapping symbols to prices"),
        (DOCUMENT | {"prices": {"AAPL": -1, "GOOG": 1}}, "All prices must be positive numbers"),
        (DOCUMENT | {"prices": {"AAPL": "1", "GOOG": 1}}, "All prices must be positive numbers"),
        (DOCUMENT | {"prices": {"AAPL": True, "GOOG": 1}}, "All prices must be positive numbers"),
        (DOCUMENT | {"accounts": {}}, "Accounts must be a list of account objects"),
        (DOCUMENT | {"model": []}, "Model must be a dictionary with 'label' and 'targets' fields"),
        (DOCUMENT | {"model": {"label": "x"}}, "Model must contain 'label' and 'targets' fields"),
        (DOCUMENT | {"model": {"targets": {}}}, "Model must contain 'label' and 'targets' fields"),
    ],
)
def test_main_names_a_fault_of_the_document_in_fixed_words(
    document: Any, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments(monkeypatch, save(document))
    with pytest.raises(ValueError, match=r".") as caught:
        rebalance_json_input.main()
    assert str(caught.value) == message


def test_rounds_that_run_out_are_said(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    arguments(monkeypatch, save(), "--iterations", "0")
    assert rebalance_json_input.main() == []
    assert "Max iterations reached" in caplog.text


def test_both_names_of_the_command_are_one_program() -> None:
    scripts = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    target = 'rebalance_json_input:command"'
    assert f'rebalance-cli = "realloc.cli.{target}' in scripts
    assert f'rebalance-cli-json = "realloc.cli.{target}' in scripts


def test_json_output_is_one_document_on_standard_output(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments(monkeypatch, save(), "--format", "json", "--quiet")
    assert rebalance_json_input.command() == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    document = json.loads(printed.out)
    assert document["trades"] == TRADES
    assert document["accounts"] == [
        {"account_number": "1", "cash_after": 0, "positions": {"AAPL": 9, "GOOG": 6}}
    ]
    assert document["remaining"] == {}
    assert document["issues"] == []


def test_validators_refuse_trades_and_the_reasons_are_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--validator", "max_position:max_position=8", "--validator", "minimum_value:min_value=1"]
    arguments(monkeypatch, save(), *words, "--format", "json")
    assert rebalance_json_input.command() == 0
    document = json.loads(capsys.readouterr().out)
    assert document["trades"] == TRADES[1:]
    assert document["remaining"] == {"AAPL": 4}
    assert [issue["code"] for issue in document["issues"]] == ["trade.refused"]
    assert "Would exceed max position of 8" in document["issues"][0]["message"]


@pytest.mark.parametrize("verbosity", [[], ["--quiet"]])
def test_account_numbers_are_not_in_the_log(
    verbosity: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments(monkeypatch, save(TWO_ACCOUNTS), "--validator", "max_position:max_position=10", *verbosity)
    assert rebalance_json_input.command() == 0
    printed = capsys.readouterr()
    assert "SECRET-1" in printed.out
    assert "SECRET" not in printed.err
    assert bool(printed.err) == (not verbosity)


def test_a_long_listing_in_the_log_is_cut(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    symbols = [f"S{n:02}" for n in range(30)]
    document = DOCUMENT | {
        "prices": dict.fromkeys(symbols, 10),
        "accounts": [{"label": "A", "account_number": "1", "cash": 1000, "positions": {}}],
        "model": {"name": "Even", "targets": dict.fromkeys(symbols, 1)},
    }
    arguments(monkeypatch, save(document))
    assert rebalance_json_input.command() == 0
    log = capsys.readouterr().err
    assert "S19: " in log
    assert "S20: " not in log
    assert "... and 10 more" in log


def test_text_from_the_input_cannot_change_the_table(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    label = "[red]Evil[/red]\x1b[2J\nsecond"
    accounts = [DOCUMENT["accounts"][0] | {"label": label}]
    arguments(monkeypatch, save(DOCUMENT | {"accounts": accounts}))
    assert rebalance_json_input.command() == 0
    printed = capsys.readouterr()
    assert "[red]Evil[/red]\\x1b[2J\\nsecond" in printed.out.replace("\n", "")
    assert "\x1b" not in printed.out + printed.err


@pytest.mark.parametrize(
    ("rules", "bought", "cash"),
    [
        ({"cash_reserve": 300}, 3, 300),
        ({"cash_reserve": 300, "cash_flow": -200}, 1, 500),
        ({"cash_flow": 50}, 6, 0),
    ],
)
def test_a_reserve_and_what_is_to_leave_stay_in_cash(
    rules: dict[str, int],
    bought: int,
    cash: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    # of 1,000 dollars 4 AAPL take 400; the rest that may be spent goes into GOOG at 100 dollars
    arguments(
        monkeypatch, save(DOCUMENT | {"accounts": [DOCUMENT["accounts"][0] | rules]}), "--format", "json"
    )
    assert rebalance_json_input.command() == 0
    document = json.loads(capsys.readouterr().out)
    assert document["trades"] == [TRADES[0], TRADES[1] | {"shares": bought}]
    assert document["accounts"][0]["cash_after"] == cash


def test_accounts_with_targets_of_their_own_are_rebalanced_by_themselves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = {"label": "Own", "account_number": "2", "cash": 500, "positions": {}, "targets": {"GOOG": 1}}
    arguments(monkeypatch, save(DOCUMENT | {"accounts": [*DOCUMENT["accounts"], own]}))
    assert rebalance_json_input.main() == [*TRADES, {"account_id": "2", "symbol": "GOOG", "shares": 5}]


def test_the_csv_command_reads_three_tables_and_exports(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.csv").write_text("Account Label,Account Id,Symbol,Shares\nA,1,AAPL,5\nA,1,CASH,1000\n")
    Path("m.csv").write_text("Symbol,Target Weight\nAAPL,0.6\nGOOG,0.4\n")
    Path("p.csv").write_text("Symbol,Price\nAAPL,100\nGOOG,100\n")
    files = ["--accounts", "a.csv", "--allocations", "m.csv", "--prices", "p.csv"]
    assert rebalance_csv_input.main([*files, "--export", "out.csv"]) == 0
    assert Path("out.csv").read_text() == "Account,Symbol,Shares\n1,AAPL,4\n1,GOOG,6\n"
    assert "GOOG" in capsys.readouterr().out
    assert rebalance_csv_input.process_rebalance("a.csv", "m.csv", Path("p.csv"), max_iterations=5) == TRADES
    assert rebalance_csv_input.main(files[:4]) == 2
    assert rebalance_csv_input.main([*files, "--export", "x.csv", "--exporter", "csv"]) == 2
    assert not Path("x.csv").exists()


def test_a_partial_rebalance_sells_down_and_buys_up_to_the_targets_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # 2,000 dollars: AAPL 12 -> 6 (sell 6), GOOG 2 -> 8 (buy 6), MSFT 6 is above its target of 6 and stays
    document = {
        "prices": {"AAPL": 100, "GOOG": 100, "MSFT": 100},
        "accounts": [
            {"label": "A", "account_number": "1", "cash": 0, "positions": {"AAPL": 12, "GOOG": 2, "MSFT": 6}}
        ],
        "model": {"name": "x", "targets": {"AAPL": 0.3, "GOOG": 0.4, "MSFT": 0.3}},
    }
    words = ["--sell-symbol", "AAPL", "--buy-symbol", "GOOG", "--exporter", "csv", "--export-path", "t.csv"]
    arguments(monkeypatch, save(document), *words)
    assert partial_rebalance_main.main() == [
        {"account_id": "1", "symbol": "AAPL", "shares": -6},
        {"account_id": "1", "symbol": "GOOG", "shares": 6},
    ]
    assert "Final Account States" in capsys.readouterr().out
    assert Path("t.csv").read_text() == "Account,Symbol,Shares\n1,AAPL,-6\n1,GOOG,6\n"


def test_a_partial_rebalance_with_nothing_to_do_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # AAPL is below its target and GOOG above its own: neither sold nor bought
    accounts = [{"label": "A", "account_number": "1", "cash": 500, "positions": {"GOOG": 10}}]
    arguments(
        monkeypatch, save(DOCUMENT | {"accounts": accounts}), "--sell-symbol", "AAPL", "--buy-symbol", "GOOG"
    )
    assert partial_rebalance_main.command() == 0
    printed = capsys.readouterr().out
    assert "No relevant trades found" in printed
    assert "Final Account States" in printed


def test_the_plugins_are_listed_with_kind_description_and_distribution(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments(monkeypatch, "--format", "json")
    assert list_plugins.command() == 0
    printed = capsys.readouterr()
    kinds = {plugin["name"]: plugin["kind"] for plugin in json.loads(printed.out)["plugins"]}
    expected = {
        "default": "rebalancer",
        "csv": "exporter",
        "max_position": "validator",
        "minimum_value": "validator",
        "csv_account": "account importer",
        "price_csv": "price importer",
        "allocation_csv": "allocation importer",
    }
    assert kinds.items() >= expected.items()
    assert printed.err == ""
    arguments(monkeypatch)
    assert list_plugins.command() == 0
    table = capsys.readouterr().out
    for name in expected:
        assert name in table
    assert "realloc 0.2.0" in table


@pytest.mark.parametrize(
    "command",
    [
        rebalance_json_input.command,
        rebalance_csv_input.command,
        partial_rebalance_main.command,
        list_plugins.command,
    ],
)
def test_help_teaches_with_an_example(
    command: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments(monkeypatch, "--help")
    assert command() == 0
    printed = capsys.readouterr().out
    assert "Usage:" in printed
    assert "Example:" in printed


def test_a_usage_error_in_python_is_an_input_error(monkeypatch: pytest.MonkeyPatch) -> None:
    arguments(monkeypatch)
    with pytest.raises(InputError, match="requires an argument"):
        rebalance_json_input.main()


def run(*words: str, **more: Any) -> subprocess.CompletedProcess[str]:
    script = Path(sys.executable).with_name(words[0])
    return subprocess.run(
        [str(script), *words[1:]], check=False, text=True, stderr=subprocess.PIPE, timeout=120, **more
    )


def test_the_installed_command_exits_with_its_status() -> None:
    save()
    good = run("rebalance-cli", "input.json", "--quiet", stdout=subprocess.PIPE)
    assert (good.returncode, good.stderr) == (0, "")
    bad = run("rebalance-cli-json", "nothing.json", stdout=subprocess.PIPE)
    assert bad.stderr == "rebalance-cli: error: nothing.json: no such file (check the path)\n"
    assert (bad.returncode, bad.stdout) == (2, "")


def test_a_reader_that_stops_early_is_no_error() -> None:
    save()
    reader, writer = os.pipe()
    os.close(reader)
    done = run("rebalance-cli", "input.json", "--quiet", stdout=writer)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")


def test_an_output_that_is_not_unicode_gets_escapes() -> None:
    save(DOCUMENT | {"accounts": [DOCUMENT["accounts"][0] | {"label": "Épargne"}]})
    done = run(
        "rebalance-cli",
        "input.json",
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
    )
    assert done.returncode == 0
    assert "\\xc9pargne" in done.stdout


def test_help_loads_neither_numpy_nor_the_solver() -> None:
    code = (
        "import sys; sys.argv = ['rebalance-cli', '--help']; "
        "from realloc.cli.rebalance_json_input import command; command(); "
        "sys.exit(sorted({'numpy', 'highspy'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
