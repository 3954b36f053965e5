"""Distributions: cash that left the fund on an ex-date, and the total return of a holder who reinvested it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from research.alignment.history import History
from research.drivers.driver import Driver
from research.drivers.inputs import check_positive, row
from research.errors import AlignmentError, DataError, ParameterError

__all__ = ["booked", "distributions", "reinvested", "total_return"]


def booked(cash: pd.Series, sessions: pd.DatetimeIndex) -> pd.Series:
    """Return distributions on the sessions kept: each on the first one that trades without it.

    Parameters
    ----------
    cash : pandas.Series of float
        Distributions per share by the day on which they were paid, which need not be a session kept; days without one
        may be absent or 0.
    sessions : pandas.DatetimeIndex, shape (T + 1,)
        Sessions kept, in order.

    Returns
    -------
    pandas.Series of float, shape (T + 1,)
        0 where nothing was paid. Its sum is that of all payments from the first session to the last.

    Raises
    ------
    DataError
        If a distribution is NaN, infinite or negative, or a day is there twice.

    Notes
    -----
    A payment on a Saturday, or on a session without a net asset value, is missing from the value of the next session
    kept: there it is booked, and several add up. Payments before the first session and after the last are outside.

    Examples
    --------
    >>> days = pd.DatetimeIndex(["2026-01-02", "2026-01-05", "2026-01-06"])
    >>> booked(pd.Series([0.1], pd.DatetimeIndex(["2026-01-03"])), days).tolist()
    [0.0, 0.1, 0.0]
    """
    amounts = _checked(cash)
    paid = pd.DatetimeIndex(cash.index)
    inside = (paid >= sessions[0]) & (paid <= sessions[-1])
    found = np.zeros(len(sessions))
    np.add.at(found, sessions.searchsorted(paid[inside]), amounts[inside])
    return pd.Series(found, sessions, name="distributions")


def _checked(cash: pd.Series) -> npt.NDArray[np.float64]:
    """Return the amounts of distributions; raise where one cannot be.

    Raises
    ------
    DataError
        With the day and the amount.
    """
    amounts = cash.to_numpy(dtype=float)
    wrong = ~(np.isfinite(amounts) & (amounts >= 0.0))
    if wrong.any():
        at = int(np.argmax(wrong))
        raise DataError(
            f"the distribution of {row(cash.index[at])} is {amounts[at]:g}: give cash per share, 0 or more; leave days "
            "without a distribution out or write 0"
        )
    if not cash.index.is_unique:
        raise DataError(
            f"the ex-date {row(cash.index[cash.index.duplicated()][0])} is there twice: add its distributions up"
        )
    return amounts


def reinvested(values: pd.Series, cash: pd.Series) -> pd.Series:
    """Return the cumulated log return that distributions add to a series observed without them.

    Parameters
    ----------
    values : pandas.Series of float, shape (T + 1,)
        Price or net asset value per share by session; from the ex-date on without the distribution.
    cash : pandas.Series of float
        Distributions per share by ex-date, in the unit of `values`; days without one may be absent or 0.

    Returns
    -------
    pandas.Series of float, shape (T + 1,)
        ``Σ ln(1 + D/V)`` up to each session, 0 at the first; flat but for ex-dates.

    Raises
    ------
    AlignmentError
        If an ex-date is not a label of `values`.
    DataError
        If a level is NaN or not positive, or a distribution is NaN or negative.

    Notes
    -----
    Cash is reinvested at the value of the ex-date itself, so a total return is ``(V_t + D_t)/V_{t−1}``. A distribution
    on the first session is left out: who buys there, at a value without it, does not receive it.

    Examples
    --------
    >>> days = pd.DatetimeIndex(["2026-01-02", "2026-01-05", "2026-01-06"])
    >>> reinvested(pd.Series([10.0, 9.0, 9.0], days), pd.Series([1.0], days[1:2])).round(6).tolist()
    [0.0, 0.105361, 0.105361]
    """
    check_positive(values, "the series that pays distributions")
    outside = cash.index.difference(values.index)
    if len(outside):
        raise AlignmentError(
            f"the ex-date {row(outside[0])} is not a session of the series: book it on the first session that trades "
            "without the distribution, booked(cash, values.index), or leave it out"
        )
    amounts = _checked(cash)
    added = np.zeros(len(values))
    at_rows = values.index.get_indexer(cash.index)
    added[at_rows] = np.log1p(amounts / values.to_numpy(dtype=float)[at_rows])
    added[:1] = 0.0
    return pd.Series(np.cumsum(added), values.index, name="distributions")


def total_return(values: pd.Series, cash: pd.Series) -> pd.Series:
    """Return the total-return level of a price or net asset value with its distributions reinvested on ex-dates.

    Parameters
    ----------
    values, cash
        As in `reinvested`.

    Returns
    -------
    pandas.Series of float, shape (T + 1,)
        Starts at the first value of `values`; NaN does not occur.

    Raises
    ------
    AlignmentError, DataError
        As in `reinvested`.

    Notes
    -----
    ``TR_t/TR_{t−1} = (V_t + D_t)/V_{t−1}``.

    Examples
    --------
    >>> days = pd.DatetimeIndex(["2026-01-02", "2026-01-05", "2026-01-06"])
    >>> total_return(pd.Series([10.0, 9.0, 9.9], days), pd.Series([1.0], days[1:2])).round(6).tolist()
    [10.0, 10.0, 11.0]
    """
    grown = values.to_numpy(dtype=float) * np.exp(reinvested(values, cash).to_numpy())
    return pd.Series(grown, values.index, name=values.name)


def distributions(history: History) -> Driver | None:
    """Return what cash distributions take out of a NAV or price that is observed without them.

    Parameters
    ----------
    history : History
        Its input ``distributions`` is cash per share by ex-date, its ``nav`` is without them. Days without one may be
        absent or 0, and an ex-date need not be a session kept: see `booked`.

    Returns
    -------
    Driver or None
        ``distributions``, a falling staircase; None where there is no such input or nothing was paid. It belongs to
        both bases: the price is split into NAV and premium.

    Raises
    ------
    DataError
        As in `booked` and `reinvested`.
    ParameterError
        If the input is a table instead of one series.

    Notes
    -----
    ``−Σ ln(1 + D/N)``: the NAV's divergence plus this is that of the total return. A history whose NAV already is a
    total return has no such input.
    """
    cash = history.inputs.get("distributions")
    if cash is None:
        return None
    if not isinstance(cash, pd.Series):
        raise ParameterError(f"input 'distributions' is a {type(cash).__name__}: give one pandas.Series by ex-date")
    nav = history.frame["nav"]
    level = -reinvested(nav, booked(cash, pd.DatetimeIndex(nav.index)))
    if not level.any():
        return None
    return Driver(
        name="distributions",
        level=level,
        title="Distributions",
        description="cash paid out on ex-dates, which the net asset value no longer holds",
        source="series distributions",
        truth=1.0 if history.fund.simulated else None,
    )
