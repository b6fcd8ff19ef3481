"""After the orders: what was executed, the drift that is left, lots and recent trades, comments kept."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realloc.accounts import Account, Lot
from realloc.checking import check
from realloc.errors import InputError
from realloc.household import Household, RecentTrade
from realloc.models import PortfolioModel
from realloc.portfolio_file import load_portfolio
from realloc.portfolio_file.bookkeeping import keep_books
from realloc.portfolio_file.confirming import Confirmation, confirm
from realloc.portfolio_file.executed import Fill, Outcome, compare, find_fills
from realloc.portfolio_file.planned import PlannedOrder, planned_from, read_planned
from tests.portfolio_file.broker_files import DATA, HOUSEHOLD, Row, fidelity, household

TRADED = date(2026, 11, 20)
JOINT, IRA = "Z00000101", "200000303"


def order(account: str, symbol: str, shares: float, price: float, *lots: tuple[str, float]) -> dict[str, Any]:
    return {
        "account_id": account,
        "symbol": symbol,
        "shares": shares,
        "price": price,
        "notional": shares * price,
        "sequence": 1,
        "lots": [{"id": name, "shares": count, "gain": 0.0} for name, count in lots],
        "reason": "",
    }


def confirmed(
    tmp_path: Path,
    orders: Sequence[dict[str, Any]],
    after: list[Row],
    *,
    text: str = HOUSEHOLD,
    traded: date | None = TRADED,
) -> Confirmation:
    path = household(tmp_path, text)
    new = fidelity(tmp_path / "downloads/Portfolio_Positions_Nov-23-2026.csv", "Nov-23-2026", after)
    plan = planned_from({"trades": list(orders), "household": {"drift_after": 0.05}})
    return confirm(path, plan, [new], traded=traded)


def rows(cash: str, ira_cash: str, *held: tuple[str, str, str, str]) -> list[Row]:
    named = {JOINT: "Joint", IRA: "Rollover IRA"}
    return [
        (JOINT, "Joint", "SPAXX**", cash, ""),
        (IRA, "Rollover IRA", "SPAXX**", ira_cash, ""),
        *((account, named[account], symbol, shares, price) for account, symbol, shares, price in held),
    ]


def test_executed_partly_not_and_additional_orders_are_told_apart(tmp_path: Path) -> None:
    orders = [
        order(JOINT, "VTI", -30, 250.0, ("a1", 30)),
        order(JOINT, "BND", 60, 72.0),
        order(IRA, "BND", -10, 72.0),
    ]
    after = rows(
        "2930.00",
        "500.00",
        (JOINT, "VTI", "95", "251.00"),
        (JOINT, "BND", "60", "72.00"),
        (IRA, "BND", "100", "72.00"),
        (IRA, "ITOT", "1", "110.00"),
    )
    confirmation = confirmed(tmp_path, orders, after)
    assert [
        (each.account_number, each.symbol, float(each.planned), float(each.traded), str(each.status))
        for each in confirmation.outcomes
    ] == [
        (IRA, "BND", -10, 0, "not executed"),
        (IRA, "ITOT", 0, 1, "additional"),
        (JOINT, "BND", 60, 60, "executed"),
        (JOINT, "VTI", -30, -25, "partly"),
    ]
    document = tomllib.loads(confirmation.kept.text)
    assert document["accounts"][0]["lots"] == [
        {"symbol": "VTI", "shares": 75, "cost_per_share": 182.3, "acquired": date(2021, 3, 4), "id": "a1"},
        {"symbol": "VTI", "shares": 20, "cost_per_share": 262.75, "acquired": date(2026, 1, 15)},
        {
            "symbol": "BND",
            "shares": 60,
            "cost_per_share": 72,
            "acquired": TRADED,
            "id": "BND-2026-11-20",
        },
    ]
    assert "lots" not in document["accounts"][1]
    # 25 * (250.00 - 182.30) = 1,692.50; the purchase in the IRA is at the price of the new file
    assert document["recent_trades"] == [
        {"account_number": IRA, "symbol": "ITOT", "shares": 1, "price": 110, "traded": TRADED},
        {"account_number": JOINT, "symbol": "BND", "shares": 60, "price": 72, "traded": TRADED},
        {
            "account_number": JOINT,
            "symbol": "VTI",
            "shares": -25,
            "price": 250,
            "traded": TRADED,
            "gain": 1692.5,
        },
    ]


def test_the_drift_that_is_left_is_that_of_the_new_positions_and_prices(tmp_path: Path) -> None:
    orders = [order(JOINT, "VTI", -30, 250.0, ("a1", 30))]
    after = rows("8500.00", "500.00", (JOINT, "VTI", "90", "250.00"), (IRA, "BND", "100", "72.00"))
    confirmation = confirmed(tmp_path, orders, after)
    # before: VTI 30,000, BND 7,200, cash 1,500 of 38,700: |30,000-23,220| + |7,200-15,480| + 1,500
    assert confirmation.drift_before == pytest.approx((6_780 + 8_280 + 1_500) / 2 / 38_700, abs=1e-12)
    assert confirmation.drift_planned == 0.05
    # now: VTI 22,500, BND 7,200, cash 9,000 of the same 38,700
    assert confirmation.drift_after == pytest.approx((720 + 8_280 + 9_000) / 2 / 38_700, abs=1e-12)


def test_the_edit_keeps_comments_and_every_other_byte(tmp_path: Path) -> None:
    orders = [order(JOINT, "VTI", -30, 250.0, ("a1", 30))]
    after = rows("8500.00", "500.00", (JOINT, "VTI", "90", "250.00"), (IRA, "BND", "100", "72.00"))
    confirmation = confirmed(tmp_path, orders, after)
    recorded = (
        "recent_trades = [\n"
        '    {account_number = "Z00000101", symbol = "VTI", shares = -30, price = 250, '
        "traded = 2026-11-20, gain = 2031},\n"
        "]\n"
    )  # 30 * 67.70
    expected = HOUSEHOLD.replace("shares = 100", "shares = 70").replace(
        "2026-11-20\n", f"2026-11-23\n{recorded}", 1
    )
    assert confirmation.kept.text == expected
    path = tmp_path / "portfolio.toml"
    assert path.read_text() == HOUSEHOLD
    confirmation.kept.write()
    again = load_portfolio(path)
    assert again.issues == ()
    assert again.household == confirmation.household


def test_a_sale_of_gains_and_losses_is_recorded_in_two_parts(tmp_path: Path) -> None:
    orders = [order(JOINT, "VTI", -30, 250.0, (f"{JOINT}/VTI/2", 20), ("a1", 10))]
    after = rows("8500.00", "500.00", (JOINT, "VTI", "90", "250.00"), (IRA, "BND", "100", "72.00"))
    confirmation = confirmed(tmp_path, orders, after)
    # 10 * (250 - 182.30) = 677.00; 20 * (250 - 262.75) = -255.00
    assert sorted((trade.shares, trade.gain) for trade in confirmation.recorded) == [
        (-20, -255.0),
        (-10, 677.0),
    ]
    lots = tomllib.loads(confirmation.kept.text)["accounts"][0]["lots"]
    assert [(lot["shares"], lot["cost_per_share"]) for lot in lots] == [(90, 182.3)]
    assert "# at a loss" not in confirmation.kept.text


def test_a_washed_loss_goes_into_the_basis_and_date_of_the_replacement(tmp_path: Path) -> None:
    orders = [order(JOINT, "VTI", -20, 250.0, (f"{JOINT}/VTI/2", 20)), order(JOINT, "ITOT", 8, 110.0)]
    after = rows(
        "5120.00",
        "500.00",
        (JOINT, "VTI", "100", "250.00"),
        (JOINT, "ITOT", "8", "110.00"),
        (IRA, "BND", "100", "72.00"),
    )
    confirmation = confirmed(tmp_path, orders, after)
    # 12.75 a share of 8 shares is denied: 110.00 + 12.75; held since 15 January like the shares sold
    lots = tomllib.loads(confirmation.kept.text)["accounts"][0]["lots"]
    assert lots[1] == {
        "symbol": "ITOT",
        "shares": 8,
        "cost_per_share": 122.75,
        "acquired": date(2026, 1, 15),
        "id": "ITOT-2026-11-20",
    }
    assert (-20, -255.0) in [(trade.shares, trade.gain) for trade in confirmation.recorded]


def test_the_household_afterwards_is_sound_and_has_the_purchase_in_its_windows(tmp_path: Path) -> None:
    orders = [order(JOINT, "BND", 10, 72.0)]
    after = rows(
        "280.00",
        "500.00",
        (JOINT, "VTI", "120", "250.00"),
        (JOINT, "BND", "10", "72.00"),
        (IRA, "BND", "100", "72.00"),
    )
    confirmation = confirmed(tmp_path, orders, after)
    assert [issue for issue in check(confirmation.household) if issue.severity == "error"] == []
    assert confirmation.recorded == (
        RecentTrade(account_number=JOINT, symbol="BND", shares=10.0, price=72.0, traded=TRADED),
    )
    assert [issue.code for issue in confirmation.issues] == ["confirm.estimate"]
    assert confirmation.issues[0].severity == "info"


def test_an_execution_without_a_date_is_refused_and_never_dated_by_guess(tmp_path: Path) -> None:
    after = rows("8500.00", "500.00", (JOINT, "VTI", "90", "250.00"), (IRA, "BND", "100", "72.00"))
    with pytest.raises(InputError, match="the files do not say when") as caught:
        confirmed(tmp_path, [order(JOINT, "VTI", -30, 250.0)], after, traded=None)
    assert [issue.code for issue in caught.value.issues] == ["confirm.date"]


def test_an_estimate_is_the_bid_of_a_sale_and_the_ask_of_a_purchase(tmp_path: Path) -> None:
    text = HOUSEHOLD.replace("[prices]\n", "[prices]\nVTI = { spread_bps = 20 }\nBND = { spread_bps = 50 }\n")
    orders = [order(JOINT, "VTI", -30, 250.0, ("a1", 30)), order(IRA, "BND", 5, 72.0)]
    after = rows("8492.50", "139.10", (JOINT, "VTI", "90", "250.00"), (IRA, "BND", "105", "72.00"))
    recorded = confirmed(tmp_path, orders, after, text=text).recorded
    # 250.00 less 0.1%, 72.00 and 0.25%; 30 * (249.75 - 182.30) = 2,023.50
    assert [(trade.symbol, trade.price, trade.gain) for trade in recorded] == [
        ("BND", 72.18, None),
        ("VTI", 249.75, 2023.5),
    ]


def test_confirming_twice_is_refused(tmp_path: Path) -> None:
    orders = [order(IRA, "BND", 5, 72.0)]
    after = rows("1000.00", "140.00", (JOINT, "VTI", "120", "250.00"), (IRA, "BND", "105", "72.00"))
    confirmed(tmp_path, orders, after).kept.write()
    text = (tmp_path / "portfolio.toml").read_text()
    with pytest.raises(InputError, match="already"):
        confirmed(tmp_path, orders, after, text=text)


def test_the_files_from_before_are_needed_or_the_household(tmp_path: Path) -> None:
    path = household(tmp_path)
    old = load_portfolio(path).household
    new = tmp_path / "downloads/Portfolio_Positions_Nov-20-2026.csv"
    after = rows("1000.00", "140.00", (JOINT, "VTI", "120", "250.00"), (IRA, "BND", "105", "72.00"))
    fidelity(new, "Nov-23-2026", after)
    plan = planned_from({"trades": [order(IRA, "BND", 5, 72.0)], "household": {}})
    with pytest.raises(InputError, match="household document that the plan was made from"):
        confirm(path, plan, [new], traded=TRADED)
    assert confirm(path, plan, [new], traded=TRADED, before=old).outcomes[0].status == "executed"


def test_an_account_without_new_positions_is_not_confirmed_and_stays(tmp_path: Path) -> None:
    after = [("Z00000101", "Joint", "SPAXX**", "1000.00", ""), ("Z00000101", "Joint", "VTI", "120", "250.00")]
    confirmation = confirmed(tmp_path, [order(IRA, "BND", 5, 72.0)], after)
    assert [each.status for each in confirmation.outcomes] == ["not confirmed"]
    assert confirmation.household.accounts[1].positions == {"BND": 100}
    assert confirmation.recorded == ()


def test_files_without_an_account_of_the_portfolio_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no account of the portfolio"):
        confirmed(tmp_path, [], [("X00000909", "Kid", "SPAXX**", "1.00", "")])


def test_lots_that_do_not_fit_the_new_position_are_refused(tmp_path: Path) -> None:
    text = HOUSEHOLD.replace("shares = 20,", "shares = 19,")
    after = rows("8500.00", "500.00", (JOINT, "VTI", "90", "250.00"), (IRA, "BND", "100", "72.00"))
    with pytest.raises(InputError, match="add up to 119 shares"):
        confirmed(tmp_path, [order(JOINT, "VTI", -30, 250.0, ("a1", 30))], after, text=text)


def test_figures_that_stand_in_the_portfolio_are_brought_up_to_date(tmp_path: Path) -> None:
    text = HOUSEHOLD.replace(
        'account_number = "200000303"\nkind = "tax_deferred"\nimport = "downloads/Portfolio_Positions_*.csv"\n',
        'account_number = "200000303"\nkind = "tax_deferred"\ncash = 500.00  # sweep\n'
        "positions = { BND = 100, VTI = 1 }  # mine\n",
    ).replace("[prices]\n", "[prices]\nBND = 72.0\n")
    after = rows("1000.00", "860.00", (JOINT, "VTI", "120", "250.00"), (IRA, "BND", "98.5", "72.00"))
    orders = [order(IRA, "BND", -1.5, 72.0), order(IRA, "VTI", -1, 250.0)]
    confirmation = confirmed(tmp_path, orders, after, text=text)
    assert "cash = 860  # sweep\npositions = { BND = 98.5  }  # mine\n" in confirmation.kept.text


def test_trades_of_the_broker_s_own_file_give_date_and_price(tmp_path: Path) -> None:
    before = (DATA / "vanguard_ofxdownload.csv").read_text()
    downloads = tmp_path / "downloads"
    downloads.mkdir()
    (downloads / "OfxDownload-2026-06-05.csv").write_text(before)
    bought = (
        "10000001,2026-06-08,2026-06-09,Buy,Buy,VANGUARD TOTAL STOCK MARKET INDEX ADMIRAL CL,VTSAX,"
        "4,121.25,-485.0,0.0,-485.0,0.0,CASH,\n"
    )
    new = downloads / "OfxDownload-2026-06-09.csv"
    new.write_text(
        before.replace("VTSAX,100.5,120.5,12110.25", "VTSAX,104.5,121,12644.5").replace(
            "3000,1,3000", "2515,1,2515"
        )
        + bought
    )
    path = tmp_path / "portfolio.toml"
    path.write_text(
        "as_of = 2026-06-05\n[checks]\nignore_accounts = ['10000002']\n[[accounts]]\n"
        "account_number = '10000001'\nkind = 'taxable'\nimport = 'downloads/Ofx*.csv'\n"
        "lots = [{ symbol = 'VTSAX', shares = 100.5, cost_per_share = 80, acquired = 2020-01-02 }]\n"
        "[model.targets]\nVTSAX = 1\n"
    )
    plan = planned_from({"trades": [order("10000001", "VTSAX", 4, 120.0)], "household": {}})
    confirmation = confirm(path, plan, [new])
    (outcome,) = confirmation.outcomes
    assert [(float(fill.shares), fill.price, fill.traded, fill.stated) for fill in outcome.fills] == [
        (4, Fraction(485, 4), date(2026, 6, 8), True)
    ]
    assert confirmation.issues == ()
    assert tomllib.loads(confirmation.kept.text)["accounts"][0]["lots"][1] == {
        "symbol": "VTSAX",
        "shares": 4,
        "cost_per_share": 121.25,
        "acquired": date(2026, 6, 8),
        "id": "VTSAX-2026-06-08",
    }


@pytest.mark.parametrize(
    ("planned", "held", "status"),
    [
        (-10, 90.0, "executed"),
        (-10, 90.0009, "executed"),
        (-10, 90.002, "partly"),
        (-10, 100.0, "not executed"),
        (-10, 100.0005, "not executed"),
        (-10, 89.0, "more"),
        (-10, 101.0, "opposite"),
        (10, 110.0, "executed"),
        (10, 104.0, "partly"),
        (10, 99.0, "opposite"),
        (0, 100.25, "additional"),
    ],
)
def test_the_outcome_of_an_order_follows_from_its_position(planned: float, held: float, status: str) -> None:
    orders = [PlannedOrder(account_number="A", symbol="VTI", shares=planned, price=1.0)] if planned else []
    (outcome,) = compare(orders, {"A": {"VTI": 100.0}}, {"A": {"VTI": held}})
    assert outcome.status == status


def test_trades_that_do_not_add_up_to_the_change_are_not_used() -> None:
    outcome = Outcome(
        account_number="A", symbol="VTI", planned=Fraction(4), traded=Fraction(4), status="executed"
    )
    trade = RecentTrade(account_number="A", symbol="VTI", shares=3.0, price=10.0, traded=TRADED)
    assert find_fills(outcome, [trade], None, TRADED) == ()
    assert find_fills(outcome, [trade], Fraction(9), None) == ()
    assert [fill.stated for fill in find_fills(outcome, [trade], Fraction(9), TRADED)] == [False]
    both = [trade, replace(trade, shares=1.0)]
    assert [fill.shares for fill in find_fills(outcome, both, None, None)] == [1, 3]


@given(
    lots=st.lists(
        st.tuples(st.integers(1, 50), st.integers(1, 400), st.dates(date(2020, 1, 1), TRADED)),
        min_size=1,
        max_size=4,
    ),
    sold=st.integers(1, 200),
    named=st.integers(0, 3),
    bought=st.integers(0, 20),
)
def test_lots_after_executions_add_up_and_keep_the_dollars_of_the_ledger(
    lots: list[tuple[int, int, date]], sold: int, named: int, bought: int
) -> None:
    held = sum(shares for shares, _, _ in lots)
    sold = min(sold, held)
    account = Account(
        "A",
        "A",
        0.0,
        {"VTI": held},
        lots=tuple(
            Lot(symbol="VTI", shares=shares, cost_per_share=cost, acquired=acquired, id=f"l{n}")
            for n, (shares, cost, acquired) in enumerate(lots)
        ),
    )
    before = Household(as_of=TRADED, prices={"VTI": 200.0}, accounts=(account,), model=PortfolioModel("m"))

    def outcome(symbol: str, shares: int, *chosen: tuple[str, float]) -> Outcome:
        fill = Fill(shares=Fraction(shares), price=Fraction(200), traded=TRADED, stated=False)
        return Outcome(
            account_number="A",
            symbol=symbol,
            planned=fill.shares,
            traded=fill.shares,
            status="executed",
            fills=(fill,) if shares else (),
            lots=chosen,
        )

    first = f"l{named % len(lots)}"
    books = keep_books(before, [outcome("VTI", -sold, (first, 1000.0)), outcome("ITOT", bought)])
    left = [lot for _, lot in books.lots["A"]]
    shares = {symbol: sum(lot.shares for lot in left if lot.symbol == symbol) for symbol in ("VTI", "ITOT")}
    assert shares == {"VTI": held - sold, "ITOT": bought}
    # the named lot goes first
    kept = sum(lot.shares for lot in left if lot.id.partition("#")[0] == first)
    assert kept == max(0, lots[named % len(lots)][0] - sold)
    # what was paid is either still in the lots, or was sold at 200 with the gain that is recorded,
    # or is a denied loss that went into the basis of shares bought in the window
    paid = sum(shares * cost for shares, cost, _ in lots) + bought * 200
    basis = sum(lot.shares * lot.cost_per_share for lot in left)
    gain = sum(trade.gain or 0.0 for trade in books.trades)
    denied = basis - (paid - (sold * 200 - gain))
    assert -0.01 <= denied <= 0.01 - sum(min(trade.gain or 0.0, 0.0) for trade in books.trades)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({}, "missing 'trades'"),
        ({"trades": 3}, "expected a list"),
        ({"trades": [{"symbol": "VTI"}]}, "missing 'account_id'"),
        ({"trades": [order("A", "VTI", 1, 0.0)]}, r"trades\[0\]\.price"),
        ({"trades": [order("A", "VTI", -1, 1.0, ("a", -1))]}, r"lots\[0\]\.shares"),
    ],
)
def test_a_document_that_is_no_plan_is_refused(
    tmp_path: Path, document: dict[str, Any], message: str
) -> None:
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(document))
    with pytest.raises(InputError, match=message) as caught:
        read_planned(path)
    assert all(issue.where.startswith(str(path)) for issue in caught.value.issues)


def test_a_file_that_is_not_there_is_named_once(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_planned(tmp_path / "none.json")
    assert [issue.where for issue in caught.value.issues] == [str(tmp_path / "none.json")]
