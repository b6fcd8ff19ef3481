"""The plugin kinds, and how plugins are found, checked and loaded."""
