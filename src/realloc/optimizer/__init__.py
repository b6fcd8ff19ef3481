"""Decide trades: arrays from a household, a linear relaxation, whole shares, and a bound that proves them.

Everything here works on numpy arrays in flat form over *pairs* (an account and a symbol) and *lots*.
"""
