"""Weeks and months: which session speaks for each, and rows that are dated on the last day of one."""

from __future__ import annotations

import pandas as pd

from research.alignment.dates import labels_of
from research.alignment.sessions import sessions
from research.conventions import Frequency

__all__ = ["complete_until", "last_of_each", "on_last_sessions", "one_of_each", "period_of"]

_RULES = {"weekly": "W-SUN", "monthly": "M"}


def period_of(days: pd.DatetimeIndex, frequency: Frequency) -> pd.PeriodIndex:
    """Return the week, Monday to Sunday, or the month of each day.

    Examples
    --------
    >>> period_of(pd.DatetimeIndex(["2024-06-28", "2024-06-30"]), "weekly").nunique()
    1
    """
    return pd.PeriodIndex(days.to_period(_RULES[frequency]))


def last_of_each(days: pd.DatetimeIndex, frequency: Frequency) -> pd.DatetimeIndex:
    """Return the last of the days in each week or month.

    Parameters
    ----------
    days : pandas.DatetimeIndex
        In order.
    frequency : {"daily", "weekly", "monthly"}
        Every day is its own period in a daily sample.

    Examples
    --------
    >>> last_of_each(pd.bdate_range("2024-06-24", "2024-07-05"), "monthly").strftime("%m-%d").tolist()
    ['06-28', '07-05']
    """
    if frequency == "daily":
        return days
    return days[~period_of(days, frequency).duplicated(keep="last")]


def one_of_each(days: pd.DatetimeIndex, kept: pd.DatetimeIndex, frequency: Frequency) -> pd.DatetimeIndex:
    """Return one session for each week or month from the first kept to the last: the one kept, else the last.

    Parameters
    ----------
    days : pandas.DatetimeIndex
        Every session.
    kept : pandas.DatetimeIndex
        At most one a period.
    frequency : {"daily", "weekly", "monthly"}
        Every session is its own period in a daily sample.
    """
    inside = days[(days >= kept[0]) & (days <= kept[-1])] if len(kept) else days[:0]
    if frequency == "daily":
        return inside
    last = last_of_each(inside, frequency)
    lacking = last[~period_of(last, frequency).isin(period_of(kept, frequency))]
    return kept.union(lacking)


def complete_until(calendar: str, last: pd.Timestamp, frequency: Frequency) -> pd.Timestamp:
    """Return the last day of the last week or month of which no session comes after `last`.

    Examples
    --------
    >>> complete_until("XNYS", pd.Timestamp("2024-06-28"), "monthly").date()
    datetime.date(2024, 6, 28)
    >>> complete_until("XNYS", pd.Timestamp("2024-06-27"), "monthly").date()
    datetime.date(2024, 5, 31)
    """
    if frequency == "daily":
        return last
    period = last.to_period(_RULES[frequency])
    until = period.end_time.normalize()
    if last < until and len(sessions(calendar, last + pd.Timedelta(days=1), until)):
        return period.start_time.normalize() - pd.Timedelta(days=1)
    return last


def on_last_sessions(values: pd.Series[float], calendar: str, frequency: Frequency) -> pd.Series[float]:
    """Return a series whose rows on closed days are dated on the last session of their week or month.

    Parameters
    ----------
    values : pandas.Series
        By naive dates in order.
    calendar : str
        Exchange calendar.
    frequency : {"daily", "weekly", "monthly"}
        A daily series is returned as it is.

    Returns
    -------
    pandas.Series
        A row moves only where it is the one row of its period: a file of months is dated on their last calendar day,
        while a file of days that has a Sunday too says something else on the Friday.

    Examples
    --------
    >>> month_ends = pd.Series([1.0, 2.0], pd.DatetimeIndex(["2024-05-31", "2024-06-30"]))
    >>> on_last_sessions(month_ends, "XNYS", "monthly").index.strftime("%m-%d").tolist()
    ['05-31', '06-28']
    """
    known = labels_of(values.dropna())
    if frequency == "daily" or not len(known):
        return values
    period = period_of(known, frequency)
    days = sessions(calendar, period[0].start_time.normalize(), period[-1].end_time.normalize())
    last = pd.Series(last_of_each(days, frequency), period_of(last_of_each(days, frequency), frequency))
    alone = ~period.duplicated(keep=False) & ~known.isin(days) & period.isin(last.index)
    moved = dict(zip(known[alone], last.reindex(period[alone]), strict=True))
    if not moved:
        return values
    # A blank row on the session itself gives way to the value.
    rest = values.drop(pd.DatetimeIndex(list(moved.values())), errors="ignore")
    return rest.rename(index=moved).sort_index()
