"""Moving windows against pandas' own, against exact arithmetic where pandas' running sums drift, and their limits."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from research import metrics
from research.errors import DataError, ParameterError
from research.metrics import _moving as moving


def data(rows, columns, seed=0, holes=0.0):
    rng = np.random.default_rng(seed)
    benchmark = pd.Series(rng.normal(0, 0.03, rows))
    funds = pd.DataFrame(benchmark.to_numpy()[:, None] + rng.normal(-1e-5, 1e-3, (rows, columns)))
    funds[rng.random(funds.shape) < holes] = np.nan
    return funds, benchmark


@settings(max_examples=60)
@given(
    st.integers(1, 130), st.integers(1, 40), st.integers(2, 70), st.sampled_from([0.0, 0.1, 0.7]), st.integers(0, 99)
)
def test_rolling_against_pandas(rows, columns, window, holes, seed):
    funds, benchmark = data(rows, columns, seed, holes)
    difference = funds.sub(benchmark, axis=0)
    least = max(2, window // 3)
    for needed in (None, least):
        pandas = difference.rolling(window, min_periods=needed or window)
        found = metrics.rolling_tracking_error(funds, benchmark, window=window, periods_per_year=252, min_count=needed)
        np.testing.assert_allclose(found, pandas.std() * 252**0.5, rtol=1e-9)
        found = metrics.rolling_mean_absolute_divergence(funds, benchmark, window=window, min_count=needed)
        np.testing.assert_allclose(
            found, difference.abs().rolling(window, min_periods=needed or window).mean(), rtol=1e-9
        )
        found = metrics.rolling_root_mean_square_divergence(
            funds, benchmark, window=window, periods_per_year=1, min_count=needed
        )
        squares = (difference**2).rolling(window, min_periods=needed or window).mean()
        np.testing.assert_allclose(found, squares**0.5, rtol=1e-9)
    found = metrics.expanding_tracking_error(funds, benchmark, periods_per_year=252, min_count=least)
    np.testing.assert_allclose(found, difference.expanding(least).std() * 252**0.5, rtol=1e-9)


@pytest.mark.parametrize("holes", [0.0, 0.1])
def test_rolling_beta_and_correlation_against_pandas(holes):
    funds, benchmark = data(300, 3, 1, holes)
    for column in funds:
        complete = benchmark.where(funds[column].notna())
        beta = funds[column].rolling(60, min_periods=40).cov(complete) / complete.rolling(60, min_periods=40).var()
        correlation = funds[column].rolling(60, min_periods=40).corr(complete)
        found = metrics.rolling_beta(funds, benchmark, window=60, min_count=40)[column]
        np.testing.assert_allclose(found, beta, rtol=1e-9)
        found = metrics.rolling_correlation(funds, benchmark, window=60, min_count=40)[column]
        np.testing.assert_allclose(found, correlation, rtol=1e-9)


def exact_variance(values) -> float:
    numbers = [Fraction(float(v)) for v in values]
    mean = sum(numbers) / len(numbers)
    return float(sum((v - mean) ** 2 for v in numbers) / (len(numbers) - 1))


def test_a_value_that_left_the_window_leaves_no_error_behind():
    rng = np.random.default_rng(2)
    x = rng.normal(0, 1e-6, 300)
    x[40] = 1e3  # a misprint, then quiet again: running sums never recover from it
    found = moving.moving_variance(x[:, None], 30, 30)[:, 0]
    for row in (45, 69, 70, 71, 100, 299):
        assert found[row] == pytest.approx(exact_variance(x[row - 29 : row + 1]), rel=1e-9)


@pytest.mark.parametrize("holes", [0.0, 0.05])
def test_updated_windows_keep_nine_digits(holes):
    # Noise whose size changes by up to a thousand, outliers, means far from zero: all that strains an updated window.
    rng = np.random.default_rng(3)
    size = np.exp(np.cumsum(rng.normal(0, 0.15, (1500, 60)), axis=0))
    x = size * rng.standard_normal((1500, 60)) + rng.choice([0, 1, 30], 60)
    x[rng.integers(0, 1500, 20), rng.integers(0, 60, 20)] *= 50
    x[rng.random(x.shape) < holes] = np.nan
    found = moving.moving_variance(x, 60, 40)
    exact = np.column_stack([moving._variance(c - np.nanmean(c), 60, 40) for c in np.split(x.copy(), 60, axis=1)])
    np.testing.assert_allclose(found, exact, rtol=2e-9)


def test_side_by_side_is_one_after_the_other(monkeypatch):
    funds, benchmark = data(200, 300, 4, 0.01)
    alone = metrics.rolling_tracking_error(funds, benchmark, window=20, periods_per_year=252, min_count=10)
    monkeypatch.setattr(moving, "LARGE", 1)
    monkeypatch.setattr(moving.os, "cpu_count", lambda: 3)
    together = metrics.rolling_tracking_error(funds, benchmark, window=20, periods_per_year=252, min_count=10)
    pd.testing.assert_frame_equal(alone, together)


def test_a_steady_divergence_far_from_its_mean():
    rng = np.random.default_rng(6)
    x = np.r_[rng.normal(0, 1, 200), 5 + rng.normal(0, 1e-8, 200)]
    found = moving.moving_variance(x[:, None], 50, 50)[:, 0]
    for row in (60, 220, 249, 250, 330, 399):
        assert found[row] == pytest.approx(exact_variance(x[row - 49 : row + 1]), rel=1e-7)
    assert moving.moving_variance(np.full((100, 1), 0.1), 7, 7)[6:].max() == 0


def test_expanding_keeps_its_digits_on_a_large_mean():
    rng = np.random.default_rng(8)
    x = 1e6 + rng.normal(0, 1e-3, 400)
    found = moving.expanding_variance(x[:, None], 2)[:, 0]
    for row in (1, 10, 399):
        assert found[row] == pytest.approx(exact_variance(x[: row + 1]), rel=1e-6)


def test_windows_longer_than_the_sample():
    funds, benchmark = data(10, 2)
    assert metrics.rolling_tracking_error(funds, benchmark, window=60, periods_per_year=252).isna().all(axis=None)
    some = metrics.rolling_tracking_error(funds, benchmark, window=60, periods_per_year=252, min_count=10)
    whole = metrics.tracking_error(funds, benchmark, periods_per_year=252)
    np.testing.assert_allclose(some.iloc[-1], whole, rtol=1e-12)


def test_rolling_tracking_difference_counts_days():
    sessions = pd.bdate_range("2024-01-01", "2025-06-30")
    days = (sessions - sessions[0]).days
    level = pd.Series(-0.0025 * days / 365, index=sessions)
    level.iloc[100] = np.nan
    found = metrics.rolling_tracking_difference_log(level, window=21)
    expected = pd.Series(-0.0025, index=sessions)
    expected.iloc[:21] = np.nan
    expected.iloc[[100, 121]] = np.nan
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    with pytest.raises(DataError, match="not indexed by dates"):
        metrics.rolling_tracking_difference_log(level.reset_index(drop=True), window=21)
    assert metrics.rolling_tracking_difference_log(level.iloc[:5], window=21).isna().all()


@pytest.mark.parametrize("window", [1, 0, -3, 2.5, True])
def test_window(window):
    funds, benchmark = data(10, 2)
    with pytest.raises(ParameterError, match="window"):
        metrics.rolling_tracking_error(funds, benchmark, window=window, periods_per_year=252)


@pytest.mark.parametrize("count", [0, 6, 2.5, math.inf])
def test_min_count(count):
    funds, benchmark = data(10, 2)
    with pytest.raises(ParameterError, match="min_count"):
        metrics.rolling_tracking_error(funds, benchmark, window=5, periods_per_year=252, min_count=count)
    if count != 6:
        with pytest.raises(ParameterError, match="min_count"):
            metrics.expanding_tracking_error(funds, benchmark, periods_per_year=252, min_count=count)


@pytest.mark.parametrize("horizons", [(0,), (1.5,), (), (5, 5), (True,)])
def test_horizons(horizons):
    funds, benchmark = data(10, 2)
    with pytest.raises(ParameterError, match="horizon"):
        metrics.horizon_tracking_error(funds, benchmark, periods_per_year=252, horizons=horizons)


def test_horizon_of_noise_and_of_a_random_walk():
    # White noise in the level: TE falls as 1/√h. A random walk: the same at every horizon.
    rng = np.random.default_rng(12)
    noise, walk = rng.normal(0, 1e-3, 100_000), rng.normal(0, 1e-3, 100_000).cumsum()
    table = metrics.horizon_tracking_error_of_level(
        pd.DataFrame({"noise": noise, "walk": walk}), periods_per_year=252, horizons=(1, 5, 21)
    )
    np.testing.assert_allclose(table["noise"] * np.sqrt([1, 5, 21]), 1e-3 * (2 * 252) ** 0.5, rtol=0.02)
    np.testing.assert_allclose(table["walk"], 1e-3 * 252**0.5, rtol=0.04)
