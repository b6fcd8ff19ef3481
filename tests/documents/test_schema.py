"""The published schemas and the reader accept and refuse the same documents."""

from __future__ import annotations

import copy
import math
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from realloc.documents import schema
from realloc.errors import InputError
from realloc.household import Household

SYMBOLS = ("VTI", "BND", "VXUS", "BRK.B")
HOUSEHOLD = Draft202012Validator(schema("household"), format_checker=FormatChecker())
TODAY = date(2026, 11, 20)

symbols = st.sampled_from(SYMBOLS)
dates = st.dates(date(1990, 1, 1), date(2026, 11, 19)).map(date.isoformat)
dollars = st.integers(0, 10_000_000).map(lambda cents: cents / 100)
signed = st.integers(-1_000_000, 1_000_000).map(lambda cents: cents / 100)
positive = st.integers(1, 1_000_000).map(lambda cents: cents / 100)
fractions = st.integers(0, 100).map(lambda percent: percent / 100)
bands = st.fixed_dictionaries({"absolute": fractions}, optional={"relative": fractions | st.none()})
lots = st.fixed_dictionaries(
    {"symbol": symbols, "shares": positive, "cost_per_share": dollars, "acquired": dates},
    optional={"id": st.just("x")},
)
accounts = st.fixed_dictionaries(
    {"account_number": st.sampled_from(["A1", "B2"]), "cash": dollars},
    optional={
        "label": st.sampled_from(["IRA", "Joint"]),
        "positions": st.dictionaries(symbols, dollars),
        "targets": st.dictionaries(symbols, fractions),
        "enforce_no_negative_positions": st.booleans(),
        "kind": st.sampled_from(["taxable", "tax_deferred", "tax_exempt"]),
        "owner": st.just("Ann"),
        "lots": st.lists(lots, max_size=2),
        "cash_reserve": dollars,
        "cash_flow": signed,
        "only": st.none() | st.lists(symbols, max_size=2),
        "no_buy": st.lists(symbols, max_size=2),
        "no_sell": st.lists(symbols, max_size=2),
        "do_not_trade": st.booleans(),
        "max_position_value": st.none() | dollars,
        "fractional": st.booleans(),
        "location_cost": st.dictionaries(symbols, signed),
    },
)
classes = st.fixed_dictionaries(
    {"symbols": st.lists(symbols, unique=True) | st.dictionaries(symbols, fractions)},
    optional={"band": bands},
)
models = st.fixed_dictionaries(
    {"targets": st.dictionaries(symbols, fractions)},
    optional={
        "name": st.just("60/40"),
        "enforce_long_only": st.booleans(),
        "classes": st.dictionaries(st.sampled_from(["stock", "bonds", "CASH"]), classes),
    },
) | st.fixed_dictionaries({"label": st.just("Balanced"), "targets": st.dictionaries(symbols, fractions)})
returns = st.fixed_dictionaries(
    {"yield": fractions, "growth": fractions},
    optional={"qualified": st.just(0.6), "exempt": st.just(0.4), "turnover": fractions},
)
policies = st.fixed_dictionaries(
    {},
    optional={
        "drift": st.just({"inside_band": 0.001, "outside_band": 0.1}),
        "band": bands,
        "tax": st.fixed_dictionaries(
            {},
            optional={
                "regime": st.sampled_from(["us", "canada"]),
                "short_term_rate": fractions,
                "loss_value": fractions,
            },
        ),
        "costs": st.fixed_dictionaries(
            {}, optional={"spread_bps": fractions, "commission": dollars, "order": dollars}
        ),
        "min_trade_value": dollars,
        "max_orders": st.none() | st.integers(0, 50),
        "max_realized_gain": st.none() | dollars,
        "max_tax": st.none() | dollars,
        "max_drift": st.none() | fractions,
        "wash_sales": st.fixed_dictionaries(
            {},
            optional={
                "avoid": st.booleans(),
                "window_days": st.integers(0, 60),
                "identical": st.just([["VTI", "ITOT"]]),
            },
        ),
        "location": st.dictionaries(
            symbols, st.dictionaries(st.sampled_from(["taxable", "tax_exempt"]), signed)
        ),
        "location_preference": st.dictionaries(
            symbols, st.lists(st.sampled_from(["taxable", "tax_deferred", "tax_exempt"]), unique=True)
        ),
        "mirror": st.booleans(),
        "after_tax_weights": st.dictionaries(st.sampled_from(["taxable", "tax_deferred"]), st.just(0.75)),
        "location_from_returns": st.booleans() | st.dictionaries(symbols, returns),
        "location_terms": st.fixed_dictionaries(
            {},
            optional={
                "preference_step": st.just(0.001),
                "withdrawal_rate": fractions,
                "horizon_years": st.just(30),
            },
        ),
        "mode": st.sampled_from(["full", "outside_band", "invest_cash", "raise_cash", "harvest", "hold"]),
        "destination": st.sampled_from(["target", "midpoint", "edge"]),
        "harvest": st.none()
        | st.fixed_dictionaries({}, optional={"min_loss": dollars, "min_loss_fraction": fractions}),
        "partial": st.none() | st.just({"sell": "VTI", "buy": "BND"}),
    },
) | st.just({"mode": "partial", "partial": {"sell": "VTI", "buy": "BND"}})
recent = st.fixed_dictionaries(
    {"account_number": st.just("A1"), "symbol": symbols, "shares": signed, "traded": dates},
    optional={"price": dollars, "gain": st.none() | signed},
)
households = st.fixed_dictionaries(
    {
        "prices": st.dictionaries(
            symbols, positive | st.fixed_dictionaries({"price": positive}, optional={"spread_bps": fractions})
        ),
        "accounts": st.lists(accounts, max_size=2),
        "model": models,
    },
    optional={"as_of": dates, "recent_trades": st.lists(recent, max_size=2), "policy": policies},
)
WRONG: tuple[Any, ...] = (
    None,
    True,
    "text",
    "",
    " ",
    -1,
    0,
    2.5,
    1e16,
    10**400,
    [],
    [""],
    {},
    {"": 1},
    {"a": None},
    [3],
)


