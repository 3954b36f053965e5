"""Both weightings are what their definition says: cross products with the inverse of V(λ)."""

from __future__ import annotations

import numpy as np
import pytest

from research.decomposition.covariance import weighting


def covariance(share: float, gaps: np.ndarray) -> np.ndarray:
    """Return V(λ) of differences over `gaps` sessions: permanent steps plus differenced noise, from its definition."""
    step = np.diff(np.eye(gaps.size + 1), axis=0)
    return share * np.diag(gaps) + (1.0 - share) * step @ step.T


@pytest.mark.parametrize("gaps", [np.ones(40), np.r_[np.ones(20), 3.0, np.ones(18), 2.0]], ids=["even", "with gaps"])
@pytest.mark.parametrize("share", [0.001, 0.2, 1.0])
def test_products_squares_and_determinant_are_those_of_the_inverse(gaps: np.ndarray, share: float) -> None:
    columns = np.random.default_rng(1).standard_normal((40, 3))
    dense = covariance(share, gaps)
    wanted = columns.T @ np.linalg.solve(dense, columns)
    weights = weighting(gaps)
    rotated = weights.rotate(columns)
    assert rotated.T @ weights.weigh(share, rotated) == pytest.approx(wanted, rel=1e-9)
    assert weights.squares(share, rotated) == pytest.approx(np.diag(wanted), rel=1e-9)
    assert weights.log_determinant(share) == pytest.approx(np.linalg.slogdet(dense)[1], rel=1e-9, abs=1e-9)
