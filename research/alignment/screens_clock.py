"""Screens for series observed at another time than they say: an offset in hours, and local time taken for UTC."""

from __future__ import annotations

import datetime as dt
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from research.alignment.clock_offset import ClockOffset, Market, clock_offset
from research.alignment.findings import Finding
from research.errors import ResearchError

__all__ = ["clock_offset_screen"]

_LONG_ENOUGH: Final = 60
_HOURS: Final = 1.0
_CERTAIN: Final = 3.0
# An offset of δ hours is the whole divergence, and the regression sees δ/24 of it; half of that is asked for.
_SHARE: Final = 0.5
_CHI_SQUARE: Final = 6.0
_MARKETS: Final[tuple[Market, ...]] = ("continuous", "closes")


def clock_offset_screen(frame: pd.DataFrame, *, zone: str | None = None, multiple: float = 1.0) -> tuple[Finding, ...]:
    """Find a benchmark that was observed hours before or after the NAV although both state one clock.

    Parameters
    ----------
    frame : pandas.DataFrame
        Aligned sessions with ``nav`` and ``benchmark``.
    zone : str, optional
        Time zone of the stated clock; with it, hours that follow this zone's distance from UTC are called local time
        taken for UTC (or the reverse).
    multiple : float
        The fund's stated multiple; only 1 is looked at, for leverage itself correlates with moves.

    Returns
    -------
    tuple of Finding
        At most one, severity ``warning``: `value` is hours, positive where the benchmark is later.

    Notes
    -----
    Fires where `research.clock_offset` finds at least one hour at three standard errors, in a regression that
    explains half of what it would if the offset were all there is: with moves independent from hour to hour, δ hours
    leave an R² of δ/24. Local time is what fits better, summer and winter apart, than any constant offset; a
    constant offset of just such hours cannot always be told from it.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> price = np.exp(np.cumsum(rng.normal(0, 0.005, 24 * 400)))
    >>> days = pd.date_range("2025-01-01", periods=300)
    >>> frame = pd.DataFrame({"nav": price[: 24 * 300 : 24], "benchmark": price[3 : 24 * 300 : 24]}, days)
    >>> [(found.rule, round(found.value)) for found in clock_offset_screen(frame)]
    [('clock_offset', 3)]
    """
    if multiple != 1.0 or not {"nav", "benchmark"} <= set(frame.columns):
        return ()
    both = frame[["nav", "benchmark"]]
    both = both[(both > 0).all(axis=1)]
    if len(both) < _LONG_ENOUGH:
        return ()
    try:
        # Whether the market closes is not known here: the count of hours that fits better is the market's.
        found = max(
            (clock_offset(both["nav"], both["benchmark"], market=market) for market in _MARKETS), key=_explained
        )
    except ResearchError:
        return ()  # the same series twice, or one that never moves: other screens say so
    explained = _explained(found)
    if (
        abs(found.hours) < _HOURS
        or abs(found.hours) < _CERTAIN * found.std_error
        or explained < _SHARE * abs(found.hours) / 24.0
    ):
        return ()
    when = "after" if found.hours > 0 else "before"
    message = (
        f"the benchmark looks observed {abs(found.hours):.1f} ± {found.std_error:.1f} hours {when} the NAV, which "
        f"leaves its mark on their divergence (R² {explained:.0%}) although both state one clock"
    )
    rule = "clock_offset"
    if zone is not None and _follows(both, zone):
        rule = "local_time_for_utc"
        message += f"; the hours are the distance of {zone} from UTC, in summer and in winter: local time taken for UTC"
    return (Finding(rule, "benchmark", None, found.hours, message, "warning"),)


def _explained(found: ClockOffset) -> float:
    return float(found.fits["r_squared"].loc[found.regression])


def _follows(both: pd.DataFrame, zone: str) -> bool:
    """Return whether the offset is a zone's distance from UTC in summer and in winter, rather than a constant."""
    labels = pd.DatetimeIndex(both.index)
    place = ZoneInfo(zone)
    noons = (labels + pd.Timedelta(hours=12)).tz_localize(place)
    apart = np.array([(noon.utcoffset() or dt.timedelta()).total_seconds() / 3600 for noon in noons])
    hours, errors, distances = [], [], []
    for distance in np.unique(apart):
        part = both[apart == distance]
        if len(part) < _LONG_ENOUGH:
            continue
        try:
            offset = clock_offset(part["nav"], part["benchmark"])
        except ResearchError:
            continue
        hours.append(abs(offset.hours))
        errors.append(max(offset.std_error, 1e-6))
        distances.append(abs(float(distance)))
    if len(hours) < 2:
        return False
    weights = 1.0 / np.square(errors)
    follows = float(weights @ np.square(np.subtract(hours, distances)))
    constant = float(weights @ np.square(np.subtract(hours, np.average(hours, weights=weights))))
    # The zone's hours are given, the constant is fitted: they must do as well without a free number.
    return follows <= min(constant, _CHI_SQUARE)
