"""Hours between two clocks from daily levels alone, given when in the week the market moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit, logit, logsumexp

from research.alignment.clock import Clock
from research.alignment.levels import shared_labels
from research.alignment.variance_offset import side_odds
from research.alignment.variance_profile import VarianceProfile, profiles_of
from research.conventions import BASIS_POINT, check_confidence
from research.errors import ParameterError, SampleError
from research.tables import Result, Table

__all__ = ["HOUR", "DailyOffset", "daily_evidence", "offset_daily"]

Array = npt.NDArray[np.float64]

HOUR: Final = 3.6e12
"""Nanoseconds of an hour."""

_MARGIN: Final = pd.Timedelta(days=3)
# Power of the likelihood, see Notes of `offset_daily`.
_TEMPER: Final = 0.4
# Standard deviation of the slope's own error, and the points at which it is tried, with their log weights.
_SLOPE: Final = 0.2 * np.array([-1.8, -0.9, 0.0, 0.9, 1.8])
_SLOPE_WEIGHT: Final = -0.5 * (_SLOPE / 0.2) ** 2 - float(logsumexp(-0.5 * (_SLOPE / 0.2) ** 2))
# Weight of the likelihood's log odds of the side; the regressions' count in full.
_SIDE_WEIGHT: Final = 0.5
# Scale of the half-normal prior of what fund and benchmark differ by although they have one clock.
_NOISE: Final = 20.0 * BASIS_POINT
# Sessions over which the mean gap (fees, drift) is one number.
_BLOCK: Final = 21
# Sessions over which the market's pace is taken.
_PACE: Final = 11


@dataclass(frozen=True, eq=False)
class DailyOffset(Result):
    """Hours by which the benchmark was observed after the fund (negative: before), as daily levels know them.

    Parameters
    ----------
    posterior : pandas.Series of float
        Probability by hours, both sides weighted by their chances.
    side_probability : float
        Chance that the benchmark was observed after the fund.
    noise : float
        Standard deviation of what the two differ by on one clock, a fraction.
    log_evidence : float
        Log of the mean (tempered) likelihood over all hours.
    nobs : int
        Sessions used.
    """

    posterior: pd.Series = field(repr=False)
    side_probability: float
    noise: float
    log_evidence: float = field(repr=False)
    nobs: int

    @cached_property
    def hours(self) -> float:
        """Median of the posterior on the likelier side."""
        hours = self.posterior.index.to_numpy(dtype=float)
        later = self.side_probability >= 0.5
        chosen = np.where(hours >= 0 if later else hours <= 0, self.posterior.to_numpy(), 0.0)
        return _quantile(hours, chosen / chosen.sum(), 0.5)

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Return the interval of the signed hours, equal tails of the posterior over both sides.

        Raises
        ------
        ParameterError
            If the confidence is not between 0 and 1.
        """
        check_confidence(confidence)
        return self._ends(self.posterior.index.to_numpy(dtype=float), self.posterior.to_numpy(), confidence)

    def distance(self, confidence: float = 0.95) -> tuple[float, float]:
        """Return the interval of the hours apart, whichever came first.

        Raises
        ------
        ParameterError
            If the confidence is not between 0 and 1.
        """
        check_confidence(confidence)
        folded = self.posterior.groupby(np.abs(self.posterior.index.to_numpy(dtype=float))).sum()
        low, high = self._ends(folded.index.to_numpy(dtype=float), folded.to_numpy(), confidence)
        return max(low, 0.0), high

    def reversed(self) -> Self:
        """Return the same, counted from the benchmark."""
        posterior = self.posterior.iloc[::-1]
        posterior = posterior.set_axis(0.0 - posterior.index.to_numpy(dtype=float))
        return replace(self, posterior=posterior, side_probability=1.0 - self.side_probability)

    @staticmethod
    def _ends(hours: Array, mass: Array, confidence: float) -> tuple[float, float]:
        tail = (1.0 - confidence) / 2.0
        low, high = (_quantile(hours, mass, p) for p in (tail, 1.0 - tail))
        # Half a step of the grid, since the truth lies between its points.
        steps = np.interp([abs(low), abs(high)], np.abs(hours[hours >= 0]), np.gradient(hours)[hours >= 0]) / 2.0
        return low - float(steps[0]), high + float(steps[1])

    def summary(self) -> Table:
        """Return hours, interval and the chance of the side."""
        low, high = self.interval()
        rows = {
            "hours": f"{self.hours:+.2f}",
            "95 % interval": f"{low:+.2f} to {high:+.2f}",
            "chance that the benchmark came after": f"{self.side_probability:.0%}",
            "noise, bp": f"{self.noise / BASIS_POINT:.1f}",
            "sessions": f"{self.nobs}",
        }
        return Table.of(rows, "Clock offset from daily levels")


