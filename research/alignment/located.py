"""Where in the day a daily series was observed, against intraday prices of its asset or of another coin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtr, ndtri

from research.alignment.clock import Clock
from research.alignment.daily_offset import HOUR
from research.conventions import BASIS_POINT, check_confidence
from research.errors import AlignmentError, DataError, ParameterError, SampleError
from research.tables import Result, Table

__all__ = ["Located", "locate", "paired_losses"]

Array = npt.NDArray[np.float64]

_FEWEST: Final = 20
_COARSE: Final = 0.5
# Errors beyond so many robust standard deviations count linearly.
_HUBER: Final = 2.5
# Another coin's moves are cut at so many robust standard deviations where their slope is fitted.
_CUT: Final = 4.0
# Named clocks: a floor of the noise, and the largest square.
_SMALLEST: Final = 5.0 * BASIS_POINT
_CAP: Final = 25.0
_LAGS: Final = ((1, 2.0 / 3.0), (2, 1.0 / 3.0))


@dataclass(frozen=True, eq=False)
class Located(Result):
    """Where in time a daily series was observed, in hours after the instant that its clock states.

    Parameters
    ----------
    hours : float
        The moment, or the window's centre.
    curve : pandas.DataFrame
        By hours tried: ``loss`` (mean), and ``apart`` and ``std_error`` of its paired difference from the least.
    bar : float
        Hours from one intraday price to the next.
    window : float
        Hours over which the series is taken to average; 0 for a point.
    noise, noise_as_stated : float
        Standard deviation of the difference of changes at `hours` and at the stated clock, fractions.
    nobs : int
        Changes used.
    """

    hours: float
    curve: pd.DataFrame = field(repr=False)
    bar: float
    window: float
    noise: float
    noise_as_stated: float
    nobs: int

    @property
    def side_probability(self) -> float:
        """Chance that the series was observed after its stated clock, from the best hour on the other side."""
        tried = self.curve.index.to_numpy(dtype=float)
        other = self.curve[tried <= 0.0 if self.hours > 0.0 else tried >= 0.0]
        z = float((other["apart"] / other["std_error"].clip(lower=1e-12)).min())
        return float(ndtr(z if self.hours > 0.0 else -z))

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Return the hours that the data do not reject against the best, and a quarter of a bar on either side.

        Raises
        ------
        ParameterError
            If the confidence is not between 0 and 1.
        """
        check_confidence(confidence)
        limit = float(ndtri(0.5 + confidence / 2.0)) * self.curve["std_error"]
        inside = self.curve.index[(self.curve["apart"] <= limit).to_numpy()]
        return float(inside[0]) - self.bar / 4.0, float(inside[-1]) + self.bar / 4.0

    def summary(self) -> Table:
        """Return hours, interval and the noise that they leave."""
        low, high = self.interval()
        rows = {
            "hours after the stated clock": f"{self.hours:+.2f}",
            "95 % interval": f"{low:+.2f} to {high:+.2f}",
            "taken as": "a point" if self.window == 0.0 else f"the mean of {self.window:g} hours, by its centre",
            "noise there, bp": f"{self.noise / BASIS_POINT:.1f}",
            "noise at the stated clock, bp": f"{self.noise_as_stated / BASIS_POINT:.1f}",
            "changes": f"{self.nobs}",
        }
        return Table.of(rows, "Where in the day the series was observed")


