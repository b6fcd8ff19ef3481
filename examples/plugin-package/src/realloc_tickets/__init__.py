"""Order tickets and a list of symbols that are never bought: two plugins for realloc."""