def offset_daily(
    fund: pd.Series,
    benchmark: pd.Series,
    *,
    clock: Clock | str = "16:00 America/New_York",
    profiles: Sequence[VarianceProfile] | None = None,
) -> DailyOffset:
    r"""Estimate by how many hours of the wall clock the benchmark was observed after the fund, from daily levels.

    Parameters
    ----------
    fund, benchmark : pandas.Series of float, shape (T + 1,)
        Positive levels by session on the same labels, multiple 1, distributions added back.
    clock : Clock or str
        The fund's. It places the hours in the profile and need not be exact.
    profiles : sequence of VarianceProfile, optional
        Of the asset or its class, by default `profiles_of` any coin. Several are averaged over by their
        evidence, so that what they differ by widens the interval.

    Returns
    -------
    DailyOffset

    Raises
    ------
    AlignmentError, DataError, SampleError
        If the two series cannot be compared, are the same, or the benchmark never moves.
    ParameterError
        If there is no profile, or the clock is none.

    Notes
    -----
    With w the profile's cumulated variance, D = ln N − ln B and b the benchmark's log return, a benchmark seen h hours
    before or after the fund leaves

    .. math::
        D_t = a + φ_{t+1} b_{t+1} + e_t, \quad φ_{t+1} = w(t-h, t) / w(t-h, t+1-h)  \quad\text{(before)} \\
        D_t = a - φ_t b_t + e_t, \quad φ_t = w(t, t+h) / w(t-1+h, t+h)  \quad\text{(after)}

    e is a Brownian bridge plus noise, Var e = φ(1−φ)·w·σ² + s², independent from session to session:
    levels are used because the errors of changes overlap. Student t likelihood, of the profile's degrees, over a grid
    of h, uniform beforehand; s is integrated out under a half-normal prior of 20 bp; a is constant over 21 sessions.

    A day's variance is not spread as the average day's, and parts of a day are correlated for a year at a time. So the
    slope is φ(1 + κ(1 − φ)) with κ normal of standard deviation 0.2, integrated out (one number of the whole sample,
    which no length of it averages away), and the likelihood is raised to the power 0.4; without κ intervals of 504
    real sessions cover 80 %. Which side the benchmark lies on comes from the regressions of `variance_offset` and, at
    half weight, from this likelihood: the few large moves that a t likelihood plays down say it best.

    Examples
    --------
    >>> from research.alignment.variance_profile import flat_profile
    >>> rng = np.random.default_rng(1)
    >>> price = np.exp(np.cumsum(rng.normal(0, 0.005, 24 * 400)))
    >>> days = pd.date_range("2025-01-01", periods=398)
    >>> fund, late = pd.Series(price[: 24 * 398 : 24], days), pd.Series(price[5 : 24 * 398 : 24], days)
    >>> found = offset_daily(fund, late, clock="24:00 UTC", profiles=[flat_profile()])
    >>> low, high = found.interval()
    >>> bool(low < 5 < high), found.side_probability > 0.95
    (True, True)
    """
    labels = shared_labels(fund, benchmark)
    data = _Gaps.of(fund, benchmark)
    base = _instants(clock, labels)
    hours = _grid()
    width = np.gradient(hours)
    tables, sides = [], []
    for profile in _some(profiles):
        table, unit = data.likelihood(profile, base, base[None, :] + hours[:, None] * HOUR)
        tables.append(table + np.log(width / width.sum())[:, None])
        sides.append(side_odds(data.gap, data.moves, unit))
    evidence = logsumexp(np.array(tables), axis=(1, 2))
    total = float(logsumexp(evidence))
    joint = np.exp(logsumexp(np.array(tables), axis=0) - total)
    mass = joint.sum(axis=1)
    side = float(np.exp(evidence - total) @ np.array(sides))
    later, earlier = hours > 0, hours < 0
    likely = float(mass[later].sum() + 0.5 * mass[hours == 0.0].sum())
    chance = float(expit(_SIDE_WEIGHT * _log_odds(likely) + _log_odds(side)))
    for part, p in ((later, chance), (earlier, 1.0 - chance)):
        mass[part] *= p / max(float(mass[part].sum()), 1e-300)
    mass /= mass.sum()
    return DailyOffset(
        pd.Series(mass, pd.Index(hours, name="hours"), name="probability"),
        chance,
        float(joint.sum(axis=0) @ data.noise),
        total - float(np.log(len(tables))),
        len(data.gap) - 2,
    )