def read(document: Any) -> list[str]:
    """Return the messages of the reader; account numbers are left to the check of the household."""
    try:
        household = Household.from_dict(document, today=TODAY)
    except InputError as error:
        return [str(issue) for issue in error.issues]
    return ["missing account number" for account in household.accounts if not account.account_number]


def schema_faults(document: Any) -> list[str]:
    return [f"{fault.json_path}: {fault.message}" for fault in HOUSEHOLD.iter_errors(document)]


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every container with each of its keys, depth first."""
    for key in (
        list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    ):
        yield value, key
        yield from places(value[key])


@pytest.mark.parametrize("name", ["household", "plan"])
def test_each_schema_is_itself_valid(name: Any) -> None:
    Draft202012Validator.check_schema(schema(name))


def test_an_unknown_schema_name_is_an_error() -> None:
    with pytest.raises(ValueError, match="no schema named 'plans'"):
        schema("plans")  # type: ignore[arg-type]  # the mistake under test


@given(households)
def test_schema_and_reader_accept_the_same_valid_documents(document: dict[str, Any]) -> None:
    assert read(document) == []
    assert schema_faults(document) == []


@given(households, st.data())
def test_schema_and_reader_judge_a_mutated_document_alike(
    document: dict[str, Any], data: st.DataObject
) -> None:
    mutated = copy.deepcopy(document)
    container, key = data.draw(st.sampled_from(list(places(mutated))))
    kind = data.draw(st.sampled_from(["replace", "delete", "add"]))
    if kind == "replace":
        container[key] = data.draw(st.sampled_from(WRONG))
    elif kind == "delete":
        del container[key]
    elif isinstance(container, dict):
        container["unknown key"] = data.draw(st.sampled_from(WRONG))
    drift = mutated.get("policy", {}).get("drift", {}) if isinstance(mutated.get("policy"), dict) else {}
    inside = drift.get("inside_band", 0.004) if isinstance(drift, dict) else 0.0
    outside = drift.get("outside_band", 0.06) if isinstance(drift, dict) else 0.0
    if isinstance(inside, (int, float)) and isinstance(outside, (int, float)) and outside < inside:
        return  # a schema cannot compare two numbers
    assert bool(read(mutated)) == bool(schema_faults(mutated)), (read(mutated), schema_faults(mutated))


def test_the_schema_describes_every_key_that_the_reader_knows() -> None:
    """An unknown key's hint lists the known ones, which are compared with the schema's."""
    document = schema("household")
    sections: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "household": ({"?": 1}, document),
        "account": ({"accounts": [{"?": 1}]}, document["$defs"]["account"]),
        "lot": ({"accounts": [{"lots": [{"?": 1}]}]}, document["$defs"]["lot"]),
        "model": ({"model": {"?": 1}}, document["$defs"]["model"]),
        "class": ({"model": {"classes": {"a": {"?": 1}}}}, document["$defs"]["class"]),
        "recent trade": ({"recent_trades": [{"?": 1}]}, document["$defs"]["recent_trade"]),
        "policy": ({"policy": {"?": 1}}, document["$defs"]["policy"]),
        "drift": ({"policy": {"drift": {"?": 1}}}, document["$defs"]["policy"]["properties"]["drift"]),
        "tax": ({"policy": {"tax": {"?": 1}}}, document["$defs"]["policy"]["properties"]["tax"]),
        "costs": ({"policy": {"costs": {"?": 1}}}, document["$defs"]["policy"]["properties"]["costs"]),
        "harvest": ({"policy": {"harvest": {"?": 1}}}, document["$defs"]["policy"]["properties"]["harvest"]),
        "partial": (
            {"policy": {"partial": {"?": 1, "sell": "VTI", "buy": "BND"}}},
            document["$defs"]["policy"]["properties"]["partial"],
        ),
        "wash sales": (
            {"policy": {"wash_sales": {"?": 1}}},
            document["$defs"]["policy"]["properties"]["wash_sales"],
        ),
        "location terms": (
            {"policy": {"location_terms": {"?": 1}}},
            document["$defs"]["policy"]["properties"]["location_terms"],
        ),
        "after-tax weights": (
            {"policy": {"after_tax_weights": {"?": 1}}},
            document["$defs"]["policy"]["properties"]["after_tax_weights"],
        ),
    }
    for name, (probe, section) in sections.items():
        hints = [
            found[1]
            for message in read(probe)
            if (found := re.search(r"unknown key '\?' \(known: (.*)\)$", message))
        ]
        assert hints == [", ".join(sorted(section["properties"]))], name


def test_no_number_of_a_valid_document_is_infinite() -> None:
    assert schema_faults({"prices": {"A": math.inf}, "accounts": [], "model": {}})
