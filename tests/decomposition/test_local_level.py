"""The local-level regression against dense algebra, against statsmodels, and under transformations."""

from __future__ import annotations

import sys
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.regression.linear_model import OLS
from statsmodels.tsa.statespace.structural import UnobservedComponents

import research as rs
from research.decomposition.covariance import (
    BandedMoments,
    SineMoments,
    log_determinant,
    moments,
    tridiagonal,
    whiten,
)
from research.decomposition.local_level import AutoregressiveProblem, local_level
from research.errors import AlignmentError, DataError, IdentificationError, ParameterError, SampleError

UNIT = 1e4  # the Kalman filter of statsmodels wants numbers near one


def dense(share: float, gaps: np.ndarray) -> np.ndarray:
    diagonal, beside = tridiagonal(share, gaps)
    return np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1)


def components(level: pd.Series, drivers: pd.DataFrame, *, estimate: bool = False) -> UnobservedComponents:
    return UnobservedComponents(
        level.to_numpy() * UNIT,
        "local level",
        exog=drivers.to_numpy() * UNIT,
        mle_regression=estimate,
        use_exact_diffuse=True,
    )


# Twenty-four samples: λ near 0, in the middle and near 1, and what lies between.
GRID = [
    (seed, permanent, transitory)
    for seed, (permanent, transitory) in enumerate(
        [(0.0, 1e-4), (1e-6, 1e-4), (1e-5, 1e-4), (3e-5, 5e-5), (1e-4, 1e-4), (1e-4, 3e-5), (1e-4, 1e-6), (1e-4, 0.0)]
        * 3
    )
]


@pytest.mark.parametrize(("seed", "permanent", "transitory"), GRID)
def test_equals_statsmodels(sample, seed, permanent, transitory):
    level, drivers = sample(seed, permanent=permanent, transitory=transitory)
    ours = local_level(level, drivers)
    model = components(level, drivers)
    at_ours = np.array([ours.sd_transitory**2, ours.sd_permanent**2]) * UNIT**2
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its optimiser complains at the ends of the parameter space
        theirs = model.fit(disp=0, maxiter=200)
        same = model.smooth(at_ours)
    # Given the same variances, the Kalman smoother's coefficients and errors are ours to many digits.
    np.testing.assert_allclose(same.smoothed_state[1:, -1], ours.params, rtol=2e-6)
    errors = np.sqrt(np.diag(same.smoothed_state_cov[1:, 1:, -1]))
    np.testing.assert_allclose(errors, ours.std_errors, rtol=2e-6)
    # Left to itself, its optimiser finds no better variances, and the same ones where it converges.
    assert model.loglike(at_ours) >= theirs.llf - 1e-4
    np.testing.assert_allclose(theirs.smoothed_state[1:, -1], ours.params, atol=0.05 * ours.std_errors.max())
    if model.loglike(at_ours) < theirs.llf + 1e-4:
        total = ours.variance * UNIT**2
        np.testing.assert_allclose(theirs.params, at_ours, atol=0.05 * total)
        theirs_errors = np.sqrt(np.diag(theirs.smoothed_state_cov[1:, 1:, -1]))
        np.testing.assert_allclose(theirs_errors, ours.std_errors, rtol=0.02)


def test_residuals_equal_the_kalman_filter_and_smoother(sample):
    level, drivers = sample(3, permanent=4e-5, transitory=8e-5)
    ours = local_level(level, drivers)
    rest = ours.residual_level.to_numpy() * UNIT
    model = UnobservedComponents(rest, "local level", use_exact_diffuse=True)
    filtered = model.smooth([ours.sd_transitory**2 * UNIT**2, ours.sd_permanent**2 * UNIT**2])
    np.testing.assert_allclose(filtered.smoothed_state[0], ours.permanent * UNIT, atol=1e-8)
    theirs = filtered.standardized_forecasts_error[0, 1:]
    np.testing.assert_allclose(theirs, ours.innovations, atol=1e-8)


