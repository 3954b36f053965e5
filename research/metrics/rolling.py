"""Tracking measures over moving and growing windows: one row per session, NaN until there is enough."""

from __future__ import annotations

from typing import overload

import numpy as np
import pandas as pd

from research.conventions import check_periods
from research.metrics import _moving as moving
from research.metrics._pair import Returns, check_pair

__all__ = [
    "expanding_tracking_error",
    "rolling_mean_absolute_divergence",
    "rolling_root_mean_square_divergence",
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
def rolling_tracking_error(
    fund_returns: Returns,
    benchmark_returns: Returns,
    *,
    window: int,
    periods_per_year: float,
    min_count: int | None = None,
) -> pd.Series | pd.DataFrame:
    """Return the annualised tracking error of the last `window` periods, at each period.

    Parameters
    ----------
    fund_returns : pandas.Series or pandas.DataFrame
        Log returns per period, fraction; one column for each fund.
    benchmark_returns : pandas.Series or pandas.DataFrame
        Log returns per period on the same labels; one benchmark, or the funds' columns.
    window : int
        Periods in a window, such as 60 or 90 sessions; at least 2.
    periods_per_year : float
        Observations a year: 252 for sessions, 12 for months.
    min_count : int, optional
        Complete periods that a window needs; all of them where not given.

    Returns
    -------
    pandas.Series or pandas.DataFrame
        Fraction a year on the labels of the input; NaN where a window has fewer than `min_count` (or two) complete
        periods.

    Raises
    ------
    AlignmentError
        If labels or columns differ.
    DataError
        If a value is infinite or labels are unsorted or repeated.
    ParameterError
        If `window`, `min_count` or `periods_per_year` cannot be.

    Notes
    -----
    sd(d over the window)·√periods_per_year, divisor n − 1, d = fund − benchmark. Periods with a NaN on either side are
    left out of their windows.

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
def expanding_tracking_error(
    fund_returns: Returns, benchmark_returns: Returns, *, periods_per_year: float, min_count: int
) -> pd.Series | pd.DataFrame:
    """Return the annualised tracking error of all periods so far, at each period.

    Parameters
    ----------
    fund_returns : pandas.Series or pandas.DataFrame
        Log returns per period, fraction; one column for each fund.
    benchmark_returns : pandas.Series or pandas.DataFrame
        Log returns per period on the same labels; one benchmark, or the funds' columns.
    periods_per_year : float
        Observations a year: 252 for sessions, 12 for months.
    min_count : int
        Complete periods before the first number, at least 2.

    Returns
    -------
    pandas.Series or pandas.DataFrame
        Fraction a year on the labels of the input; NaN before `min_count` complete periods.

    Raises
    ------
    AlignmentError, DataError, ParameterError
        As `rolling_tracking_error`.

    Notes
    -----
    The last row equals `tracking_error` of the whole sample. Periods with a NaN on either side are left out.

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
def rolling_root_mean_square_divergence(
    fund_returns: Returns,
    benchmark_returns: Returns,
    *,
    window: int,
    periods_per_year: float,
    min_count: int | None = None,
) -> pd.Series | pd.DataFrame:
    """Return the annualised root mean square divergence of the last `window` periods, at each period.

    Parameters
    ----------
    fund_returns, benchmark_returns, window, periods_per_year, min_count
        As `rolling_tracking_error`.

    Returns
    -------
    pandas.Series or pandas.DataFrame
        Fraction a year (divisor n) on the labels of the input; NaN below `min_count` complete periods.

    Raises
    ------
    AlignmentError, DataError, ParameterError
        As `rolling_tracking_error`.

    Notes
    -----
    √(mean d² over the window)·√periods_per_year, not about the mean. Periods with a NaN on either side are left out.

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
def rolling_mean_absolute_divergence(
    fund_returns: Returns, benchmark_returns: Returns, *, window: int, min_count: int | None = None
) -> pd.Series | pd.DataFrame:
    """Return the mean absolute divergence of the last `window` periods, at each period; not annualised.

    Parameters
    ----------
    fund_returns, benchmark_returns, window, min_count
        As `rolling_tracking_error`.

    Returns
    -------
    pandas.Series or pandas.DataFrame
        Fraction a period on the labels of the input; NaN below `min_count` complete periods.

    Raises
    ------
    AlignmentError, DataError, ParameterError
        As `rolling_tracking_error`.

    Notes
    -----
    mean |d| over the window, not about the mean. Periods with a NaN on either side are left out.

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
