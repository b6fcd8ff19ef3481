"""A portfolio file is begun from broker files; what only a person knows stays an open question."""

from __future__ import annotations

import re
import shutil
import tomllib
from decimal import Decimal
from pathlib import Path

import pytest

from realloc.errors import InputError
from realloc.plugins.importers.statement import Holding, StatementAccount
from realloc.portfolio_file import check_portfolio, load_portfolio
from realloc.portfolio_file.initial import initial_text
from realloc.portfolio_file.proposals import class_proposal
from tests.portfolio_file.broker_files import DATA

THREE = {
    "fidelity_positions_2026.csv": "Portfolio_Positions_Aug-03-2026.csv",
    "etrade_positions_with_lots.csv": "PortfolioDownload.csv",
    "vanguard_ofxdownload.csv": "OfxDownload-2026-08-20.csv",
}
KINDS = {
    "Z00000101": "taxable",
    "X00000202": "tax_exempt",
    "200000303": "tax_deferred",
    "...0456": "taxable",
    "10000001": "tax_deferred",
    "10000002": "tax_deferred",
}


def downloads(tmp_path: Path) -> list[Path]:
    folder = tmp_path / "downloads"
    folder.mkdir()
    return [Path(shutil.copy(DATA / source, folder / name)) for source, name in THREE.items()]


def test_accounts_have_a_pattern_for_the_next_download_and_an_open_kind(tmp_path: Path) -> None:
    text = initial_text(downloads(tmp_path), tmp_path / "portfolio.toml")
    document = tomllib.loads(text)
    assert [
        (account["account_number"], account["label"], account["kind"], account["import"])
        for account in document["accounts"]
    ] == [
        ("Z00000101", "Joint Brokerage", "?", "downloads/Portfolio_Positions_*.csv"),
        ("X00000202", "ROTH IRA", "?", "downloads/Portfolio_Positions_*.csv"),
        ("200000303", "Rollover IRA", "?", "downloads/Portfolio_Positions_*.csv"),
        ("...0456", "Individual Brokerage", "?", "downloads/PortfolioDownload*.csv"),
        ("10000001", "10000001", "?", "downloads/OfxDownload-*.csv"),
        ("10000002", "10000002", "?", "downloads/OfxDownload-*.csv"),
    ]
    assert document["model"]["targets"] == {}


def test_what_a_name_suggests_is_a_comment_only(tmp_path: Path) -> None:
    text = initial_text(downloads(tmp_path), tmp_path / "portfolio.toml")
    comments = re.findall(r'^kind = "\?"  # .*; its name (.*)$', text, re.MULTILINE)
    assert comments == [
        "suggests taxable",
        "suggests tax_exempt",
        "suggests tax_deferred",
        "suggests taxable",
        "says nothing",
        "says nothing",
    ]


def test_the_open_questions_are_what_check_reports_as_errors(tmp_path: Path) -> None:
    path = tmp_path / "portfolio.toml"
    path.write_text(initial_text(downloads(tmp_path), path, kinds={"Z00000101": "taxable"}))
    errors = [issue.code for issue in check_portfolio(path) if issue.severity == "error"]
    assert errors == ["account.kind"] * 5 + ["model.targets"]


def test_with_kinds_and_the_proposed_targets_it_is_a_household(tmp_path: Path) -> None:
    path = tmp_path / "portfolio.toml"
    text = initial_text(downloads(tmp_path), path, kinds=KINDS, owners={"Z00000101": 'Ann "A" B'})
    targets = re.search(r"^\[model\.targets\]\n((?:# \S+ = [\d.]+\n)+)", text, re.MULTILINE)
    assert targets
    path.write_text(text.replace(targets[1], targets[1].replace("# ", "")), encoding="utf-8")
    household = load_portfolio(path).household
    assert [account.kind for account in household.accounts] == list(KINDS.values())
    assert household.accounts[0].owner == 'Ann "A" B'
    # VTI: 30,012.00 of all accounts' 175,884.71 without the bond of 5,000.00
    total = 51_622.39 + 16_133.39 + 42_042.18 + 26_951.50 + 15_135.75 + 24_000.00
    assert household.model.targets["VTI"] == round(30_012.00 / total, 3)
    assert sum(household.model.targets.values()) == pytest.approx(1.0, abs=0.005)