@pytest.mark.parametrize("share", [0.0, 1e-9, 1e-4, 0.3, 0.9, 1.0])
@pytest.mark.parametrize("nobs", [1, 2, 7, 40])
def test_sine_transform_equals_dense_algebra(share, nobs):
    rng = np.random.default_rng(nobs)
    columns = rng.standard_normal((nobs, 3))
    matrix = dense(share, np.ones(nobs))
    cross, log_det = SineMoments.of(columns)(np.array([share]))
    np.testing.assert_allclose(cross[0], columns.T @ np.linalg.solve(matrix, columns), rtol=1e-9, atol=1e-12)
    assert log_det[0] == pytest.approx(np.linalg.slogdet(matrix)[1], abs=1e-9)


def test_log_determinant_is_exact_at_both_ends():
    assert log_determinant(np.array([0.0]), 9)[0] == pytest.approx(np.log(10.0), abs=1e-12)
    assert log_determinant(np.array([1.0]), 9)[0] == 0.0


@given(share=st.floats(0.0, 1.0), seed=st.integers(0, 10_000), nobs=st.integers(3, 60))
@settings(max_examples=60)
def test_banded_equals_dense_with_gaps(share, seed, nobs):
    rng = np.random.default_rng(seed)
    gaps = rng.integers(1, 5, nobs).astype(float)
    columns = rng.standard_normal((nobs, 2))
    matrix = dense(share, gaps)
    cross, log_det = BandedMoments(columns, gaps)(np.array([share]))
    np.testing.assert_allclose(cross[0], columns.T @ np.linalg.solve(matrix, columns), rtol=1e-7, atol=1e-10)
    assert log_det[0] == pytest.approx(np.linalg.slogdet(matrix)[1], abs=1e-7)


def test_banded_path_equals_the_sine_path(sample, monkeypatch):
    level, drivers = sample(5, permanent=3e-5, transitory=1e-4)
    fast = local_level(level, drivers)
    # The package exports a function of the module's name, so the module is reached by its key.
    monkeypatch.setattr(sys.modules["research.decomposition.local_level"], "moments", BandedMoments)
    slow = local_level(level, drivers)
    assert (fast.method, slow.method) == ("sine transform", "banded Cholesky")
    np.testing.assert_allclose(slow.params, fast.params, rtol=1e-8)
    np.testing.assert_allclose(slow.std_errors, fast.std_errors, rtol=1e-6)
    assert isinstance(moments(np.zeros((4, 1)), np.ones(4)), SineMoments)


def test_missing_sessions_are_gaps_not_neighbours(sample):
    level, drivers = sample(6, permanent=5e-5, transitory=5e-5)
    holes = level.copy()
    holes.iloc[[10, 11, 12, 100, 180]] = np.nan
    with_nan = local_level(holes, drivers)
    kept = holes.notna().to_numpy()
    by_position = local_level(level[kept], drivers[kept], positions=np.flatnonzero(kept))
    assert with_nan.method == "banded Cholesky"
    pd.testing.assert_series_equal(with_nan.params, by_position.params)
    # The same by dense generalised least squares at the λ that was found.
    gaps = np.diff(np.flatnonzero(kept)).astype(float)
    matrix = dense(with_nan.permanent_share, gaps)
    x, y = np.diff(drivers[kept].to_numpy(), axis=0), np.diff(level[kept].to_numpy())
    weighted = np.linalg.solve(matrix, x)
    np.testing.assert_allclose(np.linalg.solve(x.T @ weighted, weighted.T @ y), with_nan.params, rtol=1e-9)


def test_missing_sessions_equal_statsmodels(sample):
    level, drivers = sample(7, permanent=5e-5, transitory=5e-5)
    holes = level.copy()
    holes.iloc[40:60] = np.nan
    ours = local_level(holes, drivers)
    same = components(holes, drivers).smooth([ours.sd_transitory**2 * UNIT**2, ours.sd_permanent**2 * UNIT**2])
    np.testing.assert_allclose(same.smoothed_state[1:, -1], ours.params, rtol=1e-6)


def test_variance_per_day_counts_weekends(sample):
    level, drivers = sample(8, permanent=1e-4, transitory=1e-6)
    by_day = local_level(level, drivers, variance_per="day")
    assert by_day.method == "banded Cholesky"
    assert set(by_day.gaps) == {1.0, 3.0}
    assert by_day.permanent_per_year == pytest.approx(by_day.sd_permanent * np.sqrt(365))


