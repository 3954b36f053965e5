"""A bootstrapped decomposition against arch's bootstrap that fits each replicate with statsmodels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from arch.bootstrap import StationaryBootstrap

from research.decomposition.bootstrap import bootstrap_decomposition

DRAWS, SESSIONS = 1_000, 504
SCALES = {"expense_ratio": 1e-5, "premium": 3e-3, "roll_yield": 1e-3, "collateral": 1e-4, "clock": 2e-3}


@pytest.mark.bench
def test_bootstrap_of_a_decomposition(race):
    rng = np.random.default_rng(0)
    days = pd.bdate_range("2023-01-02", periods=SESSIONS + 1)
    steps = {name: scale * rng.standard_normal(SESSIONS + 1) for name, scale in SCALES.items()}
    drivers = pd.DataFrame(steps, days).cumsum()
    noise = np.cumsum(2e-4 * rng.standard_normal(SESSIONS + 1)) + 3e-4 * rng.standard_normal(SESSIONS + 1)
    level = drivers.sum(axis=1) + noise
    d, x = np.diff(level), sm.add_constant(np.diff(drivers, axis=0))
    years = (days[-1] - days[0]).days / 365
    total = (drivers.iloc[-1] - drivers.iloc[0]).to_numpy()
    length = bootstrap_decomposition(level, drivers, draws=2).block_length

    def decompose(y, z):
        fit = sm.OLS(y, z).fit()
        beta = fit.params[1:]
        covariance = np.cov(np.column_stack([z[:, 1:], y]), rowvar=False)
        contribution, shares = beta * total / years, beta * covariance[:-1, -1] / covariance[-1, -1]
        rest = [1 - shares.sum(), fit.rsquared, (covariance[-1, -1] * 252) ** 0.5]
        drift = (level.iloc[-1] - level.iloc[0]) / years - contribution.sum()
        return np.array([*beta, fit.params[0], *contribution, drift, *shares, *rest])

    def arch():
        bootstrap = StationaryBootstrap(length, d, x, seed=np.random.default_rng(1))
        indices = []

        def remember(y, z):
            indices.append(bootstrap.index)
            return decompose(y, z)

        return bootstrap.apply(remember, DRAWS), indices[1:]

    expected, indices = arch()
    found = bootstrap_decomposition(level, drivers, indices=np.array(indices)).replicates
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-13)
    seconds = race(
        f"bootstrap of a decomposition, {DRAWS:,} draws, {SESSIONS} sessions, 5 drivers, block {length:.1f}",
        5,
        ours=lambda: bootstrap_decomposition(level, drivers, draws=DRAWS, seed=1),
        arch=arch,
    )
    assert seconds["arch"] >= 50 * seconds["ours"]
