"""Plugins at work: a register of instances, and validators in a row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from realloc.plugins.core.base import Plugin, TradeValidator

if TYPE_CHECKING:
    from realloc.trades import TradeInfo

P = TypeVar("P", bound=Plugin)


class PluginEngine:
    """A register of plugin instances, in the order in which they came."""

    def __init__(self) -> None:
        self._plugins: list[Plugin] = []

    def register(self, plugin: Plugin) -> None:
        """Add an instance.

        Raises
        ------
        TypeError
            It is not a plugin instance.
        """
        if not isinstance(plugin, Plugin):
            raise TypeError(f"expected an instance of a plugin, found {plugin!r}")
        self._plugins.append(plugin)

    def get_plugins_of_type(self, plugin_type: type[P]) -> list[P]:
        """Return the registered instances of a kind or class."""
        return [plugin for plugin in self._plugins if isinstance(plugin, plugin_type)]


class ValidationEngine:
    """Validators that a trade has to pass, one after the other.

    Attributes
    ----------
    validators : list of TradeValidator
        In the order in which they are asked.
    """

    def __init__(self) -> None:
        self.validators: list[TradeValidator] = []

    def add_validator(self, validator: TradeValidator | str, **kwargs: Any) -> None:
        """Add a validator, or load it by name with the arguments of its constructor.

        Raises
        ------
        TypeError
            It is neither a name nor a validator instance, or an instance comes with arguments.
        PluginNotFoundError, PluginLoadError
            As `TradeValidator.load_validator`.
        """
        if isinstance(validator, str):
            validator = TradeValidator.load_validator(validator, **kwargs)
        elif kwargs or not isinstance(validator, TradeValidator):
            raise TypeError(f"expected a validator instance alone, or a name, found {validator!r}")
        self.validators.append(validator)

    def validate_trade(self, trade: TradeInfo) -> tuple[bool, str]:
        """Return the first refusal with its reason, or ``(True, "")``."""
        for validator in self.validators:
            ok, reason = validator.validate(trade)
            if not ok:
                return False, reason
        return True, ""
