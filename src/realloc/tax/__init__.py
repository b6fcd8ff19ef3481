"""Tax rules over lots: terms, relief, netting, rates, wash sales, regimes and location; pure functions."""
