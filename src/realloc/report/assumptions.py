"""What a plan takes for granted, in words: rates, bands, costs, limits, and the rules of each account."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from realloc.accounts import Account
from realloc.policy import Policy

Words = Callable[[float], str]

_SAID = frozenset(
    {
        "drift.inside_band",
        "drift.outside_band",
        "band.absolute",
        "band.relative",
        "tax.short_term_rate",
        "tax.long_term_rate",
        "tax.loss_value",
        "costs.spread_bps",
        "costs.commission",
        "costs.order",
        "min_trade_value",
        "wash_sales.avoid",
        "wash_sales.mode",
        "wash_sales.window_days",
        "wash_sales.identical",
    }
)


_WASH = {
    "avoid": "avoided",
    "allow": "allowed: a denied loss has no value",
    "warn": "not avoided, but named",
}


def policy_words(policy: Policy, money: Words, percent: Words) -> list[tuple[str, str]]:
    """Return what a policy says, as name and sentence; a key that no sentence tells stands as it is.

    Parameters
    ----------
    policy : Policy
        The policy.
    money, percent : callable
        Write dollars, and a fraction as a percentage.
    """
    tax, costs, drift, wash = policy.tax, policy.costs, policy.drift, policy.wash_sales
    rows = [
        (
            "Rates on gains",
            (
                f"{percent(tax.short_term_rate)} short-term, {percent(tax.long_term_rate)} long-term; "
                f"a loss is worth {percent(tax.loss_value)} of its rate"
            ),
        ),
        (
            "Price of drift",
            (
                f"{100 * drift.inside_band:g} cents a dollar inside the band, "
                f"{100 * drift.outside_band:g} cents beyond it"
            ),
        ),
        ("Bands", f"{_band(policy, percent)}, where a class has none of its own"),
        (
            "Costs of trading",
            (
                f"{costs.spread_bps:g} hundredths of a percent of spread where a symbol has none of its own, "
                f"{money(costs.commission)} commission and {money(costs.order)} of bother an order"
            ),
        ),
        ("Wash sales", f"{_WASH[wash.mode or 'avoid']}, {wash.window_days} days"),
        ("Identical for wash sales", "; ".join(" and ".join(group) for group in wash.identical)),
        ("Smallest order", money(policy.min_trade_value)),
        ("Location, cents a year a dollar", "; ".join(_locations(policy))),
    ]
    usual = dict(_flat(Policy().to_dict()))
    other = {
        key: value
        for key, value in _flat(policy.to_dict())
        if key not in _SAID and not key.startswith("location.") and value not in (None, [], usual.get(key))
    }
    grouped: dict[str, list[str]] = {}
    for key, value in sorted(other.items()):
        name, _, rest = key.partition(".")
        grouped.setdefault(name, []).append(f"{rest} {_text(value)}".strip())
    rows += [(name, "; ".join(texts)) for name, texts in grouped.items()]
    return [(name, words) for name, words in rows if words]


def account_words(account: Account, money: Words) -> list[str]:
    """Return the rules of an account, each as a phrase; nothing where it has none of its own."""
    rules = [
        f"only {', '.join(account.only)} may be bought" if account.only is not None else "",
        f"no buys of {', '.join(account.no_buy)}" if account.no_buy else "",
        f"no sales of {', '.join(account.no_sell)}" if account.no_sell else "",
        "nothing is traded" if account.do_not_trade else "",
        f"{money(account.cash_reserve)} stay in cash" if account.cash_reserve else "",
        f"cash flow of {money(account.cash_flow)}" if account.cash_flow else "",
        f"at most {money(account.max_position_value)} in one symbol" if account.max_position_value else "",
    ]
    return [rule for rule in rules if rule]


def _band(policy: Policy, percent: Words) -> str:
    band = policy.band
    parts = [] if band.absolute is None else [percent(band.absolute)]
    parts += [] if band.relative is None else [f"{percent(band.relative)} of the target"]
    return " or ".join(parts) + (", whichever is less" if len(parts) == 2 else "")


def _locations(policy: Policy) -> Iterator[str]:
    for name, costs in sorted(policy.location.items()):
        kinds = ", ".join(
            f"{100 * cost:g} {kind.replace('_', '-')}" for kind, cost in sorted(costs.items()) if cost
        )
        if kinds:
            yield f"{name} {kinds}"


def _flat(document: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in document.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def _text(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(
            f"[{_text(each)}]" if isinstance(each, (list, tuple)) else str(each) for each in value
        )
    return f"{value:g}" if isinstance(value, float) else str(value)
