"""Intervals of premium percentiles and of ex-ante tracking error: algebra, another library, simulation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from scipy.signal import lfilter

from research.errors import AlignmentError, DataError, ParameterError
from research.metrics import (
    ewma_covariance,
    ex_ante_interval,
    ex_ante_tracking_error,
    hac_interval,
    premium_percentile_interval,
    premium_percentiles,
)


def holdings():
    return pd.Series({"A": 0.6, "B": 0.4}), pd.Series({"A": 0.5, "B": 0.5})


def returns(seed=0, count=504):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(0.03 * rng.standard_normal((count, 2)), columns=["A", "B"])


def test_percentiles_are_those_of_the_percentile_function():
    premium = pd.Series(np.random.default_rng(1).normal(0, 0.002, 300))
    premium.iloc[[3, 70]] = np.nan
    found = premium_percentile_interval(premium, (5, 50, 95))
    np.testing.assert_allclose(found["estimate"], premium_percentiles(premium, (5, 50, 95)), rtol=1e-14)
    assert found["nobs"].eq(298).all()


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_without_autocorrelation_the_interval_is_nearly_the_exact_binomial_one(share):
    """scipy inverts the binomial test on order statistics; the two differ by the discreteness of the sample."""
    premium = pd.Series(np.random.default_rng(2).normal(0, 0.002, 2000))
    ours = premium_percentile_interval(premium, (100 * share,), bandwidth=0).iloc[0]
    test = scipy.stats.quantile_test(premium.to_numpy(), p=share, q=float(ours["estimate"]))
    exact = test.confidence_interval(0.95)
    width = exact.high - exact.low
    assert abs(ours["lower"] - exact.low) < 0.1 * width
    assert abs(ours["upper"] - exact.high) < 0.1 * width


def test_autocorrelation_widens_the_interval():
    rng = np.random.default_rng(3)
    premium = pd.Series(lfilter([1.0], [1.0, -0.7], 0.002 * rng.standard_normal(1000)))
    wide = premium_percentile_interval(premium, (50,)).iloc[0]
    narrow = premium_percentile_interval(premium, (50,), bandwidth=0).iloc[0]
    assert wide["upper"] - wide["lower"] > 1.5 * (narrow["upper"] - narrow["lower"])


@pytest.mark.parametrize("coefficient", [0.0, 0.6])
def test_percentile_intervals_cover(coefficient):
    rng = np.random.default_rng(4)
    wanted = np.array([0.05, 0.5, 0.95])
    truth = scipy.stats.norm.ppf(wanted) * 0.002 / np.sqrt(1 - coefficient**2)
    hits, draws = np.zeros(3), 250
    for _ in range(draws):
        shocks = 0.002 * rng.standard_normal(704)
        found = premium_percentile_interval(pd.Series(lfilter([1.0], [1.0, -coefficient], shocks)[200:]), 100 * wanted)
        hits += (found["lower"].fillna(-np.inf) <= truth) & (truth <= found["upper"].fillna(np.inf))
    # Three Monte-Carlo errors around the 92 to 98 % that the house promises.
    assert ((hits / draws > 0.92 - 0.05) & (hits / draws <= 1.0)).all()
    assert (hits / draws).mean() > 0.92


def test_an_end_beyond_the_sample_is_open():
    found = premium_percentile_interval(pd.Series(np.random.default_rng(5).normal(0, 1, 40)), (1,))
    assert np.isnan(found["lower"].iloc[0])
    assert np.isfinite(found["upper"].iloc[0])


@pytest.mark.parametrize("percentile", [0, 100, -3, float("nan")])
def test_a_percentile_at_the_edge_is_refused(percentile):
    with pytest.raises(ParameterError, match="strictly between"):
        premium_percentile_interval(pd.Series([0.1, 0.2, 0.3]), (percentile,))


def test_short_and_empty_premiums_have_no_interval():
    short = premium_percentile_interval(pd.Series([0.1, 0.2, 0.3]), (50,)).iloc[0]
    assert short["estimate"] == pytest.approx(0.2)
    assert np.isnan(short["lower"])
    assert premium_percentile_interval(pd.Series([np.nan, np.nan]), (50,)).iloc[0][["estimate", "lower"]].isna().all()


def test_the_sample_interval_is_that_of_the_tracking_error_of_the_active_return():
    """a'Σa is the variance of the active return, so the measure's own interval must say the same."""
    weights, benchmark = holdings()
    table = returns()
    active = table @ (weights - benchmark)
    ours = ex_ante_interval(weights, benchmark, table, periods_per_year=252)
    theirs = hac_interval("tracking_error", active, active * 0.0, periods_per_year=252)
    assert ours.estimate == pytest.approx(theirs.estimate, rel=1e-12)
    # n against n − 1 in the standard error, nothing else.
    assert ours.std_error == pytest.approx(theirs.std_error, rel=3 / len(table))
    assert ours.lower == pytest.approx(theirs.lower, rel=1e-3)


def test_the_exponential_estimate_is_that_of_the_matrix():
    weights, benchmark = holdings()
    matrix = ewma_covariance(returns(), half_life=30, periods_per_year=252)
    found = ex_ante_interval(weights, benchmark, returns(), periods_per_year=252, half_life=30)
    assert found.estimate == pytest.approx(ex_ante_tracking_error(weights, benchmark, matrix), rel=1e-14)
    assert found.std_error > ex_ante_interval(weights, benchmark, returns(), periods_per_year=252).std_error


@pytest.mark.parametrize("half_life", [None, 60])
def test_ex_ante_intervals_cover(half_life):
    weights, benchmark = holdings()
    truth = 0.03 * np.sqrt(2 * 0.1**2 * 252)
    draws = 200
    hits = 0
    for seed in range(draws):
        found = ex_ante_interval(weights, benchmark, returns(seed), periods_per_year=252, half_life=half_life)
        hits += found.lower <= truth <= found.upper
    assert 0.89 <= hits / draws <= 1.0


def test_few_rows_zero_active_weights_and_other_assets():
    weights, benchmark = holdings()
    assert np.isnan(ex_ante_interval(weights, benchmark, returns(count=3), periods_per_year=252).estimate)
    same = ex_ante_interval(weights, weights, returns(), periods_per_year=252)
    assert same.estimate == 0.0
    assert np.isnan(same.lower)
    with pytest.raises(AlignmentError):
        ex_ante_interval(weights.rename({"B": "C"}), benchmark, returns(), periods_per_year=252)
    broken = returns()
    broken.iloc[3, 0] = np.inf
    with pytest.raises(DataError, match="inf"):
        ex_ante_interval(weights, benchmark, broken, periods_per_year=252)
