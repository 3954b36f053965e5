"""What a short-period tracking error implies for a year when divergences are autocorrelated (Lo 2002, eq. 20).

Premium noise comes back, so that daily divergences are negatively autocorrelated and √252 overstates the year.
"""

from __future__ import annotations

from typing import overload

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from research.errors import DataError, ParameterError
from research.metrics import _sample as sample
from research.metrics import forms
from research.metrics._sample import Array, Returns, check_pair
from research.metrics.forms import Form, Options
from research.metrics.registry import A_YEAR, NUMBER, measured

__all__ = [
    "ar1_adjusted_tracking_error",
    "autocorrelation_adjusted_tracking_error",
    "divergence_autocorrelation",
    "lo_ratio_factor",
    "lo_scaling",
]


def _lagged(r: Array, b: Array, o: Options) -> Array:
    """Return presence, divergence, its square and its products with its own past; zero where missing."""
    d = r - b
    there = ~np.isnan(d)
    c = np.where(there, d - np.nanmean(d), 0.0)
    longest = int(o.get("lags", o.get("lag", 1)))
    past = [np.concatenate([np.zeros(min(k, len(c))), c[:-k]]) for k in range(1, longest + 1)]
    return forms.columns(there.astype(np.float64), c, c * c, *(c * p for p in past))


def _rho(m: Array) -> Array:
    mean = m[..., 1:2] / m[..., 0:1]
    gamma = m[..., 2:] - mean * mean * m[..., 0:1]
    return np.asarray(gamma[..., 1:] / gamma[..., :1])


def _deviation(m: Array, n: int) -> Array:
    """Return the deviation per period of lagged moments, whose means count missing periods as zeros."""
    return np.sqrt(forms.variance(m[..., 1] / m[..., 0], m[..., 2] / m[..., 0], n))


def _scaled(deviation: Array, rho: Array, q: float) -> Array:
    used = rho[..., : int(q) - 1]
    inside = q + 2.0 * (used @ (q - np.arange(1.0, used.shape[-1] + 1))) if used.shape[-1] else q + 0.0 * deviation
    if not np.iscomplexobj(inside):
        inside = np.where(inside >= 0, inside, np.nan)
    return np.asarray(deviation * np.sqrt(inside))


def _lo(m: Array, n: int, o: Options) -> Array:
    return _scaled(_deviation(m, n), _rho(m), o["periods_per_year"])


def _ar1(m: Array, n: int, o: Options) -> Array:
    powers = np.arange(1, max(int(o["periods_per_year"]), 2))
    return _scaled(_deviation(m, n), _rho(m)[..., :1] ** powers, o["periods_per_year"])


def lo_scaling(autocorrelations: ArrayLike, periods: int) -> float:
    """Return the factor that turns a deviation per period into one per `periods` periods.

    Parameters
    ----------
    autocorrelations : array_like
        ρ_1, ρ_2, …; those beyond the last given are zero, those beyond `periods` − 1 do not enter.
    periods : int
        Number of periods q to aggregate: 252 for a year of sessions.

    Returns
    -------
    float
        √(q + 2 Σ_{k<q} (q − k) ρ_k), which is √q without autocorrelation. NaN where the sum is negative: the
        autocorrelations belong to no process.

    Raises
    ------
    DataError
        If an autocorrelation lies outside −1 to 1.
    ParameterError
        If `periods` is not a positive whole number.

    Notes
    -----
    Lo, A. W. (2002), "The statistics of Sharpe ratios", Financial Analysts Journal 58(4), eq. 20. A NaN among the
    autocorrelations gives NaN.

    Examples
    --------
    >>> round(lo_scaling([-0.5], 252) / 252**0.5, 3)
    0.063
    """
    q = _check_whole(periods, "periods")
    rho = np.atleast_1d(np.asarray(autocorrelations, dtype=np.float64))
    if (np.abs(rho) > 1).any():
        raise DataError(f"an autocorrelation of {rho[np.abs(rho) > 1][0]:g} lies outside −1 to 1")
    return float(_scaling(rho[:, None], q)[0])


