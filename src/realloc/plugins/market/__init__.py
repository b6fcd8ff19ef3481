"""Market data: prices from a provider, fetched when a person asks for them."""
