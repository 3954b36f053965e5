"""The time of day at which a series is observed: a wall time and a zone, or the close of an exchange."""

from __future__ import annotations

import re
import zoneinfo
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

import numpy as np
import pandas as pd

from research.alignment.sessions import check_calendar, early_closes, session_closes
from research.errors import ParameterError, nearest

__all__ = ["Clock"]

_WALL = re.compile(r"(?P<hour>\d{2}):(?P<minute>\d{2})")
# Two whole years: every daylight-saving change of both hemispheres, and every early close, occurs in them.
_PROBE = ("2024-01-01", "2025-12-31")


@dataclass(frozen=True)
class Clock:
    """A time of day and the zone in which a wall clock shows it.

    Parameters
    ----------
    time : str
        ``"HH:MM"`` from ``"00:00"`` to ``"24:00"`` (the midnight that ends the day), or ``"close"`` for the close of an
        exchange, which is earlier on early-close sessions.
    zone : str
        An IANA time zone; with ``time="close"`` the name of the exchange's calendar.

    Raises
    ------
    ParameterError
        If the time or the zone does not exist.
    UnknownNameError
        If ``time="close"`` and there is no such calendar.

    Notes
    -----
    Where a wall time occurs twice (the end of daylight saving) the first is meant; where it does not exist (the start)
    the first instant after the gap is meant.

    Examples
    --------
    >>> Clock("16:00", "America/New_York").instant("2024-07-23")
    Timestamp('2024-07-23 20:00:00+0000', tz='UTC')
    >>> Clock.parse("24:00 UTC").instant("2024-07-23")
    Timestamp('2024-07-24 00:00:00+0000', tz='UTC')
    >>> Clock.parse("close XNYS").instant("2024-07-03")
    Timestamp('2024-07-03 17:00:00+0000', tz='UTC')
    """

    time: str = "16:00"
    zone: str = "America/New_York"

    def __post_init__(self) -> None:
        if self.time == "close":
            check_calendar(self.zone)
            return
        self._offset()
        _check_zone(self.zone)

    @classmethod
    def parse(cls, label: str) -> Clock:
        """Return the clock that a label such as ``"16:00 America/New_York"`` or ``"close XNYS"`` names.

        Parameters
        ----------
        label : str
            A time and a zone with a blank between them.

        Returns
        -------
        Clock

        Raises
        ------
        ParameterError
            If the label has another form, or names a time or a zone that does not exist.

        Examples
        --------
        >>> str(Clock.parse("16:00 Europe/London"))
        '16:00 Europe/London'
        """
        parts = label.split() if isinstance(label, str) else []
        if len(parts) != 2:
            raise ParameterError(
                f"clock {label!r} is not a time and a zone: write it as '16:00 America/New_York', '24:00 UTC' or "
                "'close XNYS'"
            )
        return cls(*parts)

    def __str__(self) -> str:
        return f"{self.time} {self.zone}"

    def _offset(self) -> timedelta:
        match = _WALL.fullmatch(self.time) if isinstance(self.time, str) else None
        if match is not None:
            minutes = 60 * int(match["hour"]) + int(match["minute"])
            if int(match["minute"]) < 60 and minutes <= 24 * 60:
                return timedelta(minutes=minutes)
        raise ParameterError(f"clock time {self.time!r} does not exist: write HH:MM from 00:00 to 24:00, or 'close'")

    def instants(self, sessions: pd.DatetimeIndex) -> pd.DatetimeIndex:
        """Return the instant at which each session's value is observed.

        Parameters
        ----------
        sessions : pandas.DatetimeIndex
            Naive, normalised labels.

        Returns
        -------
        pandas.DatetimeIndex
            UTC, one instant for each label.

        Raises
        ------
        ParameterError
            If the labels carry a time zone.
        SampleError
            If the clock is an exchange's close and a label is not a session of that exchange.

        Examples
        --------
        >>> Clock().instants(pd.DatetimeIndex(["2024-11-01", "2024-11-04"])).hour.tolist()
        [20, 21]
        """
        if sessions.tz is not None:
            raise ParameterError(
                "session labels carry a time zone: labels are naive dates; drop it with tz_localize(None)"
            )
        if self.time == "close":
            return session_closes(self.zone, sessions)
        wall = sessions + self._offset()
        first = np.ones(len(wall), dtype=bool)
        return wall.tz_localize(self.zone, ambiguous=first, nonexistent="shift_forward").tz_convert("UTC")

    def instant(self, session: pd.Timestamp | str) -> pd.Timestamp:
        """Return the instant, in UTC, at which the value labelled `session` is observed.

        Parameters
        ----------
        session : pandas.Timestamp or str
            A date label.

        Returns
        -------
        pandas.Timestamp
            UTC.

        Examples
        --------
        >>> Clock("16:00", "America/New_York").instant("2025-01-15").hour
        21
        """
        return self.instants(pd.DatetimeIndex([pd.Timestamp(session)]))[0]

    def same_as(self, other: Clock) -> bool:
        """Tell whether two clocks mean the same instant on every regular session.

        Clocks are compared by what they mean, not how they are spelt. An exchange's close counts as its regular closing
        time: the early closes are what the screen `early_close` reports.

        Parameters
        ----------
        other : Clock

        Returns
        -------
        bool

        Examples
        --------
        >>> Clock("16:00", "America/New_York").same_as(Clock("16:00", "US/Eastern"))
        True
        >>> Clock("16:00", "America/New_York").same_as(Clock("close", "XNYS"))
        True
        >>> Clock("16:00", "America/New_York").same_as(Clock("21:00", "UTC"))
        False
        """
        return self == other or bool(_same(self, other))


@lru_cache(maxsize=256)
def _same(one: Clock, other: Clock) -> bool:
    days = pd.date_range(*_PROBE, freq="D", unit="ns")
    for clock in (one, other):
        if clock.time == "close":
            regular = session_closes(clock.zone, days, strict=False)
            days = days[regular.notna()]
            days = days.difference(early_closes(clock.zone, *_PROBE))
    return one.instants(days).equals(other.instants(days))


@lru_cache(maxsize=256)
def _check_zone(zone: str) -> None:
    try:
        zoneinfo.ZoneInfo(zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError, TypeError):
        closest = nearest(str(zone), zoneinfo.available_timezones())
        hint = f"did you mean {closest!r}? " if closest else ""
        raise ParameterError(
            f"time zone {zone!r} does not exist: {hint}use an IANA name such as 'America/New_York'"
        ) from None
