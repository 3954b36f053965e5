"""The fund regressed on its benchmark: slope, correlation and what the line leaves over."""

from __future__ import annotations

from typing import overload

import numpy as np
import pandas as pd

from research.conventions import check_periods
from research.metrics import _sample as sample
from research.metrics._sample import Array, Pair, Returns, check_pair

__all__ = ["beta", "correlation", "residual_tracking_error"]


@overload
def beta(fund_returns: pd.Series, benchmark_returns: pd.Series) -> float: ...
@overload
def beta(fund_returns: pd.DataFrame, benchmark_returns: Returns) -> pd.Series: ...
def beta(fund_returns: Returns, benchmark_returns: Returns) -> float | pd.Series:
    """Return the slope of the fund's returns on the benchmark's.

    Parameters
    ----------
    fund_returns : pandas.Series or pandas.DataFrame
        Log returns per period, fraction; one column for each fund.
    benchmark_returns : pandas.Series or pandas.DataFrame
        Log returns per period on the same labels; one benchmark, or the funds' columns.

    Returns
    -------
    float or pandas.Series
        Slope, no unit. NaN for fewer than two complete
        observations or a benchmark without variance.

    Raises
    ------
    AlignmentError
        If labels or columns differ.
    DataError
        If a value is infinite or labels are unsorted or repeated.

    Notes
    -----
    cov(r, b) / var(b). Take excess returns for the capital asset pricing model; log or simple returns as they are
    given (PerformanceAnalytics' printed betas are of simple returns). Periods with a NaN on either side are left out.

    Examples
    --------
    >>> import pandas as pd
    >>> fund, benchmark = pd.Series([0.011, -0.020, 0.004]), pd.Series([0.010, -0.018, 0.004])
    >>> round(beta(fund, benchmark), 6)
    1.102761
    """
    pair = check_pair(fund_returns, benchmark_returns)
    return pair.result(_slope(pair))


@overload
def correlation(fund_returns: pd.Series, benchmark_returns: pd.Series) -> float: ...
@overload
def correlation(fund_returns: pd.DataFrame, benchmark_returns: Returns) -> pd.Series: ...
def correlation(fund_returns: Returns, benchmark_returns: Returns) -> float | pd.Series:
    """Return Pearson's correlation of fund and benchmark returns.

    Parameters
    ----------
    fund_returns : pandas.Series or pandas.DataFrame
        Log returns per period, fraction; one column for each fund.
    benchmark_returns : pandas.Series or pandas.DataFrame
        Log returns per period on the same labels; one benchmark, or the funds' columns.

    Returns
    -------
    float or pandas.Series
        Between −1 and 1. NaN for fewer than two complete observations or
        where either side has no variance.

    Raises
    ------
    AlignmentError
        If labels or columns differ.
    DataError
        If a value is infinite or labels are unsorted or repeated.

    Notes
    -----
    cov(r, b) / (sd(r)·sd(b)). Periods with a NaN on either side are left out.

    Examples
    --------
    >>> import pandas as pd
    >>> fund, benchmark = pd.Series([0.011, -0.020, 0.004]), pd.Series([0.010, -0.018, 0.004])
    >>> round(correlation(fund, benchmark), 6)
    0.999927
    """
    pair = check_pair(fund_returns, benchmark_returns)
    variances = sample.variance(pair.fund), sample.variance(pair.benchmark)
    flat = sample.negligible(variances[0], pair.fund) | sample.negligible(variances[1], pair.benchmark)
    covariance = sample.covariance(pair.fund, pair.benchmark)
    value = sample.ratio(covariance, np.sqrt(variances[0]) * np.sqrt(variances[1]), flat)
    return pair.result(np.clip(value, -1.0, 1.0))


@overload
def residual_tracking_error(
    fund_returns: pd.Series, benchmark_returns: pd.Series, *, periods_per_year: float
) -> float: ...
@overload
def residual_tracking_error(
    fund_returns: pd.DataFrame, benchmark_returns: Returns, *, periods_per_year: float
) -> pd.Series: ...
def residual_tracking_error(
    fund_returns: Returns, benchmark_returns: Returns, *, periods_per_year: float
) -> float | pd.Series:
    """Return the annualised standard error of the regression of fund on benchmark.

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
        Fraction a year (divisor n − 2). NaN for fewer than three
        complete observations or a benchmark without variance.

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
    √(Σe²/(n − 2))·√periods_per_year with e the residuals of r = α + β·b (TE₃ of Frino and Gallagher 2001): a fund
    that holds 90 % of its benchmark steadily has none. Bacon's specific risk divides by n instead. Periods with a NaN
    on either side are left out.

    Examples
    --------
    >>> import pandas as pd
    >>> fund, benchmark = pd.Series([0.011, -0.020, 0.004]), pd.Series([0.010, -0.018, 0.004])
    >>> round(residual_tracking_error(fund, benchmark, periods_per_year=252), 6)
    0.004396
    """
    pair = check_pair(fund_returns, benchmark_returns)
    residual = sample.deviations(pair.fund) - _slope(pair) * sample.deviations(pair.benchmark)
    return pair.result(np.sqrt(sample.variance(residual, ddof=2) * check_periods(periods_per_year)))


def _slope(pair: Pair) -> Array:
    variance = sample.variance(pair.benchmark)
    covariance = sample.covariance(pair.fund, pair.benchmark)
    return sample.ratio(covariance, variance, sample.negligible(variance, pair.benchmark))
