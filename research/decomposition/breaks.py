"""A change in the slope of a slow drift, found from the divergence alone: a waiver that ends, a new fee.

On which day it happened, whether it is more than chance, and how small a one the data could have shown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import logsumexp, ndtri, softmax, stdtrit

from research.conventions import BASIS_POINT, DAYS_PER_YEAR, check_confidence
from research.decomposition.averaged import AveragedResult, averaged_level
from research.decomposition.covariance import whiten
from research.decomposition.identification import MAX_STD_ERROR
from research.decomposition.local_level import check_level, local_level
from research.decomposition.noise_grid import draw_any, noise_points, weigh_any
from research.errors import IdentificationError, ParameterError, SampleError
from research.tables import Result, Table

__all__ = ["AFTER", "SIGNIFICANT", "SlopeBreak", "detectable_change", "slope_break"]

Array = npt.NDArray[np.float64]

AFTER: tuple[int, ...] = (5, 10, 21, 42, 63, 126, 252)
"""Sessions since a change at which its detectable size is given: a week to a year."""

SIGNIFICANT = 0.01
"""Largest p-value of no change at which a change counts as more than chance."""

EDGE = 42
"""Sessions on one side, two months of them, below which a change is said to be near an edge."""

COLLINEAR = 1e-8
"""Share of a column's length, beyond what others add up to, below which it is one of them."""

Carries = Callable[[pd.DatetimeIndex], npt.ArrayLike]

_COARSE = 2.5  # steps of the grid of noises, in those of the averaged regression: about one of logit λ and 0.1 of φ
_NEGLIGIBLE = np.log(0.02)  # of the greatest weight: points below are neither drawn nor averaged over
_ROUNDS = 4  # of noises given days and days given noises: two are usual
_FEW, _MANY = 24, 96  # days on which a greatest likelihood is looked for
_FAR = 12.0  # of log likelihood: no interval reaches further


@dataclass(frozen=True, eq=False)
class SlopeBreak(Result):
    """Where a divergence level's slope changed.

    Parameters
    ----------
    date : pandas.Timestamp
        First calendar day of the new slope.
    interval : tuple of pandas.Timestamp
        First and last day that the data do not rule out.
    confidence : float
        Nominal coverage of the interval.
    p_value : float
        Of the hypothesis that the slope never changed.
    slope_before, slope_after : float
        Drift a year (log, Act/365) before and from `date`; a fee is a negative slope.
    std_error_before, std_error_after : float
        Their standard errors, given the date.
    near_edge : bool
        Whether one side is too short to say much of its slope: fewer than `EDGE` sessions, or an interval that reaches
        the first or the last day that was looked at, so that it may go on beyond.
    sessions : tuple of int
        Sessions before and from `date`.
    profile : pandas.Series
        Likelihood ratio of each candidate day against the best, twice the log; 0 at `date`.
    draws, seed : int
        Simulated samples behind interval and p-value, and what seeded them.
    """

    date: pd.Timestamp
    interval: tuple[pd.Timestamp, pd.Timestamp]
    confidence: float
    p_value: float
    slope_before: float
    slope_after: float
    std_error_before: float
    std_error_after: float
    near_edge: bool
    sessions: tuple[int, int]
    profile: pd.Series = field(repr=False)
    draws: int
    seed: int

    @property
    def is_real(self) -> bool:
        """Whether the change is more than chance: a `p_value` of at most `SIGNIFICANT`."""
        return self.p_value <= SIGNIFICANT

    def summary(self) -> Table:
        """Return date, interval and the slopes on both sides as a table."""
        slopes = np.array([self.slope_before, self.slope_after]) / BASIS_POINT
        errors = np.array([self.std_error_before, self.std_error_after]) / BASIS_POINT
        frame = pd.DataFrame({"slope": slopes, "std error": errors}, index=["before", f"from {self.date:%Y-%m-%d}"])
        low, high = self.interval
        notes = (
            f"The slope changes on {self.date:%Y-%m-%d}; {self.confidence:.0%} interval {low:%Y-%m-%d} to "
            f"{high:%Y-%m-%d}; p of no change {self.p_value:.4f} ({self.draws} simulated samples, seed {self.seed}).",
            *((f"Near an edge: {min(self.sessions)} sessions on the shorter side.",) if self.near_edge else ()),
        )
        return Table(frame, "Slope of the divergence, bp a year", {"slope": "+.2f", "std error": ".2f"}, notes)

    def to_dict(self) -> dict[str, object]:
        """Return the change in basis points a year, in the layout of ``research.result/1``.

        The layout names the driver whose rate changed; the one that changes by decree is the fee.
        """
        return {
            "driver": "expense_ratio",
            "date": self.date,
            "interval": list(self.interval),
            "p_value": self.p_value,
            "slope_before_bp": self.slope_before / BASIS_POINT,
            "slope_after_bp": self.slope_after / BASIS_POINT,
            "std_error_before_bp": self.std_error_before / BASIS_POINT,
            "std_error_after_bp": self.std_error_after / BASIS_POINT,
            "near_edge": self.near_edge,
        }


