"""The tables that come with the package, checked against their hash whenever they are read."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import pandas as pd

from research.errors import DataFileError, UnknownNameError
from research.loaders.csv import load_csv
from research.loaders.published import Column
from research.loaders.raw import RawFile
from research.tables import Result, Table

if TYPE_CHECKING:
    from research.loaders.published import PublishedTable

__all__ = ["TableInfo", "bundled_bytes", "bundled_file", "bundled_table", "bundled_tables"]


@dataclass(frozen=True)
class TableInfo(Result):
    """What a bundled table is and where it comes from.

    Parameters
    ----------
    name : str
        Name by which a fund refers to it; the file is ``<name>.csv``.
    title, publisher, source, description : str
        In words.
    columns : mapping of str to Column
        Every column but the date.
    rows : int
        Number of rows.
    sha256 : str
        Hash of the file.
    """

    name: str
    title: str
    publisher: str
    source: str
    description: str
    columns: Mapping[str, Column]
    rows: int
    sha256: str

    def summary(self) -> Table:
        """Return what each column is, with the publisher and the source below."""
        about = {name: (column.unit, column.clock, column.description) for name, column in self.columns.items()}
        return Table(
            pd.DataFrame.from_dict(about, orient="index", columns=["unit", "clock", "description"]),
            f"{self.name}: {self.title}, {self.rows} rows",
            notes=(f"{self.publisher}: {self.source}", self.description),
        )

    def to_dict(self) -> dict[str, object]:
        """Return every field, ready for JSON."""
        return asdict(self)


@cache
def bundled_tables() -> Mapping[str, TableInfo]:
    """Return the bundled tables by name.

    Examples
    --------
    >>> sorted(bundled_tables())
    ['etha', 'ethv']
    """
    text = resources.files("research").joinpath("data", "tables.toml").read_text(encoding="utf-8")
    return {name: _info(name, entry) for name, entry in tomllib.loads(text).items()}


def _info(name: str, entry: dict[str, Any]) -> TableInfo:
    columns = {column: Column(**about) for column, about in entry.pop("columns").items()}
    return TableInfo(name=name, columns=columns, **entry)


def bundled_bytes(name: str) -> bytes:
    r"""Return the file of a bundled table as it is, after comparing its hash.

    Raises
    ------
    UnknownNameError
        If there is no such table.
    DataFileError
        If the file is missing or is not the one that was bundled.

    Examples
    --------
    >>> bundled_bytes("ethv")[:30]
    b'date,nav,close,premium,index\n2'
    """
    tables = bundled_tables()
    if name not in tables:
        raise UnknownNameError("bundled table", name, tables)
    try:
        raw = resources.files("research").joinpath("data", "tables", f"{name}.csv").read_bytes()
    except OSError as error:
        raise DataFileError(f"bundled table {name} cannot be read ({error}): install the package again") from None
    found = hashlib.sha256(raw).hexdigest()
    if found != tables[name].sha256:
        raise DataFileError(
            f"bundled table {name} was changed: its sha256 is {found[:12]}… and should be {tables[name].sha256[:12]}…; "
            "install the package again, and keep data of your own in a folder with a funds.toml"
        )
    return raw


def bundled_table(name: str) -> pd.DataFrame:
    """Return a bundled table with all its columns.

    Parameters
    ----------
    name : str
        ``"ethv"`` or ``"etha"``.

    Returns
    -------
    pandas.DataFrame, float64
        Every row of the publisher's file, ascending, index naive days; units as in ``bundled_tables()[name]``.

    Raises
    ------
    UnknownNameError, DataFileError
        As in `bundled_bytes`.

    Examples
    --------
    >>> bundled_table("ethv").loc["2024-07-23"].to_dict()
    {'nav': 50.9159, 'close': 50.68, 'premium': -0.24, 'index': 3476.61}
    """
    return bundled_file(name).frame.copy()


def bundled_file(name: str) -> PublishedTable:
    """Return the file of a bundled table, its hash compared, as the reader of plain text reads it."""
    return _parsed(name, bundled_bytes(name))


@lru_cache(maxsize=4)
def _parsed(name: str, raw: bytes) -> PublishedTable:
    info = bundled_tables()[name]
    table = load_csv(RawFile(f"bundled table {name}", raw), columns={column: column for column in info.columns})
    if len(table.frame) != info.rows:
        raise DataFileError(f"bundled table {name} has {len(table.frame)} rows and should have {info.rows}")
    return table
