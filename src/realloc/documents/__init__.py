"""Documents that go in and come out, and how a file is written."""
