"""A plan and a household show themselves in a notebook as plain HTML tables."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

from realloc.errors import Issue
from realloc.household import Household
from realloc.plan import AccountCash, Certificate, ClassWeight, HouseholdTotals, Plan, PlanCosts
from realloc.trades import Trade

EVIL = "<script>alert('x')</script>&\""
PLAN = Plan(
    trades=(
        Trade("A1", "VTI", -1.5, price=100.0, notional=-150.0, sequence=1, reason=EVIL),
        Trade("A1", "BND", 1200, sequence=2),
    ),
    accounts=(AccountCash(account_number=EVIL, cash_before=1.0, cash_after=1234.5),),
    classes=(ClassWeight(name=EVIL, target=0.6, before=0.5, after=0.59, band=0.05, account="A1"),),
    household=HouseholdTotals(
        value=1e6, drift_before=0.1, drift_after=0.01, realized_short_term=-5.0, realized_long_term=7.0
    ),
    costs=PlanCosts(objective=1.0, do_nothing=2.0, drift=0.5, tax=0.5, trading=0.0, location=0.0),
    certificate=Certificate(status="certified", objective=1.0, bound=0.9, gap=0.1, gap_bps=0.01),
    issues=(Issue(code="x", where=EVIL, message=EVIL, hint=EVIL),),
)


class Tables(HTMLParser):
    """Reads the cells of all tables, and the tags."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self.tags: set[str] = set()
        self.open: list[str] = []
        self.bars: list[dict[str, str | None]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("meter", "br"):
            self.bars.append(dict(attrs))
            return
        assert not attrs
        self.tags.add(tag)
        self.open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "meter":
            return
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("td", "th"):
            self.tables[-1][-1][-1] += data


def test_a_plan_is_shown_as_tables_and_nothing_in_it_is_markup() -> None:
    shown = Tables(PLAN._repr_html_())
    assert shown.open == []
    assert shown.tags == {"div", "p", "b", "table", "thead", "tbody", "tr", "th", "td"}
    orders, classes, cash, issues = shown.tables
    assert orders[1:] == [
        ["1", "A1", "sell", "1.5", "VTI", "100.00", "-150.00", EVIL],
        ["2", "A1", "buy", "1,200", "BND", "", "", ""],
    ]
    assert classes[1] == [f"{EVIL} (A1)", "60.0%", "50.0%", "59.0%", "5.0%", ""]
    assert [bar.get("value") for bar in shown.bars if bar] == ["0.5000", "0.5900"]
    assert shown.bars[0]["low"] == "0.5500"
    assert shown.bars[0]["high"] == "0.6500"
    assert cash[1] == [EVIL, "1.00", "1,234.50", "0.00"]
    assert issues[1] == ["error", EVIL, EVIL, EVIL]
    text = PLAN._repr_html_()
    assert "<b>2 orders</b>, household value $1,000,000.00, drift 10.0% before, 1.0% after" in text
    assert "-$5.00 short-term, $7.00 long-term" in text


def test_a_plan_without_orders_shows_no_table_of_them() -> None:
    shown = Tables(replace(PLAN, trades=(), issues=())._repr_html_())
    assert [table[0][0] for table in shown.tables] == ["Class", "Account"]


def test_a_plan_gives_its_trades_as_a_table() -> None:
    assert PLAN.trades_frame("polars")["shares"].to_list() == [-1.5, 1200.0]


def test_a_household_is_shown_with_its_accounts_and_what_it_holds() -> None:
    household = Household.from_dict(
        {
            "as_of": "2026-11-20",
            "prices": {"VTI": 250.0, "<b>": 50.0},
            "accounts": [
                {"label": EVIL, "account_number": "A1", "cash": 500.0, "positions": {"VTI": 2, "<b>": 10}},
                {"label": "IRA", "account_number": "A2", "cash": 0.0, "positions": {"VTI": 2}},
            ],
            "model": {"name": "all", "targets": {"VTI": 1.0}},
        }
    )
    shown = Tables(household._repr_html_())
    accounts, held = shown.tables
    assert accounts[1:] == [
        [EVIL, "A1", "taxable", "500.00", "1,500.00"],
        ["IRA", "A2", "taxable", "0.00", "500.00"],
    ]
    assert held[1:] == [
        ["VTI", "1,000.00", "50.0%", ""],
        ["<b>", "500.00", "25.0%", ""],
        ["CASH", "500.00", "25.0%", ""],
    ]
    assert [bar["value"] for bar in shown.bars] == ["0.5000", "0.2500", "0.2500"]
    assert "<b>$2,000.00</b> in 2 accounts" in household._repr_html_()
