"""What an active manager is asked: premium over the benchmark, and that premium per unit of tracking error."""

from __future__ import annotations

from typing import overload

import numpy as np
import pandas as pd

from research.conventions import check_periods
from research.errors import DataError
from research.metrics import _sample as sample
from research.metrics import forms
from research.metrics._sample import Array, Pair, Returns, check_pair
from research.metrics.forms import Form, Options
from research.metrics.registry import A_YEAR, NUMBER, measured

__all__ = ["active_premium", "information_ratio_arithmetic", "information_ratio_geometric"]


def _mean_and_spread(r: Array, b: Array, _: Options) -> Array:
    # The mean itself matters here, so it is kept; the spread is taken about the sample's mean to keep its digits.
    d = r - b
    c = forms.centred(d)
    return forms.columns(d, c, c * c)


def _ratio_arithmetic(m: Array, n: int, o: Options) -> Array:
    return np.asarray(np.sqrt(o["periods_per_year"]) * m[..., 0] / np.sqrt(forms.variance(m[..., 1], m[..., 2], n)))


def _compounded(r: Array, b: Array, _: Options) -> Array:
    return forms.columns(np.log1p(r), np.log1p(b), *forms.spread(r, b, _).T)


def _premium(m: Array, _n: int, o: Options) -> Array:
    return np.asarray(np.expm1(o["periods_per_year"] * m[..., 0]) - np.expm1(o["periods_per_year"] * m[..., 1]))


def _ratio_geometric(m: Array, n: int, o: Options) -> Array:
    return np.asarray(_premium(m, n, o) / np.sqrt(forms.variance(m[..., 2], m[..., 3], n) * o["periods_per_year"]))


@overload
def active_premium(
    fund_simple_returns: pd.Series, benchmark_simple_returns: pd.Series, *, periods_per_year: float
) -> float: ...
@overload
def active_premium(
    fund_simple_returns: pd.DataFrame, benchmark_simple_returns: Returns, *, periods_per_year: float
) -> pd.Series: ...
@measured(
    "active premium",
    also=("annualised active premium", "annualised active return"),
    unit=A_YEAR,
    formula="Π(1 + r)^(m/n) − Π(1 + b)^(m/n)",
    source="PerformanceAnalytics, ActivePremium",
    form=Form(_compounded, _premium),
)
def active_premium(
    fund_simple_returns: Returns, benchmark_simple_returns: Returns, *, periods_per_year: float
) -> float | pd.Series:
    """Return the fund's annualised compound return less the benchmark's, from simple returns.

    Returns
    -------
    float or pandas.Series
        Fraction a year. NaN without a complete observation.

    Raises
    ------
    DataError
        If a value is infinite, a simple return is −1 or less, or labels are unsorted or repeated.

    Notes
    -----
    It annualises by counting observations; `tracking_difference_arithmetic` annualises by elapsed time. Use
    `numpy.expm1` to turn log returns into simple ones.

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
@measured(
    "information ratio, arithmetic",
    also=("information ratio", "IR", "arithmetic information ratio", "excess Sharpe ratio"),
    unit=NUMBER,
    formula="√m · mean(d)/sd(d), divisor n − 1",
    source="Grinold and Kahn 2000",
    form=Form(_mean_and_spread, _ratio_arithmetic),
)
def information_ratio_arithmetic(
    fund_returns: Returns, benchmark_returns: Returns, *, periods_per_year: float
) -> float | pd.Series:
    """Return the annualised mean divergence per unit of tracking error.

    Returns
    -------
    float or pandas.Series
        Ratio, no unit. NaN for fewer than two complete observations or without tracking error.

    Notes
    -----
    With `periods_per_year=1` it is the information ratio of ffn, quantstats and FinanceToolkit, and empyrical's
    `excess_sharpe`.

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
@measured(
    "information ratio, geometric",
    also=("geometric information ratio", "active premium per tracking error"),
    unit=NUMBER,
    formula="`active_premium` / `tracking_error`, both of simple returns",
    source="PerformanceAnalytics, InformationRatio",
    form=Form(_compounded, _ratio_geometric),
)
def information_ratio_geometric(
    fund_simple_returns: Returns, benchmark_simple_returns: Returns, *, periods_per_year: float
) -> float | pd.Series:
    """Return the active premium per unit of tracking error, from simple returns (PerformanceAnalytics).

    Returns
    -------
    float or pandas.Series
        Ratio, no unit. NaN for fewer than two complete observations or without tracking error.

    Raises
    ------
    DataError
        If a value is infinite, a simple return is −1 or less, or labels are unsorted or repeated.

    Notes
    -----
    Numerator and denominator come from the same periods.

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
