"""How far clock offsets from daily levels are off, and how often their intervals hold, where the truth is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd

from research.alignment.clock import Clock
from research.alignment.daily_offset import offset_daily
from research.alignment.sessions import sessions as sessions_of
from research.alignment.variance_offset import variance_offset
from research.alignment.variance_profile import VarianceProfile
from research.conventions import BASIS_POINT
from research.errors import ParameterError, SampleError
from research.tables import Result, Table

__all__ = ["HOURS", "ClockRates", "clock_rates", "intraday_path"]

HOURS: Final = (-14.5, -10.0, -8.0, -6.0, -5.0, -4.0, -3.0, -2.0, -1.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
"""Offsets that are tried, hours after the fund."""

_NOISE: Final = 2.0 * BASIS_POINT
_MARGIN: Final = pd.Timedelta(days=3)


@dataclass(frozen=True, eq=False)
class ClockRates(Result):
    """What daily levels know of a clock, by length of the sample.

    Parameters
    ----------
    frame : pandas.DataFrame
        By sessions: ``rms`` of the signed hours, ``rms_after`` and ``rms_before``, ``coverage`` of the 95 % interval,
        its mean ``width``, ``side`` (share with the right one), ``rms_24ths`` of the regression read as hours,
        ``draws``.
    draws : pandas.DataFrame
        One row for each: ``sessions``, ``truth``, ``hours``, ``low``, ``high``, ``side_probability``, ``parts``.
    """

    frame: pd.DataFrame
    draws: pd.DataFrame = field(repr=False)

    def summary(self) -> Table:
        """Return the rates by length of the sample."""
        formats = dict.fromkeys(("rms", "rms_after", "rms_before", "width", "rms_24ths"), ".2f") | {
            "coverage": ".1%",
            "side": ".1%",
            "draws": ".0f",
        }
        return Table(self.frame, "Hours between two clocks from daily levels", formats)

    def to_dict(self) -> dict[str, Any]:
        """Return the rates, ready for JSON."""
        return {
            "schema": "research.clocks/1",
            "sessions": {
                str(length): {str(key): None if np.isnan(value) else float(value) for key, value in row.items()}
                for length, row in self.frame.iterrows()
            },
        }


def clock_rates(
    prices: pd.Series,
    profiles: Sequence[VarianceProfile],
    *,
    sessions: Sequence[int] = (126, 252, 504),
    draws: int = 100,
    hours: Sequence[float] = HOURS,
    clock: Clock | str = "16:00 America/New_York",
    calendar: str = "XNYS",
    seed: int = 0,
) -> ClockRates:
    """Measure `offset_daily` where the truth is known: intraday prices read at two times of the day.

    Parameters
    ----------
    prices : pandas.Series of float
        By UTC instant, from hour to hour or finer.
    profiles : sequence of VarianceProfile
        As in `offset_daily`.
    sessions : sequence of int
        Lengths of the samples.
    draws : int
        Samples of each length. Starts are drawn, and long samples of one path overlap.
    hours : sequence of float
        Offsets, in turn.
    clock : Clock or str
        The fund's.
    calendar : str
        Its exchange.
    seed : int
        Seeds everything.

    Returns
    -------
    ClockRates

    Raises
    ------
    ParameterError
        If there are no draws or no hours.
    SampleError
        If the prices do not hold as many sessions.

    Notes
    -----
    The fund is the price at its clock less a fee of 25 bp a year, with 2 bp of noise.
    """
    if draws < 1 or not len(hours):
        raise ParameterError(f"draws is {draws} and there are {len(hours)} hours: give at least one of each")
    moment = clock if isinstance(clock, Clock) else Clock.parse(clock)
    first, last = (pd.Timestamp(prices.index[place]).tz_convert(None) for place in (0, -1))
    days = sessions_of(calendar, (first + _MARGIN).normalize(), (last - _MARGIN).normalize())
    if len(days) <= max(sessions):
        raise SampleError(f"the prices hold {len(days)} sessions and {max(sessions) + 1} are needed: give longer ones")
    x, y = pd.DatetimeIndex(prices.index).as_unit("ns").asi8, np.log(prices.to_numpy(dtype=float))
    base = moment.instants(days).as_unit("ns").asi8
    rng = np.random.default_rng(seed)
    rows = []
    for length in sessions:
        for draw in range(draws):
            start = int(rng.integers(0, len(days) - length))
            part, truth = slice(start, start + length + 1), float(hours[draw % len(hours)])
            own = np.interp(base[part], x, y) + rng.normal(0.0, _NOISE, length + 1)
            fund = pd.Series(np.exp(own - 0.0025 / 252.0 * np.arange(length + 1)), days[part])
            other = pd.Series(np.exp(np.interp(base[part] + truth * 3.6e12, x, y)), days[part])
            found = offset_daily(fund, other, clock=moment, profiles=profiles)
            share = variance_offset(fund, other).parts
            rows.append([length, truth, found.hours, *found.interval(), found.side_probability, share])
    columns = ["sessions", "truth", "hours", "low", "high", "side_probability", "parts"]
    made = pd.DataFrame(rows, columns=columns)
    return ClockRates(pd.DataFrame({n: _rates(part) for n, part in made.groupby("sessions")}).T, made)


def _rates(part: pd.DataFrame) -> pd.Series[float]:
    error, after = part["hours"] - part["truth"], part["truth"] > 0
    inside = (part["low"] <= part["truth"]) & (part["truth"] <= part["high"])
    return pd.Series(
        {
            "rms": _rms(error),
            "rms_after": _rms(error[after]),
            "rms_before": _rms(error[~after]),
            "coverage": float(inside.mean()),
            "width": float((part["high"] - part["low"]).mean()),
            "side": float(((part["side_probability"] > 0.5) == after).mean()),
            "rms_24ths": _rms(part["parts"] - part["truth"]),
            "draws": float(len(part)),
        }
    )


def _rms(error: pd.Series) -> float:
    return float(np.sqrt((error**2).mean())) if len(error) else float("nan")


def intraday_path(profile: VarianceProfile, start: str, end: str, seed: int = 0) -> pd.Series[float]:
    """Return simulated hourly prices whose variance follows a profile, with fat tails and clusters.

    Parameters
    ----------
    profile : VarianceProfile
        When in the week they move.
    start, end : str
        First and last day, UTC.
    seed : int
        Seeds everything.

    Returns
    -------
    pandas.Series of float
        By the hour, UTC.

    Notes
    -----
    An hour's return is Student's t with four degrees, of the profile's variance times that of its day: log AR(1) with
    coefficient 0.9 and innovations of 0.25, around 3 % a day.

    Examples
    --------
    >>> from research.alignment.variance_profile import flat_profile
    >>> len(intraday_path(flat_profile(), "2024-01-01", "2024-01-03"))
    49
    """
    hours = pd.date_range(start, end, freq="h", tz="UTC")
    local = hours.tz_convert(profile.zone)
    rng = np.random.default_rng(seed)
    count = len(hours) // 24 + 1
    state = np.zeros(count)
    for day in range(1, count):
        state[day] = 0.9 * state[day - 1] + 0.25 * rng.standard_normal()
    pace = np.exp(np.repeat(state, 24)[: len(hours)])
    rate = profile.rate[local.day_of_week.to_numpy(), local.hour.to_numpy()]
    shocks = rng.standard_t(4, len(hours)) / np.sqrt(2.0)
    return pd.Series(1000.0 * np.exp(np.cumsum(0.03 * pace * np.sqrt(rate / 24.0) * shocks)), hours)
