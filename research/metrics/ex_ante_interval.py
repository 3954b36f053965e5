"""How sure an ex-ante tracking error is that rests on a covariance matrix estimated from returns."""

from __future__ import annotations

import numpy as np
import pandas as pd

from research.conventions import check_periods
from research.errors import ParameterError
from research.metrics._pair import Array, check_same_labels, check_values
from research.metrics.ex_ante import ewma_covariance, ex_ante_tracking_error, sample_covariance
from research.metrics.interval_result import MeasureInterval
from research.metrics.longrun import Bandwidth, bandwidth_lags, critical_value

__all__ = ["ex_ante_interval"]


def ex_ante_interval(
    weights: pd.Series,
    benchmark_weights: pd.Series,
    returns: pd.DataFrame,
    *,
    periods_per_year: float,
    half_life: float | None = None,
    level: float = 0.95,
    bandwidth: Bandwidth = "lazarus",
) -> MeasureInterval:
    """Return the ex-ante tracking error of holdings with an interval for what the covariance matrix does not know.

    Parameters
    ----------
    weights, benchmark_weights : pandas.Series
        Weights by asset, fraction, as `ex_ante_tracking_error` takes them.
    returns : pandas.DataFrame
        Returns per period of the same assets, from which the matrix is estimated.
    periods_per_year : float
        Observations a year.
    half_life : float, optional
        Periods of `ewma_covariance`; by default the matrix is `sample_covariance`.
    level : float
        Nominal coverage.
    bandwidth : {"lazarus", "newey-west"} or int
        Lag rule, see `bandwidth_lags`.

    Returns
    -------
    MeasureInterval
        Estimate, standard error and interval, a fraction a year. NaN with fewer than four complete rows, and for the
        interval where the tracking error is zero.

    Raises
    ------
    AlignmentError, DataError, ParameterError
        As `ex_ante_tracking_error` and the covariance.

    Notes
    -----
    a′Σa is the weighted mean Σ w_t x_t² of squared active returns x_t = a′(r_t − r̄) (r̄ = 0 for the exponential one), so
    the interval is that of a mean: influence w_t·(x_t² − a′Σa), Bartlett kernel over the weighted terms, log scale.
    Weights concentrate an exponential estimate on few periods, n_eff = 1/Σ w_t², to which the lag rule and the fixed-b
    critical value refer. The weights of the holdings are taken as known. A matrix from elsewhere carries no sample, so
    it has no interval here. Rows in which any asset is NaN are left out. In simulations of 504 independent
    returns the 95 % interval covers 94 to 97 % (normal and Student t with five degrees), with a half-life of 60
    periods 91 to 95 %.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> returns = pd.DataFrame(0.03 * rng.standard_normal((500, 2)), columns=["A", "B"])
    >>> w, b = pd.Series({"A": 0.6, "B": 0.4}), pd.Series({"A": 0.5, "B": 0.5})
    >>> found = ex_ante_interval(w, b, returns, periods_per_year=252)
    >>> found.lower < 0.03 * (2 * 0.1**2 * 252) ** 0.5 < found.upper
    True
    """
    periods = check_periods(periods_per_year)
    critical_value(level, 0.0)  # refuses a level that cannot be
    values = check_values(returns, "the returns")
    if values.columns is None:
        raise ParameterError("the returns are a Series: give a DataFrame with one column for each asset")
    check_same_labels(weights.index, values.columns, "the weights", "the columns of the returns")
    complete = values.array[~np.isnan(values.array).any(axis=1)]
    name = "ex_ante_tracking_error"
    if len(complete) < 4:
        return _result(name, (np.nan,) * 4, len(complete), np.nan, level, half_life)
    if half_life is None:
        matrix = sample_covariance(returns, periods_per_year=periods)
        shares = np.full(len(complete), 1.0 / len(complete))
        centred = complete - complete.mean(axis=0)
    else:
        matrix = ewma_covariance(returns, half_life=half_life, periods_per_year=periods)
        decay = 0.5 ** (np.arange(len(complete))[::-1] / half_life)
        shares, centred = decay / decay.sum(), complete
    estimate = ex_ante_tracking_error(weights, benchmark_weights, matrix)
    active = (weights - benchmark_weights).to_numpy(dtype=np.float64)
    found, lags = _interval(centred @ active, shares, estimate, periods, level, bandwidth)
    return _result(name, (estimate, *found), len(complete), lags, level, half_life)


def _interval(
    active: Array, shares: Array, estimate: float, periods: float, level: float, bandwidth: Bandwidth
) -> tuple[tuple[float, float, float], int]:
    effective = max(int(1.0 / float((shares**2).sum())), 4)
    lags = bandwidth_lags(bandwidth, effective)
    if estimate <= 0:
        return (np.nan,) * 3, lags
    squares = active**2
    influence = shares * (squares - float(shares @ squares))
    total = float(influence @ influence)
    for lag in range(1, lags + 1):
        total += 2.0 * (1.0 - lag / (lags + 1.0)) * float(influence[lag:] @ influence[:-lag])
    # From the variance a period to the tracking error a year: sqrt, and the log scale keeps the interval positive.
    error = np.sqrt(max(total, 0.0)) * periods / (2.0 * estimate)
    half = critical_value(level, min((lags + 1) / effective, 1.0)) * error
    factor = float(np.exp(half / estimate))
    return (float(error), estimate / factor, estimate * factor), lags


def _result(
    name: str, row: tuple[float, ...], nobs: int, lags: float, level: float, half_life: float | None
) -> MeasureInterval:
    columns = ["estimate", "std_error", "lower", "upper", "nobs", "lags"]
    frame = pd.DataFrame([(*row, nobs, lags)], index=pd.Index(["holdings"]), columns=columns)
    matrix = "sample covariance" if half_life is None else f"exponentially weighted covariance, half-life {half_life:g}"
    method = f"HAC delta method, Bartlett kernel, fixed-b critical values; {matrix}"
    return MeasureInterval(name, frame.astype({"nobs": np.int64}), level, method, {"half_life": half_life})
