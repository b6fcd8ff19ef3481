"""Properties of the audit: a second evaluation in fractions, and what must not change a finding."""

from __future__ import annotations

import ast
import copy
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from realloc import audit
from realloc.audit import AuditReport, audit_trades
from realloc.household import Household
from realloc.trades import LotSale, Trade

Document = dict[str, Any]
AS_OF = date(2026, 3, 1)
SYMBOLS = ("A", "B", "C", "D")
CLASSES: Document = {
    "stock": {"symbols": {"A": 1.0, "B": 0.6}, "band": {"absolute": 0.03}},
    "bonds": {"symbols": {"B": 0.3}, "band": {"relative": 0.5}},
}

shares = st.integers(1, 400).map(lambda n: n / 8)
cents = st.integers(1, 20_000).map(lambda n: n / 100)
days = st.sampled_from([0, 1, 29, 30, 31, 32, 364, 365, 366, 367, 2000])


@st.composite
def accounts(draw: st.DrawFn, number: str) -> Document:
    """Return an account with or without lots, targets of its own and rules."""
    positions: dict[str, float] = {}
    lots: list[Document] = []
    for symbol in draw(st.sets(st.sampled_from(SYMBOLS))):
        taken = draw(st.lists(st.tuples(shares, cents, days), max_size=3))
        for n, (held, cost, age) in enumerate(taken):
            acquired = (AS_OF - timedelta(days=age)).isoformat()
            lots.append(
                {
                    "symbol": symbol,
                    "shares": held,
                    "cost_per_share": cost,
                    "acquired": acquired,
                    "id": f"{symbol}{n}",
                }
            )
        positions[symbol] = sum(held for held, _, _ in taken) or draw(shares)
    return {
        "label": number,
        "account_number": number,
        "cash": draw(cents),
        "positions": positions,
        "lots": lots,
        "kind": draw(st.sampled_from(["taxable", "taxable", "tax_deferred", "tax_exempt"])),
        "targets": draw(st.sampled_from([{}, {}, {"bonds": 2, "C": 1}, {"stock": 0.3, "CASH": 0.7}])),
        "cash_reserve": draw(st.sampled_from([0, 0, 50.05])),
        "cash_flow": draw(st.sampled_from([0, -20.5, 33.333])),
        "no_buy": draw(st.sampled_from([[], ["B"]])),
        "no_sell": draw(st.sampled_from([[], ["A"]])),
        "do_not_trade": draw(st.sampled_from([False, False, False, True])),
        "fractional": draw(st.booleans()),
        "location_cost": draw(st.sampled_from([{}, {"C": 0.01, "bonds": 0.003}])),
    }


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Return a household of one to three accounts."""
    recent = st.fixed_dictionaries(
        {
            "account_number": st.sampled_from(["N0", "N1", "elsewhere"]),
            "symbol": st.sampled_from(SYMBOLS),
            "shares": st.sampled_from([5, -5]),
            "price": st.just(10),
            "traded": days.map(lambda age: (AS_OF - timedelta(days=age)).isoformat()),
            "gain": st.sampled_from([-3, 3]),
        }
    )
    return {
        "as_of": AS_OF.isoformat(),
        "prices": {
            symbol: {"price": draw(cents), "spread_bps": draw(st.integers(0, 60))} for symbol in SYMBOLS
        },
        "accounts": [draw(accounts(f"N{n}")) for n in range(draw(st.integers(1, 3)))],
        "model": {
            "name": "m",
            "targets": draw(st.sampled_from([{"stock": 3, "C": 1, "CASH": 2}, {"bonds": 0.7}, {"D": 1}])),
            "classes": CLASSES,
        },
        "recent_trades": draw(st.lists(recent, max_size=2)),
        "policy": {
            "costs": {"commission": draw(st.sampled_from([0, 1.25])), "order": 2},
            "min_trade_value": draw(st.sampled_from([0, 100.5])),
            "wash_sales": {"identical": draw(st.sampled_from([[], [["A", "D"], ["D", "C"]]]))},
            "location": {"stock": {"tax_exempt": 0.002}, "CASH": {"taxable": 0.001}},
        },
    }


@st.composite
def cases(draw: st.DrawFn) -> tuple[Document, list[Trade]]:
    """Return a household and anyone's trades in it, each symbol at most once in an account."""
    document = draw(documents())
    trades = []
    for account in document["accounts"]:
        for symbol in draw(st.sets(st.sampled_from(SYMBOLS), max_size=3)):
            amount = draw(st.integers(1, 60)) / draw(st.sampled_from([1, 1, 8]))
            lots = [lot for lot in account["lots"] if lot["symbol"] == symbol]
            sells = draw(st.booleans())
            named = draw(st.lists(st.sampled_from(lots), unique_by=lambda lot: lot["id"])) if lots else []
            takings = tuple(
                LotSale(
                    id=lot["id"],
                    shares=draw(st.sampled_from([lot["shares"], 1.0])),
                    cost_per_share=lot["cost_per_share"],
                    acquired=date.fromisoformat(lot["acquired"]),
                    term="long",
                    gain=0.0,
                )
                for lot in named
            )
            if sells and takings:
                amount = sum(taking.shares for taking in takings)
            trades.append(
                Trade(
                    account["account_number"],
                    symbol,
                    -amount if sells else amount,
                    lots=takings if sells else (),
                )
            )
    return document, trades


