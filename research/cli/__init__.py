"""The command line: one file for each command, put together in `main`."""

from research.cli.main import cli, main

__all__ = ["cli", "main"]
