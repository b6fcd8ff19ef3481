"""The exporters that come with the package."""