def locate(
    levels: pd.Series,
    prices: pd.Series,
    *,
    clock: Clock | str = "16:00 America/New_York",
    window: float | None = 0.0,
    proxy: bool = False,
    reach: float = 24.0,
) -> Located:
    """Find the hour at which a daily series was observed: the shift of the intraday path that leaves the least noise.

    Parameters
    ----------
    levels : pandas.Series of float, shape (T + 1,)
        Positive, by session: net asset value or benchmark.
    prices : pandas.Series of float
        Positive prices of the asset by UTC instant (the opens of bars, by their starts); the finer the better.
    clock : Clock or str
        What the label claims; hours are counted from there.
    window : float or None
        Hours over which the series averages (0: a point). `hours` is then the window's centre. None takes a point or
        an hour, as reference rates do, whichever leaves less noise.
    proxy : bool
        The prices are those of another coin: a slope is fitted at each hour tried.
    reach : float
        Hours tried on either side.

    Returns
    -------
    Located

    Raises
    ------
    AlignmentError, DataError, ParameterError
        If prices or levels are not what they should be, or the reach or window is no positive number of hours.
    SampleError
        If fewer than 21 sessions have prices within reach.

    Notes
    -----
    ĥ minimises the mean Huber loss of Δ ln N − β Δ ln S(t + h) in robust standard deviations of the best h (squares to
    2.5, linear beyond), so that a stale mark does not choose the hour; β = 1 for the asset itself. The loss has a cusp
    at the truth. The interval holds every h whose paired difference of losses a HAC test (two lags) does not reject,
    and a quarter of a bar on either side, since inside a bar the path is interpolated.

    Examples
    --------
    >>> hours = pd.date_range("2025-01-01", periods=24 * 100, freq="h", tz="UTC")
    >>> path = pd.Series(np.exp(np.cumsum(np.random.default_rng(1).normal(0.0, 0.005, len(hours)))), hours)
    >>> days = pd.date_range("2025-01-03", periods=80)
    >>> seen = pd.Series(path[Clock("13:00", "UTC").instants(days)].to_numpy(), days)
    >>> round(locate(seen, path, clock="16:00 UTC").hours)
    -3
    """
    if window is None:
        tried = (locate(levels, prices, clock=clock, window=one, proxy=proxy, reach=reach) for one in (0.0, 1.0))
        return min(tried, key=lambda found: float(found.noise))
    if not (reach > 0.0 and window >= 0.0):
        raise ParameterError(f"reach is {reach:g} and window {window:g}: give hours, of which the reach is positive")
    path = _Path.of(prices, window)
    known = levels[np.isfinite(levels.to_numpy(dtype=float)) & (levels.to_numpy(dtype=float) > 0.0)]
    moment = clock if isinstance(clock, Clock) else Clock.parse(clock)
    at = moment.instants(pd.DatetimeIndex(known.index)).as_unit("ns").asi8.astype(np.float64)
    margin = (reach + 2.0 + window / 2.0) * HOUR
    inside = (at - margin >= path.instants[0]) & (at + margin <= path.instants[-1])
    if inside.sum() <= _FEWEST:
        raise SampleError(
            f"{int(inside.sum())} sessions lie within the prices' reach: give prices that cover the sample"
        )
    own, base = np.diff(np.log(known.to_numpy(dtype=float)[inside])), at[inside]

    def errors(grid: Array) -> Array:
        return _errors(own, path, base, grid, proxy=proxy)

    coarse = np.arange(-reach, reach + 1e-9, _COARSE)
    apart = errors(coarse)
    scale = max(float((1.4826 * np.median(np.abs(_level(apart)), axis=1)).min()), 1e-6)
    first = float(coarse[int(np.argmin(_huber(apart, scale).mean(axis=1)))])
    near = np.arange(first - 1.5, first + 1.5 + 1e-9, min(path.bar, 1.0) / 12.0)
    grid = np.unique(np.round(np.concatenate([coarse, near, [0.0]]), 6))
    curve = _curve(grid, _huber(errors(grid), scale))
    best = float(grid[int(np.argmin(curve["loss"]))])
    noise = errors(np.array([best, 0.0])).std(axis=1)
    return Located(best, curve, path.bar, window, float(noise[0]), float(noise[1]), len(own))


@dataclass(frozen=True, eq=False)
class _Path:
    """Log prices, linear between instants, and their integral."""

    instants: Array
    logs: Array
    area: Array
    bar: float
    window: float

    @classmethod
    def of(cls, prices: pd.Series, window: float) -> _Path:
        index = prices.index
        if not isinstance(index, pd.DatetimeIndex) or index.tz is None:
            raise AlignmentError("prices carry no time zone: label them by UTC instants, such as the starts of bars")
        if not (index.is_monotonic_increasing and index.is_unique):
            raise AlignmentError("prices are not strictly increasing in time: sort them and keep each instant once")
        if not (prices > 0.0).all():
            raise DataError("a price is not positive: give prices, not returns, without gaps")
        x, y = index.as_unit("ns").asi8.astype(np.float64), np.log(prices.to_numpy(dtype=float))
        area = np.concatenate([[0.0], np.cumsum(np.diff(x) * (y[1:] + y[:-1]) / 2.0)])
        return cls(x, y, area, float(np.median(np.diff(x))) / HOUR, window)

    def at(self, instants: Array) -> Array:
        """Return ln S at the instants, or its mean over the window centred there."""
        if self.window == 0.0:
            return np.interp(instants, self.instants, self.logs)
        half = self.window * HOUR / 2.0
        return (self._integral(instants + half) - self._integral(instants - half)) / (2.0 * half)

    def _integral(self, instants: Array) -> Array:
        place = np.clip(np.searchsorted(self.instants, instants, side="right") - 1, 0, len(self.instants) - 2)
        past = instants - self.instants[place]
        slope = (self.logs[place + 1] - self.logs[place]) / (self.instants[place + 1] - self.instants[place])
        return np.asarray(self.area[place] + past * self.logs[place] + slope * past**2 / 2.0)


