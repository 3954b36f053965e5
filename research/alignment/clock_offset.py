"""How many hours apart fund and benchmark were observed: from intraday bars where there are any, else daily levels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal, Self

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from research.alignment.clock import Clock
from research.alignment.daily_offset import DailyOffset, offset_daily
from research.alignment.levels import FEWEST, shared_labels
from research.alignment.located import Located, locate
from research.alignment.variance_offset import Market, VarianceOffset, variance_offset
from research.alignment.variance_profile import VarianceProfile
from research.conventions import check_confidence
from research.errors import SampleError
from research.tables import Result, Table

__all__ = ["ClockOffset", "Method", "clock_offset", "clock_offset_by_period", "expected_offset"]

Method = Literal["bars", "profile", "variance"]
"""``bars``: fund and benchmark each located in intraday prices. ``profile``: daily levels and when in the week the
market moves. ``variance``: 24ths of a session's variance, for a market that closes."""

WHOLE: Final = 126
"""Sessions below which daily levels give an interval and no number worth printing."""

_DOUBT: Final = 0.05


@dataclass(frozen=True, eq=False)
class ClockOffset(Result):
    """Result of `clock_offset`: how many hours after the fund the benchmark was observed.

    Parameters
    ----------
    variance : VarianceOffset
        The share of an interval's variance between the two, in 24ths: no hours, but what a closing market has.
    daily : DailyOffset or None
        From daily levels; None for a market that closes.
    located : tuple of Located, or None
        Fund and benchmark in intraday prices; None without them.
    method : {"bars", "profile", "variance"}
        Which of them `hours` comes from.
    start, end : pandas.Timestamp
        First and last label.
    nobs : int
        Sessions or changes used.
    """

    variance: VarianceOffset = field(repr=False)
    daily: DailyOffset | None = field(repr=False)
    located: tuple[Located, Located] | None = field(repr=False)
    method: Method
    start: pd.Timestamp
    end: pd.Timestamp
    nobs: int

    @property
    def market(self) -> Market:
        """Whether the market never closes."""
        return self.variance.market

    @property
    def hours(self) -> float:
        """Hours, positive where the benchmark was observed after the fund; 24ths of a session for a closing market."""
        if self.method == "bars" and self.located is not None:
            return self.located[1].hours - self.located[0].hours
        return self.variance.parts if self.daily is None else self.daily.hours

    @property
    def std_error(self) -> float:
        """Half the 95 % interval in normal standard errors; the regression's own for a closing market."""
        if self.method == "variance":
            return self.variance.std_error
        low, high = self.interval(0.95)
        return (high - low) / (2.0 * float(ndtri(0.975)))

    @property
    def side_probability(self) -> float:
        """Chance that the benchmark was observed after the fund."""
        if self.method == "bars":
            return float(ndtr(self.hours / self.std_error))
        return self.variance.side_probability if self.daily is None else self.daily.side_probability

    @property
    def ambiguous(self) -> bool:
        """Whether neither side has a chance of 95 %."""
        return _DOUBT < self.side_probability < 1.0 - _DOUBT

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Return the two-sided interval of the signed hours.

        From bars the two half-widths on the same side add by squares.

        Raises
        ------
        ParameterError
            If the confidence is not between 0 and 1.
        """
        check_confidence(confidence)
        if self.method == "bars" and self.located is not None:
            (a, b), (c, d) = (one.interval(confidence) for one in self.located)
            own, other = (one.hours for one in self.located)
            return self.hours - float(np.hypot(other - c, b - own)), self.hours + float(np.hypot(d - other, own - a))
        return self.variance.interval(confidence) if self.daily is None else self.daily.interval(confidence)

    def distance(self, confidence: float = 0.95) -> tuple[float, float]:
        """Return the interval of the hours apart, whichever came first.

        Raises
        ------
        ParameterError
            If the confidence is not between 0 and 1.
        """
        if self.method == "profile" and self.daily is not None:
            return self.daily.distance(confidence)
        low, high = self.interval(confidence)
        return max(low, -high, 0.0), max(-low, high)

    def reversed(self) -> Self:
        """Return the same offset counted from the benchmark: hours by which the fund was observed after it.

        The estimate takes errors for the fund's. Where the benchmark is the noisy one of the two, estimate with the
        roles exchanged and reverse the result.
        """
        return replace(
            self,
            variance=self.variance.reversed(),
            daily=None if self.daily is None else self.daily.reversed(),
            located=None if self.located is None else (self.located[1], self.located[0]),
        )

    def seen(self, confidence: float = 0.95) -> str:
        """Return when the benchmark was seen, as it reads after "seen": no side that is not known, no hour too many.

        Whole hours from daily levels, and under 126 sessions of them the interval alone.

        Raises
        ------
        ParameterError
            If the confidence is not between 0 and 1.
        """
        low, high = self.interval(confidence)
        near, far = self.distance(confidence)
        sure = f"{confidence:.0%}".replace("%", " %")
        later = self.side_probability >= 0.5
        side = "after" if later else "before"
        if self.method == "variance":
            part = f"{abs(self.hours):.1f} ± {self.std_error:.1f} 24ths of a session's variance {side}"
            return f"{part} ({sure} interval {low:+.1f} to {high:+.1f})"
        if self.method == "bars":
            return f"{abs(self.hours):.2f} hours {side} ({sure} interval {low:+.2f} to {high:+.2f} hours)"
        chance = self.side_probability if later else 1.0 - self.side_probability
        known = f"{side} with a chance of {min(chance, 0.99):.0%}".replace("%", " %")
        if self.nobs < WHOLE or round(abs(self.hours)) == 0:
            return f"{near:.1f} to {far:.1f} hours apart ({sure} interval; {known})"
        hours = round(abs(self.hours))
        count = f"about {hours} hour{'' if hours == 1 else 's'}"
        if self.ambiguous:
            return f"{count} apart, {known} ({sure} interval {near:.1f} to {far:.1f} hours apart)"
        return f"{count} {side} ({sure} interval {low:+.1f} to {high:+.1f} hours)"

    def summary(self) -> Table:
        """Return the estimate and how it was made."""
        low, high = self.interval()
        unit = "24ths of a session's variance" if self.method == "variance" else "hours"
        made = {
            "bars": "both located in intraday prices",
            "profile": "daily levels, and when in the week the market moves",
            "variance": "regressions on leads and lags; busy hours count for more than one",
        }
        rows = {
            f"benchmark after the fund, {unit}": f"{self.hours:+.2f}",
            "95 % interval": f"{low:+.2f} to {high:+.2f}",
            "chance that the benchmark came after": f"{self.side_probability:.0%}",
            f"24ths of a {'session' if self.market == 'closes' else 'day'}'s variance": (
                f"{self.variance.parts:+.2f} ± {self.variance.std_error:.2f}"
            ),
            "sessions": f"{self.nobs}, {self.start:%Y-%m-%d} to {self.end:%Y-%m-%d}",
            "method": made[self.method],
        }
        verdict = f"The benchmark was seen {self.seen()} the fund." if low > 0.0 or high < 0.0 else ""
        verdict = verdict.replace(") the fund.", "), counted from the fund.")
        doubt = "The clock may change inside the sample, or the benchmark is noisy: both regressions find an offset."
        notes = (
            verdict or f"No difference of clocks can be told from zero: {low:+.1f} to {high:+.1f} {unit}.",
            *([doubt] if self.variance.ambiguous else []),
        )
        return Table.of(rows, "Clock offset", notes)

    def to_dict(self) -> dict[str, object]:
        """Return the estimate as plain values, ready for JSON."""
        low, high = self.interval()
        return {
            "hours": self.hours,
            "std_error_hours": self.std_error,
            "interval_hours": [low, high],
            "side_probability": self.side_probability,
            "method": self.method,
            "variance_24ths": self.variance.parts,
            "std_error_variance_24ths": self.variance.std_error,
            "regression": self.variance.regression,
            "ambiguous": self.ambiguous,
            "market": self.market,
            "start": f"{self.start:%Y-%m-%d}",
            "end": f"{self.end:%Y-%m-%d}",
            "nobs": self.nobs,
        }


def clock_offset(
    fund: pd.Series,
    benchmark: pd.Series,
    *,
    market: Market = "continuous",
    clock: Clock | str = "16:00 America/New_York",
    profiles: Sequence[VarianceProfile] | None = None,
    prices: pd.Series | None = None,
) -> ClockOffset:
    """Estimate how many hours after the fund its benchmark was observed.

    Parameters
    ----------
    fund : pandas.Series of float, shape (T + 1,)
        Levels (not returns) of the fund by session: net asset value or close.
    benchmark : pandas.Series of float, shape (T + 1,)
        Levels of the benchmark on the same labels.
    market : {"continuous", "closes"}
        ``continuous`` for a market that never closes (crypto). ``closes`` for one that does: the number is then 24ths
        of a session's variance, as in `variance_offset`, and not hours.
    clock : Clock or str
        The fund's, from which intraday prices and the profile are counted.
    profiles : sequence of VarianceProfile, optional
        When in the week the asset moves, by default `profiles_of` any coin.
    prices : pandas.Series, optional
        Intraday prices of the asset by UTC instant, as `locate` takes them. They are used unless daily levels bound the
        offset by less than a quarter of a bar, as they do where the two hardly differ.

    Returns
    -------
    ClockOffset

    Raises
    ------
    AlignmentError
        If the labels differ, are not dates, or are not sorted and unique.
    DataError
        If a level is NaN, infinite, zero or negative.
    SampleError
        If there are fewer than 20 usable returns, the two series are the same, or prices do not cover the sample.
    UnknownNameError
        If `market` is neither.

    Notes
    -----
    See `locate` and `offset_daily`. A mean over the sample: daylight saving moves one clock and not
    the other (`compare_clocks`).

    Examples
    --------
    >>> from research.alignment.variance_profile import flat_profile
    >>> rng = np.random.default_rng(1)
    >>> price = np.exp(np.cumsum(rng.normal(0, 0.005, 24 * 400)))
    >>> days = pd.date_range("2025-01-01", periods=398)
    >>> fund, late = pd.Series(price[: 24 * 398 : 24], days), pd.Series(price[5 : 24 * 398 : 24], days)
    >>> found = clock_offset(fund, late, clock="24:00 UTC", profiles=[flat_profile()])
    >>> found.method, bool(found.interval()[0] < 5 < found.interval()[1])
    ('profile', True)
    """
    share = variance_offset(fund, benchmark, market=market)
    labels = pd.DatetimeIndex(fund.index)
    if market == "closes":
        return ClockOffset(share, None, None, "variance", labels[0], labels[-1], share.nobs)
    daily = offset_daily(fund, benchmark, clock=clock, profiles=profiles)
    if prices is None:
        return ClockOffset(share, daily, None, "profile", labels[0], labels[-1], daily.nobs)
    own, other = (locate(levels, prices, clock=clock, window=None) for levels in (fund, benchmark))
    found = ClockOffset(share, daily, (own, other), "bars", labels[0], labels[-1], other.nobs)
    if daily.distance()[1] < other.bar / 4.0:
        return ClockOffset(share, daily, (own, other), "profile", labels[0], labels[-1], daily.nobs)
    return found


def clock_offset_by_period(
    fund: pd.Series,
    benchmark: pd.Series,
    *,
    freq: str = "QE",
    market: Market = "continuous",
    clock: Clock | str = "16:00 America/New_York",
    profiles: Sequence[VarianceProfile] | None = None,
    prices: pd.Series | None = None,
) -> pd.DataFrame:
    """Estimate the offset in each calendar period: a clock that changes inside a file shows here.

    Parameters
    ----------
    fund, benchmark, market, clock, profiles, prices
        As in `clock_offset`. Periods that prices do not cover are estimated from daily levels.
    freq : str
        Period of pandas, such as ``"QE"`` (quarters) or ``"YE"``.

    Returns
    -------
    pandas.DataFrame
        One row for each period with at least 20 usable returns: ``hours`` (signed), ``std_error``, ``low``, ``high``,
        ``side_probability``, ``nobs``.

    Raises
    ------
    AlignmentError, DataError, UnknownNameError
        As in `clock_offset`.
    SampleError
        If no period is long enough.

    Examples
    --------
    >>> from research.alignment.variance_profile import flat_profile
    >>> rng = np.random.default_rng(1)
    >>> price = np.exp(np.cumsum(rng.normal(0, 0.005, 24 * 400)))
    >>> days = pd.date_range("2025-01-01", periods=365)
    >>> fund, late = pd.Series(price[: 24 * 365 : 24], days), pd.Series(price[9 : 24 * 365 : 24], days)
    >>> table = clock_offset_by_period(fund, late, clock="24:00 UTC", profiles=[flat_profile()])
    >>> bool(((table["low"] < 9) & (9 < table["high"])).all())
    True
    """
    labels = shared_labels(fund, benchmark)
    rows: dict[pd.Timestamp, list[float]] = {}
    ends = pd.Series(np.arange(len(labels)), labels).resample(freq)
    for end, part in ends:
        at = part.to_numpy()
        if len(at) < FEWEST:
            continue
        covered = prices
        if prices is not None and not _covers(prices, labels[at]):
            covered = None
        found = clock_offset(
            fund.iloc[at], benchmark.iloc[at], market=market, clock=clock, profiles=profiles, prices=covered
        )
        low, high = found.interval()
        rows[pd.Timestamp(str(end))] = [found.hours, found.std_error, low, high, found.side_probability, found.nobs]
    if not rows:
        raise SampleError(f"no period of {freq!r} holds {FEWEST} sessions: choose a longer one, such as 'YE'")
    columns = ["hours", "std_error", "low", "high", "side_probability", "nobs"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).astype({"nobs": int})


def _covers(prices: pd.Series, labels: pd.DatetimeIndex) -> bool:
    margin = pd.Timedelta(days=3)
    first, last = (pd.Timestamp(prices.index[place]).tz_convert(None) for place in (0, -1))
    return bool(first <= labels[0] - margin and labels[-1] + margin <= last)


def expected_offset(fund: Clock, benchmark: Clock, sessions: pd.DatetimeIndex) -> pd.Series[float]:
    """Return the hours by which one clock strikes after another, session by session, as their labels say.

    Parameters
    ----------
    fund, benchmark : Clock
        The two clocks.
    sessions : pandas.DatetimeIndex
        Naive, normalised labels.

    Returns
    -------
    pandas.Series of float
        Positive where the benchmark strikes later; its mean is what `clock_offset` estimates.

    Examples
    --------
    >>> days = pd.DatetimeIndex(["2025-01-15", "2025-07-15"])
    >>> expected_offset(Clock(), Clock.parse("24:00 UTC"), days).tolist()
    [3.0, 4.0]
    """
    apart = benchmark.instants(sessions) - fund.instants(sessions)
    return pd.Series(apart / pd.Timedelta(hours=1), sessions, name="hours")
