"""The plugin kinds; a plugin is a class of one of them, an entry point of ``realloc.plugins``."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from datetime import date as Date  # noqa: N812 - `date` is an argument's name below
from os import PathLike
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeAlias

from realloc.accounts import Account
from realloc.errors import ExportError, PluginNotFoundError
from realloc.household import Household
from realloc.models import PortfolioModel
from realloc.plan import Plan
from realloc.plugins.core import checks, entry_points
from realloc.plugins.core.results import RebalanceResult
from realloc.trades import Trade

if TYPE_CHECKING:
    from realloc.portfolio import PortfolioStateManager
    from realloc.trades import TradeInfo

StrPath: TypeAlias = str | PathLike[str]


class Plugin(ABC):
    """What all plugins share: a name, a line of description, and a way to be loaded by name.

    Attributes
    ----------
    description : str
        One line for people. The first line of the class's docstring unless the class sets it.
    """

    kind: ClassVar[str]
    """The kind in a word or two, for people; set by the kinds, not by plugins."""

    CALLS: ClassVar[Mapping[str, tuple[str, ...]]]
    """The methods that the program calls, with the arguments that it passes, in order."""

    description: ClassVar[str] = ""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "description" not in vars(cls):
            cls.description = inspect.cleandoc(cls.__doc__ or "").partition("\n")[0]

    @property
    @abstractmethod
    def name(self) -> str:
        """The plugin's name for people; a class attribute does as well."""

    @classmethod
    def load_plugin(cls, name: str, **kwargs: Any) -> Self:
        """Find a plugin of this kind by its entry-point name and build it.

        Parameters
        ----------
        name : str
            Name of the entry point.
        **kwargs
            Arguments of the plugin's constructor.

        Raises
        ------
        PluginNotFoundError
            A `ValueError`: no plugin has this name, or it is of another kind.
        PluginLoadError
            A `RuntimeError`: the plugin cannot be imported, does not keep the promises of its kind, or
            cannot be built with these arguments.
        """
        candidate = entry_points.find(name)
        loaded = candidate.load()
        if not (isinstance(loaded, type) and issubclass(loaded, cls)):
            raise PluginNotFoundError(f"Plugin {name!r} is not a valid {cls.__name__}")
        checks.check_class(loaded, candidate)
        return checks.build(loaded, candidate, kwargs)


class RebalancerPlugin(Plugin):
    """Decides trades, from a state or from a household."""

    kind = "rebalancer"
    CALLS: ClassVar = {
        "execute_rebalance": ("portfolio_state", "target_shares", "max_iterations"),
        "plan": ("household",),
    }

    @classmethod
    def load_rebalancer(cls, name: str, **kwargs: Any) -> Self:
        """Build the rebalancer `name`; raises as `load_plugin` does."""
        return cls.load_plugin(name, **kwargs)

    @abstractmethod
    def execute_rebalance(
        self,
        portfolio_state: PortfolioStateManager | None = None,
        target_shares: Mapping[str, float] | None = None,
        max_iterations: int = 100,
        *,
        tam: PortfolioStateManager | None = None,
    ) -> RebalanceResult:
        """Trade a state towards target shares and return the trades; the state is updated.

        Parameters
        ----------
        portfolio_state, tam : PortfolioStateManager
            The state: one argument under two names.
        target_shares : mapping of str to float
            Wanted shares by symbol, over all accounts.
        max_iterations : int
            Most rounds of work.
        """

    def plan(self, household: Household) -> Plan | None:  # noqa: ARG002 - the argument is the interface
        """Return the plan for a household; None: this rebalancer works on a state only."""
        return None


class Exporter(Plugin):
    """Writes trades for a broker or a person."""

    kind = "exporter"
    CALLS: ClassVar = {
        "export": ("trades",),
        "export_household": ("trades", "household", "plan"),
        "export_households": ("decided",),
    }

    @classmethod
    def load_exporter(cls, name: str, **kwargs: Any) -> Self:
        """Build the exporter `name`; raises as `load_plugin` does."""
        return cls.load_plugin(name, **kwargs)

    @abstractmethod
    def export(self, trades: Iterable[Trade | Mapping[str, Any]]) -> None:
        """Write the trades, all of them or nothing.

        Parameters
        ----------
        trades : iterable of Trade or mapping
            Trades, or mappings with ``account_id``, ``symbol`` and ``shares``; negative shares sell.

        Raises
        ------
        ExportError
            The output cannot be written; `ExportFolderError` where its folder does not exist.
        """

    def export_household(
        self,
        trades: Iterable[Trade | Mapping[str, Any]],
        household: Household,  # noqa: ARG002 - the argument is the interface
        plan: Plan | None = None,  # noqa: ARG002 - as above
    ) -> None:
        """Write the trades of a household; what the commands call. Here it is `export`.

        An exporter that needs more than the trades (labels, positions, cash, the plan's figures) overrides it.

        Parameters
        ----------
        trades : iterable of Trade or mapping
            As in `export`.
        household : Household
            The household before the trades.
        plan : Plan, optional
            The plan that the trades are; None where a rebalancer made them without a plan.

        Raises
        ------
        ExportError
            As in `export`.
        InputError
            A trade is one that the format cannot hold; each has an issue that names account, symbol and
            remedy.
        """
        self.export(trades)

    def export_households(
        self,
        decided: Sequence[tuple[Iterable[Trade | Mapping[str, Any]], Household]],  # noqa: ARG002 - the interface
    ) -> None:
        """Write the trades of several households as one file; an exporter that can do it overrides this.

        Parameters
        ----------
        decided : sequence of (trades, Household)
            For each household its trades, as in `export_household`.

        Raises
        ------
        ExportError
            This exporter writes one household at a time, or as in `export`.
        InputError
            As in `export_household`, or an account number is in two households.
        """
        raise ExportError(f"exporter {self.name!r} writes one household at a time (for several: 'blocks')")