def rational(number: float) -> Fraction:
    """Return what the shortest text of a float says."""
    return Fraction(str(number))


class Second:
    """A second evaluation of a household and trades, straight from the rules, in fractions."""

    def __init__(self, document: Document, trades: list[Trade]) -> None:
        self.document = document
        self.trades = trades
        self.accounts = {account["account_number"]: account for account in document["accounts"]}
        self.price = {symbol: rational(quote["price"]) for symbol, quote in document["prices"].items()}
        self.half = {
            symbol: self.price[symbol] * rational(quote["spread_bps"]) / 20_000
            for symbol, quote in document["prices"].items()
        }

    def takings(self, trade: Trade) -> list[tuple[Fraction, Document]]:
        """Return shares and lot of a sale; the oldest first where it names none and is taxed."""
        account = self.accounts[trade.account_id]
        lots = {lot["id"]: lot for lot in account["lots"] if lot["symbol"] == trade.symbol}
        if trade.shares > 0 or account["kind"] != "taxable":
            return []
        if trade.lots:
            return [(rational(taking.shares), lots[taking.id]) for taking in trade.lots]
        taken = []
        left = -rational(trade.shares)
        for lot in sorted(
            lots.values(), key=lambda lot: (lot["acquired"], lot["cost_per_share"], lot["shares"], lot["id"])
        ):
            part = min(left, rational(lot["shares"]))
            taken.append((part, lot))
            left -= part
        return [(part, lot) for part, lot in taken if part]

    def gain(self, symbol: str, part: Fraction, lot: Document) -> Fraction:
        return (self.price[symbol] - self.half[symbol] - rational(lot["cost_per_share"])) * part

    def tax(self) -> Fraction:
        total = Fraction(0)
        for trade in self.trades:
            for part, lot in self.takings(trade):
                day = date.fromisoformat(lot["acquired"]) + timedelta(days=1)
                anniversary = (
                    date(day.year + 1, 3, 1)
                    if (day.month, day.day) == (2, 29)
                    else day.replace(year=day.year + 1)
                )
                rate = Fraction(1, 5) if anniversary <= AS_OF else Fraction(37, 100)
                gain = self.gain(trade.symbol, part, lot)
                total += gain * rate * (1 if gain > 0 else Fraction(1, 2))
        return total

    def trading(self) -> Fraction:
        each = rational(self.document["policy"]["costs"]["commission"]) + 2
        return sum(
            (self.half[trade.symbol] * abs(rational(trade.shares)) + each for trade in self.trades),
            Fraction(0),
        )

    def cash(self, number: str, trades: list[Trade]) -> Fraction:
        account = self.accounts[number]
        total = rational(account["cash"]) + rational(account["cash_flow"])
        for trade in trades:
            if trade.account_id == number:
                count, price, half = rational(trade.shares), self.price[trade.symbol], self.half[trade.symbol]
                total -= count * price + abs(count) * half
                total -= rational(self.document["policy"]["costs"]["commission"])
        return total

    def held(self, number: str, symbol: str, trades: list[Trade]) -> Fraction:
        traded = [t.shares for t in trades if (t.account_id, t.symbol) == (number, symbol)]
        return sum(
            (rational(part) for part in traded),
            rational(self.accounts[number]["positions"].get(symbol, 0)),
        )

    def location(self, trades: list[Trade]) -> Fraction:
        total = Fraction(0)
        for number, account in self.accounts.items():
            for symbol in SYMBOLS:
                rate = Fraction(0)
                stock = rational(CLASSES["stock"]["symbols"].get(symbol, 0))
                bonds = rational(CLASSES["bonds"]["symbols"].get(symbol, 0))
                if account["kind"] == "tax_exempt":
                    rate += Fraction(2, 1000) * stock
                rate += rational(account["location_cost"].get("bonds", 0)) * bonds
                rate += rational(account["location_cost"].get(symbol, 0))
                total += rate * self.held(number, symbol, trades) * self.price[symbol]
            if account["kind"] == "taxable":
                total += Fraction(1, 1000) * self.cash(number, trades)
        return total

    def deviations(self, trades: list[Trade]) -> Iterator[tuple[Fraction, Fraction]]:
        """Yield the deviation of each group and the half-width of its band, dollars."""
        shared = [number for number, account in self.accounts.items() if not account["targets"]]
        scopes = [(shared, self.document["model"]["targets"], [*CLASSES])] if shared else []
        scopes += [([n], a["targets"], []) for n, a in self.accounts.items() if a["targets"]]
        for numbers, targets, always in scopes:
            value = sum((self.cash(number, []) for number in numbers), Fraction(0))
            value += sum(
                (self.held(n, symbol, []) * self.price[symbol] for n in numbers for symbol in SYMBOLS),
                Fraction(0),
            )
            total = sum((rational(weight) for weight in targets.values()), Fraction(0))
            names = sorted({*always, *targets, "CASH"})
            covered = {s for name in names for s in CLASSES.get(name, {"symbols": {name: 1}})["symbols"]}
            held = {s for n in numbers for s in self.accounts[n]["positions"]}
            for name in [*names, *sorted(held - covered)]:
                weight = rational(targets.get(name, 0)) / total
                if name == "CASH":
                    amount = sum((self.cash(number, trades) for number in numbers), Fraction(0))
                else:
                    parts = CLASSES.get(name, {"symbols": {name: 1.0}})["symbols"]
                    amount = sum(
                        (
                            self.held(number, symbol, trades) * self.price[symbol] * rational(part)
                            for number in numbers
                            for symbol, part in parts.items()
                        ),
                        Fraction(0),
                    )
                width = {"stock": Fraction(3, 100), "bonds": weight / 2}.get(
                    name, min(Fraction(1, 20), weight / 4)
                )
                yield abs(amount - weight * value), width * max(value, Fraction(0))

    def drift_cost(self, trades: list[Trade]) -> Fraction:
        return sum(
            (
                min(off, band) * Fraction(4, 1000) + max(off - band, Fraction(0)) * Fraction(6, 100)
                for off, band in self.deviations(trades)
            ),
            Fraction(0),
        )

    def broken(self) -> set[tuple[str, int]]:
        """Return the rules of orders and wash sales that are broken, each with the trade that breaks it."""
        broken: set[tuple[str, int]] = set()
        groups = [{symbol} for symbol in SYMBOLS]
        if self.document["policy"]["wash_sales"]["identical"]:
            groups = [{"A", "C", "D"}, {"B"}]
        for n, trade in enumerate(self.trades):
            account, symbol = self.accounts[trade.account_id], trade.symbol
            peers = next(group for group in groups if symbol in group)
            held, size = rational(account["positions"].get(symbol, 0)), abs(rational(trade.shares))
            targets = account["targets"] or self.document["model"]["targets"]
            classes = [name for name in CLASSES if symbol in CLASSES[name]["symbols"]]
            step = 1000 if account["fractional"] else 1
            buys = trade.shares > 0
            supply = {lot["id"]: rational(lot["shares"]) for lot in account["lots"]}
            recent = [
                past
                for past in self.document["recent_trades"]
                if past["symbol"] in peers and (AS_OF - date.fromisoformat(past["traded"])).days <= 30
            ]
            young = [
                lot
                for other in self.accounts.values()
                for lot in other["lots"]
                if lot["symbol"] in peers and (AS_OF - date.fromisoformat(lot["acquired"])).days <= 30
            ]
            taxed = {number for number, other in self.accounts.items() if other["kind"] != "taxable"}
            lossy = [
                sale
                for sale in self.trades
                if sale.symbol in peers
                and any(self.gain(sale.symbol, part, lot) < 0 for part, lot in self.takings(sale))
            ]
            rules = {
                "DNT-1": account["do_not_trade"],
                "BUY-1": buys
                and (
                    not any(targets.get(name, 0) > 0 for name in [symbol, *classes])
                    or symbol in account["no_buy"]
                ),
                "SELL-1": not buys
                and (
                    size > held
                    or symbol in account["no_sell"]
                    or any(rational(sale.shares) > supply[sale.id] for sale in trade.lots)
                ),
                "QTY-1": (size * step).denominator != 1 and (buys or size != held),
                "QTY-3": size * self.price[symbol] < rational(self.document["policy"]["min_trade_value"]),
                "WASH-1": buys and bool(lossy),
                "WASH-2": trade in lossy and bool(young or any(past["shares"] > 0 for past in recent)),
                "WASH-3": buys
                and any(
                    past["shares"] < 0 and past["gain"] < 0 and past["account_number"] not in taxed
                    for past in recent
                ),
            }
            broken |= {(code, n) for code, is_broken in rules.items() if is_broken}
        return broken


