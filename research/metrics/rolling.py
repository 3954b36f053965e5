"""Measures of tracking over moving and growing windows: one row per session, NaN until there is enough."""

from __future__ import annotations

from typing import overload

import numpy as np
import pandas as pd

from research.conventions import DAYS_PER_YEAR, check_periods
from research.errors import DataError
from research.metrics import _moving as moving
from research.metrics import _sample as sample
from research.metrics._sample import Returns, check_pair, check_values
from research.metrics.docstrings import documented

__all__ = [
    "expanding_tracking_error",
    "rolling_beta",
    "rolling_correlation",
    "rolling_mean_absolute_divergence",
    "rolling_root_mean_square_divergence",
    "rolling_tracking_difference_log",
    "rolling_tracking_error",
]


@overload
def rolling_tracking_error(
    fund_returns: pd.Series,
    benchmark_returns: pd.Series,
    *,
    window: int,
    periods_per_year: float,
    min_count: int | None = ...,
) -> pd.Series: ...
@overload
def rolling_tracking_error(
    fund_returns: pd.DataFrame,
    benchmark_returns: Returns,
    *,
    window: int,
    periods_per_year: float,
    min_count: int | None = ...,
) -> pd.DataFrame: ...
@documented
def rolling_tracking_error(
    fund_returns: Returns,
    benchmark_returns: Returns,
    *,
    window: int,
    periods_per_year: float,
    min_count: int | None = None,
) -> pd.Series | pd.DataFrame:
    """Return the annualised tracking error of the last `window` periods, at each period.

    Returns
    -------
    pandas.Series or pandas.DataFrame
        Fraction a year on the labels of the input; NaN where a window has fewer than `min_count` (or two) complete
        periods.

    Notes
    -----
    sd(d over the window)·√periods_per_year, divisor n − 1, d = fund − benchmark.

    Examples
    --------
    >>> import pandas as pd
    >>> fund, benchmark = pd.Series([0.011, -0.020, 0.004]), pd.Series([0.010, -0.018, 0.004])
    >>> rolling_tracking_error(fund, benchmark, window=2, periods_per_year=252).round(6).tolist()
    [nan, 0.033675, 0.02245]
    """
    pair = check_pair(fund_returns, benchmark_returns)
    length, needed = moving.check_window(window, min_count)
    scale = check_periods(periods_per_year) ** 0.5
    return pair.like(moving.moving_deviation(pair.fund, pair.benchmark, length, needed, scale))


@overload
def expanding_tracking_error(
    fund_returns: pd.Series, benchmark_returns: pd.Series, *, periods_per_year: float, min_count: int
) -> pd.Series: ...
@overload
def expanding_tracking_error(
    fund_returns: pd.DataFrame, benchmark_returns: Returns, *, periods_per_year: float, min_count: int
) -> pd.DataFrame: ...
@documented
def expanding_tracking_error(
    fund_returns: Returns, benchmark_returns: Returns, *, periods_per_year: float, min_count: int
) -> pd.Series | pd.DataFrame:
    """Return the annualised tracking error of all periods so far, at each period.

    Parameters
    ----------
    min_count : int
        Complete periods before the first number, at least 2.

    Returns
    -------
    pandas.Series or pandas.DataFrame
        Fraction a year on the labels of the input; NaN before `min_count` complete periods.

    Notes
    -----
    The last row equals `tracking_error` of the whole sample.

    Examples
    --------
    >>> import pandas as pd
    >>> fund, benchmark = pd.Series([0.011, -0.020, 0.004]), pd.Series([0.010, -0.018, 0.004])
    >>> expanding_tracking_error(fund, benchmark, periods_per_year=252, min_count=2).round(6).tolist()
    [nan, 0.033675, 0.024249]
    """
    pair = check_pair(fund_returns, benchmark_returns)
    needed = moving.check_min_count(min_count)
    return pair.like(np.sqrt(moving.expanding_variance(pair.difference, needed) * check_periods(periods_per_year)))


