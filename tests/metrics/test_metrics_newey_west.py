"""Long-run variances: Greene's investment data in three conventions, statsmodels, and fixed-b theory by simulation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from research.errors import ParameterError, SampleError
from research.metrics import (
    bandwidth_lags,
    bartlett_covariance,
    critical_value,
    newey_west_covariance,
    rolling_regression,
)

# Greene (1993), table 15.1: nominal GNP, investment, price index, interest rate, United States 1963 to 1982.
GREENE = """
    596.7  90.9 0.7167  3.23    637.7  97.4 0.7277  3.55    691.1 113.5 0.7436  4.04    756.0 125.7 0.7676  4.50
    799.6 122.8 0.7906  4.19    873.4 133.3 0.8254  5.16    944.0 149.3 0.8679  5.87    992.7 144.2 0.9145  5.95
   1077.6 166.4 0.9601  4.88   1185.9 195.0 1.0000  4.50   1326.4 229.8 1.0575  6.44   1434.2 228.7 1.1508  7.83
   1549.2 206.1 1.2579  6.25   1718.0 257.9 1.3234  5.50   1918.3 324.1 1.4005  5.46   2163.9 386.6 1.5042  7.46
   2417.8 423.0 1.6342 10.28   2631.7 401.9 1.7842 11.77   2954.1 474.9 1.9514 13.42   3073.0 414.5 2.0688 11.02"""


def greene():
    gnp, investment, price, interest = np.array(GREENE.split(), dtype=float).reshape(20, 4).T
    real_interest = interest[1:] - 100 * np.diff(price) / price[:-1]
    return (investment / price)[1:], np.column_stack([np.ones(19), (gnp / price)[1:], real_interest])


def fit(y, x):
    beta = np.linalg.lstsq(x, y, rcond=None)[0]
    return beta, y - x @ beta


def test_greene_coefficients():
    y, x = greene()
    beta, residual = fit(y, x)
    np.testing.assert_allclose(beta, [-12.53360, 0.16914, -1.00144], atol=5e-6)
    plain = residual @ residual / 16 * np.linalg.inv(x.T @ x)
    np.testing.assert_allclose(np.sqrt(np.diag(plain)), [24.91527, 0.02057, 2.36875], atol=5e-6)


def test_greene_in_three_conventions():
    y, x = greene()
    _, residual = fit(y, x)
    fixed = newey_west_covariance(x, residual, lags=4)
    np.testing.assert_allclose(
        fixed[np.triu_indices(3)][[0, 1, 2, 3]], [359.4170681, -0.3115505035, -4.089319305, 0.0002805888], rtol=2e-7
    )
    np.testing.assert_allclose(np.sqrt(np.diag(fixed)), [18.958, 0.016751, 3.3424], rtol=3e-5)
    corrected = newey_west_covariance(x, residual, lags=4, small_sample=True)
    np.testing.assert_allclose(np.sqrt(np.diag(corrected)), [20.659, 0.018254, 3.6423], rtol=3e-5)
    automatic = newey_west_covariance(x, residual, lags="automatic", prewhiten=True)
    np.testing.assert_allclose(np.diag(automatic), [594.1004817, 0.0005563172, 13.24912546], rtol=1e-7)


@pytest.mark.parametrize("small_sample", [False, True])
def test_rolling_regression_over_everything_is_greene(small_sample):
    y, x = greene()
    found = rolling_regression(pd.Series(y), pd.DataFrame(x[:, 1:]), window=19, bandwidth=4, small_sample=small_sample)
    expected = [20.659, 0.018254, 3.6423] if small_sample else [18.958, 0.016751, 3.3424]
    np.testing.assert_allclose(found.std_errors.iloc[-1], expected, rtol=3e-5)


@pytest.mark.parametrize("lags", [0, 1, 4, 9])
@pytest.mark.parametrize("small_sample", [False, True])
def test_against_statsmodels(lags, small_sample):
    rng = np.random.default_rng(4)
    x = sm.add_constant(rng.standard_normal((80, 2)))
    y = x @ [1.0, 2, 3] + np.cumsum(rng.standard_normal(80)) * 0.1
    other = sm.OLS(y, x).fit(cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": small_sample})
    found = newey_west_covariance(x, other.resid, lags=lags, small_sample=small_sample)
    np.testing.assert_allclose(found, other.cov_params(), rtol=1e-9)


def test_bartlett_is_positive_semidefinite():
    rng = np.random.default_rng(6)
    for lags in (0, 3, 30, 200):
        values = np.linalg.eigvalsh(bartlett_covariance(np.diff(rng.standard_normal((60, 3)), axis=0), lags))
        assert values.min() > -1e-12


def test_bandwidth():
    assert [bandwidth_lags("newey-west", n) for n in (100, 546, 2520)] == [4, 5, 8]
    assert bandwidth_lags("lazarus", 100) == 12
    assert bandwidth_lags(50, 20) == 19
    for bad in ("andrews", -1, 2.5, True):
        with pytest.raises(ParameterError, match="bandwidth"):
            bandwidth_lags(bad, 100)


def test_critical_values():
    assert critical_value(0.95, 0.0) == pytest.approx(1.959964, abs=1e-4)
    assert critical_value(0.90, 0.05) == pytest.approx(1.6449 + 2.1859 * 0.05 + 0.3142 * 0.05**2, abs=1e-3)
    levels = [critical_value(level, 0.1) for level in (0.5, 0.8, 0.9, 0.925, 0.95, 0.98, 0.99, 0.999)]
    assert levels == sorted(levels)
    with pytest.raises(ParameterError, match="confidence"):
        critical_value(95, 0.1)
    with pytest.raises(ParameterError, match="fraction"):
        critical_value(0.95, 1.5)


@pytest.mark.parametrize("fraction", [0.05, 0.1, 0.3])
def test_critical_values_by_simulation(fraction):
    # Means of 400 independent normals with a Bartlett variance of that bandwidth: 5 % lie beyond the critical value.
    rng = np.random.default_rng(8)
    n, lags = 400, int(fraction * 400) - 1
    x = rng.standard_normal((n, 5000))
    centred = x - x.mean(axis=0)
    spectrum = np.abs(np.fft.rfft(centred, 2 * n, axis=0)) ** 2
    gamma = np.fft.irfft(spectrum, axis=0)[: lags + 1] / n
    weights = 1 - np.arange(lags + 1) / (lags + 1)
    long_run = gamma[0] + 2 * weights[1:] @ gamma[1:]
    beyond = np.abs(x.mean(axis=0)) > critical_value(0.95, fraction) * np.sqrt(long_run / n)
    assert beyond.mean() == pytest.approx(0.05, abs=0.01)


def test_refusals():
    with pytest.raises(ParameterError, match="finite"):
        newey_west_covariance(np.ones((4, 1)), [1.0, 2, np.nan, 3], lags=1)
    with pytest.raises(SampleError):
        newey_west_covariance(np.ones((2, 2)), [1.0, 2.0], lags=1)