def test_positions_without_lots_in_taxable_accounts_get_a_form_that_cannot_be_used_unfilled(
    tmp_path: Path,
) -> None:
    text = initial_text(downloads(tmp_path), tmp_path / "portfolio.toml", kinds=KINDS)
    forms = [line for line in text.splitlines() if "acquired =" in line]
    assert [line.split('"')[1] for line in forms] == ["VTI", "VXUS"]
    assert "cost: 195.7083 on average" in forms[0]  # (18,230.00 + 5,255.00) / 120
    with pytest.raises(tomllib.TOMLDecodeError):
        tomllib.loads("lots = [\n" + forms[0].lstrip("# ") + "\n]\n")


def test_a_lot_file_is_named_beside_the_positions_that_it_belongs_to(tmp_path: Path) -> None:
    files = [DATA / "schwab_positions_single_2025.csv", DATA / "schwab_lot_details_VTI.csv"]
    copies = [Path(shutil.copy(file, tmp_path)) for file in files]
    document = tomllib.loads(initial_text(copies, tmp_path / "portfolio.toml"))
    assert document["accounts"][0]["import"] == [
        "schwab_positions_single_2025*.csv",
        "schwab_lot_details_VTI*.csv",
    ]


@pytest.mark.parametrize(
    ("kinds", "message"),
    [
        ({"Z00000101": "taxed"}, "found 'taxed' .*'taxable'"),
        ({"Z00000102": "taxable"}, "'Z00000102' is not one account .*'Z00000101'"),
    ],
)
def test_a_kind_that_does_not_fit_is_refused(tmp_path: Path, kinds: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        initial_text(downloads(tmp_path), tmp_path / "portfolio.toml", kinds=kinds)


def test_classes_are_proposed_by_words_in_the_names_as_comments() -> None:
    names = {
        "VTI": "VANGUARD TOTAL STK MKT",
        "VXUS": "VANGUARD TOTAL INTL STOCK",
        "BND": "TOTAL BOND MARKET",
        "XYZ": "ACME",
    }
    held = tuple(
        Holding(symbol=symbol, shares=Decimal(1), description=name) for symbol, name in names.items()
    )
    text = class_proposal([StatementAccount(number="1", positions=held)])
    assert all(line.startswith("#") for line in text.splitlines() if line)
    document = tomllib.loads(text.replace("# [", "[").replace("# symbols", "symbols"))
    assert document["model"]["classes"] == {
        "bonds": {"symbols": ["BND"]},
        "international_stock": {"symbols": ["VXUS"]},
        "us_stock": {"symbols": ["VTI"]},
    }


def test_mutual_funds_that_only_other_brokers_hold_are_not_bought(tmp_path: Path) -> None:
    document = tomllib.loads(initial_text(downloads(tmp_path), tmp_path / "portfolio.toml"))
    no_buy = {account["account_number"]: account.get("no_buy") for account in document["accounts"]}
    fidelity, vanguard = ["FXAIX", "FXNAX"], ["VBTLX", "VTSAX"]
    assert no_buy == {
        "Z00000101": vanguard,
        "X00000202": vanguard,
        "200000303": vanguard,
        "...0456": [*fidelity, *vanguard],
        "10000001": fidelity,
        "10000002": fidelity,
    }


def test_one_broker_s_funds_are_bought_in_all_of_its_accounts(tmp_path: Path) -> None:
    (fidelity, *_) = downloads(tmp_path)
    assert "no_buy" not in initial_text([fidelity], tmp_path / "portfolio.toml")
