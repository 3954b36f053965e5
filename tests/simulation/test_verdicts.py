"""Verdicts are false as seldom as they say, and what is wrong is found: nothing wrong, and one thing wrong."""

import json

import numpy as np
import pandas as pd
import pytest

from research.decomposition import decompose, fee_regimes
from research.errors import ParameterError, UnknownNameError
from research.simulation import DEVIATIONS, VERDICTS, World, fee_schedule, simulate, verdict_study
from research.simulation.coverage import share_interval
from research.simulation.verdicts import BUNDLED


def allowed(share: float, count: int) -> float:
    """Return a share and two Monte-Carlo errors of it."""
    return share + 2 * np.sqrt(share * (1 - share) / count)


@pytest.fixture(scope="module")
def imposed():
    """Return a spot fund under noise that comes back, its fee imposed."""
    noises, wrong = ["stationary", "autocorrelated"], ["nothing", "drift"]
    return verdict_study(["spot"], noises, wrong, draws=40, impose=["expense_ratio"], breaks=False, seed=1)


@pytest.fixture(scope="module")
def bundled():
    """Return funds whose drivers are hard to tell apart, each with nothing wrong and with a drift."""
    return verdict_study(["futures", "leveraged"], [BUNDLED], ["nothing", "drift"], draws=12, breaks=False, seed=1)


def test_the_remainder_seldom_cries(imposed):
    false, given = imposed.pooled("remainder")
    assert given == 80
    assert false / given <= allowed(0.07, given)


def test_thirty_points_of_drift_are_found_where_noise_comes_back(imposed):
    drift = imposed.frame[imposed.frame["deviation"] == "drift"]
    assert (drift["found"] >= 0.95 - 2 * np.sqrt(0.95 * 0.05 / 40)).all()
    assert (drift["missed"] <= 1 - drift["found"]).all()


def test_a_drift_is_said_of_what_cannot_be_told_apart_and_not_blamed_on_one(bundled):
    drift = bundled.frame[bundled.frame["deviation"] == "drift"]
    assert drift["blamed"].mean() <= allowed(0.07, int(drift["draws"].sum()))
    assert (drift["found"] >= 0.95 - 2 * np.sqrt(0.95 * 0.05 / 12)).all()
    assert drift["combination_false"].eq(0.0).all()  # what is said of the sum is right


def test_nothing_is_blamed_where_nothing_is_wrong(bundled, imposed):
    for study in (bundled, imposed):
        clean = study.frame[study.frame["deviation"] == "nothing"]
        assert clean["blamed"].mean() <= allowed(0.07, int(clean["draws"].sum()))


def test_the_share_of_false_verdicts_is_a_count_of_claims(bundled):
    claims, frame = bundled.claims, bundled.frame.set_index(["fund", "deviation"])
    for (fund, name), row in frame.iterrows():
        part = claims[(claims["fund"] == fund) & (claims["deviation"] == name) & (claims["verdict"] == "driver")]
        assert row["draws"] == part["draw"].nunique() == 12
        assert row["driver_false"] == part["false"].sum() / len(part)
        assert (row["driver_lower"], row["driver_upper"]) == share_interval(int(part["false"].sum()), len(part))
    assert not (claims["false"] & claims["right"]).any()
    assert (claims["said"] == (claims["false"] | claims["right"])).all()


def test_printed_intervals_are_counted_row_by_row(bundled):
    coverage = bundled.coverage
    rows = {"expense_ratio", "collateral", "futures_roll", "leverage", "financing", "combination", "remainder"}
    assert set(coverage["row"]) == rows
    assert coverage["width_bp"].gt(0).all()


@pytest.mark.parametrize("name", ["fee", "waiver_charged"])
def test_a_fee_that_is_not_the_one_stated_is_found_and_nothing_else_blamed(name):
    row = verdict_study(["spot"], ["stationary"], [name], draws=5, seed=3).frame.iloc[0]
    assert row["found"] == 1.0
    assert row["blamed"] == 0.0


