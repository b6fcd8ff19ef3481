"""The report: what it says, and that it is one file that nobody's names can break."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from benchmarks import households as households_of_benchmarks
from realloc import ExportError, Household, Plan, YearSoFar, rebalance
from realloc.harvested import Harvested, HarvestedSale
from realloc.policy import Policy
from realloc.report import report_html, write_report
from realloc.report.assumptions import account_words, policy_words
from realloc.report.charts import compact
from realloc.report.figures import drift_rows, figures_of
from realloc.report.words import dollars, masked_number, percent, place, shares
from realloc.testing.strategies import households

EXAMPLE = Path(__file__).parents[2] / "examples" / "household.json"
EVIL = "<script>alert(1)</script>$\"'&"
VOID = {"meta", "br", "col"}


class Page(HTMLParser):
    """Reads a page; refuses what is not closed, what loads something, and what has an id twice."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.ids: Counter[str] = Counter()
        self.links: list[str] = []
        self.headings: list[int] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.labels: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.tags[tag] += 1
        if tag not in VOID:
            self.open.append(tag)
        if values.get("id"):
            self.ids[str(values["id"])] += 1
        self.links += [str(value) for key, value in attrs if key in ("src", "href", "xlink:href", "action")]
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag in ("figure", "section") or values.get("role") == "region":
            self.labels.append(values.get("aria-label") or values.get("aria-labelledby") or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def example(**policy: Any) -> Household:
    document = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    document["policy"] |= policy
    return Household.from_dict(document)


@pytest.fixture(scope="module")
def planned() -> tuple[Household, Plan]:
    household = example()
    return household, rebalance(household)


def test_the_report_is_one_file_that_loads_nothing(planned: tuple[Household, Plan]) -> None:
    text = report_html(*planned)
    page = Page(text)
    assert page.open == []
    assert page.tags["script"] == page.tags["img"] == page.tags["link"] == 0
    assert all(link.startswith("#") for link in page.links)
    assert "@import" not in text
    assert re.findall(r"url\((?!#)", text) == []
    assert max(page.ids.values()) == 1


def test_headings_go_down_in_order_and_every_part_has_a_name(planned: tuple[Household, Plan]) -> None:
    page = Page(report_html(*planned))
    assert page.headings[0] == 1
    assert page.headings.count(1) == 1
    assert all(after <= before + 1 for before, after in zip(page.headings, page.headings[1:], strict=False))
    assert page.labels
    assert all(page.labels)
    assert page.tags["figure"] == 3
    assert page.tags["main"] == page.tags["header"] == page.tags["footer"] == 1


def test_the_report_says_what_the_plan_says(planned: tuple[Household, Plan]) -> None:
    household, plan = planned
    text = Page(report_html(household, plan)).text
    assert f"{len(plan.trades)} orders bring the household from 10.2% to 0.0% off target" in text
    assert dollars(plan.costs.do_nothing) in text
    assert dollars(plan.certificate.gap) in text
    for trade in plan.trades:
        assert trade.reason in text
        assert dollars(abs(trade.notional)) in text
    assert "ITOT, VTI" in text
    assert "Through December 20, 2026" in text


def test_account_numbers_are_masked_unless_asked_for(planned: tuple[Household, Plan]) -> None:
    hidden, shown = report_html(*planned), report_html(*planned, full_numbers=True)
    for account in planned[0].accounts:
        assert account.account_number not in hidden
        assert account.account_number in shown
    assert masked_number("JNT-4410", True) == "\u20264410"
    assert masked_number("4410", True) == "4410"


def test_the_same_plan_gives_the_same_bytes(planned: tuple[Household, Plan]) -> None:
    assert report_html(*planned) == report_html(*planned)


def test_names_are_text_and_never_markup() -> None:
    household = Household.from_dict(
        {
            "as_of": "2026-11-20",
            "prices": {"VTI": 250.0, EVIL: 50.0},
            "accounts": [
                {"label": EVIL, "account_number": EVIL, "cash": 5000.0, "positions": {"VTI": 2, EVIL: 10}}
            ],
            "model": {"name": EVIL, "targets": {EVIL: 0.5, "VTI": 0.5}},
        }
    )
    page = Page(report_html(household, rebalance(household)))
    assert page.tags["script"] == 0
    assert EVIL in page.text


def test_a_plan_without_orders_says_so() -> None:
    household = example(max_orders=0)
    text = Page(report_html(household, rebalance(household))).text
    assert "Nothing to trade" in text
    assert "no permitted trade is worth its cost" in text


@settings(max_examples=15)
@given(households("small"))
def test_every_household_has_a_report_and_its_accounts_add_up(household: Household) -> None:
    plan = rebalance(household)
    figures = figures_of(household, plan, masked=True)
    assert Page(report_html(household, plan)).open == []
    for row, account in zip(
        figures.accounts, sorted(household.accounts, key=lambda one: one.account_number), strict=True
    ):
        held = dict(account.positions)
        for trade in plan.trades:
            if trade.account_id == account.account_number:
                held[trade.symbol] = held.get(trade.symbol, 0.0) + trade.shares
        worth = sum(count * household.prices[symbol] for symbol, count in held.items() if count)
        assert row.value == pytest.approx(worth + row.cash_after, rel=1e-9, abs=0.02)


def test_the_chart_has_the_classes_that_are_furthest_off(planned: tuple[Household, Plan]) -> None:
    plan = planned[1]
    rows = drift_rows(plan, 2)
    assert {row.name for row in rows} == {"us_stock", "international_stock"}
    assert len(drift_rows(plan, 99)) == len(plan.classes)


def test_losses_close_the_window_of_identical_symbols(planned: tuple[Household, Plan]) -> None:
    ((until, (closed,)),) = figures_of(*planned, masked=True).closed
    assert until == date(2026, 12, 20)
    assert (closed.symbol, closed.symbols, closed.until) == ("VTI", ("ITOT", "VTI"), until)
    assert closed.loss == pytest.approx(809.09, abs=0.005)


def test_loss_sales_of_the_last_weeks_close_symbols_through_others_too() -> None:
    """WASH-0 and WASH-3: A is identical to C through B; day 30 still counts, day 31 does not."""
    recent = [
        {
            "account_number": "T",
            "symbol": "A",
            "shares": -5,
            "price": 9.0,
            "traded": "2026-10-21",
            "gain": -50.0,
        },
        {
            "account_number": "T",
            "symbol": "D",
            "shares": -5,
            "price": 9.0,
            "traded": "2026-10-20",
            "gain": -50.0,
        },
        {
            "account_number": "I",
            "symbol": "E",
            "shares": -5,
            "price": 9.0,
            "traded": "2026-11-01",
            "gain": -50.0,
        },
        {
            "account_number": "T",
            "symbol": "F",
            "shares": -5,
            "price": 9.0,
            "traded": "2026-11-01",
            "gain": 50.0,
        },
    ]
    household = Household.from_dict(
        {
            "as_of": "2026-11-20",
            "prices": dict.fromkeys("ABCDEF", 10.0),
            "accounts": [
                {"account_number": "T", "cash": 100.0, "kind": "taxable"},
                {"account_number": "I", "cash": 100.0, "kind": "tax_deferred"},
            ],
            "model": {"targets": {"CASH": 1.0}},
            "recent_trades": recent,
            "policy": {"wash_sales": {"identical": [["A", "B"], ["B", "C"]]}},
        }
    )
    ((until, (closed,)),) = figures_of(household, rebalance(household), masked=True).closed
    assert (until, closed.symbols, closed.loss) == (date(2026, 11, 20), ("A", "B", "C"), 50.0)


def test_gains_and_losses_are_told_by_term(planned: tuple[Household, Plan]) -> None:
    """The plan sells the lot of 60 VTI at a loss of $809.09, bought four months before."""
    short, long = figures_of(*planned, masked=True).realized
    assert (short.term, short.gains, round(short.losses, 2)) == ("short", 0.0, 809.09)
    assert (long.term, long.gains, long.losses) == ("long", 0.0, 0.0)


def test_the_tax_year_is_told_where_the_household_states_it() -> None:
    household = replace(example(), tax_year=YearSoFar(realized_long_term=4000.0, carried_long_term=2500.0))
    plan = rebalance(household)
    text = Page(report_html(household, plan)).text
    assert plan.tax_year is not None
    assert f"Tax of the year with the plan {dollars(plan.tax_year.tax)}" in text
    assert (
        "Tax of the year"
        not in Page(report_html(replace(household, tax_year=None), replace(plan, tax_year=None))).text
    )


def test_the_rule_against_losses_is_that_of_the_country(planned: tuple[Household, Plan]) -> None:
    household, plan = planned
    policy = replace(household.policy, tax=replace(household.policy.tax, regime="canada"))
    assert "disallows the loss (26 USC 1091)" in Page(report_html(household, plan)).text
    assert (
        "superficial (Income Tax Act, section 54)"
        in Page(report_html(replace(household, policy=policy), plan)).text
    )


def test_what_is_harvested_and_replaced_is_told(planned: tuple[Household, Plan]) -> None:
    sale = HarvestedSale(
        account_number="JNT-4410", symbol="VTI", shares=60.0, loss=809.09, tax_saved=283.18, deferred=121.36,
        replacement=("SCHB",), switch_back_from=date(2026, 12, 21),
    )  # fmt: skip
    plan = replace(
        planned[1], harvest=Harvested(loss=809.09, tax_saved=283.18, deferred=121.36, sales=(sale,))
    )
    text = Page(report_html(planned[0], plan)).text
    assert "$809.09 of losses save $283.18 of tax now; $121.36 of it is deferred" in text
    assert "VTI SCHB December 21, 2026 $809.09 $283.18 $121.36" in text


def test_a_report_of_many_orders_begins_with_the_largest() -> None:
    household = households_of_benchmarks.household("M", 3)
    plan = rebalance(household)
    largest = figures_of(household, plan, masked=True).largest(10)
    assert [abs(trade.notional) for _, trade in largest] == sorted(
        (abs(trade.notional) for trade in plan.trades), reverse=True
    )[:10]
    assert f"The 10 largest of {len(plan.trades)} orders" in Page(report_html(household, plan)).text


def test_a_household_of_too_many_classes_has_no_chart_of_them() -> None:
    household = households_of_benchmarks.household("XL", 3)
    page = Page(report_html(household, rebalance(household)))
    assert page.tags["figure"] == 2
    assert "too many for a chart" in page.text


def test_places_are_said_as_people_say_them(planned: tuple[Household, Plan]) -> None:
    said = {
        "accounts[JNT-4410].positions.VTI": "Joint brokerage, VTI",
        "accounts[JNT-4410].cash_reserve": "Joint brokerage, cash reserve",
        "accounts[JNT-4410]": "Joint brokerage",
        "accounts[other].positions.A_B": "other, A_B",
        "model.targets.us_stock": "us_stock",
        "policy.max_drift": "policy.max_drift",
    }
    assert {where: place(where, planned[0]) for where in said} == said


def test_assumptions_name_every_setting_that_is_not_usual() -> None:
    policy = example(max_orders=3, max_tax=1.5).policy
    said = dict(policy_words(policy, dollars, percent))
    assert said["Rates on gains"] == "35.0% short-term, 15.0% long-term; a loss is worth 50.0% of its rate"
    assert said["Bands"].startswith("5.0% or 25.0% of the target, whichever is less")
    assert said["Identical for wash sales"] == "VTI and ITOT; VXUS and IXUS"
    assert said["Location, cents a year a dollar"] == "bonds 0.8 taxable; real_estate 1 taxable"
    assert (said["max_orders"], said["max_tax"]) == ("3", "1.5")
    assert {name for name, _ in policy_words(Policy(), dollars, percent)} == {
        "Rates on gains", "Price of drift", "Bands", "Costs of trading", "Wash sales", "Smallest order",
    }  # fmt: skip


def test_the_rules_of_an_account_are_phrases(planned: tuple[Household, Plan]) -> None:
    rules = {account.label: account_words(account, dollars) for account in planned[0].accounts}
    assert rules["Ben 401(k)"] == ["only FXAIX, FTIHX, FXNAX may be bought"]
    assert rules["Joint brokerage"] == ["no buys of FXAIX, FTIHX, FXNAX", "$5,000.00 stay in cash"]


def test_a_report_is_written_whole_or_not_at_all(tmp_path: Path, planned: tuple[Household, Plan]) -> None:
    write_report(*planned, tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == report_html(*planned)
    with pytest.raises(ExportError, match="does not exist"):
        write_report(*planned, tmp_path / "no" / "report.html")


@pytest.mark.parametrize("module", ["jinja2", "matplotlib"])
def test_a_missing_library_is_named(
    module: str, planned: tuple[Household, Plan], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ExportError, match=rf"{module}.*pip install 'realloc\[report\]'"):
        report_html(*planned)


@pytest.mark.parametrize(
    ("amount", "text"),
    [(1234.5, "$1,234.50"), (-0.004, "$0.00"), (-2.0, "\u2212$2.00"), (0.005, "$0.01"), (0.0, "$0.00")],
)
def test_dollars_have_cents_and_a_true_minus(amount: float, text: str) -> None:
    assert dollars(amount + 1e-9 * (amount > 0)) == text


def test_percentages_are_to_the_tenth_and_shares_without_zeros() -> None:
    assert (percent(0.12345), percent(-0.0001), percent(-0.1)) == ("12.3%", "0.0%", "\u221210.0%")
    assert (shares(-1234.5), shares(2.0), shares(0.125)) == ("1,234.5", "2", "0.125")
    assert [compact(value) for value in (12, 350_000, 1_250_000, -2e9)] == ["$12", "$350k", "$1.25M", "-$2B"]