def slope_break(
    level: pd.Series,
    drivers: pd.DataFrame | None = None,
    *,
    confidence: float = 0.95,
    draws: int = 499,
    seed: int = 0,
    trim: int = 20,
    positions: npt.ArrayLike | None = None,
    carries: Carries | None = None,
) -> SlopeBreak:
    """Find the calendar day on which the slope of a divergence level changed.

    Parameters
    ----------
    level : pandas.Series of float, shape (T + 1,)
        Divergence level in logs, labelled by session dates. NaN is a missing session.
    drivers : pandas.DataFrame, shape (T + 1, K), optional
        Further drivers, estimated beside the two slopes (the premium, on price basis). One that the slope and those
        before it add up to is imposed: taken off the level at a coefficient of 1.
    confidence : float
        Nominal coverage of the interval of the date.
    draws : int
        Simulated samples for interval and p-value.
    seed : int
        Seeds them.
    trim : int
        Sessions at either end that no candidate may lie in.
    positions : array_like of int, shape (T + 1,), optional
        Session number of each row, where sessions are missing from the rows.
    carries : callable, optional
        What a drift of one a year brings with it in the level: from days to an array of shape (T + 1, days), a column
        for a drift that starts on each of them. See `research.drivers.owed_from`.

    Returns
    -------
    SlopeBreak
        Date, interval, p-value of no change, slopes on both sides.

    Raises
    ------
    SampleError
        If fewer than ``2·trim + 10`` sessions are given, or the level never moves.
    ParameterError
        If `level` is not a Series, the labels are not dates or a parameter is out of range.

    Notes
    -----
    ``g_t = a + c₁·t + c₂·(t − τ + 1)₊ + Xβ + μ_t + v_t`` with t in calendar days: every day τ is a candidate. The
    permanent share λ and the autocorrelation φ of v are those of `averaged_level`, and are integrated out, on a coarser
    grid, of the restricted likelihood of each day and of that of no change: ``ℓ(τ) = log Σ_g prior_g·L_g(τ)``. Points
    of the grid that the sample rules out, with a change and without, are left out.

    The interval inverts ``2(ℓ(τ̂) − ℓ(τ))``, and the test of no change takes ``ℓ(τ̂) − ℓ₀``. Their critical values are
    quantiles in simulated samples, each with a (λ, φ) of its own from the posterior, because their limits depend on
    both (χ² for noise that comes back, Bai's (1997) law for a random walk) and neither limit knows that days are
    discrete. Both use the noise about the change: a change that is there makes the noise about a straight line look
    like a walk, and samples with such a walk would hide it. In the samples the greatest likelihood is looked for on a
    part of the days.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> days = pd.bdate_range("2024-07-23", periods=400)
    >>> fee = -0.0025 / 365 * np.maximum(0, (days - pd.Timestamp("2025-03-04")).days + 1)
    >>> noise = 1e-6 * np.random.default_rng(7).standard_normal(400).cumsum()
    >>> slope_break(pd.Series(fee + noise, days), draws=99).date
    Timestamp('2025-03-04 00:00:00')
    """
    check_confidence(confidence)
    check_level(level)
    known = level.notna().to_numpy()
    index = level.index[known]
    if not isinstance(index, pd.DatetimeIndex):
        raise ParameterError("slope_break needs dates as labels: a slope is a drift a calendar day")
    if len(index) < 2 * trim + 10:
        raise SampleError(f"{len(index)} sessions are too few to look for a change: give at least {2 * trim + 10}")
    if not isinstance(draws, int | np.integer) or draws < 19:
        raise ParameterError(f"draws is {draws!r}: give a whole number of simulated samples, at least 19")
    if np.ptp(level.to_numpy(dtype=float)[known]) == 0.0:
        raise SampleError(
            f"the level never moves over its {len(index)} sessions, so it has no slope to change: give the divergence, "
            "in logs, of a fund from its benchmark"
        )
    at = (np.arange(len(level)) if positions is None else np.asarray(positions))[known]
    candidates = pd.date_range(index[trim], index[-trim - 1], freq="D")
    days = _Drifts.of(index, candidates, None if carries is None else lambda days: np.asarray(carries(days))[known])
    moved, free = _impose(level[known], days.steady, drivers.loc[known] if drivers is not None else None)
    search = _Search.of(moved, np.column_stack([days.steady, free]), days.since, np.diff(at).astype(float))
    profile = search.settle()
    best = int(np.argmax(profile.changed))
    ratio = 2.0 * (profile.changed[best] - profile.changed)
    rng = np.random.default_rng(seed)
    critical = np.quantile(search.true_day_ratios(profile, best, draws, rng), confidence, method="higher")
    # The estimate itself belongs to any interval, even where every simulated sample found the day exactly.
    inside = candidates[ratio <= max(float(critical), 1e-9)]
    fit = days.sides(best, moved, free, at)
    sessions = int((index < candidates[best]).sum()), int((index >= candidates[best]).sum())
    return SlopeBreak(
        date=candidates[best],
        interval=(inside[0], inside[-1]),
        confidence=confidence,
        p_value=search.p_value(profile, draws, rng),
        slope_before=float(fit.params["before"]),
        slope_after=float(fit.params["after"]),
        std_error_before=float(fit.std_errors["before"]),
        std_error_after=float(fit.std_errors["after"]),
        near_edge=min(sessions) < EDGE or inside[0] == candidates[0] or inside[-1] == candidates[-1],
        sessions=sessions,
        profile=pd.Series(ratio, candidates, name="likelihood_ratio"),
        draws=draws,
        seed=seed,
    )


