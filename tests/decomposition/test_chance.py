"""What chance makes of a remainder: dense algebra, and how often the verdict is right on funds whose truth is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from research.decomposition import local_level
from research.decomposition.averaged import averaged_level
from research.decomposition.chance import chance_of_difference, chance_of_remainder
from research.errors import ParameterError
from research.simulation.noise_kinds import NOISE_KINDS, noise_worlds, study_world
from research.simulation.paths import simulate_panel

YEARS = 2.0
DAYS = pd.bdate_range("2023-01-02", periods=300)


def covariance(at, share, phi):
    """Return the covariance of a level's errors from its first, dense."""
    apart = np.abs(at[:, None] - at[None, :]).astype(float)
    around = (1 - share) / (1 - phi**2) * np.where(apart > 0, phi**apart, 1.0)
    difference = np.diff(np.eye(at.size), axis=0)
    return difference @ (around + share * np.minimum.outer(at - at[0], at - at[0])) @ difference.T


def louder(fit, posterior_share, phi, variance, sessions):
    """Return what the noise of the first and the last 63 sessions adds where it is louder than the sample's."""
    squares = fit.innovations.to_numpy() ** 2
    ratio = (squares[:63].mean() + squares[-63:].mean()) / 2 / squares.mean()
    around = 2 * (1 - posterior_share) * (1 - phi**sessions) / (1 - phi**2)
    return max(0.0, ratio - 1.0) * around * variance


def level_and_drivers(seed=0):
    rng = np.random.default_rng(seed)
    x = pd.DataFrame(
        {"fee": -1e-5 * np.maximum(0, np.arange(300) - 150), "premium": 0.003 * rng.standard_normal(300)}, DAYS
    )
    noise = 1e-4 * rng.standard_normal(300)
    for t in range(1, 300):
        noise[t] += 0.5 * noise[t - 1]
    return x.sum(axis=1) + noise + np.cumsum(2e-5 * rng.standard_normal(300)), x


@pytest.mark.parametrize("missing", [(), (5, 90, 91, 200)])
@pytest.mark.parametrize("transitory", ["noise", "ar1"])
def test_the_variance_is_that_of_residuals_of_generalised_least_squares(transitory, missing):
    """R = ι'(I − X(X'V⁻¹X)⁻¹X'V⁻¹)e, by matrices of the sample's size."""
    level, x = level_and_drivers()
    level.iloc[list(missing)] = np.nan
    fit = local_level(level, x, transitory=transitory)
    at = np.flatnonzero(level.notna())
    v = covariance(at, fit.permanent_share, fit.phi)
    design = np.diff(x.to_numpy()[at], axis=0)
    weighted = np.linalg.solve(v, design)
    makes = np.eye(len(v)) - design @ np.linalg.solve(design.T @ weighted, weighted.T)
    row = makes.sum(axis=0)
    more = louder(fit, fit.permanent_share, fit.phi, fit.variance, 299)
    sd = np.sqrt(fit.variance * (row @ v @ row) + more)
    found = chance_of_remainder(fit, YEARS, confidence=0.9)
    change = np.diff(level.to_numpy()[at])
    assert found.value == pytest.approx(row @ change / YEARS, rel=1e-6, abs=1e-12)
    t = stats.t(fit.df_resid, found.value, sd / YEARS)
    assert found.interval == pytest.approx(t.interval(0.9), rel=1e-6)
    assert found.std_error == pytest.approx(t.std(), rel=1e-6)
    assert found.p_value == pytest.approx(2 * stats.t.sf(abs(found.value) * YEARS / sd, fit.df_resid), rel=1e-5)
    # A steady drift, through the same matrices.
    assert found.drift_left == pytest.approx(row @ np.diff(at) / np.diff(at).sum(), rel=1e-6)
    whole = chance_of_difference(fit, 0.01, YEARS, confidence=0.9)
    spread = np.sqrt(fit.variance * v.sum() + more) / YEARS
    assert whole.interval == pytest.approx(stats.t(fit.df_resid, 0.01 / YEARS, spread).interval(0.9), rel=1e-6)


def test_it_is_averaged_over_the_posterior():
    level, x = level_and_drivers(1)
    fit = averaged_level(level, x)
    found = chance_of_remainder(fit, YEARS)
    gain = (x.iloc[-1] - x.iloc[0]).to_numpy()
    variances, values = [], []
    posterior = fit.posterior
    for i in range(posterior.weights.size):
        v = covariance(np.arange(300), posterior.share[i], posterior.phi[i])
        more = louder(fit, posterior.share[i], posterior.phi[i], posterior.variance[i], 299)
        variances.append(posterior.variance[i] * v.sum() + more - gain @ posterior.cov[i] @ gain)
        values.append(level.iloc[-1] - level.iloc[0] - gain @ posterior.params[i])
    mean = posterior.weights @ values
    assert found.value == pytest.approx(mean / YEARS, rel=1e-9)
    total = posterior.weights @ (np.array(variances) * fit.df_resid / (fit.df_resid - 2) + (values - mean) ** 2)
    assert found.std_error == pytest.approx(np.sqrt(total) / YEARS, rel=1e-8)
    assert found.value == pytest.approx(fit.residual_level.iloc[-1] / YEARS, rel=1e-9)
    low, high = found.interval
    assert found.more_than_chance == (not low <= 0 <= high)


