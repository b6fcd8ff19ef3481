"""The program ``realloc``: init, import, check and confirm at a command line."""

from __future__ import annotations

import io
import json
import logging
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from realloc.cli import main as program
from realloc.errors import InputError
from tests.portfolio_file.broker_files import BEFORE, DATA, HOUSEHOLD, fidelity, household


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    yield
    log = logging.getLogger("realloc")
    log.setLevel(logging.NOTSET)
    for handler in list(log.handlers):
        log.removeHandler(handler)


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["realloc", *words])
    return program.command()


class Terminal(io.StringIO):
    """Standard input of a person who types these lines."""

    def isatty(self) -> bool:
        return True


def shown(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nsys.argv = ['realloc', '--help']\nfrom realloc.cli.main import command\n"
        "assert command() == 0\n"
        "heavy = {'numpy', 'highspy', 'pandas', 'pyarrow', 'yfinance', 'openpyxl', 'ofxtools', 'beancount'}\n"
        "sys.exit(' '.join(sorted(heavy & sys.modules.keys())) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, "")
    for name in ("init", "import", "check", "confirm"):
        assert f" {name} " in done.stdout


def test_a_person_is_asked_how_each_account_is_taxed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(DATA / "fidelity_positions_2026.csv", "positions.csv")
    monkeypatch.setattr(sys, "stdin", Terminal("1\nwhat\n3\n\n"))
    assert run(monkeypatch, "init", "positions.csv") == 0
    accounts = tomllib.loads(Path("portfolio.toml").read_text())["accounts"]
    assert [account["kind"] for account in accounts] == ["taxable", "tax_exempt", "?"]
    out = capsys.readouterr().out
    assert "Account 1 of 3: Joint Brokerage Z00000101\n" in out
    assert "Fidelity, $51,622.39, its name suggests taxable. How is it taxed?\n" in out
    assert "Please answer 1, 2, 3 or Enter." in out


def test_files_are_asked_for_where_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(DATA / "etrade_positions_with_lots.csv", "etrade.csv")
    monkeypatch.setattr(sys, "stdin", Terminal("etrade.csv\n\ntaxable\n"))
    assert run(monkeypatch, "init") == 0
    assert tomllib.loads(Path("portfolio.toml").read_text())["accounts"][0]["kind"] == "taxable"


def test_a_portfolio_file_that_exists_is_never_overwritten(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("portfolio.toml").write_text("mine")
    assert run(monkeypatch, "init", "x.csv", "--no-input") == 2
    assert Path("portfolio.toml").read_text() == "mine"
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["init", "--no-input"], "no broker files are named"),
        (["init", "none.csv", "--no-input"], "none.csv: there is no such file"),
        (["init", "none.csv", "--kind", "A"], "expected NUMBER=VALUE"),
        (["import"], "no files are named"),
        (["import", "none.csv"], "none.csv: there is no such file"),
        (["check", "none.toml", "--fetsh"], "--fetsh"),
        (["confirm", "plan.json"], "no files are named"),
        (["confirm", "plan.json", "x.csv"], "plan.json: no such file"),
        (["confirm", "plan.json", "x.csv", "--traded", "soon"], "soon"),
        (["chekc"], "chekc"),
    ],
)
def test_bad_input_is_one_line_and_status_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    assert run(monkeypatch, *words) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert message in captured.err
    assert captured.out == ""


def test_check_lists_every_issue_and_ends_with_2_where_there_is_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    household(tmp_path, HOUSEHOLD.replace('"tax_deferred"', '"?"').replace("shares = 20,", "shares = 21,"))
    assert run(monkeypatch, "check") == 2
    out = " ".join(capsys.readouterr().out.split())
    assert "how this account is taxed is not said" in out
    assert "the lots of VTI add up to 121" in out
    assert "portfolio.toml cannot be planned with yet: 2 errors, 0 warnings." in out


