"""The interval of a tracking error that covers under fat tails and clusters of volatility.

Two quantities are called tracking error. *Period*: the root mean variance of these sessions, of which only the days'
own luck is open. *Long run*: the standard deviation that years to come would give, for which the state of volatility
that these sessions happened to be in is open too. Each has its interval.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, fields
from functools import cache
from importlib import resources
from typing import Any, Final, Literal, TypeAlias, get_args

import numpy as np
import pandas as pd

from research.conventions import BASIS_POINT, check_confidence, check_periods
from research.errors import ParameterError, SampleError, nearest
from research.metrics._sample import Array, check_pair, check_values
from research.metrics.ewc import cosine_coefficients
from research.metrics.intervals import MeasureInterval, hac_interval
from research.tables import Result, Table

__all__ = [
    "FEATURES",
    "LOG_WIDTHS",
    "Calibration",
    "Kind",
    "TrackingErrorInterval",
    "calibrated_horizons",
    "calibration",
    "calibration_record",
    "horizon_sums",
    "interval_features",
    "tracking_error_interval",
]

Kind: TypeAlias = Literal["period", "long_run"]

SHORTEST, LONGEST = 63, 1512
"""Sessions between which the coefficients were made: a quarter and six years."""

HORIZONS_NEEDED = 6
"""Horizons that a sample must hold, so that its overlapping sums are more than a few."""

HEAVY: Final = 2.7
"""Hill index below which a fourth moment is not to be believed in, and with it no error of a standard deviation."""

CLUSTERED: Final = 3.0
"""Gain in log likelihood of a moving over a constant variance that is called clusters."""

LOG_WIDTHS: Final = (-6.0, 4.0)
"""Bounds of the logarithm of a half width over the independent error."""

FEATURES: Final = (
    "log_sessions",
    "log_kurtosis",
    "slow_squares",
    "slow_sizes",
    "largest_share",
    "variance_gain",
    "log_variance_ratio",
    "log_daily_kurtosis",
)
"""What the width depends on; the last two beyond a horizon of one session only."""

_FILTERS: Final = ((0.05, 0.94), (0.08, 0.91), (0.12, 0.80), (0.15, 0.84), (0.25, 0.60))
"""Weights of the last square and of the last variance in the filters that are tried."""

_DF: Final = 6.0
"""Degrees of freedom of the Student's t in which the filters are compared."""

_BOUND: Final = 3.5
"""Scaled features are held within this many deviations: beyond, nothing was trained."""

_NEIGHBOURS: Final = 10
"""Sessions on each side whose mean size scales a session, before its tails are judged."""


def horizon_sums(divergences: Array, horizon: int) -> Array:
    """Return overlapping sums of `horizon` sessions along the last axis; a sum over a gap is NaN.

    Examples
    --------
    >>> horizon_sums(np.array([1.0, 2.0, 3.0]), 2).tolist()
    [3.0, 5.0]
    """
    if horizon == 1:
        return divergences
    gaps = np.isnan(divergences)
    before = [(0, 0)] * (divergences.ndim - 1) + [(1, 0)]
    level = np.cumsum(np.pad(np.where(gaps, 0.0, divergences), before), axis=-1)
    crossed = np.cumsum(np.pad(gaps, before), axis=-1)
    sums = level[..., horizon:] - level[..., :-horizon]
    return np.where(crossed[..., horizon:] == crossed[..., :-horizon], sums, np.nan)


def _scores(divergences: Array) -> Array:
    """Return the gain in log likelihood of each variance filter over a constant variance, shape (draws, filters)."""
    centred = divergences - divergences.mean(axis=1, keepdims=True)
    squares = centred * centred
    squares /= squares.mean(axis=1, keepdims=True)
    # One day must not set the variance of the weeks that follow it.
    capped = np.minimum(squares, 16.0)

    def likelihood(variance: Array | float) -> Array:
        tails = (_DF + 1.0) / 2.0 * np.log1p(squares / (variance * (_DF - 2.0)))
        return np.asarray(-(0.5 * np.log(variance) + tails).sum(axis=1))

    from scipy.signal import lfilter  # noqa: PLC0415 - a slow import, used only here

    gains, flat = [], likelihood(1.0)
    for last, before in _FILTERS:
        news = np.full_like(squares, 1.0)
        news[:, 1:] = (1.0 - last - before) + last * capped[:, :-1]
        variance = np.maximum(lfilter([1.0], [1.0, -before], news, axis=1), 0.02)
        gains.append(likelihood(variance * (squares / variance).mean(axis=1, keepdims=True)) - flat)
    return np.stack(gains, axis=1)


