"""The documentation as a site: how it is built, and tests of what is built."""
