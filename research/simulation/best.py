"""The best that anybody could do: generalised least squares with the true parameters of the noise."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve

from research.simulation.paths import Panel

__all__ = ["BestEstimator"]

Array = npt.NDArray[np.float64]


class BestEstimator:
    """Generalised least squares whose error covariance is not estimated but known.

    Parameters
    ----------
    panel : Panel
        Simulated funds.

    Notes
    -----
    Among estimators that are linear and unbiased none has a smaller variance (Aitken 1936), so the ratio of variances
    is the efficiency of whatever is compared with it. The covariance is that of differences of
    ``μ + ε + rounding``; rounding is taken as uniform and new every session, the clustering of variances as unknown.
    """

    def __init__(self, panel: Panel) -> None:
        self._panel = panel
        self._positions = np.arange(panel.sessions.size)
        self._factor: tuple[Array, bool] | None = None

    def __call__(self, row: int, level: Array, drivers: Array) -> Array:
        """Return the coefficients of one fund.

        Parameters
        ----------
        row : int
            Row of the panel.
        level : numpy.ndarray, shape (T + 1,)
            Divergence level on the sessions that have rows.
        drivers : numpy.ndarray, shape (T + 1, K)
            Cumulated drivers.

        Returns
        -------
        numpy.ndarray, shape (K,)
        """
        factor = self._factor_of(row)
        change, slopes = np.diff(level), np.diff(drivers, axis=0)
        weighted = cho_solve(factor, np.column_stack([change, slopes]), check_finite=False)
        return np.asarray(np.linalg.solve(slopes.T @ weighted[:, 1:], slopes.T @ weighted[:, 0]))

    def _factor_of(self, row: int) -> tuple[Array, bool]:
        """Return the factor of the differences' covariance; one serves all funds where nothing sets them apart."""
        if self._factor is not None:
            return self._factor
        world, kept = self._panel.world, self._panel.kept[row]
        at = self._positions[kept]
        noise = world.noise
        walk = noise.permanent**2 * np.minimum.outer(at, at)
        around = noise.transitory**2 * noise.autocorrelation ** np.abs(np.subtract.outer(at, at))
        printed = np.zeros(at.size)
        for tick, prices in ((world.rounding.nav, self._panel.nav), (world.rounding.benchmark, self._panel.benchmark)):
            if tick is not None:
                printed += (tick / prices[row, kept]) ** 2 / 12.0
        covariance = np.diff(np.diff(walk + around + np.diag(printed), axis=0), axis=1)
        factor = cho_factor(covariance, lower=True, check_finite=False)
        if world.missing_rate == 0.0 and not printed.any():
            self._factor = factor
        return factor