def lo_ratio_factor(autocorrelations: ArrayLike, periods: int) -> float:
    """Return Lo's η(q): the factor that turns a ratio of mean to deviation per period into one per `periods` periods.

    Parameters
    ----------
    autocorrelations : array_like
        ρ_1, ρ_2, …; those beyond the last given are zero.
    periods : int
        Number of periods q to aggregate.

    Returns
    -------
    float
        q / `lo_scaling`. NaN where that is NaN or zero.

    Raises
    ------
    DataError, ParameterError
        As `lo_scaling`.

    Notes
    -----
    Lo (2002), eq. 20 and Table 2. For an information ratio in the presence of autocorrelation. A NaN gives NaN.

    Examples
    --------
    >>> rho = 0.2  # of first order, Lo (2002), Table 2: 2.88 at twelve months
    >>> round(lo_ratio_factor([rho**k for k in range(1, 12)], 12), 2)
    2.88
    """
    scaling = lo_scaling(autocorrelations, periods)
    return periods / scaling if scaling > 0 else float("nan")


@overload
def divergence_autocorrelation(fund_returns: pd.Series, benchmark_returns: pd.Series, *, lags: int) -> pd.Series: ...
@overload
def divergence_autocorrelation(
    fund_returns: pd.DataFrame, benchmark_returns: Returns, *, lags: int
) -> pd.DataFrame: ...
@measured(
    "autocorrelation of the divergence",
    also=("serial correlation of the divergence", "tracking error autocorrelation"),
    unit=NUMBER,
    formula="Σ (d_t − d̄)(d_{t−k} − d̄) / Σ (d_t − d̄)²",
    form=Form(
        _lagged,
        lambda m, _n, o: _rho(m)[..., int(o["lag"]) - 1],
        scale="fisher",
        rows="all",
        one_of=("lag", lambda lag: {"lags": lag}),
    ),
)
def divergence_autocorrelation(
    fund_returns: Returns, benchmark_returns: Returns, *, lags: int
) -> pd.Series | pd.DataFrame:
    """Return the sample autocorrelations of the divergence at lags 1 to `lags`.

    Parameters
    ----------
    lags : int
        Longest lag in periods.

    Returns
    -------
    pandas.Series or pandas.DataFrame
        Between −1 and 1, indexed by lag (index name ``"lag"``), one column for each fund. NaN at lags that the sample
        does not reach, and where the divergence does not vary.

    Raises
    ------
    ParameterError
        If `lags` is not a positive whole number.

    Notes
    -----
    The usual estimator with divisor n at every lag. Products in which either divergence is NaN are left out of the
    numerator.

    Examples
    --------
    >>> import pandas as pd
    >>> fund, benchmark = pd.Series([0.001, -0.001, 0.001, -0.001]), pd.Series([0.0, 0.0, 0.0, 0.0])
    >>> divergence_autocorrelation(fund, benchmark, lags=2).to_dict()
    {1: -0.75, 2: 0.5}
    """
    pair = check_pair(fund_returns, benchmark_returns)
    longest = _check_whole(lags, "lags")
    rho = _autocorrelations(pair.difference, longest, pair.fund, pair.benchmark)
    return pair.like(rho, index=pd.RangeIndex(1, longest + 1, name="lag"))


@overload
def autocorrelation_adjusted_tracking_error(
    fund_returns: pd.Series, benchmark_returns: pd.Series, *, periods_per_year: int, lags: int
) -> float: ...
@overload
def autocorrelation_adjusted_tracking_error(
    fund_returns: pd.DataFrame, benchmark_returns: Returns, *, periods_per_year: int, lags: int
) -> pd.Series: ...
@measured(
    "tracking error, autocorrelation-adjusted",
    also=("Lo-adjusted tracking error", "serial correlation adjusted tracking error"),
    unit=A_YEAR,
    formula="sd(d)·√(m + 2 Σ_{k≤lags} (m − k) ρ_k)",
    source="Lo 2002, eq. 20",
    form=Form(_lagged, _lo, scale="log", rows="all"),
)
def autocorrelation_adjusted_tracking_error(
    fund_returns: Returns, benchmark_returns: Returns, *, periods_per_year: int, lags: int
) -> float | pd.Series:
    """Return the yearly tracking error that the divergence and its sample autocorrelations imply (Lo 2002).

    Parameters
    ----------
    periods_per_year : int
        Observations a year q, a whole number: 252 for sessions, 12 for months.
    lags : int
        Autocorrelations to estimate; longer ones are taken as zero. Few lags suffice for noise that comes back fast.

    Returns
    -------
    float or pandas.Series
        Fraction a year. NaN for too few observations, and where the estimated autocorrelations add up to a negative
        variance (then use fewer lags, `ar1_adjusted_tracking_error` or `horizon_tracking_error`).

    Raises
    ------
    ParameterError
        If `periods_per_year` or `lags` is not a positive whole number.

    Notes
    -----
    Periods with a NaN on either side are left out, as `divergence_autocorrelation` says. With all autocorrelations zero
    it is `tracking_error`.

    Examples
    --------
    >>> import pandas as pd
    >>> fund, benchmark = pd.Series([0.002, -0.001, 0.001, 0.0, -0.001]), pd.Series([0.0, 0.0, 0.0, 0.0, 0.0])
    >>> round(autocorrelation_adjusted_tracking_error(fund, benchmark, periods_per_year=12, lags=1), 6)
    0.001918
    """
    pair = check_pair(fund_returns, benchmark_returns)
    q, longest = _check_whole(periods_per_year, "periods_per_year"), _check_whole(lags, "lags")
    rho = _autocorrelations(pair.difference, longest, pair.fund, pair.benchmark)
    return pair.result(np.sqrt(sample.variance(pair.difference)) * _scaling(rho, q))


