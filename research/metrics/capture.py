"""Up and down capture: the fund's return over the benchmark's in the periods when the benchmark rose or fell.

Three conventions are in use and give different numbers, so each has its name: of compound returns
(PerformanceAnalytics' default), of mean returns (Bacon), of annualised compound returns (empyrical, Morningstar).
"""

from __future__ import annotations

from typing import Literal, overload

import numpy as np
import pandas as pd

from research.conventions import check_periods
from research.metrics import _sample as sample
from research.metrics._sample import Array, Pair, Returns, check_pair
from research.metrics.active import log_growth

__all__ = [
    "down_capture",
    "down_capture_annualised",
    "down_capture_arithmetic",
    "up_capture",
    "up_capture_annualised",
    "up_capture_arithmetic",
]

Side = Literal["up", "down"]


@overload
def up_capture(fund_simple_returns: pd.Series, benchmark_simple_returns: pd.Series) -> float: ...
@overload
def up_capture(fund_simple_returns: pd.DataFrame, benchmark_simple_returns: Returns) -> pd.Series: ...
def up_capture(fund_simple_returns: Returns, benchmark_simple_returns: Returns) -> float | pd.Series:
    """Return compound fund return over compound benchmark return when the benchmark rose.

    Parameters
    ----------
    fund_simple_returns : pandas.Series or pandas.DataFrame
        Simple returns per period, fraction; one column for each fund.
    benchmark_simple_returns : pandas.Series or pandas.DataFrame
        Simple returns per period on the same labels; one benchmark, or the funds' columns.

    Returns
    -------
    float or pandas.Series
        Ratio, no unit. NaN where the
        benchmark never rose.

    Raises
    ------
    AlignmentError
        If labels or columns differ.
    DataError
        If a value is infinite, a simple return is −1 or less, or labels are unsorted or repeated.

    Notes
    -----
    (Π(1+r) − 1) / (Π(1+b) − 1) over the periods with b > 0: `UpDownRatios(side="Up", method="Capture")` of
    PerformanceAnalytics. It depends on the length of the sample. Periods with a NaN on either side are left out.

    Examples
    --------
    >>> import pandas as pd
    >>> fund, benchmark = pd.Series([0.02, -0.03, 0.05]), pd.Series([0.01, -0.04, 0.06])
    >>> round(up_capture(fund, benchmark), 6)
    1.005666
    """
    pair = check_pair(fund_simple_returns, benchmark_simple_returns)
    return pair.result(_compound(pair, "up"))


@overload
def up_capture_arithmetic(fund_simple_returns: pd.Series, benchmark_simple_returns: pd.Series) -> float: ...
@overload
def up_capture_arithmetic(fund_simple_returns: pd.DataFrame, benchmark_simple_returns: Returns) -> pd.Series: ...
def up_capture_arithmetic(fund_simple_returns: Returns, benchmark_simple_returns: Returns) -> float | pd.Series:
    """Return mean fund return over mean benchmark return when the benchmark rose.

    Parameters
    ----------
    fund_simple_returns : pandas.Series or pandas.DataFrame
        Simple returns per period, fraction; one column for each fund.
    benchmark_simple_returns : pandas.Series or pandas.DataFrame
        Simple returns per period on the same labels; one benchmark, or the funds' columns.

    Returns
    -------
    float or pandas.Series
        Ratio, no unit. NaN where the
        benchmark never rose.

    Raises
    ------
    AlignmentError, DataError
        As `up_capture`.

    Notes
    -----
    mean(r) / mean(b) over the periods with b > 0 (Bacon 2008; `geometric=FALSE` in PerformanceAnalytics). Periods
    with a NaN on either side are left out.

    Examples
    --------
    >>> import pandas as pd
    >>> fund, benchmark = pd.Series([0.02, -0.03, 0.05]), pd.Series([0.01, -0.04, 0.06])
    >>> round(up_capture_arithmetic(fund, benchmark), 6)
    1.0
    """
    pair = check_pair(fund_simple_returns, benchmark_simple_returns)
    fund, benchmark = _select(pair, "up")
    return pair.result(sample.ratio(sample.mean(fund), sample.mean(benchmark)))


@overload
def up_capture_annualised(
    fund_simple_returns: pd.Series, benchmark_simple_returns: pd.Series, *, periods_per_year: float
) -> float: ...
@overload
def up_capture_annualised(
    fund_simple_returns: pd.DataFrame, benchmark_simple_returns: Returns, *, periods_per_year: float
) -> pd.Series: ...
def up_capture_annualised(
    fund_simple_returns: Returns, benchmark_simple_returns: Returns, *, periods_per_year: float
) -> float | pd.Series:
    """Return annualised fund return over annualised benchmark return when the benchmark rose.

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
        Ratio, no unit. NaN where the
        benchmark never rose.

    Raises
    ------
    AlignmentError, DataError
        As `up_capture`.
    ParameterError
        If `periods_per_year` is not positive and finite.

    Notes
    -----
    (Π(1+r)^(m/k) − 1) / (Π(1+b)^(m/k) − 1) over the k periods with b > 0, m periods a year: empyrical's `up_capture`.
    Periods with a NaN on either side are left out.

    Examples
    --------
    >>> import pandas as pd
    >>> fund, benchmark = pd.Series([0.02, -0.03, 0.05]), pd.Series([0.01, -0.04, 0.06])
    >>> round(up_capture_annualised(fund, benchmark, periods_per_year=12), 6)
    1.00668
    """
    pair = check_pair(fund_simple_returns, benchmark_simple_returns)
    return pair.result(_compound(pair, "up", check_periods(periods_per_year)))


