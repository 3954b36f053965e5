"""Shares of variance against brute force, published values and algebra."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.regression.linear_model import OLS

from research.decomposition import euler_shares, lmg, lmg_shares
from research.errors import AlignmentError, ParameterError


def brute_force(y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """LMG by its definition: average gain in R² over all orderings of ordinary least squares."""

    def r_squared(columns: tuple[int, ...]) -> float:
        if not columns:
            return 0.0
        return float(OLS(y, np.column_stack([np.ones(len(y)), x[:, columns]])).fit().rsquared)

    count = x.shape[1]
    gains = np.zeros(count)
    orders = list(permutations(range(count)))
    for order in orders:
        for place, column in enumerate(order):
            gains[column] += r_squared(order[: place + 1]) - r_squared(order[:place])
    return gains / len(orders)


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_lmg_equals_its_definition(count):
    rng = np.random.default_rng(count)
    x = rng.standard_normal((80, count)) @ rng.standard_normal((count, count))
    y = x @ rng.standard_normal(count) + rng.standard_normal(80)
    np.testing.assert_allclose(lmg(np.cov(np.column_stack([y, x]), rowvar=False)), brute_force(y, x), rtol=1e-10)


def test_lmg_published_two_regressors():
    """Johnson (2000): two regressors, where LMG and relative weights agree (studies 6)."""
    shares = lmg([[1.0, 0.6, 0.4], [0.6, 1.0, 0.5], [0.4, 0.5, 1.0]])
    np.testing.assert_allclose(shares, [0.28667, 0.08667], atol=5e-6)


@given(seed=st.integers(0, 10_000), count=st.integers(1, 6))
@settings(max_examples=40)
def test_lmg_sums_to_r_squared_and_ignores_units(seed, count):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((60, count))
    y = x.sum(axis=1) + rng.standard_normal(60)
    matrix = np.cov(np.column_stack([y, x]), rowvar=False)
    shares = lmg(matrix)
    fit = OLS(y, np.column_stack([np.ones(60), x])).fit()
    assert shares.sum() == pytest.approx(fit.rsquared, rel=1e-9)
    assert (shares > -1e-12).all()
    scale = np.diag(rng.uniform(1e-3, 1e3, count + 1))
    np.testing.assert_allclose(lmg(scale @ matrix @ scale), shares, rtol=1e-6)


def test_lmg_of_uncorrelated_regressors_is_squared_correlation():
    np.testing.assert_allclose(lmg([[1, 0.3, 0.5], [0.3, 1, 0], [0.5, 0, 1]]), [0.09, 0.25])


def test_lmg_of_copies_is_shared_evenly():
    np.testing.assert_allclose(lmg([[1, 0.6, 0.6], [0.6, 1, 1], [0.6, 1, 1]]), [0.18, 0.18], rtol=1e-8)


def test_lmg_without_variance():
    np.testing.assert_array_equal(lmg([[1.0, 0.0, 0.5], [0.0, 0.0, 0.0], [0.5, 0.0, 1.0]]), [0.0, 0.25])
    np.testing.assert_array_equal(lmg(np.zeros((3, 3))), [0.0, 0.0])
    assert lmg([[1.0]]).size == 0


@pytest.mark.parametrize("bad", [np.ones((2, 3)), np.full((2, 2), np.nan), np.eye(18)])
def test_lmg_refuses(bad):
    with pytest.raises(ParameterError):
        lmg(bad)


@given(seed=st.integers(0, 10_000), horizon=st.integers(1, 20))
@settings(max_examples=40)
def test_euler_shares_sum_to_one(seed, horizon):
    rng = np.random.default_rng(seed)
    parts = pd.DataFrame(rng.standard_normal((60, 3)).cumsum(axis=0), columns=list("abc"))
    shares = euler_shares(parts, parts.sum(axis=1), [horizon])
    assert float(shares[horizon].sum()) == pytest.approx(1.0, abs=1e-12)


def test_euler_share_of_the_only_part_is_one_and_of_noise_may_be_negative():
    parts = pd.DataFrame({"x": [0.0, 1.0, 0.0, 1.0, 0.0], "y": [0.0, -0.5, 0.0, -0.5, 0.0]})
    shares = euler_shares(parts, parts.sum(axis=1), [1])[1]
    assert shares["x"] == pytest.approx(2.0)
    assert shares["y"] == pytest.approx(-1.0)


def test_shares_are_nan_without_variance_or_sample():
    parts = pd.DataFrame({"x": [0.0, 0.0, 0.0]})
    assert euler_shares(parts, parts["x"], [1, 50]).isna().all().all()
    assert lmg_shares(parts, parts["x"], [1, 50]).isna().all().all()


def test_shares_refuse():
    parts = pd.DataFrame({"x": [0.0, 1.0, 0.0]})
    with pytest.raises(AlignmentError):
        euler_shares(parts, pd.Series([1.0, 2.0]), [1])
    with pytest.raises(AlignmentError):
        lmg_shares(parts, pd.Series([1.0, 2.0]), [1])
    with pytest.raises(ParameterError, match="whole numbers"):
        euler_shares(parts, parts["x"], [0])
