"""What an active manager is asked: premium over the benchmark, and that premium per unit of tracking error."""

from __future__ import annotations

from typing import overload

import numpy as np
import pandas as pd

from research.conventions import check_periods
from research.errors import DataError
from research.metrics import _sample as sample
from research.metrics._sample import Array, Pair, Returns, check_pair

__all__ = ["active_premium", "information_ratio_arithmetic", "information_ratio_geometric"]


@overload
def active_premium(
    fund_simple_returns: pd.Series, benchmark_simple_returns: pd.Series, *, periods_per_year: float
) -> float: ...
@overload
def active_premium(
    fund_simple_returns: pd.DataFrame, benchmark_simple_returns: Returns, *, periods_per_year: float
) -> pd.Series: ...
def active_premium(
    fund_simple_returns: Returns, benchmark_simple_returns: Returns, *, periods_per_year: float
) -> float | pd.Series:
    """Return the fund's annualised compound return less the benchmark's, from simple returns.

    Parameters
    ----------
    fund_simple_returns : pandas.Series or pandas.DataFrame
        Simple returns per period, fraction; one column for each fund.
    benchmark_simple_returns : pandas.Series or pandas.DataFrame
        Simple returns per period on the same labels; one benchmark, or the funds' columns.
    periods_per_year : float
        Observations a year: 252 for sessions, 12 for months.

    Returns
    -------
    float or pandas.Series
        Fraction a year. NaN without a complete observation.

    Raises
    ------
    AlignmentError
        If labels or columns differ.
    DataError
        If a value is infinite, a simple return is −1 or less, or labels are unsorted or repeated.
    ParameterError
        If `periods_per_year` is not positive and finite.

    Notes
    -----
    Π(1+r)^(m/n) − Π(1+b)^(m/n) with m periods a year and n complete periods: `ActivePremium` of PerformanceAnalytics,
    which annualises by counting observations. `tracking_difference_arithmetic` annualises by elapsed time. Periods
    with a NaN on either side are left out. Use `numpy.expm1` to turn log returns into simple ones.

    Examples
    --------
    >>> import pandas as pd
    >>> fund, benchmark = pd.Series([0.011, -0.020, 0.004]), pd.Series([0.010, -0.018, 0.004])
    >>> round(active_premium(fund, benchmark, periods_per_year=12), 6)
    -0.004118
    """
    pair = check_pair(fund_simple_returns, benchmark_simple_returns)
    return pair.result(_active_premium(pair, check_periods(periods_per_year)))


@overload
def information_ratio_arithmetic(
    fund_returns: pd.Series, benchmark_returns: pd.Series, *, periods_per_year: float
) -> float: ...
@overload
def information_ratio_arithmetic(
    fund_returns: pd.DataFrame, benchmark_returns: Returns, *, periods_per_year: float
) -> pd.Series: ...
def information_ratio_arithmetic(
    fund_returns: Returns, benchmark_returns: Returns, *, periods_per_year: float
) -> float | pd.Series:
    """Return the annualised mean divergence per unit of tracking error.

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
        Ratio, no unit. NaN for fewer than two complete observations or
        without tracking error.

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
    mean(d)·m / (sd(d)·√m) = √m · mean(d)/sd(d), with m periods a year and divisor n − 1. With `periods_per_year=1` it
    is the information ratio of ffn, quantstats and FinanceToolkit, and empyrical's `excess_sharpe`. Periods with a
    NaN on either side are left out.

    Examples
    --------
    >>> import pandas as pd
    >>> fund, benchmark = pd.Series([0.011, -0.020, 0.004]), pd.Series([0.010, -0.018, 0.004])
    >>> round(information_ratio_arithmetic(fund, benchmark, periods_per_year=252), 6)
    -3.464102
    """
    pair = check_pair(fund_returns, benchmark_returns)
    variance = sample.variance(pair.difference)
    none = sample.negligible(variance, pair.fund, pair.benchmark)
    value = sample.ratio(sample.mean(pair.difference), np.sqrt(variance), none)
    return pair.result(np.sqrt(check_periods(periods_per_year)) * value)


@overload
def information_ratio_geometric(
    fund_simple_returns: pd.Series, benchmark_simple_returns: pd.Series, *, periods_per_year: float
) -> float: ...
@overload
def information_ratio_geometric(
    fund_simple_returns: pd.DataFrame, benchmark_simple_returns: Returns, *, periods_per_year: float
) -> pd.Series: ...
def information_ratio_geometric(
    fund_simple_returns: Returns, benchmark_simple_returns: Returns, *, periods_per_year: float
) -> float | pd.Series:
    """Return the active premium per unit of tracking error, from simple returns (PerformanceAnalytics).

    Parameters
    ----------
    fund_simple_returns : pandas.Series or pandas.DataFrame
        Simple returns per period, fraction; one column for each fund.
    benchmark_simple_returns : pandas.Series or pandas.DataFrame
        Simple returns per period on the same labels; one benchmark, or the funds' columns.
    periods_per_year : float
        Observations a year: 252 for sessions, 12 for months.

    Returns
    -------
    float or pandas.Series
        Ratio, no unit. NaN for fewer than two complete observations or
        without tracking error.

    Raises
    ------
    AlignmentError
        If labels or columns differ.
    DataError
        If a value is infinite, a simple return is −1 or less, or labels are unsorted or repeated.
    ParameterError
        If `periods_per_year` is not positive and finite.

    Notes
    -----
    `active_premium` / `tracking_error`, both of simple returns: `InformationRatio` of PerformanceAnalytics. Periods
    with a NaN on either side are left out. Numerator and denominator come from the same periods.

    Examples
    --------
    >>> import pandas as pd
    >>> fund, benchmark = pd.Series([0.011, -0.020, 0.004]), pd.Series([0.010, -0.018, 0.004])
    >>> round(information_ratio_geometric(fund, benchmark, periods_per_year=12), 6)
    -0.778152
    """
    pair = check_pair(fund_simple_returns, benchmark_simple_returns)
    periods = check_periods(periods_per_year)
    variance = sample.variance(pair.difference)
    none = sample.negligible(variance, pair.fund, pair.benchmark)
    return pair.result(sample.ratio(_active_premium(pair, periods), np.sqrt(variance * periods), none))


def _active_premium(pair: Pair, periods: float) -> Array:
    growth = [
        np.expm1(periods * sample.mean(log_growth(side, what)))
        for side, what in ((pair.fund, "the fund"), (pair.benchmark, "the benchmark"))
    ]
    return np.asarray(growth[0] - growth[1])


def log_growth(simple: Array, what: str) -> Array:
    """Return log(1 + r), refusing a loss of everything or more."""
    if (simple <= -1).any():
        raise DataError(
            f"{what} has a simple return of {np.nanmin(simple):g}, a loss of all or more: no compound return exists"
        )
    return np.log1p(simple)
