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
from scipy.linalg import lapack, solve_banded

__all__ = [
    "BandedMoments",
    "Moments",
    "QuasiDifference",
    "SineMoments",
    "eigenvalues",
    "log_determinant",
    "moments",
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


@dataclass(frozen=True, eq=False)
class QuasiDifference:
    """The combination of each difference with the one before that leaves a moving average of order one.

    Parameters
    ----------
    carry : numpy.ndarray, shape (T,)
        Weight of the difference before; 0 for the first.
    gaps : numpy.ndarray, shape (T,)
        Sessions that each difference spans.
    fresh : numpy.ndarray, shape (T,)
        Variance of what entered the transitory part over each gap, in units of ε's.
    turn : numpy.ndarray, shape (T,)
        How what entered over the gap before comes out again.
    started : float
        Variance of the first difference's transitory part, in units of ε's.

    Notes
    -----
    A difference over m sessions is ``e_i = η_i + (ψ_i − 1)·v_{i−1} + ε_i`` with ``ψ_i = φ^m``, and
    ``e_i − c_i·e_{i−1}`` with ``c_i = ψ_{i−1}(ψ_i − 1)/(ψ_{i−1} − 1)`` is free of v: its covariance is tridiagonal,
    whatever sessions are missing. Where none are, c is φ. The first row stays, so that the determinant is 1.
    """

    carry: Array
    gaps: Array
    fresh: Array
    turn: Array
    started: float

    @classmethod
    def of(cls, phi: float, gaps: Array) -> QuasiDifference:
        """Return the combination for an autocorrelation φ; for plain noise it leaves the differences as they are."""
        decay = phi**gaps
        carry = np.zeros(gaps.size)
        carry[1:] = decay[:-1] * (1.0 - decay[1:]) / (1.0 - decay[:-1])
        fresh = (1.0 - decay**2) / (1.0 - phi**2)
        return cls(carry, gaps, fresh, decay - 1.0 - carry, 2.0 * (1.0 - decay[0]) / (1.0 - phi**2))

    def less(self, columns: Array) -> Array:
        """Return rows (T, ·) less c times the row before."""
        rest = columns.copy()
        rest[1:] -= self.carry[1:, None] * columns[:-1]
        return rest

    def tridiagonal(self, share: float) -> tuple[Array, Array]:
        """Return the covariance of those rows as diagonal and off-diagonal."""
        rest = 1.0 - share
        diagonal = np.empty(self.gaps.size)
        diagonal[0] = share * self.gaps[0] + rest * self.started
        diagonal[1:] = share * (self.gaps[1:] + self.carry[1:] ** 2 * self.gaps[:-1])
        diagonal[1:] += rest * (self.fresh[1:] + self.turn[1:] ** 2 * self.fresh[:-1])
        return diagonal, rest * self.turn[1:] * self.fresh[:-1] - share * self.carry[1:] * self.gaps[:-1]


def whiten(differences: Array, share: float, phi: float, gaps: Array) -> Array:
    """Return the columns with V(λ, φ) taken out, row by row in time: what is left of an error is its innovation."""
    shift = QuasiDifference.of(phi, gaps)
    pivots, factors, _ = lapack.dpttrf(*shift.tridiagonal(share))
    unit_lower = np.vstack([np.ones(pivots.size), np.append(factors, 0.0)])
    solved = solve_banded((1, 0), unit_lower, shift.less(differences))
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
