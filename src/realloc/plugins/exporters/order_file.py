"""What exporters of orders share: the settings, and the way from trades to a file."""

from __future__ import annotations

import importlib
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any, Unpack

from realloc.documents.writing import write_whole
from realloc.errors import ExportError
from realloc.household import Household
from realloc.orders import OrderList, OrderSettings, SettingArguments, exact, order_list
from realloc.plan import Plan
from realloc.plugins.core.base import Exporter, StrPath
from realloc.trades import LotSale, Trade


class OrderFile(Exporter):
    """Writes orders to one file, whole or not at all.

    Parameters
    ----------
    path : str or path
        The file to write; its folder must exist.
    **settings
        How trades become orders: see `realloc.orders.OrderSettings`.

    Raises
    ------
    InputError
        A setting is unknown or cannot be used.
    """

    def __init__(self, path: StrPath, **settings: Unpack[SettingArguments]) -> None:
        self.path = Path(path)
        self.settings = OrderSettings.read(settings)

    def export(self, trades: Iterable[Trade | Mapping[str, Any]]) -> None:
        """Write the trades of accounts of which nothing else is known.

        Raises
        ------
        ExportError
            The file cannot be written, or something in `trades` is no trade. The file stays as it was.
        InputError
            The format cannot hold an order, or a setting names what is not there.
        """
        self._write(order_list(trades, self.settings))

    def export_household(
        self,
        trades: Iterable[Trade | Mapping[str, Any]],
        household: Household,
        plan: Plan | None = None,
    ) -> None:
        """Write the trades of a household; raises as `export` does."""
        self._write(order_list(trades, self.settings, household=household, plan=plan))

    @abstractmethod
    def content(self, listed: OrderList) -> str | bytes:
        """Return the content of the file."""

    def _write(self, listed: OrderList) -> None:
        write_whole(self.path, self.content(listed))


def import_extra(module: str, extra: str) -> ModuleType:
    """Return a module that comes with an extra of the package.

    Raises
    ------
    ExportError
        The extra is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise ExportError(
            f"This export needs {package}, which is not installed: pip install 'realloc[{extra}]'"
        ) from error


def number_text(number: Decimal | None) -> str:
    """Return a number exactly, without exponent and trailing zeros; empty for None.

    Examples
    --------
    >>> number_text(Decimal("10.500")), number_text(Decimal("1E+3")), number_text(None)
    ('10.5', '1000', '')
    """
    if number is None:
        return ""
    text = format(number, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def price_text(price: Decimal | None) -> str:
    """Return dollars with two decimals or more; empty for None.

    Examples
    --------
    >>> price_text(Decimal("250.1")), price_text(Decimal("0.1234"))
    ('250.10', '0.1234')
    """
    if price is None:
        return ""
    whole, _, decimals = number_text(price).partition(".")
    return f"{whole}.{decimals:0<2}"


def lots_text(lots: Iterable[LotSale]) -> str:
    """Return the lots of a sale as ``id: shares`` with semicolons between them."""
    return "; ".join(f"{lot.id}: {number_text(exact(lot.shares))}" for lot in lots)