def near(exact: Decimal, fraction: Fraction) -> bool:
    return abs(Fraction(exact) - fraction) < Fraction(1, 10**40)


@given(cases())
def test_every_figure_agrees_with_a_second_evaluation_in_fractions(
    case: tuple[Document, list[Trade]],
) -> None:
    document, trades = case
    report, second = audit_trades(Household.from_dict(document), trades), Second(document, trades)
    costs = report.costs
    assert [Fraction(item.cash_exact) for item in report.accounts] == [
        second.cash(number, trades) for number in sorted(second.accounts)
    ]
    assert Fraction(costs.tax) == second.tax()
    assert Fraction(costs.trading) == second.trading()
    assert Fraction(costs.location) == second.location(trades)
    assert near(costs.drift, second.drift_cost(trades))
    assert near(costs.do_nothing, second.drift_cost([]) + second.location([]))
    value = Fraction(report.household.value)
    for drift, made in ((report.household.drift_before, []), (report.household.drift_after, trades)):
        off = sum((off for off, _ in second.deviations(made)), Fraction(0))
        assert near(drift, off / (2 * value) if value > 0 else Fraction(0))


@given(cases())
def test_broken_rules_of_orders_agree_with_a_second_evaluation(case: tuple[Document, list[Trade]]) -> None:
    document, trades = case
    codes = {"DNT-1", "BUY-1", "SELL-1", "QTY-1", "QTY-3", "WASH-1", "WASH-2", "WASH-3"}
    report = audit_trades(Household.from_dict(document), trades)
    found = {(finding.code, int(finding.where[7:-1])) for finding in report.errors if finding.code in codes}
    assert found == Second(document, trades).broken()


