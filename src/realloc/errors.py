"""Every error of the package, in one tree, and the `Issue` that says what is wrong and where.

::

    ReallocError
    ├── InputError (ValueError)              the user's mistake; carries one Issue for each
    │   ├── MissingFileError (FileNotFoundError)  a file that is named is not there
    │   └── MissingPriceError (KeyError)     a held or targeted symbol without a price
    ├── AuditError                           a plan that broke a rule; the user never sees that plan
    ├── SolverError (RuntimeError)           the solver ended without an answer
    ├── PluginNotFoundError (ValueError)     no such plugin, or one of another kind
    ├── PluginLoadError (RuntimeError)       a plugin that cannot be loaded or built
    └── ExportError                          an output that cannot be written
        └── ExportFolderError (FileNotFoundError)

A programmer's misuse is a plain `TypeError`. The built-in bases are what users of `realloc` 0.1 catch.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Literal

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One thing that a person should know about their input or their plan.

    Parameters
    ----------
    code : str
        A stable, dotted name of the kind of issue, such as ``lot.sum``.
    where : str
        Its place: a JSON path (``accounts[0].lots[2]``), or file, row and column (``prices.csv:3:Price``).
    message : str
        What was found.
    hint : str
        What to do about it; empty where nothing needs doing.
    severity : {"error", "warning", "info"}
        Only an error stops the work.
    """

    code: str
    where: str
    message: str
    hint: str = ""
    severity: Severity = "error"

    def to_dict(self) -> dict[str, str]:
        """Return the issue as the plan document has it."""
        return asdict(self)

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{place}{self.message}{hint}"


class ReallocError(Exception):
    """Root of every error that the package raises on purpose."""


class InputError(ReallocError, ValueError):
    """The input cannot be used as it is.

    Parameters
    ----------
    issues : Issue or str or iterable of Issue
        What is wrong, all of it. A plain text becomes one issue with the code ``input``.
    """

    issues: tuple[Issue, ...]

    def __init__(self, issues: Issue | str | Iterable[Issue]) -> None:
        if isinstance(issues, str):
            issues = Issue(code="input", where="", message=issues)
        self.issues = (issues,) if isinstance(issues, Issue) else tuple(issues)
        super().__init__("; ".join(str(issue) for issue in self.issues))

    def __str__(self) -> str:
        return "; ".join(str(issue) for issue in self.issues)


class MissingFileError(InputError, FileNotFoundError):
    """A file that is named is not there."""


class MissingPriceError(InputError, KeyError):
    """A held or targeted symbol has no price."""


class AuditError(ReallocError):
    """A plan broke a rule, so it is withheld.

    Parameters
    ----------
    findings : iterable of Issue
        What the audit found.
    """

    findings: tuple[Issue, ...]

    def __init__(self, findings: Iterable[Issue]) -> None:
        self.findings = tuple(findings)
        super().__init__("; ".join(str(finding) for finding in self.findings))


class SolverError(ReallocError, RuntimeError):
    """The solver ended without an answer that can be used."""


class PluginNotFoundError(ReallocError, ValueError):
    """No plugin has this name, or the plugin is of another kind."""


class PluginLoadError(ReallocError, RuntimeError):
    """A plugin cannot be loaded or built; the message names plugin, distribution and cause."""


class ExportError(ReallocError):
    """An output cannot be written."""


class ExportFolderError(ExportError, FileNotFoundError):
    """The folder of an output does not exist."""
