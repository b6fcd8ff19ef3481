"""A portfolio file is read with everything that it points to, and every figure says where it came from."""

from __future__ import annotations

import doctest
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from realloc.errors import InputError, Issue
from realloc.portfolio_file import check_portfolio, load_portfolio, loading, sources
from realloc.portfolio_file.portfolio import Origin
from tests.portfolio_file.broker_files import BEFORE, DATA, HOUSEHOLD, fidelity, household


def codes(path: Path, severity: str = "error") -> list[tuple[str, str]]:
    """Return code and place, below the portfolio's own name, of the issues of one severity."""
    name = f"{path}: "
    return [
        (issue.code, issue.where.removeprefix(name))
        for issue in check_portfolio(path)
        if issue.severity == severity
    ]


def only(path: Path, code: str) -> Issue:
    (issue,) = [issue for issue in check_portfolio(path) if issue.code == code]
    return issue


def changed(tmp_path: Path, old: str, new: str) -> Path:
    assert HOUSEHOLD.count(old) >= 1
    return household(tmp_path, HOUSEHOLD.replace(old, new, 1))


def test_cash_and_positions_come_from_the_file_and_lots_from_the_portfolio(tmp_path: Path) -> None:
    portfolio = load_portfolio(household(tmp_path))
    joint, ira = portfolio.household.accounts
    assert (joint.label, joint.cash, joint.positions) == ("Joint", 1000.0, {"VTI": 120})
    assert [(lot.shares, lot.cost_per_share, lot.acquired) for lot in joint.lots] == [
        (100, 182.30, date(2021, 3, 4)),
        (20, 262.75, date(2026, 1, 15)),
    ]
    assert (ira.kind, ira.cash, ira.positions, ira.lots) == ("tax_deferred", 500.0, {"BND": 100}, ())
    assert portfolio.household.prices == {"VTI": 250.0, "BND": 72.0, "ITOT": 110.0}
    assert portfolio.household.model.targets == {"VTI": 0.6, "BND": 0.4}
    assert portfolio.issues == ()


def test_every_figure_says_where_it_came_from_and_when(tmp_path: Path) -> None:
    origins = load_portfolio(household(tmp_path)).origins
    file = Origin(
        source="downloads/Portfolio_Positions_Nov-20-2026.csv", as_of=date(2026, 11, 20), dated_by="file"
    )
    own = Origin(source="portfolio.toml", dated_by="stated")
    assert origins == {
        "accounts[Z00000101].cash": file,
        "accounts[Z00000101].positions.VTI": file,
        "accounts[Z00000101].lots.VTI": own,
        "accounts[200000303].cash": file,
        "accounts[200000303].positions.BND": file,
        "prices.VTI": file,
        "prices.BND": file,
        "prices.ITOT": own,
    }


def test_a_household_document_without_any_import_is_a_portfolio_file_too(tmp_path: Path) -> None:
    path = tmp_path / "plain.toml"
    path.write_text(
        'as_of = 2026-11-20\n[prices]\nVTI = 250.0\n[[accounts]]\naccount_number = "A1"\ncash = 10.5\n'
        "positions = { VTI = 3 }\n[model.targets]\nVTI = 1\n"
    )
    portfolio = load_portfolio(path)
    assert portfolio.household.accounts[0].kind == "taxable"
    assert [issue.code for issue in portfolio.issues] == ["lot.unknown_basis"]


@pytest.mark.parametrize(
    ("old", "new", "where", "hint"),
    [
        ("import =", "improt =", "accounts[0].improt", "'import'"),
        ("[model.targets]", "[modle.targets]", "modle", "'model'"),
        ("identical", "identicle", "policy.wash_sales.identicle", "'identical'"),
        ("kind =", "no_bye = []\nkind =", "accounts[0].no_bye", "'no_buy'"),
        ("[prices]", "[checks]\nstale_day = 3\n[prices]", "checks.stale_day", "'stale_days'"),
        ("id =", "idd =", "accounts[0].lots[0].idd", "'id'"),
    ],
)
def test_an_unknown_key_is_an_error_that_names_the_nearest(
    tmp_path: Path, old: str, new: str, where: str, hint: str
) -> None:
    path = changed(tmp_path, old, new)
    issue = only(path, "key.unknown")
    assert issue.where == f"{path}: {where}"
    assert hint in issue.hint


