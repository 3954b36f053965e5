"""The covariance of least squares by Newey and West, in the three conventions that programs print under that name."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from research.errors import ParameterError, SampleError
from research.metrics._pair import Array
from research.metrics.longrun import bandwidth_lags, bartlett_covariance

__all__ = ["newey_west_covariance"]


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
