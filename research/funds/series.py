"""Where one series of a fund comes from, and when in the day it was observed."""

from __future__ import annotations

import re
from pathlib import PurePosixPath, PureWindowsPath
from typing import Annotated, Any, Literal, Self, get_args
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, model_validator

from research.funds.fact import FrozenModel, Text
from research.tables import Result, Table

__all__ = ["INPUTS", "ROLES", "FileSource", "InputName", "Role", "SeriesSource", "TableSource"]

Role = Literal["nav", "close", "benchmark", "shares_outstanding", "premium_published"]
"""What a series is to its fund."""

ROLES: tuple[Role, ...] = get_args(Role)

InputName = Literal[
    "asset_bars",
    "benchmark_at_fund_clock",
    "benchmark_stated",
    "benchmark_staking_yield",
    "bill_rate",
    "coins_per_share",
    "distributions",
    "financing_rate",
    "fx",
    "staked_share",
    "staking_tax_rate",
    "staking_yield",
]
"""Further series that single drivers read, see `research.History`."""

INPUTS: tuple[InputName, ...] = get_args(InputName)

UNCLOCKED = frozenset({"csv", "excel", "parquet", "sql"})
"""Formats that say nothing of the time of day: whoever uses one states it."""

CLOCK = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d \S+|24:00 \S+")


def _known_clock(label: str) -> str:
    """Return a clock label that names a time of day and a zone that exists."""
    if not CLOCK.fullmatch(label):
        raise ValueError(f"{label!r} is not a clock: write a wall time and a zone, as in '16:00 America/New_York'")
    zone = label.split(" ", 1)[1]
    try:
        ZoneInfo(zone)
    except (ValueError, OSError, LookupError):
        raise ValueError(f"time zone {zone!r} does not exist: write an IANA name such as America/New_York") from None
    return label


def _inside(path: str) -> str:
    """Return a path that, read literally, stays inside its folder; symbolic links are looked at when it is opened."""
    windows, posix = PureWindowsPath(path), PurePosixPath(path)
    if posix.is_absolute() or windows.drive or windows.root or "\x00" in path:
        raise ValueError(f"{path!r} is not relative: name a file inside the folder of funds.toml")
    if ".." in windows.parts or ".." in posix.parts:
        raise ValueError(f"{path!r} leaves its folder: name a file inside the folder of funds.toml")
    return path


class FileSource(Result, FrozenModel):
    """A file of a folder of one's own, or a query, and the format it is in.

    Parameters
    ----------
    file : str, optional
        Path relative to the folder of the ``funds.toml``.
    format : str
        Format of the file, one of those that ``research check --formats`` lists.
    options : dict
        What the format's loader takes, as in ``options = { ticker = "SSO" }``.
    """

    file: Annotated[Text, AfterValidator(_inside)] | None = None
    format: Text = "csv"
    options: dict[str, Any] = Field(default_factory=dict)

    def summary(self) -> Table:
        """Return what the entry states."""
        return Table.of(self.stated(), "Where data lie")

    @property
    def is_query(self) -> bool:
        """Whether the data come from a server instead of a file."""
        return self.format == "sql" and "database_variable" in self.options


class TableSource(FileSource):
    """A file that several series use, or that no fund uses: ``[table.NAME]``.

    Parameters
    ----------
    provider, description : str
        Who publishes it, and what it is.

    Examples
    --------
    >>> TableSource(file="bitcoin.csv", format="cryptodatadownload", provider="CryptoDataDownload").format
    'cryptodatadownload'
    """

    provider: str = ""
    description: str = ""

    @model_validator(mode="after")
    def _has_a_place(self) -> Self:
        if (self.file is None) != self.is_query:
            raise ValueError("give file, or for a server format = 'sql' with options.database_variable")
        return self


class SeriesSource(FileSource):
    """One column of one file, with clock, unit and rounding.

    Parameters
    ----------
    table : str, optional
        Name of a bundled table, or of a ``[table.NAME]`` of the same ``funds.toml``.
    file : str, optional
        Path relative to the folder of the ``funds.toml``; exactly one of `table` and `file` is given.
    format, options
        Format of the file, as in `FileSource`; plain comma-separated text with ISO dates where nothing is said.
    column : str
        Column that holds the values: in plain text by the file's own name, in a publisher's format by the name that
        its loader gives (``nav``, ``close``; ``research check FILE --format X`` lists them).
    date_column : str
        Column that holds the dates, in plain text.
    clock : str
        Wall time and zone of the observation: ``"16:00 America/New_York"``, ``"24:00 UTC"``. May be left out where the
        format fixes it, and must agree with it where both are there.
    unit : str
        Unit of the values.
    scale : float
        Factor from the file's unit to `unit`: 0.01 for a rate in percent.
    sample_at : str, optional
        For bars: the clock at which the price of each session is taken.
    tick : float, optional
        Step to which the publisher rounds the printed value.
    description : str
        What the series is, in words.
    provider : str
        Who publishes it.
    measures : str
        For a benchmark: name of the index that the series really is, which need not be the one the fund states.

    Examples
    --------
    >>> SeriesSource(file="nav.csv", column="NAV", clock="16:00 America/New_York", unit="USD", provider="issuer").where
    'file nav.csv, column NAV'
    """

    table: Text | None = None
    column: Text
    date_column: Text = "date"
    clock: Annotated[str, AfterValidator(_known_clock)] | None = None
    unit: Text
    scale: float = Field(default=1.0, gt=0.0)
    sample_at: Annotated[str, AfterValidator(_known_clock)] | None = None
    tick: float | None = Field(default=None, gt=0.0)
    description: str = ""
    provider: Text
    measures: str = ""

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.table is None) == (self.file is None) and not (self.is_query and self.table is None):
            raise ValueError("give either table (a bundled one or one of your own) or file, and not both")
        if self.table is not None and (self.options or self.format != "csv"):
            raise ValueError("format and options belong to the table: write them under [table.NAME]")
        if self.clock is None and self.sample_at is None and self.table is None and self.format in UNCLOCKED:
            raise ValueError("the clock is missing: write a wall time and a zone, as in '16:00 America/New_York'")
        if self.clock is not None and self.sample_at is not None and self.clock != self.sample_at:
            raise ValueError(f"clock {self.clock!r} and sample_at {self.sample_at!r} contradict: leave clock out")
        return self

    @property
    def stated_clock(self) -> str:
        """The clock that the entry states; empty where it leaves that to the format."""
        return self.sample_at or self.clock or ""

    @property
    def where(self) -> str:
        """Table or file, and column, in words."""
        place = f"table {self.table}" if self.table else f"file {self.file}" if self.file else "query"
        return f"{place}, column {self.column}"
