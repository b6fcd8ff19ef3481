"""A portfolio file that several programs change: no update is lost, and what is written can be read again."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import tomllib
from datetime import date
from pathlib import Path

import pytest

from realloc.errors import ExportError, InputError
from realloc.portfolio_file import load_portfolio
from realloc.portfolio_file.confirming import Confirmation, confirm
from realloc.portfolio_file.editing import open_kept, write_first
from realloc.portfolio_file.planned import planned_from
from tests.portfolio_file.broker_files import BEFORE, HOUSEHOLD, Row, fidelity, household

N = 8
TRADED = date(2026, 11, 20)
AFTER: list[Row] = [
    *BEFORE[:2],
    ("200000303", "IRA", "SPAXX**", "140.00", ""),
    ("200000303", "IRA", "BND", "105", "72.00"),
]

CONFIRM = """
import sys
import time
from pathlib import Path
from realloc.cli import portfolio_commands
from realloc.cli.main import command
barrier, name, sys.argv = Path(sys.argv[1]), sys.argv[2], ["realloc", "confirm", *sys.argv[3:]]
(barrier / name).touch()
while not (barrier / "go").exists():
    time.sleep(0.01)
sys.exit(command())
"""


def plan_of(account: str, shares: float) -> dict[str, object]:
    order = {"account_id": account, "symbol": "BND", "shares": shares, "price": 72.0}
    return {"trades": [order], "household": {"drift_after": 0.05}}


def confirmed(path: Path, new: Path, *, take_files: bool = False) -> Confirmation:
    plan = planned_from(plan_of("200000303", 5))
    return confirm(path, plan, [new], traded=TRADED, take_files=take_files)


def test_confirmations_at_once_are_in_the_file_or_refused(tmp_path: Path) -> None:
    text = "as_of = 2026-11-20\n"
    barrier = tmp_path / "barrier"
    barrier.mkdir()
    processes = []
    path = tmp_path / "portfolio.toml"
    for n in range(N):
        number = f"20000030{n}"
        text += (
            f'[[accounts]]\naccount_number = "{number}"\nkind = "tax_deferred"\n'
            f'import = "downloads/own{n}_*.csv"\n'
        )
        for day, shares in (("20", 100), ("23", 101 + n)):
            held = [(number, "IRA", "SPAXX**", "900.00", ""), (number, "IRA", "BND", str(shares), "72.00")]
            new = fidelity(tmp_path / "downloads" / f"own{n}_Nov-{day}-2026.csv", f"Nov-{day}-2026", held)
        (tmp_path / f"plan{n}.json").write_text(json.dumps(plan_of(number, 1 + n)))
        words = [
            str(tmp_path / f"plan{n}.json"),
            str(new),
            "--portfolio",
            str(path),
            "--traded",
            "2026-11-20",
        ]
        command = [sys.executable, "-c", CONFIRM, str(barrier), str(n), *words]
        processes.append(
            subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        )
    path.write_text(text + "[model.targets]\nBND = 1.0\n")
    while sum(1 for _ in barrier.iterdir()) < N:
        assert all(process.poll() is None for process in processes)
        time.sleep(0.01)
    (barrier / "go").touch()
    said = [process.communicate(timeout=120)[1] for process in processes]
    done = [n for n, process in enumerate(processes, start=1) if process.returncode == 0]
    refused = [text for text in said if text]
    assert done
    assert len(done) + len(refused) == N
    assert all("another program has been changing it" in text for text in refused)
    trades = tomllib.loads(path.read_text())["recent_trades"]
    assert sorted(trade["shares"] for trade in trades) == done
    assert not list(tmp_path.glob(".*"))


def test_a_file_that_was_changed_since_it_was_read_is_not_written(tmp_path: Path) -> None:
    path = household(tmp_path)
    new = fidelity(tmp_path / "downloads/Portfolio_Positions_Nov-23-2026.csv", "Nov-23-2026", AFTER)
    kept = confirmed(path, new).kept
    edited = HOUSEHOLD.replace("# Our portfolio", "# Ours")
    path.write_text(edited)
    with pytest.raises(InputError, match=r"portfolio\.toml: the file was changed since it was read"):
        kept.write()
    assert path.read_text() == edited
    confirmed(path, new).kept.write()
    assert path.read_text().startswith("# Ours\n")


def test_a_first_file_does_not_replace_one_that_appeared(tmp_path: Path) -> None:
    path = tmp_path / "portfolio.toml"
    path.write_text("mine")
    with pytest.raises(ExportError, match="exists"):
        write_first(path, HOUSEHOLD.replace('import = "downloads/Portfolio_Positions_*.csv"', "cash = 1.0"))
    assert path.read_text() == "mine"


def test_a_text_that_no_reader_takes_is_not_written(tmp_path: Path) -> None:
    path = household(tmp_path)
    kept = open_kept(path)
    kept.document["accounts"][0]["cash"] = "much"
    with pytest.raises(InputError, match="cash"):
        kept.write()
    assert path.read_text() == HOUSEHOLD
    with pytest.raises(InputError, match=r"new\.toml"):
        write_first(tmp_path / "new.toml", "[model")
    assert not (tmp_path / "new.toml").exists()


@pytest.mark.parametrize(
    "name", ["after.csv", "downloads/after.csv", "elsewhere/Portfolio_Positions_Nov.csv"]
)
def test_files_that_import_does_not_match_are_refused_or_taken_when_told_so(
    tmp_path: Path, name: str
) -> None:
    path = household(tmp_path)
    new = fidelity(tmp_path / name, "Nov-23-2026", AFTER)
    with pytest.raises(
        InputError, match=r"'downloads/Portfolio_Positions_\*\.csv' does not match .*--take-files"
    ):
        confirmed(path, new)
    assert path.read_text() == HOUSEHOLD
    confirmed(path, new, take_files=True).kept.write()
    read = load_portfolio(path, today=TRADED).household
    assert read.accounts[1].positions == {"BND": 105}


def test_a_newer_file_that_would_be_read_instead_is_an_error(tmp_path: Path) -> None:
    path = household(tmp_path)
    new = fidelity(tmp_path / "downloads/Portfolio_Positions_Nov-19-2026.csv", "Nov-19-2026", AFTER)
    with pytest.raises(InputError, match="import would read other positions"):
        confirmed(path, new)


def test_a_list_of_patterns_is_changed_by_a_person(tmp_path: Path) -> None:
    one = 'import = "downloads/Portfolio_Positions_*.csv"'
    path = household(tmp_path, HOUSEHOLD.replace(one, one.replace("= ", "= [") + "]"))
    new = fidelity(tmp_path / "after.csv", "Nov-23-2026", AFTER)
    with pytest.raises(InputError, match=r"set import to 'after.*\.csv'\)"):
        confirmed(path, new, take_files=True)
