"""The validators that come with the package."""
