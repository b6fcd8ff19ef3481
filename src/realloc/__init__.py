"""The open rebalancing engine for one portfolio held in several accounts."""
