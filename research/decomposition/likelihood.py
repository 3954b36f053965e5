"""The restricted likelihood of a generalised least squares problem, from its cross products."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["restricted_likelihood"]

Array = npt.NDArray[np.float64]


def restricted_likelihood(cross: Array, log_det: Array, df: int, scale: float) -> Array:
    """Return the restricted log likelihood, profiled over coefficients and variance.

    Parameters
    ----------
    cross : numpy.ndarray, shape (n, K + 1, K + 1)
        ``Y'V⁻¹Y`` of response (first) and regressors, the response divided by `scale`.
    log_det : numpy.ndarray, shape (n,)
        ``log|V| − log|X'X|``; the second term makes likelihoods comparable when regressors change units.
    df : int
        Observations less regressors.
    scale : float
        What the response was divided by.

    Notes
    -----
    ``−½[df·(log 2πσ̂² + 1) + log|V| + log|X'V⁻¹X| − log|X'X|]`` with σ̂² = RSS/df.
    """
    if cross.shape[-1] > 1:
        design, target = cross[:, 1:, 1:], cross[:, 1:, :1]
        beta = np.linalg.solve(design, target)
        residual = cross[:, 0, 0] - (target * beta).sum(axis=(1, 2))
        log_det = log_det + np.linalg.slogdet(design)[1]
    else:
        residual = cross[:, 0, 0]
    variance = np.maximum(residual, np.finfo(float).tiny) / df * scale**2
    value: Array = -0.5 * (df * (np.log(2 * np.pi * variance) + 1.0) + log_det)
    return value
