"""Size of the daily divergence: root mean square and mean absolute, raw and about the mean, each under its own name."""

from __future__ import annotations

from typing import overload

import numpy as np
import pandas as pd

from research.conventions import check_periods
from research.metrics import _moments as moments
from research.metrics._pair import Returns, check_pair

__all__ = [
    "mean_absolute_centred_divergence",
    "mean_absolute_divergence",
    "root_mean_square_divergence",
]


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
    return pair.result(np.sqrt(moments.mean(pair.difference**2) * check_periods(periods_per_year)))


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
    return pair.result(moments.mean(np.abs(pair.difference)))


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
    return pair.result(moments.mean(np.abs(moments.deviations(pair.difference))))
