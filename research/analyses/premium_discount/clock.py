"""Which closes are older than the net asset value they are compared with, and what that alone makes of a premium."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import chdtr

from research.alignment.clock import Clock
from research.alignment.history import History
from research.alignment.sessions import early_closes, session_closes

__all__ = ["ClockGroup", "clock_groups", "early_sessions", "hourly_variance", "stale_sessions"]


@dataclass(frozen=True)
class ClockGroup:
    """Closes of one kind.

    Parameters
    ----------
    name : str
        What kind.
    sessions : int
        How many, with a premium.
    mean_absolute : float
        Mean absolute premium, a fraction.
    expected : float
        The same as the clock alone would make it; NaN where the hours are not known.
    absolute_share, square_share : float
        Share of all absolute, and of all squared premiums.
    p_value : float
        Two-sided, of the premiums being the benchmark's usual moves over the hours between; NaN where those are not
        known.
    """

    name: str
    sessions: int
    mean_absolute: float
    expected: float
    absolute_share: float
    square_share: float
    p_value: float


def stale_sessions(history: History) -> pd.DatetimeIndex:
    """Return the sessions whose close a screen calls stale."""
    found = [item.session for item in history.findings if item.rule == "stale_value" and item.series == "close"]
    return pd.DatetimeIndex([session for session in found if session is not None])


def early_sessions(history: History) -> pd.DatetimeIndex:
    """Return the sessions of the history on which the exchange closed before its usual time."""
    known = pd.DatetimeIndex(history.frame.index)
    return known.intersection(early_closes(history.fund.calendar, history.start, history.end))


def hourly_variance(history: History) -> float:
    """Return the variance of the benchmark's log return in an hour, from intervals of one calendar day.

    Notes
    -----
    Weekends are left out: the hours in question are those of weekdays, and markets that never close move less on
    Saturdays. A history of weeks or months has no such interval: there the squares of all are divided by their hours.
    """
    days = np.diff(history.days)
    moves = history.benchmark_returns.to_numpy()
    weekday = days == 1
    taken = weekday if weekday.any() else np.full(days.size, True)
    return float((moves[taken] ** 2).sum() / (24.0 * days[taken].sum()))


def clock_groups(history: History) -> tuple[ClockGroup, ...]:
    """Return stale, early and other closes with their parts in the premium.

    Parameters
    ----------
    history : History
        With a market close.

    Returns
    -------
    tuple of ClockGroup
        A kind without a session is left out.

    Notes
    -----
    A close h hours older than the NAV differs from it by what the market did in between, of variance h·σ² an hour: the
    mean absolute premium is then ``√(2hσ²/π)``. With n such closes ``Σπ²/(hσ²)`` is χ² with n degrees of freedom where
    the hours were ordinary ones and nothing else parts price and NAV.
    """
    premium = history.premium.dropna()
    stale = stale_sessions(history).intersection(pd.DatetimeIndex(premium.index))
    early = early_sessions(history).intersection(pd.DatetimeIndex(premium.index)).difference(stale)
    rest = pd.DatetimeIndex(premium.index).difference(stale.union(early))
    hours = _hours(history, early)
    kinds = (("stale close", stale, math.nan), ("early close", early, hours), ("other closes", rest, math.nan))
    return tuple(_group(history, premium, name, days, apart) for name, days, apart in kinds if len(days))


def _hours(history: History, early: pd.DatetimeIndex) -> float:
    """Return the mean hours from an early close to the NAV of the session."""
    if not len(early):
        return math.nan
    apart = Clock.parse(history.clocks["nav"]).instants(early) - session_closes(history.fund.calendar, early)
    return float(np.mean(apart / pd.Timedelta(hours=1)))


def _group(history: History, premium: pd.Series, name: str, days: pd.DatetimeIndex, hours: float) -> ClockGroup:
    part = premium.loc[days]
    variance = hours * hourly_variance(history)
    tail = float(chdtr(len(days), float((part**2).sum()) / variance)) if variance > 0 else math.nan
    return ClockGroup(
        name=name,
        sessions=len(days),
        mean_absolute=float(part.abs().mean()),
        expected=math.sqrt(2.0 * variance / math.pi) if variance > 0 else math.nan,
        absolute_share=float(part.abs().sum() / premium.abs().sum()),
        square_share=float((part**2).sum() / (premium**2).sum()),
        p_value=2.0 * min(tail, 1.0 - tail),
    )