def _elapsed(index: pd.DatetimeIndex, since: pd.Timestamp) -> Array:
    """Return years of calendar days from `since` to each label."""
    return ((index - since) // pd.Timedelta(days=1)).to_numpy(dtype=float) / DAYS_PER_YEAR


@dataclass(frozen=True, eq=False)
class _Drifts:
    """What a drift of one a year does to the level, from the first session on and from each day: itself, and beside."""

    clock: Array  # (T + 1,)
    ramps: Array  # (T + 1, days)
    carried: Array  # (T + 1,)
    carried_since: Array  # (T + 1, days)

    @classmethod
    def of(cls, index: pd.DatetimeIndex, candidates: pd.DatetimeIndex, carries: Carries | None) -> _Drifts:
        clock = _elapsed(index, index[0])
        starts = _elapsed(candidates, index[0]) - 1.0 / DAYS_PER_YEAR
        ramps = np.maximum(0.0, clock[:, None] - starts[None, :])
        if carries is None:
            return cls(clock, ramps, np.zeros_like(clock), np.zeros_like(ramps))
        return cls(clock, ramps, np.asarray(carries(index[:1]))[:, 0], np.asarray(carries(candidates)))

    @property
    def steady(self) -> Array:
        return self.clock + self.carried

    @property
    def since(self) -> Array:
        return self.ramps + self.carried_since

    def sides(self, day: int, level: pd.Series, free: pd.DataFrame, at: npt.NDArray[np.int64]) -> AveragedResult:
        """Return the regression with a slope on either side of a day.

        Notes
        -----
        What the slopes carry with them passes through in full in the search. Here, where the slopes found say what that
        is, it has a coefficient of its own, like any driver whose coefficient can be told.
        """
        before, after = self.clock - self.ramps[:, day], self.ramps[:, day]
        beside = self.carried - self.carried_since[:, day], self.carried_since[:, day]
        whole = {"before": before + beside[0], "after": after + beside[1]}
        fit = averaged_level(level, pd.DataFrame(whole, level.index).join(free), positions=at)
        carried = beside[0] * fit.params["before"] + beside[1] * fit.params["after"]
        if not carried.any():
            return fit
        apart = pd.DataFrame({"before": before, "after": after, "carried": carried}, level.index).join(free)
        try:
            own = averaged_level(level, apart, positions=at)
        except IdentificationError:
            return fit
        return own if own.std_errors["carried"] <= MAX_STD_ERROR else fit


def _impose(level: pd.Series, steady: Array, drivers: pd.DataFrame | None) -> tuple[pd.Series, pd.DataFrame]:
    """Return the level less the drivers that the slope and those before them add up to, and the others."""
    if drivers is None:
        return level, pd.DataFrame(index=level.index)
    kept, free, moved = [np.diff(steady)], [], level
    for name, column in drivers.items():
        step = np.diff(column.to_numpy(dtype=float))
        basis = np.column_stack([each / np.linalg.norm(each) for each in kept])
        rest = step - basis @ np.linalg.lstsq(basis, step)[0]
        if rest @ rest > COLLINEAR**2 * (step @ step):
            kept.append(step)
            free.append(name)
        else:
            moved = moved - column
    return moved, drivers[free]


@dataclass(frozen=True, eq=False)
class _Profile:
    """Log likelihoods averaged over the noise, and the posterior weights of its points."""

    points: npt.NDArray[np.intp]
    unchanged: float
    changed: Array  # (days,)
    weights: Array  # of the points, at the best day


@dataclass(frozen=True, eq=False)
class _Search:
    """The differenced problem: what is there without a change, a column for each day, and a grid of noises."""

    level: Array  # (T,)
    base: Array  # (T, K): the steady slope and the other drivers
    ramps: Array  # (T, days)
    gaps: Array
    share: Array  # (G,)
    phi: Array
    log_prior: Array

    @classmethod
    def of(cls, level: pd.Series, base: Array, ramps: Array, gaps: Array) -> _Search:
        """Return the problem in units in which every column has length 1: nothing here depends on units."""
        columns = [np.diff(each, axis=0) for each in (level.to_numpy(dtype=float), base, ramps)]
        y, x, r = (each / np.sqrt((each**2).sum(axis=0)) for each in columns)
        # A premium may explain all but a millionth of the variance: what is left must not be found by cancellation.
        y = y - x @ np.linalg.lstsq(x, y)[0]
        return cls(y / np.linalg.norm(y), x, r, gaps, *noise_points(int(gaps.sum()) + 1, _COARSE))

    @property
    def everywhere(self) -> npt.NDArray[np.intp]:
        """Days evenly spread over all candidates."""
        return _spread(np.arange(self.ramps.shape[1]), _FEW)

    def settle(self) -> _Profile:
        """Return the profile over all days at the noises that the sample allows: each depends on the other."""
        points = self._plausible(self.everywhere)
        for _ in range(_ROUNDS):
            profile = self._profile(points)
            wanted = np.union1d(points, self._plausible(np.argmax(profile.changed, keepdims=True)))
            if wanted.size == points.size:
                break
            points = wanted
        return profile

    def _plausible(self, days: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
        """Return the points of the grid that have weight without a change, or with one on the best of `days`."""
        every = np.arange(self.share.size)
        unchanged, changed = (found[..., 0] for found in self._likelihoods(every, days, self.level[:, None]))
        best = changed[:, int(np.argmax(changed.max(axis=0)))]
        kept = (unchanged > unchanged.max() + _NEGLIGIBLE) | (best > best.max() + _NEGLIGIBLE)
        return np.flatnonzero(kept)

    def _profile(self, points: npt.NDArray[np.intp]) -> _Profile:
        unchanged, changed = self._likelihoods(points, np.arange(self.ramps.shape[1]), self.level[:, None])
        by_day = logsumexp(changed[..., 0], axis=0)
        best = changed[:, int(np.argmax(by_day)), 0]
        return _Profile(points, float(logsumexp(unchanged)), by_day, softmax(best))

    def _likelihoods(
        self, points: npt.NDArray[np.intp], days: npt.NDArray[np.intp], targets: Array
    ) -> tuple[Array, Array]:
        """Return log prior times restricted likelihood: unchanged (points, targets), changed (points, days, targets).

        A slope of which nothing is known, in units of the noise, would weigh days by how well it can be told on them;
        its determinant is averaged over days, and so weighs noises alone.
        """
        base, ramps = self.base, self.ramps[:, days]
        nobs, count = base.shape
        unchanged = np.empty((points.size, targets.shape[1]))
        changed = np.empty((points.size, days.size, targets.shape[1]))
        columns = np.asfortranarray(np.column_stack([base, targets, ramps]))
        for row, point in enumerate(points):
            weighed, log_det = weigh_any(columns, float(self.share[point]), float(self.phi[point]), self.gaps)
            base_w, target_w, ramp_w = np.split(weighed, [count, count + targets.shape[1]], axis=1)
            gram = base.T @ base_w
            on_base = base_w.T @ targets
            without = np.einsum("ij,ij->j", targets, target_w) - (np.linalg.solve(gram, on_base) * on_base).sum(axis=0)
            alone = np.einsum("ij,ij->j", ramps, ramp_w)
            cross = base_w.T @ ramps
            ramp_on_base = np.linalg.solve(gram, cross)
            power = alone - (ramp_on_base * cross).sum(axis=0)
            # A ramp that another driver already is (staking that began on that day) can explain nothing more.
            new = power > COLLINEAR * alone
            scale = np.where(new, 1.0 / np.sqrt(np.where(new, power, 1.0)), 0.0)
            signal = (ramps * scale).T @ target_w - (ramp_on_base * scale).T @ on_base
            log_det += float(np.linalg.slogdet(gram)[1]) - 2.0 * float(self.log_prior[point])
            unchanged[row] = -0.5 * ((nobs - count) * np.log(without) + log_det)
            log_det += float(np.log(power[new]).mean()) if new.any() else 0.0
            changed[row] = -0.5 * ((nobs - count) * np.log(without - signal**2) + log_det)
        return unchanged, changed

    def true_day_ratios(self, profile: _Profile, best: int, draws: int, rng: np.random.Generator) -> Array:
        """Return the likelihood ratio of the true day in samples simulated from what is known at the best."""
        points, noise = self._draw(profile.points, profile.weights, draws, rng)
        effects, spreads = self._changes(profile.points, best)
        samples = self.ramps[:, [best]] * effects[points] + spreads[points] * noise
        near = _spread(np.flatnonzero(profile.changed > profile.changed[best] - _FAR), _MANY)
        days = np.union1d(np.append(near, best), self.everywhere)
        by_day = logsumexp(self._likelihoods(profile.points, days, samples)[1], axis=0)
        return np.asarray(2.0 * (by_day.max(axis=0) - by_day[np.searchsorted(days, best)]), dtype=float)

    def p_value(self, profile: _Profile, draws: int, rng: np.random.Generator) -> float:
        """Return the simulated p-value of the greatest likelihood over days, where no slope changes."""
        _, noise = self._draw(profile.points, profile.weights, draws, rng)
        days = _spread(np.arange(self.ramps.shape[1]), _MANY)
        unchanged, changed = self._likelihoods(profile.points, days, noise)
        simulated = logsumexp(changed, axis=0).max(axis=0) - logsumexp(unchanged, axis=0)
        observed = profile.changed[days].max() - profile.unchanged
        return float((1 + np.count_nonzero(simulated >= observed)) / (draws + 1))

    def _draw(
        self, points: npt.NDArray[np.intp], weights: Array, draws: int, rng: np.random.Generator
    ) -> tuple[npt.NDArray[np.intp], Array]:
        """Return which point each sample's noise comes from, and the noise, of unit variance."""
        chosen = rng.choice(points.size, size=draws, p=weights)
        return chosen, draw_any(rng, self.share[points[chosen]], self.phi[points[chosen]], self.gaps)

    def _changes(self, points: npt.NDArray[np.intp], day: int) -> tuple[Array, Array]:
        """Return the change of slope on one day and the noise's standard deviation, at each point."""
        columns = np.column_stack([self.ramps[:, day], self.base])
        found = []
        for point in points:
            white = whiten(
                np.column_stack([self.level, columns]), float(self.share[point]), float(self.phi[point]), self.gaps
            )
            beta, residual, _, _ = np.linalg.lstsq(white[:, 1:], white[:, 0])
            found.append((float(beta[0]), float(np.sqrt(residual[0] / (len(white) - columns.shape[1])))))
        effects, spreads = np.array(found).T
        return effects, spreads


def _spread(days: npt.NDArray[np.intp], count: int) -> npt.NDArray[np.intp]:
    """Return at most `count` of the days, evenly spread, the first and the last among them."""
    return days[np.unique(np.linspace(0, days.size - 1, min(count, days.size)).round().astype(np.intp))]


def detectable_change(
    level: pd.Series,
    drivers: pd.DataFrame | None = None,
    *,
    after: Sequence[int] = AFTER,
    confidence: float = 0.95,
    power: float = 0.8,
    positions: Sequence[int] | None = None,
) -> pd.Series:
    """Return the smallest change of the yearly drift that would be noticed, by sessions since it happened.

    Parameters
    ----------
    level : pandas.Series of float, shape (T + 1,)
        Divergence level in logs, labelled by session dates.
    drivers : pandas.DataFrame of float, shape (T + 1, K), optional
        Drivers with constant coefficients, the running fee among them. Columns that do not vary are left out.
    after : sequence of int
        Sessions since the change; those that leave fewer before it than after it are left out.
    confidence : float
        Nominal coverage: one minus the probability of a false alarm, two-sided.
    power : float
        Probability with which a change of that size is noticed.
    positions : sequence of int, optional
        Session numbers, as in `local_level`.

    Returns
    -------
    pandas.Series of float
        Fraction a year, indexed by sessions since the change.

    Raises
    ------
    ParameterError
        If `confidence` or `power` is not between 0 and 1.
    SampleError
        If the sample is too short for any of the horizons.

    Notes
    -----
    ``(t_{1−α/2} + z_power)·se``, with se the standard error of one more slope that starts h sessions before the end,
    by generalised least squares at the noise that the sample shows (`local_level`). The day is taken as known: looking
    for it costs more. NaN in `level` is left out.

    Examples
    --------
    >>> days = pd.bdate_range("2024-07-23", periods=300)
    >>> noise = 1e-5 * np.random.default_rng(3).standard_normal(300)
    >>> fee = pd.Series(-0.002 / 365 * (days - days[0]).days, days, name="fee")
    >>> found = detectable_change(fee + noise, fee.to_frame(), after=(21, 126))
    >>> bool(found[21] > 5 * found[126])
    True
    """
    check_confidence(confidence)
    if not 0.0 < power < 1.0:
        raise ParameterError(f"power is {power!r}: give a probability between 0 and 1, such as 0.8")
    columns = pd.DataFrame(index=level.index) if drivers is None else drivers
    columns = columns[[name for name in columns if np.ptp(columns[name].to_numpy(dtype=float)) > 0.0]]
    fit = local_level(level, columns, positions=positions)
    index = pd.DatetimeIndex(fit.level.index)
    elapsed = ((index - index[0]) // pd.Timedelta(days=1)).to_numpy(dtype=float) / DAYS_PER_YEAR
    usable = [h for h in after if 1 < h <= len(index) // 2]
    if not usable:
        raise SampleError(
            f"{len(index)} sessions are too few to say what change would show: give twice as many as since it"
        )
    half = float(stdtrit(fit.df_resid - 1, 0.5 + confidence / 2) + ndtri(power))
    sizes = {}
    for sessions in usable:
        ramp = np.maximum(elapsed - elapsed[-1 - sessions], 0.0)
        design = np.diff(np.column_stack([fit.drivers.to_numpy(dtype=float), ramp]), axis=0)
        # Columns differ by orders of magnitude, and products of them would lose digits.
        scale = np.sqrt((design**2).sum(axis=0))
        white = whiten(design / scale, fit.permanent_share, 0.0, fit.gaps)
        spread = np.linalg.inv(white.T @ white)[-1, -1] * fit.variance / scale[-1] ** 2
        sizes[sessions] = half * float(np.sqrt(spread))
    return pd.Series(sizes, name="detectable_change").rename_axis("sessions")
