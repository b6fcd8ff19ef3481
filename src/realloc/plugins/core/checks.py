"""What makes a class a usable plugin, checked before anything is built with it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from realloc._reading import kind_of, nearest
from realloc.errors import PluginLoadError
from realloc.plugins.core.entry_points import Candidate, describe_error

if TYPE_CHECKING:
    from realloc.plugins.core.base import Plugin

_NOT_BY_NAME = (
    inspect.Parameter.POSITIONAL_ONLY,
    inspect.Parameter.VAR_POSITIONAL,
    inspect.Parameter.VAR_KEYWORD,
)
P = TypeVar("P", bound="Plugin")


def kinds_of(plugin: type[Plugin]) -> list[type[Plugin]]:
    """Return the plugin kinds that a class belongs to: the bases that say how they are called."""
    return [base for base in plugin.__mro__ if "CALLS" in vars(base) and "kind" in vars(base)]


def check_class(plugin: type[Plugin], candidate: Candidate) -> None:
    """Refuse a class that does not keep the promises of its kind.

    Raises
    ------
    PluginLoadError
        It belongs to no kind, leaves an abstract method open, has an unusable name, or has a method that
        cannot take the arguments with which the kind calls it. The message lists all faults.
    """
    found = list(faults(plugin))
    if found:
        raise PluginLoadError(f"Plugin {candidate.name!r} of {candidate.source}: {'; '.join(found)}")


def build(plugin: type[P], candidate: Candidate, arguments: Mapping[str, Any]) -> P:
    """Return an instance of a checked class.

    Raises
    ------
    PluginLoadError
        The constructor does not take the arguments (the message says which it takes), it fails, or the
        instance has no usable name.
    """
    fault = _argument_fault(plugin, arguments)
    if not fault:
        try:
            built = plugin(**arguments)
            name = built.name
        except (Exception, SystemExit) as error:
            raise PluginLoadError(
                f"Plugin {candidate.name!r} of {candidate.source} cannot be built: {describe_error(error)}"
            ) from error
        fault = _name_fault(name)
    if fault:
        raise PluginLoadError(f"Plugin {candidate.name!r} of {candidate.source}: {fault}")
    return built


def faults(plugin: type[Plugin]) -> Iterator[str]:
    """Yield, as a phrase each, what keeps a class from being a usable plugin."""
    kinds = kinds_of(plugin)
    if not kinds:
        yield f"{plugin.__qualname__} is a Plugin of no kind; derive it from a kind such as Exporter"
    missing = sorted(getattr(plugin, "__abstractmethods__", ()))
    if missing:
        yield f"{plugin.__qualname__} does not implement {', '.join(missing)}"
    if "name" not in missing:
        name = inspect.getattr_static(plugin, "name")
        if not hasattr(name, "__get__") and (fault := _name_fault(name)):
            yield fault
    for kind in kinds:
        for method, arguments in kind.CALLS.items():
            if method not in missing and (fault := _call_fault(plugin, method, arguments)):
                yield fault


def _name_fault(name: object) -> str:
    if isinstance(name, str) and name.strip():
        return ""
    return f"its name must be a text that is not empty, not {kind_of(name)}"


def _call_fault(plugin: type[Plugin], method: str, arguments: tuple[str, ...]) -> str:
    function = getattr(plugin, method)
    if not callable(function):
        return f"{method} is not a method"
    bound = isinstance(inspect.getattr_static(plugin, method), (staticmethod, classmethod))
    try:
        signature = inspect.signature(function)
    except ValueError:  # compiled code without a signature cannot be checked
        return ""
    try:
        signature.bind(*(arguments if bound else ("self", *arguments)))
    except TypeError:
        return f"{method}{signature} cannot be called with ({', '.join(arguments)})"
    return ""


def _argument_fault(plugin: type[Plugin], arguments: Mapping[str, Any]) -> str:
    try:
        signature = inspect.signature(plugin)
    except ValueError:
        return ""
    parameters = [
        parameter.replace(annotation=inspect.Parameter.empty) for parameter in signature.parameters.values()
    ]
    takes = f"its arguments are {inspect.Signature(parameters)}"
    accepted = [parameter.name for parameter in parameters if parameter.kind not in _NOT_BY_NAME]
    if not any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters):
        for name in arguments:
            if name not in accepted:
                hint = nearest(name, accepted) if accepted else ""
                return f"it has no argument {name!r}{f' ({hint})' if hint else ''}; {takes}"
    try:
        signature.bind(**arguments)
    except TypeError as error:
        return f"{error}; {takes}"
    return ""