@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_rows_has_no_meaning(case: tuple[Document, list[Trade]], random: Any) -> None:
    document, trades = case
    shuffled = copy.deepcopy(document)
    for rows in (shuffled["accounts"], shuffled["recent_trades"], *(a["lots"] for a in shuffled["accounts"])):
        random.shuffle(rows)
    for table in ("prices", *range(len(shuffled["accounts"]))):
        parent = shuffled if table == "prices" else shuffled["accounts"][table]
        key = "prices" if table == "prices" else "positions"
        items = list(parent[key].items())
        random.shuffle(items)
        parent[key] = dict(items)
    assert audit_trades(Household.from_dict(document), trades) == audit_trades(
        Household.from_dict(shuffled), trades
    )


@given(cases())
def test_figures_in_dollars_scale_with_money(case: tuple[Document, list[Trade]]) -> None:
    document, trades = case
    scaled = copy.deepcopy(document)
    for quote in scaled["prices"].values():
        quote["price"] = float(Decimal(str(quote["price"])) * 1000)
    for account in scaled["accounts"]:
        for row, keys in (
            (account, ("cash", "cash_reserve", "cash_flow")),
            *((lot, ("cost_per_share",)) for lot in account["lots"]),
        ):
            row.update({key: float(Decimal(str(row[key])) * 1000) for key in keys})
    policy = scaled["policy"]
    policy["min_trade_value"] *= 1000
    policy["costs"] = {name: amount * 1000 for name, amount in policy["costs"].items()}
    small = audit_trades(Household.from_dict(document), trades)
    large = audit_trades(Household.from_dict(scaled), trades)
    assert large.costs.tax == 1000 * small.costs.tax
    assert large.costs.trading == 1000 * small.costs.trading
    assert large.costs.location == 1000 * small.costs.location
    assert near(large.costs.objective, 1000 * Fraction(small.costs.objective))
    assert near(large.costs.do_nothing, 1000 * Fraction(small.costs.do_nothing))
    assert large.household.value == 1000 * small.household.value
    assert near(large.household.drift_after, Fraction(small.household.drift_after))
    assert [item.cash_exact for item in large.accounts] == [1000 * item.cash_exact for item in small.accounts]
    kept = [(f.code, f.where) for f in small.findings if not f.code.startswith("CASH")]
    assert [(f.code, f.where) for f in large.findings if not f.code.startswith("CASH")] == kept


