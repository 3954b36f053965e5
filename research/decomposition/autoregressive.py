"""A transitory part that persists: the local-level regression with an AR(1) in the place of plain noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve, lapack
from scipy.optimize import minimize
from scipy.special import expit, logit

from research.decomposition.covariance import autoregressive_tridiagonal, level_covariance, quasi_difference
from research.decomposition.likelihood import restricted_likelihood

__all__ = ["MOST_PERSISTENT", "AutoregressiveProblem"]

Array = npt.NDArray[np.float64]

MOST_PERSISTENT = 0.98
"""Largest autocorrelation: at 0.98 half of a shock is gone in 34 sessions; beyond, no sample tells it from a walk."""

_PHI = np.array([-0.5, -0.2, 0.0, 0.2, 0.4, 0.6, 0.75, 0.85, 0.92, 0.96])
_SHARES = expit(np.array([-16.0, -11.0, -9.0, -7.0, -5.0, -3.5, -2.0, -1.0, 0.0, 1.0, 2.0, 4.0]))


@dataclass(frozen=True, eq=False)
class AutoregressiveProblem:
    """Likelihood over the permanent share λ and the autocorrelation φ.

    Parameters
    ----------
    differences : numpy.ndarray, shape (T, K + 1)
        Changes of level (first) and drivers, each column of unit norm.
    gaps : numpy.ndarray, shape (T,)
        Sessions that each change spans.
    scale : float
        Norm of the level's changes before scaling.
    log_det_design : float
        log|X'X| of the scaled drivers.
    """

    differences: Array
    gaps: Array
    scale: float
    log_det_design: float

    @property
    def df(self) -> int:
        """Observations less drivers."""
        return int(self.differences.shape[0] - self.differences.shape[1] + 1)

    @property
    def regular(self) -> bool:
        """Whether no session is missing."""
        return bool(np.all(self.gaps == 1.0))

    @property
    def method(self) -> str:
        """Name of the algorithm, for the record."""
        return f"{'banded' if self.regular else 'dense'} Cholesky, AR(1)"

    def cross(self, share: float, phi: float) -> tuple[Array, float]:
        """Return ``Y'V(λ, φ)⁻¹Y`` and ``log|V(λ, φ)|``."""
        if not self.regular:
            factor = cho_factor(level_covariance(share, phi, self.gaps), lower=True)
            solved = cho_solve(factor, self.differences)
            return self.differences.T @ solved, 2.0 * float(np.log(np.diag(factor[0])).sum())
        columns = quasi_difference(self.differences, phi)
        pivots, factors, _ = lapack.dpttrf(*autoregressive_tridiagonal(share, phi, columns.shape[0]))
        solved, _ = lapack.dpttrs(pivots, factors, columns)
        return columns.T @ solved, float(np.log(pivots).sum())

    def criterion(self, share: float, phi: float) -> float:
        """Return the restricted log likelihood."""
        matrix, log_det = self.cross(share, phi)
        reduced = np.array([log_det - self.log_det_design])
        return float(restricted_likelihood(matrix[None], reduced, self.df, self.scale)[0])

    def best(self) -> tuple[float, float, float]:
        """Return λ, φ and the likelihood at its greatest: a grid, then a simplex from its three best points."""
        shares, phis = (_SHARES, _PHI) if self.regular else (_SHARES[::2], _PHI[::2])
        grid = [(self.criterion(float(share), float(phi)), share, phi) for share in shares for phi in phis]
        found = []
        steps = np.array([[0.0, 0.0], [0.7, 0.0], [0.0, 0.3]])
        for _, share, phi in sorted(grid, reverse=True)[: 3 if self.regular else 1]:
            start = np.array([logit(share), np.arctanh(phi / MOST_PERSISTENT)])
            options: Any = {"xatol": 1e-5, "fatol": 1e-8, "initial_simplex": start + steps}
            result = minimize(self._objective, start, method="Nelder-Mead", options=options)
            found.append((-float(result.fun), *_natural(result.x)))
        value, share, phi = max(found)
        without = self.criterion(0.0, phi)
        # A likelihood that is flat toward λ = 0 has its answer there.
        return (0.0, phi, without) if value - without < 1e-7 else (share, phi, value)

    def _objective(self, point: Array) -> float:
        return -self.criterion(*_natural(point))


def _natural(point: Array) -> tuple[float, float]:
    """Return λ and φ from the unbounded scale on which the simplex moves."""
    return float(expit(np.clip(point[0], -24.0, 24.0))), float(MOST_PERSISTENT * np.tanh(point[1]))
