"""Where a batch is planned, on the command line."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from realloc.cli.arguments import Whole
from realloc.errors import InputError, Issue

if TYPE_CHECKING:
    from collections.abc import Callable

    from realloc.batch import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """Where households are planned.

    Parameters
    ----------
    engine : {"local", "spark"}
        Processes of this machine, or a Spark cluster.
    master : str, optional
        URL of the Spark cluster, such as spark://HOST:7077.
    workers : int, optional
        Processes of the local engine; one for each core where it is not said.
    """

    engine: Literal["local", "spark"] = "local"
    master: str | None = None
    workers: Whole | None = None

    def open(self, *, verbose: bool) -> AbstractContextManager[Callable[..., Progress]]:
        """Return what opens the engine and gives the function that runs a batch on it.

        Raises
        ------
        InputError
            The arguments do not go together, or the engine is not installed.
        """
        if self.engine == "local":
            if self.master is not None:
                raise InputError(Issue(code="argument", where="--master", message="it needs --engine spark"))
            from realloc.batch import run_local  # noqa: PLC0415 - an extra, loaded when it is used

            return nullcontext(partial(run_local, workers=self.workers))
        if self.master is None:
            text = "--engine spark needs the URL of the cluster, such as spark://HOST:7077"
            raise InputError(Issue(code="argument", where="--master", message=text))
        if self.workers is not None:
            raise InputError(Issue(code="argument", where="--workers", message="a Spark cluster has its own"))
        try:
            from realloc.batch.cluster import cluster  # noqa: PLC0415 - another extra
        except ImportError as error:
            raise InputError(
                "The engine spark needs pyspark, which is not installed: pip install 'realloc[spark]'"
            ) from error
        return cluster(self.master, level="WARN" if verbose else "ERROR")


ENGINE_DEFAULTS = Engine()
SharedEngine = Annotated[Engine, Parameter(name="*")]
