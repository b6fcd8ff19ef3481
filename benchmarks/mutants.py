"""Change the code in small ways, one at a time, and count the changes that no test notices.

Run ``python -m benchmarks.mutants --sample 400 --seed 7`` in the repository's root, in an environment with
``realloc[test,mutation]``. A path (``src/realloc/audit``, ``src/realloc/tax/wash.py``) narrows it; without a sample
every mutant is tried, which takes hours. mutmut makes the mutants, in the folder ``mutants``, and runs for each the
tests that call the mutated function, those of ``[tool.mutmut]`` in pyproject.toml, with ten examples of each property.

Left out, by rule, are mutants that change nothing that a program can rely on: the words of a message (a text with a
space in it, the arguments `message` and `hint`, what `differs` says of a figure); the argument `strict` of `zip`, which
only guards against a mistake of ours; and ``ZERO`` as the start of a sum, which is 0 without it. ``tests/mutants.toml``
lists survivors that were looked at, each with its reason; they count as alive. The exit status is 1 where a survivor is
not in that list.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import json
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

from mutmut.mutation.file_mutation import mutate_file_contents
from mutmut.stats import status_by_exit_code
from mutmut.utils.format_utils import get_mutant_name

ROOT = Path(__file__).parent.parent
REASONS = ROOT / "tests" / "mutants.toml"
DEAD = ("killed", "timeout", "segfault")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One changed function: its file, its name in mutmut, and the lines taken out and put in."""

    path: Path
    name: str
    function: str
    was: str
    now: str


def main(arguments: Sequence[str] | None = None) -> int:
    """Try mutants, print the table and the survivors."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "paths", nargs="*", type=Path, help="modules or folders (default: all of only_mutate)"
    )
    parser.add_argument("--sample", type=int, help="how many mutants (default: all)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the sample")
    options = parser.parse_args(arguments)
    mutants = [mutant for path in _files(options.paths) for mutant in read_mutants(path)]
    if options.sample is not None:
        mutants = Random(options.seed).sample(mutants, min(options.sample, len(mutants)))
    if not mutants:
        parser.error("nothing to mutate there")
    outcomes = run(mutants)
    alive = [mutant for mutant in mutants if outcomes[mutant.name] not in DEAD]
    reasons = read_reasons()
    for mutant in sorted(alive, key=lambda mutant: mutant.name):
        reason = reasons.get((mutant.function, mutant.was, mutant.now), "NO REASON IS STATED")
        print(f"\n{mutant.function} ({outcomes[mutant.name]}): {reason}")
        print("".join(f"- {line}\n" for line in mutant.was.splitlines()), end="")
        print("".join(f"+ {line}\n" for line in mutant.now.splitlines()), end="")
    print_table(mutants, alive)
    return 1 if any((mutant.function, mutant.was, mutant.now) not in reasons for mutant in alive) else 0


def _files(paths: Sequence[Path]) -> list[Path]:
    """Return the files to mutate below some paths, relative to the root."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mutmut"]
    files = sorted(
        file.relative_to(ROOT) for pattern in settings["only_mutate"] for file in ROOT.glob(pattern)
    )
    wanted = [path.resolve().relative_to(ROOT) for path in paths]
    return [
        file
        for file in files
        if file.suffix == ".py" and (not wanted or any(file.is_relative_to(path) for path in wanted))
    ]


def read_mutants(path: Path) -> Iterator[Mutant]:
    """Yield the mutants of a file that change more than what the rules leave out."""
    made = mutate_file_contents(str(path), (ROOT / path).read_text())
    functions = {
        node.name: node for node in ast.walk(ast.parse(made.code)) if isinstance(node, ast.FunctionDef)
    }
    essence = cache(lambda name: _essence(functions[name]))
    for name in made.mutant_names:
        stem = name.partition("__mutmut_")[0]
        original = f"{stem}__mutmut_orig"
        before, after = functions[original], functions[name]
        if essence(original) == essence(name):
            continue
        was, now = _difference(before, after)
        key = get_mutant_name(path, name)
        function = get_mutant_name(path, stem).replace("x_", "", 1).replace("xǁ", "").replace("ǁ", ".")
        yield Mutant(path=path, name=key, function=function, was=was, now=now)


def _essence(function: ast.FunctionDef) -> str:
    """Return a function's body without what the rules leave out."""
    copied = deepcopy(function)
    copied.name = ""
    return ast.dump(_Essential().visit(copied))


class _Essential(ast.NodeTransformer):
    """Takes out what the rules leave out."""

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        return ast.Constant("") if isinstance(node.value, str) and " " in node.value else node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.expr:
        words = "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
        return ast.Constant("") if " " in words else self.generic_visit(node)  # type: ignore[return-value]

    def visit_Assign(self, node: ast.Assign) -> ast.Assign:
        is_message = [ast.unparse(target) for target in node.targets] == ["message"]
        return ast.Assign(node.targets, ast.Constant("")) if is_message else self.generic_visit(node)  # type: ignore[return-value]

    def visit_Call(self, node: ast.Call) -> ast.Call:
        name = ast.unparse(node.func)
        left_out = {"message", "hint", *(["strict"] if name == "zip" else [])}
        node.keywords = [word for word in node.keywords if word.arg not in left_out]
        if name == "differs":
            node.args = node.args[:2]
        if name == "sum" and len(node.args) == 2 and ast.unparse(node.args[1]) == "ZERO":
            node.args = node.args[:1]
        return self.generic_visit(node)  # type: ignore[return-value]


def _difference(before: ast.FunctionDef, after: ast.FunctionDef) -> tuple[str, str]:
    """Return the lines that differ, as ast writes them."""
    old, new = (
        [line for part in node.body for line in ast.unparse(part).split("\n")] for node in (before, after)
    )
    lines = [(line[0], line[2:].strip()) for line in difflib.ndiff(old, new)]
    was, now = ("\n".join(text for sign, text in lines if sign == side) for side in "-+")
    return was, now


def run(mutants: Sequence[Mutant]) -> dict[str, str]:
    """Return by mutant what became of it, in mutmut's words."""
    (ROOT / "mutants" / "mutmut-stats.json").unlink(
        missing_ok=True
    )  # which tests call which function, as of now
    names = [mutant.name for mutant in mutants]
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", "1", *names]
    subprocess.run(command, cwd=ROOT, check=True, stdout=sys.stderr)
    codes: dict[str, int | None] = {}
    for path in {mutant.path for mutant in mutants}:
        codes |= json.loads((ROOT / "mutants" / f"{path}.meta").read_text())["exit_code_by_key"]
    return {name: status_by_exit_code[codes[name]] for name in names}


def read_reasons() -> Mapping[tuple[str, str, str], str]:
    """Return why known survivors live, by function and lines."""
    known = tomllib.loads(REASONS.read_text()).get("survivor", [])
    return {(each["function"], each["was"], each["now"]): each["reason"] for each in known}


def print_table(mutants: Sequence[Mutant], alive: Sequence[Mutant]) -> None:
    """Print killed and tried mutants by file and in all."""
    tried = Counter(str(mutant.path) for mutant in mutants)
    left = Counter(str(mutant.path) for mutant in alive)
    print(f"\n{'file':50}{'killed':>8}{'tried':>8}{'share':>8}")
    for path, count in sorted(tried.items()):
        print(f"{path:50}{count - left[path]:>8}{count:>8}{1 - left[path] / count:>8.1%}")
    print(f"{'all':50}{len(mutants) - len(alive):>8}{len(mutants):>8}{1 - len(alive) / len(mutants):>8.1%}")


if __name__ == "__main__":
    raise SystemExit(main())
