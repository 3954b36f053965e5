"""Other programs asked the same: statsmodels for regressions and autocorrelations, numpy and scipy for the rest."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.tsa.stattools import acf

from research import metrics
from research.errors import ParameterError

RNG = np.random.default_rng(21)
BENCHMARK = pd.Series(RNG.normal(0, 0.03, 300))
FUND = 0.97 * BENCHMARK - 1e-4 + pd.Series(RNG.standard_t(4, 300)) * 1e-3


def test_regression_against_statsmodels():
    fit = sm.OLS(FUND, sm.add_constant(BENCHMARK)).fit()
    assert metrics.beta(FUND, BENCHMARK) == pytest.approx(fit.params.iloc[1], rel=1e-11)
    assert metrics.correlation(FUND, BENCHMARK) == pytest.approx(fit.rsquared**0.5, rel=1e-12)
    found = metrics.residual_tracking_error(FUND, BENCHMARK, periods_per_year=252)
    assert found == pytest.approx((fit.mse_resid * 252) ** 0.5, rel=1e-11)


def test_autocorrelation_against_statsmodels():
    found = metrics.divergence_autocorrelation(FUND, BENCHMARK, lags=20)
    np.testing.assert_allclose(found, acf(FUND - BENCHMARK, nlags=20)[1:], rtol=1e-9, atol=1e-15)
    gap = FUND.copy()
    gap.iloc[100] = np.nan
    found = metrics.divergence_autocorrelation(gap, BENCHMARK, lags=5)
    # statsmodels' "conservative" treatment is the same: products with a missing value do not enter.
    np.testing.assert_allclose(found, acf(gap - BENCHMARK, nlags=5, missing="conservative")[1:], rtol=1e-9)


def test_adjusted_tracking_error_of_premium_noise():
    # A level that is noise: divergences are a moving average with autocorrelation −0.5 at one lag. Over q periods
    # the true deviation is √2·σ whatever q, and the adjustment with one lag must find it.
    rng = np.random.default_rng(5)
    noise = rng.normal(0, 1e-3, 200_001)
    fund, benchmark = pd.Series(np.diff(noise)), pd.Series(np.zeros(200_000))
    naive = metrics.tracking_error(fund, benchmark, periods_per_year=12)
    found = metrics.autocorrelation_adjusted_tracking_error(fund, benchmark, periods_per_year=12, lags=1)
    assert naive == pytest.approx(1e-3 * 24**0.5, rel=0.01)
    assert found == pytest.approx(1e-3 * 2**0.5, rel=0.03)


def test_adjusted_tracking_error_of_an_autoregression():
    # The variance of a sum of q autoregressive divergences, by simulation of the sums themselves.
    rng = np.random.default_rng(6)
    shocks = rng.normal(0, 1e-3, 240_000)
    series = np.empty_like(shocks)
    series[0] = shocks[0]
    for t in range(1, len(shocks)):
        series[t] = -0.3 * series[t - 1] + shocks[t]
    fund, benchmark = pd.Series(series), pd.Series(np.zeros(len(series)))
    sums = series.reshape(-1, 12).sum(axis=1).std(ddof=1)
    found = metrics.ar1_adjusted_tracking_error(fund, benchmark, periods_per_year=12)
    assert found == pytest.approx(sums, rel=0.02)
    few = metrics.autocorrelation_adjusted_tracking_error(fund, benchmark, periods_per_year=12, lags=11)
    assert few == pytest.approx(sums, rel=0.02)


def test_adjusted_tracking_error_for_one_period_is_the_deviation():
    for function, options in (
        (metrics.autocorrelation_adjusted_tracking_error, {"lags": 5}),
        (metrics.ar1_adjusted_tracking_error, {}),
    ):
        found = function(FUND, BENCHMARK, periods_per_year=1, **options)
        assert found == pytest.approx((FUND - BENCHMARK).std(), rel=1e-12)


def test_lags_beyond_the_sample():
    found = metrics.divergence_autocorrelation(FUND.iloc[:3], BENCHMARK.iloc[:3], lags=5)
    assert found.notna().tolist() == [True, True, False, False, False]
    with pytest.raises(ParameterError, match="lags"):
        metrics.divergence_autocorrelation(FUND, BENCHMARK, lags=0)


PREMIUM = pd.Series(RNG.normal(0.0002, 0.002, 250))


def test_premium_statistics_against_numpy():
    gap = PREMIUM.copy()
    gap.iloc[[3, 50]] = np.nan
    there = gap.dropna().to_numpy()
    table = metrics.premium_statistics(gap, percentiles=(5, 50, 95), bands=(0.001, 0.0025))
    assert table.index.tolist() == [
        "count", "mean", "mean_absolute", "sd", "min", "p5", "p50", "p95", "max",
        "days_outside_10bp", "days_outside_25bp",
    ]  # fmt: skip
    expected = [
        248, there.mean(), abs(there).mean(), there.std(ddof=1), there.min(), *np.percentile(there, [5, 50, 95]),
        there.max(), (abs(there) > 0.001).sum(), (abs(there) > 0.0025).sum(),
    ]  # fmt: skip
    np.testing.assert_allclose(table, expected, rtol=1e-12)
    assert metrics.premium_mean(gap) == pytest.approx(there.mean(), rel=1e-12)
    assert metrics.premium_deviation(gap) == pytest.approx(there.std(ddof=1), rel=1e-12)
    np.testing.assert_allclose(metrics.premium_percentiles(gap, (1, 99)), np.percentile(there, [1, 99]), rtol=1e-12)
    with pytest.raises(ParameterError, match="percentile"):
        metrics.premium_percentiles(gap, (101,))
    with pytest.raises(ParameterError, match="band"):
        metrics.days_outside(gap, -0.1)


def test_days_outside_counts_both_sides_and_not_the_band_itself():
    premium = pd.Series([0.005, -0.005, 0.0051, -0.0051, 0.0, np.nan])
    assert metrics.days_outside(premium, 0.005) == 2


def autoregressions(rho, funds, sessions, seed):
    rng = np.random.default_rng(seed)
    level = np.zeros((sessions, funds))
    level[0] = rng.normal(0, 1 / np.sqrt(1 - rho**2), funds)
    for t in range(1, sessions):
        level[t] = rho * level[t - 1] + rng.normal(size=funds)
    return pd.DataFrame(level)


def test_autoregression_against_statsmodels():
    series = autoregressions(0.6, 1, 200, 3)[0]
    fit = sm.OLS(series.to_numpy()[1:], sm.add_constant(series.to_numpy()[:-1])).fit()
    found = metrics.premium_reversion(series)
    assert found.pairs == 199
    assert found.least_squares == pytest.approx(fit.params[1], rel=1e-10)
    assert found.std_error == pytest.approx(fit.bse[1] * 199 / 196, rel=1e-10)
    assert found.coefficient == pytest.approx((199 * fit.params[1] + 1) / 196, rel=1e-10)
    assert metrics.premium_autoregression(series) == found.coefficient
    assert metrics.premium_half_life(series) == found.half_life == metrics.half_life(found.coefficient)
    wide = metrics.premium_reversion(series, confidence=0.99)
    assert wide.interval[0] < found.interval[0] < found.coefficient < found.interval[1] < wide.interval[1]
    margin = stats.norm.ppf(0.975) * found.std_error
    assert found.interval[1] == pytest.approx(found.coefficient + margin, rel=1e-12)


def test_a_gap_costs_two_pairs():
    series = autoregressions(0.6, 1, 200, 3)[0]
    series.iloc[50] = np.nan
    rows = pd.DataFrame({"now": series, "before": series.shift()}).dropna()
    fit = sm.OLS(rows["now"], sm.add_constant(rows["before"])).fit()
    found = metrics.premium_reversion(series)
    assert found.pairs == 197
    assert found.least_squares == pytest.approx(fit.params["before"], rel=1e-10)


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9])
def test_correction_removes_the_bias(rho):
    # 4,000 funds of 60 sessions: least squares is out by (1 + 3ρ)/n, the correction leaves a tenth of that.
    panel = autoregressions(rho, 4000, 60, 17)
    corrected = metrics.premium_autoregression(panel).mean() - rho
    bias = (1 + 3 * rho) / 59
    assert corrected == pytest.approx(0.0, abs=0.2 * bias + 0.003)


@pytest.mark.parametrize(("rho", "sessions"), [(0.2, 250), (0.6, 250), (0.9, 540)])
def test_interval_covers(rho, sessions):
    panel = autoregressions(rho, 1000, sessions, 29)
    fits = [metrics.premium_reversion(panel[fund]) for fund in panel]
    covered = np.mean([fit.interval[0] <= rho <= fit.interval[1] for fit in fits])
    true = metrics.half_life(rho)
    of_half_life = np.mean([fit.half_life_interval[0] <= true <= fit.half_life_interval[1] for fit in fits])
    assert 0.92 <= covered <= 0.98
    assert of_half_life == covered


def test_half_life_and_too_little_data():
    assert metrics.half_life(0.25) == pytest.approx(0.5)
    assert metrics.half_life(0.0) == 0.0
    assert metrics.half_life(1.2) == np.inf
    assert np.isnan(metrics.half_life(float("nan")))
    short = metrics.premium_reversion(pd.Series([0.1, 0.2, 0.1]))
    assert np.isnan(short.coefficient)
    assert np.isnan(short.half_life_interval).all()
    with pytest.raises(ParameterError, match="confidence"):
        metrics.premium_reversion(PREMIUM, confidence=95)
    with pytest.raises(ParameterError, match="takes one Series"):
        metrics.premium_reversion(PREMIUM.to_frame())
