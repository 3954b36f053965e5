"""The price of a market that never closes at the wall clock of a fund, session by session."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from research.alignment.clock import Clock
from research.alignment.dates import iso_day
from research.errors import AlignmentError, ParameterError
from research.tables import Result, Table

__all__ = ["Sampled", "sample_at"]

# A summary names at most so many sessions without a bar.
_NAMED = 8


@dataclass(frozen=True, eq=False)
class Sampled(Result):
    """Prices at a clock, and the sessions for which there was no bar.

    Parameters
    ----------
    prices : pandas.Series, float64
        One price for each session; NaN where the bar is missing.
    instants : pandas.DatetimeIndex
        The moment of each session, UTC.
    clock : Clock
        The clock.
    """

    prices: pd.Series[float]
    instants: pd.DatetimeIndex
    clock: Clock

    @property
    def missing(self) -> pd.DatetimeIndex:
        """Sessions without a bar at their moment."""
        return pd.DatetimeIndex(self.prices.index[self.prices.isna()])

    def to_frame(self) -> pd.DataFrame:
        """Return price and moment (UTC) of every session."""
        return pd.DataFrame({"price": self.prices.to_numpy(), "moment": self.instants}, index=self.prices.index)

    def summary(self) -> Table:
        """Return how many sessions have a price, and the first ones that have none."""
        gone = self.missing
        span = f", {iso_day(self.prices.index[0])} to {iso_day(self.prices.index[-1])}" if len(self.prices) else ""
        named = ", ".join(map(iso_day, gone[:_NAMED])) + (" and more" if len(gone) > _NAMED else "")
        rows = {"sessions": f"{len(self.prices)}{span}", "without a bar": named or "none"}
        return Table.of(rows, f"{len(gone)} of {len(self.prices)} sessions have no bar at {self.clock}")


def sample_at(
    bars: pd.DataFrame | pd.Series,
    clock: Clock | str,
    sessions: pd.DatetimeIndex,
    *,
    column: str = "open",
) -> Sampled:
    """Return the price at a wall clock on each session.

    Parameters
    ----------
    bars : pandas.DataFrame or pandas.Series
        By the start of each bar, UTC, strictly increasing: a table with the column, or the column itself. One minute
        to one day long, all of one length.
    clock : Clock or str
        As in ``"16:00 America/New_York"``; daylight saving is followed.
    sessions : pandas.DatetimeIndex
        Naive days.
    column : str
        ``"open"`` or ``"close"``:
        The open of the bar that starts at the moment, or the close of the bar that ends then.

    Returns
    -------
    Sampled
        A missing bar is NaN: no neighbour takes its place.

    Raises
    ------
    AlignmentError
        If the labels are not increasing UTC instants.
    ParameterError
        If `column` is another, a table lacks it, or bars of several lengths leave open which one ends at the moment.

    Notes
    -----
    All moments are computed at once and found by bisection, so two million bars take milliseconds.

    Examples
    --------
    >>> hours = pd.date_range("2024-07-23", periods=48, freq="h", tz="UTC")
    >>> bars = pd.Series(np.arange(48.0), hours, name="open")
    >>> days = pd.DatetimeIndex(["2024-07-23", "2024-07-24"])
    >>> sample_at(bars, "16:00 America/New_York", days).prices.tolist()
    [20.0, 44.0]
    """
    index = bars.index
    if not isinstance(index, pd.DatetimeIndex) or index.tz is None:
        raise AlignmentError("bars carry no time zone: label them by the start of each bar in UTC")
    if not (index.is_monotonic_increasing and index.is_unique):
        raise AlignmentError("bars are not strictly increasing in time: sort them and keep each once")
    if column not in {"open", "close"}:
        raise ParameterError(f"column is {column!r}: give 'open' or 'close'")
    series = bars if isinstance(bars, pd.Series) else _column(bars, column)
    moment = clock if isinstance(clock, Clock) else Clock.parse(clock)
    instants = moment.instants(sessions)
    wanted = instants if column == "open" else instants - _length(index)
    starts = index.tz_convert("UTC").as_unit("ns").asi8
    sought = wanted.as_unit("ns").asi8
    places = np.searchsorted(starts, sought)
    found = (places < len(starts)) & (starts[np.minimum(places, len(starts) - 1)] == sought)
    values = np.full(len(sessions), np.nan)
    values[found] = series.to_numpy(dtype=np.float64)[places[found]]
    return Sampled(pd.Series(values, sessions, name=series.name), instants, moment)


def _column(bars: pd.DataFrame, column: str) -> pd.Series[float]:
    if column not in bars.columns:
        raise ParameterError(f"bars have no column {column!r} (columns: {', '.join(map(str, bars.columns))})")
    return bars[column]


def _length(index: pd.DatetimeIndex) -> pd.Timedelta:
    """Return the length of a bar: the shortest step, of which every other is a multiple."""
    steps = np.diff(index.as_unit("ns").asi8)
    shortest = int(steps.min()) if len(steps) else 0
    if shortest == 0 or (steps % shortest).any():
        raise ParameterError("bars are of several lengths: sample their opens, or give bars of one length")
    return pd.Timedelta(shortest, unit="ns")
