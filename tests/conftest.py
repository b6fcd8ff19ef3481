"""What every test shares: how hypothesis searches.

The gate draws the same examples on every run, so that a change is what makes it fail; the profile `explore`
(``pytest --hypothesis-profile=explore``) draws others each time, and more of them.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# A busy machine is no failure: neither a slow example nor slow drawing of examples says anything of the code.
_PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("realloc", _PATIENT, max_examples=60, derandomize=True)
settings.register_profile("explore", _PATIENT, max_examples=300)
settings.load_profile("realloc")
