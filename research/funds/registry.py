"""The funds that are known: the bundled registry, overlaid by a folder of one's own."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import cache
from importlib import resources
from pathlib import Path

from research.errors import DataFileError, ParameterError
from research.funds.fund import Fund
from research.funds.series import TableSource
from research.funds.toml import parse_folder, parse_funds

__all__ = ["DATA_VARIABLE", "FILE_NAME", "data_folder", "described", "funds", "read_funds"]

DATA_VARIABLE = "RESEARCH_DATA"
"""Environment variable that names the data folder where no argument does."""

FILE_NAME = "funds.toml"

SIMULATED_PREFIX = "SIM-"
"""How the tickers of bundled simulated funds begin; an entry of one's own with such a ticker goes first."""


def funds(data: Path | str | None = None) -> tuple[Fund, ...]:
    """Return every known fund, ordered by ticker.

    Parameters
    ----------
    data : path, optional
        Folder with a ``funds.toml`` whose entries overlay the bundled ones: an entry replaces the bundled entry of
        the same ticker as a whole. Default: the environment variable ``RESEARCH_DATA``, else only the bundled funds.

    Returns
    -------
    tuple of Fund

    Raises
    ------
    DataFileError
        If the folder has no readable ``funds.toml``, or the file is malformed.

    Examples
    --------
    >>> [entry.ticker for entry in funds()][:3]
    ['ESK', 'ETH', 'ETHA']
    """
    known = {entry.ticker.casefold(): entry for entry in _bundled()}
    folder = data_folder(data)
    if folder is not None:
        known.update({entry.ticker.casefold(): entry for entry in read_funds(folder)})
    return tuple(sorted(known.values(), key=lambda entry: entry.ticker))


def described(ticker: str, data: Path | str | None = None) -> Fund | None:
    """Return the fund that the bundled registry or a folder's own describes under a ticker; None where neither does.

    Raises
    ------
    DataFileError
        As in `funds`.
    """
    return _among(funds(data), ticker)


def _among(known: Iterable[Fund], ticker: str) -> Fund | None:
    if not isinstance(ticker, str):
        raise ParameterError(f"ticker is {ticker!r}: give a fund's ticker as text, such as 'ETHV'")
    return next((entry for entry in known if entry.ticker.casefold() == ticker.strip().casefold()), None)


def read_funds(folder: Path | str) -> tuple[Fund, ...]:
    """Return the funds that ``funds.toml`` in `folder` describes, without the bundled ones.

    Raises
    ------
    DataFileError
        If the folder or the file is not there, cannot be read or is malformed.
    """
    found, tables, place = _read(folder)
    return tuple(entry.with_root(place, tables) for entry in found)


def read_tables(folder: Path | str) -> dict[str, TableSource]:
    """Return the files that ``funds.toml`` in `folder` describes as ``[table.NAME]``.

    Raises
    ------
    DataFileError
        If the folder or the file is not there, cannot be read or is malformed.
    """
    return _read(folder)[1]


def _read(folder: Path | str) -> tuple[tuple[Fund, ...], dict[str, TableSource], Path]:
    place = Path(folder)
    if not place.is_dir():
        raise DataFileError(f"{place}: no such folder: name a folder that holds a {FILE_NAME}")
    path = place / FILE_NAME
    if not path.is_file():
        raise DataFileError(f"{place}: no {FILE_NAME} in this folder: write one that describes your funds")
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DataFileError(f"{path}: cannot be read ({error.strerror}): check its permissions") from None
    found, tables = parse_folder(raw, str(path))
    return found, tables, place.resolve()


def data_folder(data: Path | str | None) -> Path | None:
    """Return the folder that `data` names, else the environment, or None for the bundled funds alone."""
    if data is not None:
        return Path(data)
    named = os.environ.get(DATA_VARIABLE, "")
    return Path(named) if named else None


@cache
def _bundled() -> tuple[Fund, ...]:
    raw = resources.files("research").joinpath("data", FILE_NAME).read_bytes()
    return parse_funds(raw, f"bundled {FILE_NAME}")
