"""The commands: arguments in, a household through the engine, a table or JSON out."""
