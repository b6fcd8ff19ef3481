"""Counts the steps of a backtracking match, which the engine of ``re`` does not tell.

A matcher over the parse tree that ``re`` itself makes of a pattern. It tries what a backtracking engine tries, in the
same order, so the number of its steps grows as the time of ``re`` does.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

Next = Callable[[int], bool]


def _found(_: int) -> bool:
    return True


class Matcher:
    """Matches one pattern; `steps` is how often a character or a place was looked at."""

    def __init__(self, pattern: str, flags: int) -> None:
        self.tree = parser.parse(pattern, flags)
        self.flags = self.tree.state.flags
        self.steps = 0
        self.groups: dict[int, tuple[int, int]] = {}

    def fullmatch(self, text: str) -> bool:
        """Return whether the whole text matches."""
        return self._sequence(list(self.tree), text, 0, lambda at: at == len(text))

    def match(self, text: str) -> bool:
        """Return whether the text begins with a match."""
        return self._sequence(list(self.tree), text, 0, _found)

    def search(self, text: str) -> bool:
        """Return whether the text has a match anywhere."""
        return any(self._sequence(list(self.tree), text, start, _found) for start in range(len(text) + 1))

    def _sequence(self, items: list[Any], text: str, at: int, then: Next) -> bool:
        if not items:
            return then(at)
        (kind, argument), rest = items[0], items[1:]
        return self._one(kind, argument, text, at, lambda end: self._sequence(rest, text, end, then))

    def _one(  # noqa: PLR0911 - a line for each kind
        self, kind: Any, argument: Any, text: str, at: int, then: Next
    ) -> bool:
        self.steps += 1
        if kind in (op.LITERAL, op.NOT_LITERAL, op.ANY, op.IN):
            return at < len(text) and self._fits(kind, argument, text[at]) and then(at + 1)
        if kind is op.AT:
            return self._at(argument, text, at) and then(at)
        if kind is op.BRANCH:
            return any(self._sequence(list(branch), text, at, then) for branch in argument[1])
        if kind is op.SUBPATTERN:
            return self._sequence(
                list(argument[3]), text, at, lambda end: self._kept(argument[0], at, end, then)
            )
        if kind is op.GROUPREF:
            start, end = self.groups[argument]
            return text.startswith(text[start:end], at) and then(at + end - start)
        if kind in (op.ASSERT, op.ASSERT_NOT):
            direction, inner = argument
            if direction < 0:
                low, _ = inner.getwidth()
                found = at >= low and self._sequence(list(inner), text, at - low, lambda end: end == at)
            else:
                found = self._sequence(list(inner), text, at, _found)
            return found is (kind is op.ASSERT) and then(at)
        if kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
            return self._repeat(kind, argument, text, at, then)
        raise NotImplementedError(kind)

    def _kept(self, group: int | None, start: int, end: int, then: Next) -> bool:
        if group is not None:
            self.groups[group] = start, end
        return then(end)

    def _repeat(self, kind: Any, argument: Any, text: str, at: int, then: Next) -> bool:
        """Match a repeat of single characters, which is what can take a long text."""
        least, most, inner = argument
        items = list(inner)
        (single, what), *more = items
        if more or single not in (op.LITERAL, op.NOT_LITERAL, op.ANY, op.IN):
            if most > 10 and most is not op.MAXREPEAT:
                raise NotImplementedError("a counted repeat of a group")
            return self._groups(kind, argument, text, at, then, 0)
        end = at
        stops = [at] if least == 0 else []
        lazy = kind is op.MIN_REPEAT
        while (most is op.MAXREPEAT or end - at < most) and end < len(text):
            if lazy and stops and then(stops.pop()):
                return True
            self.steps += 1
            if not self._fits(single, what, text[end]):
                break
            end += 1
            if end - at >= least:
                stops.append(end)
        if kind is op.POSSESSIVE_REPEAT:
            return bool(stops) and then(stops[-1])
        while stops:
            if then(stops.pop()):
                return True
        return False

    def _groups(self, kind: Any, argument: Any, text: str, at: int, then: Next, done: int) -> bool:
        least, most, inner = argument

        def again(end: int) -> bool:
            return (end > at or done < least) and self._groups(kind, argument, text, end, then, done + 1)

        can_go_on = most is op.MAXREPEAT or done < most
        if kind is op.MIN_REPEAT and done >= least and then(at):
            return True
        if can_go_on and self._sequence(list(inner), text, at, again):
            return True
        return kind is not op.MIN_REPEAT and done >= least and then(at)

    def _fits(self, kind: Any, argument: Any, character: str) -> bool:
        if kind is op.ANY:
            return character != "\n" or bool(self.flags & re.DOTALL)
        forms = (
            {character, character.lower(), character.upper()} if self.flags & re.IGNORECASE else {character}
        )
        if kind is op.IN:
            negated = argument[0][0] is op.NEGATE
            return any(self._in(each, form) for each in argument[negated:] for form in forms) is not negated
        return any(ord(form) == argument for form in forms) is (kind is op.LITERAL)

    def _in(self, each: tuple[Any, Any], character: str) -> bool:
        kind, argument = each
        if kind is op.LITERAL:
            return bool(ord(character) == argument)
        if kind is op.RANGE:
            return bool(argument[0] <= ord(character) <= argument[1])
        if kind is op.CATEGORY:
            classes = {
                op.CATEGORY_DIGIT: character.isdigit(),
                op.CATEGORY_SPACE: character.isspace(),
                op.CATEGORY_WORD: character.isalnum() or character == "_",
            }
            negated = {
                op.CATEGORY_NOT_DIGIT: op.CATEGORY_DIGIT,
                op.CATEGORY_NOT_SPACE: op.CATEGORY_SPACE,
                op.CATEGORY_NOT_WORD: op.CATEGORY_WORD,
            }
            return bool(not classes[negated[argument]] if argument in negated else classes[argument])
        raise NotImplementedError(kind)

    def _at(self, argument: Any, text: str, at: int) -> bool:
        if argument in (op.AT_BEGINNING, op.AT_BEGINNING_STRING):
            return at == 0
        if argument in (op.AT_END, op.AT_END_STRING):
            return at == len(text)
        words = [
            0 <= place < len(text) and (text[place].isalnum() or text[place] == "_") for place in (at - 1, at)
        ]
        boundary: bool = argument is op.AT_BOUNDARY
        return (words[0] != words[1]) is boundary