def test_every_deviation_says_one_thing_and_does_another():
    world = World(kind="staking", sessions=150, fee=fee_schedule(0.0025, waived_until="2024-10-31"))
    truths = {name: simulate(world, 4) for name in DEVIATIONS}
    told = {name: one.history(world, 4, 0) for name, one in DEVIATIONS.items() if one.applies(world)}
    assert set(told) == set(DEVIATIONS) - {"half_roll"}
    for name, history in told.items():
        assert history.fund.fee == truths[name].fund.fee  # what is stated is stated
        assert history.fund.staking == truths[name].fund.staking
        assert history.clocks == truths[name].clocks
        assert history.frame.equals(truths[name].frame) == (name == "nothing")
    gap = np.log(told["drift"].frame["nav"] / truths["drift"].frame["nav"])
    np.testing.assert_allclose(gap, -0.0030 * told["drift"].days / 365, atol=1e-15)
    assert "benchmark_at_fund_clock" not in told["clock"].inputs
    assert (told["stale"].frame["nav"].diff() == 0).sum() == 10


def test_half_a_roll_is_half_a_coefficient():
    world = World(kind="futures", sessions=200)
    history = DEVIATIONS["half_roll"].history(world, 1, 0)
    truth = simulate(world, 1).truth.components
    rolled = truth[[name for name in ("roll_yield", "curve_shift", "roll_cost") if name in truth]].sum(axis=1)
    moved = np.log(history.frame["nav"]) - np.log(simulate(world, 1).frame["nav"])
    np.testing.assert_allclose(moved, -0.5 * rolled, atol=1e-14)
    group = decompose(history, policy={"expense_ratio": "impose", "collateral": "impose"}).groups[0]
    assert group.coefficient == pytest.approx(0.5, abs=0.05)


def test_a_study_is_its_seed_and_prints():
    small = {"funds": ["spot"], "noises": ["mixed"], "deviations": ["nothing", "stale"], "sessions": 150}
    one, two = (verdict_study(**small, draws=draws, seed=2) for draws in (2, 1))
    pd.testing.assert_frame_equal(one.claims[one.claims["draw"] == 0].reset_index(drop=True), two.claims)
    assert "nothing was said" in str(one)
    plain = json.loads(json.dumps(one.to_dict(), allow_nan=False))
    assert [row["deviation"] for row in plain["rows"]] == ["nothing", "stale"]
    assert plain["rows"][0]["found"] is None
    assert one.to_frame().equals(one.frame)
    assert set(one.claims["verdict"]) <= set(VERDICTS)
    history = DEVIATIONS["nothing"].history(World(sessions=150), 2, 0)
    assert fee_regimes(history) is not None


def test_bad_requests_are_named():
    with pytest.raises(UnknownNameError, match="futures"):
        verdict_study(["future"])
    with pytest.raises(UnknownNameError, match="bundled"):
        verdict_study(noises=["bundle"])
    with pytest.raises(UnknownNameError, match="stale"):
        verdict_study(deviations=["stail"])
    with pytest.raises(ParameterError, match="go together"):
        verdict_study(["spot"], deviations=["half_roll"])
    with pytest.raises(ParameterError, match="sessions"):
        verdict_study(sessions=60)


@pytest.mark.slow
def test_processes_do_not_change_a_verdict():
    one, two = (verdict_study(["spot"], ["mixed"], draws=11, sessions=150, jobs=jobs) for jobs in (1, 2))
    pd.testing.assert_frame_equal(one.claims, two.claims, check_exact=True)


@pytest.mark.slow
@pytest.mark.parametrize("fund", ["futures", "leveraged", "staking"])
def test_every_printed_interval_holds_the_truth(fund):
    """At least 92 %, within what a count of 100 can tell."""
    coverage = verdict_study([fund], [BUNDLED], ["nothing"], draws=100, breaks=False).coverage
    share = coverage["coverage"]
    assert (share + 2 * np.sqrt(share * (1 - share) / coverage["draws"]) >= 0.92).all(), coverage.to_string()
