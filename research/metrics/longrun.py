"""Long-run variance, of a mean and of least squares, and critical values: what autocorrelation does to an error bar."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from research.conventions import check_confidence
from research.errors import ParameterError, SampleError, renamed
from research.metrics._sample import Array

__all__ = ["Bandwidth", "bandwidth_lags", "bartlett_covariance", "critical_value", "newey_west_covariance"]


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


@renamed("level", "confidence")
def critical_value(confidence: float, fraction: float) -> float:
    """Return the two-sided critical value of a t statistic with a Bartlett variance, at a bandwidth that is not small.

    Parameters
    ----------
    confidence : float
        Between 0 and 1, such as 0.95.
    fraction : float
        b = (lags + 1)/observations, from 0 (the normal value) to 1.

    Returns
    -------
    float
        Half width of an interval in standard errors. NaN where `fraction` is NaN.

    Raises
    ------
    ParameterError
        If `confidence` or `fraction` cannot be.

    Notes
    -----
    Fixed-b asymptotics (Kiefer and Vogelsang 2005): the normal value plus a cubic in b, published for 80, 90, 95 and
    98 %; between these its coefficients are interpolated, beyond them extrapolated in proportion.

    Examples
    --------
    >>> round(critical_value(0.95, 0.0), 2), round(critical_value(0.95, 0.1), 2)
    (1.96, 2.26)
    """
    check_confidence(confidence)
    if fraction < 0 or fraction > 1:
        raise ParameterError(f"fraction is {fraction!r}: give lags + 1 over observations")
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    points = np.array([(0.0, 0.0, 0.0, 0.0), *_FIXED_B])
    last = points[-1, 0]
    cubic = [float(np.interp(min(z, last), points[:, 0], column)) * max(z / last, 1.0) for column in points[:, 1:].T]
    return float(z + sum(c * fraction ** (power + 1) for power, c in enumerate(cubic)))


def newey_west_covariance(
    design: ArrayLike,
    residuals: ArrayLike,
    *,
    lags: int | Literal["automatic", "newey-west", "lazarus"],
    prewhiten: bool = False,
    small_sample: bool = False,
) -> Array:
    """Return the heteroskedasticity- and autocorrelation-consistent covariance of least squares coefficients.

    Parameters
    ----------
    design : array_like, shape (n, k)
        Regressors, a constant included where the regression has one.
    residuals : array_like, shape (n,)
        Residuals of the regression.
    lags : int or {"automatic", "newey-west", "lazarus"}
        Lags of the Bartlett kernel; ``"automatic"`` is the choice of Newey and West (1994), the others are the rules
        of `bandwidth_lags`.
    prewhiten : bool
        Whether scores are whitened by a first-order vector autoregression before and coloured again after.
    small_sample : bool
        Whether the covariance is multiplied by n/(n − k).

    Returns
    -------
    numpy.ndarray, shape (k, k)
        Covariance of the coefficients.

    Raises
    ------
    ParameterError
        If shapes do not fit, a value is NaN or infinite, or `lags` cannot be.
    SampleError
        If there are no more observations than coefficients.

    Notes
    -----
    (X'X)⁻¹ S (X'X)⁻¹ with S the Bartlett sum of the scores x_t·e_t (Newey and West 1987). Three conventions give three
    numbers: fixed lags without a factor (R's ``NeweyWest(lag=, prewhite=FALSE)``, statsmodels without
    ``use_correction``), with n/(n − k) (statsmodels with it), and automatic lags after prewhitening (the default of
    R's sandwich). Elsewhere this package says which it uses. NaN are refused: leave such rows out before.

    Examples
    --------
    >>> x = np.column_stack([np.ones(6), [1.0, 2, 3, 4, 5, 6]])
    >>> y = np.array([1.1, 1.9, 3.2, 3.9, 5.1, 5.8])
    >>> e = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    >>> np.sqrt(np.diag(newey_west_covariance(x, e, lags=1))).round(4)
    array([0.0656, 0.0178])
    """
    x, e = np.asarray(design, dtype=np.float64), np.asarray(residuals, dtype=np.float64)
    if x.ndim != 2 or e.shape != (len(x),) or not (np.isfinite(x).all() and np.isfinite(e).all()):
        raise ParameterError("design must be a finite table with one row for each of the finite residuals")
    nobs, count = x.shape
    if nobs <= count:
        raise SampleError(f"{nobs} observations cannot carry {count} coefficients")
    scores = x * e[:, None]
    colour = np.eye(count)
    if prewhiten:
        step = np.linalg.lstsq(scores[:-1], scores[1:], rcond=None)[0].T
        scores = scores[1:] - scores[:-1] @ step.T
        colour = np.linalg.inv(colour - step)
    chosen = _automatic_lags(scores, x, prewhiten) if lags == "automatic" else bandwidth_lags(lags, nobs)
    middle = bartlett_covariance(scores, chosen) * len(scores)
    bread = np.linalg.inv(x.T @ x)
    covariance: Array = bread @ (colour @ middle @ colour.T) @ bread
    return covariance * nobs / (nobs - count) if small_sample else covariance


def _automatic_lags(scores: Array, design: Array, prewhitened: bool) -> int:
    """Return the whole part of the bandwidth of Newey and West (1994); a constant's scores do not count."""
    nobs = len(scores)
    weights = (np.ptp(design, axis=0) > 0).astype(np.float64)
    series = scores @ (weights if weights.any() else np.ones_like(weights))
    longest = int((3 if prewhitened else 4) * (nobs / 100.0) ** (2.0 / 9.0))
    gammas = np.array([series[lag:] @ series[: nobs - lag] for lag in range(longest + 1)])
    level = gammas[0] + 2.0 * gammas[1:].sum()
    slope = 2.0 * (np.arange(longest + 1) * gammas).sum()
    if level == 0.0:
        return 0
    return min(int(1.1447 * ((slope / level) ** 2 * nobs) ** (1.0 / 3.0)), nobs - 1)