def daily_evidence(
    fund: pd.Series,
    benchmark: pd.Series,
    clocks: Mapping[str, pd.DatetimeIndex],
    *,
    clock: Clock | str = "16:00 America/New_York",
    profiles: Sequence[VarianceProfile] | None = None,
) -> pd.Series[float]:
    """Return the log likelihood, tempered as in `offset_daily`, of named clocks of the benchmark.

    Parameters
    ----------
    fund, benchmark, clock, profiles
        As in `offset_daily`.
    clocks : mapping of str to pandas.DatetimeIndex
        The instant of each session under each clock, UTC; within 24 hours of the fund's.

    Returns
    -------
    pandas.Series of float
        By name. Differences count; `DailyOffset.log_evidence` is the same of a constant that nobody knows.
    """
    labels = shared_labels(fund, benchmark)
    data = _Gaps.of(fund, benchmark)
    base = _instants(clock, labels)
    at = np.array([instants.as_unit("ns").asi8.astype(np.float64) for instants in clocks.values()])
    scores = [logsumexp(data.likelihood(profile, base, at)[0], axis=1) for profile in _some(profiles)]
    values = np.asarray(logsumexp(np.array(scores), axis=0)) - np.log(len(scores))
    return pd.Series(values, list(clocks), name="log evidence")


@dataclass(frozen=True, eq=False)
class _Gaps:
    """What daily levels hold of a clock: gaps between the logs, the benchmark's moves, and noise to be tried."""

    gap: Array
    moves: Array
    noise: Array

    @classmethod
    def of(cls, fund: pd.Series, benchmark: pd.Series) -> _Gaps:
        own, other = np.log(fund.to_numpy(dtype=float)), np.log(benchmark.to_numpy(dtype=float))
        gap, moves = own - other, np.diff(other)
        if not np.diff(gap).any():
            raise SampleError(
                "fund and benchmark are the same series: no offset can be estimated; give two observations"
            )
        if not moves.any():
            raise SampleError("the benchmark never moves, so no offset can be estimated: give another benchmark")
        top = 1.4826 * float(np.median(np.abs(gap - np.median(gap))))
        noise = np.concatenate([[BASIS_POINT], np.geomspace(2.0 * BASIS_POINT, max(1.5 * top, 4.0 * BASIS_POINT), 8)])
        return cls(gap, moves, noise)

    def likelihood(self, profile: VarianceProfile, base: Array, at: Array) -> tuple[Array, Array]:
        """Return log likelihoods with the noise's prior, and the variance that the profile gives each interval.

        Parameters
        ----------
        profile : VarianceProfile
            When the market moves.
        base : numpy.ndarray, shape (T + 1,)
            The fund's instants, ns.
        at : numpy.ndarray, shape (H, T + 1)
            The benchmark's, one row a candidate.

        Returns
        -------
        table : numpy.ndarray, shape (H, S)
            By candidate and noise.
        unit : numpy.ndarray, shape (T,)
        """
        grid, variance = profile.cumulated(
            pd.Timestamp(int(base[0]), tz="UTC") - _MARGIN, pd.Timestamp(int(base[-1]), tz="UTC") + _MARGIN
        )
        own, other = np.interp(base, grid, variance), np.interp(at, grid, variance)
        unit = np.diff(own)
        pace = _pace(self.moves, unit)
        # Where the benchmark comes first, the missing piece of path lies in its interval that follows.
        before = other[:, 1:-1] < own[1:-1]
        spans = np.diff(other, axis=1)
        total = np.where(before, spans[:, 1:], spans[:, :-1])
        share = np.clip(np.abs(other - own)[:, 1:-1] / total, 0.0, 1.0)
        speed = np.where(before, pace[1:], pace[:-1])
        bridge = share * (1.0 - share) * total * speed
        moves = share * np.where(before, self.moves[1:], -self.moves[:-1])
        # Squared errors by slope: shape (slopes, H, T − 1).
        squares = np.array(
            [_centred(self.gap[1:-1] - (1.0 + one * (1.0 - share)) * moves, 1.0 / speed) ** 2 for one in _SLOPE]
        )
        table = np.empty((len(at), len(self.noise)))
        for place, noise in enumerate(self.noise):
            fits = _student(squares, bridge + noise**2, profile.degrees)
            table[:, place] = logsumexp(fits + _SLOPE_WEIGHT[:, None], axis=0)
        prior = -0.5 * (self.noise / _NOISE) ** 2 + np.log(np.gradient(self.noise))
        return table + prior, unit


