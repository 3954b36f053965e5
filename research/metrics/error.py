"""Tracking error by every definition in use, and the least of it that a price with few decimals lets anybody see."""

from __future__ import annotations

from typing import overload

import numpy as np
import pandas as pd

from research.conventions import check_periods
from research.errors import DataError, ParameterError
from research.metrics import _sample as sample
from research.metrics._sample import Returns, check_pair, check_values

__all__ = [
    "downside_tracking_error",
    "mean_absolute_centred_divergence",
    "mean_absolute_divergence",
    "root_mean_square_divergence",
    "rounding_floor",
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
    return pair.result(np.sqrt(sample.variance(pair.difference) * check_periods(periods_per_year)))


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
    return pair.result(sample.variance(pair.difference) * check_periods(periods_per_year))


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
    return pair.result(np.sqrt(sample.mean(shortfall**2) * check_periods(periods_per_year)))


@overload
def root_mean_square_divergence(
    fund_returns: pd.Series, benchmark_returns: pd.Series, *, periods_per_year: float
) -> float: ...
@overload
def root_mean_square_divergence(
    fund_returns: pd.DataFrame, benchmark_returns: Returns, *, periods_per_year: float
) -> pd.Series: ...
def root_mean_square_divergence(
    fund_returns: Returns, benchmark_returns: Returns, *, periods_per_year: float
) -> float | pd.Series:
    """Return the annualised root mean square of the divergence, not taken about its mean.

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
        Fraction a year (divisor n). NaN without a complete observation.

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
    √(mean d²)·√periods_per_year: a constant drift counts, so a fee mixes into it. Per period its square is (n − 1)/n
    · TE² + mean(d)², with TE the `tracking_error`. okama before version 4 reports this under the name tracking error.
    Periods with a NaN on either side are left out.

    Examples
    --------
    >>> import pandas as pd
    >>> fund, benchmark = pd.Series([0.011, -0.020, 0.004]), pd.Series([0.010, -0.018, 0.004])
    >>> round(root_mean_square_divergence(fund, benchmark, periods_per_year=252), 6)
    0.020494
    """
    pair = check_pair(fund_returns, benchmark_returns)
    return pair.result(np.sqrt(sample.mean(pair.difference**2) * check_periods(periods_per_year)))


@overload
def mean_absolute_divergence(fund_returns: pd.Series, benchmark_returns: pd.Series) -> float: ...
@overload
def mean_absolute_divergence(fund_returns: pd.DataFrame, benchmark_returns: Returns) -> pd.Series: ...
def mean_absolute_divergence(fund_returns: Returns, benchmark_returns: Returns) -> float | pd.Series:
    """Return the mean of the absolute divergence per period, not annualised.

    Parameters
    ----------
    fund_returns : pandas.Series or pandas.DataFrame
        Log returns per period, fraction; one column for each fund.
    benchmark_returns : pandas.Series or pandas.DataFrame
        Log returns per period on the same labels; one benchmark, or the funds' columns.

    Returns
    -------
    float or pandas.Series
        Fraction a period. NaN without a complete observation.

    Raises
    ------
    AlignmentError
        If labels or columns differ.
    DataError
        If a value is infinite or labels are unsorted or repeated.

    Notes
    -----
    mean |d| with d = fund − benchmark (TE₁ of Frino and Gallagher 2001; average absolute return difference). Periods
    with a NaN on either side are left out.

    Examples
    --------
    >>> import pandas as pd
    >>> fund, benchmark = pd.Series([0.011, -0.020, 0.004]), pd.Series([0.010, -0.018, 0.004])
    >>> round(mean_absolute_divergence(fund, benchmark), 6)
    0.001
    """
    pair = check_pair(fund_returns, benchmark_returns)
    return pair.result(sample.mean(np.abs(pair.difference)))


@overload
def mean_absolute_centred_divergence(fund_returns: pd.Series, benchmark_returns: pd.Series) -> float: ...
@overload
def mean_absolute_centred_divergence(fund_returns: pd.DataFrame, benchmark_returns: Returns) -> pd.Series: ...
def mean_absolute_centred_divergence(fund_returns: Returns, benchmark_returns: Returns) -> float | pd.Series:
    """Return the mean of the absolute divergence about its own mean, per period, not annualised.

    Parameters
    ----------
    fund_returns : pandas.Series or pandas.DataFrame
        Log returns per period, fraction; one column for each fund.
    benchmark_returns : pandas.Series or pandas.DataFrame
        Log returns per period on the same labels; one benchmark, or the funds' columns.

    Returns
    -------
    float or pandas.Series
        Fraction a period. NaN for no complete observation.

    Raises
    ------
    AlignmentError
        If labels or columns differ.
    DataError
        If a value is infinite or labels are unsorted or repeated.

    Notes
    -----
    mean |d − mean d| with d = fund − benchmark: the steady drift of a fee does not count. Periods with a NaN on
    either side are left out.

    Examples
    --------
    >>> import pandas as pd
    >>> fund, benchmark = pd.Series([0.011, -0.020, 0.004]), pd.Series([0.010, -0.018, 0.004])
    >>> round(mean_absolute_centred_divergence(fund, benchmark), 6)
    0.001111
    """
    pair = check_pair(fund_returns, benchmark_returns)
    return pair.result(sample.mean(np.abs(sample.deviations(pair.difference))))


@overload
def rounding_floor(price: float | pd.Series, tick: float, *, periods_per_year: float) -> float: ...
@overload
def rounding_floor(price: pd.DataFrame, tick: float, *, periods_per_year: float) -> pd.Series: ...
def rounding_floor(price: float | Returns, tick: float, *, periods_per_year: float) -> float | pd.Series:
    """Return the annualised tracking error of a perfect fund whose price is rounded to a tick.

    Parameters
    ----------
    price : float, pandas.Series or pandas.DataFrame
        Printed price or net asset value, in the unit of `tick`; one column for each fund.
    tick : float
        Distance between neighbouring printed values: 0.01 for cents, 0.0001 for four decimals.
    periods_per_year : float
        Observations a year: 252 for sessions.

    Returns
    -------
    float or pandas.Series
        Fraction a year. NaN where a fund has no price.

    Raises
    ------
    DataError
        If a price is zero, negative or infinite, or labels are unsorted or repeated.
    ParameterError
        If `tick` is negative or not finite, or `periods_per_year` not positive and finite.

    Notes
    -----
    tick/(N·√12) is the standard deviation of a rounding error that is uniform over one tick; a return carries two of
    them, hence ·√2·√periods. A changing price enters by the root mean square of 1/N. Missing prices are left out. No
    measured tracking error below this floor means anything.

    Examples
    --------
    >>> round(rounding_floor(25.0, 0.01, periods_per_year=252) / 1e-4, 1)
    25.9
    """
    periods = check_periods(periods_per_year)
    step = float(tick)
    if not 0 <= step < float("inf"):
        raise ParameterError(f"tick is {tick!r}: give the distance between printed values, such as 0.01")
    values = check_values(pd.Series([price]) if isinstance(price, int | float) else price, "the price")
    bad = np.argwhere(values.array <= 0)
    if len(bad):
        row, column = (int(i) for i in bad[0])
        raise DataError(f"the price is {values.array[row, column]:g} at {values.index[row]!r}: prices are positive")
    return values.result(step * np.sqrt(sample.mean(values.array**-2.0) * 2 / 12 * periods))
