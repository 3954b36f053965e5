"""Where one series of a fund comes from, and when in the day it was observed."""

from __future__ import annotations

import re
from pathlib import PurePosixPath, PureWindowsPath
from typing import Annotated, Literal, Self, get_args
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, model_validator

from research.funds.fact import FrozenModel, Text

__all__ = ["ROLES", "Role", "SeriesSource"]

Role = Literal["nav", "close", "benchmark", "shares_outstanding", "premium_published"]
"""What a series is to its fund."""

ROLES: tuple[Role, ...] = get_args(Role)

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


class SeriesSource(FrozenModel):
    """One column of one file, with clock, unit and rounding.

    Parameters
    ----------
    table : str, optional
        Name of a bundled table.
    file : str, optional
        Path relative to the folder of the ``funds.toml``; exactly one of `table` and `file` is given.
    column : str
        Column that holds the values.
    date_column : str
        Column that holds the dates.
    clock : str
        Wall time and zone of the observation: ``"16:00 America/New_York"``, ``"24:00 UTC"``.
    unit : str
        Unit of the values.
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
    file: Annotated[Text, AfterValidator(_inside)] | None = None
    column: Text
    date_column: Text = "date"
    clock: Annotated[str, AfterValidator(_known_clock)]
    unit: Text
    tick: float | None = Field(default=None, gt=0.0)
    description: str = ""
    provider: Text
    measures: str = ""

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.table is None) == (self.file is None):
            raise ValueError("give either table (a bundled one) or file (one of your own), and not both")
        return self

    @property
    def where(self) -> str:
        """Table or file, and column, in words."""
        place = f"table {self.table}" if self.table else f"file {self.file}"
        return f"{place}, column {self.column}"
