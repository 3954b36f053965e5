"""Rolling least squares against a fit of each window by statsmodels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from statsmodels.regression.rolling import RollingOLS

from research import metrics
from research.errors import AlignmentError, ParameterError, SampleError
from research.metrics import rolling_regression

RNG = np.random.default_rng(12)
X = pd.DataFrame({"market": RNG.normal(0, 0.03, 200), "carry": RNG.normal(0, 1, 200)})
Y = 0.98 * X["market"] + 1e-4 * X["carry"] + pd.Series(np.diff(RNG.normal(0, 1e-3, 201)))


@pytest.mark.parametrize("bandwidth", [0, 3, "newey-west", "lazarus"])
@pytest.mark.parametrize("small_sample", [True, False])
def test_every_window_against_statsmodels(bandwidth, small_sample):
    found = rolling_regression(Y, X, window=40, bandwidth=bandwidth, small_sample=small_sample)
    hac = {"maxlags": found.lags, "use_correction": small_sample}
    for row in (39, 40, 111, 199):
        part = slice(row - 39, row + 1)
        fit = sm.OLS(Y[part], sm.add_constant(X[part])).fit(cov_type="HAC", cov_kwds=hac)
        np.testing.assert_allclose(found.params.iloc[row], fit.params, rtol=1e-9)
        np.testing.assert_allclose(found.std_errors.iloc[row], fit.bse, rtol=1e-9)
    assert found.params.iloc[:39].isna().all(axis=None)


def test_coefficients_against_rolling_ols():
    found = rolling_regression(Y, X, window=60)
    other = RollingOLS(Y, sm.add_constant(X), window=60).fit()
    np.testing.assert_allclose(found.params, other.params, rtol=1e-7)
    single = rolling_regression(Y, X["market"], window=60)
    beta = metrics.rolling_beta(Y, X["market"], window=60)
    np.testing.assert_allclose(single.params["market"], beta, rtol=1e-9)


def test_without_a_constant():
    found = rolling_regression(Y, X, window=50, constant=False, bandwidth=2)
    fit = sm.OLS(Y[-50:], X[-50:]).fit(cov_type="HAC", cov_kwds={"maxlags": 2, "use_correction": True})
    np.testing.assert_allclose(found.std_errors.iloc[-1], fit.bse, rtol=1e-9)


def test_missing_rows_keep_their_place_and_weigh_nothing():
    y = Y.copy()
    y.iloc[[20, 21, 90]] = np.nan
    found = rolling_regression(y, X, window=40, min_count=35, bandwidth=2)
    part = slice(5, 45)
    known = y[part].notna()
    fit = sm.OLS(y[part][known], sm.add_constant(X[part][known])).fit()
    np.testing.assert_allclose(found.params.iloc[44], fit.params, rtol=1e-9)
    assert found.nobs.iloc[44] == 38
    # Scores at their true distance: Newey-West by hand with zeros in the gaps.
    design = sm.add_constant(X[part]).to_numpy()
    scores = np.where(known.to_numpy()[:, None], design * (y[part] - design @ fit.params).to_numpy()[:, None], 0)
    middle = scores.T @ scores
    for lag in (1, 2):
        product = scores[lag:].T @ scores[:-lag]
        middle += (1 - lag / 3) * (product + product.T)
    kept = design[known]
    bread = np.linalg.inv(kept.T @ kept)
    expected = np.sqrt(np.diag(bread @ middle @ bread) * 38 / 35)
    np.testing.assert_allclose(found.std_errors.iloc[44], expected, rtol=1e-9)
    strict = rolling_regression(y, X, window=40)
    assert strict.params.iloc[44].isna().all()


def test_a_window_that_cannot_tell_is_nan():
    x = X.copy()
    x.loc[:79, "carry"] = 1.0
    found = rolling_regression(Y, x, window=40)
    assert found.params.iloc[:80].isna().all(axis=None)
    assert found.params.iloc[81:].notna().all(axis=None)


def test_intervals_and_words():
    found = rolling_regression(Y, X, window=60)
    bounds = found.conf_int()
    assert (bounds["market", "lower"].iloc[59:] < found.params["market"].iloc[59:]).all()
    half = bounds["market", "upper"] - found.params["market"]
    factor = (half / found.std_errors["market"]).iloc[-1]
    assert factor == pytest.approx(metrics.critical_value(0.95, (found.lags + 1) / 60))
    assert "Newey-West errors with 3 lags" in str(found)
    assert "<table" in found._repr_html_()
    assert found.to_dict()["window"] == 60


def test_short_and_refused():
    assert rolling_regression(Y[:10], X[:10], window=40).params.isna().all(axis=None)
    with pytest.raises(SampleError):
        rolling_regression(Y, X, window=3)
    with pytest.raises(AlignmentError):
        rolling_regression(Y, X.iloc[1:], window=40)
    with pytest.raises(ParameterError, match="one fund"):
        rolling_regression(X, X, window=40)
