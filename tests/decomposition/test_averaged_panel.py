"""A panel of averaged regressions against the same funds one at a time."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest

from research.decomposition.averaged import averaged_level
from research.decomposition.averaged_panel import averaged_panel
from research.errors import DataError, IdentificationError, ParameterError, SampleError


def world(funds=12, sessions=300, seed=3):
    """Levels of funds whose noise is permanent, transitory, persistent or all of it, on two drivers."""
    rng = np.random.default_rng(seed)
    days = pd.bdate_range("2023-01-02", periods=sessions)
    drivers = pd.DataFrame(
        {"fee": -0.0025 * (days - days[0]).days / 365, "premium": 0.003 * rng.standard_normal(sessions)}, days
    )
    noise = 1e-4 * rng.standard_normal((sessions, funds))
    phi = np.where(np.arange(funds) % 3 == 0, 0.7, 0.0)
    for t in range(1, sessions):
        noise[t] += phi * noise[t - 1]
    noise += np.cumsum(10 ** rng.uniform(-7, -4, funds) * rng.standard_normal((sessions, funds)), axis=0)
    names = [f"F{i}" for i in range(funds)]
    return pd.DataFrame(drivers.sum(axis=1).to_numpy()[:, None] + noise, days, names), drivers


LEVELS, DRIVERS = world()


def check(found, levels, driver_of):
    for fund in levels:
        fit = averaged_level(levels[fund], driver_of(fund))
        bounds = fit.conf_int(found.confidence)
        near = 1e-6 * fit.std_errors.min()
        np.testing.assert_allclose(found.params.loc[fund], fit.params, atol=near)
        np.testing.assert_allclose(found.lower.loc[fund], bounds["lower"], atol=near)
        np.testing.assert_allclose(found.upper.loc[fund], bounds["upper"], atol=near)
        np.testing.assert_allclose(found.std_errors.loc[fund], fit.std_errors, rtol=1e-6)
        np.testing.assert_allclose(found.p_values.loc[fund], fit.p_values_unity(), atol=1e-6)
        errors = np.outer(fit.std_errors, fit.std_errors)
        covariance = found.covariances[levels.columns.get_loc(fund)]
        np.testing.assert_allclose(covariance / errors, fit.cov / errors, atol=1e-6)
        for name in ("sd_permanent", "sd_transitory", "permanent_share", "phi", "variance"):
            assert found.noise.loc[fund, name] == pytest.approx(getattr(fit, name), rel=1e-5, abs=1e-9)
        assert found.noise.loc[fund, "log_likelihood"] == pytest.approx(fit.log_likelihood, abs=1e-6)
        assert found.noise.loc[fund, "nobs"] == fit.nobs


def test_shared_drivers():
    check(averaged_panel(LEVELS, DRIVERS, confidence=0.9), LEVELS, lambda _: DRIVERS)


def test_drivers_of_each_funds_own():
    rng = np.random.default_rng(5)
    own = {
        "fee": pd.DataFrame(np.outer(DRIVERS["fee"], rng.uniform(0.5, 3, 12)), LEVELS.index, LEVELS.columns),
        "premium": pd.DataFrame(0.003 * rng.standard_normal(LEVELS.shape), LEVELS.index, LEVELS.columns),
    }
    levels = LEVELS.sub(DRIVERS.sum(axis=1), axis=0) + own["fee"] + own["premium"]
    check(averaged_panel(levels, own), levels, lambda fund: pd.DataFrame({n: each[fund] for n, each in own.items()}))


def test_funds_of_different_ages_and_with_holes():
    levels = LEVELS.iloc[:, :5].copy()
    levels.iloc[:100, 0] = np.nan
    levels.iloc[250:, 1] = np.nan
    levels.iloc[[50, 51, 200], 3] = np.nan
    found = averaged_panel(levels, DRIVERS)
    check(found, levels, lambda _: DRIVERS)
    total = found.contributions.sum(axis=1) + found.unexplained
    np.testing.assert_allclose(total, found.tracking_difference, rtol=1e-12)


def test_without_drivers():
    levels = LEVELS.sub(DRIVERS.sum(axis=1), axis=0).iloc[:, :3]
    found = averaged_panel(levels)
    assert found.params.shape == (3, 0)
    fit = averaged_level(levels["F0"])
    assert found.noise.loc["F0", "sd_transitory"] == pytest.approx(fit.sd_transitory, rel=1e-4)


def test_chunks_do_not_matter(monkeypatch):
    whole = averaged_panel(LEVELS, DRIVERS)
    # The package exports a function of the module's name, so the module is reached by its key.
    module = sys.modules["research.decomposition.averaged_panel"]
    monkeypatch.setattr(module, "_CHUNK_BYTES", 80 * 646 * 3 * 5)
    parts = averaged_panel(LEVELS, DRIVERS)
    np.testing.assert_allclose(parts.lower, whole.lower, rtol=1e-7)
    np.testing.assert_allclose(parts.noise, whole.noise, rtol=1e-9)
    assert "95% intervals" in str(parts)
    assert set(parts.to_dict()) >= {"params", "std_errors", "noise"}


def test_refusals():
    with pytest.raises(ParameterError, match=r"0\.95"):
        averaged_panel(LEVELS, DRIVERS, confidence=95)
    with pytest.raises(SampleError):
        averaged_panel(LEVELS.iloc[:4], DRIVERS.iloc[:4])
    with pytest.raises(IdentificationError, match="'flat' does not vary"):
        averaged_panel(LEVELS, DRIVERS.assign(flat=1.0))
    with pytest.raises(DataError, match="never changes"):
        averaged_panel(LEVELS.assign(F7=0.1), DRIVERS)
