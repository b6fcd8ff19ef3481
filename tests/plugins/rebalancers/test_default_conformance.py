from __future__ import annotations

from realloc.plugins.rebalancers.default_rebalancer import DefaultRebalancer
from realloc.testing.conformance import RebalancerConformance


class TestConformance(RebalancerConformance):
    plugin = DefaultRebalancer
    entry_point = "default"

    def make(self) -> DefaultRebalancer:
        return DefaultRebalancer()
