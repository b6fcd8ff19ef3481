"""Read untrusted JSON-like values into domain values, collecting an `Issue` for everything that is wrong."""

from __future__ import annotations

import difflib
import math
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from realloc.errors import Issue

LARGEST = 1e15
"""No amount of dollars or shares beyond this is believed; sums of products stay finite below it."""

_REQUIRED: Any = object()


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the hint that names the known word nearest to `name`, or all of them if none is near."""
    known = sorted(known)
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    if not close:
        folded = {word.casefold(): word for word in known}
        close = [folded[name.casefold()]] if name.casefold() in folded else []
    if close:
        return f"did you mean {close[0]!r}?"
    return f"known: {', '.join(known)}" if len(known) <= 30 else ""


def kind_of(value: object) -> str:
    """Return what a JSON value is, in a user's words."""
    if value is None:
        return "null"
    for kinds, word in (
        (bool, "true or false"),
        (str, f"the text {value!r}" if len(str(value)) <= 40 else "a long text"),
        ((int, float, Decimal), f"the number {value}"),
        (Mapping, "an object"),
        ((list, tuple), "a list"),
    ):
        if isinstance(value, kinds):
            return word
    return f"a {type(value).__name__}"


def join(where: str, key: str) -> str:
    """Return the JSON path of `key` below `where`."""
    step = key if key.isidentifier() else f"[{key!r}]"
    return f"{where}.{step}" if where and not step.startswith("[") else f"{where}{step}"


def _is_sound(value: Any, least: float | None, above: float | None, most: float | None) -> bool:
    """Return whether a value is a number in its limits: most are, and need no place for a message."""
    return (
        type(value) in (float, int)
        and -LARGEST <= value <= LARGEST
        and (least is None or value >= least)
        and (above is None or value > above)
        and (most is None or value <= most)
    )


