"""Cross products of a regression in differences, for every split of the noise into permanent and transitory at once.

The error of the differenced local-level model has covariance proportional to ``V(λ) = λ·diag(gap) + (1 − λ)·M`` with
``M`` the second-difference matrix (2 on the diagonal, −1 beside it), λ the share of the permanent variance, and gap the
sessions that each difference spans. On a regular sample V is Toeplitz, and the type-I discrete sine transform
diagonalises it for *every* λ, so one transform serves the whole likelihood. Where sessions are missing V is still
tridiagonal, and a banded Cholesky factor takes over. The restricted likelihood is a function of these cross products
and log|V| alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy.fft import dst
from scipy.linalg import lapack, solve_banded, solve_triangular

__all__ = [
    "BandedMoments",
    "Moments",
    "SineMoments",
    "autoregressive_tridiagonal",
    "eigenvalues",
    "level_covariance",
    "log_determinant",
    "moments",
    "quasi_difference",
    "restricted_likelihood",
    "tridiagonal",
    "whiten",
]

Array = npt.NDArray[np.float64]


class Moments(Protocol):
    """Whatever yields ``Y'V(λ)⁻¹Y`` and ``log|V(λ)|`` for a vector of λ."""

    @property
    def method(self) -> str:
        """Name of the algorithm, for the record."""
        ...

    def __call__(self, shares: Array) -> tuple[Array, Array]:
        """Return cross products of shape (shares, columns, columns) and log determinants of shape (shares,)."""
        ...


def eigenvalues(nobs: int) -> Array:
    """Return the eigenvalues of the second-difference matrix of order `nobs`, ascending.

    Examples
    --------
    >>> eigenvalues(1)
    array([2.])
    """
    # 2 − 2cos x loses every digit for small x; 4 sin²(x/2) is the same number and does not.
    angles = np.pi * np.arange(1, nobs + 1) / (2.0 * (nobs + 1))
    return np.asarray(4.0 * np.sin(angles) ** 2, dtype=float)


def log_determinant(shares: Array, nobs: int) -> Array:
    """Return log|λI + (1 − λ)M| for each λ in closed form.

    Notes
    -----
    With c = 1 − λ and cosh θ = 1 + λ/2c, the determinant is cⁿ·sinh((n + 1)θ)/sinh θ (a Chebyshev polynomial of the
    second kind), which costs nothing, where summing the logs of the eigenvalues costs more than the regression.

    Examples
    --------
    >>> bool(np.isclose(log_determinant(np.array([0.0]), 4)[0], np.log(5)))
    True
    """
    rest = np.maximum(1.0 - shares, 1e-100)  # λ = 1 is answered below; here it must only not overflow
    excess = shares / (2.0 * rest)
    theta = np.log1p(excess + np.sqrt(excess * (2.0 + excess)))
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.expm1(-2.0 * (nobs + 1) * theta) / np.expm1(-2.0 * theta)
    value: Array = nobs * (np.log(rest) + theta) + np.log(np.where(theta > 0.0, ratio, nobs + 1.0))
    return np.where(shares >= 1.0, 0.0, value)


def tridiagonal(share: float, gaps: Array) -> tuple[Array, Array]:
    """Return the diagonal and off-diagonal of V(λ) for one permanent share λ and the sessions each difference spans."""
    diagonal = share * gaps + (1.0 - share) * 2.0
    return diagonal, np.full(gaps.size - 1, share - 1.0)


def level_covariance(share: float, phi: float, gaps: Array) -> Array:
    """Return V(λ, φ) of the differences where the transitory part is an AR(1), for any gaps, as a dense matrix."""
    at = np.concatenate([[0.0], np.cumsum(gaps)])
    transitory = (1.0 - share) / (1.0 - phi**2) * phi ** np.abs(at[:, None] - at[None, :])
    return np.asarray(np.diff(np.diff(transitory, axis=0), axis=1) + np.diag(share * gaps), dtype=float)


def quasi_difference(columns: Array, phi: float) -> Array:
    """Return the rows less φ times the row before; the first row stays, so that the determinant is 1."""
    rest = columns.copy()
    rest[1:] -= phi * columns[:-1]
    return rest


