"""Rules LEDGER-1 to LEDGER-13 of docs/spec/tax.md: wash sales of the United States."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realloc.accounts import AccountKind
from realloc.errors import InputError
from realloc.policy import Tax
from realloc.tax.history import DenialRules, History, Purchase, Sale, identities
from realloc.tax.ledger import Settlement, settle, tax_due
from realloc.tax.regimes import UnitedStates
from realloc.tax.wash import blocked_until

US = UnitedStates()


def day(text: str) -> date:
    return date.fromisoformat(text)


def buy(
    name: str,
    when: str,
    shares: float,
    total: float,
    *,
    account: str = "T",
    symbol: str = "X",
    owner: str = "",
    kind: AccountKind = "taxable",
) -> Purchase:
    return Purchase(
        account_number=account,
        id=name,
        symbol=symbol,
        shares=shares,
        cost_per_share=total / shares,
        bought=day(when),
        owner=owner,
        kind=kind,
    )


def sell(lot: str, when: str, shares: float, total: float, *, account: str = "T", symbol: str = "X") -> Sale:
    return Sale(
        account_number=account, symbol=symbol, shares=shares, price=total / shares, sold=day(when), lot=lot
    )


def worked_out(*trades: Purchase | Sale, rules: DenialRules | None = None) -> Settlement:
    return settle(
        US,
        History(
            purchases=tuple(each for each in trades if isinstance(each, Purchase)),
            sales=tuple(each for each in trades if isinstance(each, Sale)),
            rules=rules or DenialRules(),
        ),
    )


def net_gain(settlement: Settlement) -> Fraction:
    return settlement.recognized("short") + settlement.recognized("long")


def book(settlement: Settlement) -> list[tuple[str, int, float, str]]:
    return [
        (
            each.purchase.id,
            int(each.shares),
            float(each.shares * each.basis),
            each.held_from.isoformat(),
        )
        for each in settlement.book
    ]


@pytest.mark.parametrize(("paid", "basis"), [(90, 110.0), (70, 90.0)])
def test_ledger_11_basis_examples_1_and_2_of_26_cfr_1_1091_2(paid: float, basis: float) -> None:
    settlement = worked_out(
        buy("old", "1954-06-01", 1, 100), sell("old", "1955-01-15", 1, 80), buy("new", "1955-02-01", 1, paid)
    )
    assert net_gain(settlement) == 0
    assert [float(each.basis) for each in settlement.book] == [basis]


def test_ledger_8_fewer_bought_than_sold_irs_publication_550_the_figures_of_26_cfr_1_1091_1_h_2() -> None:
    settlement = worked_out(
        buy("m", "2009-09-24", 100, 5_000),
        buy("fifty", "2009-12-18", 50, 2_750),
        buy("twenty-five", "2009-12-28", 25, 1_125),
        sell("m", "2010-01-07", 100, 4_000),
    )
    assert settlement.disallowed == 750
    assert net_gain(settlement) == -250
    assert [(each.purchase.id, each.shares * each.basis) for each in settlement.book] == [
        ("fifty", Fraction(3_250)),
        ("twenty-five", Fraction(1_375)),
    ]


def test_ledger_8_seventy_five_replacements_in_two_lots_a_published_example() -> None:
    # 100 bought 2008-12-01 for 2,000; 50 for 1,200 and 25 for 650 in March 2009; all 100 sold for 1,300:
    # 525 denied, 175 allowed, bases 1,550 and 825, and the 116 days from December on are added.
    settlement = worked_out(
        buy("dec", "2008-12-01", 100, 2_000),
        buy("mar-1", "2009-03-01", 50, 1_200),
        buy("mar-10", "2009-03-10", 25, 650),
        sell("dec", "2009-03-27", 100, 1_300),
    )
    assert (settlement.disallowed, net_gain(settlement)) == (Fraction(525), Fraction(-175))
    assert book(settlement) == [
        ("mar-1", 50, 1_550.0, (day("2009-03-01") - timedelta(days=116)).isoformat()),
        ("mar-10", 25, 825.0, (day("2009-03-10") - timedelta(days=116)).isoformat()),
    ]


def test_ledger_8_more_bought_than_sold_only_the_earliest_replacements_take_the_loss() -> None:
    # The pattern of 26 CFR 1.1091-1(h) example 3: 100 sold for a loss of 1,000, then four purchases of 50.
    settlement = worked_out(
        buy("old", "1954-09-15", 100, 5_000),
        sell("old", "1955-02-01", 100, 4_000),
        *(buy(f"feb-{n}", f"1955-02-{n}", 50, 2_000) for n in (15, 16, 17, 18)),
    )
    assert net_gain(settlement) == 0
    assert [float(each.shares * each.basis) for each in settlement.book] == [2_500, 2_500, 2_000, 2_000]
    assert [each.replaces for each in settlement.book] == [True, True, False, False]


def test_ledger_11_irs_training_case_250_of_loss_goes_into_the_new_stock() -> None:
    settlement = worked_out(
        buy("a", "2024-03-01", 100, 1_000),
        sell("a", "2024-05-01", 100, 750),
        buy("b", "2024-05-20", 100, 800),
    )
    assert [float(each.shares * each.basis) for each in settlement.book] == [1_050.0]


@pytest.mark.parametrize(
    ("offset", "washed"), [(-31, False), (-30, True), (-1, True), (0, True), (30, True), (31, False)]
)
def test_ledger_6_the_window_is_61_days(offset: int, washed: bool) -> None:
    sold = day("2026-03-02")
    settlement = worked_out(
        buy("old", "2024-01-02", 10, 1_000),
        sell("old", "2026-03-02", 10, 900),
        buy("new", (sold + timedelta(days=offset)).isoformat(), 10, 950),
    )
    assert settlement.disallowed == (100 if washed else 0)


def test_ledger_7_the_rest_of_the_same_lot_is_no_replacement_rev_rul_56_602() -> None:
    # 200 bought on 1 March 2011 and 100 of them sold on 20 March: the other 100 do not wash the loss.
    settlement = worked_out(buy("lot", "2011-03-01", 200, 10_000), sell("lot", "2011-03-20", 100, 4_000))
    assert net_gain(settlement) == -1_000


def test_ledger_7_shares_sold_on_the_same_day_replace_nothing() -> None:
    settlement = worked_out(
        buy("one", "2026-01-05", 10, 1_000),
        buy("two", "2026-01-12", 10, 1_000),
        sell("one", "2026-01-20", 10, 900),
        sell("two", "2026-01-20", 10, 900),
    )
    assert net_gain(settlement) == -200


@pytest.mark.parametrize("kind", ["tax_deferred", "tax_exempt"])
def test_ledger_10_a_purchase_in_an_ira_loses_the_loss_for_good_rev_rul_2008_5(kind: AccountKind) -> None:
    # The pattern of the ruling: shares sold at a loss, and as many bought by the seller's IRA the next day.
    settlement = worked_out(
        buy("a", "2007-06-01", 100, 1_000),
        sell("a", "2007-12-20", 100, 600),
        buy("ira", "2007-12-21", 100, 610, account="IRA", kind=kind),
    )
    assert net_gain(settlement) == 0
    assert settlement.lost == 400
    assert [float(each.shares * each.basis) for each in settlement.book] == [610.0]


def test_ledger_9_a_spouse_s_purchase_counts_and_a_stranger_s_does_not() -> None:
    trades = (
        buy("a", "2025-06-02", 10, 1_000, owner="Ann"),
        sell("a", "2026-01-20", 10, 900),
        buy("b", "2026-01-30", 10, 900, account="B", owner="Bob"),
    )
    assert worked_out(*trades).disallowed == 100
    assert worked_out(*trades, rules=DenialRules(unrelated_owners=frozenset({"Bob"}))).disallowed == 0


def test_ledger_9_an_account_may_be_left_out() -> None:
    trades = (
        buy("a", "2025-06-02", 10, 1_000),
        sell("a", "2026-01-20", 10, 900),
        buy("b", "2026-01-30", 10, 900, account="401k", kind="tax_deferred"),
    )
    assert worked_out(*trades).lost == 100
    assert worked_out(*trades, rules=DenialRules(uncounted_accounts=frozenset({"401k"}))).lost == 0


def test_ledger_6_identical_symbols_wash_each_other_through_others() -> None:
    trades = (
        buy("a", "2025-06-02", 10, 1_000, symbol="VTI"),
        sell("a", "2026-01-20", 10, 900, symbol="VTI"),
        buy("b", "2026-01-30", 10, 900, symbol="ITOT"),
    )
    assert worked_out(*trades).disallowed == 0
    chained = DenialRules(identical=(("VTI", "VTSAX"), ("VTSAX", "ITOT")))
    assert worked_out(*trades, rules=chained).disallowed == 100
    assert set(identities(chained.identical).values()) == {"ITOT"}


def test_ledger_11_a_loss_rolls_through_a_chain_of_washes() -> None:
    settlement = worked_out(
        buy("a", "2025-01-02", 10, 1_000),
        sell("a", "2026-01-05", 10, 900),
        buy("b", "2026-01-10", 10, 900),
        sell("b", "2026-02-09", 10, 950),  # basis 1,000 by now: a loss of 50 that was a gain of 50
        buy("c", "2026-03-01", 10, 930),
    )
    assert settlement.disallowed == 150
    assert net_gain(settlement) == 0
    assert book(settlement)[0][:3] == ("c", 10, 980.0)


def test_ledger_12_the_holding_period_is_added_so_that_the_later_loss_can_be_long_term() -> None:
    settlement = worked_out(
        buy("a", "2025-01-02", 10, 1_000),
        sell("a", "2025-12-01", 10, 900),
        buy("b", "2025-12-10", 10, 900),
        sell("b", "2026-03-02", 10, 800),
    )
    assert [each.term for each in settlement.realized] == ["short", "long"]
    assert [int(settlement.recognized(term)) for term in ("short", "long")] == [0, -200]


def test_ledger_8_a_partly_washed_lot_is_split_at_the_matched_shares() -> None:
    settlement = worked_out(
        buy("a", "2025-01-02", 4, 400), sell("a", "2026-01-05", 4, 360), buy("b", "2026-01-10", 10, 900)
    )
    assert [(int(each.shares), int(each.basis), each.replaces) for each in settlement.book] == [
        (4, 100, True),
        (6, 90, False),
    ]


def test_ledger_5_of_a_split_lot_the_longest_held_shares_go_first_and_then_the_dearest() -> None:
    settlement = worked_out(
        buy("cheap", "2025-01-02", 1, 95),
        buy("dear", "2025-01-02", 1, 99, account="U"),
        buy("older", "2024-01-02", 1, 91, account="V"),
        sell("cheap", "2026-01-05", 1, 90),
        sell("dear", "2026-01-05", 1, 90, account="U"),
        sell("older", "2026-01-05", 1, 90, account="V"),
        buy("new", "2026-01-20", 4, 400),
        *(sell("new", f"2026-06-0{n}", 1, 100) for n in (1, 2, 3, 4)),
    )
    # 100 paid for each share; the washed ones have 101 (held since 2023), 109 and 105.
    assert [int(each.holding.basis) for each in settlement.realized[3:]] == [101, 109, 105, 100]


def test_ledger_13_nothing_identical_may_be_bought_until_the_window_ends() -> None:
    rules = DenialRules(identical=(("X", "Y"),), uncounted_accounts=frozenset({"401k"}))
    settlement = worked_out(
        buy("a", "2025-01-02", 10, 1_000),
        buy("b", "2025-01-03", 10, 1_000),
        sell("a", "2026-01-05", 10, 900),
        sell("b", "2026-01-15", 10, 900),
        rules=rules,
    )
    accounts = {"T": "", "IRA": "", "401k": ""}
    blocked = blocked_until(settlement.standing, rules, accounts)
    assert [(each.symbol, each.until, each.accounts) for each in blocked] == [
        ("X", day("2026-02-14"), ("IRA", "T")),
        ("Y", day("2026-02-14"), ("IRA", "T")),
    ]
    assert blocked_until(settlement.standing, rules, accounts, as_of=day("2026-02-15")) == ()
    late = replace(buy("late", "2026-02-15", 10, 900), bought=blocked[0].until + timedelta(days=1))
    first = worked_out(buy("b", "2025-01-03", 10, 1_000), sell("b", "2026-01-15", 10, 900), late, rules=rules)
    assert first.disallowed == 0


def test_ledger_13_a_gain_and_a_loss_that_is_washed_already_block_nothing() -> None:
    settlement = worked_out(
        buy("a", "2025-01-02", 10, 1_000),
        sell("a", "2026-01-05", 10, 900),
        buy("b", "2026-01-10", 10, 900),
        buy("g", "2025-01-02", 5, 100, symbol="G"),
        sell("g", "2026-01-05", 5, 900, symbol="G"),
    )
    assert blocked_until(settlement.standing, DenialRules(), {"T": ""}) == ()


def test_a_broker_that_reported_the_wash_is_not_corrected_twice() -> None:
    sale = replace(sell("a", "2026-01-05", 10, 900), reported=True)
    same = worked_out(buy("a", "2025-01-02", 10, 1_000), sale, buy("b", "2026-01-10", 10, 1_000))
    other = worked_out(buy("a", "2025-01-02", 10, 1_000), sale, buy("b", "2026-01-10", 10, 900, account="B"))
    assert [int(each.basis) for each in same.book] == [100]  # 90 paid, and 10 that the broker added
    assert [int(each.basis) for each in other.book] == [100]
    assert same.disallowed == other.disallowed == 100


def test_tax_is_due_on_what_counts() -> None:
    settlement = worked_out(
        buy("a", "2025-06-02", 10, 1_000),
        sell("a", "2026-01-05", 10, 900),
        buy("b", "2026-01-10", 5, 450),
        buy("g", "2020-01-02", 5, 100, symbol="G"),
        sell("g", "2026-01-05", 5, 900, symbol="G"),
    )
    tax = Tax(short_term_rate=0.4, long_term_rate=0.2, loss_value=0.5)
    assert tax_due(settlement, US, tax) == 800 * Fraction(1, 5) - 50 * Fraction(2, 5) / 2


@pytest.mark.parametrize(
    ("trades", "message"),
    [
        ((buy("a", "2025-01-02", 5, 10), sell("a", "2026-01-05", 6, 10)), "takes 1 shares more"),
        ((buy("a", "2026-01-06", 5, 10), sell("a", "2026-01-05", 5, 10)), "takes 5 shares more"),
        ((buy("a", "2025-01-02", 5, 10), buy("a", "2025-01-03", 5, 10)), "have the id 'a'"),
        ((replace(buy("a", "2025-01-02", 5, 10), shares=0),), "above zero"),
    ],
)
def test_a_ledger_that_cannot_be_is_refused(trades: tuple[Purchase | Sale, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        worked_out(*trades)


# The reference: one record for each single share, and loops.


@dataclass
class Share:
    purchase: Purchase
    basis: Fraction
    held: date
    used: bool = False
    sold: date | None = None
    gain: Fraction = Fraction(0)
    denied: Fraction = Fraction(0)
    lost: Fraction = Fraction(0)


def by_single_shares(history: History) -> list[Share]:
    shares = [
        Share(each, Fraction(str(each.cost_per_share)), each.bought)
        for each in history.purchases
        for _ in range(int(each.shares))
    ]
    same = {symbol for group in history.rules.identical for symbol in group}

    def label(symbol: str) -> str:
        return "one" if symbol in same else symbol

    for today in sorted({sale.sold for sale in history.sales}):
        sold_today: list[Share] = []
        for sale in history.sales:
            if sale.sold != today:
                continue
            of_lot = [
                share
                for share in shares
                if share.sold is None
                and (share.purchase.account_number, share.purchase.id) == (sale.account_number, sale.lot)
            ]
            of_lot.sort(key=lambda share: (share.held, -share.basis))
            for share in of_lot[: int(sale.shares)]:
                share.sold = today
                share.gain = Fraction(str(sale.price)) - share.basis
                sold_today.append(share)
        sold_today.sort(
            key=lambda share: (share.purchase.bought, share.purchase.account_number, share.purchase.id)
        )
        for lost in sold_today:
            if lost.gain >= 0 or lost.purchase.kind != "taxable":
                continue
            fitting = [
                share
                for share in shares
                if share.sold is None
                and not share.used
                and label(share.purchase.symbol) == label(lost.purchase.symbol)
                and abs((share.purchase.bought - today).days) <= 30
                and (share.purchase.account_number, share.purchase.id)
                != (lost.purchase.account_number, lost.purchase.id)
            ]
            if not fitting:
                continue
            taken = min(
                fitting,
                key=lambda share: (
                    share.purchase.bought,
                    share.purchase.kind == "taxable",
                    share.purchase.account_number,
                    share.purchase.id,
                ),
            )
            taken.used = True
            lost.denied = -lost.gain
            if taken.purchase.kind == "taxable":
                taken.basis += lost.denied
                taken.held -= today - lost.held
            else:
                lost.lost = lost.denied
    return shares


START = day("2026-01-01")
ACCOUNTS: tuple[tuple[str, AccountKind], ...] = (("T", "taxable"), ("U", "taxable"), ("R", "tax_exempt"))


@st.composite
def histories(draw: st.DrawFn) -> History:
    purchases = []
    for n in range(draw(st.integers(1, 6))):
        account, kind = draw(st.sampled_from(ACCOUNTS))
        purchases.append(
            Purchase(
                account_number=account,
                id=f"p{n}",
                symbol=draw(st.sampled_from(["A", "B", "C"])),
                shares=draw(st.integers(1, 5)),
                cost_per_share=draw(st.integers(5, 15)),
                bought=START + timedelta(days=draw(st.integers(0, 90))),
                kind=kind,
            )
        )
    sales = []
    for purchase in purchases:
        left = int(purchase.shares)
        for _ in range(draw(st.integers(0, 2))):
            if left:
                count = draw(st.integers(1, left))
                left -= count
                sales.append(
                    Sale(
                        account_number=purchase.account_number,
                        symbol=purchase.symbol,
                        shares=count,
                        price=draw(st.integers(5, 15)),
                        sold=purchase.bought + timedelta(days=draw(st.integers(0, 60))),
                        lot=purchase.id,
                    )
                )
    # Two sales of one lot on one day at two prices would leave open which shares went at which price.
    sales = list({(sale.lot, sale.sold): sale for sale in sales}.values())
    rules = DenialRules(identical=(("A", "B"),))
    return History(purchases=tuple(purchases), sales=tuple(sales), rules=rules)


@settings(max_examples=150)
@given(histories())
def test_ledger_8_agrees_with_single_shares(history: History) -> None:
    expected = by_single_shares(history)
    settlement = settle(US, history)
    taxed = [share for share in expected if share.sold and share.purchase.kind == "taxable"]
    assert sum((each.gain for each in settlement.realized), Fraction(0)) == sum(share.gain for share in taxed)
    assert settlement.disallowed == sum(share.denied for share in taxed)
    assert settlement.lost == sum(share.lost for share in taxed)
    found: dict[tuple[str, Fraction, date, bool], Fraction] = {}
    for each in settlement.book:
        key = (each.purchase.id, each.basis, each.held_from, each.replaces)
        found[key] = found.get(key, Fraction(0)) + each.shares
    left: dict[tuple[str, Fraction, date, bool], Fraction] = {}
    for share in expected:
        if share.sold is None:
            key = (share.purchase.id, share.basis, share.held, share.used)
            left[key] = left.get(key, Fraction(0)) + 1
    assert found == left


@settings(max_examples=80)
@given(histories())
def test_ledger_2_basis_and_recognized_gains_are_conserved_but_for_what_is_lost(history: History) -> None:
    settlement = settle(US, history)
    paid = sum(
        (
            Fraction(each.shares) * Fraction(each.cost_per_share)
            for each in history.purchases
            if each.kind == "taxable"
        ),
        Fraction(0),
    )
    kinds = {each.account_number: each.kind for each in history.purchases}
    received = sum(
        (
            Fraction(each.shares) * Fraction(each.price)
            for each in history.sales
            if kinds[each.account_number] == "taxable"
        ),
        Fraction(0),
    )
    left = sum(
        (each.shares * each.basis for each in settlement.book if each.purchase.kind == "taxable"), Fraction(0)
    )
    assert paid == left + received - net_gain(settlement) + settlement.lost


@settings(max_examples=80)
@given(histories())
def test_ledger_3_no_loss_is_denied_twice_and_no_share_denies_two(history: History) -> None:
    settlement = settle(US, history)
    for loss in settlement.realized:
        assert 0 <= settlement.denied(loss) <= max(Fraction(0), -loss.gain)
    used: dict[tuple[str, str], Fraction] = {}
    for each in settlement.replaced:
        key = (each.holding.purchase.account_number, each.holding.purchase.id)
        used[key] = used.get(key, Fraction(0)) + each.denial.shares
        assert abs((each.holding.purchase.bought - each.denial.realized.sale.sold).days) <= 30
    bought = {(each.account_number, each.id): each.shares for each in history.purchases}
    assert all(count <= bought[key] for key, count in used.items())


@given(histories(), st.randoms(use_true_random=False))
def test_ledger_1_the_order_of_the_rows_has_no_meaning(history: History, random: object) -> None:
    purchases, sales = list(history.purchases), list(history.sales)
    random.shuffle(purchases)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    random.shuffle(sales)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    shuffled = replace(history, purchases=tuple(purchases), sales=tuple(sales))
    assert settle(US, shuffled) == settle(US, history)


@given(histories(), st.integers(2, 50))
def test_money_scales(history: History, factor: int) -> None:
    larger = replace(
        history,
        purchases=tuple(
            replace(each, cost_per_share=each.cost_per_share * factor) for each in history.purchases
        ),
        sales=tuple(replace(each, price=each.price * factor) for each in history.sales),
    )
    one, many = settle(US, history), settle(US, larger)
    assert (many.disallowed, many.lost) == (one.disallowed * factor, one.lost * factor)
    assert net_gain(many) == net_gain(one) * factor


@given(histories())
def test_an_unrelated_symbol_changes_nothing(history: History) -> None:
    other = Purchase(
        account_number="T", id="z", symbol="Z", shares=7, cost_per_share=3, bought=START + timedelta(days=40)
    )
    gone = Sale(account_number="T", symbol="Z", shares=7, price=1, sold=START + timedelta(days=50), lot="z")
    wider = replace(history, purchases=(*history.purchases, other), sales=(*history.sales, gone))
    assert settle(US, wider).disallowed == settle(US, history).disallowed
