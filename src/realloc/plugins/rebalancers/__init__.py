"""The rebalancers that come with the package."""
