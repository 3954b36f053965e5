"""Johnson's relative weights: a share of R² for each regressor at the price of one eigendecomposition."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from research.errors import ParameterError

__all__ = ["johnson"]


def johnson(covariance: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return Johnson's relative weights of R² from a covariance matrix.

    Parameters
    ----------
    covariance : array_like, shape (K + 1, K + 1)
        Covariance of the response (first) and the K regressors.

    Returns
    -------
    numpy.ndarray, shape (K,)
        Relative weights; they sum to R². A regressor without variance gets 0.

    Raises
    ------
    ParameterError
        If the matrix is not square, holds NaN, or is no covariance.

    Notes
    -----
    Johnson (2000), *Multivariate Behavioral Research* 35(1): with R the correlations of the regressors and r theirs
    with the response, Λ = R^{1/2} carries the regressors to their nearest orthogonal ones, whose coefficients are
    Λ⁻¹r; the weight of j is Σ_k Λ_jk²·(Λ⁻¹r)_k². The cost is K³, where `research.decomposition.lmg` takes 2^K; with
    two regressors the two agree. Where regressors are linear combinations of others the pseudoinverse is used.

    Examples
    --------
    >>> johnson([[1, 0.6, 0.4], [0.6, 1, 0.5], [0.4, 0.5, 1]]).round(5)
    array([0.28667, 0.08667])
    """
    matrix = np.asarray(covariance, dtype=float)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not np.isfinite(matrix).all() or not matrix.size:
        raise ParameterError("covariance must be a finite square matrix of the response and the regressors")
    variances = np.diag(matrix)
    if (variances < 0.0).any():
        raise ParameterError("covariance has a negative variance on its diagonal")
    weights = np.zeros(len(matrix) - 1)
    active = np.flatnonzero(variances[1:] > 0.0)
    if variances[0] == 0.0 or not active.size:
        return weights
    keep = np.concatenate([[0], active + 1])
    scale = np.sqrt(variances[keep])
    correlation = matrix[np.ix_(keep, keep)] / np.outer(scale, scale)
    values, vectors = np.linalg.eigh(correlation[1:, 1:])
    roots = np.sqrt(np.maximum(values, 0.0))
    inverse = np.divide(1.0, roots, out=np.zeros_like(roots), where=values > 1e-10)
    carried = (vectors * roots) @ vectors.T
    coefficients = (vectors * inverse) @ vectors.T @ correlation[1:, 0]
    weights[active] = carried**2 @ coefficients**2
    return weights
