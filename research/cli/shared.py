"""What every command shares: options, and how answers and complaints leave the program."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import click

__all__ = [
    "FAILED",
    "FOUND",
    "INTERRUPTED",
    "TERMINATED",
    "WRONG_REQUEST",
    "as_json",
    "check_folder",
    "columns",
    "data_folder",
    "print_json",
    "stop",
]

FAILED = 1
WRONG_REQUEST = 2
FOUND = 3
"""Done, with findings that nobody has acknowledged."""
INTERRUPTED = 130
TERMINATED = 143

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout and nothing else there.")
data_folder = click.option(
    "--data",
    metavar="DIR",
    help="Folder with a funds.toml and data files of your own [default: the environment variable RESEARCH_DATA].",
)


def columns(rows: Sequence[Sequence[str]]) -> str:
    """Return rows of texts in columns."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))] if rows else []
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "\n".join(lines)


def print_json(value: object) -> None:
    """Print a value as JSON on stdout."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def stop(message: str, code: int) -> NoReturn:
    """Say what is wrong in one line on stderr and end."""
    click.echo("research: " + " ".join(message.split()), err=True)
    sys.exit(code)


def check_folder(folder: Path) -> None:
    """Refuse a folder for reports that cannot be one."""
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        stop(f"cannot write reports to {folder}: {existing} is not a folder that you can write to", WRONG_REQUEST)