def _errors(own: Array, path: _Path, base: Array, grid: Array, *, proxy: bool) -> Array:
    """Return Δ ln N − β Δ ln S(t + h) for every h of the grid: shape (grid, changes)."""
    moves = np.diff(path.at(base[None, :] + grid[:, None] * HOUR), axis=1)
    if not proxy:
        return np.asarray(own - moves)
    limit = _CUT * 1.4826 * float(np.median(np.abs(own)))
    y, x = np.clip(own, -limit, limit), np.clip(moves, -limit, limit)
    slope = (x @ y) / np.einsum("ij,ij->i", x, x)
    return np.asarray(own - slope[:, None] * moves)


def _level(errors: Array) -> Array:
    return np.asarray(errors - np.median(errors, axis=1, keepdims=True))


def _huber(errors: Array, scale: float) -> Array:
    size = np.abs(_level(errors)) / scale
    return np.where(size <= _HUBER, size**2, 2.0 * _HUBER * size - _HUBER**2)


def _curve(grid: Array, losses: Array) -> pd.DataFrame:
    """Return mean losses by hour, and their paired differences from the least with HAC standard errors."""
    mean = losses.mean(axis=1)
    apart = losses - losses[int(np.argmin(mean))]
    gap = apart.mean(axis=1)
    centred = apart - gap[:, None]
    count = centred.shape[1]
    variance = (centred**2).mean(axis=1)
    for lag, weight in _LAGS:
        variance += 2.0 * weight * (centred[:, lag:] * centred[:, :-lag]).sum(axis=1) / count
    error = np.sqrt(np.maximum(variance, 1e-18) / count)
    return pd.DataFrame({"loss": mean, "apart": gap, "std_error": error}, index=pd.Index(grid, name="hours"))


def paired_losses(
    levels: pd.Series,
    prices: pd.Series,
    clocks: Mapping[str, pd.DatetimeIndex],
    *,
    window: float = 0.0,
    proxy: bool = False,
) -> pd.DataFrame:
    """Return how badly intraday prices at each of several clocks fit a daily series.

    Parameters
    ----------
    levels, prices, window, proxy
        As in `locate`.
    clocks : mapping of str to pandas.DatetimeIndex
        UTC instants of the series under each name.

    Returns
    -------
    pandas.DataFrame
        By name: ``loss`` (mean square in robust standard deviations, capped at 25) and ``t`` of its paired difference
        from the least.

    Raises
    ------
    AlignmentError, DataError
        As in `locate`.
    SampleError
        If fewer than 21 sessions have prices under every clock.
    """
    path = _Path.of(prices, window)
    at = np.array([instants.as_unit("ns").asi8.astype(np.float64) for instants in clocks.values()])
    inside = (at.min(axis=0) >= path.instants[0] + window * HOUR) & (
        at.max(axis=0) <= path.instants[-1] - window * HOUR
    )
    if inside.sum() <= _FEWEST:
        raise SampleError(
            f"{int(inside.sum())} sessions lie within the prices' reach: give prices that cover the sample"
        )
    own = np.diff(np.log(levels.to_numpy(dtype=float)[inside]))
    nothing = np.zeros(1)
    errors = _level(np.concatenate([_errors(own, path, row[inside], nothing, proxy=proxy) for row in at]))
    scale = max(1.4826 * float(np.median(np.abs(errors), axis=1).min()), _SMALLEST)
    losses = np.minimum((errors / scale) ** 2, _CAP)
    apart = losses - losses[int(np.argmin(losses.mean(axis=1)))]
    spread = apart.std(axis=1, ddof=1) / np.sqrt(apart.shape[1])
    t = np.divide(apart.mean(axis=1), spread, out=np.zeros(len(apart)), where=spread > 0.0)
    return pd.DataFrame({"loss": losses.mean(axis=1), "t": t}, index=list(clocks))
