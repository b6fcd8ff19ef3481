"""The importers that come with the package."""
