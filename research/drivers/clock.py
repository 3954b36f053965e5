"""Clock: what a benchmark observed at another time of day than the fund adds to the divergence."""

from __future__ import annotations

import numpy as np
import pandas as pd

from research.alignment.history import History
from research.drivers.driver import Driver
from research.drivers.inputs import check_positive, input_series, on_sessions

__all__ = ["clock", "log_ratio"]


def log_ratio(one: pd.Series, other: pd.Series, name: str, names: tuple[str, str]) -> pd.Series:
    """Return the cumulated log return of one series less that of another.

    Parameters
    ----------
    one, other : pandas.Series of float, shape (T + 1,)
        Levels on the same sessions.
    name : str
        Name of the result.
    names : tuple of str
        What messages call the two.

    Returns
    -------
    pandas.Series of float, shape (T + 1,)
        ``ln(one_t/one_0) − ln(other_t/other_0)``; antisymmetric, 0 at the first session.

    Raises
    ------
    AlignmentError
        If the labels differ.
    DataError
        If a level is NaN or not positive.

    Examples
    --------
    >>> days = pd.bdate_range("2025-01-06", periods=2)
    >>> log_ratio(pd.Series([1.0, 2.0], days), pd.Series([5.0, 5.0], days), "gap", ("a", "b")).round(4).tolist()
    [0.0, 0.6931]
    """
    left = np.log(check_positive(one, names[0]).to_numpy(dtype=float))
    aligned = on_sessions(other, pd.DatetimeIndex(one.index), names[1])
    right = np.log(check_positive(aligned, names[1]).to_numpy(dtype=float))
    return pd.Series((left - left[:1]) - (right - right[:1]), one.index, name=name)


def clock(history: History) -> Driver | None:
    """Return the divergence that comes from observing the benchmark at its own time of day instead of the fund's.

    Parameters
    ----------
    history : History
        Its input ``benchmark_at_fund_clock`` is the benchmark's asset observed at the fund's time of day.

    Returns
    -------
    Driver or None
        ``clock``; None where there is no such series.

    Raises
    ------
    DataError
        If a level is NaN or not positive.

    Notes
    -----
    ``Δln S(fund's clock) − Δln B(its own clock)``. It comes back each day, so it is large in a daily
    tracking error and nothing in a year's tracking difference. `research.alignment.clock_offset` estimates the hours
    where no second series is at hand.
    """
    at_fund = input_series(history, "benchmark_at_fund_clock")
    if at_fund is None:
        return None
    level = log_ratio(
        at_fund, history.frame["benchmark"], "clock", ("input 'benchmark_at_fund_clock'", "the benchmark")
    )
    own, funds = history.clocks.get("benchmark", "its own clock"), history.clocks.get("nav", "the fund's clock")
    return Driver(
        name="clock",
        level=level,
        title="Clock",
        description=f"benchmark at {funds} less benchmark at {own}",
        source="series benchmark_at_fund_clock",
        truth=1.0 if history.fund.simulated else None,
    )
