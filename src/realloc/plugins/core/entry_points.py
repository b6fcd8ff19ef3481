"""The entry points of the group ``realloc.plugins``: which distribution offers which name.

A name of `realloc` itself cannot be taken over. Where other distributions offer the same name, the first by
distribution name has it; the others are *shadowed*: a warning is logged when the name is used, and the
listing shows them. Looking at every distribution takes longer than planning a household, so a name of `realloc` itself
is loaded without it, and what stands in its shadow is shown by the listing alone.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from itertools import groupby
from typing import TYPE_CHECKING

from realloc._reading import nearest
from realloc.errors import PluginLoadError, PluginNotFoundError
from realloc.plugins.core.built_in import BUILT_IN

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "realloc.plugins"
"""The entry-point group in which a distribution registers its plugins."""

OWN = "realloc"
"""The distribution whose names cannot be taken over."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A name that a distribution offers, not loaded yet; `value` is ``module:class``."""

    name: str
    distribution: str
    version: str
    value: str

    @property
    def source(self) -> str:
        """Distribution and version, for messages."""
        return f"{self.distribution} {self.version or _own_version()}".strip()

    def load(self) -> object:
        """Import what the entry point names.

        Raises
        ------
        PluginLoadError
            The import failed, whatever the reason.
        """
        try:
            module, _, attributes = self.value.partition(":")
            loaded: object = import_module(module)
            for attribute in filter(None, attributes.split(".")):
                loaded = getattr(loaded, attribute)
        except (Exception, SystemExit) as error:
            raise PluginLoadError(
                f"Plugin {self.name!r} of {self.source} cannot be loaded from "
                f"{self.value!r}: {describe_error(error)}"
            ) from error
        return loaded


def describe_error(error: BaseException) -> str:
    """Return an error's class and text on one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def candidates() -> list[Candidate]:
    """Return everything on offer, by name; of one name the first is the one that counts."""
    from importlib import metadata  # noqa: PLC0415 - slow to load, and built-in plugins need none of it

    labels: dict[int, tuple[str, str]] = {}  # reading a distribution's metadata is slow: once for each
    found = {
        (candidate.name, candidate.distribution, candidate.value): candidate
        for candidate in (_candidate(each, labels) for each in metadata.entry_points(group=GROUP))
    }
    return sorted(found.values(), key=_precedence)


def grouped() -> Iterator[tuple[Candidate, list[Candidate]]]:
    """Yield, name by name, the candidate that counts and those that it shadows."""
    for _, group in groupby(candidates(), key=lambda candidate: candidate.name):
        first, *shadowed = group
        yield first, shadowed


def find(name: str) -> Candidate:
    """Return the candidate that counts for `name`.

    Raises
    ------
    PluginNotFoundError
        No distribution offers the name; the message names the nearest one.
    """
    if name in BUILT_IN:
        return Candidate(name=name, distribution=OWN, version="", value=BUILT_IN[name])
    names = []
    for candidate, shadowed in grouped():
        names.append(candidate.name)
        if candidate.name == name:
            for other in shadowed:
                log.warning(
                    "Plugin %r of %s is not used: %s has the name",
                    name,
                    other.source,
                    candidate.source,
                )
            return candidate
    hint = nearest(name, names) if names else "no plugin is installed"
    raise PluginNotFoundError(f"No plugin named {name!r} found" + (f" ({hint})" if hint else ""))


def _own_version() -> str:
    from importlib.metadata import version  # noqa: PLC0415 - asked where a plugin cannot be used

    return version(OWN)


def _candidate(entry_point: EntryPoint, labels: dict[int, tuple[str, str]]) -> Candidate:
    dist = entry_point.dist
    if id(dist) not in labels:
        labels[id(dist)] = (dist.name, dist.version) if dist else ("an unknown distribution", "0")
    distribution, version = labels[id(dist)]
    return Candidate(
        name=entry_point.name, distribution=distribution, version=version, value=entry_point.value
    )


def _precedence(candidate: Candidate) -> tuple[str, bool, str, str]:
    distribution = re.sub(r"[-_.]+", "-", candidate.distribution).lower()
    return candidate.name, distribution != OWN, distribution, candidate.value
