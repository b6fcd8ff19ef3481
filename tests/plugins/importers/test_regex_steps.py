"""No pattern that a stranger's file meets takes more than a constant times its length: steps are counted."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

import realloc
from tests.plugins.importers.regex_steps import Matcher

PACKAGE = Path(realloc.__file__).parent
FOLDERS = (PACKAGE / "plugins" / "importers", PACKAGE / "portfolio_file")
METHODS = ("match", "fullmatch", "search", "sub", "split", "findall", "finditer")
SEEDS = (
    " ",
    "a",
    "A",
    "1",
    ".",
    ",",
    "-",
    "x ",
    "X",
    '"',
    "(",
    "/",
    "1.",
    "1,",
    "A1",
    "1 ",
    ". ",
    "<a>",
    '="',
    " as of",
    " Lot Details for ",
)
STARTS = ("", "Positions for ", "a Lot Details for ", "<", '="', "1,", "20", "X")
ENDS = ("!",)
N = 40


def patterns() -> Iterator[tuple[str, str, int, str]]:
    """Yield each pattern of the importers with its place, its flags and how it is used."""
    for path in sorted(file for folder in FOLDERS for file in folder.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        texts: dict[str, tuple[str, int, str]] = {}
        uses: dict[str, set[str]] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.attr in METHODS:
                uses.setdefault(node.value.id, set()).add(node.attr)
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            owner, method = node.func.value, node.func.attr
            if isinstance(owner, ast.Name) and owner.id == "re" and method in ("compile", *METHODS):
                place = f"{path.relative_to(PACKAGE)}:{node.lineno}"
                pattern = node.args[0]
                if isinstance(pattern, ast.Constant):
                    named = [flag.attr for flag in node.args[1:] if isinstance(flag, ast.Attribute)]
                    value = sum(getattr(re, name) for name in named)
                    texts[place] = (str(pattern.value), value, method)
        names = {
            f"{path.relative_to(PACKAGE)}:{node.value.lineno}": target.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for place, (text, flags, method) in texts.items():
            used = uses.get(names.get(place, ""), {"search"}) if method == "compile" else {method}
            how = "search" if used - {"match", "fullmatch"} else "match" if "match" in used else "fullmatch"
            yield place, text, flags, how


PATTERNS = {place: (text, flags, how) for place, text, flags, how in patterns()}


def steps(text: str, flags: int, how: str, subject: str) -> int:
    matcher = Matcher(text, flags)
    getattr(matcher, how)(subject)
    return matcher.steps


def test_the_patterns_of_the_importers_are_found() -> None:
    assert len(PATTERNS) > 25


@pytest.mark.parametrize(
    ("pattern", "how", "text"),
    [(r".*?\s*x", "fullmatch", " "), (r"a*a*b", "match", "a"), (r"(?:\s+)y", "search", " ")],
)
def test_the_counter_sees_a_pattern_whose_cost_grows_with_the_square(
    pattern: str, how: str, text: str
) -> None:
    assert steps(pattern, 0, how, text * 2 * N) > 3 * steps(pattern, 0, how, text * N)


@pytest.mark.parametrize("place", PATTERNS)
def test_twice_the_length_takes_at_most_twice_the_steps(place: str) -> None:
    text, flags, how = PATTERNS[place]
    for start, seed, end in product(STARTS, SEEDS, ENDS):
        subject = start + seed * N + end
        once = steps(text, flags, how, subject)
        if once <= 3 * len(subject):
            continue  # a square would be far above
        twice = steps(text, flags, how, start + seed * 2 * N + end)
        assert twice <= 2.6 * once + 60, f"{text!r} on {start!r} {seed!r} {end!r}: {once} then {twice} steps"