def _slow_share(values: Array, power: Array) -> Array:
    return np.asarray(np.log((cosine_coefficients(values, 3) ** 2).mean(axis=1) / power + 0.05))


def interval_features(daily: Array, sums: Array, horizon: int = 1) -> tuple[Array, Array, Array, Array]:
    """Return what the interval's width is computed from, for many funds at once.

    Parameters
    ----------
    daily : numpy.ndarray, shape (draws, sessions)
        Divergences, finite.
    sums : numpy.ndarray, shape (draws, n)
        Their sums over the horizon (`horizon_sums`), finite.
    horizon : int
        Sessions in a sum.

    Returns
    -------
    tuple of numpy.ndarray
        Features (draws, 6 or 8) in the order of `FEATURES`; standard deviation of the sums (draws,), divisor n − 1;
        its relative error were the sums independent (draws,); gain of each variance filter (draws, 5).

    Notes
    -----
    With c the centred sums, x = (c²/mean c² − 1)/2 is the influence on ln s. Features: ln(T/252); ln mean x²; the
    shares that the three slowest cosines have in x and in |c|; the largest square's share, in per cent, as a
    logarithm; the gain in Student-t log likelihood of the best of five fixed variance filters, as asinh(gain/2); beyond
    one session the variance ratio, and ln mean of the daily squares' relative variance.

    Examples
    --------
    >>> daily = np.random.default_rng(0).standard_normal((2, 100))
    >>> [part.shape for part in interval_features(daily, daily)]
    [(2, 6), (2,), (2,), (2, 5)]
    """
    draws, sessions = daily.shape
    nobs = sums.shape[1]
    centred = sums - sums.mean(axis=1, keepdims=True)
    squares = centred * centred
    variance = squares.mean(axis=1)
    influence = (squares / variance[:, None] - 1.0) / 2.0
    power = (influence * influence).mean(axis=1)
    sizes = np.abs(centred)
    sizes = sizes / sizes.mean(axis=1, keepdims=True) - 1.0
    days = (daily - daily.mean(axis=1, keepdims=True)) ** 2 if horizon > 1 else squares
    gains = _scores(daily)
    columns = [
        np.full(draws, math.log(sessions / 252.0)),
        np.log(power),
        _slow_share(influence, power),
        _slow_share(sizes, (sizes * sizes).mean(axis=1)),
        np.log(100.0 * days.max(axis=1) / days.sum(axis=1)),
        np.arcsinh(gains.max(axis=1) / 2.0),
    ]
    if horizon > 1:
        mean = days.mean(axis=1)
        relative = days / mean[:, None] - 1.0
        columns += [0.5 * np.log(variance / horizon / mean), np.log((relative * relative).mean(axis=1))]
    deviation = np.sqrt(variance * nobs / (nobs - 1.0))
    return np.stack(columns, axis=1), deviation, np.sqrt(power / nobs), gains


@dataclass(frozen=True, eq=False)
class Calibration:
    """Coefficients of the interval for one horizon and confidence.

    Parameters
    ----------
    centre, scale : numpy.ndarray, shape (features,)
        What is taken from each feature, and what it is divided by, in the order of `FEATURES`.
    period, long_run : numpy.ndarray, shape (2, 1 + 2·features)
        Coefficients of the logarithm of the lower and of the upper half width, each over the independent error: of a
        constant, the scaled features and their squares.
    """

    centre: Array
    scale: Array
    period: Array
    long_run: Array

    @staticmethod
    def design(features: Array, centre: Array, scale: Array) -> Array:
        """Return what the coefficients multiply: a constant, the features scaled and held in bounds, their squares."""
        scaled = np.clip((features - centre) / scale, -_BOUND, _BOUND)
        return np.concatenate([np.ones((len(scaled), 1)), scaled, scaled * scaled], axis=1)

    def log_ends(self, features: Array, error: Array, kind: Kind) -> Array:
        """Return ln(end/estimate) of both ends, shape (draws, 2)."""
        design = self.design(features, self.centre, self.scale)
        widths = np.clip(design @ self.period.T, *LOG_WIDTHS)
        if kind == "long_run":  # what is open in these sessions is open in the long run, too
            widths = np.maximum(np.clip(design @ self.long_run.T, *LOG_WIDTHS), widths)
        return np.asarray(np.exp(widths) * error[:, None] * np.array([-1.0, 1.0]))

    @classmethod
    def of(cls, entry: dict[str, Any]) -> Calibration:
        """Return the coefficients of one entry of the file."""
        return cls(*(np.array(entry[item.name], dtype=np.float64) for item in fields(cls)))


