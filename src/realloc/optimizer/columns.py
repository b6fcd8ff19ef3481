"""The columns of a linear or mixed-integer program, collected block by block and put in column-wise form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from realloc.optimizer.problem import Flags, Floats, Ints


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Model:
    """Columns in the solver's column-wise form."""

    n_columns: int
    cost: Floats
    lower: Floats
    upper: Floats
    start: npt.NDArray[np.int32]
    index: npt.NDArray[np.int32]
    value: Floats
    integrality: npt.NDArray[np.int32]


def each_of(value: Floats | Flags | float, n: int) -> Floats:
    """Return an array of n values, from one that is or from one value for all."""
    return np.asarray(value, dtype=float) if isinstance(value, np.ndarray) else np.full(n, float(value))


class Columns:
    """Collects blocks of columns, each with its entries in rows."""

    def __init__(self) -> None:
        self.cost: list[Floats] = []
        self.lower: list[Floats] = []
        self.upper: list[Floats] = []
        self.integral: list[Ints] = []
        self.entries: list[tuple[Ints, Ints, Floats]] = []
        self.n = 0

    def add(
        self,
        cost: Floats,
        lower: Floats | float,
        upper: Floats | float,
        entries: list[tuple[Ints, Floats | float]],
        *,
        integral: Flags | bool = False,
    ) -> int:
        """Add a block and return its first column; each entry is a row and a value for every column of it."""
        n = len(cost)
        first = self.n
        columns = np.arange(first, first + n)
        self.cost.append(cost)
        self.lower.append(each_of(lower, n))
        self.upper.append(each_of(upper, n))
        self.integral.append(each_of(integral, n).astype(np.intp))
        self.entries += [(columns, rows, each_of(value, n)) for rows, value in entries]
        self.n += n
        return first

    def attach(self, columns: Ints, rows: Ints, value: Floats | float) -> None:
        """Add entries to columns that are there already."""
        self.entries.append((columns, rows, each_of(value, len(columns))))

    def model(self) -> Model:
        """Return all columns in column-wise form."""
        columns, rows, values = (np.concatenate([entry[k] for entry in self.entries]) for k in range(3))
        used = values != 0
        columns, rows, values = columns[used], rows[used], values[used]
        order = np.argsort(columns, kind="stable")
        starts = np.concatenate([[0], np.cumsum(np.bincount(columns, minlength=self.n))])
        return Model(
            n_columns=self.n,
            cost=np.concatenate(self.cost),
            lower=np.concatenate(self.lower),
            upper=np.concatenate(self.upper),
            start=starts.astype(np.int32),
            index=rows[order].astype(np.int32),
            value=values[order],
            integrality=np.concatenate(self.integral).astype(np.int32),
        )