@pytest.mark.parametrize(("permanent", "transitory", "end"), [(1e-4, 0.0, 1.0), (0.0, 1e-4, 0.0)])
def test_both_ends_are_reached(sample, permanent, transitory, end):
    """A random walk is ordinary least squares in changes; pure noise is generalised least squares of MA(1) changes."""
    shares = []
    for seed in range(30):
        level, drivers = sample(seed, permanent=permanent, transitory=transitory)
        fit = local_level(level, drivers)
        shares.append(fit.permanent_share)
        if fit.permanent_share == 1.0:
            changes = OLS(np.diff(level), np.diff(drivers, axis=0)).fit()
            np.testing.assert_allclose(fit.params, changes.params, rtol=1e-9)
            np.testing.assert_allclose(fit.std_errors, changes.bse, rtol=1e-9)
            np.testing.assert_allclose(fit.p_values_zero(), changes.pvalues, rtol=1e-6)
            statistic, p_value = fit.joint_test(0.0)
            assert statistic == pytest.approx(float(changes.fvalue), rel=1e-6)
            assert p_value == pytest.approx(float(changes.f_pvalue), rel=1e-4)
    assert np.mean(np.array(shares) == end) > 0.3


def test_robust_errors_equal_hc3_of_the_whitened_regression(sample):
    level, drivers = sample(9, permanent=3e-5, transitory=6e-5)
    fit = local_level(level, drivers, cov_type="robust")
    theirs = OLS(fit.whitened[:, 0], fit.whitened[:, 1:]).fit(cov_type="HC3")
    np.testing.assert_allclose(theirs.params, fit.params, rtol=1e-9)
    np.testing.assert_allclose(theirs.bse, fit.std_errors, rtol=1e-9)
    assert fit.cov_type == "robust"


def test_scaling_shifting_and_adding(sample):
    level, drivers = sample(10, permanent=3e-5, transitory=6e-5)
    base = local_level(level, drivers)
    shifted = local_level(level + 3.0, drivers - 5.0)
    np.testing.assert_allclose(shifted.params, base.params, rtol=1e-6)
    in_bp = local_level(level * 1e4, drivers.assign(fee=drivers["fee"] * 1e4))
    np.testing.assert_allclose(in_bp.params, base.params * [1.0, 1e4], rtol=1e-6)
    assert in_bp.sd_permanent == pytest.approx(1e4 * base.sd_permanent, rel=1e-5)
    added = local_level(level + 0.5 * drivers["fee"], drivers)
    np.testing.assert_allclose(added.params - base.params, [0.5, 0.0], atol=1e-6)
    swapped = local_level(level, drivers[["premium", "fee"]])
    np.testing.assert_allclose(swapped.params[["fee", "premium"]], base.params, rtol=1e-9)


def test_no_drivers_estimates_the_noise_alone(sample):
    level, drivers = sample(11, permanent=5e-5, transitory=5e-5)
    fit = local_level(level - drivers.sum(axis=1))
    assert len(fit.params) == 0
    assert np.isnan(fit.joint_test()[1])
    assert fit.sd_permanent == pytest.approx(5e-5, rel=0.3)
    assert fit.sd_transitory == pytest.approx(5e-5, rel=0.3)


@pytest.mark.parametrize("kind", ["stationary", "random walk", "mixed"])
def test_intervals_cover(sample, kind):
    """400 funds a kind: 95 % nominal must lie within four Monte-Carlo errors of a coverage between 92 and 98 %."""
    permanent, transitory = {"stationary": (0.0, 5e-5), "random walk": (5e-5, 0.0), "mixed": (1e-5, 5e-5)}[kind]
    for cov_type in ("classical", "robust"):
        covered = []
        for seed in range(400):
            level, drivers = sample(10_000 + seed, permanent=permanent, transitory=transitory)
            bounds = local_level(level, drivers, cov_type=cov_type).conf_int()
            covered.append(((bounds["lower"] <= 1.0) & (bounds["upper"] >= 1.0)).to_numpy())
        rate = np.mean(covered, axis=0)
        slack = 4 * np.sqrt(0.05 * 0.95 / 400)
        assert np.all(rate > 0.92 - slack / 2), (cov_type, rate)
        assert np.all(rate < 0.98 + slack / 2), (cov_type, rate)


