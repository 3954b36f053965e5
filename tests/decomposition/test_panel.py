"""A panel of local-level regressions against the same funds one at a time, and its refusals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import research.decomposition.panel as panel_module
from research.decomposition import local_level
from research.decomposition.panel import local_level_panel
from research.errors import AlignmentError, DataError, IdentificationError, ParameterError, SampleError


def world(funds=40, sessions=400, seed=3):
    """Levels of funds whose noise is permanent, transitory or both, on three drivers."""
    rng = np.random.default_rng(seed)
    days = pd.bdate_range("2023-01-02", periods=sessions)
    drivers = pd.DataFrame(
        {
            "fee": -0.0025 * (days - days[0]).days / 365,
            "premium": 0.003 * rng.standard_normal(sessions),
            "roll": np.cumsum(2e-4 * rng.standard_normal(sessions)),
        },
        days,
    )
    permanent = 10 ** rng.uniform(-5, -3.5, funds) * (rng.random(funds) < 0.8)
    transitory = 10 ** rng.uniform(-5, -3.5, funds) * ((rng.random(funds) < 0.8) | (permanent == 0))
    noise = np.cumsum(permanent * rng.standard_normal((sessions, funds)), axis=0)
    noise += transitory * rng.standard_normal((sessions, funds))
    names = [f"F{i}" for i in range(funds)]
    return pd.DataFrame(drivers.sum(axis=1).to_numpy()[:, None] + noise, days, names), drivers


LEVELS, DRIVERS = world()


def check(found, levels, driver_of):
    """Compare with single fits: of the level and, keeping more digits, of what drivers at coefficient 1 leave of it."""
    for fund in levels:
        drivers = driver_of(fund)
        raw = local_level(levels[fund], drivers)
        np.testing.assert_allclose(found.params.loc[fund], raw.params, rtol=1e-6)
        np.testing.assert_allclose(found.std_errors.loc[fund], raw.std_errors, rtol=1e-5)
        fit = local_level(levels[fund] - drivers.sum(axis=1), drivers)
        row = found.noise.loc[fund]
        np.testing.assert_allclose(found.params.loc[fund], fit.params + 1, rtol=1e-7)
        np.testing.assert_allclose(found.std_errors.loc[fund], fit.std_errors, rtol=1e-7)
        covariance = found.covariances[levels.columns.get_loc(fund)]
        size = np.outer(fit.std_errors, fit.std_errors)
        np.testing.assert_allclose(covariance / size, fit.cov / size, atol=1e-7)
        for name in ("variance", "permanent_share", "sd_permanent", "sd_transitory"):
            assert row[name] == pytest.approx(getattr(fit, name), rel=1e-6, abs=1e-12)
        assert row["log_likelihood"] == pytest.approx(fit.log_likelihood, abs=1e-6)
        assert row["nobs"] == fit.nobs


def test_shared_drivers():
    found = local_level_panel(LEVELS, DRIVERS)
    check(found, LEVELS, lambda _: DRIVERS)
    assert found.noise["permanent_share"].isin([0.0, 1.0]).any()  # both ends occur in this world
    assert ((found.noise["permanent_share"] > 0) & (found.noise["permanent_share"] < 1)).any()


def test_drivers_of_each_funds_own():
    rng = np.random.default_rng(5)
    rates = rng.uniform(0.5, 3, LEVELS.shape[1])
    own = {
        "fee": pd.DataFrame(np.outer(DRIVERS["fee"], rates), LEVELS.index, LEVELS.columns),
        "premium": pd.DataFrame(0.003 * rng.standard_normal(LEVELS.shape), LEVELS.index, LEVELS.columns),
    }
    base = LEVELS.sub(DRIVERS.sum(axis=1), axis=0)
    levels = base + own["fee"] + own["premium"]
    found = local_level_panel(levels, own)
    check(found, levels, lambda fund: pd.DataFrame({name: frame[fund] for name, frame in own.items()}))


def test_without_drivers():
    levels = LEVELS.sub(DRIVERS.sum(axis=1), axis=0)
    found = local_level_panel(levels)
    assert found.params.shape == (40, 0)
    for fund in levels.columns[:10]:
        fit = local_level(levels[fund])
        assert found.noise.loc[fund, "variance"] == pytest.approx(fit.variance, rel=1e-6)
        assert found.noise.loc[fund, "log_likelihood"] == pytest.approx(fit.log_likelihood, abs=1e-6)


def test_funds_of_different_ages_and_with_holes():
    levels = LEVELS.iloc[:, :9].copy()
    levels.iloc[:100, 0] = np.nan
    levels.iloc[:100, 1] = np.nan
    levels.iloc[300:, 2] = np.nan
    levels.iloc[[50, 51, 200], 3] = np.nan
    found = local_level_panel(levels, DRIVERS)
    check(found, levels, lambda _: DRIVERS)
    assert found.noise.loc["F0", "nobs"] == 299
    start, end = levels.index[100], levels.index[-1]
    drift = (levels.loc[end, "F0"] - levels.loc[start, "F0"]) / ((end - start).days / 365)
    assert found.tracking_difference["F0"] == pytest.approx(drift, rel=1e-12)


def test_chunks_do_not_matter(monkeypatch):
    whole = local_level_panel(LEVELS, DRIVERS)
    monkeypatch.setattr(panel_module, "_CHUNK_BYTES", 8 * 399 * 3 * 7)
    parts = local_level_panel(LEVELS, DRIVERS)
    np.testing.assert_allclose(parts.params, whole.params, rtol=1e-9)
    np.testing.assert_allclose(parts.noise, whole.noise, rtol=1e-7)


def test_contributions_add_up():
    found = local_level_panel(LEVELS, DRIVERS)
    total = found.contributions.sum(axis=1) + found.unexplained
    np.testing.assert_allclose(total, found.tracking_difference, rtol=1e-12)
    numbered = local_level_panel(LEVELS.reset_index(drop=True), DRIVERS.reset_index(drop=True))
    assert numbered.tracking_difference.isna().all()
    np.testing.assert_allclose(numbered.params, found.params)
    assert "Local-level regressions of 40 funds" in str(found)
    assert "<table" in found._repr_html_()
    assert found.to_dict()["params"]["F0"]["fee"] == found.params.loc["F0", "fee"]


def test_a_level_that_is_explained_almost_wholly_keeps_its_digits():
    # The noise is a hundred-thousandth of the premium: the answer must be that of the noise alone.
    rng = np.random.default_rng(9)
    days = pd.bdate_range("2023-01-02", periods=600)
    premium = pd.DataFrame({"premium": 0.01 * rng.standard_normal(600)}, days)
    noise = pd.DataFrame(1e-7 * rng.standard_normal((600, 5)), days)
    with_premium = local_level_panel(noise.add(premium["premium"], axis=0), premium)
    alone = local_level_panel(noise, premium)
    np.testing.assert_allclose(with_premium.params - 1, alone.params, atol=1e-9)
    np.testing.assert_allclose(with_premium.std_errors, alone.std_errors, rtol=1e-5)


def test_refusals():
    with pytest.raises(ParameterError, match="DataFrame"):
        local_level_panel(LEVELS["F0"], DRIVERS)
    with pytest.raises(AlignmentError):
        local_level_panel(LEVELS, DRIVERS.iloc[1:])
    with pytest.raises(AlignmentError):
        local_level_panel(LEVELS, {"fee": LEVELS.iloc[:, 1:]})
    with pytest.raises(AlignmentError, match="increasing"):
        local_level_panel(LEVELS.iloc[::-1], DRIVERS.iloc[::-1])
    with pytest.raises(SampleError):
        local_level_panel(LEVELS.iloc[:4], DRIVERS.iloc[:4])
    with pytest.raises(SampleError, match="'F1' has no level"):
        local_level_panel(LEVELS.assign(F1=np.nan), DRIVERS)
    with pytest.raises(IdentificationError, match="'flat' does not vary"):
        local_level_panel(LEVELS, DRIVERS.assign(flat=1.0))
    with pytest.raises(IdentificationError, match="collinear"):
        local_level_panel(LEVELS, DRIVERS.assign(twice=DRIVERS["fee"] * 2))
    with pytest.raises(DataError, match="never changes"):
        local_level_panel(LEVELS.assign(F7=0.1), DRIVERS)
    infinite = LEVELS.copy()
    infinite.iloc[3, 2] = np.inf
    with pytest.raises(DataError, match="'F2' at 2023-01-05"):
        local_level_panel(infinite, DRIVERS)
    with pytest.raises(DataError, match="driver 'roll'"):
        local_level_panel(LEVELS, DRIVERS.assign(roll=np.nan))
