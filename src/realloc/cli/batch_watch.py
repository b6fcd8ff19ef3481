"""When a household needs a plan, on the command line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

if TYPE_CHECKING:
    from realloc.batch import MonitorOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """When a household needs a plan, beside its bands.

    Parameters
    ----------
    idle_cash : float
        Idle cash as a fraction of the household's value above which it needs a plan.
    loss : float
        Dollars of losses that may be sold today from which on it needs a plan.
    """

    idle_cash: float = 0.02
    loss: float = 1_000.0

    def read(self) -> MonitorOptions:
        """Return the options of the monitor.

        Raises
        ------
        InputError
            A number is negative.
        """
        from realloc.batch import MonitorOptions  # noqa: PLC0415 - an extra, loaded when it is used

        return MonitorOptions(idle_cash=self.idle_cash, loss=self.loss)


WATCH_DEFAULTS = Watch()
SharedWatch = Annotated[Watch, Parameter(name="*")]
