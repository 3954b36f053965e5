"""A change in the slope of a slow drift, found from the divergence alone: a waiver that ends, a new fee.

On which day it happened, whether it is more than chance, and how small a one the data could have shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit, ndtri, stdtrit

from research.conventions import BASIS_POINT, DAYS_PER_YEAR, check_confidence
from research.decomposition.covariance import Weighting, draw_errors, weighting, whiten
from research.decomposition.local_level import local_level
from research.errors import ParameterError, SampleError
from research.tables import Result, Table

__all__ = ["AFTER", "SIGNIFICANT", "SlopeBreak", "detectable_change", "slope_break"]

Array = npt.NDArray[np.float64]

AFTER: tuple[int, ...] = (5, 10, 21, 42, 63, 126, 252)
"""Sessions since a change at which its detectable size is given: a week to a year."""

SIGNIFICANT = 0.01
"""Largest p-value of no change at which a change counts as more than chance."""

_LOGITS: Array = np.concatenate([np.linspace(-16.0, -5.0, 8), np.linspace(-4.0, 4.0, 17), [6.0, 9.0, 16.0]])


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
) -> SlopeBreak:
    """Find the calendar day on which the slope of a divergence level changed.

    Parameters
    ----------
    level : pandas.Series of float, shape (T + 1,)
        Divergence level in logs, labelled by session dates. NaN is a missing session.
    drivers : pandas.DataFrame, shape (T + 1, K), optional
        Further drivers, estimated beside the two slopes (the premium, on price basis).
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

    Returns
    -------
    SlopeBreak
        Date, interval, p-value of no change, slopes on both sides.

    Raises
    ------
    SampleError
        If fewer than ``2·trim + 10`` sessions are given.
    ParameterError
        If the labels are not dates or a parameter is out of range.

    Notes
    -----
    ``g_t = a + c₁·t + c₂·(t − τ + 1)₊ + Xβ + μ_t + ε_t`` with t in calendar days: every day τ is a candidate. τ and
    the permanent share λ maximise the likelihood jointly. The interval inverts the likelihood ratio; its critical value
    is the quantile of that ratio in samples simulated from the estimates, because its limit depends on λ (χ² for
    noise that comes back, Bai's (1997) law for a random walk) and neither limit knows that days are discrete.

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
    known = level.dropna()
    if not isinstance(known.index, pd.DatetimeIndex):
        raise ParameterError("slope_break needs dates as labels: a slope is a drift a calendar day")
    if len(known) < 2 * trim + 10:
        raise SampleError(f"{len(known)} sessions are too few to look for a change: give at least {2 * trim + 10}")
    if draws < 19:
        raise ParameterError(f"draws is {draws}: give at least 19 simulated samples")
    index = known.index
    candidates = pd.date_range(index[trim], index[-trim - 1], freq="D")
    extra = pd.DataFrame(index=index) if drivers is None else drivers.loc[index]
    at = np.arange(len(level)) if positions is None else np.asarray(positions)
    gaps = np.diff(at[level.notna().to_numpy()]).astype(float)
    search = _search(known, extra, candidates, gaps)
    share = _joint_share(search)
    by_day = search.residuals(share)[1][:, 0]
    best = int(np.argmin(by_day))
    ratio = search.nobs * np.log(by_day / by_day[best])
    rng = np.random.default_rng(seed)
    critical = np.quantile(_true_day_ratios(search, share, best, gaps, draws, rng), confidence, method="higher")
    # The estimate itself belongs to any interval, even where every simulated sample found the day exactly.
    inside = candidates[ratio <= max(float(critical), 1e-9)]
    slopes = _slopes(level, drivers, candidates[best], at)
    return SlopeBreak(
        date=candidates[best],
        interval=(inside[0], inside[-1]),
        confidence=confidence,
        p_value=_p_value(search, gaps, draws, rng),
        slope_before=slopes[0],
        slope_after=slopes[1],
        std_error_before=slopes[2],
        std_error_after=slopes[3],
        profile=pd.Series(ratio, candidates, name="likelihood_ratio"),
        draws=draws,
        seed=seed,
    )


@dataclass(frozen=True, eq=False)
class _Search:
    """Columns: the level's differences, the constant slope and other drivers, then one ramp for each candidate day."""

    weights: Weighting
    columns: Array
    fixed: int

    @property
    def nobs(self) -> int:
        return int(self.columns.shape[0])

    def residuals(self, share: float, targets: Array | None = None) -> tuple[Array, Array]:
        """Return RSS without a break (targets,) and RSS by candidate day (candidates, targets) at one λ.

        `targets` replace the observed differences where samples are simulated; they are rotated like the columns.
        """
        observed = self.columns[:, :1] if targets is None else targets
        base, ramps = self.columns[:, 1 : self.fixed], self.columns[:, self.fixed :]
        # The many ramps are never weighted themselves where their squares will do: W is symmetric.
        base_w, observed_w = self.weights.weigh(share, base), self.weights.weigh(share, observed)
        gram = base.T @ base_w
        target_on_base = base_w.T @ observed
        without = (observed * observed_w).sum(axis=0)
        without = without - (np.linalg.solve(gram, target_on_base) * target_on_base).sum(axis=0)
        alone = self.weights.squares(share, ramps)
        cross = base_w.T @ ramps
        ramp_on_base = np.linalg.solve(gram, cross)
        power = alone - (ramp_on_base * cross).sum(axis=0)
        signal = ramps.T @ observed_w - ramp_on_base.T @ target_on_base
        # A ramp that another driver already is (staking that began on that day) can explain nothing more.
        new = power > 1e-9 * alone
        gained = np.where(new[:, None], signal**2 / np.where(new, power, 1.0)[:, None], 0.0)
        return without, without - gained

    def likelihood(self, share: float, residual: float) -> float:
        """Return the log likelihood of one residual sum of squares, profiled over the variance."""
        return -0.5 * (self.nobs * float(np.log(residual)) + self.weights.log_determinant(share))

    def simulate(self, rng: np.random.Generator, share: float, gaps: Array, draws: int) -> Array:
        """Return rotated error samples of unit variance."""
        return self.weights.rotate(draw_errors(rng, share, gaps, draws))


def _elapsed(index: pd.DatetimeIndex, since: pd.Timestamp) -> Array:
    """Return years of calendar days from `since` to each label."""
    return ((index - since) // pd.Timedelta(days=1)).to_numpy(dtype=float) / DAYS_PER_YEAR


def _search(known: pd.Series, extra: pd.DataFrame, candidates: pd.DatetimeIndex, gaps: Array) -> _Search:
    """Return the differenced, rotated problem."""
    index = pd.DatetimeIndex(known.index)
    clock = _elapsed(index, index[0])
    starts = _elapsed(candidates, index[0]) - 1.0 / DAYS_PER_YEAR
    ramps = np.maximum(0.0, clock[:, None] - starts[None, :])
    columns = np.column_stack([known.to_numpy(dtype=float), clock, extra.to_numpy(dtype=float), ramps])
    differences = np.diff(columns, axis=0)
    differences[:, 0] /= np.abs(differences[:, 0]).max()  # logs of tiny sums of squares stay tame
    weights = weighting(gaps)
    return _Search(weights, weights.rotate(differences), 2 + extra.shape[1])


def _joint_share(search: _Search) -> float:
    """Return the permanent share that, with the best day, maximises the likelihood: a grid, then two finer ones."""
    logits = _LOGITS
    for _ in range(3):
        shares = expit(logits)
        values = [search.likelihood(share, search.residuals(share)[1].min()) for share in shares]
        best = int(np.argmax(values))
        logits = np.linspace(logits[max(best - 1, 0)], logits[min(best + 1, logits.size - 1)], 7)
    return float(shares[best])


def _true_day_ratios(
    search: _Search, share: float, best: int, gaps: Array, draws: int, rng: np.random.Generator
) -> Array:
    """Return the likelihood ratio of the true day in samples simulated from the estimates."""
    columns = search.columns
    chosen = np.r_[1 : search.fixed, search.fixed + best]
    weighted = search.weights.weigh(share, columns[:, chosen])
    beta = np.linalg.solve(columns[:, chosen].T @ weighted, weighted.T @ columns[:, 0])
    spread = np.sqrt(search.residuals(share)[1][best, 0] / (search.nobs - chosen.size))
    samples = (columns[:, chosen] @ beta)[:, None] + spread * search.simulate(rng, share, gaps, draws)
    _, by_day = search.residuals(share, samples)
    ratios: Array = search.nobs * np.log(by_day[best] / by_day.min(axis=0))
    return ratios


def _p_value(search: _Search, gaps: Array, draws: int, rng: np.random.Generator) -> float:
    """Return the simulated p-value of the greatest likelihood ratio over all days, where no slope changes."""
    shares = expit(_LOGITS)
    values = [search.likelihood(share, search.residuals(share)[0][0]) for share in shares]
    share = float(shares[int(np.argmax(values))])
    without, by_day = search.residuals(share)
    observed = float(np.log(without[0] / by_day.min()))
    null_without, null_by_day = search.residuals(share, search.simulate(rng, share, gaps, draws))
    simulated = np.log(null_without / null_by_day.min(axis=0))
    return float((1 + np.count_nonzero(simulated >= observed)) / (draws + 1))


def _slopes(
    level: pd.Series, drivers: pd.DataFrame | None, date: pd.Timestamp, positions: npt.NDArray[np.int64]
) -> tuple[float, float, float, float]:
    """Return slope before, slope after and their standard errors, given the day of the change."""
    index = pd.DatetimeIndex(level.index)
    after = np.maximum(0.0, _elapsed(index, date) + 1.0 / DAYS_PER_YEAR)
    ramps = pd.DataFrame({"before": _elapsed(index, index[0]) - after, "after": after}, index=index)
    design = ramps if drivers is None else ramps.join(drivers)
    fit = local_level(level, design, positions=positions)
    slopes, errors = fit.params, fit.std_errors
    return (float(slopes["before"]), float(slopes["after"]), float(errors["before"]), float(errors["after"]))


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
