"""The bootstrap of a decomposition against statsmodels on the resampled rows, against arch, and what it covers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from arch.bootstrap import StationaryBootstrap

from research import metrics
from research.decomposition import euler_shares
from research.decomposition.bootstrap import bootstrap_decomposition
from research.errors import AlignmentError, DataError, IdentificationError, ParameterError, SampleError
from research.metrics import stationary_blocks


def world(seed, sessions=253, noise=1e-4):
    rng = np.random.default_rng(seed)
    days = pd.bdate_range("2024-01-02", periods=sessions)
    steps = rng.standard_normal((sessions, 2)) * [1e-3, 3e-4]
    steps[:, 1] += 0.3 * steps[:, 0]
    drivers = pd.DataFrame(np.cumsum(steps, axis=0), days, ["premium", "roll"])
    premium_noise = noise * rng.standard_normal(sessions)
    walk = np.cumsum(noise * rng.standard_normal(sessions))
    return drivers.sum(axis=1) + premium_noise + walk, drivers


LEVEL, DRIVERS = world(1)


def by_rows(level, drivers, indices):
    """The whole decomposition of each replicate, from its rows, by statsmodels."""
    d, x = np.diff(level), np.diff(drivers, axis=0)
    years = (level.index[-1] - level.index[0]).days / 365
    total = drivers.to_numpy()[-1] - drivers.to_numpy()[0]
    rows = []
    for index in indices:
        y, z = d[index], x[index]
        fit = sm.OLS(y, sm.add_constant(z, has_constant="add")).fit()
        beta = fit.params[1:]
        contribution = beta * total / years
        shares = beta * np.array([np.cov(column, y)[0, 1] for column in z.T]) / y.var(ddof=1)
        drift = (level.iloc[-1] - level.iloc[0]) / years
        rest = [drift - contribution.sum(), *shares, 1 - shares.sum(), fit.rsquared, y.std(ddof=1) * 252**0.5]
        rows.append([*beta, fit.params[0], *contribution, *rest])
    return np.array(rows)


def test_replicates_are_fits_of_the_resampled_rows():
    found = bootstrap_decomposition(LEVEL, DRIVERS, draws=40, seed=4, block_length=6)
    indices = stationary_blocks(252, draws=40, block_length=6, seed=4).indices()
    np.testing.assert_allclose(found.replicates, by_rows(LEVEL, DRIVERS, indices), rtol=1e-10, atol=1e-14)
    given = bootstrap_decomposition(LEVEL, DRIVERS, indices=indices)
    np.testing.assert_allclose(given.replicates, found.replicates, rtol=1e-10, atol=1e-14)
    assert (given.draws, given.seed, given.block_length) == (40, None, 1.0)


def test_same_indices_as_arch():
    d, x = np.diff(LEVEL), sm.add_constant(np.diff(DRIVERS, axis=0))
    bootstrap = StationaryBootstrap(5, d, x, seed=np.random.default_rng(2))
    indices = []

    def fit(y, z):
        indices.append(bootstrap.index)
        return sm.OLS(y, z).fit().params

    other = bootstrap.apply(fit, 60)
    found = bootstrap_decomposition(LEVEL, DRIVERS, indices=np.array(indices[1:]))  # the first is the sample itself
    expected = np.column_stack([other[:, 1:], other[:, 0]])
    np.testing.assert_allclose(found.replicates["coefficient"], expected, rtol=1e-10, atol=1e-14)


def test_estimates_are_the_sample():
    found = bootstrap_decomposition(LEVEL, DRIVERS, draws=20)
    np.testing.assert_allclose(
        found.estimates["estimate"], by_rows(LEVEL, DRIVERS, [np.arange(252)])[0], rtol=1e-10, atol=1e-14
    )
    parts = DRIVERS * found.params[["premium", "roll"]]
    shares = euler_shares(parts, LEVEL, [1])[1]
    np.testing.assert_allclose(found.estimates.loc["euler_share", "estimate"][:2], shares, rtol=1e-9)
    years = (LEVEL.index[-1] - LEVEL.index[0]).days / 365
    assert found.contributions["estimate"].sum() == pytest.approx((LEVEL.iloc[-1] - LEVEL.iloc[0]) / years, rel=1e-10)
    error = metrics.tracking_error(LEVEL.diff().iloc[1:], LEVEL.iloc[1:] * 0, periods_per_year=252)
    assert found.estimates.loc[("tracking_error", ""), "estimate"] == pytest.approx(error, rel=1e-12)


def test_intervals_are_percentiles_and_recorded():
    found = bootstrap_decomposition(LEVEL, DRIVERS, draws=300, seed=7, confidence=0.9)
    bounds = np.quantile(found.replicates, [0.05, 0.95], axis=0)
    np.testing.assert_allclose(found.estimates[["lower", "upper"]].T, bounds, rtol=1e-12)
    np.testing.assert_allclose(found.std_errors, found.replicates["coefficient"].std(), rtol=1e-12)
    assert (found.draws, found.seed, found.nobs, found.degenerate) == (300, 7, 252, 0)
    assert found.block_length >= 1
    again = bootstrap_decomposition(LEVEL, DRIVERS, draws=300, seed=7, confidence=0.9)
    pd.testing.assert_frame_equal(found.estimates, again.estimates)
    assert "expected block" in str(found)
    assert "<table" in found._repr_html_()
    assert found.to_dict()["estimates"]["coefficient:premium"]["estimate"] == found.params["premium"]


def test_missing_levels_are_left_out():
    level = LEVEL.copy()
    level.iloc[[50, 120]] = np.nan
    found = bootstrap_decomposition(level, DRIVERS, draws=20)
    assert found.nobs == 248
    d, x = level.diff(), DRIVERS.diff()
    known = d.notna()
    fit = sm.OLS(d[known], sm.add_constant(x[known])).fit()
    np.testing.assert_allclose(found.params[["premium", "roll"]], fit.params[1:], rtol=1e-9)


def test_replicates_that_cannot_tell_are_left_out():
    drivers = DRIVERS.copy()
    drivers["waiver"] = np.where(np.arange(253) < 200, 0.0, 1e-3)  # one change in the whole sample
    found = bootstrap_decomposition(LEVEL, drivers, draws=200, block_length=3)
    assert 0 < found.degenerate < 200
    assert found.replicates.isna().all(axis=1).sum() == found.degenerate
    assert found.estimates.notna().all(axis=None)


def test_refusals():
    with pytest.raises(AlignmentError):
        bootstrap_decomposition(LEVEL.iloc[1:], DRIVERS)
    with pytest.raises(SampleError):
        bootstrap_decomposition(LEVEL.iloc[:5], DRIVERS.iloc[:5])
    with pytest.raises(SampleError, match="no value"):
        bootstrap_decomposition(LEVEL * np.nan, DRIVERS)
    with pytest.raises(IdentificationError, match="collinear"):
        bootstrap_decomposition(LEVEL, DRIVERS.assign(copy=DRIVERS["roll"] * 2))
    with pytest.raises(IdentificationError, match="'flat' do not vary"):
        bootstrap_decomposition(LEVEL, DRIVERS.assign(flat=1.0))
    with pytest.raises(DataError, match="divergence level"):
        bootstrap_decomposition(LEVEL * 0, DRIVERS)
    with pytest.raises(DataError, match="no finite value"):
        bootstrap_decomposition(LEVEL, DRIVERS.drop(DRIVERS.index[3]).reindex(DRIVERS.index))
    with pytest.raises(ParameterError, match="years"):
        bootstrap_decomposition(LEVEL.reset_index(drop=True), DRIVERS.reset_index(drop=True))
    with pytest.raises(ParameterError, match="confidence"):
        bootstrap_decomposition(LEVEL, DRIVERS, confidence=95)
    numbered = bootstrap_decomposition(LEVEL.reset_index(drop=True), DRIVERS.reset_index(drop=True), years=1, draws=5)
    assert numbered.nobs == 252


def covered(worlds, draws, sessions):
    inside = np.zeros(2)
    for seed in range(worlds):
        level, drivers = world(1000 + seed, sessions)
        found = bootstrap_decomposition(level, drivers, draws=draws).estimates.loc["coefficient"].iloc[:2]
        inside += (found["lower"] <= 1) & (found["upper"] >= 1)
    return inside / worlds


def test_coverage():
    assert (covered(150, 299, 505) >= 0.87).all()


@pytest.mark.slow
def test_coverage_study():
    shares = covered(1000, 999, 505)
    assert (shares >= 0.92).all(), shares
    assert (shares <= 0.98).all(), shares
