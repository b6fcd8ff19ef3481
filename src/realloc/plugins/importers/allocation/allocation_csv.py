"""A target model from a CSV file."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, overload

from realloc.models import PortfolioModel
from realloc.plugins.core.base import AllocationImporter, StrPath
from realloc.plugins.importers.tabular import Layout, Table, read_table

LAYOUT = Layout(keys=("Symbol",), numbers=("Target Weight",))
TOLERANCE = Decimal("0.01")
"""How far from 1 the weights may add up: they are often rounded to two decimals."""


class AllocationCSVImporter(AllocationImporter):
    """Read a target model from a CSV file with one weight on a row.

    Notes
    -----
    Columns: ``Symbol`` and ``Target Weight``, a fraction (``0.6``) or a percentage (``60%``). The weights
    have to add up to 1 within 0.01 and are kept as they are.
    """

    name = "allocation_csv"
    supported_extensions = [".csv"]  # noqa: RUF012 - the plugin interface has a list

    @overload
    def import_allocations(
        self, path: StrPath, return_dict: Literal[False] = False, model_name: str = "CSV Import"
    ) -> PortfolioModel: ...
    @overload
    def import_allocations(
        self, path: StrPath, return_dict: Literal[True], model_name: str = "CSV Import"
    ) -> dict[str, float]: ...
    def import_allocations(
        self, path: StrPath, return_dict: bool = False, model_name: str = "CSV Import"
    ) -> PortfolioModel | dict[str, float]:
        """Read the model of a file.

        Parameters
        ----------
        path : str or path
            The file.
        return_dict : bool
            Return the weights alone, by symbol, in place of a model.
        model_name : str
            Name of the model.

        Raises
        ------
        InputError
            The file is no such table; a weight is no number or negative; a symbol is there twice; or the
            weights do not add up to 1. All faults are in it, each with its line and column.
        """
        table = read_table(path, LAYOUT)
        weights = _weights(table)
        total = sum(weights.values(), Decimal())
        if not table.issues and abs(total - 1) > TOLERANCE:
            table.fault(
                "weight.sum",
                f"Target weights must sum to 1 within {TOLERANCE}, but sum to {total:f}",
                "write percentages with their sign, 60%" if total > 50 else "correct the weights",
                "Target Weight",
            )
        table.finish()
        model = PortfolioModel(model_name, {symbol: float(weight) for symbol, weight in weights.items()})
        return dict(model.targets) if return_dict else model


def _weights(table: Table) -> dict[str, Decimal]:
    weights: dict[str, Decimal] = {}
    for row in table.rows:
        symbol = row.needed("Symbol")
        weight = row.number("Target Weight", f"Invalid weight for {symbol}", percent=True)
        if weight is None:
            continue
        if weight < 0:
            row.fault("Target Weight", "weight.negative", f"Negative weight not allowed for {symbol}")
        elif symbol in weights:
            row.fault(
                "Symbol", "weight.twice", f"{symbol} is there twice", "keep one row and add the weights up"
            )
        else:
            weights[symbol] = weight
    return weights
