"""The plugins: what can be exchanged or added without touching the engine."""
