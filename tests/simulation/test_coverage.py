"""Intervals hold the truth as often as they say, within what a count of so many funds can tell."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from research.decomposition import decompose
from research.errors import ParameterError, UnknownNameError
from research.simulation import (
    NOISE_KINDS,
    World,
    break_coverage,
    coverage_study,
    driver_worlds,
    history_of,
    noise_worlds,
    simulate,
    simulate_panel,
    study_world,
)
from research.simulation.best import BestEstimator
from research.simulation.coverage import share_interval

DRAWS = 80


@pytest.fixture(scope="module")
def study():
    return coverage_study(draws=DRAWS, sessions=300, seed=3)


def estimated(study):
    """Return the rows of a study: all are of what is estimated, and the premium on price basis is an identity."""
    assert "premium_discount" not in set(study.frame["driver"])
    return study.frame


def test_few_draws_agree_with_the_nominal_coverage(study):
    # One in 10,000 studies of these rows would fail by chance if coverage were 94 %.
    lowest = stats.binom.ppf(1e-5, DRAWS, 0.94) / DRAWS
    assert (estimated(study)["coverage"] >= lowest).all()
    assert (estimated(study)["draws"] == DRAWS).all()


def test_estimates_are_unbiased_and_stated_errors_are_right(study):
    frame = estimated(study)
    assert (frame["bias"].abs() < 4.5 * frame["bias_std_error"]).all()
    ratio = (frame["std_error"] / frame["sd"]).set_axis(frame["noise"])
    np.testing.assert_allclose(ratio[["random_walk", "mixed"]], 1.1, atol=0.4)
    # Where nothing is permanent errors are averaged over walks too faint to be seen, which can only widen them.
    assert ratio["stationary"].between(0.9, 3.0).all()


def test_nothing_beats_the_best_estimator_by_more_than_chance(study):
    frame = estimated(study)
    assert (frame["efficiency"] < 1.25).all()
    assert (frame["efficiency"][frame["noise"] == "random_walk"] > 0.9).all()


def test_an_interval_is_beside_the_best_possible(study):
    frame = estimated(study).set_index(["noise", "basis"])
    # For who knows the noise: the spread of the best estimates, and an interval of a normal.
    rows = study.estimates[(study.estimates["noise"] == "mixed") & (study.estimates["basis"] == "nav")]
    best = 2 * stats.norm.ppf(0.975) * rows["best"].std() * rows["stated_bp"].iloc[0]
    assert frame.loc[("mixed", "nav"), "best_width_bp"] == pytest.approx(abs(best), rel=1e-12)
    ratio = frame["width_bp"] / frame["best_width_bp"]
    assert ratio[["random_walk", "mixed"]].between(0.8, 1.3).all()
    assert (ratio["stationary"] > 1.0).all()  # a walk that cannot be seen is not ruled out


def test_several_lengths_stand_in_one_table():
    both = coverage_study(["random_walk"], draws=3, sessions=(100, 160), seed=2)
    alone = coverage_study(["random_walk"], draws=3, sessions=160, seed=2)
    assert both.frame["sessions"].unique().tolist() == [100, 160]
    longer = both.estimates[both.estimates["sessions"] == 160].reset_index(drop=True)
    pd.testing.assert_frame_equal(longer, alone.estimates, check_exact=True)


@pytest.mark.parametrize("noise", ["mixed", "rounded"])
def test_estimates_are_those_of_a_decomposition(noise):
    worlds = noise_worlds([noise], study_world(200))
    study = coverage_study(worlds, draws=2, seed=5)
    panel = simulate_panel(worlds[noise], 2, seed=5)
    for row in study.estimates.itertuples():
        result = decompose(history_of(panel, row.draw), row.basis)
        driver = next(part for part in result.drivers if part.name == row.driver)
        assert np.isnan(row.estimate) == (driver.identified in {"imposed", "identity"})
        if np.isnan(row.estimate):
            continue
        assert row.estimate == pytest.approx(driver.coefficient, rel=1e-6)
        assert row.std_error == pytest.approx(driver.std_error, rel=1e-4)
        assert row.inside == (driver.interval[0] <= driver.stated <= driver.interval[1])
        assert row.stated_bp == pytest.approx(driver.stated * 1e4, rel=1e-9)


def test_best_estimator_is_least_squares_where_it_should_be():
    worlds = noise_worlds(["random_walk", "stationary"], study_world(150))
    for name, world in worlds.items():
        panel = simulate_panel(world, 1, seed=1)
        level = np.log(panel.nav[0] / panel.benchmark[0])
        fee = panel.components["expense_ratio"][0]
        found = BestEstimator(panel)(0, level, fee[:, None])[0]
        if name == "random_walk":  # least squares of changes, without constant
            expected = np.diff(level) @ np.diff(fee) / (np.diff(fee) @ np.diff(fee))
        else:  # least squares of levels, with constant
            expected = np.polyfit(fee, level, 1)[0]
        assert found == pytest.approx(expected, rel=1e-9)


def test_missing_sessions_go_the_long_way():
    world = World(sessions=150, missing_rate=0.1, noise=NOISE_KINDS["mixed"].noise)
    study = coverage_study({"gaps": world}, draws=6, seed=2)
    assert study.frame["noise"].unique().tolist() == ["gaps"]
    fee = study.estimates["driver"] == "expense_ratio"
    assert np.isfinite(study.estimates["best"][fee]).all()


def test_the_short_way_is_the_long_way():
    from research.simulation import coverage

    panel = simulate_panel(World(sessions=150, noise=NOISE_KINDS["mixed"].noise), 2, 2)
    for row in range(2):
        for short, long in zip(coverage._observed(panel, row), coverage._measured(panel, row, True), strict=True):
            assert (short.basis, short.drivers[0][:2]) == (long.basis, long.drivers[0][:2])
            np.testing.assert_allclose(short.level, long.level, atol=1e-13)
            np.testing.assert_allclose(short.exposures, long.exposures, atol=1e-13)


@pytest.mark.parametrize("kind", ["futures", "staking", "leveraged", "arrears"])
def test_every_kind_is_estimated_as_in_a_decomposition(kind):
    world = driver_worlds("mixed", 260)[kind]
    estimates = coverage_study({kind: world}, draws=2, seed=1).estimates
    result = {part.name: part for part in decompose(simulate(world, seed=1, draw=1), "price").drivers}
    rows = estimates[(estimates["draw"] == 1) & (estimates["basis"] == "price")]
    assert set(rows["driver"]) == {name for name, part in result.items() if part.identified != "identity"}
    for row in rows.itertuples():
        part = result[row.driver]
        assert np.isnan(row.estimate) == (part.identified in {"imposed", "identity"})
        assert row.stated_bp == pytest.approx(part.stated * 1e4, rel=1e-9)
        if part.identified == "estimated":
            assert (row.estimate, row.std_error) == pytest.approx((part.coefficient, part.std_error), rel=1e-6)


def test_seed_decides_everything(study):
    again = coverage_study(draws=10, sessions=300, seed=3)
    first = study.estimates[study.estimates["draw"] < 10].reset_index(drop=True)
    pd.testing.assert_frame_equal(again.estimates, first, check_exact=True)
    other = coverage_study(["mixed"], draws=2, sessions=100, seed=4).estimates
    assert not np.isclose(other["estimate"][0], coverage_study(["mixed"], 2, 100, seed=5).estimates["estimate"][0])


def test_result_prints_and_is_plain_json(study):
    text = str(study)
    assert "95% intervals" in text
    assert "0.2 bp that stays" in text
    plain = json.loads(json.dumps(study.to_dict(), allow_nan=False))
    assert len(plain["rows"]) == 6
    assert study.to_frame().equals(study.frame)
    assert "<table>" in study._repr_html_()


def test_first_day_of_the_fee_is_found():
    found = break_coverage(["random_walk", "stationary"], draws=6, sessions=200, simulated_samples=39)
    assert found.frame["coverage"].min() >= 0.5
    assert "First day of a fee" in str(found)
    json.dumps(found.to_dict(), allow_nan=False)


def test_share_interval_is_that_of_statsmodels():
    from statsmodels.stats.proportion import proportion_confint

    for count, total in ((0, 10), (95, 100), (100, 100)):
        assert share_interval(count, total) == pytest.approx(proportion_confint(count, total, method="wilson"))
    assert np.isnan(share_interval(0, 0)).all()


def test_bad_requests_are_named():
    with pytest.raises(UnknownNameError, match="mixed"):
        coverage_study(["mixd"], draws=2)
    with pytest.raises(ParameterError, match="noises"):
        coverage_study("mixed", draws=2)
    with pytest.raises(ParameterError, match="noises"):
        coverage_study([], draws=2)
    with pytest.raises(ParameterError, match="draws"):
        coverage_study(draws=1)
    with pytest.raises(ParameterError, match="jobs"):
        coverage_study(["mixed"], draws=2, sessions=60, jobs=0)
    with pytest.raises(ParameterError, match="confidence"):
        coverage_study(draws=2, confidence=95)
    with pytest.raises(ParameterError, match="sessions"):
        coverage_study(draws=2, sessions=())
    with pytest.raises(ParameterError, match="periods"):
        break_coverage({"flat": World()}, draws=2)


@pytest.mark.slow
def test_processes_do_not_change_a_number():
    one = coverage_study(["mixed"], draws=60, sessions=100, seed=1)
    two = coverage_study(["mixed"], draws=60, sessions=100, seed=1, jobs=2)
    pd.testing.assert_frame_equal(one.estimates, two.estimates, check_exact=True)


@pytest.mark.slow
def test_the_full_study_covers():
    # Averaged over what the noise may be, an interval promises no less than 92 % and may hold more than 95.
    frame = estimated(coverage_study(draws=1000, seed=0))
    assert (frame["upper"] >= 0.92).all()
    assert (frame["bias_share"].abs() < 0.1).all()


@pytest.mark.slow
def test_the_day_of_the_break_is_covered():
    frame = break_coverage(draws=200, seed=0).frame
    assert (frame["upper"] > 0.92).all()
    assert (frame["lower"] < 0.98).all()