def test_a_kind_that_is_left_open_is_an_error_with_what_the_name_suggests(tmp_path: Path) -> None:
    issue = only(changed(tmp_path, '"tax_deferred"', '"?"'), "account.kind")
    assert issue.where.endswith("accounts[1].kind")
    assert "'tax_deferred'" in issue.hint.partition("its name suggests")[2]


def test_an_imported_account_without_a_kind_is_never_taken_as_taxable(tmp_path: Path) -> None:
    assert codes(changed(tmp_path, 'kind = "tax_deferred"\n', "")) == [("account.kind", "accounts[1].kind")]


def test_all_blanks_and_mistakes_are_listed_at_once(tmp_path: Path) -> None:
    text = HOUSEHOLD.replace("shares = 20", "shares = 21").replace("VTI = 0.6\nBND = 0.4\n", "")
    path = household(tmp_path, text.replace('"tax_deferred"', '"?"'))
    assert codes(path) == [
        ("account.kind", "accounts[1].kind"),
        ("model.targets", "model.targets"),
        ("lot.sum", "accounts[0].lots"),
    ]
    with pytest.raises(InputError) as caught:
        load_portfolio(path)
    assert len(caught.value.issues) == 3


def test_figures_that_stand_in_both_places_are_refused(tmp_path: Path) -> None:
    path = changed(tmp_path, 'label = "IRA"', 'label = "IRA"\ncash = 3.0\npositions = { BND = 1 }')
    assert codes(path) == [("import.twice", "accounts[1].positions"), ("import.twice", "accounts[1].cash")]


def test_a_pattern_that_matches_nothing_is_named(tmp_path: Path) -> None:
    issue = only(changed(tmp_path, "Portfolio_Positions_*", "Nothing_*"), "import.none")
    assert "'downloads/Nothing_*.csv'" in issue.message


def test_an_account_that_the_file_does_not_have_is_refused_with_those_that_it_has(tmp_path: Path) -> None:
    issue = only(changed(tmp_path, '"200000303"', '"200000304"'), "import.account")
    assert issue.where.endswith("accounts[1].import")
    assert "200000303 (Rollover IRA)" in issue.hint


def test_a_file_with_several_accounts_needs_a_number(tmp_path: Path) -> None:
    issue = only(changed(tmp_path, 'account_number = "200000303"\n', ""), "import.account")
    assert "has 2 accounts" in issue.message


def test_a_masked_number_picks_the_account_with_that_end(tmp_path: Path) -> None:
    path = changed(tmp_path, '"200000303"', '"...0303"')
    account = load_portfolio(path).household.accounts[1]
    assert (account.account_number, account.positions) == ("...0303", {"BND": 100})


def test_an_account_that_nobody_names_is_a_warning_with_its_value(tmp_path: Path) -> None:
    rows = [*BEFORE, ("X00000909", "Kid", "BND", "10", "72.00")]
    path = household(tmp_path)
    fidelity(tmp_path / "downloads/Portfolio_Positions_Nov-20-2026.csv", "Nov-20-2026", rows)
    issue = only(path, "account.extra")
    assert (issue.severity, issue.message) == (
        "warning",
        "account X00000909 (Kid), $720.00, is not in the portfolio",
    )
    text = path.read_text() + '\n[checks]\nignore_accounts = ["...0909"]\n'
    path.write_text(text)
    assert check_portfolio(path) == ()


def test_a_taxable_position_without_lots_is_a_warning_with_the_cost_of_the_file(tmp_path: Path) -> None:
    downloads = tmp_path / "downloads"
    downloads.mkdir()
    shutil.copy(DATA / "fidelity_positions_2026.csv", downloads / "Portfolio_Positions_Aug-03-2026.csv")
    path = tmp_path / "portfolio.toml"
    path.write_text(
        'as_of = 2026-08-04\n[[accounts]]\naccount_number = "Z00000101"\nkind = "taxable"\n'
        'import = "downloads/*.csv"\n[model.targets]\nVTI = 1\n'
        '[checks]\nignore_accounts = ["X00000202", "200000303"]\n'
    )
    issues = check_portfolio(path)
    assert [(issue.code, issue.where.rpartition(".")[2]) for issue in issues] == [
        ("lot.unknown_basis", "VTI"),
        ("lot.unknown_basis", "VXUS"),
    ]
    assert "$23,485.00 in all, without dates" in issues[0].hint  # 18,230.00 + 5,255.00