def test_a_driver_that_is_a_line_takes_the_verdict_away():
    level, x = level_and_drivers(2)
    x["fee"] = -1e-5 * np.arange(300)
    found = chance_of_remainder(averaged_level(level, x), YEARS)
    assert found.drift_left == pytest.approx(0.0, abs=1e-6)
    assert found.more_than_chance is None
    assert np.isnan(found.p_value)
    assert "absorb a straight line" in str(found)
    assert found.to_dict()["p_value"] is None
    free = chance_of_remainder(averaged_level(level, x[["premium"]]), YEARS)
    assert free.drift_left == pytest.approx(1.0, abs=0.2)
    assert free.more_than_chance is not None
    assert "more than chance" in str(free)


def test_louder_ends_widen_and_quieter_ones_do_not_narrow():
    rng = np.random.default_rng(4)
    noise = 1e-4 * rng.standard_normal(300)
    loud, quiet = noise.copy(), noise.copy()
    loud[-80:] *= 5.0
    quiet[:80] /= 5.0
    quiet[-80:] /= 5.0
    fits = [averaged_level(pd.Series(each, DAYS)) for each in (loud, quiet)]
    found = [chance_of_remainder(fit, 1.0).std_error for fit in fits]
    # One end has the variance 1 and the other 25; where both are quiet, twice the average of the sample counts.
    assert found[0] == pytest.approx(np.sqrt((1 + 25) * loud[:-80].var()), rel=0.25)
    assert found[1] == pytest.approx(np.sqrt(2 * quiet.var()), rel=0.15)


def test_where_nothing_is_estimated_nothing_is_subtracted():
    level, x = level_and_drivers(3)
    alone = averaged_level(level - x.sum(axis=1))
    rest = chance_of_remainder(alone, YEARS)
    whole = chance_of_difference(alone, float(alone.level.iloc[-1] - alone.level.iloc[0]), YEARS)
    assert rest.drift_left == 1.0
    assert (rest.value, *rest.interval) == pytest.approx((whole.value, *whole.interval), rel=1e-12)


def test_refusals():
    fit = local_level(*level_and_drivers())
    with pytest.raises(ParameterError, match="elapsed time"):
        chance_of_remainder(fit, 0.0)
    with pytest.raises(ParameterError, match=r"0\.95"):
        chance_of_difference(fit, 0.0, YEARS, confidence=95)


DRAWS = 100
WORLDS = noise_worlds(NOISE_KINDS, study_world(504))
# Tails, clusters and rounding change when noise comes and not how its sum behaves: three kinds stand for them.
KINDS = ("stationary", "random_walk", "faint_walk", "volatility_clustered", "rounded", "autocorrelated")


@pytest.fixture(scope="module", params=KINDS)
def funds(request):
    """Return levels of funds with nothing unexplained, their fee and the elapsed time."""
    panel = simulate_panel(WORLDS[request.param], tuple(range(DRAWS)), seed=11)
    fee = pd.Series(panel.components["expense_ratio"][0], panel.sessions, name="fee")
    levels = [pd.Series(each, panel.sessions) for each in np.log(panel.nav) - np.log(panel.benchmark)]
    return request.param, levels, fee, (panel.sessions[-1] - panel.sessions[0]).days / 365


def test_false_alarms_and_power(funds):
    """Nothing unexplained: at most 7 % alarms, imposed or free; 30 bp a year on top: found where noise comes back."""
    name, levels, fee, years = funds
    lost = -0.0030 * (fee.index - fee.index[0]).days / 365
    imposed, free, found, inside = [], [], [], []
    for level in levels:
        without = averaged_level(level - fee)
        imposed.append(chance_of_remainder(without, years).more_than_chance)
        free.append(chance_of_remainder(averaged_level(level, fee.to_frame()), years).more_than_chance)
        low, high = chance_of_difference(without, level.iloc[-1] - level.iloc[0], years).interval
        inside.append(low <= fee.iloc[-1] / years <= high)
        if name in {"stationary", "autocorrelated"}:
            found.append(chance_of_remainder(averaged_level(level - fee + lost), years).more_than_chance)
    allowed = stats.binom.ppf(0.99, DRAWS, 0.07) / DRAWS
    assert None not in free
    assert np.mean(imposed) <= allowed
    assert np.mean(free) <= allowed
    assert np.mean(inside) >= 1 - allowed
    assert not found or np.mean(found) >= 0.95
