"""Dates as labels: naive and without a time of day."""

from __future__ import annotations

from datetime import date, datetime

import pandas as pd

from research.errors import ParameterError

__all__ = ["as_date", "iso_day", "labels_of"]


def as_date(value: object, name: str) -> pd.Timestamp:
    """Return `value` as a naive label without a time of day.

    Parameters
    ----------
    value : str, datetime.date or pandas.Timestamp
        A date; a text is ISO, ``"2024-07-23"``.
    name : str
        What the value is called in the error message.

    Returns
    -------
    pandas.Timestamp

    Raises
    ------
    ParameterError
        If the value is not a date, carries a time zone or a time of day, or lies outside 1900 to 2200.

    Examples
    --------
    >>> as_date("2024-07-23", "start")
    Timestamp('2024-07-23 00:00:00')
    """
    hint = "give an ISO date such as '2024-07-23'"
    try:
        if isinstance(value, str):
            label = pd.Timestamp(datetime.fromisoformat(value.strip()))
        elif isinstance(value, date) and not pd.isna(value):
            label = pd.Timestamp(value)
        else:
            raise ParameterError(f"{name} {value!r} is not a date: {hint}")
    except ValueError:
        raise ParameterError(f"{name} {value!r} is not a date: {hint}") from None
    if label.tz is not None or label != label.normalize():
        raise ParameterError(f"{name} {value!r} has a time of day or a time zone, and a label is a date alone: {hint}")
    if not 1900 <= label.year <= 2200:
        raise ParameterError(f"{name} {value!r} lies outside the years 1900 to 2200: {hint}")
    return label.as_unit("ns")


def iso_day(value: object) -> str:
    """Return a date label as it is shown: ``2024-07-23``.

    Examples
    --------
    >>> iso_day(pd.Timestamp("2024-07-23"))
    '2024-07-23'
    """
    return str(value)[:10]


def labels_of(data: pd.DataFrame | pd.Series[float]) -> pd.DatetimeIndex:
    """Return the date labels of a frame or a series.

    Examples
    --------
    >>> labels_of(pd.Series([1.0], pd.DatetimeIndex(["2024-07-23"]))).day.tolist()
    [23]
    """
    return pd.DatetimeIndex(data.index)
