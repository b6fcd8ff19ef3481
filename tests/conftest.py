"""What every test shares: how hypothesis searches."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# A busy machine is no failure: neither a slow example nor slow drawing of examples says anything of the code.
settings.register_profile(
    "realloc", max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("realloc")
