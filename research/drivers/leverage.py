"""Leverage: what compounding makes of a multiple that is reset, and what borrowing costs."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from research.alignment.history import History
from research.conventions import DAYS_PER_YEAR
from research.drivers.driver import Driver
from research.drivers.inputs import check_positive, days_between, input_series, row
from research.errors import DataError, ParameterError, UnknownNameError

__all__ = [
    "MAX_RATE_AGE_DAYS",
    "check_multiple",
    "compounding_drag",
    "financing",
    "financing_level",
    "leverage",
]

Reset = Literal["daily", "monthly"]
"""How often a fund brings its exposure back to the multiple."""

MAX_RATE_AGE_DAYS = 7
"""How long a quoted rate speaks for: bills are not quoted on every session of a stock exchange."""


def check_multiple(multiple: float) -> float:
    """Return a multiple of leverage; raise where it is zero or not a finite number.

    Raises
    ------
    ParameterError
        A multiple of 0 is no exposure at all.

    Examples
    --------
    >>> check_multiple(-1)
    -1.0
    """
    number = float(multiple)
    if number == 0.0 or not np.isfinite(number):
        raise ParameterError(
            f"leverage is {multiple!r}: give the stated multiple of the benchmark's return, as in 2 for a fund that "
            "doubles, -1 for an inverse one, 1 for a fund without leverage"
        )
    return number


def compounding_drag(benchmark: pd.Series, multiple: float, *, reset: Reset = "daily") -> pd.Series:
    """Return what resetting to a multiple gains or loses against the multiple of the benchmark's log return.

    Parameters
    ----------
    benchmark : pandas.Series of float, shape (T + 1,)
        Levels of the benchmark without leverage, by session.
    multiple : float
        L: 2 for a fund that doubles, -1 for an inverse one, any number but 0.
    reset : {"daily", "monthly"}
        Each session, or at the last session of each calendar month.

    Returns
    -------
    pandas.Series of float, shape (T + 1,)
        Cumulated log return, 0 at the first session; exactly 0 throughout for L = 1.

    Raises
    ------
    ParameterError
        If the multiple is 0 or not finite.
    DataError
        If a level is NaN or not positive, or the benchmark moved so far that nothing is left of the fund.
    UnknownNameError
        If `reset` is neither.

    Notes
    -----
    ``Σ[ln(1 + L·R) − L·ln(1 + R)]`` over reset intervals, R the simple return since the reset; about
    ``−½·L·(L − 1)·σ²·t``. Where a session is missing the interval's return is taken as one day's:
    right on average to second order, exact only where no session is missing.

    Examples
    --------
    >>> days = pd.bdate_range("2025-01-06", periods=3)
    >>> compounding_drag(pd.Series([100.0, 110.0, 99.0], days), 2).round(6).tolist()
    [0.0, -0.008299, -0.020721]
    """
    factor = check_multiple(multiple)
    values = check_positive(benchmark, "the benchmark").to_numpy(dtype=float)
    if factor == 1.0:
        return pd.Series(0.0, benchmark.index, name="leverage")
    resets = _reset_rows(pd.DatetimeIndex(benchmark.index), reset)
    since = values[1:] / values[resets] - 1.0
    left = 1.0 + factor * since
    if (left <= 0.0).any():
        at = int(np.argmax(left <= 0.0))
        raise DataError(
            f"the benchmark returned {since[at]:+.1%} by {row(benchmark.index[at + 1])}: a fund of {factor:g} times "
            "that loses everything; check the level, or end the sample before"
        )
    within = np.log1p(factor * since) - factor * np.log1p(since)
    total = np.zeros(len(values))
    for t, base in enumerate(resets):
        total[t + 1] = total[base] + within[t]
    return pd.Series(total, benchmark.index, name="leverage")


def _reset_rows(sessions: pd.DatetimeIndex, reset: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return, for each row but the first, the row at whose close the multiple was last reset."""
    before = np.arange(len(sessions) - 1)
    if reset == "daily":
        return before
    if reset == "monthly":
        month = np.asarray(sessions.year * 12 + sessions.month)
        return np.asarray(np.maximum.accumulate(np.where(month[1:] != month[:-1], before, 0)), dtype=np.int64)
    raise UnknownNameError("reset", str(reset), ("daily", "monthly"))


