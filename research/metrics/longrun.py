"""Long-run variance of a mean and the critical values that go with it: what autocorrelation does to an error bar."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from research.errors import ParameterError
from research.metrics._pair import Array

__all__ = ["Bandwidth", "bandwidth_lags", "bartlett_covariance", "critical_value"]

Bandwidth: TypeAlias = int | Literal["lazarus", "newey-west"]

# Kiefer and Vogelsang (2005), Bartlett kernel: one-sided level, and cubics in lags + 1 over observations.
_FIXED_B = (
    (1.2816, 1.3040, 0.5135, -0.3386),
    (1.6449, 2.1859, 0.3142, -0.3427),
    (1.9600, 2.9694, 0.4160, -0.5324),
    (2.3263, 4.1618, 0.5368, -0.9060),
)


def bandwidth_lags(rule: Bandwidth, nobs: int) -> int:
    """Return the lags of a Bartlett (Newey-West) long-run variance by a named rule.

    Parameters
    ----------
    rule : {"lazarus", "newey-west"} or int
        ``"lazarus"``: ⌈1.3·√n⌉ − 1 lags, to be used with fixed-b critical values (Lazarus, Lewis, Stock and Watson
        2018). ``"newey-west"``: ⌊4·(n/100)^{2/9}⌋. A number is taken as it is.
    nobs : int
        Observations.

    Returns
    -------
    int
        Lags, fewer than `nobs`.

    Raises
    ------
    ParameterError
        If the rule is unknown or the number is negative.

    Notes
    -----
    NaN do not occur: observations are counted after they have been left out.

    Examples
    --------
    >>> bandwidth_lags("lazarus", 250), bandwidth_lags("newey-west", 250)
    (20, 4)
    """
    if rule == "lazarus":
        lags = math.ceil(1.3 * math.sqrt(nobs)) - 1
    elif rule == "newey-west":
        lags = int(4.0 * (nobs / 100.0) ** (2.0 / 9.0))
    elif isinstance(rule, str | bool) or int(rule) != rule or rule < 0:
        raise ParameterError(f"bandwidth is {rule!r}: give 'lazarus', 'newey-west' or a number of lags")
    else:
        lags = int(rule)
    return max(min(lags, nobs - 1), 0)


def bartlett_covariance(scores: ArrayLike, lags: int) -> Array:
    """Return the long-run covariance of scores with mean zero, weights 1 − j/(lags + 1).

    Parameters
    ----------
    scores : array_like, shape (nobs, k)
        Influence values or regression scores x·e.
    lags : int
        Lags; 0 is White's covariance.

    Returns
    -------
    numpy.ndarray, shape (k, k)
        Γ₀ + Σ (1 − j/(lags + 1))(Γ_j + Γ_j′), with Γ_j = Σ_t s_t s_{t−j}′ / nobs. NaN where a score is NaN.

    Notes
    -----
    Newey and West (1987). Positive semi-definite.

    Examples
    --------
    >>> bartlett_covariance([[1.0], [-1.0], [1.0], [-1.0]], 1).tolist()
    [[0.25]]
    """
    table = np.asarray(scores, dtype=np.float64)
    total = table.T @ table
    for lag in range(1, min(lags, len(table) - 1) + 1):
        product = table[lag:].T @ table[:-lag]
        total = total + (1.0 - lag / (lags + 1.0)) * (product + product.T)
    return np.asarray(total / max(len(table), 1))


def critical_value(level: float, fraction: float) -> float:
    """Return the two-sided critical value of a t statistic with a Bartlett variance, at a bandwidth that is not small.

    Parameters
    ----------
    level : float
        Confidence level between 0 and 1, such as 0.95.
    fraction : float
        b = (lags + 1)/observations, from 0 (the normal value) to 1.

    Returns
    -------
    float
        Half width of an interval in standard errors. NaN where `fraction` is NaN.

    Raises
    ------
    ParameterError
        If `level` or `fraction` cannot be.

    Notes
    -----
    Fixed-b asymptotics (Kiefer and Vogelsang 2005): the normal value plus a cubic in b, published for 80, 90, 95 and
    98 %; between these its coefficients are interpolated, beyond them extrapolated in proportion.

    Examples
    --------
    >>> round(critical_value(0.95, 0.0), 2), round(critical_value(0.95, 0.1), 2)
    (1.96, 2.26)
    """
    if not 0 < level < 1:
        raise ParameterError(f"level is {level!r}: give a confidence level between 0 and 1, such as 0.95")
    if fraction < 0 or fraction > 1:
        raise ParameterError(f"fraction is {fraction!r}: give lags + 1 over observations")
    z = NormalDist().inv_cdf(0.5 + level / 2)
    points = np.array([(0.0, 0.0, 0.0, 0.0), *_FIXED_B])
    last = points[-1, 0]
    cubic = [float(np.interp(min(z, last), points[:, 0], column)) * max(z / last, 1.0) for column in points[:, 1:].T]
    return float(z + sum(c * fraction ** (power + 1) for power, c in enumerate(cubic)))
