"""LMG over ten drivers against a loop of least squares fits, one for each subset."""

from __future__ import annotations

from itertools import combinations
from math import factorial

import numpy as np
import pytest
from statsmodels.regression.linear_model import OLS

from research.decomposition import lmg
from research.decomposition.shares import johnson

COUNT = 10


@pytest.mark.bench
def test_lmg(race):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((504, COUNT)) @ rng.standard_normal((COUNT, COUNT))
    y = x.sum(axis=1) + rng.standard_normal(504)
    constant = np.ones((504, 1))

    def loop():
        worth = {(): 0.0}
        for size in range(1, COUNT + 1):
            for subset in combinations(range(COUNT), size):
                worth[subset] = OLS(y, np.hstack([constant, x[:, subset]])).fit().rsquared
        shares = np.zeros(COUNT)
        for subset, value in worth.items():
            for driver in set(range(COUNT)) - set(subset):
                weight = factorial(len(subset)) * factorial(COUNT - len(subset) - 1) / factorial(COUNT)
                shares[driver] += weight * (worth[tuple(sorted((*subset, driver)))] - value)
        return shares

    def ours():
        return lmg(np.cov(np.column_stack([y, x]), rowvar=False))

    np.testing.assert_allclose(ours(), loop(), rtol=1e-9)
    seconds = race(
        f"LMG over {COUNT} drivers",
        3,
        ours=ours,
        loop=loop,
        johnson=lambda: johnson(np.cov(np.column_stack([y, x]), rowvar=False)),
    )
    assert seconds["loop"] >= 20 * seconds["ours"]