def financing_level(rate: pd.Series, multiple: float, sessions: pd.DatetimeIndex | None = None) -> pd.Series:
    """Return the cumulated log return of borrowing for leverage, or of lending what a short position brings in.

    Parameters
    ----------
    rate : pandas.Series of float
        Money-market rate by day of its quote, fraction a year; NaN is a day without a quote.
    multiple : float
        L. An inverse fund earns the rate: on its own cash and on the proceeds of what it sold.
    sessions : pandas.DatetimeIndex, optional
        Sessions of the result; by default the labels of `rate`.

    Returns
    -------
    pandas.Series of float, shape (T + 1,)
        0 at the first session; exactly 0 throughout for L = 1.

    Raises
    ------
    ParameterError
        If the multiple is 0 or not finite.
    DataError
        If a rate is not between -1 and 1, or the last quote before an interval is more than seven days old.

    Notes
    -----
    ``−(L − 1)·Σ rate·days/365``, the rate being the last one quoted on or before the session at
    which the interval begins: money is lent at a rate agreed beforehand.

    Examples
    --------
    >>> quotes = pd.Series(0.0365, pd.DatetimeIndex(["2025-01-03", "2025-01-06", "2025-01-07"]))
    >>> financing_level(quotes, 2).round(8).tolist()
    [0.0, -0.0003, -0.0004]
    """
    factor = check_multiple(multiple)
    labels = pd.DatetimeIndex(rate.index) if sessions is None else sessions
    quotes = rate.dropna()
    numbers = quotes.to_numpy(dtype=float)
    wrong = np.abs(numbers) > 1.0
    if wrong.any():
        at = int(np.argmax(wrong))
        raise DataError(
            f"financing rate of {row(quotes.index[at])} is {numbers[at]:g}: write a fraction a year, as in 0.045 for "
            "4.5 %"
        )
    starts = labels[:-1]
    found = pd.DatetimeIndex(quotes.index).searchsorted(starts, side="right") - 1
    quoted = pd.DatetimeIndex(quotes.index)[np.maximum(found, 0)] if len(quotes) else starts
    old = (found < 0) | np.asarray((starts - quoted).days > MAX_RATE_AGE_DAYS)
    if old.any() or (len(starts) and not len(quotes)):
        at = int(np.argmax(old)) if len(quotes) else 0
        raise DataError(
            f"no financing rate was quoted in the {MAX_RATE_AGE_DAYS} days to {row(starts[at])}: give a quote for "
            "every week at least; older ones are not carried on"
        )
    steps = (1.0 - factor) * numbers[found] * days_between(labels) / DAYS_PER_YEAR
    return pd.Series(np.concatenate([[0.0], np.cumsum(steps)]), labels, name="financing")


def leverage(history: History) -> Driver | None:
    """Return what compounding at the stated multiple gains or loses, or None where the fund has no leverage.

    Parameters
    ----------
    history : History
        The fund's ``leverage`` terms give multiple and reset; the benchmark is without leverage.

    Returns
    -------
    Driver or None
        ``leverage``: against the multiple of the benchmark's log return, as `History.divergence` is.

    Raises
    ------
    ParameterError, DataError
        As in `compounding_drag`.

    Notes
    -----
    ``Σ[ln(1 + L·R) − L·ln(1 + R)]``.
    """
    terms = history.fund.leverage
    if terms is None:
        return None
    return Driver(
        name="leverage",
        level=compounding_drag(history.frame["benchmark"], terms.multiple, reset=terms.reset),
        title="Leverage",
        description=f"compounding of {terms.multiple:g} times the benchmark, reset {terms.reset}",
        source=terms.source,
        truth=1.0 if history.fund.simulated else None,
    )


def financing(history: History) -> Driver | None:
    """Return the cost of the money that leverage borrows, or None without leverage or without a rate.

    Parameters
    ----------
    history : History
        Its input ``financing_rate`` is a money-market rate, fraction a year.

    Returns
    -------
    Driver or None
        ``financing``: falling for L > 1, rising for an inverse fund while rates are positive.

    Raises
    ------
    ParameterError, DataError
        As in `financing_level`.

    Notes
    -----
    ``−(L − 1)·Σ rate·days/365``. What a fund pays above the rate (swap spreads) shows as a
    coefficient above 1.
    """
    terms = history.fund.leverage
    rate = input_series(history, "financing_rate")
    if terms is None or rate is None:
        return None
    return Driver(
        name="financing",
        level=financing_level(rate, terms.multiple),
        title="Financing",
        description=f"{1.0 - terms.multiple:+g} times the money-market rate, Act/365",
        source="series financing_rate",
        truth=1.0 if history.fund.simulated else None,
    )
