"""Errors weighed and drawn in time are what their definition says: V(λ, φ) inverted, and its square root."""

from __future__ import annotations

import numpy as np
import pytest

from research.decomposition.noise_grid import draw_any, weigh_any


def level_covariance(share: float, phi: float, gaps: np.ndarray) -> np.ndarray:
    """Return V(λ, φ) of the changes, from what it says of levels: a walk, and what comes back, seen at these places."""
    at = np.concatenate([[0.0], np.cumsum(gaps)])
    returning = (1.0 - share) / (1.0 - phi**2) * phi ** np.abs(at[:, None] - at[None, :])
    return np.diff(np.diff(returning, axis=0), axis=1) + np.diag(share * gaps)


GAPS = [np.ones(40), np.r_[np.ones(20), 3.0, np.ones(18), 2.0]]


@pytest.mark.parametrize("gaps", GAPS, ids=["even", "with gaps"])
@pytest.mark.parametrize("phi", [0.0, 0.8])
@pytest.mark.parametrize("share", [0.001, 0.2, 1.0])
def test_weighed_columns_and_determinant_are_those_of_the_inverse(gaps: np.ndarray, phi: float, share: float) -> None:
    columns = np.random.default_rng(1).standard_normal((40, 3))
    dense = level_covariance(share, phi, gaps)
    weighed, log_det = weigh_any(columns, share, phi, gaps)
    assert weighed == pytest.approx(np.linalg.solve(dense, columns), rel=1e-8, abs=1e-8)
    assert log_det == pytest.approx(np.linalg.slogdet(dense)[1], rel=1e-9, abs=1e-9)


def test_drawn_errors_have_that_covariance() -> None:
    gaps, draws = np.array([1.0, 1.0, 3.0, 1.0]), 40_000
    errors = draw_any(np.random.default_rng(2), np.full(draws, 0.2), np.full(draws, 0.8), gaps)
    assert errors @ errors.T / draws == pytest.approx(level_covariance(0.2, 0.8, gaps), abs=0.04)