def test_check_shows_where_the_figures_came_from(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    household(tmp_path)
    assert run(monkeypatch, "check", "portfolio.toml", "--format", "json") == 0
    document = shown(capsys)
    assert document["usable"] is True
    assert document["issues"] == []
    assert document["origins"]["prices.VTI"] == {
        "source": "downloads/Portfolio_Positions_Nov-20-2026.csv",
        "as_of": "2026-11-20",
        "dated_by": "file",
    }
    assert run(monkeypatch, "check") == 0
    out = capsys.readouterr().out
    assert "31,000.00" in out  # 1,000.00 and 120 VTI at 250.00
    assert "portfolio.toml can be planned with: 0 errors, 0 warnings." in out


def test_import_recognises_files_and_explains_rows(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    shutil.copy(DATA / "etrade_positions_with_lots.csv", "a.csv")
    assert run(monkeypatch, "import", "a.csv", "--explain") == 0
    out = capsys.readouterr().out
    assert "E*TRADE" in out
    assert "26,951.50" in out
    assert "a.csv:" in out


def test_import_adds_accounts_that_the_portfolio_does_not_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = household(tmp_path)
    file = tmp_path / "downloads/Portfolio_Positions_Nov-20-2026.csv"
    fidelity(file, "Nov-20-2026", [*BEFORE, ("X00000202", "ROTH IRA", "BND", "10", "72.00")])
    words = ["import", str(file), "--into", "portfolio.toml", "--format", "json"]
    assert run(monkeypatch, *words) == 0
    assert shown(capsys)["added"] == ["X00000202"]
    added = (
        "\n[[accounts]]\n"
        'label = "ROTH IRA"\naccount_number = "X00000202"\n'
        'kind = "?" # taxable, tax_deferred or tax_exempt; its name suggests tax_exempt\n'
        'import = "downloads/Portfolio_Positions_*.csv"\n'
    )
    assert added.strip() in path.read_text()
    assert path.read_text().replace(added.strip("\n") + "\n", "") == HOUSEHOLD
    assert run(monkeypatch, *words) == 0
    assert shown(capsys)["added"] == []


def test_a_mapping_is_proposed_saved_and_used(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("plan.csv").write_text("Ticker,Units,Unit Price,Balance\nFXAIX,100,190.25,19025.00\n")
    assert run(monkeypatch, "import", "plan.csv") == 2
    assert "no importer knows this file" in capsys.readouterr().err
    assert run(monkeypatch, "import", "plan.csv", "--propose-to", "plan.toml") == 0
    assert run(monkeypatch, "import", "plan.csv", "--mapping", "plan.toml") == 0
    assert "19,025.00" in capsys.readouterr().out


def test_confirm_shows_each_order_and_writes_the_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    path = household(tmp_path)
    after = [
        *BEFORE[:2],
        ("200000303", "IRA", "SPAXX**", "140.00", ""),
        ("200000303", "IRA", "BND", "105", "72.00"),
    ]
    new = fidelity(tmp_path / "downloads/Portfolio_Positions_Nov-23-2026.csv", "Nov-23-2026", after)
    order = {"account_id": "200000303", "symbol": "BND", "shares": 5, "price": 72.0}
    Path("plan.json").write_text(json.dumps({"trades": [order], "household": {"drift_after": 0.2}}))
    words = ["confirm", "plan.json", str(new), "--traded", "2026-11-20"]
    assert run(monkeypatch, *words, "--dry-run") == 0
    assert path.read_text() == HOUSEHOLD
    capsys.readouterr()
    assert run(monkeypatch, *words) == 0
    out = capsys.readouterr().out
    assert "executed" in out
    assert "2026-11-20 at $72.00 (estimate)" in " ".join(out.split())
    assert tomllib.loads(path.read_text())["recent_trades"][0]["shares"] == 5


def test_from_python_mistakes_are_raised() -> None:
    with pytest.raises(InputError, match="no files are named"):
        program.main(["import"])
