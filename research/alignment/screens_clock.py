"""Screens for series observed at another time than they say: an offset in hours, and local time taken for UTC."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from research.alignment.clock import Clock
from research.alignment.clock_offset import ClockOffset, clock_offset
from research.alignment.daily_offset import daily_evidence
from research.alignment.findings import Finding
from research.alignment.located import paired_losses
from research.alignment.named_clocks import time_taken_for_utc
from research.alignment.variance_offset import VarianceOffset, variance_offset
from research.alignment.variance_profile import VarianceProfile, flat_profile, profiles_of
from research.errors import ResearchError

__all__ = ["clock_offset_screen"]

Array = npt.NDArray[np.float64]

_LONG_ENOUGH: Final = 60
_HOURS: Final = 1.0
_CERTAIN: Final = 3.0
# A share δ/24 of the variance is the whole divergence, and the regression sees δ/24 of it; half of that is asked for.
_SHARE: Final = 0.5
# Of all moves between them a quiet hour of a weekday holds a fiftieth.
_QUIET: Final = 1.0 / 50.0
# Half way from 1 to √2, and intervals over a weekend from which it is told.
_WIDER: Final = 1.2
_WEEKENDS: Final = 8


def clock_offset_screen(
    frame: pd.DataFrame,
    *,
    clock: Clock | str = "16:00 America/New_York",
    multiple: float = 1.0,
    asset: str | None = None,
    prices: pd.Series | None = None,
) -> tuple[Finding, ...]:
    """Find a benchmark that was observed hours before or after the NAV although both state one clock.

    Parameters
    ----------
    frame : pandas.DataFrame
        Aligned sessions with ``nav`` and ``benchmark``.
    clock : Clock or str
        The stated clock. Hours that follow its zone's distance from UTC are called local time taken for UTC.
    multiple : float
        The fund's stated multiple; only 1 is looked at, for leverage itself correlates with moves.
    asset : str, optional
        What the fund holds, which says when in the week it moves; without it every coin, and a market without hours,
        are thought possible.
    prices : pandas.Series, optional
        Intraday prices of the asset, as in `locate`.

    Returns
    -------
    tuple of Finding
        At most one, severity ``warning``: `value` is hours, positive where the benchmark is later; of a market that
        closes it is 24ths of a session's variance, and the message says so.

    Notes
    -----
    Fires where the 95 % interval of `clock_offset` leaves out every hour from −1 to 1, and the regression of
    `variance_offset` explains half of what it would if the offset were all there is. For a market that closes (one
    that a weekend moves no more than a night) at least one 24th at three standard errors is asked for.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> price = np.exp(np.cumsum(rng.normal(0, 0.005, 24 * 600)))
    >>> days = pd.date_range("2025-01-01", periods=500)
    >>> frame = pd.DataFrame({"nav": price[: 24 * 500 : 24], "benchmark": price[5 : 24 * 500 : 24]}, days)
    >>> [found.rule for found in clock_offset_screen(frame)]
    ['clock_offset']
    """
    if multiple != 1.0 or not {"nav", "benchmark"} <= set(frame.columns):
        return ()
    both = frame[["nav", "benchmark"]]
    both = both[(both > 0).all(axis=1)]
    if len(both) < _LONG_ENOUGH:
        return ()
    try:
        share = _share(both)
        if share is None or share.market == "closes":
            return () if share is None else _closing(share)
        return _continuous(both, clock, asset, prices)
    except ResearchError:
        return ()  # the same series twice, or one that never moves: other screens say so


def _share(both: pd.DataFrame) -> VarianceOffset | None:
    """Return the share of variance between NAV and benchmark; None where there is nothing to look into."""
    moves = np.diff(np.log(both["benchmark"].to_numpy()))
    apart = np.diff(np.log(both["nav"].to_numpy())) - moves
    # Most funds follow their benchmark closely, and need no estimate.
    if np.median(apart**2) < _QUIET * np.median(moves**2):
        return None
    days = np.diff(both.index.to_numpy()) / np.timedelta64(1, "D")
    found = variance_offset(both["nav"], both["benchmark"], market="closes" if _rests(moves, days) else "continuous")
    return None if found.r_squared < _SHARE * abs(found.parts) / 24.0 else found


def _rests(moves: Array, days: Array) -> bool:
    """Return whether the market is shut on weekends: an interval that holds one moves it no more than others.

    A coin's weekends move it like two weekdays, so that such an interval is half as wide again.
    """
    long, short = np.abs(moves[days >= 3.0]), np.abs(moves[days == 1.0])
    return len(long) >= _WEEKENDS and len(short) > 0 and float(long.mean()) < _WIDER * float(short.mean())


def _closing(share: VarianceOffset) -> tuple[Finding, ...]:
    if abs(share.parts) < max(_HOURS, _CERTAIN * share.std_error):
        return ()
    side = "after" if share.parts > 0 else "before"
    message = (
        f"{abs(share.parts):.1f} ± {share.std_error:.1f} 24ths of a session's variance lie between NAV and benchmark, "
        f"which looks observed {side} the NAV (R² {share.r_squared:.0%}) although both state one clock"
    )
    return (Finding("clock_offset", "benchmark", None, share.parts, message, "warning"),)


def _continuous(
    both: pd.DataFrame, clock: Clock | str, asset: str | None, prices: pd.Series | None
) -> tuple[Finding, ...]:
    profiles = (*profiles_of(), flat_profile()) if asset is None else profiles_of(asset)
    found = clock_offset(both["nav"], both["benchmark"], clock=clock, profiles=profiles, prices=prices)
    if found.distance()[0] <= _HOURS:
        return ()
    return (_finding(found, _local_time(both, clock, profiles, prices)),)


def _finding(found: ClockOffset, local: str) -> Finding:
    message = f"the benchmark looks seen {found.seen()}, counted from the NAV, although both state one clock"
    if local:
        message += f"; consistent with {local}, in summer and in winter"
    rule = "local_time_for_utc" if local else "clock_offset"
    return Finding(rule, "benchmark", None, found.hours, message, "warning")


def _local_time(
    both: pd.DataFrame, clock: Clock | str, profiles: tuple[VarianceProfile, ...], prices: pd.Series | None
) -> str:
    """Return the local time that fits no worse than any constant offset, although it has no free number; or nothing."""
    stated = clock if isinstance(clock, Clock) else Clock.parse(clock)
    if stated.time == "close":
        return ""
    base = stated.instants(pd.DatetimeIndex(both.index))
    local = time_taken_for_utc(base, stated.zone)
    if all(len(np.unique(at - base)) < 2 for at in local.values()):
        return ""  # a sample of one season, or a zone without any
    constant = {f"{h:g}": base + pd.Timedelta(hours=float(h)) for h in np.arange(-14.0, 14.5, 0.5)}
    if prices is None:
        fit = daily_evidence(both["nav"], both["benchmark"], local | constant, clock=clock, profiles=profiles)
    else:
        fit = -paired_losses(both["benchmark"], prices, local | constant)["loss"]
    best = str(fit[list(local)].idxmax())
    return best if fit[best] >= fit[list(constant)].max() else ""