def _pace(moves: Array, unit: Array) -> Array:
    """Return each interval's variance per hour of the profile: a centred mean of capped squares."""
    rate = moves**2 / unit
    # 0.455 is the median of a squared standard normal.
    rate = np.minimum(rate, 9.0 * np.median(rate) / 0.455)
    padded = np.pad(rate, _PACE // 2, mode="reflect")
    pace = np.convolve(padded, np.full(_PACE, 1.0 / _PACE), mode="valid")
    return np.asarray(np.maximum(pace, 0.1 * np.median(pace)))


def _student(squares: Array, variance: Array, degrees: float) -> Array:
    """Return the tempered Student t log likelihood of each row of squared errors."""
    spread = degrees * np.log(variance).sum(axis=1)
    tails = (degrees + 1.0) * np.log(variance + squares / (degrees - 2.0)).sum(axis=2)
    return np.asarray(0.5 * _TEMPER * (spread - tails))


def _centred(rest: Array, weight: Array) -> Array:
    """Return errors less the weighted mean of their block, scaled for the degree of freedom that it takes."""
    count = rest.shape[1]
    starts = np.arange(0, max(count // _BLOCK, 1) * _BLOCK, _BLOCK)
    sizes = np.diff([*starts, count])
    mean = np.add.reduceat(rest * weight, starts, axis=1) / np.add.reduceat(weight, starts, axis=1)
    scale = np.sqrt(sizes / np.maximum(sizes - 1.0, 1.0))
    return np.asarray((rest - np.repeat(mean, sizes, axis=1)) * np.repeat(scale, sizes))


def _grid() -> Array:
    """Return hours from −24 to 24: ever finer towards zero, quarters to six hours, halves beyond."""
    fine = np.geomspace(1e-4, 0.25, 12)[:-1]
    later = np.concatenate([fine, np.arange(0.25, 6.0, 0.25), np.arange(6.0, 23.9, 0.5)])
    return np.concatenate([-later[::-1], [0.0], later])


def _instants(clock: Clock | str, labels: pd.DatetimeIndex) -> Array:
    moment = clock if isinstance(clock, Clock) else Clock.parse(clock)
    return np.asarray(moment.instants(labels).as_unit("ns").asi8, dtype=np.float64)


def _some(profiles: Sequence[VarianceProfile] | None) -> tuple[VarianceProfile, ...]:
    found = profiles_of() if profiles is None else tuple(profiles)
    if not found:
        raise ParameterError("there is no profile: give one, or leave profiles out")
    return found


def _log_odds(p: float) -> float:
    return float(logit(np.clip(p, 1e-9, 1.0 - 1e-9)))


def _quantile(hours: Array, mass: Array, p: float) -> float:
    return float(np.interp(p, np.cumsum(mass) - mass / 2.0, hours))