def autoregressive_tridiagonal(share: float, phi: float, nobs: int) -> tuple[Array, Array]:
    """Return the covariance of quasi-differences where the transitory part is an AR(1), as diagonal and off-diagonal.

    Notes
    -----
    With ``v_t = φ·v_{t−1} + ε_t`` the differences are ``e_t = η_t + v_t − v_{t−1}``, and ``e_t − φ·e_{t−1} =
    η_t − φ·η_{t−1} + ε_t − ε_{t−1}`` is an MA(1): tridiagonal again. Only the first row knows that v started
    stationary: its variance is ``λ + 2(1 − λ)/(1 + φ)``, and its covariance with the second is that of all others.
    """
    rest = 1.0 - share
    diagonal = np.full(nobs, share * (1.0 + phi**2) + 2.0 * rest)
    diagonal[0] = share + 2.0 * rest / (1.0 + phi)
    return diagonal, np.full(nobs - 1, -phi * share - rest)


def whiten(differences: Array, share: float, phi: float, gaps: Array) -> Array:
    """Return the columns with V(λ, φ) taken out, row by row in time: what is left of an error is its innovation."""
    if phi != 0.0 and np.any(gaps != 1.0):
        factor = np.linalg.cholesky(level_covariance(share, phi, gaps))
        return np.asarray(solve_triangular(factor, differences, lower=True), dtype=float)
    if phi == 0.0:
        diagonal, beside = tridiagonal(share, gaps)
    else:
        diagonal, beside = autoregressive_tridiagonal(share, phi, gaps.size)
    pivots, factors, _ = lapack.dpttrf(diagonal, beside)
    unit_lower = np.vstack([np.ones(pivots.size), np.append(factors, 0.0)])
    solved = solve_banded((1, 0), unit_lower, quasi_difference(differences, phi))
    return np.asarray(solved / np.sqrt(pivots)[:, None], dtype=float)


@dataclass(frozen=True, eq=False)
class SineMoments:
    """Cross products by the sine transform: exact for evenly spaced observations, all λ from one transform."""

    products: Array
    omega: Array
    rows: npt.NDArray[np.intp]
    cols: npt.NDArray[np.intp]
    method: str = "sine transform"

    @classmethod
    def of(cls, differences: Array) -> SineMoments:
        """Transform the columns of `differences` (observations × columns) once and keep their outer products."""
        nobs, columns = differences.shape
        transformed = dst(differences, type=1, axis=0, norm="ortho")
        rows, cols = np.triu_indices(columns)
        return cls(transformed[:, rows] * transformed[:, cols], eigenvalues(nobs), rows, cols)

    def __call__(self, shares: Array) -> tuple[Array, Array]:
        """Return ``Y'V(λ)⁻¹Y`` and ``log|V(λ)|`` for each λ."""
        variances = shares[:, None] + (1.0 - shares)[:, None] * self.omega
        packed = (1.0 / variances) @ self.products
        columns = int(self.cols[-1]) + 1
        cross = np.empty((shares.size, columns, columns))
        cross[:, self.rows, self.cols] = packed
        cross[:, self.cols, self.rows] = packed
        return cross, log_determinant(shares, self.omega.size)


@dataclass(frozen=True, eq=False)
class BandedMoments:
    """Cross products by the Cholesky factor of a tridiagonal matrix: for missing sessions and calendar-day variance."""

    differences: Array
    gaps: Array
    method: str = "banded Cholesky"

    def __call__(self, shares: Array) -> tuple[Array, Array]:
        """Return ``Y'V(λ)⁻¹Y`` and ``log|V(λ)|`` for each λ."""
        columns = self.differences.shape[1]
        cross = np.empty((shares.size, columns, columns))
        log_determinants = np.empty(shares.size)
        for i, share in enumerate(shares):
            diagonal, beside = tridiagonal(float(share), self.gaps)
            pivots, factors, info = lapack.dpttrf(diagonal, beside)
            if info != 0:  # cannot happen for λ in [0, 1] and positive gaps
                raise np.linalg.LinAlgError("the error covariance is not positive definite")
            solved, _ = lapack.dpttrs(pivots, factors, self.differences)
            cross[i] = self.differences.T @ solved
            log_determinants[i] = np.log(pivots).sum()
        return cross, log_determinants


def moments(differences: Array, gaps: Array) -> Moments:
    """Return the fast cross products where the observations are evenly spaced, the banded ones where they are not."""
    if gaps.size < 2 or np.all(gaps == 1.0):
        return SineMoments.of(differences)
    return BandedMoments(differences, gaps)


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
