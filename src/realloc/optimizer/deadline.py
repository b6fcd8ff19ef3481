"""The moment at which a call has to have answered: everything that searches looks at it, the solver by its limit."""

from __future__ import annotations

from math import inf
from time import monotonic

KEPT = 0.1
"""Part of the time that is kept for the answer: reading the trades back, their reasons and the audit."""

ANSWER = 2.0
"""What the answer takes at most, as a multiple of what checking the household and building its arrays took."""


class Deadline:
    """A stretch of the monotonic clock, in its seconds, after which nothing more is searched.

    Parameters
    ----------
    start, end : float
        When it begins and ends; infinity is no end.

    Attributes
    ----------
    has_cut : bool
        Whether something was left out or broken off for it.
    """

    def __init__(self, start: float, end: float) -> None:
        self.start, self.end = start, end
        self.has_cut = False

    @classmethod
    def after(cls, seconds: float | None) -> Deadline:
        """Return the stretch of this many seconds from now, without an end for None."""
        now = monotonic()
        return cls(now, inf if seconds is None else now + seconds)

    def for_search(self) -> Deadline:
        """Return the stretch without what the answer needs: a tenth, and more where the arrays took longer to build."""
        if self.end == inf:
            return self
        kept = max(KEPT * (self.end - self.start), ANSWER * (monotonic() - self.start))
        return Deadline(self.start, self.end - kept)

    def left(self) -> float:
        """Return the seconds that are left, at least zero."""
        return inf if self.end == inf else max(0.0, self.end - monotonic())

    def passed(self) -> bool:
        """Return whether the moment is over."""
        return self.left() <= 0 and self.cuts()

    def cuts(self) -> bool:
        """Note that something is left out or broken off for the deadline, and return that it is."""
        self.has_cut = True
        return True


NEVER = Deadline(0.0, inf)
"""No limit of time."""
