"""The fund regressed on its benchmark: slope, correlation and what the line leaves over."""

from __future__ import annotations

from typing import overload

import numpy as np
import pandas as pd

from research.conventions import check_periods
from research.metrics import _sample as sample
from research.metrics import forms
from research.metrics._sample import Array, Pair, Returns, check_pair
from research.metrics.forms import Form, Options
from research.metrics.registry import A_YEAR, NUMBER, measured

__all__ = ["beta", "correlation", "residual_tracking_error"]


def _cross(r: Array, b: Array, _: Options) -> Array:
    x, y = forms.centred(b), forms.centred(r)
    return forms.columns(x, y, x * x, x * y, y * y)


def _covariances(m: Array) -> tuple[Array, Array, Array]:
    x, y = m[..., 0], m[..., 1]
    return m[..., 2] - x * x, m[..., 3] - x * y, m[..., 4] - y * y


def _beta(m: Array, _n: int, _o: Options) -> Array:
    xx, xy, _ = _covariances(m)
    return np.asarray(xy / xx)


def _correlation(m: Array, _n: int, _o: Options) -> Array:
    xx, xy, yy = _covariances(m)
    return np.asarray(xy / np.sqrt(xx * yy))


def _residual_error(m: Array, n: int, o: Options) -> Array:
    xx, xy, yy = _covariances(m)
    squares = yy - xy * xy / xx
    if not np.iscomplexobj(squares):
        squares = np.maximum(squares, 0.0)
    return np.asarray(np.sqrt(squares * (n / (n - 2)) * o["periods_per_year"]))


@overload
def beta(fund_returns: pd.Series, benchmark_returns: pd.Series) -> float: ...
@overload
def beta(fund_returns: pd.DataFrame, benchmark_returns: Returns) -> pd.Series: ...
@measured(
    "beta",
    also=("market beta", "benchmark beta", "slope", "hedge ratio"),
    unit=NUMBER,
    formula="cov(r, b) / var(b)",
    form=Form(_cross, _beta),
)
def beta(fund_returns: Returns, benchmark_returns: Returns) -> float | pd.Series:
    """Return the slope of the fund's returns on the benchmark's.

    Returns
    -------
    float or pandas.Series
        Slope, no unit. NaN for fewer than two complete observations or a benchmark without variance.

    Notes
    -----
    Take excess returns for the capital asset pricing model; log or simple returns as they are given
    (PerformanceAnalytics' printed betas are of simple returns).

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
@measured(
    "correlation",
    also=("Pearson correlation", "correlation coefficient"),
    unit=NUMBER,
    formula="cov(r, b) / (sd(r)·sd(b))",
    form=Form(_cross, _correlation, "fisher"),
)
def correlation(fund_returns: Returns, benchmark_returns: Returns) -> float | pd.Series:
    """Return Pearson's correlation of fund and benchmark returns.

    Returns
    -------
    float or pandas.Series
        Between −1 and 1. NaN for fewer than two complete observations or where either side has no variance.

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
@measured(
    "residual tracking error",
    also=(
        "TE₃",
        "residual risk",
        "regression tracking error",
        "standard error of the regression",
        "residual standard error",
        "idiosyncratic risk",
    ),
    unit=A_YEAR,
    formula="√(Σe²/(n − 2))·√m with e the residuals of r = α + β·b",
    source="Frino and Gallagher 2001, TE₃; Grinold and Kahn 2000, residual risk",
    form=Form(_cross, _residual_error, "log"),
)
def residual_tracking_error(
    fund_returns: Returns, benchmark_returns: Returns, *, periods_per_year: float
) -> float | pd.Series:
    """Return the annualised standard error of the regression of fund on benchmark.

    Returns
    -------
    float or pandas.Series
        Fraction a year (divisor n − 2). NaN for fewer than three complete observations or a benchmark without variance.

    Notes
    -----
    A fund that holds 90 % of its benchmark steadily has none. Bacon's specific risk divides by n instead.

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
