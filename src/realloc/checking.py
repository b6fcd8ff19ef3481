"""Check a household as a whole: what no single field can tell. Errors stop the engine; it raises once with all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from math import fsum

from realloc._reading import nearest
from realloc.accounts import Account
from realloc.errors import InputError, Issue, MissingPriceError
from realloc.household import Household
from realloc.models import CASH
from realloc.returns import DEFAULT_RETURNS

SHARES_TOLERANCE = 1e-6
"""Lots may miss their position by this many shares; less than this is dust that is never traded."""


def check(household: Household) -> list[Issue]:
    """Return everything that a person should know about the household before it is planned.

    Returns
    -------
    list of Issue
        Errors first; each with its JSON path.
    """
    issues = [
        *_check_accounts(household),
        *_check_model(household),
        *_check_prices(household),
        *_check_recent_trades(household),
        *_check_regime(household),
        *_check_location(household),
        *_check_names(household),
    ]
    rank = {"error": 0, "warning": 1, "info": 2}
    return sorted(issues, key=lambda issue: rank[issue.severity])


def require_sound(household: Household) -> list[Issue]:
    """Return the warnings of `check`.

    Raises
    ------
    MissingPriceError
        Held or targeted symbols have no price, and nothing else is wrong.
    InputError
        Anything else is wrong; all of it is listed.
    """
    issues = check(household)
    errors = [issue for issue in issues if issue.severity == "error"]
    if errors:
        kind = MissingPriceError if all(error.code == "price.missing" for error in errors) else InputError
        raise kind(errors)
    return issues


def _check_accounts(household: Household) -> Iterator[Issue]:
    if not household.accounts:
        yield Issue(code="account.none", where="accounts", message="a household needs at least one account")
    numbers = Counter(account.account_number for account in household.accounts)
    for n, account in enumerate(household.accounts):
        where = f"accounts[{n}]"
        number = account.account_number
        if not number:
            yield Issue(
                code="account.number",
                where=f"{where}.account_number",
                message="missing 'account_number'",
                hint="every account needs a number of its own",
            )
        elif numbers[number] > 1:
            yield Issue(
                code="account.duplicate",
                where=f"{where}.account_number",
                message=f"account number {number!r} occurs {numbers[number]} times",
                hint="give each account a number of its own",
            )
        if account.cash < 0:
            yield Issue(
                code="cash.negative",
                where=f"{where}.cash",
                message=f"cash is negative ({account.cash:g})",
                hint="a withdrawal to come goes into 'cash_flow'",
            )
        for symbol, shares in account.positions.items():
            if shares < 0:
                yield Issue(
                    code="position.negative",
                    where=f"{where}.positions.{symbol}",
                    message=f"{shares:g} shares: short positions are not planned",
                )
        if CASH in account.positions:
            yield Issue(
                code="position.cash",
                where=f"{where}.positions.CASH",
                message="CASH is not a security",
                hint="put it into 'cash'",
            )
        yield from _check_lots(account, where, household)


def _check_lots(account: Account, where: str, household: Household) -> Iterator[Issue]:
    shares: dict[str, list[float]] = {}
    ids: set[str] = set()
    for n, lot in enumerate(account.lots):
        shares.setdefault(lot.symbol, []).append(lot.shares)
        if lot.acquired > household.as_of:
            yield Issue(
                code="lot.future",
                where=f"{where}.lots[{n}].acquired",
                message=f"acquired on {lot.acquired}, after the plan's date {household.as_of}",
            )
        if lot.id and lot.id in ids:
            yield Issue(
                code="lot.duplicate", where=f"{where}.lots[{n}].id", message=f"lot id {lot.id!r} occurs twice"
            )
        ids.add(lot.id)
    for symbol, parts in shares.items():
        held = account.positions.get(symbol, 0.0)
        total = fsum(parts)
        if abs(total - held) > SHARES_TOLERANCE:
            yield Issue(
                code="lot.sum",
                where=f"{where}.lots",
                message=f"the lots of {symbol} add up to {total:g} shares, the position has {held:g}",
                hint="list every lot of the position, or none",
            )
    if account.kind == "taxable":
        for symbol, held in account.positions.items():
            if held > 0 and symbol not in shares:
                yield Issue(
                    code="lot.unknown_basis",
                    where=f"accounts[{account.account_number}].positions.{symbol}",
                    message=f"{symbol} has no lots: it is planned as if it had no gain",
                    hint="add its lots, or forbid its sale with 'no_sell'",
                    severity="warning",
                )


def _check_model(household: Household) -> Iterator[Issue]:
    model = household.model
    if not any(weight > 0 for weight in model.targets.values()):
        yield Issue(
            code="model.zero",
            where="model.targets",
            message="the weights sum to zero",
            hint='for all cash write {"CASH": 1}',
        )
    for symbol, weight in model.targets.items():
        if weight < 0:
            yield Issue(
                code="model.negative",
                where=f"model.targets.{symbol}",
                message=f"the weight {weight:g} is negative",
            )
    parts: dict[str, list[float]] = {}
    for name, asset_class in model.classes.items():
        for symbol, share in asset_class.symbols.items():
            parts.setdefault(symbol, []).append(share)
        if name == CASH and asset_class.symbols:
            yield Issue(
                code="class.cash",
                where="model.classes.CASH.symbols",
                message="CASH is the class of all cash: it has no symbols",
                hint="put money-market funds into a class of their own",
            )
    for symbol, shares in parts.items():
        if fsum(shares) > 1 + 1e-9:
            yield Issue(
                code="class.overlap",
                where="model.classes",
                message=f"{symbol} counts {fsum(shares):g} times over all classes",
                hint="a symbol's shares over all classes add up to at most 1",
            )
    yield from _check_scopes(household)


def _check_scopes(household: Household) -> Iterator[Issue]:
    model = household.model
    scopes = [("model.targets", model.targets)]
    scopes += [(f"accounts[{n}].targets", account.targets) for n, account in enumerate(household.accounts)]
    for n, (where, targets) in enumerate(scopes):
        if n and targets and not any(weight > 0 for weight in targets.values()):
            yield Issue(code="model.zero", where=where, message="the weights sum to zero")
        counted = [
            model.classes[name].symbols for name in (targets if n else model.classes) if name in model.classes
        ]
        for symbol in targets:
            if symbol not in model.classes and any(symbol in symbols for symbols in counted):
                yield Issue(
                    code="model.twice",
                    where=f"{where}.{symbol}",
                    message=f"{symbol} has its own target and is in a class",
                    hint="keep one of the two",
                )


def _check_prices(household: Household) -> Iterator[Issue]:
    prices, model = household.prices, household.model
    for n, account in enumerate(household.accounts):
        for symbol, shares in account.positions.items():
            if shares and symbol not in prices and symbol != CASH:
                yield _no_price(f"accounts[{n}].positions.{symbol}", symbol, "held", household)
    for where, targets in [
        ("model.targets", model.targets),
        *((f"accounts[{n}].targets", account.targets) for n, account in enumerate(household.accounts)),
    ]:
        for name, weight in targets.items():
            if name in model.classes:
                members = model.classes[name].symbols
                if weight > 0 and name != CASH and not any(symbol in prices for symbol in members):
                    yield Issue(
                        code="price.missing",
                        where=f"{where}.{name}",
                        message=f"no symbol of the class {name!r} has a price",
                        hint=f"add the price of one of {', '.join(members)}"
                        if members
                        else "list its symbols",
                    )
            elif name not in prices and name != CASH:
                yield _no_price(f"{where}.{name}", name, "targeted", household)


def _no_price(where: str, symbol: str, what: str, household: Household) -> Issue:
    known = [*household.prices, *household.model.classes] if what == "targeted" else household.prices
    hint = nearest(symbol, known)
    return Issue(
        code="price.missing",
        where=where,
        message=f"{symbol} is {what} but has no price",
        hint=hint if hint.startswith("did") else f"add {symbol!r} to 'prices'",
    )


def _check_recent_trades(household: Household) -> Iterator[Issue]:
    sheltered = {account.account_number for account in household.accounts if account.kind != "taxable"}
    for n, trade in enumerate(household.recent_trades):
        where = f"recent_trades[{n}]"
        if trade.traded > household.as_of:
            yield Issue(
                code="recent.future",
                where=f"{where}.traded",
                message=f"traded on {trade.traded}, after the plan's date {household.as_of}",
            )
        if trade.shares < 0 and trade.gain is None and trade.account_number not in sheltered:
            yield Issue(
                code="recent.gain",
                where=f"recent_trades[{trade.account_number}/{trade.symbol}/{trade.traded}]",
                message=f"the gain of the sale of {trade.symbol} is not known: it is taken as no loss",
                hint="add its 'gain', so that a loss is not washed by a purchase",
                severity="warning",
            )


def _check_regime(household: Household) -> Iterator[Issue]:
    if household.policy.tax.regime != "us" and household.tax_year is not None:
        yield Issue(
            code="regime.year",
            where="tax_year",
            message=f"the year so far is netted by United States rules, and the regime is "
            f"{household.policy.tax.regime!r}",
            hint="leave it out",
        )
    if household.policy.tax.regime != "us" and household.policy.tax.defer_days:
        yield Issue(
            code="regime.defer_days",
            where="policy.tax.defer_days",
            message=f"no lot turns long-term in the regime {household.policy.tax.regime!r}",
            hint="leave it out",
        )
    if household.policy.tax.regime != "us" and household.policy.wash_sales.mode == "allow":
        yield Issue(
            code="regime.wash_sales",
            where="policy.wash_sales.mode",
            message=f"wash sales are priced by United States rules, and the regime is "
            f"{household.policy.tax.regime!r}",
            hint="write 'avoid' or 'warn'",
        )


def _check_location(household: Household) -> Iterator[Issue]:
    """Find names with more than one location rule, and with the usual returns classes that have none."""
    policy = household.policy
    returns = () if policy.location_from_returns is True else policy.location_from_returns
    keys = {
        "location": policy.location,
        "location_preference": policy.location_preference,
        "location_from_returns": returns,
    }
    for name in sorted({*policy.location, *policy.location_preference, *returns}):
        ruled = [key for key, names in keys.items() if name in names]
        if len(ruled) > 1:
            yield Issue(
                code="location.twice",
                where=f"policy.{ruled[-1]}.{name}",
                message=f"{name!r} is named in {' and in '.join(ruled)}",
                hint="keep one of them",
            )
    if policy.location_from_returns is True:
        targets = [household.model.targets, *(account.targets for account in household.accounts)]
        wanted = {name for weights in targets for name, weight in weights.items() if weight > 0}
        known = {CASH, *DEFAULT_RETURNS, *policy.location, *policy.location_preference}
        for name in sorted(wanted - known):
            yield Issue(
                code="location.returns",
                where="policy.location_from_returns",
                message=f"there are no usual returns of {name!r}: its location costs nothing",
                hint=f"usual ones: {', '.join(DEFAULT_RETURNS)}; or state its 'yield' and 'growth'",
                severity="warning",
            )


def _check_names(household: Household) -> Iterator[Issue]:
    """Warn of names in rules that nothing in the household knows: a typo there has no effect."""
    known = {CASH, *household.prices, *household.model.classes, *household.model.targets}
    for account in household.accounts:
        known |= account.positions.keys() | account.targets.keys()
    for asset_class in household.model.classes.values():
        known |= asset_class.symbols.keys()
    known |= {trade.symbol for trade in household.recent_trades}
    policy = household.policy
    named: list[tuple[str, Collection[str]]] = [
        ("policy.location", policy.location),
        ("policy.location_preference", policy.location_preference),
    ]
    if policy.location_from_returns is not True:
        named.append(("policy.location_from_returns", policy.location_from_returns))
    named += [("policy.wash_sales.identical", group) for group in policy.wash_sales.identical]
    if policy.partial is not None:
        named.append(("policy.partial", (policy.partial.sell, policy.partial.buy)))
    for account in household.accounts:
        where = f"accounts[{account.account_number}]"
        for key in ("only", "no_buy", "no_sell", "location_cost"):
            named.append((f"{where}.{key}", getattr(account, key) or ()))
    for where, names in named:
        for name in sorted(set(names) - known):
            hint = nearest(name, known)
            yield Issue(
                code="name.unknown",
                where=where,
                message=f"{name!r} is not held, targeted, priced or in a class: the rule has no effect",
                hint=hint if hint.startswith("did") else "",
                severity="warning",
            )