@overload
def rolling_root_mean_square_divergence(
    fund_returns: pd.Series,
    benchmark_returns: pd.Series,
    *,
    window: int,
    periods_per_year: float,
    min_count: int | None = ...,
) -> pd.Series: ...
@overload
def rolling_root_mean_square_divergence(
    fund_returns: pd.DataFrame,
    benchmark_returns: Returns,
    *,
    window: int,
    periods_per_year: float,
    min_count: int | None = ...,
) -> pd.DataFrame: ...
@documented
def rolling_root_mean_square_divergence(
    fund_returns: Returns,
    benchmark_returns: Returns,
    *,
    window: int,
    periods_per_year: float,
    min_count: int | None = None,
) -> pd.Series | pd.DataFrame:
    """Return the annualised root mean square divergence of the last `window` periods, at each period.

    Returns
    -------
    pandas.Series or pandas.DataFrame
        Fraction a year (divisor n) on the labels of the input; NaN below `min_count` complete periods.

    Notes
    -----
    √(mean d² over the window)·√periods_per_year, not about the mean.

    Examples
    --------
    >>> import pandas as pd
    >>> fund, benchmark = pd.Series([0.011, -0.020, 0.004]), pd.Series([0.010, -0.018, 0.004])
    >>> rolling_root_mean_square_divergence(fund, benchmark, window=2, periods_per_year=252).round(6).tolist()
    [nan, 0.0251, 0.02245]
    """
    pair = check_pair(fund_returns, benchmark_returns)
    length, needed = moving.check_window(window, min_count, least=1)
    squares = moving.moving_mean(pair.difference**2, length, needed)
    return pair.like(np.sqrt(np.maximum(squares, 0.0) * check_periods(periods_per_year)))


@overload
def rolling_mean_absolute_divergence(
    fund_returns: pd.Series, benchmark_returns: pd.Series, *, window: int, min_count: int | None = ...
) -> pd.Series: ...
@overload
def rolling_mean_absolute_divergence(
    fund_returns: pd.DataFrame, benchmark_returns: Returns, *, window: int, min_count: int | None = ...
) -> pd.DataFrame: ...
@documented
def rolling_mean_absolute_divergence(
    fund_returns: Returns, benchmark_returns: Returns, *, window: int, min_count: int | None = None
) -> pd.Series | pd.DataFrame:
    """Return the mean absolute divergence of the last `window` periods, at each period; not annualised.

    Returns
    -------
    pandas.Series or pandas.DataFrame
        Fraction a period on the labels of the input; NaN below `min_count` complete periods.

    Notes
    -----
    mean |d| over the window, not about the mean.

    Examples
    --------
    >>> import pandas as pd
    >>> fund, benchmark = pd.Series([0.011, -0.020, 0.004]), pd.Series([0.010, -0.018, 0.004])
    >>> rolling_mean_absolute_divergence(fund, benchmark, window=2).round(6).tolist()
    [nan, 0.0015, 0.001]
    """
    pair = check_pair(fund_returns, benchmark_returns)
    length, needed = moving.check_window(window, min_count, least=1)
    return pair.like(moving.moving_mean(np.abs(pair.difference), length, needed))


@overload
def rolling_tracking_difference_log(divergence: pd.Series, *, window: int) -> pd.Series: ...
@overload
def rolling_tracking_difference_log(divergence: pd.DataFrame, *, window: int) -> pd.DataFrame: ...
@documented
def rolling_tracking_difference_log(divergence: Returns, *, window: int) -> pd.Series | pd.DataFrame:
    """Return the log tracking difference per year over the last `window` rows of a divergence level, at each row.

    Parameters
    ----------
    divergence : pandas.Series or pandas.DataFrame
        Divergence level g = ln fund − ln benchmark, indexed by session (dates); one column for each fund.
    window : int
        Rows back to compare with: 252 for about a year.

    Returns
    -------
    pandas.Series or pandas.DataFrame
        Log fraction a year on the labels of the input; NaN in the first `window` rows and where either end is missing.

    Raises
    ------
    DataError
        If the index holds no dates, a value is infinite, or labels are unsorted or repeated.
    ParameterError
        If `window` is not a positive whole number.

    Notes
    -----
    (g_t − g_{t−w}) / years, with the calendar days between the two rows over 365: drift accrues on every day, so time
    is elapsed time and not a count of rows.

    Examples
    --------
    >>> import pandas as pd
    >>> level = pd.Series([0.0, -0.002, -0.003], index=pd.to_datetime(["2023-01-01", "2024-01-01", "2024-12-31"]))
    >>> rolling_tracking_difference_log(level, window=1).round(6).tolist()
    [nan, -0.002, -0.001]
    """
    values = check_values(divergence, "the divergence level")
    back, _ = moving.check_window(window, None, least=1)
    if not isinstance(values.index, pd.DatetimeIndex):
        raise DataError("the divergence level is not indexed by dates: elapsed time cannot be measured")
    out = np.full(values.array.shape, np.nan)
    if len(out) > back:
        days = (values.index[back:] - values.index[:-back]) / pd.Timedelta(days=1)
        change = values.array[back:] - values.array[:-back]
        out[back:] = change * DAYS_PER_YEAR / days.to_numpy(dtype=np.float64)[:, None]
    return values.like(out)