def test_cash_that_no_file_states_is_taken_from_the_portfolio(tmp_path: Path) -> None:
    shutil.copy(DATA / "m1_holdings.csv", tmp_path / "holdings-2026-11-19.csv")
    text = (
        'as_of = 2026-11-20\n[[accounts]]\nkind = "tax_deferred"\nimport = "holdings-*.csv"\n'
        "[model.targets]\nVTI = 1\n"
    )
    path = tmp_path / "portfolio.toml"
    path.write_text(text)
    issue = only(path, "cash.unknown")
    assert issue.severity == "warning"
    path.write_text(text.replace("kind =", "cash = 12.5\nkind ="))
    assert load_portfolio(path).household.accounts[0].cash == 12.5
    assert check_portfolio(path) == ()


def test_lots_of_a_lot_file_are_joined_and_count_before_typed_ones(tmp_path: Path) -> None:
    for name in ("schwab_positions_single_2025.csv", "schwab_lot_details_VTI.csv"):
        shutil.copy(DATA / name, tmp_path / name)
    path = tmp_path / "portfolio.toml"
    path.write_text(
        'as_of = 2025-05-05\n[[accounts]]\naccount_number = "...123"\nkind = "taxable"\n'
        'import = ["schwab_positions*.csv", "schwab_lot*.csv"]\n'
        "lots = [{ symbol = 'VTI', shares = 120, cost_per_share = 1, acquired = 2020-01-02 }]\n"
        "[model.targets]\nVTI = 1\nVXUS = 1\n[prices]\nVXUS = 62.4\n"
    )
    portfolio = load_portfolio(path)
    assert [(lot.shares, lot.cost_per_share) for lot in portfolio.household.accounts[0].lots] == [
        (80.0, 190.0),
        (40.0, 223.45),
    ]
    assert portfolio.origins["accounts[...123].lots.VTI"].source == "schwab_lot_details_VTI.csv"
    assert "lot.twice" in [issue.code for issue in portfolio.issues]


def test_trades_of_the_imported_file_in_the_window_become_recent_trades_once(tmp_path: Path) -> None:
    shutil.copy(DATA / "vanguard_ofxdownload.csv", tmp_path / "OfxDownload-2026-06-05.csv")
    text = (
        'as_of = 2026-06-30\n[checks]\nstale_days = 30\nignore_accounts = ["10000002"]\n'
        '[[accounts]]\naccount_number = "10000001"\nkind = "tax_deferred"\nimport = "OfxDownload*.csv"\n'
        "[model.targets]\nVTSAX = 1\n"
    )
    path = tmp_path / "portfolio.toml"
    path.write_text(text)
    trades = load_portfolio(path).household.recent_trades
    # 29 May is 32 days before 30 June, outside the window of 30
    assert [(trade.symbol, trade.shares, trade.traded) for trade in trades] == [
        ("VTSAX", 10.0, date(2026, 6, 1))
    ]
    recorded = (
        "[[recent_trades]]\naccount_number = '10000001'\nsymbol = 'VTSAX'\nshares = 10\n"
        "price = 119.9\ntraded = 2026-06-01\n"
    )
    path.write_text(text + recorded)
    assert len(load_portfolio(path).household.recent_trades) == 1


def test_a_table_is_read_by_its_mapping(tmp_path: Path) -> None:
    for name in ("table_lots.csv", "table_lots.toml"):
        shutil.copy(DATA / name, tmp_path / name)
    path = tmp_path / "portfolio.toml"
    path.write_text(
        'as_of = 2026-11-20\n[[accounts]]\naccount_number = "A1"\nkind = "taxable"\n'
        'import = "table_lots.csv"\nmapping = "table_lots.toml"\n[model.targets]\nVTI = 1\n'
    )
    (account,) = load_portfolio(path).household.accounts
    assert (account.cash, account.positions, len(account.lots)) == (12.34, {"VTI": 15}, 2)


