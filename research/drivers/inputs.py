"""Further series of a history that drivers read, and the checks that every one of them goes through.

Keys of ``History.inputs``, each a series on the history's labels:

* ``staked_share``: fraction of the fund's coins that is staked, 0 to 1
* ``staking_yield``: gross reward on staked coins, fraction a year
* ``benchmark_staking_yield``: gross reward that a total-return benchmark earns on all its coins, fraction a year
* ``staking_tax_rate``: withholding that all holders together bear, fraction of the reward after the staking fee
* ``distributions``: cash per share by ex-date; days without one absent or 0, ex-dates need not be sessions
* ``coins_per_share``: units of the asset that one share owns
* ``benchmark_at_fund_clock``: the benchmark observed at the fund's time of day
* ``benchmark_stated``: level of the benchmark that the fund names, where the history has another
* ``fx``: units of the fund's currency for one of the benchmark's, at the fund's clock
* ``financing_rate``: money-market rate by day of its quote, fraction a year; NaN where none was quoted
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from research.alignment.history import History
from research.conventions import DAYS_PER_YEAR
from research.errors import AlignmentError, DataError, ParameterError

__all__ = [
    "accrue",
    "check_fraction",
    "check_number",
    "check_positive",
    "days_between",
    "input_series",
    "on_sessions",
    "row",
]

Array = npt.NDArray[np.float64]


def input_series(history: History, key: str) -> pd.Series | None:
    """Return one of the history's further series on the sessions kept, or None where it was not given.

    Parameters
    ----------
    history : History
        Aligned history with its ``inputs``.
    key : str
        Name of the series.

    Returns
    -------
    pandas.Series of float or None
        On the labels of ``history.frame``; NaN where the series has NaN.

    Raises
    ------
    AlignmentError
        If the series lacks a session of the history.
    ParameterError
        If it is a table instead of one series.
    """
    inputs: Mapping[str, pd.Series | pd.DataFrame] = history.inputs
    if key not in inputs:
        return None
    values = inputs[key]
    if not isinstance(values, pd.Series):
        raise ParameterError(f"input {key!r} is a {type(values).__name__}: give one pandas.Series on the sessions")
    missing = history.frame.index.difference(values.index)
    if len(missing):
        raise AlignmentError(
            f"input {key!r} has no row for {row(missing[0])} ({len(missing)} of {len(history.frame)} sessions are "
            "missing): give a value for every session of the history, nothing is filled"
        )
    return values.loc[history.frame.index].astype(float)


def on_sessions(values: pd.Series | float, sessions: pd.DatetimeIndex, name: str) -> pd.Series:
    """Return a constant or a series as one value for each session.

    Raises
    ------
    AlignmentError
        If a series has other labels than the sessions.
    """
    if not isinstance(values, pd.Series):
        return pd.Series(float(values), sessions, name=name)
    if not values.index.equals(sessions):
        raise AlignmentError(
            f"{name} has {len(values)} labels that are not the {len(sessions)} sessions: take it on the sessions, "
            "values.loc[sessions]"
        )
    return values.astype(float)


def check_fraction(
    values: pd.Series | float, sessions: pd.DatetimeIndex, name: str, low: float, high: float, advice: str
) -> pd.Series:
    """Return a constant or a series on the sessions, none of it NaN or outside `low` to `high`.

    The first row of a series is not looked at: no interval ends there.

    Raises
    ------
    DataError
        If a value of a series is wrong: name, row, value and what to do.
    ParameterError
        If a constant is wrong.
    AlignmentError
        If a series has other labels than the sessions.
    """
    if not isinstance(values, pd.Series):
        check_number(values, name, low, high, advice)
        return on_sessions(values, sessions, name)
    found = on_sessions(values, sessions, name)
    later = found.to_numpy()[1:]
    wrong = ~((later >= low) & (later <= high))
    if wrong.any():
        at = int(np.argmax(wrong))
        where = row(sessions[at + 1])
        if np.isnan(later[at]):
            raise DataError(f"{name} of {where} is missing: give a value for every session, nothing is filled")
        raise DataError(f"{name} of {where} is {later[at]:g} ({later[at]:.0%}): {advice}")
    return found


def check_number(value: float, name: str, low: float, high: float, advice: str) -> float:
    """Return a parameter between `low` and `high`.

    Raises
    ------
    ParameterError
        With name, value and what to do.
    """
    number = float(value)
    if not low <= number <= high:
        raise ParameterError(f"{name} is {number:g}: {advice}")
    return number


def check_positive(values: pd.Series, name: str) -> pd.Series:
    """Return values of which a logarithm can be taken; raise at the first that is NaN, infinite, zero or negative.

    Raises
    ------
    DataError
        With name, row and value.
    """
    numbers = values.to_numpy(dtype=float)
    wrong = ~(np.isfinite(numbers) & (numbers > 0.0))
    if wrong.any():
        at = int(np.argmax(wrong))
        raise DataError(
            f"{name} of {row(values.index[at])} is {numbers[at]:g}: give a positive level, or leave the session out"
        )
    return values


def accrue(rate: pd.Series, name: str) -> pd.Series:
    """Return the cumulated log return of an annual rate: the rate of day t over the calendar days since the row before.

    Parameters
    ----------
    rate : pandas.Series of float, shape (T + 1,)
        Fraction a year; the first value belongs to no interval.
    name : str
        Name of the result.

    Returns
    -------
    pandas.Series of float, shape (T + 1,)
        ``Σ rate_t·days_t/365``, 0 at the first session.
    """
    steps = rate.to_numpy(dtype=float)[1:] * days_between(pd.DatetimeIndex(rate.index)) / DAYS_PER_YEAR
    return pd.Series(np.concatenate([[0.0], np.cumsum(steps)]), rate.index, name=name)


def days_between(sessions: pd.DatetimeIndex) -> Array:
    """Return the calendar days of each holding interval, one fewer than sessions."""
    return np.asarray(np.diff(sessions.to_numpy()) / np.timedelta64(1, "D"), dtype=np.float64)


def row(label: object) -> str:
    """Return a label as an error message shows it."""
    return f"{label:%Y-%m-%d}" if isinstance(label, date) else repr(label)