def test_a_variance_that_changes_widens_the_right_coefficient():
    """Noise ten times larger in the second half: only robust errors cover the second half's slope."""
    days = pd.bdate_range("2024-01-02", periods=400)
    clock = np.arange(400) / 252.0
    ramps = pd.DataFrame({"first": np.minimum(clock, clock[200]), "second": np.maximum(0, clock - clock[200])}, days)
    covered = {"classical": [], "robust": []}
    for seed in range(300):
        rng = np.random.default_rng(seed)
        steps = np.where(np.arange(400) < 200, 1e-5, 1e-4) * rng.standard_normal(400)
        level = ramps @ [0.001, 0.002] + np.cumsum(steps)
        for cov_type, hits in covered.items():
            bounds = local_level(level, ramps, cov_type=cov_type).conf_int()
            hits.append([bounds["lower"].iloc[i] <= b <= bounds["upper"].iloc[i] for i, b in enumerate((0.001, 0.002))])
    rates = {name: np.mean(hits, axis=0) for name, hits in covered.items()}
    assert rates["classical"][1] < 0.88
    assert np.all(np.abs(rates["robust"] - 0.95) < 0.04)
    assert local_level(level, ramps).changing_variance() < 1e-6


def test_constant_variance_is_not_called_changing(sample):
    p_values = [local_level(*sample(seed, permanent=2e-5, transitory=4e-5)).changing_variance() for seed in range(100)]
    assert 0.0 <= np.mean(np.array(p_values) < 0.05) < 0.15


@pytest.mark.parametrize("blocks", [2, 3, 7])
def test_tails_are_those_of_scipy_stats(sample, blocks):
    fit = local_level(*sample(3, permanent=2e-5, transitory=4e-5))
    parts = np.array_split(fit.innovations.to_numpy(), blocks)
    assert fit.changing_variance(blocks) == pytest.approx(stats.levene(*parts, center="median").pvalue, rel=1e-9)
    half = (fit.params - fit.conf_int(0.9)["lower"]) / fit.std_errors
    np.testing.assert_allclose(half, stats.t.ppf(0.95, fit.df_resid), rtol=1e-9)
    distance = (fit.params - 1.0) / fit.std_errors
    np.testing.assert_allclose(fit.p_values_unity(), 2 * stats.t.sf(abs(distance), fit.df_resid), rtol=1e-9)
    statistic, p_value = fit.joint_test(0.5)
    assert p_value == pytest.approx(stats.f.sf(statistic, len(fit.params), fit.df_resid), rel=1e-9)


class TestRefusals:
    def test_different_labels(self, sample):
        level, drivers = sample(0, permanent=1e-5, transitory=1e-5)
        with pytest.raises(AlignmentError, match="not the same"):
            local_level(level, drivers.shift(1, freq="D"))
        with pytest.raises(AlignmentError, match="strictly increasing"):
            local_level(level.iloc[::-1], drivers.iloc[::-1])

    def test_collinear_and_constant_drivers_are_named(self, sample):
        level, drivers = sample(0, permanent=1e-5, transitory=1e-5)
        with pytest.raises(IdentificationError, match="does not vary") as caught:
            local_level(level, drivers.assign(still=0.5))
        assert caught.value.drivers == ("still",)
        with pytest.raises(IdentificationError, match="collinear") as caught:
            local_level(level, drivers.assign(twice=2 * drivers["fee"]))
        assert set(caught.value.drivers) == {"fee", "twice"}

    def test_values_that_are_none(self, sample):
        level, drivers = sample(0, permanent=1e-5, transitory=1e-5)
        with pytest.raises(DataError, match="infinite"):
            local_level(level.where(level.index != level.index[5], np.inf), drivers)
        with pytest.raises(DataError, match="premium"):
            local_level(level, drivers.assign(premium=drivers["premium"].where(level.index != level.index[5])))
        with pytest.raises(DataError, match="never changes"):
            local_level(level * 0.0, drivers)

    def test_too_short(self, sample):
        level, drivers = sample(0, permanent=1e-5, transitory=1e-5)
        with pytest.raises(SampleError, match="2 drivers"):
            local_level(level.iloc[:5], drivers.iloc[:5])

    @pytest.mark.parametrize("bad", [{"variance_per": "week"}, {"cov_type": "HC9"}, {"positions": [1, 2]}])
    def test_parameters(self, sample, bad):
        level, drivers = sample(0, permanent=1e-5, transitory=1e-5)
        with pytest.raises(ParameterError):
            local_level(level, drivers, **bad)

    def test_confidence(self, sample):
        with pytest.raises(ParameterError, match=r"0\.95"):
            local_level(*sample(0, permanent=1e-5, transitory=1e-5)).conf_int(95)

    def test_two_drivers_of_one_name(self, sample):
        level, drivers = sample(0, permanent=1e-5, transitory=1e-5)
        with pytest.raises(ParameterError, match="share a name"):
            local_level(level, pd.concat([drivers, drivers], axis=1))