@overload
def ar1_adjusted_tracking_error(
    fund_returns: pd.Series, benchmark_returns: pd.Series, *, periods_per_year: int
) -> float: ...
@overload
def ar1_adjusted_tracking_error(
    fund_returns: pd.DataFrame, benchmark_returns: Returns, *, periods_per_year: int
) -> pd.Series: ...
@measured(
    "tracking error, AR(1)-adjusted",
    also=("AR(1) adjusted tracking error", "first-order autocorrelation adjusted tracking error"),
    unit=A_YEAR,
    formula="sd(d)·√(m + 2 Σ_{k<m} (m − k) ρ^k), ρ of first order",
    source="Lo 2002, Table 2",
    form=Form(_lagged, _ar1, scale="log", rows="all"),
)
def ar1_adjusted_tracking_error(
    fund_returns: Returns, benchmark_returns: Returns, *, periods_per_year: int
) -> float | pd.Series:
    """Return the yearly tracking error if divergences follow a first-order autoregression (Lo 2002).

    Parameters
    ----------
    periods_per_year : int
        Observations a year q, a whole number: 252 for sessions, 12 for months.

    Returns
    -------
    float or pandas.Series
        Fraction a year. NaN for fewer than two observations or a divergence that does not vary.

    Notes
    -----
    One parameter, never a negative variance. A difference of noise has autocorrelation −0.5 at one lag and zero after;
    this formula then still overstates.

    Examples
    --------
    >>> import pandas as pd
    >>> fund, benchmark = pd.Series([0.002, -0.001, 0.001, 0.0, -0.001]), pd.Series([0.0, 0.0, 0.0, 0.0, 0.0])
    >>> round(ar1_adjusted_tracking_error(fund, benchmark, periods_per_year=12), 6)
    0.002919
    """
    pair = check_pair(fund_returns, benchmark_returns)
    q = _check_whole(periods_per_year, "periods_per_year")
    first = _autocorrelations(pair.difference, 1, pair.fund, pair.benchmark)
    rho = first ** np.arange(1, max(q, 2))[:, None]
    return pair.result(np.sqrt(sample.variance(pair.difference)) * _scaling(rho, q))


def _autocorrelations(difference: Array, lags: int, *sources: Array) -> Array:
    centred = sample.deviations(difference)
    squares = sample.total(centred**2)
    flat = sample.negligible(sample.variance(difference), *sources)
    rho = np.full((lags, difference.shape[1]), np.nan)
    for lag in range(1, min(lags, len(difference) - 1) + 1):
        products = sample.total(centred[lag:] * centred[:-lag])
        rho[lag - 1] = sample.ratio(products, squares, flat)
    return rho


def _scaling(rho: Array, q: int) -> Array:
    """Lo's factor for each column of autocorrelations."""
    used = rho[: q - 1]
    weights = q - np.arange(1.0, len(used) + 1)
    inside = q + 2 * (weights @ used) if len(used) else np.full(rho.shape[1], float(q))
    return np.where(inside >= 0, np.sqrt(np.maximum(inside, 0.0)), np.nan)


def _check_whole(number: int, name: str) -> int:
    if isinstance(number, bool) or not np.isfinite(number) or int(number) != number or number < 1:
        raise ParameterError(f"{name} is {number!r}: give a positive whole number")
    return int(number)
