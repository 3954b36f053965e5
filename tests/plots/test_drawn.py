"""What the figures draw is what they are given, in the unit that their axes name."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

import research as rs
from research import plots
from research.metrics.reversion import ClosingSides
from research.plots.clock_offset import cost_of_hours, lead_lag, offset_by_period
from research.plots.coverage import coverage_chart
from research.plots.decomposition import cumulated_parts
from research.plots.fee import estimator_whiskers, fee_level, power_curve
from research.plots.premium_dynamics import premium_by_quarter, premium_groups, premium_next_session
from research.plots.quality import days_strip, findings_marked
from research.plots.roll import basis_through_time, curve_shape, spliced_against_held
from research.plots.staking import issuance_curve, staking_scenario_bars, staking_through_time
from research.simulation import coverage_study

DAYS = pd.bdate_range("2024-07-23", periods=200)


def walk(seed: int, scale: float = 1e-3) -> pd.Series:
    return pd.Series(scale * np.random.default_rng(seed).standard_normal(len(DAYS)).cumsum(), DAYS)


def lines(axes) -> dict[str, np.ndarray]:
    """Return what each named line of the axes shows."""
    return {str(line.get_label()): np.asarray(line.get_ydata(), dtype=float) for line in axes.lines}


def bars(axes) -> Iterator[float]:
    return (bar.get_height() for bar in axes.patches)


@pytest.fixture(scope="module")
def ethv():
    return rs.load("ETHV")


def test_the_waterfall_ends_at_the_tracking_difference(ethv):
    result = rs.decompose(ethv, "nav")
    drawn = list(bars(result.plot.waterfall().axes[0]))
    whole = (result.total.iloc[-1] - result.total.iloc[0]) / ethv.years * 1e4
    assert len(drawn) == len(result.components.columns) + 1
    assert sum(drawn[:-1]) == pytest.approx(whole, abs=1e-9)
    assert drawn[-1] == pytest.approx(whole, abs=1e-9)


def test_the_divergence_and_its_parts_add_up_on_every_session(ethv):
    result = rs.decompose(ethv, "price")
    top, *parts = result.plot.divergence().axes
    drawn = sum(next(iter(one.lines)).get_ydata() for one in parts)
    np.testing.assert_allclose(drawn, lines(top)["divergence"], atol=1e-9)
    np.testing.assert_allclose(lines(top)["divergence"], result.total * 1e4, rtol=1e-12)


def test_cumulated_parts_stand_over_what_they_leave():
    parts = pd.DataFrame({"one": walk(1), "other": walk(2)})
    above, below = cumulated_parts(
        parts, parts.sum(axis=1), walk(3), colours=["#111111", "#222222"], title="parts", unit="bp"
    ).axes
    assert above.get_ylabel() == "bp, cumulated (log)"
    np.testing.assert_array_equal(lines(above)["one"] + lines(above)["other"], lines(above)["divergence"])
    np.testing.assert_array_equal(below.lines[0].get_ydata(), walk(3))


def test_the_premium_is_drawn_in_basis_points_without_the_stale_close(ethv):
    figure = plots.premium(ethv)
    drawn = np.concatenate([np.asarray(line.get_ydata(), dtype=float) for line in figure.axes[0].lines])
    known = ethv.premium.drop(pd.Timestamp("2026-03-06")) * 1e4
    assert np.isin(known.round(6), drawn.round(6)).all()


def test_rolling_and_horizon_are_the_metrics_in_basis_points(ethv):
    first = plots.rolling(ethv, (60,)).axes[0]
    values = rs.rolling_tracking_error(ethv.nav_returns, ethv.benchmark_returns, window=60, periods_per_year=252)
    np.testing.assert_allclose(lines(first)["60 sessions"], values * 1e4, rtol=1e-12)
    curve = plots.horizon_curve(ethv, horizons=(1, 21)).axes[0]
    daily = ethv.divergence().diff().std() * math.sqrt(252) * 1e4
    assert curve.lines[0].get_ydata()[0] == pytest.approx(daily, rel=1e-9)


def test_the_fee_is_drawn_as_stated_and_as_found(ethv):
    above, below = fee_level(ethv, rs.fee_regimes(ethv)).axes
    drawn = lines(above)
    stated = -20e-4 * (ethv.end - pd.Timestamp("2025-07-22")).days / 365 * 1e4
    assert drawn["fee as stated"][-1] == pytest.approx(stated, abs=1e-9)
    left = drawn["net asset value less index"] - drawn["fee as found"]
    np.testing.assert_allclose(lines(below)["by the fee"], left, atol=1e-9)


def test_whiskers_reach_as_far_as_the_confidence_says():
    rates = pd.DataFrame({"rate": [0.0020, 0.0021], "std_error": [1e-5, 2e-5]}, ["one", "other"])
    for confidence, reach in ((0.95, 1.959964), (0.6826895, 1.0)):
        figure = estimator_whiskers(rates, 0.0020, "ETHV", "2025-07-23 to 2026-07-22", confidence)
        (whiskers,) = figure.axes[0].containers
        ends = np.sort(whiskers[2][0].get_segments()[0][:, 0])
        np.testing.assert_allclose(ends, [20 - reach * 0.1, 20 + reach * 0.1], rtol=1e-6)


def test_the_power_curve_shows_the_changes_that_would_show():
    axes = power_curve(pd.Series([1e-3, 2e-4], [20, 250]), "ETHV").axes[0]
    assert axes.lines[0].get_ydata().tolist() == pytest.approx([10.0, 2.0])
    assert axes.lines[0].get_xdata().tolist() == [20, 250]


def test_every_day_of_the_files_is_drawn_once(ethv):
    axes = days_strip(ethv).axes[0]
    assert sum(len(marks.get_segments()) for marks in axes.collections) == ethv.losses.rows_in
    shown = [label.get_text() for label in axes.get_yticklabels()]
    assert shown[0] == f"kept ({len(ethv.frame):,})"
    assert f"weekend ({ethv.losses.counts()['weekend']:,})" in shown


def test_findings_stand_on_the_premium_of_their_session(ethv):
    axes = findings_marked(ethv).axes[0]
    drawn = {round(float(y), 9) for marks in axes.collections for y in marks.get_offsets()[:, 1]}
    assert round(float(ethv.premium["2026-03-06"] * 1e4), 9) in drawn
    named = {session for item in ethv.findings for session in item.sessions}
    assert drawn <= {round(float(value * 1e4), 9) for value in ethv.premium[sorted(named)].fillna(0.0)}


def test_coverage_is_drawn_in_percent_around_the_nominal():
    study = coverage_study(["random_walk"], draws=5, sessions=80, confidence=0.8)
    axes = coverage_chart(study).axes[0]
    shares = study.frame.loc[study.frame["basis"] == "nav", "coverage"] * 100
    assert [line.get_xdata()[0] for line in axes.lines if line.get_marker() == "o"] == pytest.approx(shares.tolist())
    assert next(line.get_xdata()[0] for line in axes.lines if line.get_marker() != "o") == pytest.approx(80.0)


def test_the_basis_through_time_is_percent_a_year_with_its_mean():
    through = basis_through_time(walk(4, 0.01), "BITO").axes[0]
    np.testing.assert_allclose(through.lines[0].get_ydata(), 100 * walk(4, 0.01), rtol=1e-12)
    assert through.lines[1].get_ydata()[0] == pytest.approx(100 * walk(4, 0.01).mean())


def test_the_curve_goes_through_the_mean_of_each_rank():
    ranks = {
        1: (pd.Series([10.0, 20.0]), pd.Series([0.01, 0.03])),
        2: (pd.Series([40.0, 50.0]), pd.Series([0.05, 0.05])),
    }
    line = curve_shape(ranks, "BITO").axes[0].lines[0]
    assert line.get_xdata().tolist() == [15.0, 45.0]
    assert line.get_ydata().tolist() == pytest.approx([2.0, 5.0])


def test_a_spliced_price_lies_apart_by_what_was_booked():
    drawn = lines(spliced_against_held(walk(5), walk(6), "BITO").axes[0])
    np.testing.assert_allclose(drawn["spliced price (wrong)"] - drawn["contracts held"], 100 * walk(6), atol=1e-12)


def test_staking_is_drawn_in_percent():
    shares = pd.Series(np.linspace(0.4, 0.8, len(DAYS)), DAYS)
    above, below = staking_through_time(0.03 + walk(7) ** 2, shares, "ETHE").axes
    np.testing.assert_allclose(above.lines[0].get_ydata(), 3 + 100 * walk(7) ** 2, rtol=1e-12)
    np.testing.assert_allclose(below.lines[0].get_ydata(), 100 * shares, rtol=1e-12)


def test_bars_of_a_scenario_add_up_to_its_net_yield():
    table = rs.drivers.staking_scenarios(staking_yield=0.03, staked_share=0.8, fee_share=0.1, expense_ratio=0.0025)
    frame = table.to_frame()
    heights = np.array(list(bars(staking_scenario_bars(frame, "ETHE").axes[0]))).reshape(5, frame.shape[1])
    np.testing.assert_allclose(heights[:4].sum(axis=0), heights[4], atol=1e-9)


def test_issuance_falls_with_the_root_of_what_is_staked():
    axes = issuance_curve(40e6, 1.0, 0.0275, "ETHE").axes[0]
    curve = axes.lines[0]
    staked, shown = curve.get_xdata() * 1e6, curve.get_ydata()
    np.testing.assert_allclose(shown, 100 * 64 * 82_181.25 / np.sqrt(1e9) / np.sqrt(staked), rtol=1e-12)
    assert axes.lines[2].get_ydata()[0] == pytest.approx(2.75)


def test_an_offset_by_period_has_whiskers_of_two_standard_errors():
    periods = pd.DataFrame(
        {"hours": [1.0, 2.0], "std_error": [0.5, 0.25]}, pd.to_datetime(["2024-09-30", "2024-12-31"])
    )
    axes = offset_by_period({"nav and benchmark": (periods, 1.5, 3.0)}).axes[0]
    (whiskers,) = axes.containers
    ends = [sorted(segment[:, 1]) for segment in whiskers[2][0].get_segments()]
    np.testing.assert_allclose(ends, [[0.0, 2.0], [1.5, 2.5]])
    levels = [
        line.get_ydata()[0] for line in axes.lines if len(line.get_ydata()) == 2 and line.get_linestyle() != "None"
    ]
    assert 1.5 in levels
    assert 3.0 in levels


def test_the_cost_of_hours_grows_with_their_root():
    curve = cost_of_hours(4e-6, {"close": 4.0}, 4.0, "ETHV").axes[0]
    hours, cost = curve.lines[0].get_xdata(), curve.lines[0].get_ydata()
    np.testing.assert_allclose(cost, 1e4 * np.sqrt(2 * hours * 4e-6 * 252), rtol=1e-12)
    np.testing.assert_allclose(curve.lines[1].get_ydata(), cost / math.sqrt(21), rtol=1e-12)
    assert curve.lines[2].get_ydata()[0] == pytest.approx(1e4 * math.sqrt(2 * 4 * 4e-6 * 252))


def test_lead_and_lag_bars_are_the_correlations():
    table = pd.DataFrame({"nav": [0.1, 0.9, 0.2], "close": [0.3, 0.8, 0.1]}, [-1, 0, 1])
    axes = lead_lag(table, "ETHV").axes[0]
    assert list(bars(axes)) == pytest.approx(table.to_numpy().T.ravel().tolist())
    assert [label.get_text() for label in axes.get_xticklabels()] == ["1 after", "same", "1 before"]


def test_the_next_premium_is_drawn_against_this_one_with_its_autocorrelation():
    premium = walk(8)
    sides = ClosingSides(0.5, 0.25, 0.1, 0.1, 0.5, 1.0, 0.5, 100, 99)
    left, right = premium_next_session(premium, sides, "ETHV", lags=3).axes
    np.testing.assert_allclose(left.lines[0].get_xdata(), premium.iloc[:-1] * 1e4, rtol=1e-12)
    np.testing.assert_allclose(left.lines[0].get_ydata(), premium.iloc[1:] * 1e4, rtol=1e-12)
    heights = [bar.get_height() for bar in right.containers[0]]
    assert heights == pytest.approx([premium.autocorr(lag) for lag in (1, 2, 3)])


def test_quarters_and_kinds_of_close_show_their_means():
    premium = walk(9)
    means = lines(premium_by_quarter(premium, "ETHV").axes[0])["mean"]
    np.testing.assert_allclose(means, premium.groupby(DAYS.to_period("Q")).mean() * 1e4, rtol=1e-12)
    axes = premium_groups({"usual": (0.002, 0.001), "early": (0.006, math.nan)}, "ETHV").axes[0]
    assert [bar.get_width() for bar in axes.containers[0]] == pytest.approx([20.0, 60.0])
    np.testing.assert_allclose(axes.lines[0].get_xdata(), [10.0, math.nan])