def test_p_values_say_what_they_test(sample):
    """Student's t of the distance from the hypothesis that the name states; the old name gives the same, and warns."""
    fit = local_level(*sample(4, permanent=1e-3, transitory=1e-5))
    for value, found in ((1.0, fit.p_values_unity()), (0.0, fit.p_values_zero())):
        distance = (fit.params - value).abs() / fit.std_errors
        np.testing.assert_allclose(found, 2 * stats.t.sf(distance, fit.df_resid), rtol=1e-9)
        with pytest.warns(DeprecationWarning, match="p_values_unity"):
            pd.testing.assert_series_equal(fit.p_values(value), found)


@pytest.mark.parametrize("noise", [1e-5, 1e-6, 1e-7])
def test_no_digits_are_lost_where_drivers_explain_almost_everything(noise):
    """A premium of 30 bp over noise of a thousandth of a basis point, against the same level less its drivers."""
    rng = np.random.default_rng(2)
    days = pd.bdate_range("2024-01-02", periods=505)
    drivers = pd.DataFrame({"fee": -1e-5 * np.arange(505), "premium": 3e-3 * rng.standard_normal(505)}, index=days)
    rest = pd.Series(noise * rng.standard_normal(505), days)
    whole, alone = local_level(drivers.sum(axis=1) + rest, drivers), local_level(rest, drivers)
    np.testing.assert_allclose(whole.params, alone.params + 1.0, rtol=1e-9)
    np.testing.assert_allclose(whole.std_errors, alone.std_errors, rtol=1e-6)
    assert whole.permanent_share == pytest.approx(alone.permanent_share, abs=1e-9)


@given(share=st.floats(0.0, 1.0), phi=st.floats(-0.9, 0.97), nobs=st.integers(2, 40), whole=st.booleans())
@settings(max_examples=60)
def test_banded_form_equals_the_autocovariances(share, phi, nobs, whole):
    """The covariance of differences, from the textbook's autocovariance φ^k/(1 − φ²) of an AR(1)."""
    gaps = np.ones(nobs) if whole else np.random.default_rng(nobs).integers(1, 5, nobs).astype(float)
    at = np.concatenate([[0.0], np.cumsum(gaps)])
    levels = (1 - share) * phi ** np.abs(at[:, None] - at) / (1 - phi**2)
    dense = np.diff(np.diff(levels, axis=0), axis=1) + share * np.diag(gaps)
    columns = np.random.default_rng(nobs).standard_normal((nobs, 2))
    problem = AutoregressiveProblem(columns, gaps, 1.0, 0.0)
    cross, log_det = problem.cross(share, phi)
    assert log_det == pytest.approx(np.linalg.slogdet(dense)[1], abs=1e-6)
    np.testing.assert_allclose(cross, columns.T @ np.linalg.solve(dense, columns), rtol=1e-6, atol=1e-9)
    white = whiten(columns, share, phi, gaps)
    np.testing.assert_allclose(white.T @ white, cross, rtol=1e-6, atol=1e-9)


