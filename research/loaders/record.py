"""A series with the record of where it came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from research.funds import InputName, Role

if TYPE_CHECKING:
    import pandas as pd

    from research.loaders.published import Remark

__all__ = ["LoadedSeries", "SourceRecord"]


@dataclass(frozen=True)
class SourceRecord:
    """Where a series came from, for the data box of a report.

    Parameters
    ----------
    name : str
        Table or file, and column.
    role : str
        What the series is to its fund.
    provider, description, clock, unit : str
        As the fund's entry states them.
    tick : float or None
        Step to which the publisher rounds.
    rows : int
        Rows in the file, before any alignment.
    sha256 : str
        Hash of the file.
    simulated : bool
        True where the data were made.
    measures : str
        For a benchmark, the index that the series really is.
    format : str
        Format of the file.
    remarks : tuple of Remark
        What the loader set aside or repaired.
    """

    name: str
    role: Role | InputName
    provider: str
    description: str
    clock: str
    unit: str
    tick: float | None
    rows: int
    sha256: str
    simulated: bool = False
    measures: str = ""
    format: str = "csv"
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, eq=False)
class LoadedSeries:
    """Values as in the file, and their source.

    Parameters
    ----------
    values : pandas.Series, float64
        Every row of the file, weekends and holidays included; index naive days, strictly increasing. NaN where the
        file has no value. For bars that are still to be sampled: by the start of the bar, UTC.
    source : SourceRecord
        Where they came from.
    sample_at : str
        For bars, the clock at which each session's price is to be taken; else empty.
    column : str
        For bars, which price: ``"open"`` of the bar that starts then, ``"close"`` of the one that ends then.
    """

    values: pd.Series[float]
    source: SourceRecord
    sample_at: str = ""
    column: str = "open"
