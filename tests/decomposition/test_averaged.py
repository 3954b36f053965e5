"""The averaged regression against dense algebra, statsmodels and scipy, and under transformations."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.regression.linear_model import OLS
from statsmodels.tsa.statespace.structural import UnobservedComponents

import research.decomposition.noise_grid as grid_module
from research.decomposition import local_level
from research.decomposition.averaged import averaged_level
from research.decomposition.mixture import StudentMixture
from research.decomposition.noise_grid import average_block, average_sample, robust_covariances
from research.errors import AlignmentError, DataError, IdentificationError, ParameterError, SampleError

UNIT = 1e4  # the Kalman filter of statsmodels wants numbers near one


def world(seed, sessions=121, *, permanent=2e-5, transitory=1e-4, phi=0.0, drivers=3):
    """Return a level and up to four drivers of every speed, all of which pass through in full."""
    rng = np.random.default_rng(seed)
    days = pd.bdate_range("2024-01-02", periods=sessions)
    columns = {
        "fee": -1e-5 * np.maximum(0, np.arange(sessions) - sessions // 3),
        "premium": 0.003 * rng.standard_normal(sessions),
        "roll": np.cumsum(1e-4 * rng.standard_normal(sessions)),
        "reward": 2e-5 * np.arange(sessions) + np.cumsum(1e-5 * rng.standard_normal(sessions)),
    }
    x = pd.DataFrame(columns, days).iloc[:, :drivers]
    noise = transitory * rng.standard_normal(sessions)
    for t in range(1, sessions):
        noise[t] += phi * noise[t - 1]
    return x.sum(axis=1) + noise + np.cumsum(permanent * rng.standard_normal(sessions)), x


def dense(at, level, drivers, share, phi):
    """Return restricted likelihood, coefficients, (X'V⁻¹X)⁻¹ and σ² by textbook formulas, nothing transformed."""
    apart = np.abs(at[:, None] - at[None, :]).astype(float)
    around = (1.0 - share) / (1.0 - phi**2) * np.where(apart > 0, phi**apart, 1.0)
    walk = share * np.minimum(at[:, None] - at[0], at[None, :] - at[0])
    difference = np.diff(np.eye(at.size), axis=0)
    v = difference @ (around + walk) @ difference.T
    y, x = np.diff(level), np.diff(drivers, axis=0)
    weighted = np.linalg.solve(v, x)
    inverse = np.linalg.inv(x.T @ weighted)
    beta = inverse @ weighted.T @ y
    rest = y - x @ beta
    df = y.size - x.shape[1]
    variance = rest @ np.linalg.solve(v, rest) / df
    determinants = [np.linalg.slogdet(matrix)[1] for matrix in (v, x.T @ weighted, x.T @ x)]
    likelihood = -0.5 * (df * (np.log(2 * np.pi * variance) + 1) + determinants[0] + determinants[1] - determinants[2])
    return likelihood, beta, inverse, variance


@pytest.mark.parametrize("missing", [(), (1,), (40, 41, 42, 77), tuple(range(20, 110, 4))])
@pytest.mark.parametrize(("seed", "drivers", "phi"), [(1, 1, 0.0), (2, 3, 0.8), (3, 4, 0.0)])
def test_every_point_of_the_grid_equals_dense_algebra(seed, drivers, phi, missing):
    level, x = world(seed, phi=phi, drivers=drivers)
    at = np.setdiff1d(np.arange(121), missing)
    columns = np.column_stack([level, x])[at]
    block, method = average_sample(columns, at)
    assert method == ("banded Cholesky" if len(missing) > 12 else "sine transform")
    points = np.r_[np.random.default_rng(seed).choice(block.phi.size, 40, replace=False), 0, block.phi.size - 1]
    for point in points:
        place = float(block.share[point]), float(block.phi[point])
        likelihood, beta, inverse, variance = dense(at, columns[:, 0], columns[:, 1:], *place)
        errors = np.sqrt(np.diag(inverse) * variance)
        assert block.log_likelihood[0, point] == pytest.approx(likelihood, abs=1e-9, rel=1e-12)
        np.testing.assert_allclose((block.params[0, point, :drivers] - beta) / errors, 0.0, atol=1e-9)
        found = block.inverse[0, point, :drivers, :drivers] * block.variance[0, point]
        np.testing.assert_allclose((found - inverse * variance) / np.outer(errors, errors), 0.0, atol=1e-9)
    assert block.df == at.size - 1 - drivers


def test_sine_and_banded_paths_agree_at_length():
    level, x = world(4, 1500, drivers=2)
    steps = np.diff(np.column_stack([level, x]), axis=0).T
    sines, banded = (average_block(steps[:1], steps[None, 1:], gaps) for gaps in (None, np.ones(1499)))
    np.testing.assert_allclose(sines.log_likelihood, banded.log_likelihood, atol=1e-8)
    np.testing.assert_allclose(sines.variance, banded.variance, rtol=1e-9)
    errors = np.sqrt(np.diagonal(banded.inverse, axis1=2, axis2=3) * banded.variance[..., None])
    np.testing.assert_allclose((sines.params - banded.params) / errors, 0.0, atol=1e-9)


@pytest.mark.parametrize("missing", [(), (30, 31, 90)])
def test_plain_noise_equals_statsmodels(missing):
    level, x = world(5, drivers=2)
    at = np.setdiff1d(np.arange(121), missing)
    block, _ = average_sample(np.column_stack([level, x])[at], at)
    holes = level.to_numpy() * UNIT
    holes[list(missing)] = np.nan
    model = UnobservedComponents(
        holes, "llevel", exog=x.to_numpy() * UNIT, mle_regression=False, use_exact_diffuse=True
    )
    theirs = []
    points = np.flatnonzero(block.phi == 0.0)[5::4]
    for point in points:
        share, variance = block.share[point], block.variance[0, point]
        same = model.smooth(np.array([1 - share, share]) * variance * UNIT**2)
        np.testing.assert_allclose(same.smoothed_state[1:, -1], block.params[0, point, :2], rtol=1e-6)
        covariance = block.inverse[0, point, :2, :2] * variance
        np.testing.assert_allclose(same.smoothed_state_cov[1:, 1:, -1], covariance, rtol=1e-5)
        theirs.append(same.llf)
    ours = block.log_likelihood[0, points]
    np.testing.assert_allclose(ours - ours[0], np.array(theirs) - theirs[0], atol=1e-5)


def test_prior_weighs_plain_noise_by_half_and_leans_to_a_walk():
    level, x = world(6, drivers=1)
    block, _ = average_sample(np.column_stack([level, x]), np.arange(121))
    prior = np.exp(block.log_prior)
    assert prior.sum() == pytest.approx(1.0, abs=1e-12)
    logits = np.log(block.share / (1 - block.share))
    assert logits.min() == pytest.approx(2 * np.log(3.4 / 121), abs=1e-9)
    assert logits.max() == pytest.approx(7.0, abs=1e-9)
    assert (block.phi.min(), block.phi.max()) == (0.0, pytest.approx(0.9))
    # Means of the laws that the grid stands for: of φ half of 0.45; of logit λ that of a truncated exponential.
    assert prior @ block.phi == pytest.approx(0.225, abs=1e-9)
    law = stats.truncexpon((logits.max() - logits.min()) * 0.2, loc=0.0, scale=5.0)
    # The trapezium rule is off by a twelfth of (step · rate)², that of its normalisation likewise.
    step = np.diff(np.unique(logits.round(9))).max()
    assert logits.max() - prior @ logits == pytest.approx(law.mean(), rel=3 * (step * 0.2) ** 2 / 12)


@pytest.mark.parametrize("noise", [{}, {"permanent": 0.0}, {"transitory": 0.0}, {"permanent": 0.0, "phi": 0.8}])
@pytest.mark.parametrize("sessions", [253, 2000])
def test_a_grid_twice_as_fine_moves_no_interval(monkeypatch, noise, sessions):
    level, x = world(7, sessions, drivers=2, **noise)
    coarse = averaged_level(level, x)
    monkeypatch.setattr(grid_module, "_STEPS", tuple(step / 2 for step in grid_module._STEPS))
    monkeypatch.setattr(grid_module, "_sines_of", grid_module._Sines.of)  # past the cache
    fine = averaged_level(level, x)
    bounds, others = coarse.conf_int(), fine.conf_int()
    width = (others["upper"] - others["lower"]).to_numpy()
    assert np.abs((bounds - others).to_numpy() / width[:, None]).max() < 0.01
    assert coarse.sd_transitory == pytest.approx(fine.sd_transitory, rel=0.02)


class TestMixture:
    def test_one_component_is_students_t(self):
        for df in (3.0, 30.0, 99.0, 100.0, 2500.0):
            one = StudentMixture(np.ones(1), np.array([2.0]), np.array([0.5]), df)
            np.testing.assert_allclose(one.interval(0.95), stats.t(df, 2.0, 0.5).interval(0.95), rtol=1e-9)
            np.testing.assert_allclose(one.cdf(2.7), stats.t(df, 2.0, 0.5).cdf(2.7), rtol=1e-9)
            assert one.p_value(6.0) == pytest.approx(2 * stats.t.sf(8.0, df), rel=1e-8)
            assert one.sd == pytest.approx(stats.t(df, 2.0, 0.5).std(), rel=1e-9)

    def test_quantiles_invert_the_distribution_function(self):
        rng = np.random.default_rng(1)
        weights = rng.dirichlet(np.full(30, 0.2), size=(4, 2))
        mixture = StudentMixture(weights, rng.normal(0, 3, (4, 2, 30)), 10 ** rng.uniform(-3, 1, (4, 2, 30)), 250.0)
        for probability in (1e-6, 0.025, 0.5, 0.9, 0.999):
            at = mixture.quantile(probability)
            assert at.shape == (4, 2)
            np.testing.assert_allclose(mixture.cdf(at), probability, atol=1e-8)

    def test_moments_are_those_of_draws(self):
        rng = np.random.default_rng(2)
        mixture = StudentMixture(np.array([0.3, 0.7]), np.array([0.0, 4.0]), np.array([1.0, 0.5]), 12.0)
        which = rng.random(400_000) < 0.7
        draws = np.where(which, 4.0, 0.0) + np.where(which, 0.5, 1.0) * rng.standard_t(12, which.size)
        assert draws.mean() == pytest.approx(float(mixture.mean), abs=0.02)
        assert draws.std() == pytest.approx(float(mixture.sd), rel=0.01)
        assert np.quantile(draws, [0.025, 0.975]) == pytest.approx(np.array(mixture.interval(0.95)), abs=0.03)


def test_p_values_and_intervals_say_the_same():
    fit = averaged_level(*world(8, drivers=3, phi=0.6))
    p_values = fit.p_values_unity()
    for name, p in p_values.items():
        bounds = fit.conf_int(1.0 - p).loc[name]
        assert np.abs(bounds - 1.0).min() < 1e-6 * (bounds["upper"] - bounds["lower"])
    wide, narrow = fit.conf_int(0.99), fit.conf_int(0.5)
    assert ((wide["lower"] < narrow["lower"]) & (narrow["upper"] < wide["upper"])).all()
    assert ((narrow["lower"] < fit.params) & (fit.params < narrow["upper"])).all()


def test_a_walk_for_certain_is_least_squares_in_changes():
    level, x = world(9, 1000, permanent=1e-4, transitory=0.0, drivers=2)
    fit = averaged_level(level, x, cov_type="classical")
    changes = OLS(np.diff(level), np.diff(x, axis=0)).fit()
    np.testing.assert_allclose(fit.params, changes.params, atol=0.2 * changes.bse.max())
    np.testing.assert_allclose(fit.std_errors, changes.bse, rtol=0.05)
    assert fit.permanent_share > 0.9
    assert fit.sd_permanent == pytest.approx(1e-4, rel=0.1)
    statistic, p_value = fit.joint_test(0.0)
    assert statistic == pytest.approx(float(changes.fvalue), rel=0.1)
    assert p_value < 1e-6


def test_persistence_is_found_and_plain_noise_is_not_called_persistent():
    persistent = averaged_level(*world(10, 505, permanent=0.0, phi=0.8, drivers=2))
    assert persistent.phi == pytest.approx(0.8, abs=0.08)
    assert persistent.phi_posterior.sum() == pytest.approx(1.0)
    assert persistent.sd_transitory == pytest.approx(1e-4 / 0.6, rel=0.15)
    plain = averaged_level(*world(11, 505, permanent=0.0, drivers=2))
    assert plain.phi_posterior[0.0] > 0.8
    assert plain.sd_transitory == pytest.approx(1e-4, rel=0.1)


class TestRobustErrors:
    def test_they_are_hc3_of_the_whitened_regression(self):
        level, x = world(12, drivers=3, phi=0.5)
        fit = averaged_level(level, x)
        theirs = OLS(fit.whitened[:, 0], fit.whitened[:, 1:]).fit(cov_type="HC3")
        np.testing.assert_allclose(fit.robust_cov, theirs.cov_params(), rtol=1e-8)

    def test_missing_sessions_are_whitened_as_dense_algebra_does(self):
        level, x = world(13, drivers=2, phi=0.7)
        level.iloc[[3, 50, 51, 52, 100]] = np.nan
        fit = averaged_level(level, x)
        assert fit.mode.phi > 0.0
        theirs = OLS(fit.whitened[:, 0], fit.whitened[:, 1:]).fit(cov_type="HC3")
        np.testing.assert_allclose(fit.robust_cov, theirs.cov_params(), rtol=1e-7)

    @pytest.mark.parametrize("seed", range(6))
    def test_they_widen_and_never_narrow(self, seed):
        level, x = world(20 + seed, drivers=3)
        # A variance that grows where the fee runs, and one that shrinks there.
        days = np.arange(121)
        loud = 1e-4 * np.random.default_rng(seed).standard_normal(121) * (days > 80 if seed % 2 else days < 80)
        level = level + loud
        robust, classical = (averaged_level(level, x, cov_type=kind) for kind in ("robust", "classical"))
        assert (robust.std_errors >= classical.std_errors * (1 - 1e-12)).all()
        assert robust.std_errors["fee"] > classical.std_errors["fee"] or not seed % 2
        mixtures = [fit.combination(np.eye(3)[:2] - np.eye(3)[1:]) for fit in (robust, classical)]
        assert (mixtures[0].scales >= mixtures[1].scales * (1 - 1e-12)).all()
        np.testing.assert_allclose(np.sqrt(np.diag(robust.cov)), robust.std_errors, rtol=1e-9)
        np.testing.assert_array_equal(robust.params, classical.params)


def test_combinations_are_those_of_a_driver_that_is_their_sum():
    """The sum of two coefficients is the coefficient of one driver, the other measured against it."""
    level, x = world(14, drivers=3)
    turned = pd.DataFrame({"a": x["fee"], "b": x["roll"] - x["fee"], "c": x["premium"]})
    # fee·β₁ + roll·β₂ = fee·(β₁ + β₂) + (roll − fee)·β₂
    whole = averaged_level(level, turned)
    parts = averaged_level(level, x).combination([1.0, 0.0, 1.0])
    assert float(parts.mean) == pytest.approx(whole.params["a"], rel=1e-8)
    assert float(parts.sd) == pytest.approx(whole.std_errors["a"], rel=1e-7)
    np.testing.assert_allclose(parts.interval(0.9), whole.conf_int(0.9).loc["a"], rtol=1e-7)


def test_scaling_shifting_and_adding():
    level, x = world(15)
    base = averaged_level(level, x)
    same = averaged_level(level + 3.0, x - 5.0)
    np.testing.assert_allclose(same.conf_int(), base.conf_int(), rtol=1e-7)
    scaled = averaged_level(level * 1e4, x.assign(fee=x["fee"] * 1e4))
    np.testing.assert_allclose(scaled.params, base.params * [1.0, 1e4, 1e4], rtol=1e-8)
    moved = averaged_level(level + 2.0 * x["premium"], x)
    np.testing.assert_allclose(moved.params, base.params + np.array([0.0, 2.0, 0.0]), rtol=1e-8)
    np.testing.assert_allclose(moved.std_errors, base.std_errors, rtol=1e-7)


def test_many_funds_are_those_of_one_at_a_time():
    pairs = [world(30 + seed, phi=0.3 * (seed % 3), drivers=2) for seed in range(7)]
    levels = np.array([np.diff(level) for level, _ in pairs])
    own = np.array([np.diff(x, axis=0).T for _, x in pairs])
    for drivers in (own, own[:1]):
        block = average_block(levels, drivers)
        where = block.share[block.mode], block.phi[block.mode]
        robust = robust_covariances(levels, drivers, *where, np.ones(120))
        for fund in range(7):
            each = drivers[[fund if len(drivers) > 1 else 0]]
            one = average_block(levels[[fund]], each)
            np.testing.assert_allclose(block.log_likelihood[fund], one.log_likelihood[0], atol=1e-8)
            np.testing.assert_allclose(block.params[fund], one.params[0], rtol=1e-9)
            alone = robust_covariances(levels[[fund]], each, where[0][[fund]], where[1][[fund]], np.ones(120))
            np.testing.assert_allclose(robust[fund], alone[0], rtol=1e-9)


def test_missing_sessions_are_gaps_not_neighbours():
    level, x = world(16, drivers=2)
    holes = level.copy()
    holes.iloc[[10, 11, 12, 60]] = np.nan
    kept = holes.notna().to_numpy()
    by_name, by_position = (
        averaged_level(holes, x),
        averaged_level(level[kept], x[kept], positions=np.flatnonzero(kept)),
    )
    pd.testing.assert_frame_equal(by_name.conf_int(), by_position.conf_int())
    assert by_name.nobs == 116
    assert averaged_level(level[kept], x[kept]).params["fee"] != pytest.approx(by_name.params["fee"], rel=1e-6)


def test_variance_per_day_counts_weekends():
    level, x = world(17, permanent=1e-4, transitory=1e-6, drivers=2)
    fit = averaged_level(level, x, variance_per="day")
    assert set(fit.gaps) == {1.0, 3.0}
    assert "banded" in fit.method
    assert fit.permanent_per_year == pytest.approx(fit.sd_permanent * np.sqrt(365))


def test_without_drivers():
    level, x = world(18, 400, permanent=1e-5)
    fit = averaged_level(level - x.sum(axis=1))
    assert fit.params.empty
    assert np.isnan(fit.joint_test()[1])
    assert fit.conf_int().shape == (0, 2)
    assert fit.sd_transitory == pytest.approx(1e-4, rel=0.2)
    assert len(fit.innovations) == 399


def test_result_serves_where_a_local_level_fit_did():
    level, x = world(19, drivers=2)
    fit, other = averaged_level(level, x), local_level(level, x)
    for name in ("residual_level", "permanent", "innovations"):
        assert getattr(fit, name).index.equals(getattr(other, name).index)
    np.testing.assert_allclose(fit.residual_level, (level - x @ fit.params).pipe(lambda rest: rest - rest.iloc[0]))
    assert set(other.to_dict()) <= set(fit.to_dict())
    assert 0.0 <= fit.changing_variance() <= 1.0
    assert "averaged over λ and φ" in str(fit)
    assert "<table" in fit._repr_html_()
    single = averaged_level(level, x[["fee"]])
    assert single.joint_test()[1] == pytest.approx(float(single.p_values_unity().iloc[0]))


def test_no_digits_are_lost_where_drivers_explain_almost_everything():
    rng = np.random.default_rng(2)
    days = pd.bdate_range("2024-01-02", periods=505)
    drivers = pd.DataFrame({"fee": -1e-5 * np.arange(505), "premium": 3e-3 * rng.standard_normal(505)}, index=days)
    rest = pd.Series(1e-7 * rng.standard_normal(505), days)
    whole, alone = averaged_level(drivers.sum(axis=1) + rest, drivers), averaged_level(rest, drivers)
    np.testing.assert_allclose(whole.params - 1.0, alone.params, atol=1e-3 * alone.std_errors.min())
    np.testing.assert_allclose(whole.std_errors, alone.std_errors, rtol=1e-5)


class TestRefusals:
    def test_what_local_level_refuses(self):
        level, x = world(0, drivers=2)
        with pytest.raises(AlignmentError, match="strictly increasing"):
            averaged_level(level.iloc[::-1], x.iloc[::-1])
        with pytest.raises(IdentificationError, match="does not vary"):
            averaged_level(level, x.assign(still=0.5))
        with pytest.raises(IdentificationError, match="collinear"):
            averaged_level(level, x.assign(twice=2 * x["fee"]))
        with pytest.raises(DataError, match="never changes"):
            averaged_level(level * 0.0, x)
        with pytest.raises(SampleError, match="2 drivers"):
            averaged_level(level.iloc[:5], x.iloc[:5])

    @pytest.mark.parametrize("bad", [{"cov_type": "HC9"}, {"variance_per": "week"}, {"positions": [1, 2]}])
    def test_parameters(self, bad):
        with pytest.raises(ParameterError):
            averaged_level(*world(0), **bad)

    def test_a_combination_of_other_coefficients(self):
        with pytest.raises(ParameterError, match="fee, premium"):
            averaged_level(*world(0, drivers=2)).combination([1.0])