def test_phi_of_zero_is_the_default_model(persistent):
    level, drivers = persistent(1, phi=0.0, permanent=2e-5)
    plain = local_level(level, drivers)
    problem = AutoregressiveProblem(
        np.diff(np.column_stack([level, drivers]), axis=0), np.ones(len(level) - 1), 1.0, 0.0
    )
    cross, _ = problem.cross(plain.permanent_share, 0.0)
    beta = np.linalg.solve(cross[1:, 1:], cross[1:, 0])
    np.testing.assert_allclose(beta, plain.params, rtol=1e-8)


@pytest.mark.parametrize(("seed", "permanent"), [(0, 0.0), (1, 2e-5), (2, 1e-4)])
def test_persistent_noise_equals_statsmodels(persistent, seed, permanent):
    """The same likelihood, coefficients and errors as a Kalman filter with a random walk and an AR(1)."""
    level, drivers = persistent(seed, permanent=permanent)
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


def test_missing_sessions_and_persistent_noise(persistent):
    level, drivers = persistent(3, permanent=3e-5, sessions=200)
    holes = level.copy()
    holes.iloc[[30, 31, 90]] = np.nan
    fit = local_level(holes, drivers, transitory="ar1")
    assert fit.method == "banded Cholesky, AR(1)"
    full = local_level(level, drivers, transitory="ar1")
    np.testing.assert_allclose(fit.params, full.params, atol=2 * full.std_errors.max())
    white = fit.innovations
    assert float(white.var()) == pytest.approx(1.0, abs=0.05)
    assert fit.permanent.notna().all()


def test_permanent_part_beside_persistent_noise_equals_statsmodels(persistent):
    level, drivers = persistent(4, permanent=5e-5, sessions=250)
    ours = local_level(level, drivers, transitory="ar1")
    rest = ours.residual_level.to_numpy() * UNIT
    model = UnobservedComponents(rest, "rwalk", autoregressive=1, use_exact_diffuse=True)
    variance = (1 - ours.permanent_share) * ours.variance * UNIT**2
    smooth = model.smooth([ours.sd_permanent**2 * UNIT**2, variance, ours.phi])
    np.testing.assert_allclose(smooth.smoothed_state[0], ours.permanent * UNIT, atol=1e-6)


def test_errors_halve_and_intervals_cover(persistent):
    """AR(1) of 0.8: the standard error of the fee at least halves, and 95 % intervals still cover."""
    hits, ratios = [], []
    for seed in range(150):
        level, drivers = persistent(seed)
        plain, ar1 = local_level(level, drivers), local_level(level, drivers, transitory="ar1")
        bounds = ar1.conf_int()
        hits.append(((bounds["lower"] <= 1) & (bounds["upper"] >= 1)).to_numpy())
        ratios.append(plain.std_errors["fee"] / ar1.std_errors["fee"])
    assert np.median(ratios) >= 2.0
    rate = np.mean(hits, axis=0)
    assert np.all(rate > 0.88)  # 95 % nominal less four Monte-Carlo errors of 150 draws
    assert ar1.phi == pytest.approx(0.8, abs=0.12)


@pytest.mark.slow
def test_errors_halve_and_intervals_cover_in_full(persistent):
    hits = []
    for seed in range(1000):
        level, drivers = persistent(50_000 + seed)
        bounds = local_level(level, drivers, transitory="ar1").conf_int()
        hits.append(((bounds["lower"] <= 1) & (bounds["upper"] >= 1)).to_numpy())
    rate = np.mean(hits, axis=0)
    assert np.all((rate >= 0.92) & (rate <= 0.98)), rate


def test_refusal_of_another_noise(persistent):
    with pytest.raises(ParameterError, match="'noise' or 'ar1'"):
        local_level(*persistent(0, sessions=60), transitory="AR")


def test_decompose_takes_persistent_noise(persistent):
    result = rs.decompose(rs.load("ETHV"), "nav", error="ar1")
    assert result.reconciliation_gap < 1e-12
    assert result.fit.method == "banded Cholesky, AR(1)"
    assert "autocorrelation of the transitory part" in str(local_level(*persistent(6), transitory="ar1"))
