"""Simulated funds: reproducible, exactly the sum of their parts, and made as such a fund would be."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from research.alignment.clock_offset import clock_offset
from research.alignment.variance_profile import flat_profile
from research.conventions import DAYS_PER_YEAR
from research.drivers import measure
from research.drivers.distributions import total_return
from research.errors import ParameterError
from research.simulation import (
    Curve,
    Leverage,
    Market,
    Noise,
    Premium,
    Rates,
    Rounding,
    Shocks,
    Staking,
    World,
    fee_schedule,
    history_of,
    simulate,
    simulate_panel,
)
from research.simulation.futures import contracts

TIERED = fee_schedule(0.002, waived_until="2025-01-22", waived_below=5e8)
WORLDS = {
    "spot": World(),
    "spot, gaps, late benchmark": World(missing_rate=0.05, clock_offset_hours=3.0),
    "spot, tiers, gaps, early benchmark": World(fee=TIERED, missing_rate=0.05, clock_offset_hours=-3.5),
    "spot, paid monthly, gaps": World(fee=fee_schedule(0.01, paid="monthly"), missing_rate=0.05),
    "staking, paid quarterly": World(kind="staking", fee=fee_schedule(0.01, paid="quarterly")),
    "futures, cost, margin, gaps": World(
        kind="futures", curve=Curve(cost=3e-4, collateral_share=0.9), missing_rate=0.05
    ),
    "futures, late benchmark": World(kind="futures", clock_offset_hours=3.0),
    "staking, paid out, taxed, gaps": World(
        kind="staking", staking=Staking(since="2024-12-02", tax_rate=0.3, paid_out=True), missing_rate=0.05
    ),
    "staking, total return": World(kind="staking", staking=Staking(benchmark_earns=True), clock_offset_hours=-2.0),
    "leveraged, gaps": World(kind="leveraged", missing_rate=0.05),
    "inverse, monthly, gaps": World(
        kind="leveraged", leverage=Leverage(-1.0, "monthly"), market=Market(volatility=0.3), missing_rate=0.05
    ),
}
QUIET = {"noise": Noise(0.0, 0.0), "fee": 0.0, "premium": None}


@pytest.mark.parametrize("name", WORLDS)
def test_parts_add_up_to_the_divergence(name):
    history = simulate(WORLDS[name], seed=3)
    for basis in history.bases:
        level = history.divergence(basis)
        gap = history.truth.parts(basis).sum(axis=1) - (level - level.iloc[0])
        assert gap.abs().max() < 1e-12


@pytest.mark.parametrize("name", WORLDS)
def test_drivers_measure_exactly_what_the_world_was_made_of(name):
    history = simulate(WORLDS[name], seed=4)
    levels = {driver.name: driver.level for driver in measure(history, "nav")}
    assert set(levels) == set(history.truth.drivers)
    for driver, level in levels.items():
        assert (level - history.truth.components[driver]).abs().max() < 1e-12, driver


def test_seeds_reproduce_and_differ():
    world = World(sessions=80, missing_rate=0.1)
    one, same = simulate(world, seed=1), simulate(world, seed=1)
    pd.testing.assert_frame_equal(one.frame, same.frame, check_exact=True)
    assert one.sources == same.sources
    for other in (simulate(world, seed=2), simulate(world, seed=1, draw=1)):
        assert not np.isclose(one.frame["nav"].iloc[-1], other.frame["nav"].iloc[-1])


def test_a_fund_does_not_depend_on_its_panel_or_on_global_state():
    world = World(kind="futures", sessions=60)
    alone = simulate(world, seed=9, draw=7)
    np.random.seed(0)  # noqa: NPY002 - to show that it does not matter
    panel = simulate_panel(world, [3, 7], seed=9)
    pd.testing.assert_frame_equal(history_of(panel, 1).frame, alone.frame, check_exact=True)


def test_sources_of_randomness_do_not_move_each_other():
    base = simulate(World(sessions=60), seed=1)
    other = simulate(World(sessions=60, premium=Premium(sd=0.05), noise=Noise(1e-4, 0.0)), seed=1)
    late = simulate(World(sessions=60, clock_offset_hours=2.0), seed=1)
    np.testing.assert_array_equal(base.frame["benchmark"], other.frame["benchmark"])
    np.testing.assert_array_equal(base.frame["nav"], late.frame["nav"])


def test_it_says_that_it_is_simulated():
    history = simulate(World(sessions=60))
    assert history.fund.simulated
    assert history.fund.name.startswith("Simulated")
    assert all(source.simulated for source in history.sources)


def test_missing_sessions_are_counted_and_the_ends_stay():
    history = simulate(World(missing_rate=0.1), seed=2)
    lost = len(history.sessions) - len(history.frame)
    assert history.losses.counts() == {"no_row": lost}
    assert 25 < lost < 80
    assert (history.start, history.end) == (history.sessions[0], history.sessions[-1])


def test_prices_lie_on_their_ticks():
    world = World(rounding=Rounding(nav=0.01, close=0.01, benchmark=0.05))
    history = simulate(world, seed=6)
    for column, tick in (("nav", 0.01), ("close", 0.01), ("benchmark", 0.05)):
        steps = history.frame[column] / tick
        assert (steps - steps.round()).abs().max() < 1e-6
        assert [round(value, 2) for value in history.frame[column]] == history.frame[column].tolist()
    exact = simulate(replace(world, rounding=Rounding()), seed=6)
    assert (exact.frame["nav"] - history.frame["nav"]).abs().max() <= 0.005 + 1e-9


def test_premium_has_the_stated_law():
    world = World(sessions=1500, premium=Premium(sd=0.004, half_life=3.0, noise=0.001))
    panel = simulate_panel(world, 40, seed=1)
    premium = np.log(panel.close / panel.nav)
    assert premium.std() == pytest.approx(np.hypot(0.004, 0.001), rel=0.05)
    covariance = [(premium[:, k:] * premium[:, : premium.shape[1] - k]).mean() for k in (1, 4)]
    # White noise is in the variance only, so the covariance at lags 1 and 4 is that of the reverting part.
    assert covariance[1] / covariance[0] == pytest.approx(0.5, abs=0.07)
    assert covariance[0] == pytest.approx(0.004**2 * 0.5 ** (1 / 3), rel=0.1)


def test_market_gathers_variance_by_calendar_time():
    world = World(sessions=400, market=Market(volatility=0.6, drift=0.3))
    panel = simulate_panel(world, 200, seed=3)
    steps = np.diff(np.log(panel.benchmark), axis=1)
    days = np.diff(panel.sessions) / np.timedelta64(1, "D")
    for gap in (1, 3):
        spread = steps[:, days == gap].std() / np.sqrt(gap / DAYS_PER_YEAR)
        assert spread == pytest.approx(0.6, rel=0.03)
    assert steps.sum(axis=1).mean() / (days.sum() / DAYS_PER_YEAR) == pytest.approx(0.3, abs=0.15)


@pytest.mark.parametrize("hours", [3.0, -2.5])
def test_clock_offset_is_found_from_the_returns(hours):
    history = simulate(World(sessions=504, clock_offset_hours=hours, noise=Noise(0.0, 0.0)), seed=5)
    found = clock_offset(history.frame["nav"], history.frame["benchmark"], profiles=[flat_profile()])
    assert found.hours == pytest.approx(hours, abs=4 * found.std_error)
    assert history.clocks["benchmark"] == {3.0: "19:00 America/New_York", -2.5: "13:30 America/New_York"}[hours]


def test_futures_fund_is_worth_what_its_contracts_are_worth():
    curve = Curve(mean=0.15, sd=0.08, cost=0.001)
    world = World(kind="futures", sessions=200, curve=curve, rates=Rates(0.0, 0.0), **QUIET)
    history = simulate(world, seed=8)
    prices = history.inputs["futures_curve"].to_numpy()
    plan = contracts("XNYS", history.start, 200, 5).schedule.weights.to_numpy()
    value, number = [1.0], plan[0]
    for t in range(1, 200):
        held = np.nansum(number * prices[t]) / np.nansum(number * prices[t - 1])
        # Half of the two-sided turnover is sold and half is bought; each costs 10 bp of what is traded.
        now = number * np.nan_to_num(prices[t]) / np.nansum(number * prices[t])
        then = plan[t] * np.nan_to_num(prices[t]) / np.nansum(plan[t] * prices[t])
        value.append(value[-1] * held * (1 - 0.001 * np.abs(then - now).sum()))
        number = plan[t]
    np.testing.assert_allclose(history.frame["nav"] / history.frame["nav"].iloc[0], value, rtol=1e-12)


def test_frozen_curve_makes_rolling_free():
    world = World(kind="futures", sessions=150, curve=Curve(mean=0.0, sd=0.0), rates=Rates(0.0, 0.0), **QUIET)
    history = simulate(world, seed=1)
    assert history.divergence("nav").diff().abs().max() < 1e-13


def test_leveraged_fund_compounds_day_by_day():
    world = World(kind="leveraged", sessions=120, leverage=Leverage(3.0), rates=Rates(0.0, 0.0), **QUIET)
    history = simulate(world, seed=2)
    simple = history.frame["benchmark"].pct_change().iloc[1:]
    expected = history.frame["nav"].iloc[0] * (1 + 3 * simple).cumprod()
    np.testing.assert_allclose(history.frame["nav"].iloc[1:], expected, rtol=1e-12)


def test_a_fund_that_loses_everything_is_refused():
    world = World(kind="leveraged", leverage=Leverage(5.0), market=Market(volatility=5.0))
    with pytest.raises(ParameterError, match=r"leverage\.multiple.*loses everything on 20"):
        simulate(world)


def test_paying_out_and_accruing_have_one_total_return():
    terms = Staking(tax_rate=0.1, since="2024-09-03")
    world = World(kind="staking", sessions=300, staking=terms, **QUIET)
    accrued = simulate(world, seed=4)
    paid = simulate(replace(world, staking=replace(terms, paid_out=True)), seed=4)
    # The first session of every month from September 2024 to October 2025.
    assert (paid.inputs["distributions"] > 0).sum() == 14
    grown = total_return(paid.frame["nav"], paid.inputs["distributions"])
    ratio = grown / accrued.frame["nav"]
    assert (ratio - 1).abs().max() < 1e-12


def test_fat_tails_and_clusters_reach_the_tracking_noise():
    world = World(sessions=1000, noise=Noise(1e-5, 0.0, shocks=Shocks(df=6.0)))
    steps = np.diff(simulate_panel(world, 100, seed=1).components["permanent"], axis=1)
    assert steps.std() == pytest.approx(1e-5, rel=0.02)
    assert ((steps / steps.std()) ** 4).mean() == pytest.approx(6.0, rel=0.2)


def test_part_of_a_history_keeps_its_truth():
    history = simulate(World(kind="futures"), seed=1)
    part = history.between("2025-01-02", "2025-12-31")
    level = part.divergence("price")
    gap = part.truth.parts("price").sum(axis=1) - (level - level.iloc[0])
    assert gap.abs().max() < 1e-12
    with pytest.raises(ParameterError, match="basis"):
        part.truth.parts("cash")


@pytest.mark.parametrize(("draws", "seed"), [(-1, 0), (2, -1), (2, 0.5), ([-3], 0)])
def test_draws_and_seed_are_whole_numbers(draws, seed):
    with pytest.raises(ParameterError, match=r"draw|seed"):
        simulate_panel(World(sessions=30), draws, seed)
