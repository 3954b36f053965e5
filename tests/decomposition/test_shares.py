"""Shares of variance against brute force, published values and algebra."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import sqrtm
from scipy.signal import lfilter
from statsmodels.regression.linear_model import OLS

from research.decomposition import euler_share_intervals, euler_shares, johnson, lmg, lmg_shares
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


def test_nothing_explains_where_there_is_no_driver():
    """With an empty set of components the remainder is everything, and no driver has a share of R²."""
    total = pd.Series([0.0, 1.0, -1.0, 2.0, 1.5, 3.0], pd.bdate_range("2025-01-06", periods=6))
    found = lmg_shares(pd.DataFrame(index=total.index), total, [1, 2])
    assert found.shape == (0, 2)
    assert euler_shares(total.to_frame("unexplained"), total, [1, 2]).to_numpy() == pytest.approx(1.0)
    with pytest.raises(ParameterError, match="square matrix"):
        lmg(1.0)


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


# R's `swiss`: 47 provinces about 1888; fertility, agriculture, examination, education, catholic, infant mortality.
SWISS_TEXT = """
    80.2 17.0 15 12  9.96 22.2   83.1 45.1  6  9 84.84 22.2   92.5 39.7  5  5 93.40 20.2   85.8 36.5 12  7 33.77 20.3
    76.9 43.5 17 15  5.16 20.6   76.1 35.3  9  7 90.57 26.6   83.8 70.2 16  7 92.85 23.6   92.4 67.8 14  8 97.16 24.9
    82.4 53.3 12  7 97.67 21.0   82.9 45.2 16 13 91.38 24.4   87.1 64.5 14  6 98.61 24.5   64.1 62.0 21 12  8.52 16.5
    66.9 67.5 14  7  2.27 19.1   68.9 60.7 19 12  4.43 22.7   61.7 69.3 22  5  2.82 18.7   68.3 72.6 18  2 24.20 21.2
    71.7 34.0 17  8  3.30 20.0   55.7 19.4 26 28 12.11 20.2   54.3 15.2 31 20  2.15 10.8   65.1 73.0 19  9  2.84 20.0
    65.5 59.8 22 10  5.23 18.0   65.0 55.1 14  3  4.52 22.4   56.6 50.9 22 12 15.14 16.7   57.4 54.1 20  6  4.20 15.3
    72.5 71.2 12  1  2.40 21.0   74.2 58.1 14  8  5.23 23.8   72.0 63.5  6  3  2.56 18.0   60.5 60.8 16 10  7.72 16.3
    58.3 26.8 25 19 18.46 20.9   65.4 49.5 15  8  6.10 22.5   75.5 85.9  3  2 99.71 15.1   69.3 84.9  7  6 99.68 19.8
    77.3 89.7  5  2 100.0 18.3   70.5 78.2 12  6 98.96 19.4   79.4 64.9  7  3 98.22 20.2   65.0 75.9  9  9 99.06 17.8
    92.2 84.6  3  3 99.46 16.3   79.3 63.1 13 13 96.83 18.1   70.4 38.4 26 12  5.62 20.3   65.7  7.7 29 11 13.79 20.5
    72.7 16.7 22 13 11.22 18.9   64.4 17.6 35 32 16.92 23.0   77.6 37.6 15  7  4.97 20.0   67.6 18.7 25  7  8.65 19.5
    35.0  1.2 37 53 42.34 18.0   44.7 46.6 16 29 50.43 18.2   42.8 27.7 22 29 58.33 19.3"""
SWISS = np.array(SWISS_TEXT.split(), dtype=float).reshape(47, 6)
COVARIANCE = np.cov(SWISS, rowvar=False)


def test_swiss_is_complete():
    fit = OLS(SWISS[:, 0], np.column_stack([np.ones(47), SWISS[:, 1:]])).fit()
    assert fit.rsquared == pytest.approx(0.706735001593, abs=1e-12)


def test_lmg_on_swiss():
    printed = [0.0570912207681, 0.1711730289002, 0.2601346786244, 0.1055701503735, 0.1127659229265]
    found = lmg(COVARIANCE)
    np.testing.assert_allclose(found, printed, atol=1e-12)
    shares = [0.0807816517357, 0.2422025632160, 0.3680795178364, 0.1493772773891, 0.1595589898228]
    np.testing.assert_allclose(found / found.sum(), shares, atol=1e-12)


def test_johnson_on_swiss():
    printed = [0.048416895812, 0.154708249806, 0.271964104646, 0.114680029948, 0.116965721381]
    np.testing.assert_allclose(johnson(COVARIANCE), printed, atol=1e-12)


def test_johnson_published_two_regressors():
    matrix = [[1.0, 0.6, 0.4], [0.6, 1.0, 0.5], [0.4, 0.5, 1.0]]
    np.testing.assert_allclose(johnson(matrix), [0.28667, 0.08667], atol=5e-6)
    np.testing.assert_allclose(johnson(matrix), lmg(matrix), rtol=1e-12)


@given(seed=st.integers(0, 10_000), count=st.integers(1, 8))
@settings(max_examples=40)
def test_johnson_is_its_definition_sums_and_ignores_units(seed, count):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((100, count)) @ rng.standard_normal((count, count))
    y = x.sum(axis=1) + rng.standard_normal(100)
    matrix = np.cov(np.column_stack([y, x]), rowvar=False)
    found = johnson(matrix)
    r = np.corrcoef(np.column_stack([y, x]), rowvar=False)
    root = np.real(sqrtm(r[1:, 1:]))
    np.testing.assert_allclose(found, root**2 @ np.linalg.solve(root, r[1:, 0]) ** 2, rtol=1e-6, atol=1e-10)
    fit = OLS(y, np.column_stack([np.ones(100), x])).fit()
    assert found.sum() == pytest.approx(fit.rsquared, rel=1e-8)
    scale = np.diag(rng.uniform(1e-3, 1e3, count + 1))
    np.testing.assert_allclose(johnson(scale @ matrix @ scale), found, rtol=1e-6, atol=1e-12)


def test_johnson_at_its_edges():
    np.testing.assert_allclose(johnson([[1, 0.6, 0.6], [0.6, 1, 1], [0.6, 1, 1]]), [0.18, 0.18], rtol=1e-8)
    np.testing.assert_array_equal(johnson([[1.0, 0.0, 0.5], [0.0, 0.0, 0.0], [0.5, 0.0, 1.0]]), [0.0, 0.25])
    np.testing.assert_array_equal(johnson(np.zeros((3, 3))), [0.0, 0.0])
    assert johnson([[1.0]]).size == 0
    for bad in (np.ones((2, 3)), np.full((2, 2), np.nan), -np.eye(3), [1.0, 2.0]):
        with pytest.raises(ParameterError):
            johnson(bad)


class TestIntervals:
    """The intervals of Euler shares: algebra, and what they cover where the shares are known."""

    def parts(self, rng: np.random.Generator, slope: float, wander: float, sessions: int) -> pd.DataFrame:
        """A premium of deviation 1 that reverts, and a net asset value that wanders."""
        shocks = np.sqrt(1 - slope**2) * rng.standard_normal(sessions + 200)
        premium = lfilter([1.0], [1.0, -slope], shocks)[200:]
        return pd.DataFrame({"premium": premium, "nav": np.cumsum(wander * rng.standard_normal(sessions))})

    def test_two_parts_mirror_each_other(self):
        parts = self.parts(np.random.default_rng(1), 0.5, 0.5, 400)
        total = parts.sum(axis=1)
        found, shares = euler_share_intervals(parts, total, [1, 5]), euler_shares(parts, total, [1, 5])
        for horizon in (1, 5):
            low, high = found[horizon, "lower"], found[horizon, "upper"]
            assert low["premium"] == pytest.approx(1 - high["nav"], abs=1e-12)
            np.testing.assert_allclose((low + high) / 2, shares[horizon], atol=1e-12)

    def test_neither_scale_nor_a_steady_drift_matters(self):
        parts = self.parts(np.random.default_rng(2), 0.5, 0.5, 400)
        drift = pd.DataFrame({"premium": 0.0, "nav": 0.01 * np.arange(400)})
        moved = 1e-4 * (parts + drift)
        expected = euler_share_intervals(parts, parts.sum(axis=1), [5])
        pd.testing.assert_frame_equal(euler_share_intervals(moved, moved.sum(axis=1), [5]), expected)

    def test_what_is_all_of_it_has_no_width(self):
        parts = self.parts(np.random.default_rng(3), 0.5, 0.5, 100)[["nav"]]
        found = euler_share_intervals(parts, parts["nav"], [1])
        assert found.to_numpy() == pytest.approx(1.0, abs=1e-12)

    def test_too_few_horizons_have_none(self):
        parts = self.parts(np.random.default_rng(4), 0.5, 0.5, 252)
        assert euler_share_intervals(parts, parts.sum(axis=1), [21]).notna().all(axis=None)
        assert euler_share_intervals(parts.iloc[1:], parts.iloc[1:].sum(axis=1), [21]).isna().all(axis=None)

    @pytest.mark.parametrize(("slope", "wander"), [(0.0, 0.5), (0.8, 0.3), (0.0, 1.5)])
    def test_the_share_is_covered(self, slope, wander):
        rng, draws, horizons = np.random.default_rng([7, int(10 * slope)]), 250, (1, 5, 21)
        premium = {h: 2 * (1 - slope**h) for h in horizons}
        truth = {h: premium[h] / (premium[h] + h * wander**2) for h in horizons}
        held = dict.fromkeys(horizons, 0)
        for _ in range(draws):
            parts = self.parts(rng, slope, wander, 504)
            low_high = euler_share_intervals(parts, parts.sum(axis=1), horizons).loc["premium"]
            for h in horizons:
                held[h] += low_high[h, "lower"] <= truth[h] <= low_high[h, "upper"]
        for h in horizons:
            covered = held[h] / draws
            assert covered + 2 * np.sqrt(covered * (1 - covered) / draws) >= 0.92, h