class TradeValidator(Plugin):
    """Refuses trades that break a rule."""

    kind = "validator"
    CALLS: ClassVar = {"validate": ("trade",)}

    @classmethod
    def load_validator(cls, name: str, **kwargs: Any) -> Self:
        """Build the validator `name`; raises as `load_plugin` does."""
        return cls.load_plugin(name, **kwargs)

    @abstractmethod
    def validate(self, trade: TradeInfo) -> tuple[bool, str]:
        """Return whether the trade may be made, and the reason where it may not (else an empty text)."""


class AccountImporter(Plugin):
    """Reads accounts from a file."""

    kind = "account importer"
    CALLS: ClassVar = {"account_importer": ("path",)}

    @classmethod
    def load_account_importer(cls, name: str, **kwargs: Any) -> Self:
        """Build the account importer `name`; raises as `load_plugin` does."""
        return cls.load_plugin(name, **kwargs)

    @property
    @abstractmethod
    def supported_extensions(self) -> Sequence[str]:
        """The file name endings that it reads, such as ``.csv``."""

    @abstractmethod
    def account_importer(self, path: StrPath) -> list[Account]:
        """Read accounts; `InputError` where the file cannot be used, all faults in one."""


class PriceImporter(Plugin):
    """Reads prices from a file."""

    kind = "price importer"
    CALLS: ClassVar = {"import_prices": ("path", "date")}

    @classmethod
    def load_price_importer(cls, name: str, **kwargs: Any) -> Self:
        """Build the price importer `name`; raises as `load_plugin` does."""
        return cls.load_plugin(name, **kwargs)

    @property
    @abstractmethod
    def supported_extensions(self) -> Sequence[str]:
        """The file name endings that it reads, such as ``.csv``."""

    @abstractmethod
    def import_prices(self, path: StrPath, date: Date | str | None = None) -> dict[str, float]:
        """Read dollars per share by symbol; `InputError` where the file cannot be used.

        Parameters
        ----------
        path : str or path
            The file.
        date : datetime.date or str, optional
            Only prices of this date (a text is ISO 8601); None takes the most recent one of each symbol.
        """


class AllocationImporter(Plugin):
    """Reads a target model from a file."""

    kind = "allocation importer"
    CALLS: ClassVar = {"import_allocations": ("path",)}

    @classmethod
    def load_allocation_importer(cls, name: str, **kwargs: Any) -> Self:
        """Build the allocation importer `name`; raises as `load_plugin` does."""
        return cls.load_plugin(name, **kwargs)

    @property
    @abstractmethod
    def supported_extensions(self) -> Sequence[str]:
        """The file name endings that it reads, such as ``.csv``."""

    @abstractmethod
    def import_allocations(self, path: StrPath) -> PortfolioModel:
        """Read target weights by symbol; `InputError` where the file cannot be used."""


class MarketData(Plugin):
    """Knows prices of symbols, such as a data provider; it may use the network, and only when it is asked."""

    kind = "market data"
    CALLS: ClassVar = {"fetch": ("symbols",)}

    @classmethod
    def load_market_data(cls, name: str, **kwargs: Any) -> Self:
        """Build the provider `name`; raises as `load_plugin` does."""
        return cls.load_plugin(name, **kwargs)

    @abstractmethod
    def fetch(self, symbols: Sequence[str]) -> Mapping[str, tuple[float, Date]]:
        """Return dollars per share and the day of that price, by symbol.

        A symbol that the provider does not know, or quotes in another currency, is left out.

        Parameters
        ----------
        symbols : sequence of str
            As the household has them: class shares as ``BRK.B``.

        Raises
        ------
        InputError
            The provider cannot be reached, or its answer is not understood.
        """
