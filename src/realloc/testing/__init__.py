"""Hypothesis strategies and checks for tests of `realloc` and of its plugins (needs ``realloc[test]``)."""
