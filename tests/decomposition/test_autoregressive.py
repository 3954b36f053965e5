"""A transitory part that persists: against dense algebra, against statsmodels, and in simulation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import toeplitz
from scipy.signal import lfilter
from statsmodels.tsa.statespace.structural import UnobservedComponents

import research as rs
from research.decomposition import autocorrelation_test, local_level
from research.decomposition.covariance import level_covariance, whiten
from research.decomposition.local_level import AutoregressiveProblem
from research.errors import ParameterError

UNIT = 1e4


def fund(seed: int, *, phi: float = 0.8, spread: float = 1e-4, permanent: float = 0.0, sessions: int = 505):
    rng = np.random.default_rng(seed)
    shocks = spread * np.sqrt(1 - phi**2) * rng.standard_normal(sessions + 200)
    noise = lfilter([1.0], [1.0, -phi], shocks)[200:] + np.cumsum(permanent * rng.standard_normal(sessions))
    days = pd.bdate_range("2024-01-02", periods=sessions)
    fee = -0.0025 * (days - days[0]).days.to_numpy() / 365.0
    drivers = pd.DataFrame({"fee": fee, "premium": 0.004 * rng.standard_normal(sessions)}, index=days)
    return drivers.sum(axis=1) + noise, drivers


@given(share=st.floats(0.0, 1.0), phi=st.floats(-0.9, 0.97), nobs=st.integers(2, 40))
@settings(max_examples=60)
def test_banded_form_equals_the_autocovariances(share, phi, nobs):
    """The covariance of differences, from the textbook's autocovariance φ^k/(1 − φ²) of an AR(1)."""
    lags = np.arange(nobs + 1)
    levels = (1 - share) * toeplitz(phi**lags / (1 - phi**2))
    dense = np.diff(np.diff(levels, axis=0), axis=1) + share * np.eye(nobs)
    np.testing.assert_allclose(level_covariance(share, phi, np.ones(nobs)), dense, atol=1e-12)
    columns = np.random.default_rng(nobs).standard_normal((nobs, 2))
    problem = AutoregressiveProblem(columns, np.ones(nobs), 1.0, 0.0)
    cross, log_det = problem.cross(share, phi)
    assert log_det == pytest.approx(np.linalg.slogdet(dense)[1], abs=1e-6)
    np.testing.assert_allclose(cross, columns.T @ np.linalg.solve(dense, columns), rtol=1e-6, atol=1e-9)
    white = whiten(columns, share, phi, np.ones(nobs))
    np.testing.assert_allclose(white.T @ white, cross, rtol=1e-6, atol=1e-9)


def test_phi_of_zero_is_the_default_model():
    level, drivers = fund(1, phi=0.0, permanent=2e-5)
    plain = local_level(level, drivers)
    problem = AutoregressiveProblem(
        np.diff(np.column_stack([level, drivers]), axis=0), np.ones(len(level) - 1), 1.0, 0.0
    )
    cross, _ = problem.cross(plain.permanent_share, 0.0)
    beta = np.linalg.solve(cross[1:, 1:], cross[1:, 0])
    np.testing.assert_allclose(beta, plain.params, rtol=1e-8)


@pytest.mark.parametrize(("seed", "permanent"), [(0, 0.0), (1, 2e-5), (2, 1e-4)])
def test_equals_statsmodels(seed, permanent):
    """The same likelihood, coefficients and errors as a Kalman filter with a random walk and an AR(1)."""
    level, drivers = fund(seed, permanent=permanent)
    ours = local_level(level, drivers, transitory="ar1")
    model = UnobservedComponents(
        level.to_numpy() * UNIT,
        "rwalk",
        autoregressive=1,
        exog=drivers.to_numpy() * UNIT,
        mle_regression=False,
        use_exact_diffuse=True,
    )
    variances = {"walk": ours.sd_permanent**2, "ar": (1 - ours.permanent_share) * ours.variance}
    assert model.param_names == ["sigma2.level", "sigma2.ar", "ar.L1"]
    params = np.array([max(variances["walk"], 1e-30) * UNIT**2, variances["ar"] * UNIT**2, ours.phi])
    same = model.smooth(params)
    states = [model.state_names.index(name) for name in model.state_names if name.startswith("beta")]
    np.testing.assert_allclose(same.smoothed_state[states, -1], ours.params, rtol=1e-5)
    errors = np.sqrt(np.diag(same.smoothed_state_cov[:, :, -1])[states])
    np.testing.assert_allclose(errors, ours.std_errors, rtol=1e-4)
    for nudge in ([1.2, 1, 1], [0.8, 1, 1], [1, 1.05, 1], [1, 0.95, 1], [1, 1, 1.03], [1, 1, 0.97]):
        assert model.loglike(params * nudge) <= model.loglike(params) + 1e-5