@cache
def calibration_record() -> dict[str, Any]:
    """Return the bundled coefficients with what made them: command, seed, worlds, versions.

    Examples
    --------
    >>> calibration_record()["made_by"]["command"]
    'research simulate tracking-error --train FILE'
    """
    text = resources.files("research").joinpath("data", "tracking_error_interval.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


@cache
def calibration(horizon: int, confidence: float) -> Calibration:
    """Return the coefficients for a horizon and a confidence; raise where there are none.

    Raises
    ------
    ParameterError
        If the bundled file holds none, naming those that it holds.

    Examples
    --------
    >>> calibration(1, 0.95).period.shape
    (2, 13)
    """
    levels = calibration_record()["confidence"]
    name = f"{check_confidence(confidence):g}"
    if name not in levels:
        raise ParameterError(
            f"confidence is {confidence!r}: the interval is calibrated for {' and '.join(levels)}; take one of them"
        )
    horizons = levels[name]
    if str(horizon) not in horizons:
        shown = ", ".join(horizons)
        raise ParameterError(
            f"horizon is {horizon!r}: the interval is calibrated for {shown} sessions; take one of them"
        )
    return Calibration.of(horizons[str(horizon)])


def calibrated_horizons(confidence: float) -> tuple[int, ...]:
    """Return the horizons, in sessions, that coefficients are bundled for; none at a confidence that has none.

    Examples
    --------
    >>> calibrated_horizons(0.95), calibrated_horizons(0.5)
    ((1, 5, 21), ())
    """
    levels = calibration_record()["confidence"]
    return tuple(int(horizon) for horizon in levels.get(f"{check_confidence(confidence):g}", ()))


@dataclass(frozen=True, eq=False)
class TrackingErrorInterval(Result):
    """A tracking error with both its intervals and what a reader must know of them.

    Parameters
    ----------
    estimate : float
        Annualised standard deviation of the divergence, fraction a year.
    period, long_run : tuple of float
        Interval of the tracking error of these sessions, and of the one that years to come would give.
    kind : {"period", "long_run"}
        Which of them `lower` and `upper` are.
    confidence : float
        Nominal coverage.
    periods_per_year : float
        What annualised the deviation.
    horizon : int
        Sessions in a divergence.
    nobs : int
        Sessions with a divergence.
    calibrated : bool
        Whether samples of this length were simulated; False above 1,512 sessions.
    tail_index : float
        Hill's index of the heaviest twentieth of the sessions, raw or scaled by their neighbours, whichever is lower.
    heavy_tails : bool
        Whether that index lies below 2.7: then no fourth moment is to be believed in, one day can make the tracking
        error, and `mean_absolute_divergence` leads.
    mean_absolute_divergence : MeasureInterval or None
        Where the tails are heavy, the mean absolute divergence of a session with its HAC interval.
    one_day_share : float
        Share of the largest squared divergence in the sum of squares.
    clusters : bool
        Whether a moving variance fits better by more than 3 in log likelihood.
    half_life : float
        Sessions after which half a cluster is gone, of the best filter tried; NaN without clusters.
    independent_stretches : float
        T/(2·half-life/ln 2): stretches of volatility that these sessions hold; NaN without clusters.
    """

    estimate: float
    period: tuple[float, float]
    long_run: tuple[float, float]
    kind: Kind
    confidence: float
    periods_per_year: float
    horizon: int
    nobs: int
    calibrated: bool
    tail_index: float
    heavy_tails: bool
    mean_absolute_divergence: MeasureInterval | None
    one_day_share: float
    clusters: bool
    half_life: float
    independent_stretches: float

    @property
    def interval(self) -> tuple[float, float]:
        """The interval of the kind that was asked for."""
        return self.period if self.kind == "period" else self.long_run

    @property
    def lower(self) -> float:
        """Lower end of that interval."""
        return self.interval[0]

    @property
    def upper(self) -> float:
        """Upper end of that interval."""
        return self.interval[1]

    @property
    def leads(self) -> Literal["period", "long_run", "mean_absolute_divergence"]:
        """Which of the result's intervals a report prints first."""
        return "mean_absolute_divergence" if self.heavy_tails else self.kind

    def summary(self) -> Table:
        """Return estimate and intervals as a table, what leads first."""
        rows: dict[str, Any] = {
            "period": (self.estimate, *self.period),
            "long_run": (self.estimate, *self.long_run),
        }
        if self.mean_absolute_divergence is not None:
            found = self.mean_absolute_divergence.frame[["estimate", "lower", "upper"]]
            rows["mean_absolute_divergence"] = found.to_numpy()[0]
        order = sorted(rows, key=lambda name: name != self.leads)
        names = ["estimate_bp", "lower_bp", "upper_bp"]
        values = np.array([rows[name] for name in order]) / BASIS_POINT
        frame = pd.DataFrame(values, index=[_ROWS[name] for name in order], columns=names)
        sessions = "session" if self.horizon == 1 else "sessions"
        caption = f"Tracking error over {self.horizon} {sessions}, {self.confidence:.0%} intervals"
        return Table(frame, caption, dict.fromkeys(names, ".2f"), self._notes())

    def _notes(self) -> tuple[str, ...]:
        length = f"{self.nobs} sessions" + ("" if self.calibrated else f", more than {LONGEST}: uncalibrated")
        notes = [length]
        if self.clusters:
            notes.append(f"clusters of volatility: about {self.independent_stretches:.0f} independent stretches")
        if self.heavy_tails:
            notes.append(
                f"heavy tails (index {self.tail_index:.1f}): one session holds {self.one_day_share:.0%} of the squares"
            )
        return tuple(notes)

    def to_dict(self) -> dict[str, object]:
        """Return the fields as plain values, `leads` among them; a missing number is None."""
        absolute = self.mean_absolute_divergence
        record: dict[str, object] = {item.name: getattr(self, item.name) for item in fields(self)}
        record |= {
            "period": list(self.period),
            "long_run": list(self.long_run),
            "mean_absolute_divergence": None if absolute is None else absolute.to_dict(),
            "leads": self.leads,
        }
        return {name: None if isinstance(v, float) and math.isnan(v) else v for name, v in record.items()}


_ROWS: Final = {
    "period": "these sessions, a year",
    "long_run": "long run, a year",
    "mean_absolute_divergence": "mean absolute divergence, a session",
}


def tracking_error_interval(
    returns: pd.Series,
    benchmark_returns: pd.Series | None = None,
    *,
    periods_per_year: float,
    horizon: int = 1,
    confidence: float = 0.95,
    kind: Kind = "period",
) -> TrackingErrorInterval:
    """Return a tracking error with calibrated intervals for these sessions and for the long run.

    Parameters
    ----------
    returns : pandas.Series
        Divergence per session, fraction; where a benchmark is given, the fund's log returns.
    benchmark_returns : pandas.Series, optional
        The benchmark's log returns on the same labels.
    periods_per_year : float
        Observations a year: 252 for sessions.
    horizon : {1, 5, 21}
        Sessions over which divergences are summed, overlapping.
    confidence : float
        Nominal coverage, one that coefficients are bundled for: 0.95.
    kind : {"period", "long_run"}
        Which interval `lower` and `upper` are; the result holds both.

    Returns
    -------
    TrackingErrorInterval
        Estimate and ends as fractions a year. The estimate is `tracking_error`, or `horizon_tracking_error`.

    Raises
    ------
    AlignmentError
        If the labels differ.
    DataError
        If a value is infinite or labels are unsorted or repeated.
    ParameterError
        If an input is not a Series, `kind` is unknown, no coefficients exist for `horizon` or `confidence`, or
        `periods_per_year` is not positive and finite.
    SampleError
        If fewer than 63 sessions or six horizons are complete, gaps leave hardly a sum over the horizon, or the
        divergence never moves.

    Notes
    -----
    With s the deviation and r its relative error were the sums independent, the ends are s·exp(−r·e^{b'z}) and
    s·exp(r·e^{a'z}); z are a constant, scaled features of the sample (`interval_features`) and their squares; a and b
    make the shortest intervals that cover every kind of simulated fund
    (`research.simulation.tracking_error_training`); the long run's is never inside the period's. `hac_interval` of
    ``"tracking_error"`` is the delta method: narrower, of neither quantity under fat tails and clusters (504 sessions
    of a GARCH of 0.08 and 0.91: it holds the long run in 44 % of samples), and right where the divergence is close to
    normal and steady. Sessions with a NaN are left out, and with them every sum over one. Where `heavy_tails` is set,
    lean on the mean absolute divergence, not on an interval of a standard deviation.

    Examples
    --------
    >>> divergence = pd.Series(1e-4 * np.random.default_rng(0).standard_normal(252))
    >>> found = tracking_error_interval(divergence, periods_per_year=252)
    >>> found.long_run[0] < found.lower < found.estimate < found.upper < found.long_run[1]
    True
    >>> found.leads, found.calibrated
    ('period', True)
    """
    if kind not in get_args(Kind):
        hint = nearest(str(kind), get_args(Kind))
        raise ParameterError(f"kind is {kind!r}: give 'period' or 'long_run'" + (f"; {hint!r}?" if hint else ""))
    coefficients = calibration(horizon, confidence)
    divergence = _divergence(returns, benchmark_returns)
    table = divergence.to_numpy(dtype=np.float64)
    daily, sums = (values[np.isfinite(values)][None] for values in (table, horizon_sums(table, horizon)))
    _check_sample(daily[0], sums[0], horizon)
    features, deviation, error, gains = interval_features(daily, sums, horizon)
    estimate = float(deviation[0] * math.sqrt(check_periods(periods_per_year) / horizon))
    period, long_run = (
        tuple(float(end) for end in estimate * np.exp(coefficients.log_ends(features, error, each)[0]))
        for each in get_args(Kind)
    )
    centred = daily[0] - daily[0].mean()
    tail_index = min(_hill(centred), _hill(centred / _local_size(np.abs(centred))))
    heavy = tail_index < HEAVY
    clusters = bool(gains.max() > CLUSTERED)
    half_life = math.log(0.5) / math.log(sum(_FILTERS[int(gains[0].argmax())])) if clusters else math.nan
    return TrackingErrorInterval(
        estimate=estimate,
        period=(period[0], period[1]),
        long_run=(long_run[0], long_run[1]),
        kind=kind,
        confidence=confidence,
        periods_per_year=float(periods_per_year),
        horizon=horizon,
        nobs=daily.shape[1],
        calibrated=daily.shape[1] <= LONGEST,
        tail_index=tail_index,
        heavy_tails=heavy,
        mean_absolute_divergence=_mean_absolute(divergence, confidence) if heavy else None,
        one_day_share=float((centred * centred).max() / (centred @ centred)),
        clusters=clusters,
        half_life=half_life,
        independent_stretches=max(daily.shape[1] * math.log(2.0) / (2.0 * half_life), 1.0) if clusters else math.nan,
    )


def _divergence(returns: pd.Series, benchmark: pd.Series | None) -> pd.Series:
    for values, what in ((returns, "returns"), (benchmark, "benchmark_returns")):
        if values is not None and not isinstance(values, pd.Series):
            raise ParameterError(f"{what} is a {type(values).__name__}: give one Series, of a frame one column")
    if benchmark is None:
        checked = check_values(returns, "the divergence")
        return pd.Series(checked.array[:, 0], checked.index)
    pair = check_pair(returns, benchmark)
    return pd.Series(pair.difference[:, 0], pair.index)


def _check_sample(daily: Array, sums: Array, horizon: int) -> None:
    needed = max(SHORTEST, HORIZONS_NEEDED * horizon)
    if len(daily) < needed:
        raise SampleError(
            f"{len(daily)} sessions have a divergence: the interval over {horizon} needs {needed}; take a longer sample"
            + (" or a shorter horizon" if len(daily) >= SHORTEST else "")
        )
    if 2 * len(sums) < needed:
        raise SampleError(
            f"gaps leave {len(sums)} sums over {horizon} sessions: get the missing sessions from their source, "
            "or take a shorter horizon"
        )
    if not np.ptp(daily) > 0.0:
        raise SampleError("the divergence never moves: a tracking error of zero has no interval")


def _local_size(sizes: Array) -> Array:
    """Return the mean size of a session's neighbours, itself left out: it takes the clusters out of the tails."""
    sums = np.concatenate([[0.0], np.cumsum(sizes)])
    places = np.arange(len(sizes))
    low, high = np.maximum(places - _NEIGHBOURS, 0), np.minimum(places + _NEIGHBOURS + 1, len(sizes))
    around: Array = (sums[high] - sums[low] - sizes) / (high - low - 1)
    return np.asarray(np.maximum(around, 1e-3 * sizes.mean()))


def _hill(values: Array) -> float:
    """Return Hill's (1975) tail index of the largest twentieth of the sizes, eight at least."""
    count = max(len(values) // 20, 8)
    largest = np.sort(np.abs(values))[: -count - 2 : -1]
    if not largest[-1] > 0.0:
        return 0.0  # most sessions have no divergence at all: nothing is known but the few that do
    mean = float(np.log(largest[:-1] / largest[-1]).mean())
    return 1.0 / mean if mean > 0.0 else math.inf


def _mean_absolute(divergence: pd.Series, confidence: float) -> MeasureInterval:
    zero = pd.Series(0.0, divergence.index)
    return hac_interval("mean_absolute_divergence", divergence, zero, confidence=confidence)