@pytest.mark.parametrize(
    ("line", "code", "where"),
    [
        ('importer = "no_such"', "import.importer", "accounts[1].importer"),
        ('importer = "fidelity_positions"\nmapping = "m.toml"', "import.importer", "accounts[1].importer"),
        ('mapping = "none.toml"', "file.missing", None),
        ('importer = "csv"', "import.importer", "accounts[1].importer"),
    ],
)
def test_an_importer_that_cannot_be_used_is_named(
    tmp_path: Path, line: str, code: str, where: str | None
) -> None:
    path = changed(tmp_path, 'label = "IRA"', f'label = "IRA"\n{line}')
    (tmp_path / "m.toml").write_text('account_number = "1"\n[columns]\nsymbol = "S"\nshares = "Q"\n')
    ((found, place),) = codes(path)
    assert found == code
    assert where in (None, place)


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda path: path.write_text("as_of = \n"), "document.toml"),
        (lambda path: path.write_bytes(b"\xff\x00bad"), "file.encoding"),
        (lambda path: path.write_text(""), "file.empty"),
        (lambda path: path.mkdir(), "file.folder"),
        (Path.exists, "file.missing"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_issue(
    tmp_path: Path, make: Callable[[Path], object], expected: str
) -> None:
    path = tmp_path / "portfolio.toml"
    make(path)
    assert [issue.code for issue in check_portfolio(path)] == [expected]


def test_a_broker_file_with_a_fault_is_named_with_its_row(tmp_path: Path) -> None:
    path = household(tmp_path)
    file = tmp_path / "downloads/Portfolio_Positions_Nov-20-2026.csv"
    file.write_text(file.read_text().replace(",120,$250.00", ",12o,$250.00"))
    issues = [issue for issue in check_portfolio(path) if issue.severity == "error"]
    assert issues
    assert all("Portfolio_Positions_Nov-20-2026.csv:3" in issue.where for issue in issues)


def test_positions_and_prices_that_are_old_are_warned_of(tmp_path: Path) -> None:
    path = changed(tmp_path, "as_of = 2026-11-20", "as_of = 2026-11-28")
    assert [(issue.code, issue.severity) for issue in check_portfolio(path)] == [
        ("price.stale", "warning"),
        ("positions.stale", "warning"),
    ]
    assert "8 days before 2026-11-28: BND, VTI" in only(path, "price.stale").message
    path.write_text(path.read_text() + "[checks]\nstale_days = 8\n")
    assert check_portfolio(path) == ()


def test_today_is_taken_where_the_file_does_not_say(tmp_path: Path) -> None:
    path = changed(tmp_path, "as_of = 2026-11-20\n", "")
    assert load_portfolio(path, today=date(2026, 11, 21)).household.as_of == date(2026, 11, 21)


def test_the_example_of_the_docstring_is_true(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])
    assert doctest.testmod(loading).failed == 0


LEDGER = """\
[[accounts]]
account_number = "Assets:US:Fidelity:Roth"
kind = "tax_exempt"
import = "{name}"
{more}
[model.targets]
VTI = 1
"""


def with_ledger(tmp_path: Path, name: str, more: str) -> Path:
    text = (DATA / "ledger.beancount").read_text(encoding="utf-8")
    (tmp_path / name).write_text(f'include "rest.beancount"\n{text}', encoding="utf-8")
    (tmp_path / "rest.beancount").write_text("2020-01-01 open Assets:More USD\n", encoding="utf-8")
    path = tmp_path / "portfolio.toml"
    path.write_text(LEDGER.format(name=name, more=more), encoding="utf-8")
    return path


def test_a_ledger_reads_other_files_only_for_an_account_that_trusts_it(tmp_path: Path) -> None:
    path = with_ledger(tmp_path, "mine.beancount", "")
    assert only(path, "file.trust").where.endswith("mine.beancount:1")
    trusting = load_portfolio(with_ledger(tmp_path, "mine.beancount", "trusted = true"))
    assert trusting.household.accounts[0].positions == {"VTI": 11}


def test_a_ledger_of_another_name_is_read_where_its_importer_is_named(tmp_path: Path) -> None:
    assert only(with_ledger(tmp_path, "mine.txt", "trusted = true"), "file.unknown").severity == "error"
    named = with_ledger(tmp_path, "mine.txt", 'trusted = true\nimporter = "beancount"')
    assert load_portfolio(named).household.accounts[0].positions == {"VTI": 11}


def test_a_pattern_that_matches_more_files_than_can_be_meant_is_refused_with_their_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "MOST_FILES", 2)
    path = household(tmp_path)
    for n in range(2):
        (tmp_path / "downloads" / f"Portfolio_Positions_{n}.csv").touch()
    said = {issue.message for issue in check_portfolio(path) if issue.code == "import.pattern"}
    assert said == {
        "'downloads/Portfolio_Positions_*.csv': it matches 3 files, at most 2 are looked at; name fewer"
    }
