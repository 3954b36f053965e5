"""Tracking error by every definition in use, and the least of it that a price with few decimals lets anybody see."""

from __future__ import annotations

from typing import overload

import numpy as np
import pandas as pd

from research.conventions import check_periods
from research.errors import DataError, ParameterError
from research.metrics import _sample as sample
from research.metrics import forms
from research.metrics._sample import Array, Returns, check_pair, check_values
from research.metrics.forms import Form, Options
from research.metrics.registry import A_PERIOD, A_YEAR, SQUARED_A_YEAR, measured

__all__ = [
    "downside_tracking_error",
    "mean_absolute_centred_divergence",
    "mean_absolute_divergence",
    "root_mean_square_divergence",
    "rounding_floor",
    "tracking_error",
    "tracking_error_variance",
]


def _absolute_centred(r: Array, b: Array, _: Options) -> Array:
    # The mean enters through |d − mean|: to first order by the share of values above it less the share below.
    d = forms.centred(r - b)
    return forms.columns(np.abs(d) - np.sign(d).mean() * d)


@overload
def tracking_error(fund_returns: pd.Series, benchmark_returns: pd.Series, *, periods_per_year: float) -> float: ...
@overload
def tracking_error(fund_returns: pd.DataFrame, benchmark_returns: Returns, *, periods_per_year: float) -> pd.Series: ...
@measured(
    "tracking error",
    also=(
        "TE",
        "TE₂",
        "active risk",
        "tracking error volatility",
        "TEV",
        "standard deviation of return differences",
        "realised tracking error",
        "ex-post tracking error",
        "ESMA tracking error",
        "Morningstar tracking error",
    ),
    unit=A_YEAR,
    formula="sd(d)·√m, divisor n − 1",
    source="ESMA/2012/832; Frino and Gallagher 2001, TE₂; Jorion 2003, TEV",
    form=Form(forms.spread, forms.dispersion, "log"),
)
def tracking_error(fund_returns: Returns, benchmark_returns: Returns, *, periods_per_year: float) -> float | pd.Series:
    """Return the annualised standard deviation of the divergence (ESMA's tracking error).

    Returns
    -------
    float or pandas.Series
        Fraction a year (divisor n − 1). NaN for fewer than two complete observations.

    Notes
    -----
    It is the code, not the manual, of R's PerformanceAnalytics: fed with simple returns it is `TrackingError` there.
    ESMA prescribes no frequency: say it beside the number.

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
@measured(
    "tracking error variance",
    also=("active variance", "variance of the divergence"),
    unit=SQUARED_A_YEAR,
    formula="var(d)·m, divisor n − 1",
    source="Roll 1992",
    form=Form(forms.spread, lambda m, n, o: forms.variance(m[..., 0], m[..., 1], n) * o["periods_per_year"], "log"),
)
def tracking_error_variance(
    fund_returns: Returns, benchmark_returns: Returns, *, periods_per_year: float
) -> float | pd.Series:
    """Return the annualised variance of the divergence: the square of `tracking_error`.

    Returns
    -------
    float or pandas.Series
        Fraction squared a year (divisor n − 1). NaN for fewer than two complete observations.

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
@measured(
    "downside tracking error",
    also=(
        "downside active risk",
        "semideviation of the divergence",
        "tracking error on the downside",
    ),
    unit=A_YEAR,
    formula="√(mean min(d, 0)²)·√m",
    form=Form(
        lambda r, b, _: (np.minimum(r - b, 0.0) ** 2)[:, None],
        lambda m, _, o: np.sqrt(m[..., 0] * o["periods_per_year"]),
        "log",
    ),
)
def downside_tracking_error(
    fund_returns: Returns, benchmark_returns: Returns, *, periods_per_year: float
) -> float | pd.Series:
    """Return the annualised root mean square of the shortfall against the benchmark.

    Returns
    -------
    float or pandas.Series
        Fraction a year (divisor n, all periods counted). NaN without a complete observation.

    Notes
    -----
    empyrical's `downside_risk` when the benchmark is its required return.

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
@measured(
    "root mean square divergence",
    also=(
        "RMS divergence",
        "root mean square tracking error",
        "root mean squared error",
        "RMSE",
        "RMSD",
        "uncentred tracking error",
    ),
    unit=A_YEAR,
    formula="√(mean d²)·√m",
    form=Form(
        lambda r, b, _: ((r - b) ** 2)[:, None],
        lambda m, _, o: np.sqrt(m[..., 0] * o["periods_per_year"]),
        "log",
    ),
)
def root_mean_square_divergence(
    fund_returns: Returns, benchmark_returns: Returns, *, periods_per_year: float
) -> float | pd.Series:
    """Return the annualised root mean square of the divergence, not taken about its mean.

    Returns
    -------
    float or pandas.Series
        Fraction a year (divisor n). NaN without a complete observation.

    Notes
    -----
    A constant drift counts, so a fee mixes into it. Per period its square is (n − 1)/n · TE² + mean(d)², with TE the
    `tracking_error`. okama before version 4 reports this under the name tracking error.

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
@measured(
    "mean absolute divergence",
    also=(
        "absolute tracking difference",
        "ATD",
        "TE₁",
        "mean absolute difference",
        "mean absolute tracking difference",
        "average absolute return difference",
        "average absolute tracking difference",
        "AARD",
    ),
    unit=A_PERIOD,
    formula="mean |d|",
    source="Frino and Gallagher 2001, TE₁",
    form=Form(lambda r, b, _: np.abs(r - b)[:, None], lambda m, _n, _o: m[..., 0], "log"),
)
def mean_absolute_divergence(fund_returns: Returns, benchmark_returns: Returns) -> float | pd.Series:
    """Return the mean of the absolute divergence per period, not annualised.

    Returns
    -------
    float or pandas.Series
        Fraction a period. NaN without a complete observation.

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
@measured(
    "mean absolute centred divergence",
    also=("mean absolute deviation of the divergence", "centred absolute tracking difference"),
    unit=A_PERIOD,
    formula="mean |d − mean d|",
    form=Form(_absolute_centred, lambda m, _n, _o: m[..., 0], "log"),
)
def mean_absolute_centred_divergence(fund_returns: Returns, benchmark_returns: Returns) -> float | pd.Series:
    """Return the mean of the absolute divergence about its own mean, per period, not annualised.

    Returns
    -------
    float or pandas.Series
        Fraction a period. NaN for no complete observation.

    Notes
    -----
    The steady drift of a fee does not count.

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
@measured(
    "rounding floor",
    also=("tracking error of rounding", "tick floor"),
    unit=A_YEAR,
    formula="tick/√12·√(mean 1/price²)·√2·√m",
)
def rounding_floor(price: float | Returns, tick: float, *, periods_per_year: float) -> float | pd.Series:
    """Return the annualised tracking error of a perfect fund whose price is rounded to a tick.

    Parameters
    ----------
    price : float, pandas.Series or pandas.DataFrame
        Printed price or net asset value, in the unit of `tick`; one column for each fund.
    tick : float
        Distance between neighbouring printed values: 0.01 for cents, 0.0001 for four decimals.

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
    tick/√12 is the standard deviation of a rounding error that is uniform over one tick; a return carries two of them,
    hence √2. Missing prices (NaN) are left out. No measured tracking error below this floor means anything.

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
