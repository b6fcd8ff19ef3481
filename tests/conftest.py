"""What every test shares: how hypothesis searches, and a log that no command has set up.

The gate draws the same examples on every run, so that a change is what makes it fail; the profile `explore`
(``pytest --hypothesis-profile=explore``) draws others each time, and more of them; `mutants` draws the same few, for
``python -m benchmarks.mutants``.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is no failure: neither a slow example nor slow drawing of examples says anything of the code.
_PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("realloc", _PATIENT, max_examples=60, derandomize=True)
settings.register_profile("explore", _PATIENT, max_examples=300)
settings.register_profile("mutants", _PATIENT, max_examples=10, derandomize=True, database=None)
settings.load_profile("realloc")


@pytest.fixture(autouse=True)
def log_left_alone() -> Iterator[None]:
    """Undo what a command of the test before did to the package's log: its level and its handlers."""
    log = logging.getLogger("realloc")
    level, handlers = log.level, log.handlers[:]
    yield
    log.setLevel(level)
    log.handlers[:] = handlers