@overload
def rolling_beta(
    fund_returns: pd.Series, benchmark_returns: pd.Series, *, window: int, min_count: int | None = ...
) -> pd.Series: ...
@overload
def rolling_beta(
    fund_returns: pd.DataFrame, benchmark_returns: Returns, *, window: int, min_count: int | None = ...
) -> pd.DataFrame: ...
@documented
def rolling_beta(
    fund_returns: Returns, benchmark_returns: Returns, *, window: int, min_count: int | None = None
) -> pd.Series | pd.DataFrame:
    """Return the slope of fund on benchmark over the last `window` periods, at each period.

    Returns
    -------
    pandas.Series or pandas.DataFrame
        Slope on the labels of the input; NaN below `min_count` complete periods or where the benchmark did not move.

    Notes
    -----
    cov(r, b) / var(b) over the window.

    Examples
    --------
    >>> import pandas as pd
    >>> fund, benchmark = pd.Series([0.011, -0.020, 0.004]), pd.Series([0.010, -0.018, 0.004])
    >>> rolling_beta(fund, benchmark, window=2).round(6).tolist()
    [nan, 1.107143, 1.090909]
    """
    pair = check_pair(fund_returns, benchmark_returns)
    length, needed = moving.check_window(window, min_count)
    variance = moving.moving_variance(pair.benchmark, length, needed)
    covariance = moving.moving_covariance(pair.fund, pair.benchmark, length, needed)
    return pair.like(sample.ratio(covariance, variance, sample.negligible(variance, pair.benchmark)))


@overload
def rolling_correlation(
    fund_returns: pd.Series, benchmark_returns: pd.Series, *, window: int, min_count: int | None = ...
) -> pd.Series: ...
@overload
def rolling_correlation(
    fund_returns: pd.DataFrame, benchmark_returns: Returns, *, window: int, min_count: int | None = ...
) -> pd.DataFrame: ...
@documented
def rolling_correlation(
    fund_returns: Returns, benchmark_returns: Returns, *, window: int, min_count: int | None = None
) -> pd.Series | pd.DataFrame:
    """Return Pearson's correlation of fund and benchmark over the last `window` periods, at each period.

    Returns
    -------
    pandas.Series or pandas.DataFrame
        Between −1 and 1 on the labels of the input; NaN below `min_count` complete periods or where a side did not
        move.

    Notes
    -----
    cov(r, b) / (sd(r)·sd(b)) over the window.

    Examples
    --------
    >>> import pandas as pd
    >>> fund, benchmark = pd.Series([0.011, -0.020, 0.004]), pd.Series([0.010, -0.018, 0.004])
    >>> rolling_correlation(fund, benchmark, window=2).round(6).tolist()
    [nan, 1.0, 1.0]
    """
    pair = check_pair(fund_returns, benchmark_returns)
    length, needed = moving.check_window(window, min_count)
    sides = pair.fund, pair.benchmark
    variances = [moving.moving_variance(side, length, needed) for side in sides]
    flat = sample.negligible(variances[0], sides[0]) | sample.negligible(variances[1], sides[1])
    covariance = moving.moving_covariance(*sides, length, needed)
    value = sample.ratio(covariance, np.sqrt(variances[0]) * np.sqrt(variances[1]), flat)
    return pair.like(np.clip(value, -1.0, 1.0))