def test_missing_sessions_take_the_dense_path():
    level, drivers = fund(3, permanent=3e-5, sessions=200)
    holes = level.copy()
    holes.iloc[[30, 31, 90]] = np.nan
    fit = local_level(holes, drivers, transitory="ar1")
    assert fit.method == "dense Cholesky, AR(1)"
    full = local_level(level, drivers, transitory="ar1")
    np.testing.assert_allclose(fit.params, full.params, atol=2 * full.std_errors.max())
    white = fit.innovations
    assert float(white.var()) == pytest.approx(1.0, abs=0.05)
    assert fit.permanent.notna().all()


def test_smoothed_permanent_part_equals_statsmodels():
    level, drivers = fund(4, permanent=5e-5, sessions=250)
    ours = local_level(level, drivers, transitory="ar1")
    rest = ours.residual_level.to_numpy() * UNIT
    model = UnobservedComponents(rest, "rwalk", autoregressive=1, use_exact_diffuse=True)
    variance = (1 - ours.permanent_share) * ours.variance * UNIT**2
    smooth = model.smooth([ours.sd_permanent**2 * UNIT**2, variance, ours.phi])
    np.testing.assert_allclose(smooth.smoothed_state[0], ours.permanent * UNIT, atol=1e-6)


def test_errors_halve_and_intervals_cover():
    """AR(1) of 0.8: the standard error of the fee at least halves, and 95 % intervals still cover."""
    hits, ratios = [], []
    for seed in range(150):
        level, drivers = fund(seed)
        plain, persistent = local_level(level, drivers), local_level(level, drivers, transitory="ar1")
        bounds = persistent.conf_int()
        hits.append(((bounds["lower"] <= 1) & (bounds["upper"] >= 1)).to_numpy())
        ratios.append(plain.std_errors["fee"] / persistent.std_errors["fee"])
    assert np.median(ratios) >= 2.0
    rate = np.mean(hits, axis=0)
    assert np.all(rate > 0.88)  # 95 % nominal less four Monte-Carlo errors of 150 draws
    assert persistent.phi == pytest.approx(0.8, abs=0.12)


@pytest.mark.slow
def test_errors_halve_and_intervals_cover_in_full():
    hits = []
    for seed in range(1000):
        level, drivers = fund(50_000 + seed)
        bounds = local_level(level, drivers, transitory="ar1").conf_int()
        hits.append(((bounds["lower"] <= 1) & (bounds["upper"] >= 1)).to_numpy())
    rate = np.mean(hits, axis=0)
    assert np.all((rate >= 0.92) & (rate <= 0.98)), rate


@pytest.mark.slow
def test_the_diagnostic_recommends_it_where_it_helps_and_not_elsewhere():
    persistent = [autocorrelation_test(*fund(seed)).recommended for seed in range(30)]
    noise = [autocorrelation_test(*fund(seed, phi=0.0)).recommended for seed in range(30)]
    walk = [autocorrelation_test(*fund(seed, phi=0.0, spread=1e-9, permanent=5e-5)).recommended for seed in range(30)]
    assert np.mean(persistent) > 0.95
    assert np.mean(noise) < 0.1
    assert np.mean(walk) < 0.1


def test_it_shows_itself_and_decompose_takes_it():
    found = autocorrelation_test(*fund(5))
    assert "recommended" in str(found)
    assert "<table" in found._repr_html_()
    result = rs.decompose(rs.load("ETHV"), "nav", transitory="ar1")
    assert result.reconciliation_gap < 1e-12
    assert result.fit.method == "banded Cholesky, AR(1)"
    assert "autocorrelation of the transitory part" in str(local_level(*fund(6), transitory="ar1"))


def test_refusal():
    with pytest.raises(ParameterError, match="'noise' or 'ar1'"):
        local_level(*fund(0, sessions=60), transitory="AR")
