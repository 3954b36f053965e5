"""The local-level regression: one fund against statsmodels' state space, a panel against one fund at a time."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pandas as pd
import pytest
from statsmodels.tsa.statespace.structural import UnobservedComponents

from research.decomposition import local_level
from research.decomposition.panel import local_level_panel

SESSIONS = 2_520


def world(funds, seed=0):
    rng = np.random.default_rng(seed)
    days = pd.bdate_range("2015-01-02", periods=SESSIONS)
    drivers = pd.DataFrame(
        {
            "expense_ratio": -0.0025 * (days - days[0]).days / 365,
            "premium": 0.003 * rng.standard_normal(SESSIONS),
            "roll_yield": np.cumsum(2e-4 * rng.standard_normal(SESSIONS)),
        },
        days,
    )
    levels = rng.standard_normal((SESSIONS, funds))
    np.cumsum(levels, axis=0, out=levels)
    levels *= 10 ** rng.uniform(-5, -3.5, funds)
    transitory = 10 ** rng.uniform(-4.5, -3.5, funds)
    for start in range(0, funds, 500):
        part = levels[:, start : start + 500]
        part += transitory[start : start + 500] * rng.standard_normal(part.shape)
    levels += drivers.sum(axis=1).to_numpy()[:, None]
    return pd.DataFrame(levels, days, copy=False), drivers


@pytest.mark.bench
def test_one_fund_against_unobserved_components(race):
    levels, drivers = world(1)
    level = levels[0]
    # In basis points: the state space's optimiser starts from unit scales.
    state = UnobservedComponents(1e4 * (level - level.iloc[0]).to_numpy(), "llevel", exog=1e4 * drivers.to_numpy())

    def theirs():
        return state.fit(disp=0, method="lbfgs", maxiter=500)

    ours, other = local_level(level, drivers), theirs()
    # Maximum against restricted maximum likelihood: coefficients within a fraction of their standard errors.
    gap = np.abs(ours.params.to_numpy() - other.params[2:]) / ours.std_errors.to_numpy()
    assert gap.max() < 0.1
    seconds = race(
        f"local-level regression, {SESSIONS:,} sessions, 3 drivers",
        3,
        local_level=lambda: local_level(level, drivers),
        unobserved_components=theirs,
    )
    assert seconds["unobserved_components"] >= 25 * seconds["local_level"]


@pytest.mark.bench
def test_panel(race):
    levels, drivers = world(10_000)
    some = range(0, 10_000, 500)
    found = local_level_panel(levels, drivers)
    for fund in some:
        fit = local_level(levels[fund] - drivers.sum(axis=1), drivers)
        np.testing.assert_allclose(found.params.loc[fund], fit.params + 1, rtol=1e-6)
        np.testing.assert_allclose(found.std_errors.loc[fund], fit.std_errors, rtol=1e-6)
        assert found.noise.loc[fund, "variance"] == pytest.approx(fit.variance, rel=1e-6)
    half = levels.iloc[:, :5_000]
    seconds = race(
        f"local-level panel, {SESSIONS:,} sessions, 3 drivers",
        2,
        panel_10000=lambda: local_level_panel(levels, drivers),
        panel_5000=lambda: local_level_panel(half, drivers),
        twenty_alone=lambda: [local_level(levels[fund], drivers) for fund in some],
    )
    tracemalloc.start()
    local_level_panel(levels, drivers)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    held = peak + levels.to_numpy().nbytes
    print(f"  memory with the input: {held / 2**30:.2f} GiB")  # noqa: T201
    assert held <= 2 * 2**30
    assert seconds["panel_10000"] <= 3 * seconds["panel_5000"]
    assert seconds["twenty_alone"] * 500 >= 3 * seconds["panel_10000"]