@overload
def down_capture(fund_simple_returns: pd.Series, benchmark_simple_returns: pd.Series) -> float: ...
@overload
def down_capture(fund_simple_returns: pd.DataFrame, benchmark_simple_returns: Returns) -> pd.Series: ...
def down_capture(fund_simple_returns: Returns, benchmark_simple_returns: Returns) -> float | pd.Series:
    """Return compound fund return over compound benchmark return when the benchmark did not rise.

    Parameters
    ----------
    fund_simple_returns : pandas.Series or pandas.DataFrame
        Simple returns per period, fraction; one column for each fund.
    benchmark_simple_returns : pandas.Series or pandas.DataFrame
        Simple returns per period on the same labels; one benchmark, or the funds' columns.

    Returns
    -------
    float or pandas.Series
        Ratio, no unit. NaN where the
        benchmark never fell.

    Raises
    ------
    AlignmentError, DataError
        As `up_capture`.

    Notes
    -----
    (Π(1+r) − 1) / (Π(1+b) − 1) over the periods with b ≤ 0: `UpDownRatios(side="Down", method="Capture")` of
    PerformanceAnalytics. It depends on the length of the sample. Periods with a NaN on either side are left out.

    Examples
    --------
    >>> import pandas as pd
    >>> fund, benchmark = pd.Series([0.02, -0.03, 0.05]), pd.Series([0.01, -0.04, 0.06])
    >>> round(down_capture(fund, benchmark), 6)
    0.75
    """
    pair = check_pair(fund_simple_returns, benchmark_simple_returns)
    return pair.result(_compound(pair, "down"))


@overload
def down_capture_arithmetic(fund_simple_returns: pd.Series, benchmark_simple_returns: pd.Series) -> float: ...
@overload
def down_capture_arithmetic(fund_simple_returns: pd.DataFrame, benchmark_simple_returns: Returns) -> pd.Series: ...
def down_capture_arithmetic(fund_simple_returns: Returns, benchmark_simple_returns: Returns) -> float | pd.Series:
    """Return mean fund return over mean benchmark return when the benchmark did not rise.

    Parameters
    ----------
    fund_simple_returns : pandas.Series or pandas.DataFrame
        Simple returns per period, fraction; one column for each fund.
    benchmark_simple_returns : pandas.Series or pandas.DataFrame
        Simple returns per period on the same labels; one benchmark, or the funds' columns.

    Returns
    -------
    float or pandas.Series
        Ratio, no unit. NaN where the
        benchmark never fell.

    Raises
    ------
    AlignmentError, DataError
        As `up_capture`.

    Notes
    -----
    mean(r) / mean(b) over the periods with b ≤ 0 (Bacon 2008; `geometric=FALSE` in PerformanceAnalytics). Periods
    with a NaN on either side are left out.

    Examples
    --------
    >>> import pandas as pd
    >>> fund, benchmark = pd.Series([0.02, -0.03, 0.05]), pd.Series([0.01, -0.04, 0.06])
    >>> round(down_capture_arithmetic(fund, benchmark), 6)
    0.75
    """
    pair = check_pair(fund_simple_returns, benchmark_simple_returns)
    fund, benchmark = _select(pair, "down")
    return pair.result(sample.ratio(sample.mean(fund), sample.mean(benchmark)))


@overload
def down_capture_annualised(
    fund_simple_returns: pd.Series, benchmark_simple_returns: pd.Series, *, periods_per_year: float
) -> float: ...
@overload
def down_capture_annualised(
    fund_simple_returns: pd.DataFrame, benchmark_simple_returns: Returns, *, periods_per_year: float
) -> pd.Series: ...
def down_capture_annualised(
    fund_simple_returns: Returns, benchmark_simple_returns: Returns, *, periods_per_year: float
) -> float | pd.Series:
    """Return annualised fund return over annualised benchmark return when the benchmark fell.

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
        Ratio, no unit. NaN where the
        benchmark never fell.

    Raises
    ------
    AlignmentError, DataError
        As `up_capture`.
    ParameterError
        If `periods_per_year` is not positive and finite.

    Notes
    -----
    (Π(1+r)^(m/k) − 1) / (Π(1+b)^(m/k) − 1) over the k periods with b < 0, m periods a year: empyrical's
    `down_capture`. Periods with a NaN on either side are left out.

    Examples
    --------
    >>> import pandas as pd
    >>> fund, benchmark = pd.Series([0.02, -0.03, 0.05]), pd.Series([0.01, -0.04, 0.06])
    >>> round(down_capture_annualised(fund, benchmark, periods_per_year=12), 6)
    0.790512
    """
    pair = check_pair(fund_simple_returns, benchmark_simple_returns)
    return pair.result(_compound(pair, "down", check_periods(periods_per_year)))


def _select(pair: Pair, side: Side, strict: bool = False) -> tuple[Array, Array]:
    below = pair.benchmark < 0 if strict else pair.benchmark <= 0
    chosen = pair.benchmark > 0 if side == "up" else below
    return np.where(chosen, pair.fund, np.nan), np.where(chosen, pair.benchmark, np.nan)


def _compound(pair: Pair, side: Side, periods: float | None = None) -> Array:
    """Ratio of compound returns, over the sample or, with `periods` a year, annualised by the periods chosen."""
    logs = [
        log_growth(x, what)
        for x, what in zip(_select(pair, side, strict=periods is not None), ("the fund", "the benchmark"), strict=True)
    ]
    grown = [np.expm1(sample.total(x) if periods is None else periods * sample.mean(x)) for x in logs]
    return sample.ratio(grown[0], grown[1])