class Table:
    """One JSON object: typed access by key; every fault becomes an Issue and the default is returned.

    Parameters
    ----------
    value : object
        What should be a mapping with text keys.
    where : str
        JSON path of the object, empty for the document itself.
    issues : list of Issue
        Faults are appended here.
    known : collection of str, optional
        The keys that may occur; any other is an issue that names the nearest known one.
    """

    __slots__ = ("issues", "value", "where")

    def __init__(
        self, value: object, where: str, issues: list[Issue], known: Collection[str] | None = None
    ) -> None:
        self.where = where
        self.issues = issues
        self.value: Mapping[Any, Any] = {}
        if not isinstance(value, Mapping):
            self.fault("type.object", where, f"expected an object, found {kind_of(value)}")
            return
        self.value = value
        if isinstance(known, frozenset) and value.keys() <= known:
            return
        for key in value:
            if not isinstance(key, str):
                self.fault("type.key", where, f"expected text as a key, found {kind_of(key)}")
            elif known is not None and key not in known:
                self.fault("key.unknown", join(where, key), f"unknown key {key!r}", nearest(key, known))

    def fault(self, code: str, where: str, message: str, hint: str = "") -> None:
        """Record an error."""
        self.issues.append(Issue(code=code, where=where, message=message, hint=hint))

    def __contains__(self, key: str) -> bool:
        return key in self.value

    def _get(self, key: str, default: object, kind: str) -> tuple[bool, Any]:
        if key in self.value:
            return True, self.value[key]
        if default is _REQUIRED:
            self.fault("key.missing", join(self.where, key), f"missing {key!r}", f"add {key!r}: {kind}")
        return False, default

    def number(
        self,
        key: str,
        default: Any = _REQUIRED,
        *,
        least: float | None = None,
        above: float | None = None,
        most: float | None = None,
    ) -> Any:
        """Return a finite number of at least `least`, above `above` and at most `most`.

        ``null`` is the same as an absent key where the default is None.
        """
        if _is_sound(self.value.get(key), least, above, most):
            return float(self.value[key])
        present, value = self._get(key, default, "a number")
        if not present or (value is None and default is None):
            return None if default is _REQUIRED else default
        return self.check_number(value, join(self.where, key), least=least, above=above, most=most)

    def check_number(
        self,
        value: object,
        where: str,
        *,
        least: float | None = None,
        above: float | None = None,
        most: float | None = None,
    ) -> float:
        """Return `value` as a float; zero after a fault."""
        if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
            hint = "write the number without quotes" if isinstance(value, str) else ""
            self.fault("type.number", where, f"expected a number, found {kind_of(value)}", hint)
            return 0.0
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number) or abs(number) > LARGEST:
            self.fault("number.range", where, f"expected a finite number up to {LARGEST:g}, found {value}")
            return 0.0
        for limit, bad, words in (
            (least, least is not None and number < least, "at least"),
            (above, above is not None and number <= above, "more than"),
            (most, most is not None and number > most, "at most"),
        ):
            if bad:
                self.fault("number.range", where, f"expected {words} {limit:g}, found {number:g}")
                return 0.0
        return number

    def whole(self, key: str, default: int | None, *, least: int) -> int | None:
        """Return a whole number of at least `least`; None where the default is None and the value null."""
        number = self.number(key, default, least=least)
        if number is None:
            return None
        if number != int(number):
            self.fault("number.whole", join(self.where, key), f"expected a whole number, found {number:g}")
        return int(number)

    def text(self, key: str, default: Any = _REQUIRED) -> Any:
        """Return a text without surrounding spaces."""
        value = self.value.get(key)
        if isinstance(value, str) and (stripped := value.strip()):
            return stripped
        present, value = self._get(key, default, "a text")
        if not present:
            return "" if default is _REQUIRED else default
        return self.check_text(value, join(self.where, key))

    def check_text(self, value: object, where: str) -> str:
        """Return `value` as a stripped text; empty after a fault."""
        if not isinstance(value, str):
            hint = "write it in quotes" if isinstance(value, (int, float)) else ""
            self.fault("type.text", where, f"expected a text, found {kind_of(value)}", hint)
            return ""
        if not value.strip():
            self.fault("text.empty", where, "expected a text, found an empty one")
        return value.strip()

    def choice(self, key: str, default: str, choices: Collection[str]) -> Any:
        """Return one of `choices`."""
        value = self.text(key, default)
        if value not in choices:
            self.fault(
                "text.choice",
                join(self.where, key),
                f"expected one of {', '.join(choices)}, found {value!r}",
                nearest(value, choices),
            )
            return default
        return value

    def flag(self, key: str, default: bool) -> bool:
        """Return true or false."""
        _, value = self._get(key, default, "true or false")
        if not isinstance(value, bool):
            self.fault("type.flag", join(self.where, key), f"expected true or false, found {kind_of(value)}")
            return default
        return value

    def date(self, key: str, default: Any = _REQUIRED) -> Any:
        """Return an ISO date (``2026-11-20``); a TOML date is taken as it is."""
        text = self.value.get(key)
        if isinstance(text, str):
            try:
                return date.fromisoformat(text.strip())
            except ValueError:
                pass
        present, value = self._get(key, default, "a date such as '2026-11-20'")
        if not present:
            return date.min if default is _REQUIRED else default
        if isinstance(value, datetime):
            value = value.date()
        if isinstance(value, date):
            return value
        self.fault(
            "type.date",
            join(self.where, key),
            f"expected a date, found {kind_of(value)}",
            "write it as year-month-day, for instance '2026-11-20'",
        )
        return date.min if default is _REQUIRED else default

    def names(self, key: str, default: Any = ()) -> Any:
        """Return a tuple of texts from a list."""
        present, value = self._get(key, default, "a list of texts")
        if not present or (value is None and default is None):
            return () if default is _REQUIRED else default
        return self.check_names(value, join(self.where, key))

    def check_names(self, value: object, where: str) -> tuple[str, ...]:
        """Return `value`, a list of texts, as a tuple."""
        if not isinstance(value, (list, tuple)):
            self.fault("type.list", where, f"expected a list of texts, found {kind_of(value)}")
            return ()
        return tuple(
            stripped
            if isinstance(item, str) and (stripped := item.strip())
            else self.check_text(item, f"{where}[{n}]")
            for n, item in enumerate(value)
        )

    def amounts(
        self, key: str, default: Any = _REQUIRED, *, least: float | None = None, most: float | None = None
    ) -> dict[str, float]:
        """Return an object of numbers by name."""
        present, value = self._get(key, default, "an object of numbers")
        if not present:
            return {} if default is _REQUIRED else dict(default)
        return self.check_amounts(value, join(self.where, key), least=least, most=most)

    def check_amounts(
        self, value: object, where: str, *, least: float | None = None, most: float | None = None
    ) -> dict[str, float]:
        """Return `value`, an object of numbers by name, as a dict with stripped names."""
        table = Table(value, where, self.issues)
        amounts: dict[str, float] = {}
        for name, amount in table.entries():
            if _is_sound(amount, least, None, most):
                amounts[name] = float(amount)
            else:
                amounts[name] = self.check_number(amount, join(where, name), least=least, most=most)
        return amounts

    def entries(self) -> Iterable[tuple[str, Any]]:
        """Yield stripped names and raw values; an empty or repeated name is an issue."""
        seen: set[str] = set()
        for key, value in self.value.items():
            if not isinstance(key, str):
                continue
            name = key.strip()
            if not name:
                self.fault("text.empty", self.where, "found an empty name")
            elif name in seen:
                self.fault("key.duplicate", join(self.where, name), f"{name!r} occurs twice")
            else:
                seen.add(name)
                yield name, value

    def table(self, key: str, known: Collection[str] | None = None) -> Table:
        """Return the object at `key`; an absent one is empty."""
        return Table(self.value.get(key, {}), join(self.where, key), self.issues, known)

    def tables(self, key: str, known: Collection[str]) -> list[Table]:
        """Return the objects of the list at `key`; an absent list is empty."""
        value = self.value.get(key, ())
        where = join(self.where, key)
        if not isinstance(value, (list, tuple)):
            self.fault("type.list", where, f"expected a list of objects, found {kind_of(value)}")
            return []
        return [Table(item, f"{where}[{n}]", self.issues, known) for n, item in enumerate(value)]
