"""Which plugins there are."""

from __future__ import annotations

import inspect
from dataclasses import dataclass

from realloc.errors import PluginLoadError
from realloc.plugins.core import checks, entry_points
from realloc.plugins.core.base import Plugin


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginInfo:
    """One line of the list of plugins.

    Parameters
    ----------
    name : str
        The name under which it is loaded.
    kind : str
        Such as ``exporter``; empty where `error` is set.
    description : str
        One line for people.
    distribution, version : str
        Where it comes from.
    error : str
        Why it cannot be used; empty where it can.
    """

    name: str
    kind: str
    description: str
    distribution: str
    version: str
    error: str = ""


def get_plugin_list() -> list[str]:
    """Return the names of all registered plugins, sorted; nothing is loaded."""
    return [candidate.name for candidate, _ in entry_points.grouped()]


def get_plugin(name: str) -> type[Plugin]:
    """Return the class of the plugin `name`, checked but not built.

    Raises
    ------
    PluginNotFoundError
        No plugin has this name.
    PluginLoadError
        It cannot be imported, or does not keep the promises of its kind.
    """
    return _load(entry_points.find(name))


def list_plugins() -> list[PluginInfo]:
    """Return every plugin of every distribution, by kind and name.

    One that is broken, or whose name another distribution has first, is listed with its error.
    """
    infos = []
    for candidate, shadowed in entry_points.grouped():
        infos.append(_info(candidate))
        infos += [_unusable(other, f"not used: {candidate.source} has the name") for other in shadowed]
    return sorted(infos, key=lambda info: (bool(info.error), info.kind))


def _info(candidate: entry_points.Candidate) -> PluginInfo:
    try:
        plugin = _load(candidate)
    except PluginLoadError as error:
        return _unusable(candidate, str(error))
    description = inspect.getattr_static(plugin, "description")
    return PluginInfo(
        name=candidate.name,
        kind=checks.kinds_of(plugin)[0].kind,
        description=description if isinstance(description, str) else "",
        distribution=candidate.distribution,
        version=candidate.version,
    )


def _unusable(candidate: entry_points.Candidate, error: str) -> PluginInfo:
    return PluginInfo(
        name=candidate.name,
        kind="",
        description="",
        distribution=candidate.distribution,
        version=candidate.version,
        error=error,
    )


def _load(candidate: entry_points.Candidate) -> type[Plugin]:
    plugin = candidate.load()
    if not (isinstance(plugin, type) and issubclass(plugin, Plugin)):
        raise PluginLoadError(
            f"Plugin {candidate.name!r} of {candidate.source}: {candidate.value!r} "
            "is not a class derived from a plugin kind"
        )
    checks.check_class(plugin, candidate)
    return plugin
