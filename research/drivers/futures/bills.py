"""Treasury bills: from bank-discount quotes to what cash earns between sessions."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from research.drivers.futures.curve import as_dates, calendar_days, day
from research.errors import DataError, ParameterError, SampleError

__all__ = ["BILL_DAYS", "MAX_QUOTE_AGE_DAYS", "bill_returns"]

BILL_DAYS: Final = 91
"""Calendar days of a thirteen-week bill."""

MAX_QUOTE_AGE_DAYS: Final = 7
"""How long a quote speaks for: as for assets in a fee schedule, the longest closure of the exchange."""

_HIGHEST, _LOWEST = 0.25, -0.05


def bill_returns(discount: pd.Series, sessions: pd.DatetimeIndex, *, bill_days: int = BILL_DAYS) -> pd.Series:
    """Return the simple return of Treasury bills over each interval between sessions.

    Parameters
    ----------
    discount : pandas.Series of float
        Bank-discount rate by date of quotation, a fraction (0.0525 for 5.25 %); NaN or no row on bond holidays.
    sessions : pandas.DatetimeIndex
        Sessions, strictly increasing.
    bill_days : int
        Days of the bill quoted.

    Returns
    -------
    pandas.Series of float
        Simple return, labelled by the session that ends the interval; one fewer than sessions.

    Raises
    ------
    DataError
        If a quote is above 25 % or below −5 % (percent instead of a fraction), labels are not sorted unique dates, or
        no quote stands within seven days before an interval.
    SampleError
        If there are fewer than two sessions.
    ParameterError
        If `bill_days` is not between 1 and 365.

    Notes
    -----
    ``TBR = [1/(1 − (91/360)·d)]^(Δdays/91) − 1``, d the quote known when the interval starts: that of its first
    session, or the last one before it where bonds had a holiday (S&P VIX Futures Indices Methodology; bills are quoted
    on a discount basis over 360 days). Looking up the last quote is how a rate is used; no return is filled by it.

    Examples
    --------
    >>> quotes = pd.Series([0.05], pd.to_datetime(["2024-01-12"]))
    >>> bill_returns(quotes, pd.to_datetime(["2024-01-12", "2024-01-16"])).round(8).tolist()
    [0.00055925]
    """
    if not 1 <= bill_days <= 365:
        raise ParameterError(f"a bill of {bill_days!r} days: give 91 for a thirteen-week bill")
    rows = as_dates(sessions, "sessions")
    if len(rows) < 2:
        raise SampleError("a return needs two sessions: one is given")
    labels = as_dates(discount.index, "dates of the bill quotes")
    quotes = pd.Series(discount.to_numpy(dtype="float64", na_value=np.nan), index=labels).dropna()
    bad = quotes[(quotes > _HIGHEST) | (quotes < _LOWEST)]
    if len(bad):
        raise DataError(
            f"the bill rate is {bad.iloc[0]:g} on {day(bad.index[0])}: give a fraction, 0.0525 for "
            "5.25 % (divide a percent column by 100)"
        )
    starts = rows[:-1]
    place = quotes.index.searchsorted(starts, side="right") - 1
    known = quotes.index[np.maximum(place, 0)] if len(quotes) else starts
    stale = (place < 0) | ((starts - known).days.to_numpy() > MAX_QUOTE_AGE_DAYS)
    if stale.any():
        raise DataError(
            f"no bill quote stands in the {MAX_QUOTE_AGE_DAYS} days up to {day(starts[int(stale.argmax())])}: extend "
            "the series of bill rates, or shorten the sample"
        )
    rates = quotes.to_numpy()[place]
    # A day of bills is a few hundredths of a basis point: the power itself would lose its last digits.
    simple = np.expm1(-calendar_days(rows) / bill_days * np.log1p(-bill_days / 360.0 * rates))
    return pd.Series(simple, index=rows[1:], name="bill_return")