@given(cases(), cents)
def test_another_account_changes_no_finding_of_the_others(
    case: tuple[Document, list[Trade]], cash: float
) -> None:
    document, trades = case
    grown = copy.deepcopy(document)
    grown["accounts"].append({"label": "Z", "account_number": "Z9", "cash": cash, "positions": {"B": 3}})

    def findings(report: AuditReport) -> list[Any]:
        return [finding for finding in report.findings if "Z9" not in finding.where]

    assert findings(audit_trades(Household.from_dict(grown), trades)) == findings(
        audit_trades(Household.from_dict(document), trades)
    )


anything = st.one_of(
    st.floats(),
    st.integers(),
    st.none(),
    st.text(max_size=3),
    st.booleans(),
    st.sampled_from([1.0, -1.0, 5e-324]),
)


@given(
    documents(),
    st.lists(
        st.tuples(
            st.sampled_from(["N0", "N1", "", "n0"]),
            st.sampled_from([*SYMBOLS, "CASH", "", "Q"]),
            anything,
            st.lists(st.tuples(st.sampled_from(["A0", "B0", "Q"]), anything), max_size=2),
        ),
        max_size=6,
    ),
)
def test_no_list_of_trades_is_an_exception(document: Document, rows: list[Any]) -> None:
    trades = [
        Trade(
            account,
            symbol,
            amount,
            lots=tuple(
                LotSale(id=name, shares=part, cost_per_share=1.0, acquired=AS_OF, term="long", gain=0.0)
                for name, part in lots
            ),
        )
        for account, symbol, amount, lots in rows
    ]
    report = audit_trades(Household.from_dict(document), trades)
    assert report.household.orders <= len(trades)
    assert all(amount.is_finite() for amount in (report.costs.objective, report.household.value))
    assert all(str(finding) for finding in report.findings)


def test_the_audit_shares_no_code_with_what_makes_plans() -> None:
    domain = {"_reading", "accounts", "audit", "errors", "household", "models", "plan"}
    domain |= {"harvested", "modes", "policy", "returns", "trades"}
    sources = list(Path(audit.__file__).parent.glob("*.py"))
    imported = {
        name
        for source in sources
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for name in (
            [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
        )
    }
    assert len(sources) > 1
    for name in imported:
        room, *rest = name.split(".")
        assert room in sys.stdlib_module_names or (room == "realloc" and rest[0] in domain), name
