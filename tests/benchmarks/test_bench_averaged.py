"""The averaged regression: a fund against the state space of the plain model, and a panel of ten thousand."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pandas as pd
import pytest
from statsmodels.tsa.statespace.structural import UnobservedComponents

from research.decomposition.averaged import averaged_level
from research.decomposition.averaged_panel import averaged_panel

TWO = ["fee", "premium"]


def world(funds, sessions, seed=0):
    rng = np.random.default_rng(seed)
    days = pd.bdate_range("2015-01-02", periods=sessions)
    drivers = pd.DataFrame(
        {"fee": -0.0025 * (days - days[0]).days / 365, "premium": 0.003 * rng.standard_normal(sessions)}, days
    )
    levels = np.cumsum(2e-5 * rng.standard_normal((sessions, funds)), axis=0)
    for start in range(0, funds, 500):
        part = levels[:, start : start + 500]
        part += 1e-4 * rng.standard_normal(part.shape) + drivers.sum(axis=1).to_numpy()[:, None]
    return pd.DataFrame(levels, days, copy=False), drivers


@pytest.mark.bench
@pytest.mark.parametrize("sessions", [504, 2_520])
def test_one_fund_against_unobserved_components(race, sessions):
    levels, drivers = world(1, sessions)
    level = levels[0]
    # In basis points: the state space's optimiser starts from unit scales.
    state = UnobservedComponents(1e4 * (level - level.iloc[0]).to_numpy(), "llevel", exog=1e4 * drivers.to_numpy())

    def theirs():
        return state.fit(disp=0, method="lbfgs", maxiter=500)

    ours, other = averaged_level(level, drivers), theirs()
    gap = np.abs(ours.params.to_numpy() - other.params[2:]) / ours.std_errors.to_numpy()
    assert gap.max() < 0.3
    seconds = race(
        f"averaged regression and its intervals, {sessions:,} sessions, 2 drivers",
        3,
        averaged_level=lambda: averaged_level(level, drivers).conf_int(),
        unobserved_components=theirs,
    )
    assert seconds["unobserved_components"] >= 15 * seconds["averaged_level"]


@pytest.mark.bench
def test_panel(race):
    levels, drivers = world(10_000, 2_520)
    some = range(0, 10_000, 1_000)
    half = levels.iloc[:, :5_000]
    found = averaged_panel(levels, drivers)
    for fund in some:
        fit = averaged_level(levels[fund], drivers)
        np.testing.assert_allclose(found.params.loc[fund], fit.params, atol=1e-6 * fit.std_errors.min())
        np.testing.assert_allclose(found.upper.loc[fund], fit.conf_int()["upper"], atol=1e-6 * fit.std_errors.min())
    seconds = race(
        "averaged panel, 2,520 sessions, 2 drivers",
        1,
        panel_10000=lambda: averaged_panel(levels, drivers),
        panel_5000=lambda: averaged_panel(half, drivers),
        ten_alone=lambda: [averaged_level(levels[fund], drivers).conf_int() for fund in some],
    )
    tracemalloc.start()
    averaged_panel(levels.iloc[:, :500], drivers)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    held = peak + 2 * levels.to_numpy().nbytes
    print(f"  memory with the input: {held / 2**30:.2f} GiB")  # noqa: T201
    assert held <= 2 * 2**30
    assert seconds["panel_10000"] <= 3 * seconds["panel_5000"]
    assert seconds["ten_alone"] * 1_000 >= 2 * seconds["panel_10000"]
