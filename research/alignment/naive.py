"""What the tracking error would read if the rows of a file defined the sessions: a demonstration, not a measure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from research.conventions import BASIS_POINT, SESSIONS_PER_YEAR, check_periods
from research.tables import Result, Table

__all__ = ["NaiveCost", "naive_cost"]


@dataclass(frozen=True, eq=False)
class NaiveCost(Result):
    """Tracking error of the same rows under three ideas of what a session is.

    Parameters
    ----------
    all_rows_bp : float
        Every row of the file kept, weekends and holidays included; basis points a year.
    weekdays_bp : float
        Weekend rows dropped, holiday rows kept; basis points a year.
    sessions_bp : float
        Sessions of the exchange only; basis points a year.
    """

    all_rows_bp: float
    weekdays_bp: float
    sessions_bp: float

    def summary(self) -> Table:
        """Return the three as a table."""
        rows = {
            "every row of the file": self.all_rows_bp,
            "weekdays": self.weekdays_bp,
            "sessions of the exchange": self.sessions_bp,
        }
        frame = pd.DataFrame({"bp a year": list(rows.values())}, index=list(rows))
        return Table(frame, "Tracking error by what counts as a session", {"bp a year": ",.1f"})


def naive_cost(
    nav: pd.Series[float],
    benchmark: pd.Series[float],
    sessions: pd.DatetimeIndex,
    *,
    periods_per_year: float = SESSIONS_PER_YEAR,
) -> NaiveCost:
    """Return the tracking error that the rows of a file would read without a calendar.

    Parameters
    ----------
    nav, benchmark : pandas.Series
        Levels as the files have them, with naive dates; only rows that both have count.
    sessions : pandas.DatetimeIndex
        Sessions of the exchange; the first and the last bound the sample.
    periods_per_year : float
        Observations a year by which the dispersion is annualised, the same for the three.

    Returns
    -------
    NaiveCost
        NaN where fewer than three rows remain.

    Notes
    -----
    Standard deviation (n - 1) of the change of ln(nav) - ln(benchmark), times the square root of `periods_per_year`. A
    row that repeats Friday's NAV while the index moves on makes a return of the index alone.

    Examples
    --------
    >>> days = pd.date_range("2024-07-22", "2024-08-02")
    >>> index = pd.Series(np.linspace(3000.0, 3300.0, len(days)), days)
    >>> nav = index.where(days.day_of_week < 5).ffill() / 100
    >>> cost = naive_cost(nav, index, days[days.day_of_week < 5])
    >>> bool(cost.all_rows_bp > 1000) and round(cost.sessions_bp, 6) == 0
    True
    """
    check_periods(periods_per_year)
    table = pd.DataFrame({"nav": nav, "benchmark": benchmark}).dropna()
    table = table.loc[sessions[0] : sessions[-1]]
    labels = pd.DatetimeIndex(table.index)
    level = pd.Series(np.log(table["nav"].to_numpy()) - np.log(table["benchmark"].to_numpy()), index=labels)

    def error(kept: pd.Series[float]) -> float:
        return float(kept.diff().std(ddof=1) * np.sqrt(periods_per_year) / BASIS_POINT)

    return NaiveCost(
        all_rows_bp=error(level),
        weekdays_bp=error(level[labels.day_of_week < 5]),
        sessions_bp=error(level[labels.isin(sessions)]),
    )
