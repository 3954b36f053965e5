"""Sessions of an exchange, from the calendar library and never from the rows of a file."""

from __future__ import annotations

import warnings
from functools import lru_cache
from typing import Any

import pandas as pd

from research.alignment.dates import as_date
from research.errors import SampleError, UnknownNameError

__all__ = ["check_calendar", "early_closes", "is_session", "session_closes", "sessions"]


def check_calendar(calendar: str) -> str:
    """Return `calendar`; raise where the calendar library has none of that name.

    Raises
    ------
    UnknownNameError
        With the nearest name that exists.
    """
    names = _names()
    if calendar not in names:
        raise UnknownNameError("calendar", str(calendar), names)
    return calendar


@lru_cache(maxsize=1)
def _names() -> frozenset[str]:
    import exchange_calendars  # noqa: PLC0415 - a quarter of a second, paid only where sessions are needed

    return frozenset(exchange_calendars.get_calendar_names(include_aliases=True))


@lru_cache(maxsize=64)
def _calendar(name: str, start: str, end: str) -> Any:  # noqa: ANN401 - the library is untyped
    import exchange_calendars  # noqa: PLC0415 - see above

    check_calendar(name)
    with warnings.catch_warnings():
        # The library reads its own columns in a way that pandas deprecates; neither its user nor ours can change that.
        warnings.filterwarnings("ignore", message=r"Series\.values returning an ndarray", category=Warning)
        # Explicit bounds: the library's own default range moves with the wall clock, and results must not.
        return exchange_calendars.get_calendar(name, start=start, end=end)


_years: dict[str, set[tuple[int, int]]] = {}
"""First and last year of the calendars that were made, by name."""


def _covering(name: str, start: pd.Timestamp, end: pd.Timestamp) -> Any:  # noqa: ANN401
    """Return a calendar that covers whole years, or the days asked for where the library knows no more."""
    # Whole years, so that windows of one sample share one calendar object: to make one takes a third of a second.
    first, last = next(
        ((first, last) for first, last in tuple(_years.get(name, ())) if first <= start.year and end.year <= last),
        (start.year, end.year),
    )
    try:
        found = _calendar(name, f"{first}-01-01", f"{last}-12-31")
    except UnknownNameError:
        raise
    except ValueError:
        pass
    else:
        _years.setdefault(name, set()).add((first, last))
        return found
    try:
        return _calendar(name, f"{start:%Y-%m-%d}", f"{end:%Y-%m-%d}")
    except ValueError as error:
        raise SampleError(
            f"calendar {name} does not cover {start:%Y-%m-%d} to {end:%Y-%m-%d}: {error}; give dates within its range"
        ) from None


def _naive(index: pd.DatetimeIndex) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(index.to_numpy(dtype="datetime64[ns]"))


def sessions(calendar: str, start: pd.Timestamp | str, end: pd.Timestamp | str) -> pd.DatetimeIndex:
    """Return the sessions of an exchange from `start` to `end`, both included.

    Parameters
    ----------
    calendar : str
        Name of the exchange's calendar, such as ``"XNYS"`` (New York) or ``"24/7"``.
    start, end : pandas.Timestamp or str
        Dates.

    Returns
    -------
    pandas.DatetimeIndex
        Naive, normalised labels; empty where no session lies between the dates.

    Raises
    ------
    UnknownNameError
        If there is no such calendar; the nearest name is offered.
    SampleError
        If the end lies before the start, or the dates outside what the calendar covers.

    Examples
    --------
    >>> [f"{day:%a %d}" for day in sessions("XNYS", "2024-07-03", "2024-07-09")]
    ['Wed 03', 'Fri 05', 'Mon 08', 'Tue 09']
    """
    first, last = as_date(start, "start"), as_date(end, "end")
    if last < first:
        raise SampleError(f"end {last:%Y-%m-%d} lies before start {first:%Y-%m-%d}: swap them")
    found = _covering(calendar, first, last).sessions
    return _naive(found[(found >= first) & (found <= last)])


def is_session(calendar: str, day: pd.Timestamp | str) -> bool:
    """Tell whether the exchange traded on `day`.

    Parameters
    ----------
    calendar : str
        Name of the exchange's calendar.
    day : pandas.Timestamp or str
        A date.

    Returns
    -------
    bool

    Examples
    --------
    >>> is_session("XNYS", "2024-07-04"), is_session("XNYS", "2024-07-05")
    (False, True)
    """
    return len(sessions(calendar, day, day)) == 1


def early_closes(calendar: str, start: pd.Timestamp | str, end: pd.Timestamp | str) -> pd.DatetimeIndex:
    """Return the sessions from `start` to `end` on which the exchange closed before its usual time.

    Parameters
    ----------
    calendar : str
        Name of the exchange's calendar.
    start, end : pandas.Timestamp or str
        Dates, both included.

    Returns
    -------
    pandas.DatetimeIndex
        Naive, normalised labels.

    Examples
    --------
    >>> early_closes("XNYS", "2024-07-01", "2024-12-31").strftime("%m-%d").tolist()
    ['07-03', '11-29', '12-24']
    """
    first, last = as_date(start, "start"), as_date(end, "end")
    found = pd.DatetimeIndex(_covering(calendar, first, last).early_closes)
    return _naive(found[(found >= first) & (found <= last)])


def session_closes(calendar: str, days: pd.DatetimeIndex, *, strict: bool = True) -> pd.DatetimeIndex:
    """Return the instant at which the exchange closed on each day.

    Parameters
    ----------
    calendar : str
        Name of the exchange's calendar.
    days : pandas.DatetimeIndex
        Naive, normalised labels.
    strict : bool
        Raise where a day is not a session; otherwise its close is NaT.

    Returns
    -------
    pandas.DatetimeIndex
        UTC, one instant for each day.

    Raises
    ------
    SampleError
        If `strict` and a day is not a session.

    Examples
    --------
    >>> session_closes("XNYS", pd.DatetimeIndex(["2024-07-02", "2024-07-03"])).strftime("%H:%M").tolist()
    ['20:00', '17:00']
    """
    if len(days) == 0:
        return pd.DatetimeIndex([], dtype="datetime64[ns, UTC]")
    closes = _covering(calendar, days.min(), days.max()).closes
    found = pd.DatetimeIndex(closes.reindex(days))
    if strict and bool(found.isna().any()):
        missing = days[found.isna()][0]
        raise SampleError(f"{missing:%Y-%m-%d} is not a session of {calendar}: it has no close; give sessions only")
    return found
