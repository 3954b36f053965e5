"""Tracking error: the dispersion of the daily divergence about its mean, as a deviation, a variance and downside."""

from __future__ import annotations

from typing import overload

import numpy as np
import pandas as pd

from research.conventions import check_periods
from research.metrics import _moments as moments
from research.metrics._pair import Returns, check_pair

__all__ = [
    "downside_tracking_error",
    "tracking_error",
    "tracking_error_variance",
]


@overload
def tracking_error(fund_returns: pd.Series, benchmark_returns: pd.Series, *, periods_per_year: float) -> float: ...
@overload
def tracking_error(fund_returns: pd.DataFrame, benchmark_returns: Returns, *, periods_per_year: float) -> pd.Series: ...
def tracking_error(fund_returns: Returns, benchmark_returns: Returns, *, periods_per_year: float) -> float | pd.Series:
    """Return the annualised standard deviation of the divergence (ESMA's tracking error).

    Parameters
    ----------
    fund_returns : pandas.Series or pandas.DataFrame
        Log returns per period, fraction; one column for each fund.
    benchmark_returns : pandas.Series or pandas.DataFrame
        Log returns per period on the same labels; one benchmark, or the funds' columns.
    periods_per_year : float
        Observations a year: 252 for sessions, 12 for months.

    Returns
    -------
    float or pandas.Series
        Fraction a year (divisor n − 1). NaN for fewer than two complete observations.

    Raises
    ------
    AlignmentError
        If labels or columns differ.
    DataError
        If a value is infinite or labels are unsorted or repeated.
    ParameterError
        If `periods_per_year` is not positive and finite.

    Notes
    -----
    sd(d)·√periods_per_year with d = fund − benchmark (ESMA/2012/832; the code, not the manual, of R's
    PerformanceAnalytics). Periods with a NaN on either side are left out. Fed with simple returns it is
    `TrackingError` of PerformanceAnalytics.

    Examples
    --------
    >>> import pandas as pd
    >>> fund, benchmark = pd.Series([0.011, -0.020, 0.004]), pd.Series([0.010, -0.018, 0.004])
    >>> round(tracking_error(fund, benchmark, periods_per_year=252), 6)
    0.024249
    """
    pair = check_pair(fund_returns, benchmark_returns)
    return pair.result(np.sqrt(moments.variance(pair.difference) * check_periods(periods_per_year)))


@overload
def tracking_error_variance(
    fund_returns: pd.Series, benchmark_returns: pd.Series, *, periods_per_year: float
) -> float: ...
@overload
def tracking_error_variance(
    fund_returns: pd.DataFrame, benchmark_returns: Returns, *, periods_per_year: float
) -> pd.Series: ...
def tracking_error_variance(
    fund_returns: Returns, benchmark_returns: Returns, *, periods_per_year: float
) -> float | pd.Series:
    """Return the annualised variance of the divergence: the square of `tracking_error`.

    Parameters
    ----------
    fund_returns : pandas.Series or pandas.DataFrame
        Log returns per period, fraction; one column for each fund.
    benchmark_returns : pandas.Series or pandas.DataFrame
        Log returns per period on the same labels; one benchmark, or the funds' columns.
    periods_per_year : float
        Observations a year: 252 for sessions, 12 for months.

    Returns
    -------
    float or pandas.Series
        Fraction squared a year (divisor n − 1). NaN for fewer than two complete observations.

    Raises
    ------
    AlignmentError
        If labels or columns differ.
    DataError
        If a value is infinite or labels are unsorted or repeated.
    ParameterError
        If `periods_per_year` is not positive and finite.

    Notes
    -----
    var(d)·periods_per_year with d = fund − benchmark. Periods with a NaN on either side are left out.

    Examples
    --------
    >>> import pandas as pd
    >>> fund, benchmark = pd.Series([0.011, -0.020, 0.004]), pd.Series([0.010, -0.018, 0.004])
    >>> round(tracking_error_variance(fund, benchmark, periods_per_year=252), 6)
    0.000588
    """
    pair = check_pair(fund_returns, benchmark_returns)
    return pair.result(moments.variance(pair.difference) * check_periods(periods_per_year))


@overload
def downside_tracking_error(
    fund_returns: pd.Series, benchmark_returns: pd.Series, *, periods_per_year: float
) -> float: ...
@overload
def downside_tracking_error(
    fund_returns: pd.DataFrame, benchmark_returns: Returns, *, periods_per_year: float
) -> pd.Series: ...
def downside_tracking_error(
    fund_returns: Returns, benchmark_returns: Returns, *, periods_per_year: float
) -> float | pd.Series:
    """Return the annualised root mean square of the shortfall against the benchmark.

    Parameters
    ----------
    fund_returns : pandas.Series or pandas.DataFrame
        Log returns per period, fraction; one column for each fund.
    benchmark_returns : pandas.Series or pandas.DataFrame
        Log returns per period on the same labels; one benchmark, or the funds' columns.
    periods_per_year : float
        Observations a year: 252 for sessions, 12 for months.

    Returns
    -------
    float or pandas.Series
        Fraction a year (divisor n, all periods counted). NaN without a complete observation.

    Raises
    ------
    AlignmentError
        If labels or columns differ.
    DataError
        If a value is infinite or labels are unsorted or repeated.
    ParameterError
        If `periods_per_year` is not positive and finite.

    Notes
    -----
    √(mean min(d, 0)²)·√periods_per_year with d = fund − benchmark; empyrical's `downside_risk` when the benchmark is
    its required return. Periods with a NaN on either side are left out.

    Examples
    --------
    >>> import pandas as pd
    >>> fund, benchmark = pd.Series([0.011, -0.020, 0.004]), pd.Series([0.010, -0.018, 0.004])
    >>> round(downside_tracking_error(fund, benchmark, periods_per_year=252), 6)
    0.01833
    """
    pair = check_pair(fund_returns, benchmark_returns)
    shortfall = np.minimum(pair.difference, 0.0)
    return pair.result(np.sqrt(moments.mean(shortfall**2) * check_periods(periods_per_year)))
